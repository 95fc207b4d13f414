"""Birthdays and anniversaries of contacts, as events that come every year. RFC 6350 §6.2.5, §6.2.6."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from groupware.model.content import NO_PARAMS, Component, Line, escaped, parse, serialized
from groupware.model.errors import Malformed

from .card import structured
from .versions.dates import LEAP, to_four
from .versions.pairs import OMITTED

BIRTHDAY, ANNIVERSARY = "birthday", "anniversary"
NO_YEAR: Final = 1972
"""Where an event begins of which the year is not known: a leap year."""
STEP: Final = 5
"""The years that ages are told for change once in so many years."""
AHEAD: Final = 10
LATEST: Final = 2200
"""A birth later than that is none."""
_NAMES: Final = {
    "BDAY": BIRTHDAY,
    "ANNIVERSARY": ANNIVERSARY,
    "X-ANNIVERSARY": ANNIVERSARY,
    "X-EVOLUTION-ANNIVERSARY": ANNIVERSARY,
    "X-KADDRESSBOOK-X-ANNIVERSARY": ANNIVERSARY,
}
_WORTH: Final = re.compile(rb"^(?:[\w-]+\.)?(?:BDAY|ANNIVERSARY|X-[\w-]*ANNIVERSARY)\b", re.IGNORECASE | re.MULTILINE)
_WHOLE: Final = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T.*)?")
_NO_YEAR: Final = re.compile(r"--(\d\d)(\d\d)(?:T.*)?")
_SAID: Final = {BIRTHDAY: ("{name}: birthday", "{name} is {age}"), ANNIVERSARY: ("{name}: anniversary",) * 2}


@dataclass(frozen=True, slots=True)
class Day:
    """A day of a contact's that comes every year."""

    what: str
    """`birthday` or `anniversary`."""
    name: str
    month: int
    day: int
    year: int = 0
    """0: not known."""


def days_of(octets: bytes) -> tuple[Day, ...]:
    """The days that a card names, one of each kind; what cannot be read as a day is left out."""
    if not _WORTH.search(octets):
        return ()
    try:
        card = parse(octets)[0]
    except (Malformed, IndexError):
        return ()
    name = card.text("FN") or structured(card.text("N")) or card.text("ORG")
    found: dict[str, Day] = {}
    for line in card.lines:
        what = _NAMES.get(line.name)
        day = _day(what, name.strip(), line) if what is not None and what not in found else None
        if day is not None:
            found[day.what] = day
    return tuple(found.values())


def _day(what: str, name: str, line: Line) -> Day | None:
    value = to_four(line).value.strip()
    whole, yearless = _WHOLE.fullmatch(value), _NO_YEAR.fullmatch(value)
    try:
        if whole is not None:
            at = date(int(whole[1]), int(whole[2]), int(whole[3]))
            if at.year > LATEST:
                return None
            known = at.year > int(LEAP) and not line.param(OMITTED)
            return Day(what, name, at.month, at.day, at.year if known else 0)
        if yearless is not None:
            at = date(NO_YEAR, int(yearless[1]), int(yearless[2]))
            return Day(what, name, at.month, at.day)
    except ValueError:
        return None
    return None


def period(today: date) -> int:
    """The first of the years that ages are told for: another one every `STEP` years."""
    return today.year - today.year % STEP


def event(day: Day, ident: str, since: int) -> bytes:
    """The day as a calendar object; `since`: the `period` of which ages are told.

    Somebody born on 29 February has the last day of February in other years.
    """
    leap = (day.month, day.day) == (2, 29)
    begin = date(day.year or NO_YEAR, day.month, day.day)
    uid = hashlib.sha256(ident.encode()).hexdigest()[:32]
    rule = "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1" if leap else "FREQ=YEARLY"
    known = f" ({day.year})" if day.year else ""
    summary = _SAID[day.what][0].format(name=day.name) + known
    parts = [_event(uid, begin, begin, summary, [("RRULE", rule)])]
    for at, age in _told(day, since):
        text = _SAID[day.what][1].format(name=day.name, age=age) + (f" ({age})" if day.what == ANNIVERSARY else "")
        parts.append(_event(uid, begin, at, text, [("RECURRENCE-ID", at)]))
    head = [Line(name, NO_PARAMS, value, 0) for name, value in (("VERSION", "2.0"), ("PRODID", "-//Postroom//EN"))]
    return serialized([Component("VCALENDAR", 0, head, parts)])


def _told(day: Day, since: int) -> Iterator[tuple[date, int]]:
    """The days of which the age is told, and the age."""
    for year in range(max(since - 1, day.year + 1), since + AHEAD) if day.year else ():
        if (day.month, day.day) == (2, 29):
            yield date(year, 3, 1) - timedelta(days=1), year - day.year
        else:
            yield date(year, day.month, day.day), year - day.year


def _event(uid: str, begin: date, at: date, summary: str, more: list[tuple[str, date | str]]) -> Component:
    lines = [
        Line("UID", NO_PARAMS, uid, 0),
        Line("DTSTAMP", NO_PARAMS, f"{max(begin, date(1970, 1, 1)):%Y%m%d}T000000Z", 0),
        _date("DTSTART", at),
        _date("DTEND", at + timedelta(days=1)),
        *[_date(name, said) if isinstance(said, date) else Line(name, NO_PARAMS, said, 0) for name, said in more],
        Line("SUMMARY", NO_PARAMS, escaped(summary), 0),
        Line("TRANSP", NO_PARAMS, "TRANSPARENT", 0),
    ]
    return Component("VEVENT", 0, lines)


def _date(name: str, at: date) -> Line:
    return Line(name, {"VALUE": ("DATE",)}, f"{at.year:04}{at.month:02}{at.day:02}", 0)
