"""curl: lists, fetches, uploads and sends, over TLS begun midway and from the first octet."""

from tests.clients.account import Account
from tests.clients.letters import behind_trace, letters, written_by
from tests.clients.programs import Programs
from tests.support.server import RunningServer


def as_user(account: Account, programs: Programs) -> tuple[str, ...]:
    user = f"{account.address}:{account.password}"
    return ("-sS", "--max-time", "30", "--ssl-reqd", "--cacert", str(programs.certificate), "-u", user)


def test_it_lists_folders_and_fetches_over_imap(server: RunningServer, programs: Programs, alice: Account) -> None:
    sent = letters(2)
    alice.create("Work")
    alice.put(*sent, folder="Work")
    me = as_user(alice, programs)
    for scheme, port in (("imap", server.port("imap")), ("imaps", server.port("imaps"))):
        root = f"{scheme}://localhost:{port}"
        assert b'"Work"' in programs.run("curl", *me, f"{root}/").replace(b" Work\r", b' "Work"\r')
        assert programs.run("curl", *me, f"{root}/Work;MAILINDEX=2") == sent[1]


def test_it_uploads_over_imap(server: RunningServer, programs: Programs, alice: Account) -> None:
    (letter,) = letters(1)
    path = programs.home / "letter.eml"
    path.write_bytes(letter)
    programs.run("curl", *as_user(alice, programs), "-T", path, f"imaps://localhost:{server.port('imaps')}/Drafts")
    assert [message.octets for message in alice.messages("Drafts")] == [letter]


def test_it_lists_fetches_and_deletes_over_pop3(server: RunningServer, programs: Programs, alice: Account) -> None:
    sent = letters(3)
    alice.put(*sent)
    me = as_user(alice, programs)
    listed = programs.run("curl", *me, f"pop3://localhost:{server.port('pop3')}/")
    assert [int(line.split()[1]) for line in listed.splitlines()] == [len(letter) for letter in sent]
    assert programs.run("curl", *me, f"pop3s://localhost:{server.port('pop3s')}/2") == sent[1]
    programs.run("curl", *me, "-I", "-X", "DELE", f"pop3s://localhost:{server.port('pop3s')}/1")
    found = alice.messages()
    assert [message.octets for message in found] == sent[1:]
    assert found[0].flags == {"\\Seen"}


def test_it_submits_over_smtp(server: RunningServer, programs: Programs, alice: Account, bob: Account) -> None:
    sent = [written_by(alice.address, letter) for letter in letters(2)]
    me = as_user(alice, programs)
    ways = (f"smtp://localhost:{server.port('submission')}", f"smtps://localhost:{server.port('submissions')}")
    for letter, way in zip(sent, ways, strict=True):
        path = programs.home / "letter.eml"
        path.write_bytes(letter)
        programs.run("curl", *me, "--mail-from", alice.address, "--mail-rcpt", bob.address, "-T", path, way)
    found = [message.octets for message in bob.until(2)]
    assert all(any(behind_trace(octets, letter) for octets in found) for letter in sent)


def test_a_wrong_password_is_its_own_exit_status(server: RunningServer, programs: Programs, alice: Account) -> None:
    me = ("-sS", "--max-time", "30", "--ssl-reqd", "--cacert", str(programs.certificate), "-u", f"{alice.address}:no")
    for way in (f"imap://localhost:{server.port('imap')}/", f"pop3://localhost:{server.port('pop3')}/"):
        assert programs.run("curl", *me, way, status=67) == b""
