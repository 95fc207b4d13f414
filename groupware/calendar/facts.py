"""What filters ask of a calendar object, kept beside it, so that its octets are not read to answer them: decision 369.

Its components, the whole first, each with the properties of `PROPERTIES` and with its alarms, as JSON:
`[1, "VEVENT", [[[["STATUS", {}, "CONFIRMED"], ["DTSTART", {"TZID": ["Europe/Berlin"]}, "20260101T100000"]], []]]]`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, tzinfo
from typing import Any, Final

from groupware.model.content import Component, Line

from .object import CalendarObject
from .series import Series
from .zones import known_zone

KINDS: Final = frozenset({"VEVENT", "VTODO", "VJOURNAL"})
PROPERTIES: Final = frozenset(
    {
        "ATTENDEE",
        "CATEGORIES",
        "CLASS",
        "COMPLETED",
        "CREATED",
        "DTEND",
        "DTSTART",
        "DUE",
        "DURATION",
        "EXDATE",
        "LAST-MODIFIED",
        "LOCATION",
        "ORGANIZER",
        "PERCENT-COMPLETE",
        "PRIORITY",
        "RDATE",
        "RECURRENCE-ID",
        "RELATED-TO",
        "RRULE",
        "STATUS",
        "SUMMARY",
        "TRANSP",
        "UID",
    }
)
OF_ALARMS: Final = frozenset({"ACKNOWLEDGED", "ACTION", "DURATION", "RELATED-TO", "REPEAT", "TRIGGER", "UID"})
VERSION: Final = 1
"""Who changes what is kept counts it up, and has a migration make all wait: what is of another version is not asked."""
_MARK: Final = f"[{VERSION},"
LONGEST: Final = 8_000
"""Characters: what has more to say is asked itself."""


def facts_of(read: CalendarObject) -> str:
    """The facts; "" where the octets are asked: of other kinds, with time zones of its own or EXRULE, or long ones."""
    if read.kind not in KINDS or any(known_zone(name) is None for name in read.zones):
        return ""
    if any(part.first("EXRULE") is not None for part in read.parts):
        return ""
    text = json.dumps([VERSION, read.kind, [_stated(part) for part in read.parts]], separators=(",", ":"))
    return text if len(text) <= LONGEST else ""


def _stated(part: Component) -> list[list[Any]]:
    return [_said(part, PROPERTIES), [_said(each, OF_ALARMS) for each in part.named("VALARM")]]


def _said(part: Component, names: frozenset[str]) -> list[list[Any]]:
    return [[line.name, line.params, line.value] for line in part.lines if line.name in names]


class _Known(Mapping[str, tzinfo]):
    """The zones that everybody knows, by whatever name."""

    def __getitem__(self, name: str) -> tzinfo:
        found = UTC if name == "UTC" else known_zone(name)
        if found is None:
            raise KeyError(name)
        return found

    def __iter__(self) -> Any:
        return iter(())

    def __len__(self) -> int:
        return 0


_ZONES: Final = _Known()


def readable(facts: str) -> bool:
    """Whether there are any, of this version."""
    return facts.startswith(_MARK)


def read_facts(facts: str, *, timed: bool = True) -> CalendarObject:
    """The object with what the facts say of it, and nothing else; `timed`: somebody asks for its occurrences."""
    _, kind, parts = json.loads(facts)
    components = [_component(kind, *each) for each in parts]
    overrides = [each for each in components if each.first("RECURRENCE-ID") is not None]
    main = next((each for each in components if each.first("RECURRENCE-ID") is None), None)
    calendar = Component("VCALENDAR", 0, [], components)
    series = Series.of(main, overrides, _ZONES) if timed else Series(main, overrides, _ZONES)
    return CalendarObject(b"", calendar, kind, components[0].text("UID"), main, overrides, _ZONES, series)


def _component(name: str, lines: list[list[Any]], alarms: list[list[list[Any]]]) -> Component:
    return Component(name, 0, _lines(lines), [Component("VALARM", 0, _lines(each)) for each in alarms])


def _lines(said: list[list[Any]]) -> list[Line]:
    return [Line(name, params, value, 0) for name, params, value in said]
