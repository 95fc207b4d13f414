"""What the answer to a REPORT says of the objects that it has found."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from connectors.dav import timezones, xml
from connectors.dav.errors import DavError
from connectors.dav.expand import Lens
from connectors.dav.locks import discovered
from connectors.dav.paths import escaped
from connectors.dav.properties import stats
from connectors.dav.propfind import TAG, data_name
from connectors.dav.request import Exchange
from connectors.dav.resources import LOCKS, Thing
from connectors.dav.shelf import Shelf
from connectors.dav.xml import DAV
from groupware.model.ids import BlobId, Uid
from groupware.model.item import Item
from groupware.model.lock import WriteLock

AT_ONCE: Final = 200
"""Bodies that are in memory together; what is done with them is done beside the event loop."""
MOST_MADE: Final = 64 * 1024 * 1024
"""Octets of cards of the directory in one answer, of which all with their pictures may be too much."""


def names_in(root: xml.Element) -> list[str]:
    """The properties that a REPORT asks for."""
    return xml.names(root.find(f"{{{DAV}}}prop"))


def limit_in(root: xml.Element, space: str) -> int:
    """How many answers are wanted at most; 0: all."""
    said = root.find(f"{{{space}}}limit/{{{space}}}nresults")
    text = (said.text or "").strip() if said is not None else ""
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def truncated(shelf: Shelf) -> str:
    """The line that says that there is more."""
    return xml.gone(shelf.href, "507 Insufficient Storage", "number-of-matches-within-limits")


def in_collection(exchange: Exchange) -> None:
    """`DavError` for a REPORT elsewhere."""
    if exchange.at.depth < 3:
        raise DavError(403, "this report is for a collection", "<D:supported-report/>")


async def told_of(exchange: Exchange, shelf: Shelf, items: Sequence[Item], names: list[str], lens: Lens) -> list[str]:
    """A line for each item, with its body where that is asked for."""
    told: list[str] = []
    octets = 0
    wants_body = data_name(shelf) in names
    at = shelf.folder.id
    tags: Mapping[Uid, str] = {}
    if TAG in names:
        tags = await exchange.parts.store.read(exchange.who, lambda tx: tx.schedule_tags(at))
    locks = None
    if LOCKS in names:
        locks = await exchange.parts.store.read(exchange.who, lambda tx: tx.write_locks(at))
    for start in range(0, len(items), AT_ONCE):
        some = items[start : start + AT_ONCE]
        bodies = await exchange.parts.blobs.read_many([each.blob for each in some]) if wants_body else {}
        octets += sum(map(len, bodies.values()))
        if shelf.folder.id < 0 and octets > MOST_MADE:
            text = f"more than {MOST_MADE} octets of cards with their pictures: ask for some of them at a time"
            raise DavError(403, text, "<D:number-of-matches-within-limits/>")
        told.extend(await asyncio.to_thread(_lines, exchange, shelf, some, bodies, names, lens, tags, locks))
    return told


def _lines(
    exchange: Exchange,
    shelf: Shelf,
    items: Sequence[Item],
    bodies: Mapping[BlobId, bytes],
    names: list[str],
    lens: Lens,
    tags: Mapping[Uid, str],
    locks: Sequence[WriteLock] | None,
) -> list[str]:
    lines = []
    for item in items:
        body = bodies.get(item.blob)
        active = None if locks is None else discovered(shelf, locks, item.name)
        if body is not None and not shelf.contacts:
            body = timezones.told(body, exchange.headers)
        shown = None if body is None else lens(body)
        thing = Thing(shelf, item, exchange.user, shown, tags.get(item.uid, ""), active)
        lines.append(xml.response(shelf.href + escaped(item.name), stats(thing, names, minimal=exchange.minimal)))
    return lines
