"""Filters of calendar-query (RFC 4791 §9.7) and addressbook-query (RFC 6352 §10.5), and what they let through."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Final

from connectors.dav.errors import DavError
from connectors.dav.xml import CALDAV, CARDDAV, Element
from groupware.calendar import facts
from groupware.calendar.busy import FLOAT, Range, settled
from groupware.calendar.index import occurrences, span
from groupware.calendar.object import CalendarObject
from groupware.calendar.series import when
from groupware.calendar.values import duration, local_time
from groupware.calendar.zones import utc_seconds
from groupware.contacts import facts as card_facts
from groupware.contacts.versions.pairs import types
from groupware.model.collation import caseless
from groupware.model.content import Component, Line
from groupware.model.item import ALWAYS

_PLAIN: Final = re.compile(r"[A-Za-z0-9 @:/.+_-]+")
"""Texts that stand in facts as they are in the property."""
_TRIGGER: Final = re.compile(r'"TRIGGER",\{[^{}]*\},"([^"]*)"')
NEAR: Final = 32 * 86_400
"""Seconds."""
MAX_PARTS: Final = 200
"""Of one filter."""
_ASCII: Final = {each: each + 32 for each in range(ord("A"), ord("Z") + 1)}
COLLATIONS: Final[dict[str, Callable[[str], str]]] = {
    "i;ascii-casemap": lambda text: text.translate(_ASCII),
    "i;octet": str,
    "i;unicode-casemap": caseless,
    "default": caseless,
}
_TESTS: Final[dict[str, Callable[[str, str], bool]]] = {
    "equals": lambda value, text: value == text,
    "contains": lambda value, text: text in value,
    "starts-with": lambda value, text: value.startswith(text),
    "ends-with": lambda value, text: value.endswith(text),
}


def seconds(text: str, *, what: str = "time-range") -> int:
    """A UTC time of a request. `DavError`."""
    try:
        if not text.strip().endswith("Z"):
            raise ValueError(f"{text[:40]!r} is no time in UTC (20260131T120000Z)")
        return utc_seconds(local_time(text.strip()), None)
    except ValueError as error:
        raise DavError(400, f"{what}: {error}", "<C:valid-filter/>") from None


def time_range(element: Element) -> Range:
    """The range of a `C:time-range`. `DavError`."""
    start, end = element.get("start"), element.get("end")
    if start is None and end is None:
        raise DavError(400, "time-range needs a start, an end or both", "<C:valid-filter/>")
    found = Range(-ALWAYS if start is None else seconds(start), ALWAYS if end is None else seconds(end))
    if found.end <= found.start:
        raise DavError(400, "time-range: its end is not after its start", "<C:valid-filter/>")
    return found


@dataclass(frozen=True, slots=True)
class Match:
    """A text-match."""

    text: str
    test: Callable[[str, str], bool]
    fold: Callable[[str], str]
    negate: bool

    def of(self, value: str) -> bool:
        """Whether the value is what is looked for."""
        return self.test(self.fold(value), self.text) is not self.negate


@dataclass(frozen=True, slots=True)
class Param:
    """A param-filter."""

    name: str
    absent: bool
    match: Match | None

    def of(self, line: Line) -> bool:
        """Whether a property has such a parameter."""
        values = types(line) or None if self.name == "TYPE" else line.params.get(self.name)
        if values is None or self.absent:
            return self.absent and values is None
        return self.match is None or any(self.match.of(each) for each in values)


@dataclass(frozen=True, slots=True)
class Prop:
    """A prop-filter."""

    name: str
    absent: bool
    range: Range | None
    matches: Sequence[Match]
    params: Sequence[Param]
    every: bool
    """Whether all of the tests have to hold, or one (CardDAV's `test`)."""
    group: str = ""
    """Of a contact: the group that the property has to be in (RFC 6352 §10.5.1); "" for any."""


@dataclass(frozen=True, slots=True)
class Comp:
    """A comp-filter."""

    name: str
    absent: bool = False
    range: Range | None = None
    props: Sequence[Prop] = ()
    comps: Sequence[Comp] = ()

    @property
    def simple(self) -> bool:
        """Whether what is indexed decides it."""
        return not self.props and not self.comps and not self.absent


# --- read -------------------------------------------------------------------------------------------------------------


def calendar_filter(root: Element) -> Comp:
    """The filter of a calendar-query: that of VCALENDAR. `DavError`."""
    inside = root.findall(f"{{{CALDAV}}}comp-filter")
    if len(inside) != 1 or inside[0].get("name", "").upper() != "VCALENDAR":
        raise DavError(400, "a filter is one comp-filter for VCALENDAR", "<C:valid-filter/>")
    if sum(1 for _ in root.iter()) > MAX_PARTS:
        raise DavError(403, f"a filter has {MAX_PARTS} parts at most", "<C:valid-filter/>")
    return _comp(inside[0])


def _comp(element: Element) -> Comp:
    ranges = element.findall(f"{{{CALDAV}}}time-range")
    return Comp(
        element.get("name", "").upper(),
        element.find(f"{{{CALDAV}}}is-not-defined") is not None,
        time_range(ranges[0]) if ranges else None,
        [_prop(each, CALDAV) for each in element.findall(f"{{{CALDAV}}}prop-filter")],
        [_comp(each) for each in element.findall(f"{{{CALDAV}}}comp-filter")],
    )


def card_filter(root: Element) -> tuple[Sequence[Prop], bool]:
    """The filters of an addressbook-query, and whether all have to hold. `DavError`."""
    if sum(1 for _ in root.iter()) > MAX_PARTS:
        raise DavError(403, f"a filter has {MAX_PARTS} parts at most", "<A:supported-filter/>")
    props = [_prop(each, CARDDAV) for each in root.findall(f"{{{CARDDAV}}}prop-filter")]
    return props, _every(root)


def _every(element: Element) -> bool:
    """Whether `test` says that all have to hold. `DavError`."""
    test = element.get("test", "anyof")
    if test not in ("anyof", "allof"):
        raise DavError(400, f"test {test[:40]!r} is neither anyof nor allof", "<A:supported-filter/>")
    return test == "allof"


def _prop(element: Element, space: str) -> Prop:
    ranges = element.findall(f"{{{space}}}time-range")
    whole = element.get("name", "").upper()
    group, _, name = whole.rpartition(".") if space == CARDDAV else ("", "", whole)
    return Prop(
        name,
        element.find(f"{{{space}}}is-not-defined") is not None,
        time_range(ranges[0]) if ranges else None,
        [_match(each) for each in element.findall(f"{{{space}}}text-match")],
        [_param(each, space) for each in element.findall(f"{{{space}}}param-filter")],
        space == CALDAV or _every(element),
        group,
    )


def _param(element: Element, space: str) -> Param:
    match = element.find(f"{{{space}}}text-match")
    absent = element.find(f"{{{space}}}is-not-defined") is not None
    return Param(element.get("name", "").upper(), absent, None if match is None else _match(match))


def _match(element: Element) -> Match:
    carddav = element.tag == f"{{{CARDDAV}}}text-match"
    collation = element.get("collation", "i;unicode-casemap" if carddav else "i;ascii-casemap").lower()
    fold = COLLATIONS.get(collation)
    if fold is None:
        prefix = "A" if carddav else "C"
        text = f"collation {collation[:40]!r} is none of {', '.join(COLLATIONS)}"
        raise DavError(403, text, f"<{prefix}:supported-collation/>")
    test = _TESTS.get(element.get("match-type", "contains"))
    if test is None:
        raise DavError(400, f"match-type {element.get('match-type')!r} is none of {', '.join(_TESTS)}")
    return Match(fold(element.text or ""), test, fold, element.get("negate-condition", "no") == "yes")


def is_kept(comp: Comp) -> bool:
    """Whether all that a filter asks is kept beside the objects (`groupware.calendar.facts`)."""
    return not (comp.absent or comp.props) and all(
        each.name in facts.KINDS
        and all(prop.name in facts.PROPERTIES for prop in each.props)
        and all(_is_of_alarms(inner) for inner in each.comps)
        for each in comp.comps
    )


def _is_of_alarms(comp: Comp) -> bool:
    return comp.name == "VALARM" and not comp.comps and all(prop.name in facts.OF_ALARMS for prop in comp.props)


def asks_alarms(comp: Comp) -> bool:
    """Whether a filter asks about what may be each person's own."""
    return any(each.comps for each in comp.comps)


def asks_times(comp: Comp) -> bool:
    """Whether a filter asks when an object takes place, or when its alarms go off."""
    return any(each.range or any(inner.range for inner in each.comps) for each in comp.comps)


def alarm_range(comp: Comp) -> Range | None:
    """When an alarm of an event has to go off; None: a filter asks something else."""
    alarms = [inner for each in comp.comps if each.name == "VEVENT" and not each.absent for inner in each.comps]
    return alarms[0].range if len(comp.comps) == 1 and alarms and not alarms[0].absent else None


def rings_far(stated: str) -> bool:
    """Whether facts have an alarm that may go off at another time than within `NEAR` of its event."""
    found = _TRIGGER.findall(stated)
    return len(found) < stated.count('"TRIGGER"') or any(_is_far(each) for each in found)


def _is_far(trigger: str) -> bool:
    try:
        return abs(int(duration(trigger).total_seconds())) > NEAR
    except ValueError:
        return True


def words(comp: Comp) -> list[str]:
    """What the facts of an object that is let through have in them, in lower case."""
    sought = [prop for each in comp.comps if not each.absent for prop in each.props if not prop.absent]
    names = [f'"{prop.name}"' for prop in sought]
    params = [each.match for prop in sought for each in prop.params if each.match is not None and not each.absent]
    matches = [*params, *(each for prop in sought for each in prop.matches)]
    texts = [each.text for each in matches if not each.negate and _PLAIN.fullmatch(each.text)]
    return [each.lower() for each in (*names, *texts)]


def cards_kept(props: Sequence[Prop]) -> bool:
    """Whether all that a filter asks is kept beside contacts (`groupware.contacts.facts`)."""
    return not any(prop.name in card_facts.MEDIA for prop in props)


def card_words(props: Sequence[Prop], every: bool) -> list[str]:
    """What the facts of a contact that is let through have in them, in lower case."""
    sought = [prop for prop in props if not prop.absent] if every or len(props) == 1 else []
    sure = [prop for prop in sought if prop.every or len(prop.matches) + len(prop.params) == 1]
    texts = [each.text for prop in sure for each in prop.matches if not each.negate and _PLAIN.fullmatch(each.text)]
    return [each.lower() for each in (*(f'"{prop.name}"' for prop in sought), *texts)]


def may_have(stated: str, sought: Sequence[str]) -> bool:
    """Whether facts may have all these words in them; what is written with escapes may be another word."""
    if "\\" in stated:
        return True
    text = stated.lower()
    return all(word in text for word in sought)


# --- decide -----------------------------------------------------------------------------------------------------------


def holds(prop: Prop, part: Component, read: CalendarObject | None = None) -> bool:
    """Whether a component has such a property."""
    lines = [line for line in part.all(prop.name) if not prop.group or line.group.upper() == prop.group]
    if prop.absent or not lines:
        return prop.absent and not lines
    return any(_line_holds(prop, line, read) for line in lines)


def _line_holds(prop: Prop, line: Line, read: CalendarObject | None) -> bool:
    tests = [match.of(line.text) for match in prop.matches] + [param.of(line) for param in prop.params]
    if prop.range is not None and read is not None:
        try:
            at = when(line, read.zones).seconds
            tests.append(prop.range.holds(at, at))
        except (ValueError, KeyError):
            tests.append(False)
    return not tests or (all(tests) if prop.every else any(tests))


def card_holds(props: Sequence[Prop], every: bool, card: Component) -> bool:
    """Whether a contact is let through."""
    tests = [holds(prop, card) for prop in props]
    return not tests or (all(tests) if every else any(tests))


def admits(comp: Comp, read: CalendarObject, zone: tzinfo) -> bool:
    """Whether an object is let through; `zone` is where what floats takes place."""
    calendar = read.calendar
    if comp.absent:
        return False
    if not all(holds(prop, calendar, read) for prop in comp.props):
        return False
    return all(_inner(each, read, zone) for each in comp.comps)


def _inner(comp: Comp, read: CalendarObject, zone: tzinfo) -> bool:
    parts = [part for part in read.calendar.parts if part.name == comp.name]
    if comp.absent or not parts:
        return comp.absent and not parts
    if comp.name != read.kind:
        return all(any(holds(prop, part, read) for part in parts) for prop in comp.props)
    if comp.range is not None:
        parts = placed(read, comp.range, zone)
    return any(
        all(holds(prop, part, read) for prop in comp.props) and all(_alarm(each, part, read) for each in comp.comps)
        for part in parts
    )


def placed(read: CalendarObject, range_: Range, zone: tzinfo) -> list[Component]:
    """What describes the occurrences that are in a range."""
    found = []
    for each in occurrences(read, range_.start - FLOAT, range_.end + FLOAT):
        kept = span(read, each)
        start, end = settled(kept.start, kept.floating, zone), settled(kept.end, kept.floating, zone)
        if range_.holds(start, end) and each.part not in found:
            found.append(each.part)
    return found


def _alarm(comp: Comp, part: Component, read: CalendarObject) -> bool:
    """A comp-filter inside of an event or a task: for its alarms."""
    inner = part.named(comp.name)
    if comp.absent or not inner:
        return comp.absent and not inner
    return any(
        all(holds(prop, each, read) for prop in comp.props)
        and (comp.range is None or _rings(each, part, read, comp.range))
        for each in inner
    )


def _rings(alarm: Component, part: Component, read: CalendarObject, range_: Range) -> bool:
    """Whether an alarm goes off in the range, at any occurrence."""
    trigger = alarm.first("TRIGGER")
    if trigger is None:
        return False
    try:
        if trigger.param("VALUE").upper() == "DATE-TIME":
            at = when(trigger, read.zones).seconds
            return range_.holds(at, at)
        before = int(duration(trigger.value).total_seconds())
    except (ValueError, KeyError):
        return False
    low, high = range_.start - before, range_.end - before
    at_end = trigger.param("RELATED").upper() == "END"
    found = read.series.between(max(low - 86_400 * 40, -ALWAYS), min(high + 1, ALWAYS)).found
    return any(low <= (each.end if at_end else each.start) < high for each in found if each.part is part)
