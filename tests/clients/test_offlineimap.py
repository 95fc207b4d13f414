"""offlineimap: a Maildir and an account kept alike, with changes on both sides."""

from __future__ import annotations

from pathlib import Path

from tests.clients.account import Account
from tests.clients.letters import letters, unix
from tests.clients.programs import Programs
from tests.support.server import RunningServer

CONFIGURATION = """
[general]
accounts = Test
metadata = {home}/state
maxsyncaccounts = 1
socktimeout = 20

[Account Test]
localrepository = Local
remoterepository = Remote

[Repository Local]
type = Maildir
localfolders = {home}/mail
sync_deletes = yes

[Repository Remote]
type = IMAP
remotehost = localhost
remoteport = {port}
remoteuser = {user}
remotepass = {password}
ssl = yes
sslcacertfile = {certificate}
auth_mechanisms = PLAIN
folderfilter = lambda name: name in ("INBOX", "Kept")
sync_deletes = yes
"""


def test_both_sides_keep_up(server: RunningServer, programs: Programs, alice: Account) -> None:
    sent = letters(4)
    alice.put(*sent[:3])
    alice.create("Kept")
    rc = programs.file(
        "offlineimaprc",
        CONFIGURATION.format(
            home=programs.home, port=server.port("imaps"), user=alice.address, password=alice.password,
            certificate=programs.certificate,
        ),
    )  # fmt: skip
    sync(programs, rc)
    inbox = programs.home / "mail" / "INBOX"
    assert sorted(unix(path.read_bytes()) for path in files(inbox)) == sorted(map(unix, sent[:3]))

    alice.flag(1, "\\Flagged")
    alice.flag(2, "\\Deleted")
    alice.expunge()
    by_text = {unix(path.read_bytes()): path for path in files(inbox)}
    by_text[unix(sent[2])].unlink()
    (programs.home / "mail" / "Kept" / "new" / "1.here").write_bytes(unix(sent[3]))
    sync(programs, rc)
    (left,) = files(inbox)
    assert unix(left.read_bytes()) == unix(sent[0])
    assert "F" in left.name.rpartition(",")[2]
    assert [message.octets for message in alice.messages()] == [sent[0]]
    (kept,) = alice.messages("Kept")
    assert unix(kept.octets).endswith(unix(sent[3]).partition(b"\n\n")[2])


def files(folder: Path) -> list[Path]:
    """The messages of a Maildir."""
    return [path for part in ("cur", "new") for path in (folder / part).iterdir()]


def sync(programs: Programs, rc: Path) -> None:
    """One run."""
    programs.run("offlineimap", "-o", "-c", rc, "-u", "basic")
