"""getmail and fetchmail: mail is collected over POP3 and IMAP, and put where it belongs."""

from tests.clients.account import Account
from tests.clients.letters import behind_trace, letters, unix, written_by
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
type = MDA_external
path = {keeper}
allow_root_commands = true
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


class Keeper:
    """A program that takes a message and keeps it in a file."""

    def __init__(self, programs: Programs) -> None:
        self.box = programs.home / "box"
        self.box.mkdir()
        self.program = programs.file("keep", f'#!/bin/sh\nexec cat >"$(mktemp {self.box}/XXXXXX)"\n')
        self.program.chmod(0o700)

    def kept(self) -> list[bytes]:
        """All that it has been given."""
        return [path.read_bytes() for path in self.box.iterdir()]


class Getmail:
    """getmail, which hands over to a program."""

    def __init__(self, server: RunningServer, programs: Programs, account: Account, kind: str, delete: bool) -> None:
        self.keeper = Keeper(programs)
        self._programs = programs
        self._configuration = programs.file(
            "getmailrc",
            GETMAIL.format(
                kind=kind,
                port=server.port("pop3s" if "POP3" in kind else "imaps"),
                user=account.address,
                password=account.password,
                certificate=programs.certificate,
                keeper=self.keeper.program,
                delete=str(delete).lower(),
            ),
        )

    def run(self) -> set[bytes]:
        """What it has handed over, by now, without the fields that it adds."""
        self._programs.run("getmail", f"--getmaildir={self._programs.home}", f"--rcfile={self._configuration}")
        return {_without_added(octets) for octets in self.keeper.kept()}


def _without_added(octets: bytes) -> bytes:
    lines = octets.splitlines(keepends=True)
    added = (b"Return-Path:", b"X-getmail-retrieved-from-mailbox:")
    return b"".join([line for line in lines if not line.startswith(added)])


def test_getmail_collects_over_pop3_what_is_new(server: RunningServer, programs: Programs, alice: Account) -> None:
    sent = letters(4)
    alice.put(*sent[:3])
    getmail = Getmail(server, programs, alice, "SimplePOP3SSLRetriever", delete=False)
    assert getmail.run() == {unix(letter) for letter in sent[:3]}
    assert all(message.flags == {"\\Seen"} for message in alice.messages())
    alice.put(sent[3])
    assert getmail.run() == {unix(letter) for letter in sent}
    assert len(getmail.keeper.kept()) == 4  # the three that it knows by their unique ids came once


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
            tls='sslproto "auto"' if midway else "ssl",
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
    keeper = Keeper(programs)
    fetchmail(server, programs, alice, f'mda "{keeper.program}"', keep=False, midway=False)
    found = keeper.kept()
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
    letter = written_by(alice.address, *letters(1))
    path = programs.home / "letter.eml"
    path.write_bytes(letter)
    user = f"{alice.address}:{alice.password}"
    at = f"smtps://localhost:{server.port('submissions')}"
    secure = ("--cacert", str(programs.certificate), "-u", user)
    programs.run("curl", "-sS", *secure, "--mail-from", alice.address, "--mail-rcpt", bob.address, "-T", path, at)
    bob.until(1)
    (found,) = Getmail(server, programs, bob, "SimplePOP3SSLRetriever", delete=False).run()
    assert behind_trace(b"Return-Path: <>\r\n" + found.replace(b"\n", b"\r\n"), letter)
