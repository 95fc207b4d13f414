"""The octets of one large message for FETCH, told piece by piece: no reader ever holds more than a few pieces.

1. A section's length is known before its first octet is sent: from the part table where its octets are sent as they
   are stored, else by going through them once more.
2. Once a length is announced so many octets follow, or the connection ends: nothing else keeps the dialogue in step.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from groupware.mime.binary import shown
from groupware.mime.lines import Crlf
from groupware.mime.sections import header_fields
from groupware.mime.transfer import Undoing
from groupware.model.errors import NotFound, TryAgain
from groupware.model.ids import BlobId
from groupware.model.item import Item
from mailcore.imap.commands.fetch_items import Section
from mailcore.imap.session import Session
from mailcore.server.dialogue import ConnectionClosed

PIECE = 1 << 20
"""Pieces begin at multiples of this: so the store keeps large bodies."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a section's octets are, and what is done to them on their way."""

    blob: BlobId
    start: int
    end: int
    bare: bool = False
    """Bare LF become CRLF."""
    encoding: str = ""
    """The transfer encoding that is taken off."""

    @property
    def as_stored(self) -> bool:
        """Whether the octets go out as they are."""
        return not self.bare and not self.encoding


@dataclass(frozen=True, slots=True)
class Told:
    """One section: what stands before its octets, and which octets of the source follow."""

    head: bytes
    source: Source | None = None
    skip: int = 0
    length: int = 0
    binary: bool = False
    """NUL goes out as it is: it has a literal8."""


@dataclass(frozen=True, slots=True)
class Streamed:
    """The sections of one message, to be told one after the other."""

    item: Item
    sections: Sequence[Told]


async def plan(session: Session, wanted: Section, source: Source) -> Told:
    """How one section is told. `NotFound`, `TryAgain`."""
    if wanted.names:
        header = b"".join([piece async for piece in _pieces(session, source)])
        octets = header_fields(header, wanted.names, wanted=wanted.wanted)
        if wanted.count is not None:
            octets = octets[wanted.start : wanted.start + wanted.count]
        return Told(b"%b {%d}\r\n%b" % (wanted.label, len(octets), shown(octets)))
    if source.as_stored:
        total = source.end - source.start
        if total:  # whether they can be read at all shows before anything is said
            await session.bodies.read(source.blob, source.start, 1)
    else:
        total = 0
        async for piece in _pieces(session, source):
            total += len(piece)
    if wanted.form == "size":
        return Told(b"%b %d" % (wanted.label, total))
    skip = min(wanted.start, total)
    length = total - skip if wanted.count is None else min(wanted.count, total - skip)
    binary = wanted.form == "decoded"  # NUL may come, RFC 3516 §4.3
    head = b"%b %b{%d}\r\n" % (wanted.label, b"~" if binary else b"", length)
    return Told(head, source, skip, length, binary)


async def tell(session: Session, told: Streamed, before: bytes, after: bytes) -> None:
    """The whole response. `ConnectionClosed` when the octets cannot be read to their end."""
    session.send(before)
    try:
        for number, section in enumerate(told.sections):
            session.send(b" " + section.head if number else section.head)
            await _send(session, section)
    except (NotFound, TryAgain) as error:
        session.shared.log.error("body_unreadable", item=told.item.id, uid=told.item.uid, blob=told.item.blob)
        session.connection.abort()
        raise ConnectionClosed("a body could not be read to its end") from error
    session.send(after)


async def _send(session: Session, told: Told) -> None:
    source, skip, length = told.source, told.skip, told.length
    if source is None or not length:
        return
    if source.as_stored:
        start = source.start + skip
        source, skip = Source(source.blob, start, start + length), 0
    async for piece in _pieces(session, source):
        some = piece[skip : skip + length]
        skip = max(0, skip - len(piece))
        length -= len(some)
        session.send(some if told.binary else shown(some))
        del piece, some  # before the next one comes
        await session.drain()
        if not length:
            return


async def _pieces(session: Session, source: Source) -> AsyncIterator[bytes]:
    """The octets of the section as they are sent."""
    ends = Crlf() if source.bare else None
    encoding = Undoing(source.encoding) if source.encoding else None
    at = source.start
    while at < source.end:
        until = min(source.end, (at // PIECE + 1) * PIECE)
        octets = await session.bodies.read(source.blob, at, until - at)
        if len(octets) != until - at:
            raise NotFound(f"body {source.blob}: it is shorter than it was")
        at = until
        if ends is not None:
            octets = ends.feed(octets) + (ends.end() if at == source.end else b"")
        if encoding is not None:
            octets = encoding.feed(octets) + (encoding.end() if at == source.end else b"")
        if octets:
            yield octets
