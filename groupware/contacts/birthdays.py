"""Birthdays and anniversaries of contacts, as events that come every year. RFC 6350 §6.2.5, §6.2.6."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from groupware.model.content import Line, escaped, folded, parse
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

    @property
    def leap(self) -> bool:
        """Whether it is 29 February."""
        return (self.month, self.day) == (2, 29)

    def on(self, year: int) -> date:
        """The day in that year."""
        return date(year, 3, 1) - _ONE if self.leap else date(year, self.month, self.day)

    def within(self, low: date, high: date) -> Sequence[date]:
        """The first three from `low` on, and before `high`."""
        begin = max(low.year, self.year or NO_YEAR)
        found = [self.on(year) for year in range(begin, min(high.year, begin + 3) + 1)]
        return [at for at in found if low <= at < high][:3]


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
    uid = hashlib.sha256(ident.encode()).hexdigest()[:32]
    begin = date(day.year or NO_YEAR, day.month, day.day)
    stamp = f"UID:{uid}\r\nDTSTAMP:{_value(max(begin, date(1970, 1, 1)))}T000000Z"
    rule = "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1" if day.leap else "RRULE:FREQ=YEARLY"
    name = escaped(day.name)
    born = f" ({day.year})" if day.year else ""
    parts = [_event(stamp, begin, rule, f"{name}: {day.what}{born}")]
    for year in range(max(since - 1, day.year + 1), since + AHEAD) if day.year else ():
        age, at = year - day.year, day.on(year)
        said = f"{name} is {age}" if day.what == BIRTHDAY else f"{name}: {day.what} ({age})"
        parts.append(_event(stamp, at, f"RECURRENCE-ID;VALUE=DATE:{_value(at)}", said))
    return "".join((_HEAD, *parts, "END:VCALENDAR\r\n")).encode()


_HEAD: Final = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Postroom//EN\r\n"


def _event(stamp: str, at: date, line: str, summary: str) -> str:
    """One VEVENT, written straight away: there are thousands of them in a large address book."""
    said = f"SUMMARY:{summary}"
    said = said if len(said) <= 75 and said.isascii() else folded(said).decode().removesuffix("\r\n")
    return (
        f"BEGIN:VEVENT\r\n{stamp}\r\nDTSTART;VALUE=DATE:{_value(at)}\r\n"
        f"DTEND;VALUE=DATE:{_value(at + _ONE)}\r\n{line}\r\n{said}\r\nTRANSP:TRANSPARENT\r\nEND:VEVENT\r\n"
    )


_ONE: Final = timedelta(days=1)


def _value(at: date) -> str:
    return f"{at.year:04}{at.month:02}{at.day:02}"
