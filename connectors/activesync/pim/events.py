"""Sync of events. MS-ASCAL §3.1.5."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from connectors.activesync.element import Element, el
from connectors.activesync.exchange import Exchange
from connectors.activesync.pim import files, shelf
from connectors.activesync.pim.event_taken import (
    LEFT_OUT,
    changed_event,
    changed_occurrence,
    key_of,
    new_event,
    without_occurrence,
)
from connectors.activesync.pim.event_told import Teller, told
from connectors.activesync.pim.shelf import Stored
from connectors.activesync.sync.kinds import OK, Asked, Done, Kinds
from connectors.activesync.sync.options import Options
from connectors.activesync.times import long_time
from connectors.exchange.instances import is_taken_out, there_is
from groupware.calendar.jscalendar.objects import calendar_of, changed, object_of
from groupware.calendar.jscalendar.shape import EVENT, plain
from groupware.calendar.object import CalendarObject, read_object
from groupware.model.content import serialized
from groupware.model.errors import GroupwareError, Malformed, NotFound
from groupware.model.folder import Folder
from groupware.store.api import ReadTx

SERVER_TELLS: Final = 160
"""From this version on the server tells those who take part; before, devices do it themselves."""


async def addresses_of(exchange: Exchange, at: Folder) -> tuple[str, frozenset[str]]:
    """The address of whose calendar it is ("": one may not know it), and all of them in lower case."""

    def work(tx: ReadTx) -> tuple[str, frozenset[str]]:
        try:
            main = tx.account(at.owner).address
            return main, frozenset(each.lower() for each in tx.addresses(at.owner)) | {main.lower()}
        except GroupwareError:
            owner = at.path.split("/")[1].lower() if "/" in at.path else ""
            return owner if "@" in owner else "", frozenset({owner} if "@" in owner else ())

    return await exchange.read(work)


async def render(exchange: Exchange, at: Folder, items: Sequence[int], options: Options) -> Mapping[int, Element]:
    """Those of these events that are in the folder."""
    stored = await shelf.read_objects(exchange, at, items)
    _, mine = await addresses_of(exchange, at)

    def work() -> dict[int, Element]:
        found = {}
        for each in stored:
            one = _told(at, each, mine, exchange.version, options)
            if one is not None:
                found[each.item] = one
        return found

    return await asyncio.to_thread(work)


def _told(at: Folder, stored: Stored, mine: frozenset[str], version: int, options: Options) -> Element | None:
    try:
        read = read_object(stored.octets)
        event = object_of(read)
        if event["@type"] != "Event" or not event.get("start"):
            return None
        teller = Teller(mine, version, options, read.zones, f"{at.id}:{stored.item}")
        return el("AirSync:ApplicationData", told(event, teller))
    except (Malformed, ValueError, KeyError, TypeError, OverflowError):
        return None  # put in before objects were checked as they are now


def now_text(exchange: Exchange) -> str:
    """This moment, as JSCalendar has it."""
    return long_time(int(exchange.parts.clock.now().timestamp())).replace(".000", "")


async def add(exchange: Exchange, at: Folder, asked: Asked) -> Done:
    """Puts a new event in; from 16.0 on those who are invited are told."""
    main, _ = await addresses_of(exchange, at)
    now, attached = now_text(exchange), await _attached(exchange, at, asked)

    def make() -> bytes:
        event = new_event(asked.data, exchange.version, now, main, asked.ident, attached)
        value = plain(event)
        EVENT(value)
        return serialized([calendar_of(value)])

    done = await shelf.added(exchange, at, make, tell=exchange.version >= SERVER_TELLS)
    return await _answered(exchange, at, asked, done)


async def change(exchange: Exchange, at: Folder, asked: Asked) -> Done:
    """Changes an event, or one occurrence of it. `NotFound`, `NoRight`."""
    main, _ = await addresses_of(exchange, at)
    now, version = now_text(exchange), exchange.version
    attached, goes = await _attached(exchange, at, asked), asked.options.handled(LEFT_OUT)

    def make(octets: bytes) -> bytes:
        read = read_object(octets)
        event = object_of(read)
        if asked.instance:
            _known(read, event, asked.instance)
            value = changed_occurrence(event, asked.instance, asked.data, read.zones, version, attached)
        else:
            value = changed_event(event, asked.data, read.zones, version, main, attached, goes=goes)
        return _written(octets, event, value, now)

    done = await shelf.changed(exchange, at, asked, make, tell=version >= SERVER_TELLS)
    return await _answered(exchange, at, asked, done)


async def _attached(exchange: Exchange, at: Folder, asked: Asked) -> Sequence[files.Kept]:
    """What the device attaches; nothing before 16.0, where events have no attachments."""
    return await files.kept(exchange, at, asked.data, asked.item) if exchange.version >= SERVER_TELLS else ()


async def _answered(exchange: Exchange, at: Folder, asked: Asked, done: Done) -> Done:
    """With what attachments are called from now on."""
    if done.status == OK and exchange.version >= SERVER_TELLS:
        done.answer = await files.there(exchange, at, done.item or asked.item, asked.data)
    return done


async def again(exchange: Exchange, at: Folder, asked: Asked) -> list[Element]:
    """What is answered to an Add whose answer was lost."""
    return await files.there(exchange, at, asked.item, asked.data)


def _known(read: CalendarObject, event: dict[str, object], instance: str) -> None:
    """`NotFound` for an occurrence that there is none of, or not any more. ValueError."""
    if not there_is(read, event, key_of(event, instance, read.zones)):
        raise NotFound("there is no such occurrence")


def _written(octets: bytes, before: dict[str, object], value: dict[str, object], now: str) -> bytes:
    """The stored object with what has changed; the very octets where nothing has."""
    value = plain(value)
    if value == plain(before):
        return octets
    value = {**value, "updated": now}
    EVENT(value)
    return serialized([changed(read_object(octets), value)])


async def delete(exchange: Exchange, at: Folder, asked: Asked) -> Done:
    """Takes an event away, or one occurrence of it (16.x); those who take part are told. `NotFound`, `NoRight`."""
    tell, now = exchange.version >= SERVER_TELLS, now_text(exchange)
    if not asked.instance:
        return await shelf.taken_away(exchange, at, asked.item, tell=tell)

    def make(octets: bytes) -> bytes:
        read = read_object(octets)
        event = object_of(read)
        if is_taken_out(event, key_of(event, asked.instance, read.zones)):
            return octets  # the answer to the same request was lost
        _known(read, event, asked.instance)
        return _written(octets, event, without_occurrence(event, asked.instance, read.zones), now)

    return await shelf.changed(exchange, at, asked, make, tell=tell)


EVENTS: Final = Kinds("Calendar", render, add, change, delete, again)
