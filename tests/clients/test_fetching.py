"""getmail and fetchmail: mail is collected over POP3 and IMAP, and put where it belongs."""

from pathlib import Path

from tests.clients.account import Account
from tests.clients.letters import behind_trace, letters, unix
from tests.clients.programs import Programs
from tests.support.server import RunningServer

GETMAIL = """
[retriever]
type = {kind}
server = localhost
port = {port}
username = {user}
password = {password}
ca_certs = {certificate}
[destination]
type = Maildir
path = {mail}/
[options]
delete = {delete}
read_all = false
delivered_to = false
received = false
verbose = 2
"""

FETCHMAIL = """
set no bouncemail
poll localhost service {port} protocol pop3 uidl
  user "{user}" password "{password}" {tls} sslcertck sslcertfile "{certificate}"
  {keep} {delivery}
"""


class Getmail:
    """getmail with a Maildir."""

    def __init__(self, server: RunningServer, programs: Programs, account: Account, kind: str, delete: bool) -> None:
        self.mail = programs.home / "mail"
        for part in ("cur", "new", "tmp"):
            (self.mail / part).mkdir(parents=True)
        self._programs = programs
        self._configuration = programs.file(
            "getmailrc",
            GETMAIL.format(
                kind=kind,
                port=server.port("pop3s" if "POP3" in kind else "imaps"),
                user=account.address,
                password=account.password,
                certificate=programs.certificate,
                mail=self.mail,
                delete=str(delete).lower(),
            ),
        )

    def run(self) -> set[bytes]:
        """What is in the Maildir afterwards, without the field that getmail puts in front."""
        self._programs.run("getmail", f"--getmaildir={self._programs.home}", f"--rcfile={self._configuration}")
        return {_without_return_path(path.read_bytes()) for path in (self.mail / "new").iterdir()}


def _without_return_path(octets: bytes) -> bytes:
    first, _, rest = octets.partition(b"\n")
    return rest if first.startswith(b"Return-Path:") else octets


def test_getmail_collects_over_pop3_what_is_new(server: RunningServer, programs: Programs, alice: Account) -> None:
    sent = letters(4)
    alice.put(*sent[:3])
    getmail = Getmail(server, programs, alice, "SimplePOP3SSLRetriever", delete=False)
    assert getmail.run() == {unix(letter) for letter in sent[:3]}
    assert all(message.flags == {"\\Seen"} for message in alice.messages())
    for path in (getmail.mail / "new").iterdir():
        path.unlink()
    alice.put(sent[3])
    assert getmail.run() == {unix(sent[3])}  # and not the three that it knows by their unique ids


def test_getmail_deletes_what_it_has_collected(server: RunningServer, programs: Programs, alice: Account) -> None:
    sent = letters(3)
    alice.put(*sent)
    getmail = Getmail(server, programs, alice, "SimplePOP3SSLRetriever", delete=True)
    assert getmail.run() == {unix(letter) for letter in sent}
    assert alice.messages() == []


def test_getmail_collects_over_imap(server: RunningServer, programs: Programs, alice: Account) -> None:
    sent = letters(3)
    alice.put(*sent)
    getmail = Getmail(server, programs, alice, "SimpleIMAPSSLRetriever", delete=False)
    assert getmail.run() == {unix(letter) for letter in sent}


def fetchmail(
    server: RunningServer, programs: Programs, account: Account, delivery: str, *, keep: bool, midway: bool
) -> None:
    configuration = programs.file(
        "fetchmailrc",
        FETCHMAIL.format(
            port=server.port("pop3" if midway else "pop3s"),
            user=account.address,
            password=account.password,
            tls="sslproto auto" if midway else "ssl",
            certificate=programs.certificate,
            keep="keep" if keep else "nokeep",
            delivery=delivery,
        ),
    )
    programs.run(
        "fetchmail", "-f", configuration, "-i", programs.home / "ids", "--pidfile", programs.home / "pid", "-v"
    )


def test_fetchmail_hands_over_to_a_program_and_deletes(
    server: RunningServer, programs: Programs, alice: Account
) -> None:
    sent = letters(3)
    alice.put(*sent)
    box: Path = programs.home / "box"
    box.mkdir()
    keeper = programs.file("keep", f'#!/bin/sh\nexec cat >"$(mktemp {box}/XXXXXX)"\n')
    keeper.chmod(0o700)
    fetchmail(server, programs, alice, f'mda "{keeper}"', keep=False, midway=False)
    found = [path.read_bytes() for path in box.iterdir()]
    for letter in sent:
        assert any(each.endswith(unix(letter).partition(b"\n\n")[2]) for each in found)
    assert len(found) == 3
    assert alice.messages() == []


def test_fetchmail_delivers_over_lmtp_to_somebody_else(
    server: RunningServer, programs: Programs, alice: Account, bob: Account
) -> None:
    sent = letters(2)
    alice.put(*sent)
    there = f'lmtp smtphost localhost/{server.port("lmtp")} smtpname "{bob.address}"'
    fetchmail(server, programs, alice, there, keep=True, midway=True)
    found = [message.octets for message in bob.until(2)]
    for letter in sent:
        assert any(each.endswith(letter.partition(b"\r\n\r\n")[2]) for each in found)
    assert len(alice.messages()) == 2


def test_a_letter_sent_is_a_letter_fetched(
    server: RunningServer, programs: Programs, alice: Account, bob: Account
) -> None:
    (letter,) = letters(1)
    path = programs.home / "letter.eml"
    path.write_bytes(letter)
    user = f"{alice.address}:{alice.password}"
    at = f"smtps://localhost:{server.port('submissions')}"
    secure = ("--cacert", str(programs.certificate), "-u", user)
    programs.run("curl", "-sS", *secure, "--mail-from", alice.address, "--mail-rcpt", bob.address, "-T", path, at)
    bob.until(1)
    (found,) = Getmail(server, programs, bob, "SimplePOP3SSLRetriever", delete=False).run()
    assert behind_trace(b"Return-Path: <>\r\n" + found.replace(b"\n", b"\r\n"), letter)
