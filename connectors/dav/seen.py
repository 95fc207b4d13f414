"""A calendar of somebody else's is told as who asks sees it, and what they put there is taken apart (decision 237)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from connectors.dav.derived_view import Times
from connectors.dav.paths import CALENDARS
from connectors.dav.request import Exchange
from connectors.dav.shelf import collection
from groupware.calendar.shown import Shown, sight
from groupware.model.errors import NoRight, NotFound
from mailcore.server.parts import Parts

_READS: Final = ("GET", "HEAD", "PROPFIND", "REPORT")


async def as_seen(exchange: Exchange, times: Times) -> Exchange:
    """The exchange over a store that tells of the calendar what is for who asks; one's own is told as it is stored."""
    at = exchange.at
    named_own = at.user == exchange.user and not at.segment.startswith("~")
    if at.area != CALENDARS or at.depth < 3 or named_own or exchange.request.method in ("ACL", "PROPPATCH"):
        return exchange
    if exchange.request.method == "DELETE" and not at.name:
        return exchange
    parts = exchange.parts
    try:
        found = await parts.store.glance(exchange.who, lambda tx: sight(tx, collection(tx, at).folder.id))
    except (NotFound, NoRight):
        return exchange  # what is wrong is said by who handles it
    if found is None:
        return exchange
    if found.times:
        return replace(exchange, parts=await times.of(exchange)) if exchange.request.method in _READS else exchange
    shown = Shown(parts.store, parts.blobs, found)
    return replace(exchange, parts=seen_parts(parts, shown), stored=parts, shown=shown)


def seen_parts(parts: Parts, shown: Shown) -> Parts:
    """The parts, with a store and bodies that tell it so."""
    return replace(parts, store=shown.store, blobs=shown.blobs)
