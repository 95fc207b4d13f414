"""A server of two processes to which everything happens that is counted, with what it has around it."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import ftplib
import imaplib
import io
import poplib
import smtplib
import socket
import socketserver
import ssl
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from groupware.model.remote import RemoteBox
from groupware.model.rights import Right
from groupware.store.api import WriteTx
from mailcore.cli.main import run
from mailcore.rpop.secret import sealed
from mailcore.server.control import client
from mailcore.server.storage import site_secret
from tests.support.certificates import Authority
from tests.support.dnsserver import Zone
from tests.support.patience import PATIENCE
from tests.support.poppeer import HOST, USER, letter, pop_peer, served_by
from tests.support.poppeer import PASSWORD as POP_PASSWORD
from tests.support.ports import free_port
from tests.support.server import MEASURED, PASSWORD, Person, RunningServer, running
from tests.support.smtppeer import Peer, serving

TOML = """
[server]
workers = 2
drain_time = 5
[service.ftp_backup]
enabled = true
[service.rpop]
enabled = true
[rpop]
private = true
ports = []
authorities = "{authority}"
[service.pop3]
plain_conn_auth_types = ["all"]
{measured}measure_accounts = true
[smtp]
smart_host = "127.0.0.1:{peer}"
[smtp.greylisting]
enabled = true
delay = 1
[[smtp.route]]
to = ["down.test"]
hosts = ["127.0.0.1:{closed}"]
[dnr]
[[dnr.server]]
priority = 1
address = "127.0.0.1:{dns}"
timeout = 1
retries = 0
[[scanner]]
name = "viruses"
kind = "clamd"
address = "127.0.0.1:{clamd}"
[[scanner]]
name = "away"
kind = "clamd"
address = "127.0.0.1:{closed}"
[[scanner]]
name = "spam"
kind = "spamd"
address = "127.0.0.1:{spamd}"
quarantine_score = 50
[[listener]]
name = "lmtp"
peer_max_connections = 1
"""
SCRIPT = b'require "ereject"; if header :contains "subject" "unloved" { ereject "no thanks"; }'
EVENT = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:one\r\nDTSTAMP:20260101T000000Z\r\n"
    "DTSTART:20260102T100000Z\r\nSUMMARY:One\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


@dataclass(frozen=True, slots=True)
class Busy:
    """The server, and its people."""

    server: RunningServer
    alice: Person
    bob: Person

    def ran(self, *words: str) -> Ran:
        """A command line of `postroom`, in this process."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = run(["--data", str(self.server.data), *words])
        return Ran(status, out.getvalue(), err.getvalue())

    def counted(self, scope: str = "server", name: str = "") -> dict[str, float]:
        """What the running server has counted."""
        with client(self.server.data) as asked:
            return {each["counter"]: each["value"] for each in asked.ask("counters", scope=scope, name=name)}


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command line has answered."""

    status: int
    out: str
    err: str


@contextmanager
def busy(folder: Path) -> Iterator[Busy]:
    """The server, once it has had everything."""
    with contextlib.ExitStack() as stack:
        ports = {name: stack.enter_context(what) for name, what in (
            ("peer", _peer(folder)), ("dns", _names()), ("clamd", _scanner(_clamd)), ("spamd", _scanner(_spamd)),
            ("pop", _pop(folder / "pop")),
        )}  # fmt: skip
        data = folder / "data"
        data.mkdir()
        (data / "postroom.toml").write_text(
            TOML.format(**ports, measured=MEASURED, closed=free_port(), authority=folder / "pop" / "ca.pem")
        )
        server = stack.enter_context(running(data))
        found = Busy(server, server.account("alice"), server.account("bob"))
        for happen in (
            _sieve,
            _received,
            _sent,
            _read,
            partial(_fetched, port=ports["pop"]),
            _asked_by_http,
            _administered,
            _looked_up,
        ):
            happen(found)
        yield found


# --- what is around it -----------------------------------------------------------------------------------------------


@contextmanager
def _peer(folder: Path) -> Iterator[int]:
    """A server for all other domains."""
    cert, key = Authority(folder).sign("peer", "peer.test")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(cert, key)
    answers: dict[str, str | list[str]] = {"RCPT TO:<later@": "450 4.2.0 later", "RCPT TO:<never@": "550 5.1.1 no"}
    peer = Peer(tls=tls, answers=answers)
    with _beside(lambda: serving(peer)):
        yield peer.port


@contextmanager
def _pop(folder: Path) -> Iterator[int]:
    """A mailbox on another server."""
    ports = list[int]()

    @asynccontextmanager
    async def mailbox() -> AsyncIterator[None]:
        async with pop_peer(served_by(Authority(folder)), letter("one")) as peer:
            ports.append(peer.port)
            yield

    folder.mkdir()
    with _beside(mailbox):
        yield ports[0]


@contextmanager
def _beside(what: Callable[[], AbstractAsyncContextManager[object]]) -> Iterator[None]:
    """Something that runs in a loop of its own, in a thread."""
    ready, loop, over = threading.Event(), asyncio.new_event_loop(), asyncio.Event()

    async def serve() -> None:
        async with what():
            ready.set()
            await over.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert ready.wait(PATIENCE)
    try:
        yield
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.close()


@contextmanager
def _names() -> Iterator[int]:
    """A name server that says nothing about `silent.test`."""
    zone = Zone(records={("known.test.", "A"): ["192.0.2.1"], (f"{HOST}.", "A"): ["127.0.0.1"]})

    class Question(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            wire, answering = self.request
            for each in zone.answer(wire, "udp") if b"\x06silent" not in wire else ():
                answering.sendto(each, self.client_address)

    with socketserver.ThreadingUDPServer(("127.0.0.1", 0), Question) as serving_names, _in_a_thread(serving_names):
        yield serving_names.server_address[1]


@contextmanager
def _scanner(handler: type[socketserver.StreamRequestHandler]) -> Iterator[int]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as scanner, _in_a_thread(scanner):
        yield scanner.server_address[1]


@contextmanager
def _in_a_thread(serving: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=serving.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield
    finally:
        serving.shutdown()
        thread.join()


class _clamd(socketserver.StreamRequestHandler):
    """Finds a virus where one is named."""

    def handle(self) -> None:
        self.rfile.read(len(b"zINSTREAM\0"))
        octets = b""
        while size := int.from_bytes(self.rfile.read(4), "big"):
            octets += self.rfile.read(size)
        self.wfile.write(b"stream: Test FOUND\0" if b"infected" in octets else b"stream: OK\0")


class _spamd(socketserver.StreamRequestHandler):
    """Believes what is said of itself."""

    def handle(self) -> None:
        octets = b""
        while line := self.rfile.readline():
            octets += line
            if line == b"\r\n":
                break
        length = next(int(each.split(b":")[1]) for each in octets.splitlines() if each.lower().startswith(b"content-l"))
        octets = self.rfile.read(length)
        score = 60 if b"held back" in octets else 10 if b"spammy" in octets else 0
        verdict = "True" if score >= 5 else "False"
        self.wfile.write(f"SPAMD/1.1 0 EX_OK\r\nContent-length: 0\r\nSpam: {verdict} ; {score} / 5\r\n\r\n".encode())


# --- what happens ----------------------------------------------------------------------------------------------------


def _letter(subject: str, words: str = "hello") -> bytes:
    return f"From: far@away.test\r\nSubject: {subject}\r\n\r\n{words}\r\n".encode()


def _sieve(here: Busy) -> None:
    """Bob keeps a script."""
    with socket.create_connection(("127.0.0.1", here.server.port("managesieve")), PATIENCE) as wire:
        file = wire.makefile("rwb")

        def until_ok() -> None:
            while not (line := file.readline()).startswith(b"OK"):
                assert line and not line.startswith(b"NO"), line

        until_ok()
        file.write(b"STARTTLS\r\n")
        file.flush()
        until_ok()
        with _anybody().wrap_socket(wire) as secure:
            file = secure.makefile("rwb")
            until_ok()
            token = f"\0{here.bob.address}\0{PASSWORD}".encode()
            for line in (
                b'AUTHENTICATE "PLAIN" "%s"' % base64.b64encode(token),
                b'PUTSCRIPT "one" {%d+}\r\n%s' % (len(SCRIPT), SCRIPT),
                b'SETACTIVE "one"',
                b"LOGOUT",
            ):
                file.write(line + b"\r\n")
                file.flush()
                until_ok()


def _received(here: Busy) -> None:
    """Mail comes in."""
    to = here.bob.address
    with _smtp(here, "smtp") as wire:
        wire.mail("far@away.test")
        assert wire.rcpt(to)[0] == 451  # greylisted
        assert wire.rcpt(f"nobody@{here.server.domain}")[0] == 550
    time.sleep(1.1)
    with _smtp(here, "smtp") as wire:
        wire.starttls(context=_anybody())
        wire.ehlo()
        assert wire.docmd("MAIL FROM:<far@away.test> SIZE=999999999999")[0] == 552
        wire.sendmail("far@away.test", [to], _letter("hello"))
        wire.sendmail("far@away.test", [to], _letter("spammy", "spammy words"))
        wire.sendmail("far@away.test", [to], _letter("held", "to be held back"))
        for each in (_letter("virus", "infected"), _letter("unloved")):
            with contextlib.suppress(smtplib.SMTPDataError):
                wire.sendmail("far@away.test", [to], each)
                raise AssertionError("it was taken")
        wire.mail("far@away.test")
        wire.rcpt(to)
        octets = _letter("chunk")
        wire.send(b"BDAT %d LAST\r\n%s" % (len(octets), octets))
        assert wire.getreply()[0] == 250
    with socket.create_connection(("127.0.0.1", here.server.port("lmtp")), PATIENCE) as first:
        first.recv(100)
        with socket.create_connection(("127.0.0.1", here.server.port("lmtp")), PATIENCE) as second:
            assert second.recv(100).startswith(b"421")


def _sent(here: Busy) -> None:
    """Alice writes to people elsewhere."""
    with _smtp(here, "submission") as wire:
        wire.login(here.alice.address, PASSWORD)
        for to in ("friend@far.test", "later@far.test", "never@far.test", "anybody@down.test"):
            wire.sendmail(here.alice.address, [to], _letter(f"to {to}"))
        refused = wire.docmd("MAIL FROM:<somebody@else.test>")
        assert refused[0] == 553
        wire.rset()
        wire.mail(here.alice.address)
        assert wire.rcpt(f"nobody@{here.server.domain}")[0] == 550


def _read(here: Busy) -> None:
    """Bob reads his mail."""
    with imaplib.IMAP4("127.0.0.1", here.server.port("imap"), timeout=PATIENCE) as imap:
        imap.starttls(_anybody())
        imap.login(here.bob.address, PASSWORD)
        imap.append("INBOX", "(\\Deleted)", "", _letter("appended", "x" * 3000))
        imap.select()
        imap.fetch("1:*", "(BODY.PEEK[])")
        imap.expunge()
        imap.send(b"x IDLE\r\n")
        imap.readline()
        imap.send(b"DONE\r\n")
        imap.readline()
    pop = poplib.POP3("127.0.0.1", here.server.port("pop3"), timeout=PATIENCE)
    pop.stls(_anybody())
    pop.user(here.bob.address)
    pop.pass_(PASSWORD)
    pop.retr(1)
    pop.dele(1)
    pop.quit()
    with imaplib.IMAP4("127.0.0.1", here.server.port("imap"), timeout=PATIENCE) as imap:
        imap.login(here.bob.address, PASSWORD)
        imap.append("INBOX", "", "", _letter("large", "x" * 3000))

    def work(tx: WriteTx) -> None:
        tx.put_setting("mailboxSize", 1, tx.account(here.bob.address).id)
        tx.put_setting("mailboxSize", 10_000, tx.account(here.alice.address).id)

    here.server.write(work)


def _fetched(here: Busy, port: int) -> None:
    """Mail of Alice's is fetched from another server, and from one that is not there."""

    def work(tx: WriteTx) -> None:
        account, secret = tx.account(here.alice.address).id, sealed(POP_PASSWORD, site_secret(here.server.site.config))
        for at in (port, free_port()):
            new = RemoteBox(0, account, HOST, at, "implicit", USER, secret, None, 10, True)
            tx.put_remote_box(new, account)

    here.server.write(work)


def _asked_by_http(here: Busy) -> None:
    """Alice has a calendar and a browser."""
    base = f"http://127.0.0.1:{here.server.port('http')}"
    with httpx.Client(base_url=base, timeout=PATIENCE) as http:
        http.auth = (here.alice.address, PASSWORD)
        assert http.request("PROPFIND", "/dav/", headers={"depth": "0"}).status_code == 207
        assert http.options("/Microsoft-Server-ActiveSync").status_code == 200
        assert http.get("/EWS/Exchange.asmx").status_code == 200
    with httpx.Client(base_url=base, timeout=PATIENCE) as http:
        proof = http.get("/signin/session").json()["csrf"]

        def sign_in(password: str) -> httpx.Response:
            body = {"name": here.alice.address, "password": password}
            return http.post("/signin/session", json=body, headers={"x-csrf-token": proof})

        assert sign_in("wrong").status_code == 401
        http.headers["x-csrf-token"] = sign_in(PASSWORD).json()["csrf"]
        session = http.get("/jmap/session").json()
        account = session["primaryAccounts"]["urn:ietf:params:jmap:mail"]

        def ask(method: str, **more: Any) -> Any:
            using = ["urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail", "urn:ietf:params:jmap:submission"]
            body = {"using": using, "methodCalls": [[method, {"accountId": account, **more}, "0"]]}
            return http.post("/jmap/api", json=body).json()["methodResponses"][0][1]

        inbox = next(each["id"] for each in ask("Mailbox/get")["list"] if each["role"] == "inbox")
        email = {
            "mailboxIds": {inbox: True},
            "from": [{"email": here.alice.address}],
            "to": [{"email": here.bob.address}],
            "bodyValues": {"1": {"value": "x"}},
            "textBody": [{"partId": "1", "type": "text/plain"}],
        }
        made = ask("Email/set", create={"k": email})["created"]["k"]["id"]
        mine = ask("Identity/get")["list"][0]["id"]
        sent = ask("EmailSubmission/set", create={"k": {"emailId": made, "identityId": mine}})
        assert sent["created"], sent


def _administered(here: Busy) -> None:
    """The administrator looks in at each door."""
    root = here.server.account("root")

    def work(tx: WriteTx) -> None:
        (public,) = [each.account for each in tx.domains() if each.name == here.server.domain]
        assert public is not None
        tx.grant(tx.locate(public, "").id, root.address, Right.ADMIN)

    here.server.write(work)
    with ftplib.FTP() as ftp:
        ftp.connect("127.0.0.1", here.server.port("ftp_backup"), PATIENCE)
        ftp.login(root.address, PASSWORD)
    with socket.create_connection(("127.0.0.1", here.server.port("cli")), PATIENCE) as wire:
        file = wire.makefile("rwb")
        file.write(f'LOGIN {root.address} "{PASSWORD}"\nQUIT\n'.encode())
        file.flush()
        assert file.read().count(b"+OK") == 3
    with httpx.Client(base_url=f"http://127.0.0.1:{here.server.port('webadmin')}", timeout=PATIENCE) as http:
        proof = http.get("/signin/session").json()["csrf"]
        body = {"name": root.address, "password": PASSWORD}
        assert http.post("/signin/session", json=body, headers={"x-csrf-token": proof}).status_code == 200


def _looked_up(here: Busy) -> None:
    """The resolver is asked what it knows, and what it cannot find out."""
    for name in ("known.test", "known.test", "silent.test"):
        here.ran("dns", "query", name)


def _smtp(here: Busy, listener: str) -> smtplib.SMTP:
    wire = smtplib.SMTP("127.0.0.1", here.server.port(listener), timeout=PATIENCE)
    wire.ehlo()
    return wire


def _anybody() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context
