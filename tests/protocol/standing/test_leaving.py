"""Sessions end as soon as their account may not stay, whoever has changed that: here it is another process."""

from __future__ import annotations

import base64
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

import httpx
import pytest

from groupware.directory.password import app_hash, seal
from groupware.directory.sql import store_sealed
from groupware.model.principal import Domain, NewAccount, PrincipalKind
from groupware.model.token import NewGrant, NewTokens
from groupware.store.api import WriteTx
from mailcore.server import tokens
from tests.support.patience import PATIENCE, until
from tests.support.server import PASSWORD, Person, RunningServer

_numbers = count(1)
Change = Callable[[WriteTx, Person], object]


def disable(tx: WriteTx, who: Person) -> None:
    tx.update_account(who.address, enabled=False)


def disable_domain(tx: WriteTx, who: Person) -> None:
    tx.put_domain(Domain(who.address.partition("@")[2], enabled=False))


def drop(tx: WriteTx, who: Person) -> None:
    tx.drop_account(who.address)


def password(tx: WriteTx, who: Person) -> None:
    store_sealed(tx, who.address, seal("another one 8"))


def off(service: str) -> Change:
    """The service is switched off for the account."""
    return lambda tx, who: tx.put_setting(service, False, tx.account(who.address).id)


def off_in_domain(service: str) -> Change:
    """The same for its domain."""

    def change(tx: WriteTx, who: Person) -> None:
        domain = who.address.partition("@")[2]
        tx.put_setting(service, False, next(each.id for each in tx.domains() if each.name == domain))

    return change


@pytest.fixture
def person(server: RunningServer) -> Person:
    """Somebody in a domain of their own."""
    return server.account(domain=f"own{next(_numbers)}.test")


class Line:
    """A connection with a protocol of lines."""

    def __init__(self, wire: socket.socket) -> None:
        self.wire = wire
        self.file = wire.makefile("rwb")

    def line(self) -> bytes:
        """The next line; b"" when the server has closed."""
        try:
            return self.file.readline()
        except ConnectionError:
            return b""

    def ask(self, octets: bytes, until: bytes) -> bytes:
        """Sends a line, and gives the first answer that begins so."""
        self.file.write(octets + b"\r\n")
        self.file.flush()
        while not (line := self.line()).startswith(until):
            assert line, octets
        return line


@contextmanager
def connected(server: RunningServer, listener: str) -> Iterator[Line]:
    with socket.create_connection(("127.0.0.1", server.port(listener)), PATIENCE) as wire:
        yield Line(wire)


def plain(who: Person, secret: str = PASSWORD) -> bytes:
    return base64.b64encode(f"\0{who.address}\0{secret}".encode())


def imap(line: Line, who: Person) -> None:
    line.ask(b"a LOGIN %b {%d+}\r\n%b" % (who.address.encode(), len(PASSWORD), PASSWORD.encode()), b"a OK")


def selected(line: Line, who: Person) -> None:
    imap(line, who)
    line.ask(b"b SELECT INBOX", b"b OK")


def idle(line: Line, who: Person) -> None:
    selected(line, who)
    line.ask(b"c IDLE", b"+")


def idle_outside(line: Line, who: Person) -> None:
    imap(line, who)
    line.ask(b"c IDLE", b"+")


def pop3(line: Line, who: Person) -> None:
    line.ask(b"USER " + who.address.encode(), b"+OK Send")
    line.ask(b"PASS " + PASSWORD.encode(), b"+OK")


def smtp(line: Line, who: Person) -> None:
    line.ask(b"EHLO client.test", b"250 ")
    line.ask(b"AUTH PLAIN " + plain(who), b"235")


def sieve(line: Line, who: Person) -> None:
    while not line.line().startswith(b"OK"):
        pass
    line.ask(b'AUTHENTICATE "PLAIN" "%b"' % plain(who), b"OK")


DISABLED, OFF, CHANGED = b"has been disabled", b"has been switched off", b"has been changed"
SESSIONS = {
    "imap": (imap, "imap", "imap", b"* BYE ["),
    "imap selected": (selected, "imap", "imap", b"* BYE ["),
    "imap idle": (idle, "imap", "imap", b"* BYE ["),
    "imap idle outside": (idle_outside, "imap", "imap", b"* BYE ["),
    "pop3": (pop3, "pop3", "pop3", b"-ERR [AUTH] "),
    "smtp": (smtp, "submission", "smtpOutgoing", b"421 4.7.0 "),
    "sieve": (sieve, "managesieve", "sieve", b"BYE "),
}


@pytest.mark.parametrize("name", SESSIONS)
@pytest.mark.parametrize("kind", ["disabled", "domain", "dropped", "off", "off in domain", "password"])
def test_a_session_ends_with_the_reason(server: RunningServer, person: Person, name: str, kind: str) -> None:
    begin, listener, switch, start = SESSIONS[name]
    change, why = {
        "disabled": (disable, DISABLED),
        "domain": (disable_domain, DISABLED),
        "dropped": (drop, DISABLED),
        "off": (off(switch), OFF),
        "off in domain": (off_in_domain(switch), OFF),
        "password": (password, CHANGED),
    }[kind]
    with connected(server, listener) as line:
        begin(line, person)
        server.write(lambda tx: change(tx, person) and None)
        last = line.line()
        assert last.startswith(start)
        assert why in last
        assert line.line() == b""


def test_others_stay(server: RunningServer, person: Person) -> None:
    other = server.account()
    with connected(server, "imap") as line, connected(server, "imap") as gone:
        idle(line, other)
        idle(gone, person)
        server.write(lambda tx: disable(tx, person))
        assert gone.line().startswith(b"* BYE")
        assert line.ask(b"DONE", b"c OK")


def test_what_changes_nothing_for_a_session_does_not_end_it(server: RunningServer, person: Person) -> None:
    """Another service is switched off, an app password is made, and the password is stored in another form."""

    def changes(tx: WriteTx) -> None:
        tx.put_setting("pop3", False, tx.account(person.address).id)
        tx.put_credential(person.address, "app", app_hash("abcd efgh ijkl mnop"), "phone")
        store_sealed(tx, person.address, seal(PASSWORD), same=True)

    with connected(server, "imap") as line:
        idle(line, person)
        server.write(changes)
        assert line.ask(b"DONE", b"c OK")
        assert line.ask(b"d NOOP", b"d OK")


def test_an_app_password_that_is_taken_back_ends_its_own_sessions(server: RunningServer, person: Person) -> None:
    secret = "abcd efgh ijkl mnop"
    number = server.write(lambda tx: tx.put_credential(person.address, "app", app_hash(secret), "phone"))
    with connected(server, "imap") as phone, connected(server, "imap") as desk:
        phone.ask(b'a LOGIN %b "%b"' % (person.address.encode(), secret.encode()), b"a OK")
        idle(desk, person)
        server.write(lambda tx: tx.drop_credential(person.address, number))
        assert phone.line().startswith(b"* BYE [EXPIRED]")
        assert desk.ask(b"DONE", b"c OK")


def granted(server: RunningServer, who: Person) -> tuple[str, Callable[[], None]]:
    """A token of a program, and how its grant is taken back."""
    secret, site = tokens.new_token(tokens.ACCESS), server.site
    code = tokens.digest_of("code " + secret)
    new = NewGrant(code, "A mailer", " ".join(tokens.SCOPES), code, "c", "http://127.0.0.1/", 3600, "::1")
    issued = NewTokens(tokens.digest_of("refresh " + secret), tokens.digest_of(secret), 3600, 3600)
    owner = server.read(lambda tx: tx.identity(tx.account(who.address).id))
    number = site.run(site.store.write(owner, lambda tx: tx.put_oauth_grant(new)))
    known = server.read(lambda tx: tx.oauth_grant("code", code))
    assert server.write(lambda tx: tx.turn_oauth_grant(known, issued, "::1"))
    return secret, lambda: server.write(lambda tx: tx.drop_oauth_grant(number, who.address))


def test_a_token_that_is_taken_back_ends_its_own_sessions(server: RunningServer, person: Person) -> None:
    secret, take_back = granted(server, person)
    with connected(server, "imap") as mail, connected(server, "imap") as desk:
        initial = base64.b64encode(f"n,,\x01auth=Bearer {secret}\x01\x01".encode())
        mail.ask(b"a AUTHENTICATE OAUTHBEARER " + initial, b"a OK")
        idle(desk, person)
        take_back()
        assert mail.line().startswith(b"* BYE [EXPIRED] The access that you gave")
        assert desk.ask(b"DONE", b"c OK")


def test_a_stream_of_events_ends_with_its_token(server: RunningServer, person: Person) -> None:
    url = f"http://127.0.0.1:{server.port('http')}/jmap/eventsource?types=*&closeafter=no&ping=0"
    secret, take_back = granted(server, person)
    with httpx.stream("GET", url, headers={"authorization": f"Bearer {secret}"}, timeout=PATIENCE) as stream:
        assert stream.status_code == 200
        take_back()
        for _ in stream.iter_raw():
            pass


def test_who_is_taken_out_of_a_group_leaves_the_folder_each_time(server: RunningServer, person: Person) -> None:
    owner, group = server.account(), f"group@{person.address.partition('@')[2]}"
    server.write(lambda tx: tx.put_account(NewAccount(group, PrincipalKind.GROUP)) and None)
    server.folder(owner, "Shared")
    server.grant(owner, "Shared", f"group:{group}", "lrs")
    for _ in range(2):
        server.write(lambda tx: tx.put_member(group, person.address))
        with connected(server, "imap") as line:
            imap(line, person)
            line.ask(f'b SELECT "Other Users/{owner.address}/Shared"'.encode(), b"b OK")
            line.ask(b"c IDLE", b"+")
            server.write(lambda tx: tx.drop_member(group, person.address))
            assert line.line().startswith(b"* BYE The selected mailbox is gone")


@pytest.mark.parametrize("service", ["dav", "jmap"])
@pytest.mark.parametrize("kind", ["disabled", "off", "password"])
def test_a_connection_does_not_remember_who_may_not_stay(
    server: RunningServer, person: Person, service: str, kind: str
) -> None:
    change: Change = {"disabled": disable, "off": off(service), "password": password}[kind]
    path = {"dav": "/dav/", "jmap": "/jmap/session"}[service]
    with httpx.Client(base_url=f"http://127.0.0.1:{server.port('http')}", timeout=PATIENCE) as http:
        http.auth = (person.address, PASSWORD)

        def answer() -> int:
            return http.request("PROPFIND" if service == "dav" else "GET", path, headers={"depth": "0"}).status_code

        assert answer() in (200, 207)
        server.write(lambda tx: change(tx, person) and None)
        until(lambda: answer() == 401)


@pytest.mark.parametrize("kind", ["disabled", "off", "password"])
def test_a_stream_of_events_ends(server: RunningServer, person: Person, kind: str) -> None:
    change: Change = {"disabled": disable, "off": off("jmap"), "password": password}[kind]
    url = f"http://127.0.0.1:{server.port('http')}/jmap/eventsource?types=*&closeafter=no&ping=0"
    with httpx.stream("GET", url, auth=(person.address, PASSWORD), timeout=PATIENCE) as stream:
        assert stream.status_code == 200
        server.write(lambda tx: change(tx, person) and None)
        for _ in stream.iter_raw():
            pass
