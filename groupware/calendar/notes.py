"""Notes and entries of a journal: a VJOURNAL (RFC 5545 §3.6.3) as what people write, and back.

What is not said in these words stays as the object has it; of one that recurs, the whole is shown and changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from groupware.model.content import NO_PARAMS, Component, Line, escaped, split_escaped, unescaped
from groupware.model.shape import FLAGS, Check, filled, matching, text, thing

from .jscalendar.objects import HEAD
from .object import CalendarObject

Json = dict[str, Any]
VJOURNAL: Final = "VJOURNAL"
_STAMP: Final = "%Y%m%dT%H%M%SZ"
DAY: Final = matching(r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])", "a day like 2027-01-31 is wanted")
MEMBERS: Final[Mapping[str, Check]] = {
    "@type": text,
    "uid": filled,
    "title": text,
    "text": text,
    "date": DAY,
    "keywords": FLAGS,
    "created": text,
    "updated": text,
}
NOTE: Final = thing(MEMBERS, ("uid",), closed=True)
"""`title` is SUMMARY, `text` DESCRIPTION, `date` the day of DTSTART, `keywords` CATEGORIES."""
_LINES: Final = {"title": "SUMMARY", "text": "DESCRIPTION", "date": "DTSTART", "keywords": "CATEGORIES"}


def note_of(read: CalendarObject) -> Json:
    """The note."""
    part = read.shown
    found: Json = {"@type": "Note", "uid": read.uid, "title": part.text("SUMMARY"), "text": _text(part)}
    day = part.text("DTSTART")[:8]
    if len(day) == 8 and day.isascii() and day.isdigit():
        found["date"] = f"{day[:4]}-{day[4:6]}-{day[6:]}"
    words = [unescaped(each) for line in part.all("CATEGORIES") for each in split_escaped(line.value, ",")]
    if any(each.strip() for each in words):
        found["keywords"] = {each.strip(): True for each in words if each.strip()}
    for name, line in (("created", "CREATED"), ("updated", "LAST-MODIFIED")):
        moment = _moment(part.text(line) or part.text("DTSTAMP"))
        if moment:
            found[name] = moment
    return found


def _text(part: Component) -> str:
    """There may be several descriptions in a VJOURNAL, and in nothing else."""
    return "\n\n".join(line.text for line in part.all("DESCRIPTION"))


def _moment(value: str) -> str:
    try:
        return datetime.strptime(value, _STAMP).replace(tzinfo=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except ValueError:
        return ""


def calendar_of(given: Mapping[str, Any], now: datetime) -> Component:
    """A new VCALENDAR. `ValueError` for a day that there is not."""
    stamp = now.astimezone(UTC).strftime(_STAMP)
    fixed = {"UID": escaped(given["uid"]), "DTSTAMP": stamp, "CREATED": stamp, "LAST-MODIFIED": stamp}
    lines = [Line(name, NO_PARAMS, value, 0) for name, value in fixed.items()]
    lines += [line for name in _LINES if (line := _line(name, given.get(name))) is not None]
    return Component("VCALENDAR", 0, list(HEAD), [Component(VJOURNAL, 0, lines)])


def changed(read: CalendarObject, given: Mapping[str, Any], now: datetime) -> Component:
    """The stored VCALENDAR with the lines that have to be others. `ValueError`."""
    was, part = note_of(read), read.shown
    stamp = now.astimezone(UTC).strftime(_STAMP)
    other = {name for name in _LINES if (was.get(name) or None) != (given.get(name) or None)}
    gone = {"LAST-MODIFIED", "DTSTAMP", *(_LINES[name] for name in other)}
    lines = [line for line in part.lines if line.name not in gone]
    lines += [Line(name, NO_PARAMS, stamp, 0) for name in ("DTSTAMP", "LAST-MODIFIED")]
    lines += [line for name in sorted(other) if (line := _line(name, given.get(name))) is not None]
    new = Component(part.name, 0, lines, part.parts)
    return Component(
        "VCALENDAR", 0, read.calendar.lines, [new if each is part else each for each in read.calendar.parts]
    )


def _line(name: str, value: Any) -> Line | None:
    if not value:
        return None
    if name == "date":
        day = datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=UTC)
        return Line("DTSTART", {"VALUE": ("DATE",)}, day.strftime("%Y%m%d"), 0)
    if name == "keywords":
        return Line("CATEGORIES", NO_PARAMS, ",".join(map(escaped, value)), 0)
    return Line(_LINES[name], NO_PARAMS, escaped(value), 0)
