"""What a search looks for in octets: header fields that the index does not hold, and long bodies.

Whoever has to go through a folder message by message reads as little as can be: of a large message its headers alone,
and no field that says all in ASCII is decoded unless the words are there.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from groupware.mime.header_lines import HEADERS_ALONE, Headers, cut, line_of, read_headers
from groupware.mime.headers import decode_text, fields, unfold
from groupware.mime.summary import parts_of
from groupware.mime.text import text_of
from groupware.model.collation import caseless
from groupware.model.ids import BlobId, Uid
from groupware.model.item import Item
from groupware.store.api import Blobs
from mailcore.imap.commands.fetch_body import batches

WHOLE_BODY: Final = 1 << 40  # characters of a body that are looked through
_WORDS: Final = re.compile(r"[^\s\x00-\x1f\x7f:]+")

OfHeaders = Callable[[Headers], bool]
OfOctets = Callable[[Item, bytes], bool]


def says(text: str) -> OfHeaders:
    """Whether the text stands in some line, as people read it: `Subject: words`, encoded words decoded."""
    sought = caseless(text)
    words = [word.encode() for word in _WORDS.findall(sought)]

    def has(headers: Headers) -> bool:
        return any(_may_say(header, words) and _says(header, sought, words) for header in headers)

    return has


def _may_say(octets: bytes, words: Sequence[bytes]) -> bool:
    """False: the words are certainly not there, for all of it is ASCII as it stands. No fold is within a word."""
    if not octets.isascii() or b"=?" in octets:
        return True
    lower = octets.lower()
    return all(word in lower for word in words)


def _says(header: bytes, sought: str, words: Sequence[bytes]) -> bool:
    return any(sought in line_of(name, value) for name, value in fields(header) if _may_say(name + b":" + value, words))


def has_field(name: str, text: str) -> OfHeaders:
    """Whether the message has such a field with the text in it; only the message's own header counts."""
    wanted, sought = name.lower().encode("utf-8", "replace"), caseless(text)

    def has(headers: Headers) -> bool:
        named = fields(headers[0]) if wanted in headers[0].lower() else ()
        return any(sought in caseless(decode_text(unfold(value))) for field, value in named if field.lower() == wanted)

    return has


def in_body(text: str) -> OfOctets:
    """Whether the text stands in what people read of the body, however long it is."""
    sought = caseless(text)
    return lambda item, octets: sought in caseless(text_of(octets, parts_of(item.summary), WHOLE_BODY))


async def by_headers(blobs: Blobs, items: Sequence[Item], test: OfHeaders, *, all_parts: bool) -> list[Uid]:
    """Those whose headers pass the test; with `all_parts` those of the parts are looked at too."""
    found: list[Uid] = []
    whole = [item for item in items if item.size < HEADERS_ALONE]
    for batch in batches(whole):
        bodies = await blobs.read_many([item.blob for item in batch])
        found += await asyncio.to_thread(_passing, batch, bodies, test, all_parts=all_parts)
    for item in items:
        if item.size >= HEADERS_ALONE and test(await read_headers(blobs, item.blob, item.summary, all_parts=all_parts)):
            found.append(item.uid)
    return found


async def by_octets(blobs: Blobs, items: Sequence[Item], test: OfOctets) -> list[Uid]:
    """Those whose octets pass the test, which runs beside the event loop."""
    found: list[Uid] = []
    for batch in batches(items):
        bodies = await blobs.read_many([item.blob for item in batch])
        found += await asyncio.to_thread(
            lambda batch=batch, bodies=bodies: [  # type: ignore[misc]
                item.uid for item in batch if item.blob in bodies and test(item, bodies[item.blob])
            ]
        )
    return found


def _passing(batch: Iterable[Item], bodies: Mapping[BlobId, bytes], test: OfHeaders, *, all_parts: bool) -> list[Uid]:
    found = []
    for item in batch:
        octets = bodies.get(item.blob)
        if octets is not None and test(cut(octets, item.summary, all_parts=all_parts)):
            found.append(item.uid)
    return found
