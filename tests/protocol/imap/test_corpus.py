"""Every message of the corpus by APPEND, through Python's imaplib: octets, flags, date and structure come back."""

from __future__ import annotations

import asyncio
import imaplib
import re
from datetime import UTC, datetime

from groupware.mime.lines import crlf
from tests.support import corpus
from tests.support.imap_values import check_body, check_envelope, parse
from tests.support.imapstand import PASSWORD, Client, Stand

WHEN = datetime(2026, 2, 1, 10, 30, 5, tzinfo=UTC)
ITEMS = "(UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODY BODYSTRUCTURE)"


def fetched(imap: imaplib.IMAP4, number: int, items: str) -> bytes:
    """What FETCH tells of one message, as it came."""
    answer, values = imap.fetch(str(number), items)
    assert answer == "OK"
    return b"".join([each if isinstance(each, bytes) else each[0] + b"\r\n" + each[1] for each in values if each])


async def test_everything_comes_back(place: Stand, alice: Client) -> None:
    """Exactly as given, with CRLF at every line end; what has NUL cannot be given like this."""
    messages = [octets for octets in map(corpus.read, corpus.messages()) if b"\0" not in octets]
    for start in range(0, len(messages), 50):
        marks = b'(\\Seen $Forwarded) " 1-Feb-2026 10:30:05 +0000" '
        pieces = [marks + literal(each) for each in messages[start : start + 50]]
        assert b"APPENDUID" in (await alice.ask(b"APPEND INBOX " + b" ".join(pieces))).tagged
    await alice.ask("SELECT INBOX")
    told = (await alice.ask(f"FETCH 1:* {ITEMS}")).untagged
    bodies = (await alice.ask("FETCH 1:* BODY.PEEK[]")).untagged
    assert len(told) == len(bodies) == len(messages)
    for number, (message, values, body) in enumerate(zip(messages, told, bodies, strict=True), 1):
        sent = crlf(message)
        check(values.removeprefix(b"* ").replace(b" FETCH ", b" ", 1), number, len(sent))
        assert body == b"* %d FETCH (BODY[] {%d}\r\n%b)" % (number, len(sent), sent)
    assert place.log.named("command_failed") == []


def literal(octets: bytes) -> bytes:
    return b"{%d+}\r\n%b" % (len(octets), octets)


async def test_python_imaplib(place: Stand) -> None:
    """imaplib makes every line end CRLF before it sends, so that is what comes back."""
    messages = [octets for octets in map(corpus.read, corpus.messages()[::40]) if octets and b"\0" not in octets]

    def dialogue() -> None:
        imap = imaplib.IMAP4("127.0.0.1", place.port)
        imap.login("alice", PASSWORD)
        for message in messages:
            answer, data = imap.append("INBOX", "(\\Seen $Forwarded)", imaplib.Time2Internaldate(WHEN), message)
            assert (answer, b"APPENDUID" in data[0]) == ("OK", True)
        assert imap.select("INBOX")[1] == [str(len(messages)).encode()]
        for number, message in enumerate(messages, 1):
            sent = imaplib.MapCRLF.sub(imaplib.CRLF, message)
            check(fetched(imap, number, ITEMS), number, len(sent))
            _, octets = imap.fetch(str(number), "(BODY.PEEK[])")
            assert isinstance(octets[0], tuple)
            assert octets[0][1] == sent
        imap.logout()

    await asyncio.to_thread(dialogue)


_TOLD = re.compile(
    rb"(\d+) \(UID (\d+) FLAGS \((?:\\Recent )?\\Seen \$Forwarded\) INTERNALDATE \" 1-Feb-2026 10:30:05 \+0000\" "
    rb"RFC822\.SIZE (\d+) ENVELOPE (.*) BODY (\(.*\)) BODYSTRUCTURE (\(.*\))\)\Z",
    re.DOTALL,
)


def check(told: bytes, number: int, size: int) -> None:
    """Every value is there, of the right form."""
    found = _TOLD.match(told)
    assert found is not None, told
    assert [int(found[group]) for group in (1, 2, 3)] == [number, number, size]
    check_envelope(parse(found[4]))
    check_body(parse(found[5]), extended=False)
    check_body(parse(found[6]), extended=True)


async def test_bare_line_feeds_are_sent_as_line_ends(alice: Client) -> None:
    """Stored exactly as given, sent with CRLF; sizes are of what is sent."""
    message = b"Subject: x\nX: y\n\none\ntwo\r\nthree\n"
    assert (await alice.append("INBOX", message)).ok
    await alice.ask("SELECT INBOX")
    sent = crlf(message)
    got = await alice.ask("FETCH 1 (RFC822.SIZE BODY.PEEK[] BODY.PEEK[TEXT] BODY.PEEK[]<4.12>)")
    text = b"one\r\ntwo\r\nthree\r\n"
    assert got.untagged == [
        b"* 1 FETCH (RFC822.SIZE %d BODY[] {%d}\r\n%b BODY[TEXT] {%d}\r\n%b BODY[]<4> {12}\r\n%b)"
        % (len(sent), len(sent), sent, len(text), text, sent[4:16])
    ]


async def test_octets_that_are_no_text_come_back(alice: Client) -> None:
    """A literal holds any octet but NUL."""
    message = b"Subject: x\r\n\r\n" + bytes(range(1, 256)) + b"\r\n"
    assert (await alice.append("INBOX", message)).ok
    await alice.ask("SELECT INBOX")
    got = await alice.ask("FETCH 1 BODY.PEEK[]")
    assert crlf(message) in got.untagged[0]
