"""What of an object is told: expanded, limited, or some properties alone. RFC 4791 §9.6, RFC 6352 §10.4."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from connectors.dav.cards import Converted, card_lens
from connectors.dav.errors import DavError
from connectors.dav.filters import time_range
from connectors.dav.xml import CALDAV, CARDDAV, DAV, Element
from groupware.calendar.busy import Range
from groupware.calendar.object import CalendarObject, read_object
from groupware.calendar.series import Occurrence, period, when
from groupware.calendar.zones import local
from groupware.model.content import NO_PARAMS, Component, Line, parse, serialized
from groupware.model.errors import Malformed

Lens = Callable[[bytes], bytes]
MOST, MOST_IN_ALL = 3_000, 30_000
"""Occurrences that one object is expanded to, and all those of one answer."""
_OF_THE_SET: Final = frozenset({"RRULE", "RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID", "DTSTART", "DTEND", "DURATION"})


@dataclass(frozen=True, slots=True)
class Shape:
    """Which parts and properties are told; None: all."""

    props: Mapping[str, bool] | None
    """By name, whether it is told without its value."""
    comps: dict[str, Shape] | None


def lens_of(root: Element, cards: Converted) -> Lens:
    """How the objects of an answer are told, by `calendar-data` or `address-data` of the request. `DavError`."""
    wanted = root.find(f"{{{DAV}}}prop/{{{CALDAV}}}calendar-data")
    if wanted is not None:
        return _calendar(wanted)
    wanted = root.find(f"{{{DAV}}}prop/{{{CARDDAV}}}address-data")
    return bytes if wanted is None else card_lens(wanted, cards)


def _calendar(wanted: Element) -> Lens:
    kind, version = wanted.get("content-type", "text/calendar"), wanted.get("version", "2.0")
    if kind.partition(";")[0].strip().lower() != "text/calendar" or version.strip() != "2.0":
        text = f"objects are given as text/calendar of version 2.0, not as {kind[:60]} {version[:20]}"
        raise DavError(403, text, "<C:supported-calendar-data/>")
    expand, limit = wanted.find(f"{{{CALDAV}}}expand"), wanted.find(f"{{{CALDAV}}}limit-recurrence-set")
    comp = wanted.find(f"{{{CALDAV}}}comp")
    shape = None if comp is None else _shape(comp)
    inner: Lens = bytes
    if expand is not None:
        range_ = _bounded(expand)
        inner = _expanding(range_)
    elif limit is not None:
        range_ = _bounded(limit)
        inner = lambda body: limited(body, range_)  # noqa: E731 - a lens is a function
    busy = wanted.find(f"{{{CALDAV}}}limit-freebusy-set")
    told = inner if busy is None else _in_turn(inner, _freebusy_in(_bounded(busy)))
    return told if shape is None else _in_turn(told, lambda body: _shaped(body, shape))


def _in_turn(first: Lens, then: Lens) -> Lens:
    return lambda body: then(first(body))


def _bounded(element: Element) -> Range:
    found = time_range(element)
    if element.get("start") is None or element.get("end") is None:
        raise DavError(400, f"{str(element.tag)[:80]}: it needs a start and an end")
    return found


def _shape(comp: Element) -> Shape:
    every_prop = comp.find(f"{{{CALDAV}}}allprop") is not None
    every_comp = comp.find(f"{{{CALDAV}}}allcomp") is not None
    props = {
        each.get("name", "").upper(): each.get("novalue", "no") == "yes" for each in comp.findall(f"{{{CALDAV}}}prop")
    }
    comps = {each.get("name", "").upper(): _shape(each) for each in comp.findall(f"{{{CALDAV}}}comp")}
    nothing = not props and not comps and not every_prop and not every_comp
    return Shape(None if every_prop or nothing else props, None if every_comp or nothing else comps)


def _shaped(body: bytes, shape: Shape) -> bytes:
    try:
        return serialized([_cut(part, shape) for part in parse(body)])
    except Malformed:
        return body


def _cut(part: Component, shape: Shape) -> Component:
    props, lines = shape.props, part.lines
    if props is not None:
        lines = [line._replace(value="") if props[line.name] else line for line in lines if line.name in props]
    if shape.comps is None:
        parts = list(part.parts)
    else:
        parts = [_cut(each, shape.comps[each.name]) for each in part.parts if each.name in shape.comps]
    return Component(part.name, part.at, lines, parts)


# --- expanded ---------------------------------------------------------------------------------------------------------


def _expanding(range_: Range) -> Lens:
    """Every occurrence in the range by itself, its times in UTC, without rules and zones. `DavError`: too many."""
    left = MOST_IN_ALL

    def lens(body: bytes) -> bytes:
        nonlocal left
        try:
            read = read_object(body)
        except Malformed:
            return body
        if not read.series.recurs and not read.overrides:
            return serialized([_plain(read, [_in_utc(read, part, part.lines) for part in read.parts])])
        found, complete = read.series.between(range_.start, range_.end)
        left -= len(found)
        if len(found) > MOST or left < 0 or (complete is not None and complete < range_.end):
            raise _too_many(read)
        return serialized([_plain(read, [_single(read, each) for each in found])])

    return lens


def _too_many(read: CalendarObject) -> DavError:
    text = (
        f"{read.uid[:80]!r}: expanded, it would be more than {MOST} occurrences, or all objects together more than"
        f" {MOST_IN_ALL}: ask for less time, or without <C:expand>"
    )
    return DavError(403, text, "<D:number-of-matches-within-limits/>")


def _plain(read: CalendarObject, parts: Sequence[Component]) -> Component:
    return Component("VCALENDAR", 0, list(read.calendar.lines), list(parts))


def _single(read: CalendarObject, each: Occurrence) -> Component:
    part = each.part
    day = _is_day(part)
    begin = read.series.begin
    key_is_day = begin.day if begin is not None else day
    key_floats = begin is not None and begin.floating
    lines = [line for line in part.lines if line.name not in _OF_THE_SET]
    lines.append(_time("DTSTART", each.start, day=day, floating=each.floating))
    if part.first("DTEND") is not None or part.first("DURATION") is not None:
        lines.append(_time("DTEND", each.end, day=day, floating=each.floating))
    lines.append(_time("RECURRENCE-ID", each.key, day=key_is_day, floating=key_floats))
    return _in_utc(read, Component(part.name, part.at, lines, part.parts), lines)


def _is_day(part: Component) -> bool:
    line = part.first("DTSTART")
    return line is not None and "T" not in line.value.upper()


def _time(name: str, seconds: int, *, day: bool, floating: bool) -> Line:
    at = local(seconds, None)
    if day:
        return Line(name, {"VALUE": ("DATE",)}, at.strftime("%Y%m%d"), 0)
    return Line(name, NO_PARAMS, at.strftime("%Y%m%dT%H%M%S") + ("" if floating else "Z"), 0)


def _in_utc(read: CalendarObject, part: Component, lines: Sequence[Line]) -> Component:
    """The component with the times that name a zone in UTC."""
    told = []
    for line in lines:
        zoned = line.param("TZID") in read.zones and line.param("TZID") != ""
        if zoned and line.name in ("DTSTART", "DTEND", "DUE", "RECURRENCE-ID"):
            told.append(_time(line.name, when(line, read.zones).seconds, day=False, floating=False))
        else:
            told.append(line)
    return Component(part.name, part.at, told, part.parts)


def limited(body: bytes, range_: Range) -> bytes:
    """The set as a whole, with those overrides alone that matter in the range."""
    try:
        read = read_object(body)
    except Malformed:
        return body
    if read.main is None or not read.overrides:
        return body
    near = read.series.between(range_.start, range_.end).found
    kept = [part for part in read.overrides if any(each.part is part for each in near) or _stood(part, read, range_)]
    others = [part for part in read.calendar.parts if part.name == "VTIMEZONE" or part is read.main]
    return serialized([Component("VCALENDAR", 0, list(read.calendar.lines), [*others, *kept])])


def _stood(part: Component, read: CalendarObject, range_: Range) -> bool:
    """Whether the occurrence that it stands for was in the range, or is the first of many that are."""
    line = part.first("RECURRENCE-ID")
    if line is None:
        return False
    at = when(line, read.zones).seconds
    return range_.holds(at, at) or (bool(line.param("RANGE")) and at < range_.end)


def _freebusy_in(range_: Range) -> Lens:
    """The object with those times alone in FREEBUSY that are in the range. RFC 4791 §9.6.7."""

    def lens(body: bytes) -> bytes:
        try:
            read = read_object(body)
        except Malformed:
            return body
        if not any(part.all("FREEBUSY") for part in read.calendar.parts):
            return body
        parts = [_times_in(read, part, range_) for part in read.calendar.parts]
        return serialized([Component("VCALENDAR", 0, list(read.calendar.lines), parts)])

    return lens


def _times_in(read: CalendarObject, part: Component, range_: Range) -> Component:
    lines = []
    for line in part.lines:
        if line.name == "FREEBUSY":
            kept = [value for value in line.value.split(",") if _is_in(read, line, value, range_)]
            line = line._replace(value=",".join(kept))
        if line.value or line.name != "FREEBUSY":
            lines.append(line)
    return Component(part.name, part.at, lines, part.parts)


def _is_in(read: CalendarObject, line: Line, value: str, range_: Range) -> bool:
    start, end = period(line, read.zones, value)
    return range_.holds(start.seconds, end)
