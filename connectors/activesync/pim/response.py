"""MeetingResponse: an invitation is accepted, accepted tentatively or declined. MS-ASCMD §2.2.1.11."""

from __future__ import annotations

import asyncio
from typing import Final

from connectors.activesync.element import Element, el
from connectors.activesync.exchange import Exchange
from connectors.activesync.mail.move import place_of
from connectors.activesync.mail.render import rows_of
from connectors.activesync.pim import shelf
from connectors.activesync.pim.event_taken import answered, answered_once, key_of
from connectors.activesync.pim.events import SERVER_TELLS, addresses_of
from connectors.activesync.pim.fields import text_of_body
from connectors.activesync.pim.propose import counter, propose, proposed
from connectors.activesync.sync.kinds import CONFLICT, NOT_FOUND, OK, Asked
from connectors.activesync.sync.options import Options
from groupware.calendar.jscalendar.objects import changed, object_of
from groupware.calendar.jscalendar.shape import plain
from groupware.calendar.mailed import found
from groupware.calendar.object import read_object
from groupware.model.content import serialized
from groupware.model.errors import GroupwareError, Malformed, NoRight, NotFound, TryAgain
from groupware.model.folder import Folder, Role
from groupware.model.ids import ItemId, Uid, ranges
from groupware.model.item import Kind
from groupware.store.api import ReadTx, WriteTx

MOST: Final = 100
_ANSWERS: Final = {1: "accepted", 2: "tentative", 3: "declined"}
_LONGEST: Final = 2000
_OK, _INVALID, _MAILBOX, _SERVER = 1, 2, 3, 4


async def meetingresponse(exchange: Exchange) -> Element:
    """Answers invitations one after the other."""
    root = exchange.root("MeetingResponse:MeetingResponse")
    told = [await _one(exchange, each) for each in root.all("MeetingResponse:Request")[:MOST]]
    return el("MeetingResponse:MeetingResponse", told)


async def _one(exchange: Exchange, said: Element) -> Element:
    request = said.value("MeetingResponse:RequestId") or said.value("Search:LongId")
    try:
        status, calendar = await _answered(exchange, said, request)
    except (NotFound, NoRight, Malformed, ValueError, KeyError):
        status, calendar = _INVALID, ""
    except TryAgain:
        status, calendar = _SERVER, ""
    except GroupwareError:
        status, calendar = _MAILBOX, ""
    return el(
        "MeetingResponse:Result",
        el("MeetingResponse:RequestId", request),
        el("MeetingResponse:Status", status),
        el("MeetingResponse:CalendarId", calendar) if calendar else None,
    )


async def _answered(exchange: Exchange, said: Element, request: str) -> tuple[int, str]:
    answer = _ANSWERS.get(said.number("MeetingResponse:UserResponse"))
    if answer is None:
        return _INVALID, ""
    span = proposed(said)
    at, item = await exchange.read(lambda tx: place_of(tx, request))
    mail: tuple[Folder, int] | None = None
    if at.kind == Kind.MAIL:
        mail = at, item
        at, item = await _event_of(exchange, at, item)
    elif at.kind != Kind.CALENDAR:
        return _INVALID, ""
    _, mine = await addresses_of(exchange, at)
    instance, comment = said.value("MeetingResponse:InstanceId"), _comment(said)

    def make(octets: bytes) -> bytes:
        read = read_object(octets)
        event = object_of(read)
        if instance and event.get("recurrenceRules"):
            value = answered_once(event, key_of(event, instance, read.zones), mine, answer)
        else:
            value = answered(event, mine, answer, comment)
        return serialized([changed(read, plain(value))])

    asked = Asked(Element("AirSync:ApplicationData"), item, options=Options(client_wins=True))
    tell = exchange.version >= SERVER_TELLS and said.child("MeetingResponse:SendResponse") is not None
    done = await shelf.changed(exchange, at, asked, make, tell=tell)
    if done.status != OK:
        return (_INVALID if done.status in (NOT_FOUND, CONFLICT) else _MAILBOX), ""
    if span is not None:
        stored = await shelf.read_object(exchange, at, item)
        if not await propose(exchange, counter(stored.octets, mine, span, instance, comment)):
            return _MAILBOX, ""
    if mail is not None:
        await _file(exchange, *mail)
    return _OK, "" if answer == "declined" else f"{at.id}:{item}"


def _comment(said: Element) -> str:
    """What one says with the answer."""
    sends = said.child("MeetingResponse:SendResponse")
    return (text_of_body(sends) or "").strip()[:_LONGEST] if sends is not None else ""


async def _event_of(exchange: Exchange, at: Folder, uid: int) -> tuple[Folder, int]:
    """The event that an invitation by mail is about, in a calendar of whose mail that is. `NotFound`."""
    rows = await exchange.read(lambda tx: rows_of(tx, at, [uid]))
    if uid not in rows:
        raise NotFound("there is no such message")
    mailed = await asyncio.to_thread(found, await exchange.parts.blobs.read(rows[uid].blob))
    if mailed is None:
        raise NotFound("it is no invitation")

    def work(tx: ReadTx) -> tuple[Folder, ItemId]:
        for each in tx.folders(Kind.CALENDAR, of=at.owner):
            names = tx.identified(each.id, mailed.read.uid) if each.exists else ()
            items = tx.items_named(each.id, list(names)) if names else ()
            if items:
                return each, items[0].id
        raise NotFound("the meeting is not in the calendar")

    folder, item = await exchange.read(work)
    return folder, int(item)


async def _file(exchange: Exchange, at: Folder, uid: int) -> None:
    """An invitation that is answered goes into the trash."""

    def work(tx: WriteTx) -> None:
        trash = tx.role(tx.who.account, Role.TRASH)
        if at.own and at.id != trash.id:
            tx.move(at.id, ranges([Uid(uid)]), trash.id)

    await exchange.write(work)
