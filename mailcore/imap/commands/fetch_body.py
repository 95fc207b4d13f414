"""The octets of messages for FETCH: read in batches that memory can hold, cut out as the stored part table says."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Final

from groupware.mime.lines import crlf
from groupware.mime.parts import Part
from groupware.mime.sections import header_fields, section
from groupware.mime.summary import parts_of, size_of, span_of
from groupware.model.errors import NotFound
from groupware.model.ids import BlobId
from groupware.model.item import Item
from mailcore.imap.commands.fetch_items import Section
from mailcore.imap.session import Session

_OF_MESSAGE: Final = frozenset({"", "HEADER", "TEXT"})  # these need no table of parts
BATCH_OCTETS: Final = 4 << 20
BATCH_ITEMS: Final = 100
LARGE: Final = 256 * 1024
"""Of a message from this size on only the octets that are asked for are read."""


async def read_sections(
    session: Session, items: Sequence[Item], wanted: Sequence[Section]
) -> AsyncIterator[tuple[Item, bytes | None]]:
    """Each item with its sections as FETCH tells them; None when its octets cannot be read."""
    for batch in batches(items):
        if batch[0].size >= LARGE:
            yield batch[0], await _large(session, batch[0], wanted)
            continue
        bodies = await session.shared.parts.blobs.read_many([item.blob for item in batch])
        for item in batch:
            octets = bodies.get(item.blob)
            if octets is None:
                _lost(session, item)
            yield item, _told(item, octets, wanted) if octets is not None else None


def batches(items: Sequence[Item]) -> Iterator[list[Item]]:
    """The items in their order, as many at once as memory shall hold; a large one alone."""
    batch: list[Item] = []
    octets = 0
    for item in items:
        if batch and (item.size >= LARGE or octets + item.size > BATCH_OCTETS or len(batch) >= BATCH_ITEMS):
            yield batch
            batch, octets = [], 0
        batch.append(item)
        octets += item.size
        if item.size >= LARGE:
            yield batch
            batch, octets = [], 0
    if batch:
        yield batch


def _told(item: Item, octets: bytes, wanted: Sequence[Section]) -> bytes:
    parts = _parts(item, wanted)
    bare = has_bare_lf(item)
    return b" ".join([_value(each, _cut(octets, _span(item, parts, each), bare=bare)) for each in wanted])


def has_bare_lf(item: Item) -> bool:
    """Whether the octets grow when they are sent."""
    return size_of(item.summary) != item.size


def _parts(item: Item, wanted: Sequence[Section]) -> Sequence[Part]:
    return parts_of(item.summary) if any(each.path not in _OF_MESSAGE for each in wanted) else ()


def _span(item: Item, parts: Sequence[Part], wanted: Section) -> tuple[int, int] | None:
    """Where the section lies in the stored octets; None when the message has none such."""
    if not wanted.path:
        return 0, item.size
    if wanted.path not in _OF_MESSAGE:
        return section(parts, wanted.path)
    header, body, end = span_of(item.summary)
    return (header, body) if wanted.path == "HEADER" else (body, end)


def _cut(octets: bytes, span: tuple[int, int] | None, *, bare: bool) -> bytes | None:
    if span is None:
        return None
    found = octets if span == (0, len(octets)) else octets[span[0] : span[1]]
    return crlf(found) if bare else found


def _value(wanted: Section, octets: bytes | None) -> bytes:
    """One section as FETCH tells it; NIL for one that the message has not."""
    if octets is None:
        return wanted.label + b" NIL"
    if wanted.names:
        octets = header_fields(octets, wanted.names, wanted=wanted.wanted)
    if wanted.count is not None:
        octets = octets[wanted.start : wanted.start + wanted.count]
    return b"%b {%d}\r\n%b" % (wanted.label, len(octets), octets)


async def _large(session: Session, item: Item, wanted: Sequence[Section]) -> bytes | None:
    """The sections of a large message, each read alone."""
    parts, bare = _parts(item, wanted), has_bare_lf(item)
    told = []
    for each in wanted:
        span = _span(item, parts, each)
        try:
            told.append(await _large_section(session, item.blob, each, span, bare=bare))
        except NotFound:
            _lost(session, item)
            return None
    return b" ".join(told)


async def _large_section(
    session: Session, blob: BlobId, wanted: Section, span: tuple[int, int] | None, *, bare: bool
) -> bytes:
    if span is None:
        return _value(wanted, None)
    start, end = span
    read = session.shared.parts.blobs.read
    if wanted.count is None or wanted.names or bare:
        return _value(wanted, _cut(await read(blob, start, end - start), (0, end - start), bare=bare))
    first = min(start + wanted.start, end)
    count = min(wanted.count, end - first)
    octets = await read(blob, first, count) if count else b""
    return b"%b {%d}\r\n%b" % (wanted.label, len(octets), octets)


def _lost(session: Session, item: Item) -> None:
    session.shared.log.error("body_unreadable", item=item.id, uid=item.uid, blob=item.blob)
