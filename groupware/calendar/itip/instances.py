"""Occurrences of a set as components: which is meant, what its times are, and one made from the whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from groupware.model.content import NO_PARAMS, Component, Line

from ..object import CalendarObject
from ..series import Occurrence, When, length, when
from ..zones import local

TIMES: Final = ("DTSTART", "DTEND", "DUE", "DURATION", "RRULE", "RDATE")
_OF_THE_SET: Final = ("RRULE", "RDATE", "EXDATE", "EXRULE", "DTSTART", "DTEND", "DUE", "RECURRENCE-ID")


def overrides(read: CalendarObject) -> dict[int, Component]:
    """The components that stand for one occurrence, by `Occurrence.key`."""
    return {read.series.key(line): part for part in read.overrides if (line := part.first("RECURRENCE-ID")) is not None}


def occurrence(read: CalendarObject, key: int) -> Occurrence | None:
    """The occurrence of the set that the rule gives for this start, while no override stands for it."""
    return next((each for each in read.series.between(key, key + 1).found if each.key == key), None)


def excluded(read: CalendarObject) -> frozenset[int]:
    """The starts that EXDATE takes out."""
    begin = read.series.begin
    if begin is None:
        return frozenset()
    return frozenset(When(at, begin.zone, begin.day).seconds for at in read.series.removed)


def sequence(part: Component) -> int:
    """SEQUENCE; 0 when it is not there, or no number."""
    said = part.text("SEQUENCE").strip()
    return int(said) if said.isdecimal() and len(said) < 10 else 0


def times(part: Component) -> Sequence[tuple[str, str, str]]:
    """What says when it takes place, for a comparison."""
    return sorted((line.name, line.param("TZID"), line.value.strip()) for line in part.lines if line.name in TIMES)


def rescheduled(old: CalendarObject, was: Component | None, new: CalendarObject, part: Component) -> bool:
    """Whether a component takes place at other times than before, so that every answer is asked for anew.

    `was` None: an override where there was none; it is compared with the occurrence that it stands for.
    """
    if was is not None and (was.first("RECURRENCE-ID") is None) == (part.first("RECURRENCE-ID") is None):
        return times(was) != times(part)
    line, start = part.first("RECURRENCE-ID"), part.first("DTSTART")
    if line is None or start is None or old.series.begin is None:
        return True
    begin = when(start, new.zones)
    return begin.seconds != new.series.key(line) or length(part, begin, new.zones) != old.series.span


def stamped(like: Line, name: str, at: datetime) -> Line:
    """A date property at a local time, in the form of another one: same zone, same type."""
    if when_is_day(like):
        return Line(name, {"VALUE": ("DATE",)}, at.strftime("%Y%m%d"), like.at)
    zone = {key: value for key, value in like.params.items() if key == "TZID"}
    utc = "Z" if like.value.strip()[-1:] in ("Z", "z") else ""
    return Line(name, zone or NO_PARAMS, at.strftime("%Y%m%dT%H%M%S") + utc, like.at)


def when_is_day(line: Line) -> bool:
    """Whether it is a DATE."""
    return "T" not in line.value.upper()


def marked(read: CalendarObject, name: str, key: int) -> Line | None:
    """EXDATE or RECURRENCE-ID for an occurrence, in the form of the set's DTSTART."""
    start = read.main.first("DTSTART") if read.main is not None else None
    if start is None or read.series.begin is None:
        return None
    return stamped(start, name, local(key, read.series.begin.zone))


def made(read: CalendarObject, key: int) -> Component | None:
    """An override for an occurrence that has none yet, like the whole; None when there is no such occurrence."""
    mark, each = marked(read, "RECURRENCE-ID", key), occurrence(read, key)
    if mark is None or each is None or read.main is None or read.series.begin is None:
        return None
    start = read.main.first("DTSTART")
    assert start is not None
    begin = local(each.start, read.series.begin.zone)
    lines = [mark, stamped(start, "DTSTART", begin)]
    for name in ("DTEND", "DUE"):
        line = read.main.first(name)
        if line is not None:
            end = when(line, read.zones)
            lines.append(stamped(line, name, local(each.end, end.zone)))
    rest = [line for line in read.main.lines if line.name not in _OF_THE_SET]
    return Component(read.main.name, read.main.at, [*rest, *lines], list(read.main.parts))


def without(part: Component, *names: str) -> Component:
    """The component without the properties of these names."""
    return Component(part.name, part.at, [line for line in part.lines if line.name not in names], part.parts)


def with_line(part: Component, line: Line) -> Component:
    """The component with one property set, in the place of the former."""
    lines = [each for each in part.lines if each.name != line.name]
    return Component(part.name, part.at, [*lines, line], part.parts)


def with_value(part: Component, name: str, value: str) -> Component:
    """The same for a property without parameters; nothing changes when it says that already."""
    there = part.first(name)
    if there is not None and there.value == value:
        return part
    return with_line(part, Line(name, NO_PARAMS, value, part.at))


def wrapped(
    like: CalendarObject, parts: Sequence[Component], zones: Iterable[CalendarObject] = (), method: str = ""
) -> Component:
    """A VCALENDAR around components, with the time zones that they use: from `like` first, then from `zones`."""
    used = {line.param("TZID") for part in parts for line in part.lines} - {""}
    known: dict[str, Component] = {}
    for read in (like, *zones):
        for zone in read.calendar.named("VTIMEZONE"):
            known.setdefault(zone.text("TZID"), zone)
    lines = [line for line in like.calendar.lines if line.name != "METHOD"]
    if method:
        lines.append(Line("METHOD", NO_PARAMS, method, 0))
    return Component("VCALENDAR", 0, lines, [*(known[name] for name in sorted(used & known.keys())), *parts])


def whole(read: CalendarObject) -> Mapping[int | None, Component]:
    """All components: the whole by None, the overrides by their keys."""
    found: dict[int | None, Component] = {} if read.main is None else {None: read.main}
    for key, part in overrides(read).items():
        found[key] = part
    return found


def dated(calendar: Component, stamp: str) -> Component:
    """The message with that DTSTAMP on every component: when it was written (RFC 5545 §3.8.7.2)."""
    parts = [part if part.name == "VTIMEZONE" else with_value(part, "DTSTAMP", stamp) for part in calendar.parts]
    return Component(calendar.name, calendar.at, calendar.lines, parts)
