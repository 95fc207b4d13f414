"""When somebody can be met at all: VAVAILABILITY. RFC 7953 §3.1, §4."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from groupware.model.content import Component, malformed, parse
from groupware.model.errors import Malformed
from groupware.model.item import ALWAYS, Span

from .object import CalendarObject, object_of
from .series import Series, when
from .values import duration

MOST_TOGETHER: Final = 100
MOST_AVAILABLE: Final = 500
MOST_TIMES: Final = 10_000
"""Free times of one availability that are looked at."""
_KINDS: Final = {"BUSY": "B", "BUSY-TENTATIVE": "T", "BUSY-UNAVAILABLE": "U"}
_LOWEST: Final = 10

_Time = tuple[int, int]


def availabilities(octets: bytes) -> list[CalendarObject]:
    """Those that a VCALENDAR holds, one or more. `Malformed` says which line, and what is wrong with it."""
    found = parse(octets)
    if [each.name for each in found] != ["VCALENDAR"]:
        raise Malformed("an availability is one VCALENDAR")
    calendar = found[0]
    zones, parts = calendar.named("VTIMEZONE"), [part for part in calendar.parts if part.name != "VTIMEZONE"]
    if not parts or len(parts) > MOST_TOGETHER or any(part.name != "VAVAILABILITY" for part in parts):
        raise malformed(
            octets, calendar.at, f"an availability holds 1 to {MOST_TOGETHER} VAVAILABILITY and nothing else"
        )
    made = [object_of(octets, replace(calendar, parts=[*zones, part])) for part in parts]
    for each in made:
        try:
            unavailable([each], 0, 1)
        except (ValueError, OverflowError) as error:
            raise malformed(octets, each.shown.at, str(error)) from None
    return made


def unavailable(found: Iterable[CalendarObject], low: int, high: int) -> list[Span]:
    """The times from `low` to before `high` when somebody cannot be met, in order. `ValueError`.

    Of two availabilities that speak of the same time, the one of higher priority (1 is the highest) holds.
    """
    taken: list[tuple[int, int, str]] = []
    for each in sorted(found, key=lambda read: -_priority(read.shown)):
        start, end = _window(each, low, high)
        if start >= end:
            continue
        kind = _KINDS.get(each.shown.text("BUSYTYPE").upper(), "U")
        outside = [piece for one in taken for piece in _without(one, start, end)]
        taken = sorted([*outside, *[(*gap, kind) for gap in _gaps(_available(each, start, end), start, end)]])
    return [Span(start, end, False, kind) for start, end, kind in taken]


def _priority(part: Component) -> int:
    """1 to 9; what has none, or 0, comes behind all of these. RFC 7953 §3.1."""
    said = part.text("PRIORITY").strip()
    number = int(said) if said.isascii() and said.isdecimal() and len(said) < 4 else 0
    return number if 1 <= number <= 9 else _LOWEST


def _window(read: CalendarObject, low: int, high: int) -> _Time:
    """What it speaks of, within the time that is asked about."""
    part = read.shown
    first, last, lasts = part.first("DTSTART"), part.first("DTEND"), part.first("DURATION")
    start = -ALWAYS if first is None else when(first, read.zones).seconds
    end = ALWAYS
    if last is not None:
        end = when(last, read.zones).seconds
    elif lasts is not None and first is not None:
        end = start + int(duration(lasts.value).total_seconds())
    return max(start, low), min(end, high)


def _available(read: CalendarObject, low: int, high: int) -> list[_Time]:
    """When its AVAILABLE components say that there is time."""
    parts = read.shown.named("AVAILABLE")
    if len(parts) > MOST_AVAILABLE:
        raise ValueError(f"VAVAILABILITY holds more than {MOST_AVAILABLE} AVAILABLE")
    sets: dict[str, list[Component]] = {}
    for part in parts:
        sets.setdefault(part.text("UID"), []).append(part)
    times: list[_Time] = []
    for some in sets.values():
        main = next((part for part in some if part.first("RECURRENCE-ID") is None), None)
        series = Series.of(main, [part for part in some if part is not main], read.zones)
        times += [(each.start, each.end) for each in series.between(low, high, MOST_TIMES).found]
    return sorted(times)[:MOST_TIMES]


def _gaps(free: Sequence[_Time], start: int, end: int) -> list[_Time]:
    """What is between the free times."""
    found, at = [], start
    for begins, ends in free:
        if begins > at:
            found.append((at, min(begins, end)))
        at = max(at, ends)
        if at >= end:
            break
    return [*found, (at, end)] if at < end else found


def _without(one: tuple[int, int, str], start: int, end: int) -> list[tuple[int, int, str]]:
    """What of a time is outside of another."""
    pieces = [(one[0], min(one[1], start), one[2]), (max(one[0], end), one[1], one[2])]
    return [each for each in pieces if each[0] < each[1]]
