"""Time zones: what a TZID means, by the IANA database, by its Windows name, or by the VTIMEZONE that comes with it.

A name of the IANA database means what the database says, whatever VTIMEZONE comes with it: clients send old rules.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tzlocal.windows_tz import win_tz

from groupware.model.content import Component

from .rule import parse_rule, starts
from .values import local_time, offset

LAST: Final = datetime(2060, 1, 1)
"""Up to when the changes of a zone of its own are known; it stays as it is then."""
_EPOCH: Final = datetime(1970, 1, 1)


class OwnZone(tzinfo):
    """A zone by its VTIMEZONE: the moments when its offset changes."""

    def __init__(self, name: str, changes: list[tuple[datetime, timedelta, timedelta]]) -> None:
        self._name = name
        self._local = [at for at, _, _ in changes]
        self._after = [after for _, _, after in changes]
        self._first = changes[0][1] if changes else timedelta(0)

    def utcoffset(self, at: datetime | None) -> timedelta:
        """The offset at a local time; `fold` is not looked at: a time that is there twice is the first."""
        if at is None:
            return self._first
        number = bisect_right(self._local, at.replace(tzinfo=None))
        return self._after[number - 1] if number else self._first

    def dst(self, at: datetime | None) -> timedelta:
        """Not told apart."""
        return timedelta(0)

    def tzname(self, at: datetime | None) -> str:
        """The TZID."""
        return self._name


@lru_cache(maxsize=2_000)
def known_zone(name: str) -> tzinfo | None:
    """The zone of that name in the IANA database, by a Windows name, or as the end of a longer name."""
    name = name.strip().strip('"')
    if name.upper() in ("UTC", "GMT", "Z", "ETC/UTC"):
        return UTC
    levels = name.strip("/").split("/")
    for tried in (name, win_tz.get(name, ""), "/".join(levels[-2:]), "/".join(levels[-3:])):
        zone = _iana(tried) if tried else None
        if zone is not None:
            return zone
    return None


def _iana(name: str) -> tzinfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def own_zone(part: Component) -> tzinfo:
    """The zone that a VTIMEZONE describes. `ValueError` says what is wrong with it."""
    changes: list[tuple[datetime, timedelta, timedelta]] = []
    for inner in part.parts:
        if inner.name in ("STANDARD", "DAYLIGHT"):
            changes.extend(_changes(inner))
    if not changes:
        raise ValueError("it has neither STANDARD nor DAYLIGHT")
    changes.sort(key=lambda each: each[0])
    return OwnZone(part.text("TZID"), changes)


def _changes(part: Component) -> Iterable[tuple[datetime, timedelta, timedelta]]:
    """(local time before the change, offset before, offset after) of each."""
    begin, before, after = part.first("DTSTART"), part.first("TZOFFSETFROM"), part.first("TZOFFSETTO")
    if begin is None or before is None or after is None:
        raise ValueError(f"{part.name} needs DTSTART, TZOFFSETFROM and TZOFFSETTO")
    first, was, is_ = local_time(begin.value), offset(before.value), offset(after.value)
    at = {first}
    for line in part.all("RRULE"):
        rule = parse_rule(line.value)
        until = local_time(rule.until) + (was if rule.until.endswith("Z") else timedelta(0)) if rule.until else None
        at.update(starts(rule, first, until, LAST, 500).found)
    for line in part.all("RDATE"):
        at.update(local_time(each.partition("/")[0]) for each in line.value.split(",")[:500])
    return [(each, was, is_) for each in sorted(at)]


def utc_seconds(at: datetime, zone: tzinfo | None) -> int:
    """Seconds since 1970 of a local time; without a zone as if it were UTC. RFC 5545 §3.3.5 for gaps and folds."""
    moved = at - _EPOCH
    seconds = moved.days * 86_400 + moved.seconds
    if zone is None or zone is UTC:
        return seconds
    gone = at.replace(tzinfo=zone).utcoffset()
    return seconds - int(gone.total_seconds()) if gone is not None else seconds


def local(seconds: int, zone: tzinfo | None) -> datetime:
    """The local time, without its zone, of seconds since 1970."""
    at = _EPOCH + timedelta(seconds=seconds)
    if zone is None or zone is UTC:
        return at
    if isinstance(zone, OwnZone):
        gone = zone.utcoffset(at + zone.utcoffset(at))
        return at + gone
    return at.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None)
