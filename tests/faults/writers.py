"""Clients that write as fast as they may, and remember what the server said it has."""

from __future__ import annotations

import base64
import http.client
import imaplib
import re
import smtplib
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count

TROUBLE = (OSError, smtplib.SMTPException, imaplib.IMAP4.error, http.client.HTTPException, EOFError)
_tokens = count(1)


@dataclass
class Ledger:
    """What was promised. `accepted`: 250 or OK came; `doubtful`: sent, and then the connection broke."""

    accepted: set[str] = field(default_factory=set)
    doubtful: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def promised(self, token: str) -> None:
        """The server has said that it has it."""
        with self.lock:
            self.accepted.add(token)
            self.doubtful.discard(token)

    def of(self, kind: str) -> Ledger:
        """What was promised and sent by one protocol."""
        with self.lock:
            accepted, doubtful = (
                {each for each in some if each.startswith(kind)} for some in (self.accepted, self.doubtful)
            )
        return Ledger(accepted, doubtful)

    @property
    def kinds(self) -> set[str]:
        """By which protocols anything was accepted: `smtp`, `imap`, `dav`."""
        with self.lock:
            return {token.partition("-")[0] for token in self.accepted}

    def sent(self, token: str) -> None:
        """It is on its way."""
        with self.lock:
            self.doubtful.add(token)


@dataclass
class Writers:
    """Threads that send by SMTP, append by IMAP and put events by CalDAV until `stop`, or until the server is gone."""

    base: int
    """The port from which on the server listens."""
    address: str
    password: str
    ledger: Ledger
    owner: str = ""
    """Whose INBOX is appended to; nobody else's than the `address` when it is empty."""
    threads: list[threading.Thread] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)

    def start(self, senders: int = 3, appenders: int = 2, putters: int = 0) -> None:
        """Begin."""
        for work, number in ((self._send, senders), (self._append, appenders), (self._put, putters)):
            self.threads += [threading.Thread(target=self._until_trouble, args=(work,)) for _ in range(number)]
        for thread in self.threads:
            thread.start()

    def stop(self) -> None:
        """End, and wait until they have."""
        self.stopping.set()
        for thread in self.threads:
            thread.join()

    def _until_trouble(self, work: Callable[[], None]) -> None:
        with suppress(*TROUBLE):  # the server is killed under it
            work()

    def _send(self) -> None:
        with smtplib.SMTP("127.0.0.1", self.base + 25, timeout=30) as client:
            while not self.stopping.is_set():
                token = f"smtp-{next(_tokens)}"
                self.ledger.sent(token)
                client.sendmail("sender@elsewhere.example", [self.address], message(token))
                self.ledger.promised(token)

    def _append(self) -> None:
        with imaplib.IMAP4("127.0.0.1", self.base + 143, timeout=30) as client:
            client.login(self.owner or self.address, self.password)
            while not self.stopping.is_set():
                token = f"imap-{next(_tokens)}"
                self.ledger.sent(token)
                status, _ = client.append("INBOX", r"(\Flagged)", None, message(token))  # type: ignore[arg-type]
                if status == "OK":
                    self.ledger.promised(token)

    def _put(self) -> None:
        client = http.client.HTTPConnection("127.0.0.1", self.base + 80, timeout=30)
        try:
            while not self.stopping.is_set():
                token = f"dav-{next(_tokens)}"
                self.ledger.sent(token)
                if asked(client, self.address, self.password, "PUT", f"{token}.ics", event(token))[0] == 201:
                    self.ledger.promised(token)
        finally:
            client.close()


def message(token: str) -> bytes:
    """A message that carries the token; every third one is large enough to live outside the database."""
    size = 40_000 if hash(token) % 3 == 0 else 300
    filler = "".join(f"{token} {line}\r\n" for line in range(size // 12))
    return (
        f"From: Sender <sender@elsewhere.example>\r\nTo: you\r\nSubject: {token}\r\n"
        f"Message-ID: <{token}@test>\r\nX-Token: {token}\r\n\r\n{filler}"
    ).encode()


def event(token: str) -> bytes:
    """An event that carries the token."""
    inside = (f"UID:{token}", "DTSTAMP:20260101T000000Z", "DTSTART:20260101T100000Z", f"SUMMARY:{token} {'x' * 300}")
    lines = ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", "BEGIN:VEVENT", *inside, "END:VEVENT", "END:VCALENDAR", "")
    return "\r\n".join(lines).encode()


def asked(
    client: http.client.HTTPConnection, address: str, password: str, method: str, name: str = "", body: bytes = b""
) -> tuple[int, bytes]:
    """What the server says about something in the calendar, or all of it."""
    sign = base64.b64encode(f"{address}:{password}".encode()).decode()
    headers = {"authorization": f"Basic {sign}", "content-type": "text/calendar"}
    client.request(method, f"/dav/calendars/{address}/Calendar/{name}", body, headers)
    with client.getresponse() as answer:
        return answer.status, answer.read()


def events_in(port: int, address: str, password: str) -> list[str]:
    """The tokens of all events in the calendar."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        status, octets = asked(client, address, password, "GET")
    finally:
        client.close()
    assert status == 200, octets
    return [each.decode() for each in re.findall(rb"UID:(dav-\d+)\r\n", octets)]


def tokens_in(port: int, address: str, password: str, folder: str = "INBOX") -> list[str]:
    """The tokens of all messages in a folder, read over IMAP from the bodies themselves."""
    found = []
    with imaplib.IMAP4("127.0.0.1", port, timeout=60) as client:
        client.login(address, password)
        client.select(folder, readonly=True)
        _, answer = client.uid("FETCH", "1:*", "(BODY.PEEK[])")
        for part in answer:
            if isinstance(part, tuple):
                head, _, body = part[1].partition(b"\r\n\r\n")
                token = head.partition(b"X-Token: ")[2].split(b"\r\n")[0].decode()
                found.append(token if body.startswith(f"{token} 0\r\n".encode()) else f"{token} in pieces")
    return found
