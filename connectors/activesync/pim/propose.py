"""Another time for a meeting, proposed to its organizer by mail. RFC 5546 §3.2.7, MS-ASCMD §2.2.3.137; since 16.1."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from connectors.activesync.element import Element
from connectors.activesync.exchange import Exchange
from connectors.activesync.times import read_time
from groupware.calendar.imip import Sender, composed
from groupware.calendar.itip.people import address_of, line_of, organizer
from groupware.calendar.object import CalendarObject, read_object
from groupware.model.content import NO_PARAMS, Component, Line, escaped, serialized
from mailcore.smtp.handin import NotTaken, Submission

_KEPT: Final = ("UID", "SUMMARY", "LOCATION", "SEQUENCE", "ORGANIZER", "CLASS")


def proposed(said: Element) -> tuple[datetime, datetime] | None:
    """The time that a device proposes; None: it proposes none. ValueError."""
    inside = said.child("MeetingResponse:SendResponse") or said
    times = [
        inside.value(f"MeetingResponse:{name}") or said.value(f"MeetingResponse:{name}")
        for name in ("ProposedStartTime", "ProposedEndTime")
    ]
    if not any(times):
        return None
    begin, end = (read_time(each) for each in times)
    if begin is None or end is None or end <= begin:
        raise ValueError("ProposedStartTime and ProposedEndTime are a time and a later one")
    return begin, end


def counter(octets: bytes, mine: frozenset[str], span: tuple[datetime, datetime], instance: str, comment: str) -> bytes:
    """The COUNTER for a stored event. ValueError when there is nobody to propose it to."""
    read = read_object(octets)
    part = read.shown
    own = line_of(part, mine)
    if organizer(read) is None or own is None:
        raise ValueError("you are not invited")
    stamp = "%Y%m%dT%H%M%SZ"
    lines = [line for line in part.lines if line.name in _KEPT]
    lines += [own, Line("DTSTAMP", NO_PARAMS, datetime.now(UTC).strftime(stamp), 0)]
    lines += [Line(name, NO_PARAMS, at.strftime(stamp), 0) for name, at in zip(("DTSTART", "DTEND"), span, strict=True)]
    single = read_time(instance) if instance else None
    if single is not None:
        lines.append(Line("RECURRENCE-ID", NO_PARAMS, single.strftime(stamp), 0))
    if comment:
        lines.append(Line("COMMENT", NO_PARAMS, escaped(comment), 0))
    head = [line for line in read.calendar.lines if line.name in ("VERSION", "PRODID")]
    head.append(Line("METHOD", NO_PARAMS, "COUNTER", 0))
    return serialized([Component("VCALENDAR", 0, head, [Component("VEVENT", 0, lines)])])


async def propose(exchange: Exchange, message: bytes) -> bool:
    """Sends a COUNTER to the organizer; whether it could be."""
    read: CalendarObject = read_object(message)
    head = organizer(read)
    to = address_of(head) if head is not None else ""
    if not to:
        return False
    me = await exchange.read(lambda tx: tx.account(tx.who.account))
    letter = composed("COUNTER", read, Sender(me.address, me.name), to, exchange.parts.clock.now())
    words = [] if letter.isascii() else ["BODY=8BITMIME"]
    try:
        await exchange.hand_in(Submission(me.address, words, {to: ()}, letter))
    except NotTaken:
        return False
    return True
