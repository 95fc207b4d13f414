"""A calendar of which somebody knows only when it takes time, as a calendar of blocks: one for each busy period.

Nothing of a block comes from the objects behind it but when it begins and ends, and of what kind the time is: its UID
is made of these, so it leads to no true one, and what becomes of an object inside of a period is no change.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from groupware.model.content import NO_PARAMS, Component, Line, serialized
from groupware.model.folder import Folder
from groupware.model.ids import FolderId
from groupware.model.item import Placed, Span
from groupware.model.principal import Principal
from groupware.model.rights import Right
from groupware.store.api import Blobs, ReadTx, Store

from .busy import FLOAT, Range, stamp, together

DAY: Final = 86_400
BEFORE, AFTER = 31 * DAY, 366 * DAY
"""Seconds around today of which a calendar of busy times tells."""
STEP: Final = 7 * DAY
"""The time that a calendar in a home tells of moves on by so much: then its clients begin again."""
_SAID: Final = {"B": ("Busy", "BUSY"), "T": ("Tentative", "TENTATIVE"), "U": ("Not available", "OOF")}


def sees_times(rights: Right) -> bool:
    """Whether a calendar is known to somebody, and of what is in it only when it takes time."""
    return rights & (Right.LOOKUP | Right.FREEBUSY | Right.TITLES | Right.READ) == Right.LOOKUP | Right.FREEBUSY


def told_of(now: int) -> Range:
    """The time that a calendar in a home tells of, at a moment in seconds since 1970."""
    begin = now // STEP * STEP
    return Range(begin - BEFORE, begin + STEP + AFTER)


def asked_of(range_: Range) -> tuple[int, int]:
    """From when to when the store is asked, so that what floats is there as well."""
    return range_.start - FLOAT, range_.end + FLOAT


async def blocks(blobs: Blobs, at: FolderId, placed: Placed, range_: Range) -> Sequence[tuple[Span, bytes]]:
    """Each busy period of a calendar in the time that is told of, and the object that stands for it."""
    times = await together(blobs, [placed], range_)
    return await asyncio.to_thread(lambda: [(each, _octets(at, each)) for each in times])


def name_of(at: FolderId, each: Span) -> str:
    """What a period is called in its calendar, and its UID."""
    return hashlib.sha256(f"{at} {each.start} {each.end} {each.busy}".encode()).hexdigest()[:32]


def block(at: FolderId, each: Span) -> Component:
    """The event that stands for a period."""
    summary, status = _SAID[each.busy]
    lines = [
        ("UID", name_of(at, each)),
        ("DTSTAMP", stamp(each.start)),
        ("DTSTART", stamp(each.start)),
        ("DTEND", stamp(each.end)),
        ("SUMMARY", summary),
        ("TRANSP", "OPAQUE"),
        ("X-MICROSOFT-CDO-BUSYSTATUS", status),
        *([("STATUS", "TENTATIVE")] if each.busy == "T" else []),
    ]
    return Component("VEVENT", 0, [Line(name, NO_PARAMS, value, 0) for name, value in lines])


def _octets(at: FolderId, each: Span) -> bytes:
    head = [Line("VERSION", NO_PARAMS, "2.0", 0), Line("PRODID", NO_PARAMS, "-//Postroom//EN", 0)]
    return serialized([Component("VCALENDAR", 0, head, [block(at, each)])])


@dataclass(frozen=True, slots=True)
class Period:
    """A busy period, and the object that stands for it."""

    folder: Folder
    name: str
    span: Span
    octets: bytes


_Made = tuple[Span, str, bytes]
"""A period, its name, and the object that stands for it."""


class Periods:
    """The busy periods of calendars as they were made last; the last ones kept, so many in all.

    The calendar itself, which each sees with other rights and by another path, is not kept with them.
    """

    __slots__ = ("_kept", "_most")

    def __init__(self, most: int = 20_000) -> None:
        self._kept: OrderedDict[tuple[int, int, int], Sequence[_Made]] = OrderedDict()
        self._most = most

    async def of(self, store: Store, blobs: Blobs, who: Principal, folders: Sequence[Folder]) -> list[Period]:
        """Those of calendars of which somebody knows only when they take time. `NotFound`, `NoRight`."""
        if not folders:
            return []
        range_ = told_of(int(time.time()))

        def work(tx: ReadTx) -> list[tuple[Folder, Sequence[_Made] | None, Placed]]:
            found = []
            for each in folders:
                here = tx.folder(each.id, Right.LOOKUP)
                known = self._kept.get((here.id, here.modseq, range_.start))
                low, high = (range_.start, range_.start) if known is not None else asked_of(range_)
                found.append((here, known, tx.busy(here.id, low, high)))  # whoever asks has to have the right
            return found

        told: list[Period] = []
        for here, some, placed in await store.read(who, work):
            if some is None:
                made = await blocks(blobs, here.id, placed, range_)
                some = [(span, name_of(here.id, span), octets) for span, octets in made]
                self._keep((here.id, here.modseq, range_.start), some)
            told += [Period(here, name, span, octets) for span, name, octets in some]
        return told

    def _keep(self, key: tuple[int, int, int], some: Sequence[_Made]) -> None:
        self._kept[key] = some
        while sum(map(len, self._kept.values())) > self._most:
            self._kept.popitem(last=False)
