"""The scheduling inbox and outbox: where messages come in, and where one asks when others are busy. RFC 6638 §2, §5."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

from starlette.responses import Response

from connectors.dav import xml
from connectors.dav.errors import DavError
from connectors.dav.propfind import XML_TYPE
from connectors.dav.request import Exchange
from groupware.calendar.busy import FLOAT, Range, intervals, placed_of, stamp, together
from groupware.calendar.itip.people import address_of
from groupware.calendar.object import CalendarObject, read_object
from groupware.calendar.series import when
from groupware.model.content import NO_PARAMS, Component, Line, serialized
from groupware.model.errors import Malformed, NoRight, NotFound
from groupware.model.folder import Role
from groupware.model.item import Span

MOST_ASKED: Final = 200
LONGEST: Final = 3 * 366 * 86_400
"""Seconds that one may ask about at once."""
_OK, _NOBODY, _DENIED = "2.0;Success", "3.7;Invalid calendar user", "3.8;No authority"


async def ready_inbox(exchange: Exchange) -> None:
    """Makes one's own scheduling inbox when somebody looks for it before a message has come."""
    if exchange.at.user != exchange.user:
        return
    try:
        await exchange.parts.store.glance(exchange.who, lambda tx: tx.role(exchange.who.account, Role.SCHEDULE_INBOX))
    except NotFound:
        await exchange.parts.store.write(exchange.who, lambda tx: tx.schedule_inbox())


async def ask(exchange: Exchange) -> Response:
    """POST of a VFREEBUSY: when each of those who are named is busy. 200 with one answer for each."""
    if exchange.at.user != exchange.user:
        raise DavError(403, "an outbox is for its owner", "<D:need-privileges/>")
    read = _request(exchange.body)
    part = read.shown
    line = part.first("ORGANIZER")
    own = await exchange.parts.store.glance(exchange.who, lambda tx: tx.account(exchange.who.account))
    if line is None or address_of(line) not in {own.address, *own.aliases}:
        raise DavError(403, "ORGANIZER has to be you", "<C:organizer-allowed/>")
    begin, end = part.first("DTSTART"), part.first("DTEND")
    if begin is None or end is None:
        raise DavError(400, "VFREEBUSY needs DTSTART and DTEND", "<C:valid-calendar-data/>")
    range_ = Range(when(begin, read.zones).seconds, when(end, read.zones).seconds)
    if range_.end - range_.start > LONGEST:
        raise DavError(403, "three years can be asked about at once", "<C:valid-calendar-data/>")
    wanted = part.all("ATTENDEE")
    if not wanted or len(wanted) > MOST_ASKED:
        raise DavError(403, f"1 to {MOST_ASKED} people can be asked about at once", "<C:recipient-allowed/>")
    answers = [await _answer(exchange, each, line, read, range_) for each in wanted]
    body = f"{xml.HEAD}<C:schedule-response{xml.SPACES}>{''.join(answers)}</C:schedule-response>"
    return Response(body, 200, media_type=XML_TYPE)


def _request(octets: bytes) -> CalendarObject:
    try:
        read = read_object(octets)
    except Malformed as error:
        raise DavError(400, str(error), "<C:valid-calendar-data/>") from None
    if read.kind != "VFREEBUSY" or read.calendar.text("METHOD").upper() != "REQUEST":
        text = "an outbox takes a VFREEBUSY with METHOD:REQUEST; meetings are told of when they are stored"
        raise DavError(403, text, "<C:valid-scheduling-message/>")
    return read


async def _answer(exchange: Exchange, who: Line, head: Line, read: CalendarObject, range_: Range) -> str:
    status, times = await _busy(exchange, address_of(who), range_)
    data = ""
    if times is not None:
        octets = _reply(who, head, read.uid, times, range_)
        text = xml.escape(octets.decode()).replace("\r", "&#13;")
        data = f"<C:calendar-data>{text}</C:calendar-data>"
    recipient = f"<C:recipient>{xml.href(who.value)}</C:recipient>"
    return f"<C:response>{recipient}<C:request-status>{status}</C:request-status>{data}</C:response>"


async def _busy(exchange: Exchange, name: str, range_: Range) -> tuple[str, Sequence[Span] | None]:
    """When somebody is busy, by all their calendars that one may ask about."""
    low, high = range_.start - FLOAT, range_.end + FLOAT
    try:
        placed, availability = await exchange.parts.store.read(exchange.who, lambda tx: placed_of(tx, name, low, high))
    except NotFound:
        return _NOBODY, None
    except NoRight:
        return _DENIED, None
    return _OK, await together(exchange.parts.blobs, placed, range_, availability)


def _reply(who: Line, head: Line, uid: str, times: Sequence[Span], range_: Range) -> bytes:
    lines = [
        Line("UID", NO_PARAMS, uid, 0),
        Line("DTSTAMP", NO_PARAMS, stamp(int(time.time())), 0),
        Line("DTSTART", NO_PARAMS, stamp(range_.start), 0),
        Line("DTEND", NO_PARAMS, stamp(range_.end), 0),
        head._replace(params=NO_PARAMS),
        who._replace(params=NO_PARAMS),
        *intervals(times),
    ]
    top = [Line(name, NO_PARAMS, value, 0) for name, value in _TOP]
    return serialized([Component("VCALENDAR", 0, top, [Component("VFREEBUSY", 0, lines)])])


_TOP: Final = (("VERSION", "2.0"), ("PRODID", "-//Postroom//EN"), ("METHOD", "REPLY"))
