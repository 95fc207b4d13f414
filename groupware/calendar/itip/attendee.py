"""What an attendee may change in a copy, and the answer that this makes. RFC 6638 §3.2.2."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from groupware.model.content import NO_PARAMS, Component, Line, written
from groupware.model.errors import Refused

from ..object import CalendarObject
from .instances import excluded, made, occurrence, rescheduled, sequence, times, whole, with_line, wrapped
from .people import People, address_of, by_server, line_of, organizer, outward, partstat, with_params

OWN: Final = frozenset(
    {
        "TRANSP",
        "CATEGORIES",
        "COMMENT",
        "COMPLETED",
        "CREATED",
        "DTSTAMP",
        "LAST-MODIFIED",
        "PERCENT-COMPLETE",
        "REQUEST-STATUS",
        "ACKNOWLEDGED",
        "EXDATE",
    }
)
"""What of a copy is the attendee's own, beside alarms and what begins with X-; EXDATE takes an occurrence out."""
_MINE: Final = ("PARTSTAT", "RSVP", "DELEGATED-TO", "SENT-BY", "X-")


class NotTheirs(Refused):
    """An attendee has changed what is the organizer's."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An attendee's copy as it is kept, and what the organizer is told."""

    calendar: Component
    """The organizer's properties as they were."""
    reply: Component | None
    to: str = ""
    """The organizer's address."""


def answered(old: CalendarObject | None, new: CalendarObject, mine: People) -> Answer:
    """What becomes of an attendee's change. `NotTheirs` when it puts the meeting at another time."""
    kept = new.calendar if old is None else _put_back(old, new, mine)
    head = organizer(new if old is None else old)
    if head is None or not by_server(organizer(new) or head):
        return Answer(kept, None)
    parts = _changed(old, new, mine)
    force = (organizer(new) or head).param("SCHEDULE-FORCE-SEND").upper() == "REPLY"
    if force and not parts:
        parts = [part for part in new.parts if line_of(part, mine) is not None]
    return Answer(kept, _reply(old or new, parts, mine) if parts else None, address_of(head))


def declined(old: CalendarObject, mine: People) -> Answer | None:
    """The answer that taking the whole copy away is: declined, unless that was said or the meeting is called off."""
    head = organizer(old)
    if head is None or not by_server(head):
        return None
    parts = [_saying(part, mine, "DECLINED") for part in old.parts if _to_decline(part, mine)]
    return Answer(old.calendar, _reply(old, parts, mine), address_of(head)) if parts else None


def _to_decline(part: Component, mine: People) -> bool:
    line = line_of(part, mine)
    off = part.text("STATUS").upper() == "CANCELLED"
    return line is not None and partstat(line) != "DECLINED" and not off


# --- the copy ---------------------------------------------------------------------------------------------------------


def _put_back(old: CalendarObject, new: CalendarObject, mine: People) -> Component:
    """The new copy with what is the organizer's as it was."""
    before, now = whole(old), whole(new)
    if None in before and None not in now:
        raise NotTheirs("this is somebody else's meeting: answer the whole of it, or decline it by deleting it")
    parts = []
    for key, part in now.items():
        was = before.get(key)
        if was is None and key is not None:
            if occurrence(old, key) is None or rescheduled(old, None, new, part):
                raise NotTheirs("this is somebody else's meeting: propose another time to its organizer instead")
            was = made(old, key)
        if was is None:
            raise NotTheirs("this is somebody else's meeting: it does not recur as you would have it")
        if times(was) != times(part) and (key is None or key in before) and rescheduled(old, was, new, part):
            raise NotTheirs("this is somebody else's meeting: propose another time to its organizer instead")
        parts.append(_merged(was, part, mine))
    out = excluded(new)
    parts += [part for key, part in before.items() if key is not None and key not in now and key not in out]
    if {id(part) for part in parts} == {id(part) for part in new.parts}:
        return new.calendar
    return Component("VCALENDAR", 0, new.calendar.lines, [*_zones(old, new), *parts])


def _zones(old: CalendarObject, new: CalendarObject) -> Sequence[Component]:
    known = {zone.text("TZID"): zone for zone in old.calendar.named("VTIMEZONE")}
    known.update({zone.text("TZID"): zone for zone in new.calendar.named("VTIMEZONE")})
    return list(known.values())


def _merged(was: Component, part: Component, mine: People) -> Component:
    """One component: the organizer's lines as they were, the attendee's own as they are now."""
    lines = [line for line in was.lines if not _own(line) and line.name != "ORGANIZER"]
    now = line_of(part, mine)
    if now is not None:
        lines = [_with_answer(line, now) if _is(line, mine) else line for line in lines]
    head = part.first("ORGANIZER") or was.first("ORGANIZER")
    first = was.first("ORGANIZER")
    if head is not None and first is not None and address_of(head) != address_of(first):
        raise NotTheirs("this is somebody else's meeting: its organizer stays")
    own = [line for line in part.lines if _own(line)]
    merged = [*lines, *([head] if head is not None else []), *own]
    if sorted(map(written, merged)) == sorted(map(written, part.lines)):
        return part
    return Component(part.name, part.at, merged, part.parts)


def _own(line: Line) -> bool:
    return line.name in OWN or line.name.startswith("X-")


def _is(line: Line, mine: People) -> bool:
    return line.name == "ATTENDEE" and address_of(line) in mine


def _with_answer(line: Line, now: Line) -> Line:
    params = {name: value for name, value in line.params.items() if not name.startswith(_MINE)}
    params.update({name: value for name, value in now.params.items() if name.startswith(_MINE)})
    return now if params == now.params and line.value == now.value else line._replace(params=params)


# --- the answer -------------------------------------------------------------------------------------------------------


def _changed(old: CalendarObject | None, new: CalendarObject, mine: People) -> list[Component]:
    """The components of which the attendee's answer is another one, and the occurrences that were taken out."""
    before = whole(old) if old is not None else {}
    found = []
    for key, part in whole(new).items():
        line = line_of(part, mine)
        was = before.get(key) or (before.get(None) if key is not None else None)
        since = line_of(was, mine) if was is not None else None
        said = partstat(since) if since is not None else "NEEDS-ACTION"
        if line is not None and partstat(line) != said:
            found.append(part)
    if old is not None:
        for key in sorted(excluded(new) - excluded(old)):
            single = before.get(key) or made(old, key)
            if single is not None and _to_decline(single, mine):
                found.append(_saying(single, mine, "DECLINED"))
    return found


def _saying(part: Component, mine: People, word: str) -> Component:
    lines = [with_params(line, PARTSTAT=word) if _is(line, mine) else line for line in part.lines]
    return Component(part.name, part.at, lines, part.parts)


_TOLD: Final = ("UID", "RECURRENCE-ID", "DTSTART", "DTEND", "DURATION", "DUE", "SUMMARY", "ORGANIZER", "COMMENT")


def _reply(read: CalendarObject, parts: Sequence[Component], mine: People) -> Component:
    """A REPLY: of each component what the organizer needs. RFC 5546 §3.2.3."""
    return wrapped(read, [_said(part, mine) for part in parts], method="REPLY")


def _said(part: Component, mine: People) -> Component:
    lines = [outward(line) for line in part.lines if line.name in _TOLD]
    own = line_of(part, mine)
    if own is not None:
        lines.append(with_params(outward(own), RSVP=None))
    lines += [outward(line) for line in part.all("ATTENDEE") if _delegate(line, mine)]
    number = str(sequence(part))
    status = Line("REQUEST-STATUS", NO_PARAMS, "2.0;Success", 0)
    stamp = part.first("DTSTAMP")
    said = Component(part.name, 0, [*([stamp] if stamp is not None else []), *lines, status])
    return with_line(said, Line("SEQUENCE", NO_PARAMS, number, 0))


def _delegate(line: Line, mine: People) -> bool:
    """Whether the attendee sends this one in their place."""
    return any(
        address_of(Line("ATTENDEE", NO_PARAMS, each, 0)) in mine for each in line.params.get("DELEGATED-FROM", ())
    )
