"""The header lines of a message as search compares them, and how those of stored mail get into their index."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from groupware.mime.headers import decode_text, fields, unfold
from groupware.mime.summary import header_spans_of, span_of
from groupware.model.collation import caseless
from groupware.model.errors import NotFound, TryAgain
from groupware.model.ids import BlobId
from groupware.store import upkeep
from groupware.store.api import Blobs, Store

HEADERS_ALONE: Final = 128 * 1024
"""Octets of a message from which on its headers are read by themselves."""

Headers = Sequence[bytes]
"""The header of a message, and those of its parts."""


def line_of(name: bytes, value: bytes) -> str:
    """A field as people read it, `Subject: words`, encoded words decoded, letter case folded."""
    return caseless(f"{name.decode('ascii', 'replace')}: {decode_text(unfold(value))}")


def lines_of(headers: Headers) -> str:
    """All the lines of a message, as the index of header lines takes them."""
    return upkeep.header_lines([[line_of(name, value) for name, value in fields(each)] for each in headers])


def spans(summary: bytes, *, all_parts: bool) -> Sequence[tuple[int, int]]:
    """Where in the octets the header of the message begins and ends; with `all_parts` those of its parts as well."""
    return header_spans_of(summary) if all_parts else (span_of(summary)[:2],)


def cut(octets: bytes, summary: bytes, *, all_parts: bool) -> Headers:
    """The headers out of all octets of a message."""
    return [octets[start:end] for start, end in spans(summary, all_parts=all_parts)]


async def read_headers(blobs: Blobs, blob: BlobId, summary: bytes, *, all_parts: bool) -> Headers:
    """The headers of a large message, without the rest; empty where its octets are lost."""
    try:
        return [await blobs.read(blob, at, end - at) for at, end in spans(summary, all_parts=all_parts)]
    except NotFound:
        return [b""]


async def index_headers(store: Store, blobs: Blobs, limit: int = upkeep.AT_ONCE) -> int:
    """Puts the header lines of up to so many contents that wait into the index; how many these were.

    What cannot be read just now goes on waiting, and is not counted.
    """
    waiting = await upkeep.waiting_headers(store, limit)
    small = await blobs.read_many([each.blob for each in waiting if each.size < HEADERS_ALONE])
    lines = await asyncio.to_thread(_lines, waiting, small)
    for each in waiting:
        if each.content in lines:
            continue
        try:
            lines[each.content] = lines_of(await read_headers(blobs, each.blob, each.summary, all_parts=True))
        except TryAgain:
            continue
    if lines:
        await upkeep.put_headers(store, lines)
    return len(lines)


def _lines(waiting: Sequence[upkeep.Headed], octets: Mapping[BlobId, bytes]) -> dict[int, str]:
    return {
        each.content: lines_of(cut(octets[each.blob], each.summary, all_parts=True))
        for each in waiting
        if each.blob in octets
    }
