"""What an iTIP message makes of the object that it is about. RFC 5546 §3.

Nothing is refused: a message that changes nothing says why, and that is kept where people can read it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from ..object import CalendarObject
from .answers import reply
from .applied import Applied, ignored
from .copies import add, cancel, request
from .organizer import request as request_for
from .people import People, address_of, attendees, line_of, organizer, sent_by

FOR_ATTENDEES: Final = ("REQUEST", "CANCEL", "ADD", "DECLINECOUNTER")
FOR_ORGANIZERS: Final = ("REPLY", "REFRESH", "COUNTER")
PUBLISH: Final = "PUBLISH"
METHODS: Final = (*FOR_ATTENDEES, *FOR_ORGANIZERS, PUBLISH)


@dataclass(frozen=True, slots=True)
class Message:
    """An iTIP message for one calendar user."""

    method: str
    read: CalendarObject
    mine: People
    """Whose object it is applied to."""
    sender: str = ""
    """From whom the message comes, where that says something: the writer of the mail. "": from inside, checked."""
    senders: People = frozenset()
    """All addresses of the sender that are known."""
    groups: People = frozenset()
    """Addresses of groups that are invited and have the sender in them."""


def method_of(read: CalendarObject) -> str:
    """METHOD, in capitals; "" when it is no message."""
    return read.calendar.text("METHOD").strip().upper()


def applied(stored: CalendarObject | None, message: Message) -> Applied:
    """What becomes of the object, None: of there being none."""
    step = _STEPS.get(message.method)
    if step is None:
        return ignored(f"METHOD {message.method[:30]!r} is none that this server knows")
    wrong = _stranger(stored, message)
    return ignored(wrong) if wrong else step(stored, message)


def _stranger(stored: CalendarObject | None, message: Message) -> str:
    """Why the sender has no say here; "" when they have."""
    if not message.sender or message.method == PUBLISH:
        return ""
    senders = message.senders | {message.sender}
    head = organizer(stored) if stored is not None else organizer(message.read)
    if message.method in FOR_ATTENDEES:
        allowed = {address_of(head), sent_by(head)} if head is not None else set[str]()
        return "" if senders & allowed else f"{message.sender} wrote it, who is not the organizer"
    named = attendees(message.read.parts)
    known = set(named) | {sent_by(line) for line in named.values()}
    if stored is not None:
        known |= set(attendees(stored.parts))
    return "" if senders & known else f"{message.sender} wrote it, who is not the attendee that it speaks of"


def _request(stored: CalendarObject | None, message: Message) -> Applied:
    return request(stored, message.read, message.mine)


def _cancel(stored: CalendarObject | None, message: Message) -> Applied:
    return cancel(stored, message.read)


def _add(stored: CalendarObject | None, message: Message) -> Applied:
    return add(stored, message.read, message.mine)


def _reply(stored: CalendarObject | None, message: Message) -> Applied:
    senders = message.senders | ({message.sender} - {""})
    return reply(stored, message.read, senders, message.groups, from_mail=bool(message.sender))


def _refresh(stored: CalendarObject | None, message: Message) -> Applied:
    if stored is None:
        return ignored("there is no such event any more")
    asking = [each for each in attendees(message.read.parts) if each not in message.mine]
    who = next((each for each in (message.sender, *asking) if each in attendees(stored.parts)), "")
    notice = request_for(stored, who)
    if notice is None:
        return ignored("who asks for it is not invited")
    return Applied(None, answer=notice, said=f"{who} asked for the event anew")


def _counter(stored: CalendarObject | None, message: Message) -> Applied:
    """A proposal: the organizer decides about it, and until then nothing changes."""
    if stored is None:
        return ignored("there is no such event any more")
    who = message.sender or ", ".join(attendees(message.read.parts))
    start = message.read.shown.first("DTSTART")
    comment = message.read.shown.text("COMMENT")
    at = f" at {start.value}" if start is not None else ""
    return Applied(None, said=f"{who} proposes another time{at}{': ' + comment if comment else ''}", notable=True)


def _publish(_: CalendarObject | None, message: Message) -> Applied:
    return ignored("it is published to whoever wants it, and invites nobody: bring it in from the mail")


def _decline_counter(stored: CalendarObject | None, message: Message) -> Applied:
    if stored is None or not any(line_of(part, message.mine) for part in stored.parts):
        return ignored("there is no such event")
    comment = message.read.shown.text("COMMENT")
    return Applied(None, said=f"the organizer keeps to the time{': ' + comment if comment else ''}", notable=True)


_STEPS: Final[Mapping[str, Callable[[CalendarObject | None, Message], Applied]]] = {
    "REQUEST": _request,
    "CANCEL": _cancel,
    "ADD": _add,
    "REPLY": _reply,
    "REFRESH": _refresh,
    "COUNTER": _counter,
    "DECLINECOUNTER": _decline_counter,
    PUBLISH: _publish,
}
