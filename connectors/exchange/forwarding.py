"""A meeting passed on to somebody whom nobody has invited yet: SmartForward of ActiveSync, ForwardItem of EWS.

They get the invitation as it stands, and answer to the organizer, who is told of it. MS-OXOCAL §3.1.4.6.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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


def letters(read: CalendarObject, me: Sender, people: Sequence[str], now: datetime) -> Iterator[tuple[str, bytes]]:
    """(to whom, the letter): one for each of these, and one for the organizer where that is somebody else."""
    for each in people:
        yield each, composed("REQUEST", read, me, each, now)
    line = organizer(read)
    boss = address_of(line) if line is not None else ""
    if boss and "@" in boss and boss != me.address.lower() and boss not in map(str.lower, people):
        yield boss, passed_on(read, me, people, boss, now)
