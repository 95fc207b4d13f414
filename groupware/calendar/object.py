"""A calendar object resource (RFC 4791 §4.1): its octets read and checked, once, when it is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Final

from groupware.model.content import Component, Line, malformed, parse
from groupware.model.errors import Malformed

from .rule import parse_rule
from .series import Series, period, when
from .values import duration
from .zones import known_zone, own_zone

KINDS: Final = ("VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VAVAILABILITY")
MOST_PARTS: Final = 3_000
"""Overrides of one object."""
_ONCE: Final = frozenset(
    {"UID", "DTSTART", "DTEND", "DUE", "DURATION", "RECURRENCE-ID", "ORGANIZER", "STATUS", "CLASS", "SUMMARY"}
)
_TIMES: Final = frozenset(
    {"DTSTART", "DTEND", "DUE", "RECURRENCE-ID", "COMPLETED", "DTSTAMP", "CREATED", "LAST-MODIFIED"}
)
_DATES: Final = frozenset({"EXDATE", "RDATE"})
_CHECKED: Final = _TIMES | _DATES | {"DURATION", "RRULE", "FREEBUSY"}


@dataclass(frozen=True, slots=True)
class CalendarObject:
    """One object: what is described as a whole, and the occurrences that differ."""

    octets: bytes
    calendar: Component
    kind: str
    """`VEVENT`, `VTODO`, ..."""
    uid: str
    main: Component | None
    overrides: Sequence[Component]
    zones: Mapping[str, tzinfo]
    series: Series

    @property
    def parts(self) -> list[Component]:
        """The whole first, then the overrides."""
        return [*([self.main] if self.main is not None else []), *self.overrides]

    @property
    def shown(self) -> Component:
        """What describes it to somebody who sees it as one."""
        return self.main if self.main is not None else self.overrides[0]


def read_object(octets: bytes) -> CalendarObject:
    """The object. `Malformed` says which line, and which rule it breaks."""
    found = parse(octets)
    if [each.name for each in found] != ["VCALENDAR"]:
        names = ", ".join(each.name[:20] for each in found[:5]) or "nothing"
        raise Malformed(f"a calendar object is one VCALENDAR; this holds {names}")
    return object_of(octets, found[0])


def object_of(octets: bytes, calendar: Component) -> CalendarObject:
    """The object that a VCALENDAR holds: components of one kind and one UID. `Malformed`."""
    parts = [part for part in calendar.parts if part.name != "VTIMEZONE"]
    if not parts:
        raise malformed(octets, calendar.at, "the calendar holds no event, task or journal entry")
    if len(parts) > MOST_PARTS:
        raise malformed(octets, parts[MOST_PARTS].at, f"an object has {MOST_PARTS} components at most")
    kind = parts[0].name
    if kind not in KINDS:
        raise malformed(octets, parts[0].at, f"{kind[:40]} is none of {', '.join(KINDS)}")
    uid = _uid(octets, parts)
    zones = _zones(octets, calendar, parts)
    message = calendar.first("METHOD") is not None
    main: Component | None = None
    overrides = []
    keys = set()
    for part in parts:
        for each in (part, *part.named("AVAILABLE")):
            _check(octets, each, zones, message=message)
        line = part.first("RECURRENCE-ID")
        if line is None:
            if main is not None:
                raise malformed(octets, part.at, f"{kind} is there twice without RECURRENCE-ID")
            main = part
            continue
        key = (line.value, line.param("TZID"))
        if key in keys:
            raise malformed(octets, line.at, f"two components are for the occurrence {line.value[:40]}")
        keys.add(key)
        overrides.append(part)
    try:
        series = Series.of(main, overrides, zones)
    except (ValueError, OverflowError) as error:
        raise malformed(octets, parts[0].at, str(error)) from None
    return CalendarObject(octets, calendar, kind, uid, main, overrides, zones, series)


def _uid(octets: bytes, parts: Sequence[Component]) -> str:
    first = parts[0]
    uid = first.text("UID").strip()
    if not uid:
        raise malformed(octets, first.at, f"{first.name[:40]} has no UID")
    if len(uid) > 1000:
        raise malformed(octets, first.at, "its UID is longer than 1000 characters")
    for part in parts:
        if part.name != first.name:
            raise malformed(octets, part.at, f"{part.name[:40]} beside {first.name}: an object is of one kind")
        if part.text("UID").strip() != uid:
            raise malformed(octets, part.at, f"UID {part.text('UID')[:40]!r} beside {uid[:40]!r}: an object has one")
    return uid


def _zones(octets: bytes, calendar: Component, parts: Sequence[Component]) -> Mapping[str, tzinfo]:
    """What each TZID means."""
    zones: dict[str, tzinfo] = {"UTC": UTC}
    own = {part.text("TZID"): part for part in calendar.named("VTIMEZONE")}
    for line in _lines(parts):
        name = line.param("TZID")
        if not name or name in zones:
            continue
        zone = known_zone(name)
        if zone is None:
            if name not in own:
                raise malformed(octets, line.at, f"time zone {name[:60]!r} is not known, and has no VTIMEZONE here")
            try:
                zone = own_zone(own[name])
            except (ValueError, OverflowError) as error:
                raise malformed(octets, own[name].at, f"time zone {name[:60]!r}: {error}") from None
        zones[name] = zone
    return zones


def _lines(parts: Sequence[Component]) -> Iterator[Line]:
    for part in parts:
        yield from part.lines
        yield from _lines(part.parts)


def _check(octets: bytes, part: Component, zones: Mapping[str, tzinfo], *, message: bool) -> None:
    """What RFC 5545 says of one component, as far as others rely on it."""
    seen = set()
    for line in part.lines:
        if line.name in _ONCE and line.name in seen:
            raise malformed(octets, line.at, f"{line.name} is there twice")
        seen.add(line.name)
        if line.name not in _CHECKED:
            continue
        try:
            _check_value(line, zones)
        except (ValueError, OverflowError) as error:
            raise malformed(octets, line.at, f"{line.name}: {error}") from None
    if not message or part.first("DTSTART") is not None:  # RFC 5545 §3.6.1: an answer may leave it out
        _check_times(octets, part, zones)


def _check_value(line: Line, zones: Mapping[str, tzinfo]) -> None:
    if line.name in _TIMES:
        when(line, zones)
    elif line.name == "DURATION":
        duration(line.value)
    elif line.name == "RRULE":
        parse_rule(line.value)
    elif line.name == "FREEBUSY":
        for each in line.value.split(","):
            period(line, zones, each)
    elif line.name in _DATES:
        for each in line.value.split(","):
            if each.strip():
                when(line, zones, each.partition("/")[0])


def _check_times(octets: bytes, part: Component, zones: Mapping[str, tzinfo]) -> None:
    """Start and end fit one another."""
    first = part.first("DTSTART")
    last = part.first("DTEND") or part.first("DUE")
    if first is None:
        if part.name in ("VEVENT", "AVAILABLE"):
            raise malformed(octets, part.at, f"{part.name} has no DTSTART")
        if part.first("RRULE") is not None and part.first("DUE") is None:
            raise malformed(octets, part.at, f"{part.name} recurs, and has no DTSTART")
        return
    if last is None:
        return
    if part.first("DURATION") is not None:
        raise malformed(octets, last.at, f"{last.name} beside DURATION: one of them is allowed")
    begin, end = when(first, zones), when(last, zones)
    if begin.day != end.day:
        raise malformed(octets, last.at, f"{last.name} and DTSTART: one is a date, the other a time")
    if end.seconds < begin.seconds and begin.floating == end.floating:
        raise malformed(octets, last.at, f"{last.name} is before DTSTART")
