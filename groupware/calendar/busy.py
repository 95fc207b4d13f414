"""When somebody is busy, from the index: what is private counts too, and nothing else of it is told."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Final

from groupware.model.content import NO_PARAMS, Component, Line, serialized
from groupware.model.errors import Malformed, NotFound
from groupware.model.item import ALWAYS, Placed, Span
from groupware.store.api import Blobs, ReadTx

from .availability import availabilities, unavailable
from .index import occurrences, span
from .itip.people import address
from .object import CalendarObject, read_object
from .zones import local, utc_seconds

TYPES: Final = {"B": "BUSY", "T": "BUSY-TENTATIVE", "U": "BUSY-UNAVAILABLE"}
MOST: Final = 10_000
FLOAT: Final = 15 * 3600
"""How far a local time can be from UTC, and an hour."""


@dataclass(frozen=True, slots=True)
class Range:
    """From `start` to before `end`: seconds since 1970."""

    start: int = -ALWAYS
    end: int = ALWAYS

    def holds(self, start: int, end: int) -> bool:
        """Whether some of that time is in it; what takes no time is, at its very moment."""
        return start < self.end and (end > self.start or (start == end and start >= self.start))


def settled(at: int, floating: bool, zone: tzinfo | None) -> int:
    """A moment that was kept as if it were UTC, as it is in a zone."""
    if not floating or abs(at) >= ALWAYS:
        return at
    return utc_seconds(datetime(1970, 1, 1) + timedelta(seconds=at), zone)


def placed_of(tx: ReadTx, name: str, low: int, high: int) -> tuple[Sequence[Placed], bytes]:
    """What takes place in somebody's calendars, and their availability. `NotFound`, `NoRight`."""
    targets = tx.resolve(name) if address(name) else []
    account = targets[0].account if len(targets) == 1 and targets[0].kind == "account" else None
    if account is None:
        raise NotFound(f"{name[:100]!r}: nobody here")
    counted = tx.counted(account)
    return [tx.busy(at, low, high) for at in counted.calendars], counted.availability


async def together(blobs: Blobs, placed: Sequence[Placed], range_: Range, availability: bytes = b"") -> list[Span]:
    """The times in the range that calendars take, or that an availability leaves no room in."""
    low, high = range_.start - FLOAT, range_.end + FLOAT
    times: list[Span] = []
    said: list[CalendarObject] = []
    for found, rest in placed:
        whole = {uid for uid, _ in rest}
        times += [each for uid, each in found if uid not in whole]
        bodies = await blobs.read_many([blob for _, blob in rest])
        for body in bodies.values():
            _from_object(body, low, high, times, said)
    with suppress(Malformed):  # it was right when it was stored
        said += availabilities(availability) if availability else []
    times += await asyncio.to_thread(_unavailable, said, low, high) if said else []
    return merged(times, range_)


def _from_object(body: bytes, low: int, high: int, times: list[Span], said: list[CalendarObject]) -> None:
    """Adds the times that an object takes, straight from it; an availability to the others."""
    try:
        read = read_object(body)
    except Malformed:
        return
    if read.kind == "VAVAILABILITY":
        said.append(read)
    else:
        times += [span(read, each) for each in occurrences(read, low, high)][:MOST]


def _unavailable(said: Sequence[CalendarObject], low: int, high: int) -> list[Span]:
    try:
        return unavailable(said, low, high)
    except (ValueError, OverflowError):  # one that came in before such were looked at whole
        return []


def merged(times: Sequence[Span], range_: Range) -> list[Span]:
    """Times of each kind that touch made one, within the range, in order."""
    found: list[Span] = []
    for kind in TYPES:
        last: Span | None = None
        for each in sorted(each for each in times if each.busy == kind):
            start = max(settled(each.start, each.floating, None), range_.start)
            end = min(settled(each.end, each.floating, None), range_.end)
            if end <= start:
                continue
            if last is not None and start <= last.end:
                last = found[-1] = Span(last.start, max(last.end, end), False, kind)
            else:
                last = Span(start, end, False, kind)
                found.append(last)
    return sorted(found)


def freebusy(times: Sequence[Span], range_: Range, *more: Line, method: str = "") -> bytes:
    """A VCALENDAR with one VFREEBUSY, and `more` lines in it."""
    lines = [
        Line("UID", NO_PARAMS, secrets.token_hex(16), 0),
        Line("DTSTAMP", NO_PARAMS, stamp(int(time.time())), 0),
        Line("DTSTART", NO_PARAMS, stamp(range_.start), 0),
        Line("DTEND", NO_PARAMS, stamp(range_.end), 0),
        *more,
    ]
    lines.extend(intervals(times))
    head = [Line("VERSION", NO_PARAMS, "2.0", 0), Line("PRODID", NO_PARAMS, "-//Postroom//EN", 0)]
    if method:
        head.append(Line("METHOD", NO_PARAMS, method, 0))
    return serialized([Component("VCALENDAR", 0, head, [Component("VFREEBUSY", 0, lines)])])


def intervals(times: Sequence[Span]) -> list[Line]:
    """The FREEBUSY properties."""
    return [
        Line(
            "FREEBUSY",
            NO_PARAMS if each.busy == "B" else {"FBTYPE": (TYPES[each.busy],)},
            f"{stamp(each.start)}/{stamp(each.end)}",
            0,
        )
        for each in times
    ]


def stamp(seconds: int) -> str:
    """A time in UTC, as iCalendar writes it."""
    return local(seconds, None).strftime("%Y%m%dT%H%M%SZ")
