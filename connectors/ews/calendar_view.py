"""CalendarView: what takes place in some time, each occurrence by itself. MS-OXWSSRCH §2.2.4.6."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, tzinfo
from itertools import islice
from typing import Final

from connectors.bounded_xml import Element
from connectors.ews.busy_blocks import blocks_of
from connectors.ews.errors import EwsError
from connectors.ews.occurrences import key_at, recurs
from connectors.ews.things import Facts, One, outlined, things_in, with_octets
from connectors.ews.turn import Turn
from connectors.ews.wire import moment, number
from groupware.calendar.index import occurrences
from groupware.calendar.object import CalendarObject
from groupware.calendar.shown import sees_blocks
from groupware.calendar.zones import known_zone, local, utc_seconds
from groupware.model.folder import Folder
from groupware.model.ids import Uid
from groupware.store.api import ReadTx

LONGEST: Final = 2 * 366 * 86_400
"""Seconds: Exchange allows two years."""
MOST: Final = 1000
FLOAT: Final = 14 * 3600
"""Seconds that what floats may be elsewhere."""
_AHEAD: Final = 40 * 366 * 86_400
"""Seconds in which an occurrence that is counted is looked for."""


def span_of(element: Element) -> tuple[int, int, int]:
    """(from, to, how many at most). `EwsError`."""
    low, high = _seconds(element.get("StartDate"), "StartDate"), _seconds(element.get("EndDate"), "EndDate")
    if high < low:
        raise EwsError("ErrorCalendarEndDateIsEarlierThanStartDate", "EndDate is before StartDate")
    if high - low > LONGEST:
        raise EwsError("ErrorCalendarViewRangeTooBig", "a CalendarView shows two years at most")
    return low, high, min(number(element.get("MaxEntriesReturned"), "MaxEntriesReturned", 1) or MOST, MOST)


def _seconds(text: str | None, name: str) -> int:
    if text is None:
        raise EwsError("ErrorSchemaValidation", f"{name} is missing")
    at = moment(text, name)
    return int((at if at.tzinfo is not None else at.replace(tzinfo=UTC)).timestamp())


async def shown(turn: Turn, folder: Folder, facts: Facts, low: int, high: int) -> list[One]:
    """Every occurrence from `low` to before `high`, in the order of their start."""

    def look(tx: ReadTx) -> list[One]:
        outlined(tx, folder)
        placed = tx.spans(folder.id, low - FLOAT, high + FLOAT)
        uids: list[Uid] = sorted({uid for uid, _ in placed.found} | {uid for uid, _ in placed.rest})
        return [One(thing, facts) for thing in things_in(tx, folder, uids)]

    if sees_blocks(folder):
        ones = [One(thing, facts) for thing in (await blocks_of(turn, folder)).values()]
    else:
        ones = await turn.read(look)
    await with_octets(turn, ones)
    return await asyncio.to_thread(_expanded, ones, low, high)


def _expanded(ones: Sequence[One], low: int, high: int) -> list[One]:
    found: list[tuple[int, One]] = []
    for one in ones:
        floats = known_zone(one.facts.zone or "UTC") or UTC
        if one.read is None:
            continue
        for start, end, key in _times(one.read, low - FLOAT, high + FLOAT, floats):
            if start < high and (end > low or start == end >= low):
                found.append((start, at_key(one, key if recurs(one.whole) else "")))
    return [one for _, one in sorted(found, key=lambda pair: pair[0])]


def _times(read: CalendarObject, low: int, high: int, floats: tzinfo) -> Iterator[tuple[int, int, str]]:
    """(start, end, key) of each occurrence."""
    begin = read.series.begin
    zone = begin.zone if begin is not None and begin.zone is not None else UTC
    for each in occurrences(read, low, high):
        start, end = each.start, each.end
        if each.floating:
            start, end = (utc_seconds(local(moment_, None), floats) for moment_ in (start, end))
        yield start, end, key_at(each.key, UTC if each.floating else zone)


def at_key(one: One, key: str) -> One:
    """The same for one occurrence; what was read is not read again."""
    if not key:
        return one
    found = One(one.thing, one.facts, key, one.octets)
    found.whole, found.read = one.whole, one.read
    return found


def counted(one: One, index: int) -> str:
    """The key of the occurrence of that number, from 1 on, those that are taken out not counted. `EwsError`."""
    if one.read is None:
        raise EwsError("ErrorItemCorrupt", "the event cannot be read")
    begin = one.read.series.begin
    if begin is None or not recurs(one.whole):
        raise EwsError("ErrorCalendarOccurrenceIndexIsOutOfRecurrenceRange", "the event does not recur")
    first = begin.seconds
    times = islice(
        sorted(_times(one.read, first - FLOAT, first + _AHEAD, UTC), key=lambda each: each[2]), index - 1, index
    )
    found = next(times, None)
    if found is None:
        raise EwsError("ErrorCalendarOccurrenceIndexIsOutOfRecurrenceRange", f"there is no occurrence {index}")
    return found[2]
