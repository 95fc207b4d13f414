"""The octets of messages for FETCH: read in batches that memory can hold, cut out as the stored part table says."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Final, Literal

from groupware.mime.binary import shown
from groupware.mime.lines import crlf
from groupware.mime.parts import Part
from groupware.mime.sections import find, header_fields, section
from groupware.mime.summary import parts_of, span_of
from groupware.mime.transfer import KNOWN, undo
from groupware.model.errors import NotFound
from groupware.model.item import Item
from mailcore.imap.commands.fetch_items import Section
from mailcore.imap.commands.fetch_stream import Source, Streamed, Told, plan
from mailcore.imap.session import Session

_OF_MESSAGE: Final = frozenset({"", "HEADER", "TEXT"})  # these need no table of parts
_ENCODED: Final = frozenset({"base64", "quoted-printable"})
_WHOLE: Final = {peek: (Section(b"BODY[]", peek=peek),) for peek in (False, True)}
"""What most ask for."""
BATCH_OCTETS: Final = 4 << 20
BATCH_ITEMS: Final = 100
LARGE: Final = 256 * 1024
"""A message from this size on is never held whole: what is asked for is read piece by piece while it is sent."""


Failure = Literal["lost", "encoding"]
"""Why a message cannot be told: its octets cannot be read, or a part has a transfer encoding that nobody knows."""


async def read_sections(
    session: Session, items: Sequence[Item], wanted: Sequence[Section]
) -> AsyncIterator[tuple[Item, bytes | Streamed | Failure]]:
    """Each item with its sections as FETCH tells them, or why they cannot be told."""
    for batch in batches(items):
        if batch[0].size >= LARGE:
            yield batch[0], await _large(session, batch[0], wanted)
            continue
        bodies = await session.bodies.read_many([item.blob for item in batch])
        for item in batch:
            octets = bodies.get(item.blob)
            yield item, _told(item, octets, wanted) if octets is not None else _lost(session, item)


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


def _told(item: Item, octets: bytes, wanted: Sequence[Section]) -> bytes | Failure:
    if wanted == _WHOLE[wanted[0].peek] and not item.extra:
        return b"BODY[] {%d}\r\n%b" % (len(octets), shown(octets))
    parts = _parts(item, wanted)
    bare = has_bare_lf(item)
    told = []
    for each in wanted:
        cut = _cut(octets, _span(item, parts, each), bare=bare)
        if each.form != "stored" and cut is not None:
            encoding = encoding_of(parts, each.path)
            if encoding not in KNOWN:
                return "encoding"
            cut = undo(cut, encoding)
        told.append(_value(each, cut))
    return b" ".join(told)


def encoding_of(parts: Sequence[Part], path: str) -> str:
    """The transfer encoding of a part; that of one that holds others is the identity (RFC 2045 §6.4)."""
    at = find(parts, [int(number) for number in path.split(".")]) if path else None
    return parts[at].encoding if at is not None and parts[at].kind == "leaf" else "binary"


def has_bare_lf(item: Item) -> bool:
    """Whether the octets grow when they are sent."""
    return bool(item.extra)


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
    """One section as FETCH tells it; NIL (or the size 0) for one that the message has not."""
    if octets is None:
        return wanted.label + (b" 0" if wanted.form == "size" else b" NIL")
    if wanted.form == "size":
        return b"%b %d" % (wanted.label, len(octets))
    if wanted.names:
        octets = header_fields(octets, wanted.names, wanted=wanted.wanted)
    if wanted.count is not None:
        octets = octets[wanted.start : wanted.start + wanted.count]
    if wanted.form == "stored":
        return b"%b {%d}\r\n%b" % (wanted.label, len(octets), shown(octets))
    mark = b"~" if b"\0" in octets else b""  # RFC 3516 §4.3
    return b"%b %b{%d}\r\n%b" % (wanted.label, mark, len(octets), octets)


async def _large(session: Session, item: Item, wanted: Sequence[Section]) -> Streamed | Failure:
    """The sections of a large message, each read alone while it is told."""
    parts, bare = _parts(item, wanted), has_bare_lf(item)
    told = []
    for each in wanted:
        span = _span(item, parts, each)
        if span is None:
            told.append(Told(_value(each, None)))
            continue
        encoding = encoding_of(parts, each.path) if each.form != "stored" else "binary"
        if encoding not in KNOWN:
            return "encoding"
        source = Source(item.blob, *span, bare, encoding if encoding in _ENCODED else "")
        try:
            told.append(await plan(session, each, source))
        except NotFound:
            return _lost(session, item)
    return Streamed(item, told)


def _lost(session: Session, item: Item) -> Failure:
    session.shared.log.error("body_unreadable", item=item.id, uid=item.uid, blob=item.blob)
    return "lost"
