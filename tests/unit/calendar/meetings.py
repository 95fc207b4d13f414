"""Meetings as clients write them, and a small house where iTIP messages go round without a store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from groupware.calendar.itip import organizer
from groupware.calendar.itip.attendee import answered, declined
from groupware.calendar.itip.incoming import Message, applied
from groupware.calendar.itip.instances import whole
from groupware.calendar.itip.octets import rendered
from groupware.calendar.itip.people import address_of, partstat
from groupware.calendar.object import CalendarObject, read_object
from groupware.model.content import Component

CHAIR, BOB, CARL = "chair@x.test", "bob@x.test", "carl@x.test"


def part(*lines: str, who: Sequence[str] = (BOB, CARL), start: str = "DTSTART:20261201T100000Z", seq: int = 0) -> str:
    inside = ["UID:m1", "DTSTAMP:20260101T000000Z", f"SEQUENCE:{seq}", start, *lines]
    inside += [f"ORGANIZER;CN=Chair:mailto:{CHAIR}", f"ATTENDEE;PARTSTAT=ACCEPTED:mailto:{CHAIR}"]
    inside += [f"ATTENDEE;RSVP=TRUE:mailto:{each}" if "@" in each and ":" not in each else each for each in who]
    return "\r\n".join(["BEGIN:VEVENT", *inside, "END:VEVENT", ""])


def meeting(*parts: str) -> CalendarObject:
    body = "".join(parts or (part("DURATION:PT1H", "SUMMARY:Meeting"),))
    return read_object(f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:test\r\n{body}END:VCALENDAR\r\n".encode())


def message(method: str, *parts: str) -> CalendarObject:
    read = meeting(*parts)
    return read_object(read.octets.replace(b"PRODID:test", b"PRODID:test\r\nMETHOD:" + method.encode()))


def as_object(calendar: Component, *sources: CalendarObject) -> CalendarObject:
    return read_object(rendered(calendar, *sources))


def answers(read: CalendarObject | None) -> dict[tuple[int | None, str], str]:
    """Who comes to which occurrence."""
    if read is None:
        return {}
    return {
        (key, address_of(line)): partstat(line) for key, each in whole(read).items() for line in each.all("ATTENDEE")
    }


@dataclass
class Room:
    """What the chair and those who are invited have of one meeting."""

    own: CalendarObject | None = None
    copies: dict[str, CalendarObject] = field(default_factory=dict)
    sent: list[tuple[str, str]] = field(default_factory=list)
    """(method, to) of what was told, but for what is quiet."""

    def put(self, new: CalendarObject) -> None:
        """The chair's client stores the meeting."""
        kept = as_object(organizer.prepared(self.own, new, frozenset({CHAIR})), new)
        self._tell(self.own, kept)
        self.own = kept

    def delete(self) -> None:
        self._tell(self.own, None)
        self.own = None

    def _tell(self, old: CalendarObject | None, new: CalendarObject | None, *, quiet: bool = False) -> None:
        for notice in organizer.told(old, new, frozenset({CHAIR})):
            if not (quiet or notice.quiet):
                self.sent.append((notice.method, notice.to))
            read = as_object(notice.calendar, *[each for each in (old, new) if each is not None])
            stored = self.copies.get(notice.to)
            got = applied(stored, Message(notice.method, read, frozenset({notice.to})))
            if got.calendar is not None:
                self.copies[notice.to] = as_object(got.calendar, read, *([stored] if stored is not None else []))

    def change(self, who: str, new: CalendarObject | None) -> None:
        """Somebody who is invited stores another copy, or takes it away."""
        old, mine = self.copies.get(who), frozenset({who})
        if new is None:
            assert old is not None
            del self.copies[who]
            got = declined(old, mine)
        else:
            got = answered(old, new, mine)
            self.copies[who] = as_object(got.calendar, new, *([old] if old is not None else []))
        if got is None or got.reply is None:
            return
        self.sent.append(("REPLY", got.to))
        source = [each for each in (old, new) if each is not None]
        back = applied(self.own, Message("REPLY", as_object(got.reply, *source), frozenset({CHAIR})))
        if back.calendar is not None and self.own is not None:
            was, self.own = self.own, as_object(back.calendar, self.own)
            self._tell(was, self.own, quiet=True)

    def says(self, who: str, word: str) -> None:
        """Somebody's client answers to the whole."""
        lines = self.copies[who].octets.decode().replace("\r\n ", "").split("\r\n")
        out = []
        for line in lines:
            if line.startswith("ATTENDEE") and line.endswith(who):
                line = f"ATTENDEE;PARTSTAT={word}:mailto:{who}"
            out.append(line)
        self.change(who, read_object("\r\n".join(out).encode()))
