"""What an organizer's change means for those who are invited. RFC 5546 §3.2, RFC 6638 §3.2.1.

1. Somebody is told only of what concerns them: an occurrence to which they are not invited is taken out of their set.
2. Only what matters is told: who has changed an alarm, or somebody's answer, tells nobody.
3. Other times mean that every answer is asked for anew, under a higher SEQUENCE.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from groupware.model.content import Component, Line

from ..object import CalendarObject
from .instances import (
    excluded,
    marked,
    overrides,
    rescheduled,
    sequence,
    whole,
    with_value,
    without,
    wrapped,
)
from .people import People, address, address_of, attendees, by_server, line_of, outward, partstat, with_params

MOST_SINGLE: Final = 20
"""Occurrences that are called off one by one; when there are more, the whole set is told anew."""
_SAYS_NOTHING: Final = frozenset(
    {"DTSTAMP", "CREATED", "LAST-MODIFIED", "SEQUENCE", "TRANSP", "REQUEST-STATUS", "ACKNOWLEDGED", "RELATED-TO"}
)
_ANSWER: Final = ("PARTSTAT", "DELEGATED-TO", "SCHEDULE-STATUS")
"""What the server writes to an attendee when they answer."""
_ANSWERS: Final = ("PARTSTAT", "SCHEDULE-AGENT", "SCHEDULE-STATUS", "SCHEDULE-FORCE-SEND", "X-NUM-GUESTS")


class Notice(NamedTuple):
    """What one calendar user is to be told."""

    method: str
    to: str
    """The address."""
    calendar: Component
    """The whole iTIP message."""
    quiet: bool = False
    """Only what others have answered has changed: no message, the copy is brought up to date."""


@dataclass(frozen=True, slots=True)
class Share:
    """What of an object concerns one attendee."""

    main: Component | None
    single: dict[int, Component]
    out: frozenset[int]
    """Occurrences of `main` that do not concern the attendee, or are not there any more."""

    @property
    def parts(self) -> list[Component]:
        """The whole first."""
        return [*([self.main] if self.main is not None else []), *self.single.values()]


def share(read: CalendarObject, who: People) -> Share:
    """What concerns these addresses: the whole, and the occurrences that they are invited to."""
    if read.main is not None and _off(read.main):
        return Share(None, {}, frozenset())
    main = read.main if read.main is not None and line_of(read.main, who) is not None else None
    single, out = {}, set(excluded(read)) if main is not None else set[int]()
    for key, part in overrides(read).items():
        if line_of(part, who) is not None and not _off(part):
            single[key] = part
        elif main is not None:
            out.add(key)
    return Share(main, single, frozenset(out))


def _off(part: Component) -> bool:
    return part.text("STATUS").upper() == "CANCELLED"


# --- the organizer's own object ---------------------------------------------------------------------------------------


def prepared(old: CalendarObject | None, new: CalendarObject, mine: People) -> Component:
    """The new object as it is kept: with a SEQUENCE that says what has changed, and answers asked for anew."""
    if old is None:
        return new.calendar
    before = whole(old)
    changed = {id(part): _prepared(old, before, new, key, part, mine) for key, part in whole(new).items()}
    return _with_parts(new, changed)


def _prepared(
    old: CalendarObject,
    before: Mapping[int | None, Component],
    new: CalendarObject,
    key: int | None,
    part: Component,
    mine: People,
) -> Component:
    was = before.get(key)
    base = was or (before.get(None) if key is not None else None)
    if base is None:
        return part
    number, since = sequence(part), sequence(base)
    moved = rescheduled(old, was, new, part)
    if moved or (_off(part) and not _off(base)):
        number = max(number, since + 1)
    number = max(number, since)
    if number != sequence(part):
        part = with_value(part, "SEQUENCE", str(number))
    return _asked_anew(part, mine) if moved else part


def _asked_anew(part: Component, mine: People) -> Component:
    lines = [
        with_params(line, PARTSTAT="NEEDS-ACTION")
        if line.name == "ATTENDEE" and address_of(line) not in mine and line.param("PARTSTAT")
        else line
        for line in part.lines
    ]
    return Component(part.name, part.at, lines, part.parts)


def answers_kept(stored: CalendarObject, new: CalendarObject, mine: People, *, given: bool = False) -> Component:
    """The new object with the answers that have come since its maker read the stored one. RFC 6638 §3.2.10.

    `given`: what it says of somebody's answer counts where it says something, for it may be what its maker has heard.
    Who has joined by an answer, sent by an attendee or as one of a group, stays with those whom they came by.
    """
    before, changed = whole(stored), {}
    for key, part in whole(new).items():
        was = before.get(key)
        base = was or (before.get(None) if key is not None else None)
        if base is not None and not rescheduled(stored, was, new, part):
            answered = _answered(part, base, mine, given=given)
            changed[id(part)] = _joined(answered, base) if given else answered
    return _with_parts(new, changed)


def _with_parts(new: CalendarObject, changed: Mapping[int, Component]) -> Component:
    """The calendar with these in the place of its components; itself, when they are the same."""
    parts = [changed.get(id(part), part) for part in new.calendar.parts]
    if all(one is other for one, other in zip(parts, new.calendar.parts, strict=True)):
        return new.calendar
    return Component("VCALENDAR", new.calendar.at, new.calendar.lines, parts)


def _answered(part: Component, was: Component, mine: People, *, given: bool) -> Component:
    known = {address_of(line): line for line in was.all("ATTENDEE") if address_of(line) not in mine}
    lines = []
    for line in part.lines:
        stored = known.get(address_of(line)) if line.name == "ATTENDEE" else None
        counts = stored is not None and (not given or _unheard(line, stored))
        lines.append(_with_answer(line, stored) if stored is not None and counts else line)
    same = all(one is other for one, other in zip(lines, part.lines, strict=True))
    return part if same else Component(part.name, part.at, lines, part.parts)


def _unheard(line: Line, stored: Line) -> bool:
    """Whether somebody has answered, and the line does not say so."""
    return partstat(line) == "NEEDS-ACTION" != partstat(stored)


def _with_answer(line: Line, stored: Line) -> Line:
    return with_params(line, **{name: stored.param(name) or None for name in _ANSWER})


def _joined(part: Component, was: Component) -> Component:
    there = {address_of(line) for line in part.all("ATTENDEE")}
    new = [
        line
        for line in was.all("ATTENDEE")
        if address_of(line) not in there
        and not there.isdisjoint((address(line.param("MEMBER")), address(line.param("DELEGATED-FROM"))))
    ]
    return Component(part.name, part.at, [*part.lines, *new], part.parts) if new else part


# --- whom to tell -----------------------------------------------------------------------------------------------------


def told(old: CalendarObject | None, new: CalendarObject | None, mine: People) -> Iterator[Notice]:
    """What is to be told to whom when an object of one's own is made, changed or (`new` None) taken away."""
    before = attendees(old.parts) if old is not None else {}
    now = attendees(new.parts) if new is not None else {}
    for who in dict.fromkeys([*now, *before]):
        line = now.get(who) or before[who]
        if who not in mine and by_server(line):
            yield from _told(old, new, who, line)


def _told(old: CalendarObject | None, new: CalendarObject | None, who: str, line: Line) -> Iterator[Notice]:
    was = share(old, frozenset({who})) if old is not None else Share(None, {}, frozenset())
    is_ = share(new, frozenset({who})) if new is not None else Share(None, {}, frozenset())
    if old is not None and was.parts and (not is_.parts or (was.main is not None and is_.main is None)):
        yield _cancel(old, who, was.parts, _number(old, new, was.parts))
    if new is None or not is_.parts:
        return
    if old is None or not was.parts or (was.main is None) != (is_.main is None):
        yield _request(new, who, is_)
        return
    gone = _gone(was, is_)
    force = line.param("SCHEDULE-FORCE-SEND").upper() == "REQUEST"
    if force or _differ(was, is_) or len(gone) > MOST_SINGLE:
        yield _request(new, who, is_)
    elif gone:
        singles = [part for key in gone if (part := _single(old, was, key)) is not None]
        yield _cancel(new, who, singles, _number(old, new, singles))
        yield _request(new, who, is_)._replace(quiet=True)
    elif _answers(was) != _answers(is_):
        yield _request(new, who, is_)._replace(quiet=True)
    if is_.main is None and (force or _differ(was, is_)) and gone:
        singles = [was.single[key] for key in gone]
        yield _cancel(new, who, singles, _number(old, new, singles))


def _gone(was: Share, is_: Share) -> list[int]:
    """Occurrences that do not concern the attendee any more."""
    if is_.main is None:
        return sorted(was.single.keys() - is_.single.keys())
    return sorted(is_.out - was.out)


def _single(old: CalendarObject, was: Share, key: int) -> Component | None:
    """A component for an occurrence that is called off."""
    if key in was.single:
        return was.single[key]
    mark = marked(old, "RECURRENCE-ID", key)
    if was.main is None or mark is None:
        return None
    start = Line("DTSTART", mark.params, mark.value, mark.at)
    rest = without(was.main, *("RRULE", "RDATE", "EXDATE", "DTSTART", "DTEND", "DUE"))
    return Component(rest.name, rest.at, [*rest.lines, mark, start], rest.parts)


def _differ(was: Share, is_: Share) -> bool:
    """Whether something has changed that the attendee has to know of, but for occurrences that are gone."""
    pairs: list[tuple[Component | None, Component | None]] = [(was.main, is_.main)]
    if not is_.single.keys() <= was.single.keys() or was.out - is_.out:
        return True
    pairs += [(was.single[key], part) for key, part in is_.single.items()]
    if is_.main is not None and was.single.keys() - is_.single.keys() - is_.out:
        return True  # an occurrence is again as the rule has it
    return any(_key(one) != _key(other) for one, other in pairs)


def _key(part: Component | None) -> Sequence[object]:
    if part is None:
        return ()
    return sorted(
        (line.name, line.value, sorted((name, *value) for name, value in line.params.items() if name not in _ANSWERS))
        for line in part.lines
        if line.name not in _SAYS_NOTHING and line.name != "EXDATE" and not line.name.startswith("X-")
    )


def _answers(has: Share) -> Sequence[object]:
    return [
        (sequence(part), sorted((address_of(line), line.param("PARTSTAT")) for line in part.all("ATTENDEE")))
        for part in has.parts
    ]


# --- the messages -----------------------------------------------------------------------------------------------------


def _request(read: CalendarObject, who: str, has: Share) -> Notice:
    parts = [_outward(part) for part in has.single.values()]
    if has.main is not None:
        main = without(_outward(has.main), "EXDATE") if has.out - excluded(read) else _outward(has.main)
        if main.lines and has.out - excluded(read):
            marks = [mark for key in sorted(has.out) if (mark := marked(read, "EXDATE", key)) is not None]
            main = Component(main.name, main.at, [*main.lines, *marks], main.parts)
        parts.insert(0, main)
    return Notice("REQUEST", who, wrapped(read, parts, method="REQUEST"))


def _cancel(read: CalendarObject, who: str, parts: Sequence[Component], number: int) -> Notice:
    """Calls components off, under that SEQUENCE."""
    inside = [with_value(_outward(without(part, "STATUS")), "SEQUENCE", str(number)) for part in parts]
    parts = [with_value(part, "STATUS", "CANCELLED") for part in inside]
    return Notice("CANCEL", who, wrapped(read, parts, method="CANCEL"))


def _number(old: CalendarObject, new: CalendarObject | None, parts: Sequence[Component]) -> int:
    """The SEQUENCE under which components are called off: at least theirs, and one more when nothing is left."""
    read = old if new is None else new
    return max(sequence(part) for part in (*read.parts, *parts)) + (new is None)


def request(read: CalendarObject, who: str) -> Notice | None:
    """The whole as one attendee has it, for a REFRESH; None when it does not concern them."""
    has = share(read, frozenset({who}))
    return _request(read, who, has) if has.parts else None


def _outward(part: Component) -> Component:
    """A component as others get it: without what is between its maker and the server."""
    lines = [
        outward(line) if line.name in ("ATTENDEE", "ORGANIZER") else line
        for line in part.lines
        if not line.name.startswith("X-MOZ-")
    ]
    return Component(part.name, part.at, lines, [inner for inner in part.parts if inner.name != "VALARM"])
