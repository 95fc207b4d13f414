"""Scripts put, listed, activated and fetched by sieve-connect; what they do with mail that swaks sends."""

from __future__ import annotations

import ssl
from collections.abc import Callable

import pytest
from imapclient import FLAGGED, IMAPClient

from tests.clients.account import Account
from tests.clients.letters import letters
from tests.clients.programs import Programs
from tests.support.server import RunningServer

Connect = Callable[..., str]
SCRIPT = b'require "fileinto";\nif header :contains "Subject" "list" { fileinto "Lists"; }\n'


@pytest.fixture
def connect(server: RunningServer, programs: Programs, alice: Account) -> Connect:
    """Runs sieve-connect as Alice, who types her password."""

    def run(*arguments: str, status: int = 0) -> str:
        return programs.run(
            "sieve-connect",
            *("--server", "localhost", "--port", str(server.port("managesieve")), "--user", alice.address),
            *("--passwordfd", "0", "--tlscafile", str(programs.certificate), "--nosrv"),
            *arguments,
            stdin=alice.password.encode() + b"\n",
            status=status,
        ).decode()

    return run


def test_sieve_connect_works_on_scripts(programs: Programs, connect: Connect) -> None:
    (programs.home / "main.sieve").write_bytes(SCRIPT)
    connect("--localsieve", str(programs.home / "main.sieve"), "--remotesieve", "main", "--upload")
    connect("--remotesieve", "main", "--activate")
    assert connect("--list").splitlines()[-1] == '"main" ACTIVE'
    connect("--remotesieve", "main", "--localsieve", str(programs.home / "got.sieve"), "--download")
    assert (programs.home / "got.sieve").read_bytes() == SCRIPT
    connect("--deactivate")
    connect("--remotesieve", "main", "--delete")
    assert "main" not in connect("--list")


RULES = """require ["fileinto", "mailbox", "imap4flags", "vacation", "ereject"];
if header :contains "Subject" "list" { fileinto :create :flags "\\\\Flagged" "Lists/Python"; stop; }
if header :contains "Subject" "no thanks" { ereject "Not here, thank you."; stop; }
vacation :subject "Away" "I am away.";
"""


def test_what_sieve_connect_puts_sorts_what_swaks_sends(
    server: RunningServer, programs: Programs, connect: Connect, alice: Account, bob: Account
) -> None:
    (programs.home / "main.sieve").write_text(RULES)
    connect("--localsieve", str(programs.home / "main.sieve"), "--remotesieve", "main", "--upload")
    connect("--remotesieve", "main", "--activate")

    def swaks(subject: str, status: int = 0) -> str:
        return programs.run(
            *("swaks", "--server", f"localhost:{server.port('submission')}", "--tls", "--auth", "PLAIN"),
            *("--auth-user", bob.address, "--auth-password", bob.password),
            *("--from", bob.address, "--to", alice.address, "--header", f"Subject: {subject}", "--body", "hello"),
            status=status,
        ).decode()

    swaks("a list")
    assert "550 5.7.1 Not here, thank you." in swaks("no thanks", status=26)
    swaks("one")
    swaks("two")
    assert len(alice.until(2)) == 2
    (filed,) = alice.messages("Lists/Python")
    assert filed.flags == {"\\Flagged"}
    (answer,) = bob.until(1)
    assert b"Auto-Submitted: auto-replied (vacation)\r\n" in answer.octets
    assert b"Subject: Away\r\n" in answer.octets
    connect("--deactivate")
    swaks("a list again")
    assert len(alice.until(3)) == 3


EVENTS = """require ["imapsieve", "environment", "fileinto", "mailbox", "imap4flags"];
if environment :is "imap.cause" "APPEND" { fileinto :create :flags "$Sorted" "Sorted"; }
if environment :contains "imap.changedflags" "\\\\Flagged" { fileinto :create "Flagged"; }
"""


def attach(client: IMAPClient, folder: str) -> None:
    """What imapclient has no word for."""
    assert client._imap.xatom("SETMETADATA", folder, '(/shared/imapsieve/script "events")')[0] == "OK"


def test_script_of_a_mailbox_sorts_what_imapclient_does_there(
    server: RunningServer, programs: Programs, connect: Connect, alice: Account
) -> None:
    (programs.home / "events.sieve").write_text(EVENTS)
    connect("--localsieve", str(programs.home / "events.sieve"), "--remotesieve", "events", "--upload")
    trust = ssl.create_default_context(cafile=str(programs.certificate))
    with IMAPClient("localhost", server.port("imaps"), ssl_context=trust, timeout=20) as client:
        client.login(alice.address, alice.password)
        (said,) = [each for each in client.capabilities() if each.startswith(b"IMAPSIEVE=")]
        assert said.endswith(b":%d" % server.port("managesieve"))
        for folder in ("Sorted", "Flagged"):
            client.create_folder(folder)
        attach(client, "INBOX")
        client.append("INBOX", letters(1)[0])
        (filed,) = alice.until(1, "Sorted")
        assert (filed.flags, alice.messages()) == ({"$Sorted"}, [])
        attach(client, "Sorted")
        client.select_folder("Sorted")
        client.add_flags([1], [FLAGGED])
        (filed,) = alice.until(1, "Flagged")
        assert filed.flags == {"$Sorted", "\\Flagged"}


def test_sieve_connect_is_told_what_is_wrong_with_a_script(programs: Programs, connect: Connect) -> None:
    (programs.home / "bad.sieve").write_bytes(b"keep;\nfileinto 5;\n")
    connect("--localsieve", str(programs.home / "bad.sieve"), "--checkscript", status=1)
    connect("--localsieve", str(programs.home / "bad.sieve"), "--remotesieve", "bad", "--upload", status=1)
    assert "bad" not in connect("--list")
