"""Invitations and answers as mail: what people read, and what their calendars read. RFC 6047."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from secrets import token_hex
from typing import Final

from groupware.mime.compose import address_line, format_date, header_line, mailbox, message_id
from groupware.model.content import Component, Line

from .itip.people import address_of, attendees, partstat
from .object import CalendarObject
from .rule import parse_rule
from .series import When, length, when
from .values import DAY
from .vtimezone import with_zones

_SUBJECTS: Final = {
    "REQUEST": "Invitation",
    "CANCEL": "Called off",
    "COUNTER": "Another time proposed",
    "DECLINECOUNTER": "The time stays",
    "REFRESH": "Asked for anew",
    "ADD": "One more date",
}
_ANSWERS: Final = {
    "ACCEPTED": ("Accepted", "accepts"),
    "DECLINED": ("Declined", "declines"),
    "TENTATIVE": ("Tentative", "may come to"),
    "DELEGATED": ("Delegated", "sends somebody else to"),
}
_SAYS: Final = {
    "REQUEST": "{who} invites you to:",
    "CANCEL": "{who} has called this off:",
    "COUNTER": "{who} proposes another time for:",
    "DECLINECOUNTER": "{who} keeps to the time of:",
    "REFRESH": "{who} asks for the newest version of:",
    "ADD": "{who} adds a date to:",
}
_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_STEPS: Final = {"DAILY": "day", "WEEKLY": "week", "MONTHLY": "month", "YEARLY": "year", "HOURLY": "hour"}
MOST_PEOPLE: Final = 50
MOST_TEXT: Final = 20_000


@dataclass(frozen=True, slots=True)
class Sender:
    """In whose name a message goes out."""

    address: str
    name: str
    by: str = ""
    """Who acts for them: the address of a deputy."""


def composed(method: str, read: CalendarObject, sender: Sender, to: str, now: datetime) -> bytes:
    """The mail: multipart/alternative with words, and with the message itself."""
    mark = f"=_{token_hex(16)}"
    lines = [
        address_line("From", [mailbox(sender.name, sender.address)]),
        *([address_line("Sender", [mailbox("", sender.by)])] if sender.by else []),
        address_line("To", [mailbox(_name_of(read, to), to)]),
        address_line("Reply-To", [mailbox(sender.name, sender.address)]),
        header_line("Subject", subject(method, read)),
        header_line("Date", format_date(now)),
        header_line("Message-ID", message_id(sender.address.rpartition("@")[2])),
        header_line("MIME-Version", "1.0"),
        f'Content-Type: multipart/alternative; boundary="{mark}"\r\n\r\n'.encode(),
    ]
    words = "\r\n".join(text(method, read, sender)).encode("utf-8", "replace")
    kind = f"text/calendar; charset=utf-8; method={method}"
    parts = [_part(mark, "text/plain; charset=utf-8", words), _part(mark, kind, with_zones(read.octets))]
    return b"".join([*lines, *parts, f"--{mark}--\r\n".encode()])


def to_approver(read: CalendarObject, room: Sender, to: str, by: str, now: datetime) -> bytes:
    """The letter that asks for approval of a booking."""
    name = room.name or room.address
    title = _title(read)
    words = [
        f"{by} would like to book {name}:",
        "",
        f"  {title}",
        "",
        *(f"{label + ':':<8} {text_}" for label, text_ in _facts(read, read.shown)),
        "",
        f"The booking is in the calendar of {room.address}: accept or decline it there.",
    ]
    return _plain(room, to, f"Booking of {name} to approve: {title}", words, now)


def passed_on(read: CalendarObject, me: Sender, people: Sequence[str], to: str, now: datetime) -> bytes:
    """The letter that tells an organizer who has been sent the invitation besides."""
    who = me.name or me.address
    words = [
        f"{who} has passed your invitation on to {', '.join(people[:MOST_PEOPLE])}:",
        "",
        f"  {_title(read)}",
        "",
        *(f"{label + ':':<8} {text_}" for label, text_ in _facts(read, read.shown)),
    ]
    return _plain(me, to, f"Meeting Forward Notification: {_title(read)}", words, now)


def _title(read: CalendarObject) -> str:
    return read.shown.text("SUMMARY").replace("\n", " ").strip() or "(without a title)"


def _plain(sender: Sender, to: str, title: str, words: Sequence[str], now: datetime) -> bytes:
    """A letter of the server's own, in words alone."""
    lines = [
        address_line("From", [mailbox(sender.name, sender.address)]),
        address_line("To", [mailbox("", to)]),
        header_line("Subject", title),
        header_line("Date", format_date(now)),
        header_line("Message-ID", message_id(sender.address.rpartition("@")[2])),
        header_line("Auto-Submitted", "auto-generated"),
        header_line("MIME-Version", "1.0"),
        b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n",
    ]
    return b"".join(lines) + "".join(f"{line}\r\n" for line in words).encode("utf-8", "replace")


def _part(mark: str, kind: str, octets: bytes) -> bytes:
    body = base64.encodebytes(octets).replace(b"\n", b"\r\n")
    return f"--{mark}\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\n\r\n".encode() + body + b"\r\n"


def _name_of(read: CalendarObject, to: str) -> str:
    line = attendees(read.parts).get(to)
    return line.param("CN") if line is not None and "@" not in line.param("CN") else ""


def subject(method: str, read: CalendarObject) -> str:
    """What the mail is called."""
    title = _title(read)
    if method == "REPLY":
        return f"{_ANSWERS.get(_answer(read), ('Answer', ''))[0]}: {title}"
    return f"{_SUBJECTS.get(method, 'Calendar')}: {title}"


def _answer(read: CalendarObject) -> str:
    line = read.shown.first("ATTENDEE")
    return partstat(line) if line is not None else ""


def text(method: str, read: CalendarObject, sender: Sender) -> Iterator[str]:
    """The mail in words, line by line."""
    part = read.shown
    who = sender.name or sender.address
    if method == "REPLY":
        yield f"{who} {_ANSWERS.get(_answer(read), ('', 'answers to'))[1]}:"
    else:
        yield _SAYS.get(method, "{who} writes about:").format(who=who)
    yield ""
    yield f"  {part.text('SUMMARY') or '(without a title)'}"
    yield ""
    for title, words in _facts(read, part):
        yield f"{title + ':':<8} {words}"
    comment = part.text("COMMENT")
    if comment:
        yield from ("", *comment[:MOST_TEXT].split("\n"))
    description = part.text("DESCRIPTION")
    if description and method in ("REQUEST", "ADD"):
        yield from ("", *description[:MOST_TEXT].split("\n"))
    if sender.by:
        yield from ("", f"Sent by {sender.by} on behalf of {who}.")


def _facts(read: CalendarObject, part: Component) -> Iterator[tuple[str, str]]:
    if part.first("DTSTART") is not None:
        yield "When", in_words(read, part)
    rules = [recurrence(line.value) for line in part.all("RRULE")]
    if rules:
        yield "Repeats", "; ".join(rules)
    if part.text("LOCATION"):
        yield "Where", part.text("LOCATION").replace("\n", ", ")
    people = [_person(line) for line in part.all("ATTENDEE")]
    if people:
        more = f" and {len(people) - MOST_PEOPLE} more" if len(people) > MOST_PEOPLE else ""
        yield "Who", ", ".join(people[:MOST_PEOPLE]) + more


def _person(line: Line) -> str:
    return line.param("CN") or address_of(line) or line.value[:100]


def in_words(read: CalendarObject, part: Component) -> str:
    """When a component takes place: `Tuesday, 1 December 2026, 10:00 to 11:00 (Europe/Berlin)`."""
    line = part.first("DTSTART")
    if line is None:
        return ""
    begin = when(line, read.zones)
    end = begin.at + length(part, begin, read.zones)
    if begin.day:
        last = end - DAY
        return _date(begin.at) if last <= begin.at else f"{_date(begin.at)} to {_date(last)}"
    until = f"{end:%H:%M}" if end.date() == begin.at.date() else f"{_date(end)}, {end:%H:%M}"
    zone = _zone(line, begin)
    return f"{_date(begin.at)}, {begin.at:%H:%M}{f' to {until}' if end > begin.at else ''}{zone}"


def _zone(line: Line, begin: When) -> str:
    name = line.param("TZID") or ("UTC" if begin.zone is UTC else "")
    return f" ({name})" if name else ""


def _date(at: datetime) -> str:
    return f"{_WEEKDAYS[at.weekday()]}, {at.day} {_MONTHS[at.month - 1]} {at.year}"


def recurrence(rule: str) -> str:
    """A rule in words, as far as that is short: `every 2 weeks on Monday, until 31 December 2026`."""
    read = parse_rule(rule)
    step = _STEPS.get(read.freq, read.freq.lower())
    words = f"every {step}" if read.interval == 1 else f"every {read.interval} {step}s"
    if read.days and read.freq == "WEEKLY":
        words += f" on {_listed([_WEEKDAYS[day] for _, day in read.days])}"
    if read.count is not None:
        words += f", {read.count} times"
    if read.until:
        words += f", until {int(read.until[6:8])} {_MONTHS[int(read.until[4:6]) - 1]} {read.until[:4]}"
    return words


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
