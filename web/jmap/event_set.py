"""`CalendarEvent/set`, `copy` and `parse`. draft-ietf-jmap-calendars §5.

The stored object gets the lines that a change is about. With `sendSchedulingMessages` it goes the way of implicit
scheduling, as by CalDAV; without it nobody is told.
"""

from __future__ import annotations

import asyncio
import secrets
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from groupware.calendar.itip.attendee import NotTheirs
from groupware.calendar.jscalendar import successor
from groupware.calendar.jscalendar.objects import calendar_of, changed, object_of
from groupware.calendar.jscalendar.shape import EVENT, EVENT_MEMBERS, plain
from groupware.calendar.scheduling import Change, Elsewhere, OneOrganizer, Plan, scheduled
from groupware.calendar.split import split
from groupware.model.content import parse as parse_lines
from groupware.model.errors import Malformed
from groupware.model.folder import Folder
from groupware.model.ids import FolderId
from groupware.model.patches import difference, patched
from groupware.store.api import ReadTx, WriteTx
from web.jmap.arguments import argument, flag, ident, ids, texts
from web.jmap.blobs import octets_of
from web.jmap.errors import MethodError, SetError
from web.jmap.event import EVENTS, FIXED, OWN, base_of, occurrence, utc_text
from web.jmap.families import CALENDAR
from web.jmap.ids import account_id
from web.jmap.remade import Remade, made_new, made_octets, put_back, put_in, remade, told_object
from web.jmap.sets import Given, SetArguments, invalid
from web.jmap.thing_copy import Arguments as CopyBase
from web.jmap.thing_copy import Ways
from web.jmap.thing_copy import copy as copy_things
from web.jmap.thing_set import (
    container_of,
    folder_in,
    place_of,
    set_things,
    shaped,
    taken_away,
    unchanged,
    wanted,
)
from web.jmap.things import Place, check_properties
from web.jmap.turn import Turn, owner_in

Json = dict[str, Any]
_MOST_PARSED: Final = 50
_SERVER_SET: Final = OWN - {"id", CALENDAR.container}
EVENT_PROPERTIES: Final = EVENT_MEMBERS.keys() | successor.WORDS


@dataclass(frozen=True, slots=True)
class Arguments(SetArguments):
    """draft-ietf-jmap-calendars, CalendarEvent/set."""

    send_scheduling_messages: bool = argument(flag, False)


@dataclass(frozen=True, slots=True)
class ParseArguments:
    """draft-ietf-jmap-calendars, CalendarEvent/parse."""

    account_id: str = argument(ident)
    blob_ids: tuple[str, ...] = argument(ids)
    properties: tuple[str, ...] | None = argument(texts, None)


async def set_(turn: Turn, arguments: Arguments) -> Mapping[str, Any]:
    """`CalendarEvent/set`."""
    account, tell = arguments.account_id, arguments.send_scheduling_messages
    return await set_things(
        turn,
        arguments,
        CALENDAR,
        lambda given: create(turn, account, given, tell=tell),
        lambda name, patch: _update(turn, account, name, patch, tell=tell),
        lambda name: _destroy(turn, account, name, tell=tell),
    )


async def create(turn: Turn, account: str, given: Given, *, tell: bool = False) -> Mapping[str, Any]:
    """Puts a new event in; what of it the client has not said. `SetError`."""
    value = successor.understood(_only_of_events(given))
    if "id" in value:
        raise invalid("id", "only the server sets it")
    at = container_of(turn, CALENDAR, value.pop(CALENDAR.container, None))
    now = utc_text(int(turn.parts.clock.now().timestamp()))
    made: Json = {"updated": now} | ({} if value.get("uid") else {"uid": f"urn:uuid:{uuid.uuid4()}"})
    made |= {} if value.get("created") else {"created": now}
    value = {"@type": "Event", **value, **made}
    made |= await _organized(turn, account, value)
    shaped(EVENT, value | made)
    octets = await made_octets(lambda: calendar_of(plain(value | made)))
    given_in = await made_new(turn, account, at, octets, secrets.token_urlsafe(18) + ".ics")
    return {
        "id": await _append(turn, account, at, given_in, tell=tell),
        **successor.told(made),
        **FIXED,
        "isOrigin": True,
    }


def _only_of_events(given: Given) -> Json:
    """The object without what is the same of all events here. `SetError` for another value."""
    for name in _SERVER_SET & given.keys():
        if name not in FIXED or given[name] not in (FIXED[name], None):
            raise invalid(name, "only the server sets it" if name not in FIXED else "this is not there")
    return {name: value for name, value in given.items() if name not in _SERVER_SET}


async def _organized(turn: Turn, account: str, value: Json) -> Json:
    """Who organizes a meeting of which nobody has said it: whose calendar it is."""
    if not value.get("participants") or value.get("replyTo"):
        return {}
    address = await turn.read(lambda tx: _address(tx, account))
    if address is None:
        raise invalid("replyTo", "say who organizes a meeting in the calendar of somebody else")
    return {"replyTo": {"imip": f"mailto:{address}"}}


def _address(tx: ReadTx, account: str) -> str | None:
    owner = owner_in(tx, account)
    return tx.account(owner).address if owner == tx.who.account else None


async def _append(turn: Turn, account: str, at: FolderId, made: Remade, *, tell: bool) -> str:
    def place(tx: ReadTx) -> Folder:
        return folder_in(tx, account, CALENDAR, at)

    def work(tx: WriteTx, plan: Plan) -> str:
        return put_in(tx, account, CALENDAR, at, made, plan.item)

    if not tell or made.new is None:
        return await turn.write(lambda tx: work(tx, Plan()))
    await turn.read(place)
    return str(await _told(turn, Change(place, made.new.name or "", made.read, made.new), work))


async def _told(turn: Turn, change: Change, work: Callable[[WriteTx, Plan], Any]) -> Any:
    """What `work` gives back, in the write that tells all others. `SetError`."""
    try:
        found, _ = await scheduled(turn.parts.store, turn.parts.blobs, turn.who, change, work)
    except NotTheirs as error:
        raise SetError("forbidden", str(error)) from None
    except (OneOrganizer, Elsewhere) as error:
        raise SetError("invalidProperties", str(error), properties=["replyTo"]) from None
    return found


async def _update(turn: Turn, account: str, name: str, patch: Given, *, tell: bool) -> Mapping[str, Any]:
    base, key = base_of(name)
    place = await place_of(turn, account, CALENDAR, base)
    read = await told_object(turn, place)
    now = object_of(read)
    patch = successor.understood(patch, now)
    asked = wanted(turn, CALENDAR, place, now, _checked(patch) if key is None else _in_override(now, key, patch))
    if asked.value.get("uid") != now.get("uid"):
        raise invalid("uid", "it stays what it is")
    made: Json = {}
    change: Remade | None = None
    if asked.changed:
        made = {"updated": utc_text(int(turn.parts.clock.now().timestamp()))}
        value = {**asked.value, **made}
        made |= await _organized(turn, account, value)
        shaped(EVENT, {**value, **made})
        change = await remade(turn, place, lambda: changed(read, plain({**value, **made})))
        made = made if change.new is not None else {}

    def work(tx: WriteTx, plan: Plan) -> None:
        put_back(tx, account, CALENDAR, place, change, asked.to, plan.item, keeps_tag=not tell)

    if tell and change is not None and change.new is not None:
        there = Change(lambda tx: tx.folder(place.folder.id), place.name, change.read, change.new)
        await _told(turn, there, work)
    else:
        await turn.write(lambda tx: work(tx, Plan()))
    return successor.told(made)


def _checked(patch: Given) -> Given:
    for way in patch:
        if way.partition("/")[0] in _SERVER_SET and patch[way] != FIXED.get(way, 0):
            raise invalid(way.partition("/")[0], "only the server sets it")
    return {way: value for way, value in patch.items() if way not in _SERVER_SET}


def _in_override(now: Json, key: str, patch: Given) -> Given:
    """The patch of an event that a patch of one of its occurrences is. `SetError`."""
    one = occurrence(now, key)
    if one is None:
        raise SetError("notFound", "there is no such occurrence")
    try:
        told = patched(one, _checked(patch))
    except ValueError as error:
        raise SetError("invalidPatch", str(error)) from None
    override = difference(occurrence(_plain_of(now, key), key) or {}, told)
    overrides = now.get("recurrenceOverrides") or {}
    others = {at: each for at, each in overrides.items() if at != key}
    return {"recurrenceOverrides": {**others, **({key: override} if override or key in overrides else {})}}


def _plain_of(now: Json, key: str) -> Json:
    """The event as if nothing had been said of that occurrence."""
    others = {at: each for at, each in (now.get("recurrenceOverrides") or {}).items() if at != key}
    return {**now, "recurrenceOverrides": {**others, key: {}}}


async def _destroy(turn: Turn, account: str, name: str, *, tell: bool) -> bool:
    base, key = base_of(name)
    if key is not None:
        place = await place_of(turn, account, CALENDAR, base)
        now = (await EVENTS.all_of(turn, [place]))[place.blob]
        if occurrence(now, key) is None:
            raise SetError("notFound", "there is no such occurrence")
        overrides = {**(now.get("recurrenceOverrides") or {}), key: {"excluded": True}}
        await _update(turn, account, base, {"recurrenceOverrides": overrides}, tell=tell)
        return True
    place = await place_of(turn, account, CALENDAR, base)

    def work(tx: WriteTx, plan: Plan) -> bool:
        unchanged(tx, place)
        taken_away(tx, place)
        return True

    if not tell:
        return await turn.write(lambda tx: work(tx, Plan()))
    return bool(await _told(turn, Change(lambda tx: tx.folder(place.folder.id), place.name, None), work))


# --- copy and parse


async def _read(turn: Turn, place: Place) -> Json:
    return (await EVENTS.all_of(turn, [place]))[place.blob]


_WAYS: Final = Ways(
    CALENDAR,
    _read,
    create,
    lambda turn, arguments: set_(
        turn, Arguments(arguments.account_id, arguments.if_in_state, None, None, arguments.destroy)
    ),
    "CalendarEvent/set",
)


async def copy(turn: Turn, arguments: CopyBase) -> Mapping[str, Any]:
    """`CalendarEvent/copy`."""
    return await copy_things(turn, arguments, _WAYS)


async def parse(turn: Turn, arguments: ParseArguments) -> Mapping[str, Any]:
    """`CalendarEvent/parse`: the events of files that were uploaded, or are attached to an email."""
    if len(arguments.blob_ids) > _MOST_PARSED:
        raise MethodError("requestTooLarge", f"more than {_MOST_PARSED} blobs")
    check_properties(arguments.properties, EVENT_PROPERTIES | {"method"})
    owner = await turn.read(lambda tx: owner_in(tx, arguments.account_id))
    found = await octets_of(turn, arguments.account_id, arguments.blob_ids)
    parsed: dict[str, list[Json]] = {}
    bad: list[str] = []
    for name, blob in found.items():
        try:
            parsed[name] = await asyncio.to_thread(_events, blob.octets, arguments.properties)
        except Malformed:
            bad.append(name)
    absent = [name for name in arguments.blob_ids if name not in found]
    return {
        "accountId": account_id(owner),
        "parsed": parsed or None,
        "notParsable": bad or None,
        "notFound": absent or None,
    }


def _events(octets: bytes, properties: tuple[str, ...] | None) -> list[Json]:
    """The events of a file, each with the `method` of the message that it is (RFC 8984 §4.1.8), where it is one."""
    method = next((each.text("METHOD") for each in parse_lines(octets)), "").strip().lower()
    events = []
    for piece in split(octets):
        if piece.read is None:
            raise Malformed(piece.refused)
        if piece.read.kind == "VEVENT":
            event = successor.told(object_of(piece.read)) | ({"method": method} if method else {})
            events.append(event if properties is None else {name: event[name] for name in properties if name in event})
    if not events:
        raise Malformed("there is no event in it")
    return events
