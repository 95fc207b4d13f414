"""What of an object is told to who may know times and titles, and nothing else of it: the right `8` (decision 238)."""

from __future__ import annotations

from typing import Final

from groupware.model.content import Component, Line, parse, serialized
from groupware.model.errors import Malformed

_ABOUT: Final = frozenset({"VERSION", "PRODID", "CALSCALE"})
_OF_OBJECTS: Final = frozenset(
    {
        "UID",
        "SUMMARY",
        "STATUS",
        "TRANSP",
        "CLASS",
        "SEQUENCE",
        "BUSYTYPE",
        "FREEBUSY",
        "DTSTAMP",
        "DTSTART",
        "DTEND",
        "DUE",
        "DURATION",
        "COMPLETED",
        "CREATED",
        "RECURRENCE-ID",
        "RRULE",
        "EXRULE",
        "RDATE",
        "EXDATE",
    }
)
_OF_ZONES: Final = frozenset({"TZID", "TZNAME", "TZOFFSETFROM", "TZOFFSETTO", "DTSTART", "RRULE", "RDATE"})
_PARAMS: Final = frozenset({"TZID", "VALUE", "RANGE", "LANGUAGE", "FBTYPE"})
_INSIDE: Final = {
    "": ("VCALENDAR",),
    "VCALENDAR": ("VTIMEZONE", "VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VAVAILABILITY"),
    "VTIMEZONE": ("STANDARD", "DAYLIGHT"),
    "VAVAILABILITY": ("AVAILABLE",),
}
_LINES: Final = {"VCALENDAR": _ABOUT, "VTIMEZONE": _OF_ZONES, "STANDARD": _OF_ZONES, "DAYLIGHT": _OF_ZONES}


def outline(octets: bytes) -> bytes:
    """The object with its UID, title, times, recurrence, status and class alone. What is not named here is left out.

    Of what is no object of a calendar nothing is left.
    """
    try:
        return serialized(_inside("", parse(octets)))
    except Malformed:
        return b""


def _inside(name: str, parts: list[Component]) -> list[Component]:
    return [_outlined(part) for part in parts if part.name in _INSIDE.get(name, ())]


def _outlined(part: Component) -> Component:
    wanted = _LINES.get(part.name, _OF_OBJECTS)
    lines = [_plain(line) for line in part.lines if line.name in wanted]
    return Component(part.name, part.at, lines, _inside(part.name, part.parts))


def _plain(line: Line) -> Line:
    """Without the parameters that say more, such as where a longer text is."""
    params = {name: values for name, values in line.params.items() if name in _PARAMS}
    return line._replace(params=params, group="")
