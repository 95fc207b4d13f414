"""Who takes part: calendar user addresses, and the lines that name them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import unquote

from groupware.model.content import Component, Line

from ..object import CalendarObject

People = frozenset[str]
"""The addresses of one calendar user, in lower case: its own and its aliases."""
_PRINCIPALS: Final = "/principals/"
OWN_PARAMS: Final = ("SCHEDULE-AGENT", "SCHEDULE-STATUS", "SCHEDULE-FORCE-SEND")
"""What is between a client and its server: never told to others (RFC 6638 §7)."""


def address(value: str) -> str:
    """The mail address of a calendar user address, in lower case; "" when it names nobody by mail.

    A path or URL of a principal names it as well, and so does a bare address, which some clients write.
    """
    said = value.strip()
    if said[:7].lower() == "mailto:":
        said = unquote(said[7:].partition("?")[0])
    elif _PRINCIPALS in said:
        said = unquote(said.rpartition(_PRINCIPALS)[2].strip("/"))
    elif ":" in said or "/" in said:
        return ""
    said = said.strip().strip("<>").lower()
    return said if "@" in said and said.isprintable() and " " not in said else ""


def address_of(line: Line) -> str:
    """Whom an ORGANIZER or ATTENDEE names; by EMAIL (RFC 7986 §6.2) where the value is no mail address."""
    return address(line.value) or address(line.param("EMAIL"))


def sent_by(line: Line) -> str:
    """Who acts for the one that the line names; "" when nobody does."""
    return address(line.param("SENT-BY"))


def attendees(parts: Iterable[Component]) -> dict[str, Line]:
    """Those who are invited by any of the components, each with the first line that names them."""
    found: dict[str, Line] = {}
    for part in parts:
        for line in part.all("ATTENDEE"):
            found.setdefault(address_of(line), line)
    found.pop("", None)
    return found


def line_of(part: Component, who: People) -> Line | None:
    """The ATTENDEE that is one of these addresses."""
    return next((line for line in part.lines if line.name == "ATTENDEE" and address_of(line) in who), None)


def organizer(read: CalendarObject) -> Line | None:
    """Who calls the meeting: the ORGANIZER of the first component that names one."""
    return next((line for part in read.parts if (line := part.first("ORGANIZER")) is not None), None)


def partstat(line: Line) -> str:
    """Whether the attendee comes: `ACCEPTED`, `DECLINED`, ..., and without a word `NEEDS-ACTION`."""
    return line.param("PARTSTAT").upper() or "NEEDS-ACTION"


def by_server(line: Line) -> bool:
    """Whether the server is to tell this one: SCHEDULE-AGENT is SERVER, or not there (RFC 6638 §7.1)."""
    return line.param("SCHEDULE-AGENT").upper() in ("", "SERVER")


def with_params(line: Line, **values: str | None) -> Line:
    """The line with these parameters set, or with None taken away; `_` in a name stands for `-`."""
    params = dict(line.params)
    for name, value in values.items():
        key = name.replace("_", "-")
        params.pop(key, None)
        if value is not None:
            params[key] = (value,)
    return line._replace(params=params) if params != line.params else line


def with_member(part: Component, group: str, who: Line) -> Component:
    """The component with somebody of an invited group as an attendee. RFC 5545 §3.2.11."""
    params = {"CUTYPE": None, "MEMBER": f"mailto:{group}", "PARTSTAT": "NEEDS-ACTION", "RSVP": "TRUE"}
    line = with_params(who._replace(name="ATTENDEE"), **params)
    return Component(part.name, part.at, [*part.lines, line], part.parts)


def outward(line: Line) -> Line:
    """The line as others get it: with a mail address, whatever its maker calls the person by here."""
    said = address(line.value)
    if said and line.value[:7].lower() != "mailto:":
        line = line._replace(value=f"mailto:{said}")
    if not any(name in line.params for name in OWN_PARAMS):
        return line
    return line._replace(params={name: value for name, value in line.params.items() if name not in OWN_PARAMS})


def with_status(parts: Iterable[Component], name: str, who: str, code: str) -> Iterator[Component]:
    """The components with SCHEDULE-STATUS set for one calendar user, and SCHEDULE-FORCE-SEND obeyed (taken away)."""
    for part in parts:
        lines = [
            with_params(line, SCHEDULE_STATUS=code, SCHEDULE_FORCE_SEND=None)
            if line.name == name and address_of(line) == who
            else line
            for line in part.lines
        ]
        yield Component(part.name, part.at, lines, part.parts)
