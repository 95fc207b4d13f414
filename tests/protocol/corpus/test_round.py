"""Every message of the corpus in through SMTP, and out by IMAP and POP3: octet for octet behind the trace headers.

But for NUL, which IMAP has no way to tell there (decision 392).
"""

from __future__ import annotations

import imaplib
import poplib
import re
import smtplib
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from tests.support import corpus
from tests.support.patience import PATIENCE
from tests.support.server import Person, RunningServer, running

TRACE = re.compile(rb"Return-Path: <x@far\.test>\r\nReceived: from [^\r]*\r\n(?:\t[^\r]*\r\n)*")
REFUSED = {
    "mail/mime4j/benchmark/long-headers.msg": "554 5.4.6 The message has passed through too many servers: it goes round"
    " in circles.",
}
"""Those that are not taken from outside, each with what is said: this one has more Received fields than the 30 of
`max_received_headers`."""


@dataclass
class Round:
    """A server with the corpus in one INBOX: what was taken, in its order, and what was said of the others."""

    server: RunningServer
    person: Person
    taken: dict[str, bytes] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)

    def send(self, wire: smtplib.SMTP, name: str) -> None:
        message = _sent_form(name)
        wire.mail("x@far.test")
        wire.rcpt(self.person.address)
        assert wire.docmd("DATA")[0] == 354
        wire.send((b"." if message.startswith(b".") else b"") + message.replace(b"\r\n.", b"\r\n..") + b".\r\n")
        code, said = wire.getreply()
        if code == 250:
            self.taken[name] = message
        else:
            self.refused[name] = f"{code} {said.decode()}"

    def came(self, stored: list[bytes], nul: bytes = b"\0") -> list[str]:
        """The messages that did not come out as they went in, of all that were taken. `nul`: what is told for NUL."""
        assert len(stored) == len(self.taken)
        behind = [TRACE.sub(b"", each, count=1) for each in stored]
        assert all(TRACE.match(each) for each in stored)
        pairs = zip(self.taken.items(), behind, strict=True)
        return [name for (name, sent), got in pairs if got != sent.replace(b"\0", nul)]


def _sent_form(name: str) -> bytes:
    """As a client has to send it: with CRLF at the end of every line, the last one too (RFC 5321 §2.3.8)."""
    message = corpus.read(name).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return message if message.endswith(b"\r\n") else message + b"\r\n"


@pytest.fixture(scope="module")
def trip(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Round]:
    with running(tmp_path_factory.mktemp("round")) as server:
        found = Round(server, server.account())
        with smtplib.SMTP("127.0.0.1", server.port("smtp"), timeout=PATIENCE) as wire:
            wire.ehlo("client.test")
            for name in corpus.messages():
                found.send(wire, name)
        yield found


def test_every_message_is_taken_but_those_that_are_named(trip: Round) -> None:
    assert trip.refused == REFUSED
    assert [*trip.taken] == [name for name in corpus.messages() if name not in REFUSED]


def test_imap_gives_each_as_it_was_sent(trip: Round) -> None:
    with imaplib.IMAP4("127.0.0.1", trip.server.port("imap"), timeout=PATIENCE) as imap:
        imap.login(trip.person.address, trip.person.password)
        imap.select()
        got = imap.fetch("1:*", "(BODY.PEEK[])")[1]
    assert trip.came([each[1] for each in got if isinstance(each, tuple)], nul=b"\x80") == []


def test_pop3_gives_each_as_it_was_sent(trip: Round, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(poplib, "_MAXLINE", 1 << 24)  # some have longer lines than Python reads by itself
    pop = poplib.POP3("127.0.0.1", trip.server.port("pop3"), timeout=PATIENCE)
    pop.user(trip.person.address)
    pop.pass_(trip.person.password)
    got = [b"\r\n".join(pop.retr(number)[1]) + b"\r\n" for number in range(1, len(trip.taken) + 1)]
    pop.quit()
    assert trip.came(got) == []
