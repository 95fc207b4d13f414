"""When somebody is busy, at an address that is fetched: as a calendar of blocks, and as free and busy times.

`period`, `start` and `end` are those of the Freebusy Read URL of CalConnect (CD 0903): a moment (`20261201T000000Z`, or
with hyphens and colons) or a duration (`P6W`).
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from connectors.dav.errors import DavError
from groupware.calendar.blocks import AFTER, BEFORE, block
from groupware.calendar.busy import FLOAT, Range, freebusy, together
from groupware.calendar.joined import END, Joined
from groupware.calendar.values import duration
from groupware.model.content import serialized
from groupware.model.ids import FolderId
from groupware.model.item import Span
from groupware.model.principal import Principal
from mailcore.server.parts import Parts

DAY: Final = 86_400
USUAL: Final = 42 * DAY
"""Seconds that are told of when nothing else is asked for."""
LONGEST: Final = 3 * 366 * DAY
_MOMENT: Final = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)(?:T(\d\d):?(\d\d):?(\d\d)(?:\.\d+)?(Z|[+-]\d\d:?\d\d)?)?")


async def busy_calendar(parts: Parts, who: Principal, at: FolderId, refresh: str) -> bytes:
    """A calendar that tells when another one takes time: blocks, without what they are for. `NotFound`."""
    today = int(time.time()) // DAY * DAY
    range_ = Range(today - BEFORE, today + AFTER)
    times = await _times(parts, who, at, range_)
    head = [f"REFRESH-INTERVAL;VALUE=DURATION:{refresh}", f"X-PUBLISHED-TTL:{refresh}"]
    return Joined().begin("Busy", *head) + serialized([block(at, each) for each in times]) + END


async def free_and_busy(parts: Parts, who: Principal, at: FolderId, asked: Mapping[str, str]) -> bytes:
    """One VFREEBUSY for a calendar, for the time that is asked for. `NotFound`, `DavError`."""
    range_ = range_of(asked)
    return freebusy(await _times(parts, who, at, range_), range_, method="PUBLISH")


async def _times(parts: Parts, who: Principal, at: FolderId, range_: Range) -> Sequence[Span]:
    low, high = range_.start - FLOAT, range_.end + FLOAT
    placed = await parts.store.read(who, lambda tx: tx.busy(at, low, high))
    return await together(parts.blobs, [placed], range_)


# --- for which time ---------------------------------------------------------------------------------------------------


def range_of(asked: Mapping[str, str], now: int | None = None) -> Range:
    """The time that an address asks about; six weeks from today's first second on unless it says so. `DavError`."""
    today = (int(time.time()) if now is None else now) // DAY * DAY
    start = _moment("start", asked["start"]) if asked.get("start") else today
    if asked.get("end") and asked.get("period"):
        raise DavError(400, "end and period exclude each other: say one of them")
    if asked.get("end"):
        end = _moment("end", asked["end"])
    else:
        end = start + (_period(asked["period"]) if asked.get("period") else USUAL)
    if end <= start:
        raise DavError(400, "end has to be later than start")
    if end - start > LONGEST:
        raise DavError(400, f"{LONGEST // DAY} days at once are told of at most")
    return Range(start, end)


def _moment(name: str, said: str) -> int:
    text = said.strip().replace(" ", "+")  # a + in an address that nobody has encoded
    found = _MOMENT.fullmatch(text.upper())
    try:
        if found is None:
            raise ValueError
        zone = (found[7] or "Z").replace("Z", "+00:00")
        clock = f"{found[4] or '00'}:{found[5] or '00'}:{found[6] or '00'}"
        when = datetime.fromisoformat(f"{found[1]}-{found[2]}-{found[3]}T{clock}{zone}").astimezone(UTC)
        if not 1900 <= when.year <= 2200:
            raise ValueError
    except (ValueError, OverflowError):
        raise DavError(400, f"{name}={said[:40]!r} is no moment: write 20261201T000000Z or 2026-12-01") from None
    return int(when.timestamp())


def _period(said: str) -> int:
    try:
        seconds = int(duration(said).total_seconds())
    except ValueError:
        seconds = 0
    if seconds <= 0:
        raise DavError(400, f"period={said[:40]!r} is no duration: write P42D or P6W")
    return seconds
