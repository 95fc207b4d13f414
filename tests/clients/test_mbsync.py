"""mbsync (isync): an account and a Maildir tree, kept the same from both sides."""

from pathlib import Path

from tests.clients.account import Account
from tests.clients.letters import letters, unix
from tests.clients.programs import Programs
from tests.support.server import RunningServer

CONFIGURATION = """
IMAPAccount far
Host localhost
Port {port}
User {user}
Pass "{password}"
SSLType {tls}
CertificateFile {certificate}

IMAPStore far
Account far

MaildirStore near
Path {mail}/
Inbox {mail}/INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns {patterns}
Create Both
Remove Both
Expunge Both
SyncState *
"""


class Mirror:
    """A Maildir tree that mbsync keeps like an account."""

    def __init__(self, server: RunningServer, programs: Programs, account: Account, patterns: str = "*") -> None:
        self.mail = programs.home / "mail"
        self.mail.mkdir()
        self._programs = programs
        self._configuration = programs.file(
            "mbsyncrc",
            CONFIGURATION.format(
                port=server.port("imap"),
                user=account.address,
                password=account.password,
                tls="STARTTLS",
                certificate=programs.certificate,
                mail=self.mail,
                patterns=patterns,
            ),
        )

    def sync(self) -> None:
        self._programs.run("mbsync", "-c", self._configuration, "-a")

    def files(self, folder: str = "INBOX") -> dict[bytes, Path]:
        """The files of a folder by their octets, without what mbsync adds."""
        place = self.mail / folder
        found = [path for part in ("cur", "new") for path in (place / part).iterdir()]
        return {without_mark(path.read_bytes()): path for path in found}

    def add(self, octets: bytes, folder: str = "INBOX", flags: str = "S") -> None:
        (self.mail / folder / "cur" / f"1234567890.{len(octets)}.test:2,{flags}").write_bytes(octets)


def without_mark(octets: bytes) -> bytes:
    """A message that mbsync has carried, without the header field that it adds to know it again."""
    return b"".join([line for line in octets.splitlines(keepends=True) if not line.startswith(b"X-TUID: ")])


def test_an_account_comes_down_whole(server: RunningServer, programs: Programs, alice: Account) -> None:
    sent = letters(5)
    alice.put(*sent[:3])
    alice.create("Work/2026")
    alice.put(*sent[3:], folder="Work/2026", flags="\\Seen \\Flagged")
    mirror = Mirror(server, programs, alice)
    mirror.sync()
    assert set(mirror.files()) == {unix(letter) for letter in sent[:3]}
    assert set(mirror.files("Work/2026")) == {unix(letter) for letter in sent[3:]}
    assert all(path.name.endswith(":2,FS") for path in mirror.files("Work/2026").values())
    assert (mirror.mail / "Sent" / "cur").is_dir()


def test_changes_go_both_ways(server: RunningServer, programs: Programs, alice: Account) -> None:
    one, two, three, four = letters(4)
    alice.put(one, two, three)
    mirror = Mirror(server, programs, alice)
    mirror.sync()
    # here: one is flagged, two is thrown away, four is written, and a folder is made
    files = mirror.files()
    files[unix(one)].rename(mirror.mail / "INBOX" / "cur" / f"{files[unix(one)].name.partition(':')[0]}:2,FS")
    files[unix(two)].unlink()
    mirror.add(unix(four))
    for part in ("cur", "new", "tmp"):
        (mirror.mail / "Made here" / part).mkdir(parents=True)
    mirror.add(unix(one), "Made here", "R")
    # there: three is answered
    alice.flag(next(message.uid for message in alice.messages() if message.octets == three), "\\Answered")
    mirror.sync()
    found = {without_mark(message.octets): message.flags for message in alice.messages()}
    assert found == {one: {"\\Flagged", "\\Seen"}, three: {"\\Answered"}, four: {"\\Seen"}}
    assert [without_mark(message.octets) for message in alice.messages("Made here")] == [one]
    assert mirror.files()[unix(three)].name.endswith(":2,R")
    # there: everything is expunged
    for message in alice.messages():
        alice.flag(message.uid, "\\Deleted")
    alice.expunge()
    mirror.sync()
    assert mirror.files() == {}


def test_nothing_changes_when_nothing_has(server: RunningServer, programs: Programs, alice: Account) -> None:
    alice.put(*letters(3))
    mirror = Mirror(server, programs, alice)
    mirror.sync()
    before = alice.messages(), set(mirror.files().values())
    mirror.sync()
    assert (alice.messages(), set(mirror.files().values())) == before


def test_a_shared_folder_is_kept_the_same_as_far_as_the_rights_go(
    server: RunningServer, programs: Programs, alice: Account, bob: Account
) -> None:
    one, two, three = letters(3)
    server.folder(alice.person, "Team")
    server.grant(alice.person, "Team", bob.person, "lrswi")
    alice.put(one, two, folder="Team")
    shared = f"Other Users/{alice.address}/Team"
    mirror = Mirror(server, programs, bob, f'"{shared}"')
    mirror.sync()
    files = mirror.files(shared)
    assert set(files) == {unix(one), unix(two)}
    files[unix(one)].rename(mirror.mail / shared / "cur" / f"{files[unix(one)].name.partition(':')[0]}:2,F")
    mirror.add(unix(three), shared)
    mirror.sync()
    found = {without_mark(message.octets): message.flags for message in alice.messages("Team")}
    assert set(found) == {one, two, three}
    assert "\\Flagged" in found[one]
