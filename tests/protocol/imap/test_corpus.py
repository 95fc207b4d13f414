"""Every message of the corpus by APPEND, through Python's imaplib: octets, flags, date and structure come back."""

from __future__ import annotations

import asyncio
import imaplib
from collections.abc import Iterator
from datetime import UTC, datetime

from groupware.mime.lines import crlf
from tests.support import corpus
from tests.support.imap_values import parse
from tests.support.imapstand import PASSWORD, Stand

WHEN = datetime(2026, 2, 1, 10, 30, 5, tzinfo=UTC)


def stored(port: int, messages: list[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Puts the messages in, and gives back what FETCH tells of each: the values, and the octets."""
    imap = imaplib.IMAP4("127.0.0.1", port)
    imap.login("alice", PASSWORD)
    for message in messages:
        answer, data = imap.append("INBOX", "(\\Seen \\Flagged $Forwarded)", imaplib.Time2Internaldate(WHEN), message)
        assert (answer, b"APPENDUID" in data[0]) == ("OK", True)
    assert imap.select("INBOX")[1] == [str(len(messages)).encode()]
    for number in range(1, len(messages) + 1):
        items = "(UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODY BODYSTRUCTURE)"
        answer, values = imap.fetch(str(number), items)
        told = b"".join([part if isinstance(part, bytes) else part[0] + b"\r\n" + part[1] for part in values])
        _, octets = imap.fetch(str(number), "(BODY.PEEK[])")
        assert answer == "OK"
        assert isinstance(octets[0], tuple)
        yield told, octets[0][1]
    imap.logout()


async def test_everything_comes_back(place: Stand) -> None:
    messages = [octets.replace(b"\0", b"") for octets in map(corpus.read, corpus.messages()) if octets]

    def dialogue() -> None:
        # imaplib makes every line end CRLF before it sends; so what comes back has to be that
        for message, (told, octets) in zip(messages, stored(place.port, messages), strict=True):
            sent = imaplib.MapCRLF.sub(imaplib.CRLF, message)
            assert octets == crlf(sent)
            _check(told, len(octets))

    await asyncio.to_thread(dialogue)


def _check(told: bytes, size: int) -> None:
    found = parse(b"(" + told.split(b" (", 1)[1])
    assert isinstance(found, list)
    about = dict(zip(found[::2], found[1::2], strict=True))
    assert about
