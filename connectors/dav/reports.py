"""REPORT: queries, multigets, synchronisation and free-busy. RFC 3253 §3.6, 4791 §7, 6352 §8, 6578."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from datetime import tzinfo
from functools import partial
from typing import Final

from starlette.responses import Response

from connectors.dav import contact_query, filters, principals, synchronisation, xml
from connectors.dav.errors import DavError
from connectors.dav.expand import lens_of
from connectors.dav.filters import Comp
from connectors.dav.freebusy import busy_times
from connectors.dav.paths import place
from connectors.dav.propfind import multistatus
from connectors.dav.request import Exchange
from connectors.dav.resources import ZONE_ID, dead
from connectors.dav.shelf import Shelf, collection
from connectors.dav.telling import AT_ONCE, in_collection, names_in, told_of
from connectors.dav.xml import CALDAV, CARDDAV, DAV
from groupware.calendar.busy import FLOAT, Range, freebusy, settled
from groupware.calendar.facts import read_facts, readable
from groupware.calendar.object import CalendarObject, read_object
from groupware.calendar.zones import known_zone
from groupware.model.errors import Malformed, NotFound
from groupware.model.ids import EVERY, LAST_UID, BlobId, FolderId, Uid, Uids
from groupware.model.item import Item
from groupware.model.rights import Right
from groupware.store.api import ReadTx

MOST_HREFS: Final = 20_000
FACTS_AT_ONCE: Final = 5_000
"""Objects of which what filters ask is in memory together."""


async def report(exchange: Exchange) -> Response:
    """The answer to a REPORT, by the name of its root."""
    root = await exchange.document_apart()
    if root is None:
        raise DavError(400, "REPORT needs a body that says which")
    handler = _HANDLERS.get(str(root.tag))
    if handler is None:
        raise DavError(403, f"{str(root.tag)[:80]}: there is no such report here", "<D:supported-report/>")
    return await handler(exchange, root)


async def _shelf(exchange: Exchange) -> Shelf:
    in_collection(exchange)
    return await exchange.parts.store.glance(exchange.who, lambda tx: collection(tx, exchange.at, Right.READ))


# --- by name ----------------------------------------------------------------------------------------------------------


async def multiget(exchange: Exchange, root: xml.Element) -> Response:
    """calendar-multiget and addressbook-multiget: objects by their paths."""
    in_collection(exchange)
    paths = [each.text or "" for each in root.findall(f"{{{DAV}}}href")]
    if len(paths) > MOST_HREFS:
        raise DavError(403, f"{MOST_HREFS} paths at once are taken at most", "<D:number-of-matches-within-limits/>")
    wanted: dict[str, str] = {}
    lost = []
    for path in paths:
        name = _name_in(path.strip(), exchange)
        if name:
            wanted[name] = path.strip()
        else:
            lost.append(path.strip())

    def work(tx: ReadTx) -> tuple[Shelf, Sequence[Item]]:
        shelf = collection(tx, exchange.at, Right.READ)
        return shelf, tx.items_named(shelf.folder.id, list(wanted))

    shelf, items = await exchange.parts.store.read(exchange.who, work)
    told = await told_of(exchange, shelf, items, names_in(root), lens_of(root, exchange.cards))
    there = {each.name for each in items}
    lost.extend(path for name, path in wanted.items() if name not in there)
    return multistatus([*told, *(xml.gone(xml.escape(path)) for path in lost)])


def _name_in(path: str, exchange: Exchange) -> str:
    """The name of an object in the collection that was asked; "" for what is elsewhere."""
    try:
        found = place(path)
    except NotFound:
        return ""
    here = exchange.at
    same = (found.area, found.user, found.segment) == (here.area, here.user, here.segment)
    return found.name if same else ""


# --- by content -------------------------------------------------------------------------------------------------------


async def calendar_query(exchange: Exchange, root: xml.Element) -> Response:
    """Objects that a filter lets through."""
    shelf = await _shelf(exchange)
    if shelf.contacts:
        raise DavError(403, "calendar-query is for a calendar", "<D:supported-report/>")
    asked = root.find(f"{{{CALDAV}}}filter")
    if asked is None:
        raise DavError(400, "calendar-query needs a filter", "<C:valid-filter/>")
    comp, zone = filters.calendar_filter(asked), _zone(root, shelf)
    items = await _let_through(exchange, shelf, comp, zone)
    return multistatus(await told_of(exchange, shelf, items, names_in(root), lens_of(root, exchange.cards)))


def _zone(root: xml.Element, shelf: Shelf) -> tzinfo:
    """The zone where what floats takes place: as the request says, else the calendar, else UTC. RFC 4791 §9.8."""
    name = root.find(f"{{{CALDAV}}}timezone-id")
    given = root.find(f"{{{CALDAV}}}timezone")
    tzid = (name.text or "").strip() if name is not None else ""
    if given is not None:
        found = re.search(r"TZID:(\S+)", given.text or "")
        tzid = found[1] if found else tzid
    tzid = tzid or dead(shelf, ZONE_ID) or "UTC"
    zone = known_zone(tzid)
    if zone is None:
        raise DavError(403, f"time zone {tzid[:60]!r} is not known", "<C:valid-timezone/>")
    return zone


async def _let_through(exchange: Exchange, shelf: Shelf, comp: Comp, zone: tzinfo) -> list[Item]:
    """The index finds what it can; what it cannot decide is asked of what is kept beside the objects, or is read."""
    inner = comp.comps[0] if len(comp.comps) == 1 and not comp.props and not comp.absent else None
    at = shelf.folder.id
    simple = inner is not None and inner.simple
    if not simple and filters.is_kept(comp):
        return await _by_facts(exchange, at, comp, inner, zone)
    if inner is None or inner.absent:
        items = await exchange.parts.store.read(exchange.who, lambda tx: tx.items(at, EVERY))
        return await _read_and_decide(exchange, items, comp, zone)
    sure, unsure = await exchange.parts.store.read(exchange.who, lambda tx: _candidates(tx, shelf, inner, zone))
    if not simple:
        sure, unsure = [], sorted([*sure, *unsure], key=lambda each: each.uid)
    return [*sure, *await _read_and_decide(exchange, unsure, comp, zone)]


async def _by_facts(exchange: Exchange, at: FolderId, comp: Comp, inner: Comp | None, zone: tzinfo) -> list[Item]:
    """Those that are let through by what is kept beside them; of which nothing is kept, by their octets."""
    range_ = inner.range if inner is not None and not inner.absent else None
    sure, unsure = set[Uid](), set[Uid]()
    near = await _near(exchange, at, comp)
    async for facts in _facts(exchange, at, range_, alarms=filters.asks_alarms(comp)):
        some, others = await asyncio.to_thread(_stated, facts, comp, zone, near)
        sure |= some
        unsure |= others
    items = await exchange.parts.store.read(exchange.who, lambda tx: tx.items(at, _ranges(sure | unsure)))
    read = await _read_and_decide(exchange, [each for each in items if each.uid in unsure], comp, zone)
    return sorted([*(each for each in items if each.uid in sure), *read], key=lambda each: each.uid)


async def _facts(
    exchange: Exchange, at: FolderId, range_: Range | None, *, alarms: bool
) -> AsyncIterator[Sequence[tuple[Uid, str]]]:
    """What filters ask of the objects of a calendar, or of those that may be in a range, some at a time."""
    store, who = exchange.parts.store, exchange.who
    if range_ is not None:
        low, high = range_.start - FLOAT, range_.end + FLOAT
        found, rest = await store.read(who, lambda tx: tx.spans(at, low, high))
        among = _ranges({uid for uid, _ in (*found, *rest)})
        for start in range(0, len(among), FACTS_AT_ONCE):
            some = among[start : start + FACTS_AT_ONCE]
            yield await store.read(who, partial(_facts_of, at, some, alarms, 0))
        return
    since = Uid(1)
    while page := await store.read(who, partial(_facts_of, at, [(since, LAST_UID)], alarms, FACTS_AT_ONCE)):
        yield page
        since = Uid(page[-1][0] + 1)


def _facts_of(at: FolderId, uids: Uids, alarms: bool, limit: int, tx: ReadTx) -> Sequence[tuple[Uid, str]]:
    return tx.facts(at, uids, alarms=alarms, limit=limit)


async def _near(exchange: Exchange, at: FolderId, comp: Comp) -> Collection[Uid] | None:
    """What takes place about the time when a filter wants an alarm to go off; None: it wants something else."""
    rings = filters.alarm_range(comp)
    if rings is None:
        return None
    low, high = rings.start - filters.NEAR - FLOAT, rings.end + filters.NEAR + FLOAT
    found, rest = await exchange.parts.store.read(exchange.who, lambda tx: tx.spans(at, low, high))
    return {uid for uid, _ in (*found, *rest)}


def _stated(
    facts: Sequence[tuple[Uid, str]], comp: Comp, zone: tzinfo, near: Collection[Uid] | None
) -> tuple[set[Uid], set[Uid]]:
    """Those that their facts let through, and those that have none. `near`: see `_near`."""
    words, timed = filters.words(comp), filters.asks_times(comp)
    likely = [(uid, said) for uid, said in facts if readable(said) and filters.may_have(said, words)]
    if near is not None:
        likely = [(uid, said) for uid, said in likely if uid in near or filters.rings_far(said)]
    sure = {uid for uid, said in likely if filters.admits(comp, read_facts(said, timed=timed), zone)}
    return sure, {uid for uid, said in facts if not readable(said)}


def _candidates(tx: ReadTx, shelf: Shelf, comp: Comp, zone: tzinfo) -> tuple[list[Item], list[Item]]:
    """Items that are of the kind and in the range; those that may be, by what is not kept of them."""
    at = shelf.folder.id
    mixed = shelf.components != (comp.name,)
    if comp.range is None:
        return list(tx.items(at, _ranges(set(tx.objects(at, comp.name))) if mixed else EVERY)), []
    only = comp.name if mixed else ""
    found, rest = tx.spans(at, comp.range.start - FLOAT, comp.range.end + FLOAT, only)
    inside = {uid for uid, span in found if _in(comp.range, span.start, span.end, span.floating, zone)}
    unsure = {uid for uid, _ in rest} - inside
    return list(tx.items(at, _ranges(inside))), list(tx.items(at, _ranges(unsure)))


def _ranges(uids: set[Uid]) -> list[tuple[Uid, Uid]]:
    return [(uid, uid) for uid in sorted(uids)]


def _in(range_: Range, start: int, end: int, floating: bool, zone: tzinfo) -> bool:
    return range_.holds(settled(start, floating, zone), settled(end, floating, zone))


async def _read_and_decide(exchange: Exchange, items: Sequence[Item], comp: Comp, zone: tzinfo) -> list[Item]:
    found: list[Item] = []
    for start in range(0, len(items), AT_ONCE):
        some = items[start : start + AT_ONCE]
        bodies = await exchange.parts.blobs.read_many([each.blob for each in some])
        found.extend(await asyncio.to_thread(_decided, some, bodies, comp, zone))
    return found


def _decided(items: Sequence[Item], bodies: Mapping[BlobId, bytes], comp: Comp, zone: tzinfo) -> list[Item]:
    return [each for each in items if _admitted(bodies.get(each.blob), comp, zone)]


def _admitted(body: bytes | None, comp: Comp, zone: tzinfo) -> bool:
    read = parsed(body)
    return read is not None and filters.admits(comp, read, zone)


def parsed(body: bytes | None) -> CalendarObject | None:
    """A stored object, read again; None for what is no such object."""
    if body is None:
        return None
    try:
        return read_object(body)
    except Malformed:
        return None


# --- free and busy ----------------------------------------------------------------------------------------------------


async def free_busy(exchange: Exchange, root: xml.Element) -> Response:
    """free-busy-query: when somebody is busy, in one VFREEBUSY (RFC 4791 §7.10)."""
    at = exchange.at
    element = root.find(f"{{{CALDAV}}}time-range")
    if at.depth < 3 or element is None:
        raise DavError(400, "free-busy-query is for a calendar, and needs a time-range")
    range_ = filters.time_range(element)
    if abs(range_.start) >= 1 << 39 or abs(range_.end) >= 1 << 39:
        raise DavError(400, "free-busy-query: its time-range needs a start and an end")
    times = await busy_times(exchange, at, range_)
    return Response(freebusy(times, range_), 200, media_type="text/calendar; charset=utf-8")


Handler = Callable[[Exchange, xml.Element], Awaitable[Response]]
_HANDLERS: Final[Mapping[str, Handler]] = {
    f"{{{CALDAV}}}calendar-multiget": multiget,
    f"{{{CARDDAV}}}addressbook-multiget": multiget,
    f"{{{CALDAV}}}calendar-query": calendar_query,
    f"{{{CARDDAV}}}addressbook-query": contact_query.query,
    f"{{{DAV}}}sync-collection": synchronisation.sync,
    f"{{{CALDAV}}}free-busy-query": free_busy,
    f"{{{DAV}}}principal-property-search": principals.search,
    f"{{{DAV}}}principal-search-property-set": principals.searchable,
    f"{{{DAV}}}principal-match": principals.match,
    f"{{{DAV}}}acl-principal-prop-set": principals.in_acl,
    f"{{{DAV}}}expand-property": principals.expand,
}
