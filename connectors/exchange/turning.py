"""When a zone changes its clocks in a year."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final, NamedTuple

_NONE: Final = timedelta(0)
_WEEK: Final = timedelta(days=7)
_STEP: Final = timedelta(minutes=5)
"""No zone turns its clocks at another moment than at a full five minutes."""


class Turned(NamedTuple):
    """A change of a zone's offset: the local time before it, and the offset behind it."""

    at: datetime
    offset: timedelta


def offset_at(zone: tzinfo, utc: datetime) -> timedelta:
    """What a zone is ahead of UTC at a moment, given without its zone."""
    return utc.replace(tzinfo=UTC).astimezone(zone).utcoffset() or _NONE


def turned(zone: tzinfo, year: int) -> Iterator[Turned]:
    """The changes of a year: its weeks are looked at, and of those that differ the moment is narrowed down."""
    week, last = datetime(year, 1, 1), datetime(year + 1, 1, 1)
    while week < last:
        low, high = week, min(week + _WEEK, last)
        before, after = offset_at(zone, low), offset_at(zone, high)
        if before != after:
            while high - low > _STEP:
                middle = low + (high - low) // 2 // _STEP * _STEP
                low, high = (middle, high) if offset_at(zone, middle) == before else (low, middle)
            yield Turned(high + before, after)
        week += _WEEK


def is_last(day: datetime) -> bool:
    """Whether it is the last of its day of the week in its month."""
    return (day + _WEEK).month != day.month


def week_of(day: datetime) -> int:
    """Which of its days of the week it is in its month, from 1."""
    return (day.day - 1) // 7 + 1
