"""A meeting passed on to somebody whom nobody has invited yet: SmartForward of ActiveSync, ForwardItem of EWS.

They get the invitation as it stands, and answer to the organizer, who is told of it. MS-OXOCAL §3.1.4.6. The organizer
invites them. Decision 346.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from groupware.calendar.imip import Sender, composed, passed_on
from groupware.calendar.itip import instances
from groupware.calendar.itip.people import address_of, organizer
from groupware.calendar.object import CalendarObject, read_object
from groupware.model.content import NO_PARAMS, Component, Line, escaped, serialized

MOST: Final = 100
"""People of one request."""


def invitation(octets: bytes, key: int | None, comment: str, sender: str) -> CalendarObject:
    """The REQUEST: without the reminders of who passes it on. `Malformed`, ValueError.

    `key`: which occurrence, by its second; None: all of it.
    """
    read = read_object(octets)
    parts = [part for part in read.calendar.parts if part.name == "VEVENT"]
    if key is not None:
        one = instances.overrides(read).get(key) or instances.made(read, key)
        if one is None:
            raise ValueError("there is no such occurrence")
        parts = [one]
    more = [Line("COMMENT", NO_PARAMS, escaped(comment), 0)] if comment else []
    if organizer(read) is None:
        more.append(Line("ORGANIZER", NO_PARAMS, f"mailto:{sender}", 0))
    said = [Component(part.name, 0, [*part.lines, *more]) for part in parts]
    zones = [part for part in read.calendar.parts if part.name == "VTIMEZONE"]
    head = [line for line in read.calendar.lines if line.name in ("VERSION", "PRODID")]
    whole = Component("VCALENDAR", 0, [*head, Line("METHOD", NO_PARAMS, "REQUEST", 0)], [*zones, *said])
    return read_object(serialized([whole]))


def organizes(octets: bytes, mine: Container[str]) -> bool:
    """Whether the meeting is of who has these addresses, in lower case; one that names nobody is. `Malformed`."""
    line = organizer(read_object(octets))
    return line is None or address_of(line) in mine


def invited(octets: bytes, key: int | None, people: Sequence[str], me: str) -> bytes:
    """The event with these besides, who are asked to come: for its organizer. `Malformed`, ValueError.

    `key`: to one occurrence alone, by its second; None: to all of it.
    """
    read = read_object(octets)
    named = organizer(read) is not None
    parts = list(read.calendar.parts)
    meant = [part for part in parts if part.name == "VEVENT"]
    if key is not None:
        there = instances.overrides(read).get(key)
        one = there or instances.made(read, key)
        if one is None:
            raise ValueError("there is no such occurrence")
        meant = [one]
        parts += [] if there is not None else [one]

    def told(part: Component) -> Component:
        more = [] if named else [Line("ORGANIZER", NO_PARAMS, f"mailto:{me}", 0)]
        known = {address_of(line) for line in part.all("ATTENDEE")}
        if any(part is each for each in meant):
            asked = {"ROLE": ("REQ-PARTICIPANT",), "PARTSTAT": ("NEEDS-ACTION",), "RSVP": ("TRUE",)}
            new = [each for each in dict.fromkeys(people) if each.lower() not in known]
            more += [Line("ATTENDEE", asked, f"mailto:{each}", 0) for each in new]
        return replace(part, lines=[*part.lines, *more]) if part.name == "VEVENT" else part

    return serialized([replace(read.calendar, parts=[told(part) for part in parts])])


def letters(read: CalendarObject, me: Sender, people: Sequence[str], now: datetime) -> Iterator[tuple[str, bytes]]:
    """(to whom, the letter): one for each of these, and one for the organizer where that is somebody else."""
    for each in people:
        yield each, composed("REQUEST", read, me, each, now)
    line = organizer(read)
    boss = address_of(line) if line is not None else ""
    if boss and "@" in boss and boss != me.address.lower() and boss not in map(str.lower, people):
        yield boss, passed_on(read, me, people, boss, now)
