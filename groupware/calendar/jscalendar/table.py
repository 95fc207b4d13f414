"""Which property of iCalendar is which member of JSCalendar. RFC 8984 §4, draft-ietf-calext-jscalendar-icalendar."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from groupware.calendar.personal import DEFAULT_ALERTS
from groupware.model.content import escaped, unescaped

from .values import stamp, utc_time

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Single:
    """A property of which there is one."""

    member: str
    read: Callable[[str], Any]
    """None for what it cannot say."""
    write: Callable[[Any], str | None]


def _text(member: str) -> Single:
    return Single(member, lambda value: unescaped(value) or None, lambda value: escaped(str(value)) or None)


def _number(member: str) -> Single:
    def read(value: str) -> int | None:
        return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else None

    return Single(member, read, lambda value: str(int(value)))


def _words(member: str, words: Mapping[str, str]) -> Single:
    back = {told: word for word, told in words.items()}
    return Single(member, lambda value: words.get(value.upper()), lambda value: back.get(str(value)))


def _moment(member: str) -> Single:
    return Single(member, utc_time, lambda value: stamp(str(value)))


def _flag(member: str) -> Single:
    words = {"TRUE": True, "FALSE": False}
    return Single(member, lambda value: words.get(value.upper()), lambda value: "TRUE" if value else "FALSE")


_CLASSES: Final = {"PUBLIC": "public", "PRIVATE": "private", "CONFIDENTIAL": "secret"}
_BOTH: Final[Mapping[str, Single]] = {
    "UID": _text("uid"),
    "SUMMARY": _text("title"),
    "DESCRIPTION": _text("description"),
    "COLOR": Single("color", lambda value: value or None, str),
    "CLASS": _words("privacy", _CLASSES),
    "SEQUENCE": _number("sequence"),
    "PRIORITY": _number("priority"),
    "CREATED": _moment("created"),
    DEFAULT_ALERTS: _flag("useDefaultAlerts"),
}
RULES: Final = {"RRULE": "recurrenceRules", "EXRULE": "excludedRecurrenceRules"}
SINGLE: Final[Mapping[str, Mapping[str, Single]]] = {
    "VEVENT": {
        **_BOTH,
        "STATUS": _words("status", {each.upper(): each for each in ("confirmed", "cancelled", "tentative")}),
        "TRANSP": _words("freeBusyStatus", {"TRANSPARENT": "free", "OPAQUE": "busy"}),
    },
    "VTODO": {
        **_BOTH,
        "STATUS": _words(
            "progress", {each.upper(): each for each in ("needs-action", "in-process", "completed", "cancelled")}
        ),
        "PERCENT-COMPLETE": _number("percentComplete"),
        "COMPLETED": _moment("progressUpdated"),
    },
}
"""By the kind of the component."""


@dataclass(frozen=True, slots=True)
class Many:
    """A property of which there may be many: an object in a map."""

    member: str
    text: str
    """Where its value is."""
    raw: bool = False
    """The value is a URI, without escapes."""
    fixed: Json = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    """Parameters that are texts of the object."""
    usual: str = "TEXT"
    """The VALUE that need not be said."""
    said: str = ""
    """The VALUE that is always said."""


MANY: Final[Mapping[str, Many]] = {
    "LOCATION": Many("locations", "name"),
    "CONFERENCE": Many("virtualLocations", "uri", True, params={"LABEL": "name"}, usual="", said="URI"),
    "URL": Many("links", "href", True, {"rel": "describedby"}, usual="URI"),
    "ATTACH": Many("links", "href", True, {"rel": "enclosure"}, {"FMTTYPE": "contentType", "FILENAME": "title"}, "URI"),
    "IMAGE": Many("links", "href", True, {"rel": "icon"}, {"FMTTYPE": "contentType"}, "", "URI"),
}
ROLES: Final = {
    "CHAIR": {"attendee": True, "chair": True},
    "REQ-PARTICIPANT": {"attendee": True},
    "OPT-PARTICIPANT": {"attendee": True, "optional": True},
    "NON-PARTICIPANT": {"informational": True},
}
KINDS: Final = {"INDIVIDUAL": "individual", "GROUP": "group", "RESOURCE": "resource", "ROOM": "location"}
STATUSES: Final = frozenset({"needs-action", "accepted", "declined", "tentative", "delegated"})
