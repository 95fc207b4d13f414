"""When a calendar object takes place: its recurrence set with overrides and exclusions (RFC 5545 §3.8.5)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from typing import Final, NamedTuple

from groupware.model.content import Component, Line

from .rule import Rule, parse_rule, starts
from .values import DAY, duration, is_date, local_time
from .zones import local, utc_seconds

MOST: Final = 10_000
"""Occurrences of one object that are made in one go."""
_NEVER: Final = datetime(1, 1, 1)
_EVER: Final = datetime(9999, 1, 1)


class When(NamedTuple):
    """A property's DATE or DATE-TIME: the local time, and what it is local to (None: to whoever looks)."""

    at: datetime
    zone: tzinfo | None
    day: bool

    @property
    def seconds(self) -> int:
        """Seconds since 1970; of what floats as if it were UTC."""
        return utc_seconds(self.at, self.zone)

    @property
    def floating(self) -> bool:
        """Whether it is another moment for people elsewhere."""
        return self.zone is None


class Occurrence(NamedTuple):
    """One of a set: seconds since 1970, what floats as if it were UTC."""

    start: int
    end: int
    floating: bool
    key: int
    """The start by the rule: what RECURRENCE-ID names it by."""
    part: Component
    """What describes it: the whole set, or the override."""


class Occurrences(NamedTuple):
    """In order of their start; `complete` is up to when (seconds) they are all there are, None: to the end."""

    found: list[Occurrence]
    complete: int | None


Zones = Mapping[str, tzinfo]


def when(line: Line, zones: Zones, value: str | None = None) -> When:
    """The time of a property. `ValueError`."""
    text = (line.value if value is None else value).strip()
    at = local_time(text)
    if is_date(text):
        return When(at, None, True)
    if text[-1] in "zZ":
        return When(at, zones["UTC"], False)
    name = line.param("TZID")
    return When(at, zones[name] if name else None, False)


def period(line: Line, zones: Zones, value: str) -> tuple[When, int]:
    """Where a PERIOD begins, and the second in which it ends. `ValueError`. RFC 5545 §3.3.9."""
    first, _, rest = value.partition("/")
    start, ends = when(line, zones, first), rest.strip()
    if ends[:1] in tuple("Pp+-"):
        return start, start.seconds + int(duration(ends).total_seconds())
    return start, when(line, zones, ends).seconds


def length(part: Component, begin: When, zones: Zones) -> timedelta:
    """How long an occurrence takes: by DTEND, DUE or DURATION; a day for a DATE without, else nothing."""
    end = part.first("DTEND") or (part.first("DUE") if part.name == "VTODO" else None)
    if end is not None:
        until = when(end, zones)
        if until.day or begin.day:
            return max(until.at - begin.at, timedelta(0))
        return timedelta(seconds=max(until.seconds - begin.seconds, 0))
    given = part.first("DURATION")
    if given is not None:
        return duration(given.value)
    return DAY if begin.day and part.name != "VTODO" else timedelta(0)


@dataclass(slots=True)
class Series:
    """One object's recurrence set."""

    main: Component | None
    overrides: Sequence[Component]
    zones: Zones
    begin: When | None = None
    span: timedelta = timedelta(0)
    rules: list[tuple[Rule, datetime | None]] = field(default_factory=list)
    excluded: list[tuple[Rule, datetime | None]] = field(default_factory=list)
    """Of EXRULE (RFC 2445 §4.8.5.2), which JSCalendar still has; one that cannot be read takes nothing out."""
    added: dict[datetime, timedelta | None] = field(default_factory=dict)
    removed: set[datetime] = field(default_factory=set)
    removed_days: set[date] = field(default_factory=set)
    """Of an EXDATE that is a DATE in a set of times: what clients write who mean the whole day."""

    @classmethod
    def of(cls, main: Component | None, overrides: Sequence[Component], zones: Zones) -> Series:
        """The set of an object. `ValueError` says what of it cannot be read."""
        self = cls(main, overrides, zones)
        first = main.first("DTSTART") if main is not None else None
        if main is None or first is None:
            return self
        self.begin = begin = when(first, zones)
        self.span = length(main, begin, zones)
        for line in main.all("RRULE"):
            rule = parse_rule(line.value)
            self.rules.append((rule, _until(rule, begin)))
        for line in main.all("EXRULE"):
            with suppress(ValueError):
                rule = parse_rule(line.value)
                self.excluded.append((rule, _until(rule, begin)))
        for line in main.all("RDATE"):
            self.added.update(self._dates(line))
        for line in main.all("EXDATE"):
            if not begin.day and is_date(line.value):
                self.removed_days.update(at.date() for at, _ in self._dates(line))
            else:
                self.removed.update(at for at, _ in self._dates(line))
        return self

    def _dates(self, line: Line) -> Iterator[tuple[datetime, timedelta | None]]:
        """Local times in the zone of DTSTART, each with a length of its own when it is a period."""
        assert self.begin is not None
        for each in line.value.split(","):
            if not each.strip():
                continue
            first, _, rest = each.partition("/")
            at = when(line, self.zones, first)
            lasts = None
            if rest:
                ends = rest.strip()
                lasts = duration(ends) if ends[:1] in "+-Pp" else when(line, self.zones, ends).at - at.at
            yield self._here(at), lasts

    def _here(self, at: When) -> datetime:
        """A time as DTSTART's zone has it."""
        assert self.begin is not None
        if at.zone is None or self.begin.zone is None:
            return at.at if not self.begin.day else at.at.replace(hour=0, minute=0, second=0)
        return local(at.seconds, self.begin.zone)

    @property
    def recurs(self) -> bool:
        """Whether it has more than the one occurrence."""
        return bool(self.rules or self.added)

    def endless(self) -> bool:
        """Whether a rule never ends."""
        return any(rule.endless for rule, _ in self.rules)

    def between(self, low: int, high: int, most: int = MOST) -> Occurrences:
        """The occurrences of which some part is from `low` to before `high` (seconds), at most about so many."""
        plain, complete = self._plain(low, high, most)
        found = [each for each in self._placed(plain) if _overlaps(each, low, high)]
        found.sort(key=lambda each: (each.start, each.end))
        return Occurrences(found, complete)

    def _plain(self, low: int, high: int, most: int) -> tuple[list[tuple[datetime, timedelta]], int | None]:
        """(local start, length) by rules and dates, without those taken out; up to when that is all."""
        if self.begin is None:
            return [], None
        stop = _clamped(high, self.begin.zone) + 2 * DAY
        since = _clamped(low, self.begin.zone) - 2 * DAY if not self._shifts() else _NEVER
        lengths: dict[datetime, timedelta] = {self.begin.at: self.span}
        complete: datetime | None = None
        skipped = since - self.span if since - _NEVER > self.span else _NEVER
        for rule, until in self.rules:
            got = starts(rule, self.begin.at, until, stop, most, skipped)
            lengths.update((at, self.span) for at in got.found)
            if got.complete is not None:
                complete = got.complete if complete is None else min(complete, got.complete)
        for at, lasts in self.added.items():
            lengths[at] = self.span if lasts is None else lasts
        for rule, until in self.excluded:
            got = starts(rule, self.begin.at, until, stop, most, skipped)
            for at in got.found:
                lengths.pop(at, None)
            if got.complete is not None:
                complete = got.complete if complete is None else min(complete, got.complete)
        plain = [each for each in sorted(lengths.items()) if each[0] + each[1] >= since and not self._removes(each[0])]
        return plain, None if complete is None else utc_seconds(complete, self.begin.zone)

    def _removes(self, at: datetime) -> bool:
        return at in self.removed or (bool(self.removed_days) and at.date() in self.removed_days)

    def _shifts(self) -> bool:
        """Whether an override moves all that follow it."""
        return any(line.param("RANGE") for part in self.overrides for line in part.all("RECURRENCE-ID"))

    def _placed(self, plain: Iterable[tuple[datetime, timedelta]]) -> Iterator[Occurrence]:
        """Each with its override, those that an override puts beside the set as well."""
        single, future = self._overridden()
        keys = sorted(future)
        for at, lasts in plain:
            assert self.begin is not None and self.main is not None
            key = utc_seconds(at, self.begin.zone)
            if key in single:
                continue
            number = bisect_right(keys, key)
            if number:
                yield self._moved(key, at, future[keys[number - 1]])
            else:
                yield self._occurrence(self.main, When(at, self.begin.zone, self.begin.day), lasts, key)
        for key, part in single.items():
            begin = start_of(part, self.zones)
            if begin is not None:
                yield self._occurrence(part, begin, length(part, begin, self.zones), key)

    def _moved(self, key: int, at: datetime, part: Component) -> Occurrence:
        """One that an override of "this and future" stands for: moved as the first of them is."""
        assert self.begin is not None
        begin, was = start_of(part, self.zones), when(part.lines[_place(part, "RECURRENCE-ID")], self.zones)
        if begin is None:
            begin = was
        shift = begin.at - self._here(was) if begin.zone is not None or self.begin.day else begin.at - was.at
        here = When(at + shift, begin.zone if not begin.day else None, begin.day)
        return self._occurrence(part, here, length(part, begin, self.zones), key)

    def key(self, line: Line) -> int:
        """What a RECURRENCE-ID names: the start by the rule of the occurrence, as in `Occurrence.key`."""
        at = when(line, self.zones)
        if self.begin is None or self.begin.zone is None or at.zone is not None:
            return at.seconds
        begins = self.begin.at
        here = at.at if not at.day else begins.replace(year=at.at.year, month=at.at.month, day=at.at.day)
        return utc_seconds(here, self.begin.zone)

    def _overridden(self) -> tuple[dict[int, Component], dict[int, Component]]:
        """The overrides of single occurrences, and those from which on all are changed, by what they stand for."""
        single: dict[int, Component] = {}
        future: dict[int, Component] = {}
        for part in self.overrides:
            line = part.first("RECURRENCE-ID")
            if line is None:
                continue
            key = self.key(line)
            ranged = line.param("RANGE").upper() == "THISANDFUTURE" and self.begin is not None
            (future if ranged else single)[key] = part
        return single, future

    def _occurrence(self, part: Component, begin: When, lasts: timedelta, key: int) -> Occurrence:
        if begin.day or lasts % DAY == timedelta(0):  # whole days are days of the zone, of 23 hours or 25
            end = When(begin.at + lasts, begin.zone, begin.day).seconds
        else:
            end = begin.seconds + int(lasts.total_seconds())
        return Occurrence(begin.seconds, end, begin.floating, key, part)


def start_of(part: Component, zones: Zones) -> When | None:
    """DTSTART of a component, where there is one. `ValueError`."""
    line = part.first("DTSTART")
    return None if line is None else when(line, zones)


def _place(part: Component, name: str) -> int:
    return next(number for number, line in enumerate(part.lines) if line.name == name)


def _overlaps(each: Occurrence, low: int, high: int) -> bool:
    return each.start < high and (each.end > low or (each.start == each.end and each.start >= low))


def _until(rule: Rule, begin: When) -> datetime | None:
    """UNTIL as a local time of DTSTART's zone."""
    if not rule.until:
        return None
    at = local_time(rule.until)
    if is_date(rule.until):
        return at if begin.day else at + DAY - timedelta(seconds=1)
    if begin.day:
        return at.replace(hour=0, minute=0, second=0)
    if rule.until.endswith("Z") and begin.zone is not None:
        return local(utc_seconds(at, None), begin.zone)
    return at


def _clamped(seconds: int, zone: tzinfo | None) -> datetime:
    if seconds >= 253_000_000_000:
        return _EVER - 3 * DAY
    if seconds <= -62_000_000_000:
        return _NEVER + 3 * DAY
    return local(seconds, zone)
