"""An attendee's copy, when the organizer invites, changes, adds or calls off. RFC 5546 §3.2.2, §3.2.4, §3.2.5.

What is the attendee's own stays: alarms, categories, what clients keep in X- properties, and unless the meeting is at
another time the answer and whether it takes time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from groupware.model.content import NO_PARAMS, Component, Line

from ..object import CalendarObject
from .applied import Applied, ignored
from .instances import excluded, made, marked, overrides, sequence, times, whole, with_line, with_value, wrapped
from .people import People, address_of, line_of, outward, partstat, with_params

_KEPT: Final = ("CATEGORIES",)
_KEPT_UNLESS_MOVED: Final = ("TRANSP",)
_NOT_TAKEN: Final = ("REQUEST-STATUS",)


def request(stored: CalendarObject | None, read: CalendarObject, mine: People) -> Applied:
    """An invitation, or a change to what one is invited to."""
    if stored is None:
        parts = [_fresh(part) for part in read.parts]
        return Applied(wrapped(read, parts), said="invited", notable=True, rescheduled=True)
    before, now = whole(stored), whole(read)
    old = [key for key, part in now.items() if key in before and _stale(before[key], part)]
    if len(old) == len(now):
        return ignored("a newer version of the event is here already")
    later: dict[int | None, Component] = {}
    moved = False
    for key, part in now.items():
        was = before.get(key) or (_as_it_was(stored, key) if key is not None else None)
        if key in old:
            later[key] = before[key]
            continue
        another = was is None or _off(was) or times(was) != times(part)
        moved = moved or another
        later[key] = _taken(was, part, mine, moved=another)
    if None in now:
        _keep_absences(stored, later, read, mine)
    else:
        later = {**{key: part for key, part in before.items() if not _off(part)}, **later}
    order: list[int | None] = sorted(later, key=lambda key: (key is not None, key or 0))
    calendar = wrapped(read, [later[key] for key in order], [stored])
    why = "parts of it are older than what is here" if old else ""
    return Applied(calendar, why, said="moved" if moved else "changed", notable=True, rescheduled=moved)


def _as_it_was(stored: CalendarObject, key: int) -> Component | None:
    return made(stored, key) if stored.main is not None else None


def _stale(was: Component, part: Component) -> bool:
    """Whether what comes is older than what is there."""
    if sequence(part) != sequence(was) and not _off(was):
        return sequence(part) < sequence(was)
    return part.text("DTSTAMP") < was.text("DTSTAMP")


def _off(part: Component) -> bool:
    return part.text("STATUS").upper() == "CANCELLED"


def _fresh(part: Component) -> Component:
    """A component as a copy begins with it: alarms are for each to set."""
    lines = [outward(line) if line.name in ("ORGANIZER", "ATTENDEE") else line for line in part.lines]
    kept = [line for line in lines if line.name not in _NOT_TAKEN]
    return Component(part.name, part.at, kept, [inner for inner in part.parts if inner.name != "VALARM"])


def _taken(was: Component | None, part: Component, mine: People, *, moved: bool) -> Component:
    """The organizer's component, with what of the copy is the attendee's own."""
    fresh = _fresh(part)
    if was is None:
        return fresh
    names = {line.name for line in fresh.lines}
    own = [line for line in was.lines if line.name in _KEPT or (line.name.startswith("X-") and line.name not in names)]
    if not moved:
        own += [line for line in was.lines if line.name in _KEPT_UNLESS_MOVED]
    dropped = {line.name for line in own if not line.name.startswith("X-")}
    if moved:
        dropped |= set(_KEPT_UNLESS_MOVED)
    lines = [line for line in fresh.lines if line.name not in dropped]
    answer = line_of(was, mine)
    if answer is not None and not moved:
        lines = [_with_answer(line, answer) if _is(line, mine) else line for line in lines]
    alarms = [inner for inner in was.parts if inner.name == "VALARM"]
    return Component(part.name, part.at, [*lines, *own], [*fresh.parts, *alarms])


def _is(line: Line, mine: People) -> bool:
    return line.name == "ATTENDEE" and address_of(line) in mine


def _with_answer(line: Line, was: Line) -> Line:
    """An answer that the organizer does not know of yet crosses with the organizer's change."""
    if partstat(line) != "NEEDS-ACTION" or partstat(was) == "NEEDS-ACTION":
        return line
    return with_params(line, PARTSTAT=partstat(was), RSVP=None)


def _keep_absences(
    stored: CalendarObject, later: dict[int | None, Component], read: CalendarObject, mine: People
) -> None:
    """Occurrences that the attendee has taken out of the copy stay out, while the organizer knows of the refusal."""
    main = later[None]
    for key in sorted(excluded(stored) - excluded(read)):
        part = overrides(read).get(key)
        line = line_of(part, mine) if part is not None else None
        mark = marked(read, "EXDATE", key)
        if line is not None and partstat(line) == "DECLINED" and mark is not None:
            main = Component(main.name, main.at, [*main.lines, mark], main.parts)
            later.pop(key, None)
    later[None] = main


# --- called off -------------------------------------------------------------------------------------------------------


def cancel(stored: CalendarObject | None, read: CalendarObject) -> Applied:
    """The whole is called off, or some occurrences."""
    if stored is None:
        return ignored("there is no such event")
    before = whole(stored)
    since = max(sequence(part) for part in stored.parts)
    if max(sequence(part) for part in read.parts) < since:
        return ignored("a newer version of the event is here already")
    if read.main is not None:
        parts = [_called_off(part, read.main) for part in stored.parts]
        return Applied(wrapped(stored, parts), said="called off", notable=True)
    return _cancel_some(stored, before, read)


def _called_off(part: Component, by: Component) -> Component:
    part = with_value(part, "STATUS", "CANCELLED")
    return with_value(part, "SEQUENCE", str(max(sequence(part), sequence(by))))


def _cancel_some(stored: CalendarObject, before: Mapping[int | None, Component], read: CalendarObject) -> Applied:
    later = dict(before)
    count = 0
    for line in [found for part in read.parts if (found := part.first("RECURRENCE-ID")) is not None]:
        key = stored.series.key(line)
        single, main = later.pop(key, None), later.get(None)
        mark = marked(stored, "EXDATE", key)
        if main is not None and mark is not None and key not in excluded(stored):
            later[None] = Component(main.name, main.at, [*main.lines, mark], main.parts)
            count += 1
        elif single is not None:
            count += 1
            if not later:
                later[key] = _called_off(single, read.parts[0])
                break
    if not count:
        return ignored("it calls off an occurrence that is not there")
    return Applied(wrapped(stored, list(later.values())), said=f"{count} of its dates called off", notable=True)


# --- more of them -----------------------------------------------------------------------------------------------------


def add(stored: CalendarObject | None, read: CalendarObject, mine: People) -> Applied:
    """One more occurrence of a set."""
    start = read.shown.first("DTSTART")
    if stored is None or stored.main is None or start is None:
        return ignored("there is no such event to which it could add something")
    if sequence(read.shown) < sequence(stored.main):
        return ignored("a newer version of the event is here already")
    params = {key: value for key, value in start.params.items() if key in ("TZID", "VALUE")} or NO_PARAMS
    main = stored.main
    main = Component(main.name, main.at, [*main.lines, Line("RDATE", params, start.value, start.at)], main.parts)
    main = with_value(main, "SEQUENCE", str(sequence(read.shown)))
    part = with_line(_taken(stored.main, read.shown, mine, moved=True), Line("RECURRENCE-ID", params, start.value, 0))
    later = wrapped(stored, [main, *stored.overrides, part], [read])
    return Applied(later, said="one more date", notable=True, rescheduled=True)
