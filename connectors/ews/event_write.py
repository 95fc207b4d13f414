"""Events made, changed and taken away; all others are told by the way of implicit scheduling. MS-OXWSMTGS §3.1.4.

The stored object gets the lines that a change is about, so nothing is lost that Exchange has no word for.
"""

from __future__ import annotations

import asyncio
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from connectors.bounded_xml import Element
from connectors.ews.calendar_fields import group
from connectors.ews.errors import EwsError, no_item
from connectors.ews.event_set import EVENT, Edit, all_given, now_text, settle
from connectors.ews.extended import kept_octets
from connectors.ews.mail_put import target, told
from connectors.ews.mail_set import mime_in
from connectors.ews.occurrences import occurrence
from connectors.ews.sending import own_name
from connectors.ews.things import One, Thing
from connectors.ews.turn import Turn
from connectors.ews.wire import Xml, moment
from connectors.exchange.instances import there_is
from connectors.exchange.kept import merged
from groupware.calendar.apart import divided, keep_own
from groupware.calendar.item import read_item
from groupware.calendar.itip.attendee import NotTheirs
from groupware.calendar.jscalendar.lines import person_key
from groupware.calendar.jscalendar.objects import calendar_of, changed, object_of
from groupware.calendar.jscalendar.shape import EVENT as SHAPE
from groupware.calendar.jscalendar.shape import plain
from groupware.calendar.object import CalendarObject, read_object
from groupware.calendar.rounds import tagged
from groupware.calendar.scheduling import Change, Elsewhere, OneOrganizer, Plan, scheduled
from groupware.calendar.shown import sight
from groupware.model.content import Component, serialized
from groupware.model.errors import Malformed
from groupware.model.folder import Folder, Role
from groupware.model.ids import ItemId, ModSeq
from groupware.model.item import CALENDARS, Item, NewItem
from groupware.model.patches import difference
from groupware.model.rights import Right
from groupware.model.shape import Misshapen
from groupware.store.api import ReadTx, WriteTx
from groupware.store.overtaking import again, unchanged

Json = dict[str, Any]
T = TypeVar("T")
HALF_AN_HOUR = timedelta(minutes=30)
LONGEST = 10 * 1024 * 1024
"""Octets of one object as it is stored."""


async def create(turn: Turn, element: Element, saved: Element | None, meeting: str) -> str:
    """A new event. `EwsError`."""
    octets, name = mime_in(element), secrets.token_urlsafe(18) + ".ics"
    edit = Edit({"@type": "Event"}, turn.zone)
    if octets is None:
        all_given(edit, EVENT, element)
        when(edit, turn.parts.clock.now())
        settle(edit)
        await organized(turn, edit.value)
        read, new = await made(turn, lambda: calendar_of(plain(new_value(turn, edit.value))), name)
    else:
        read, new = await _mime(turn, element, edit, octets, name)
    tell = meeting not in ("", "SendToNone")

    def place(tx: ReadTx) -> Folder:
        return target(tx, saved, Role.CALENDAR)

    change = await apart_new(turn, place, read, new)

    def work(tx: WriteTx, plan: Plan) -> tuple[ItemId, ModSeq]:
        folder = place(tx)
        item = change.append(tx, folder, plan.item)
        kept = kept_octets(merged({}, edit.kept))
        return item.id, tx.put_item_properties(folder.id, item.uid, kept) if kept else item.modseq

    if tell:
        return told(*await telling(turn, Change(place, name, change.read, change.new), work), "CalendarItem")
    return told(*await turn.write(lambda tx: work(tx, Plan())), "CalendarItem")


async def _mime(turn: Turn, element: Element, edit: Edit, octets: bytes, name: str) -> tuple[CalendarObject, NewItem]:
    """What MimeContent holds, with what is said beside it. An organizer who has invited nobody is none. `EwsError`."""
    try:
        octets = await asyncio.to_thread(without_method, octets)
    except Malformed as error:
        raise EwsError("ErrorMimeContentInvalid", str(error)) from None
    read, new = await stored(turn, octets, name)
    now = object_of(read)
    edit.value, edit.zones = dict(now), read.zones
    if not any(group(each) for each in (now.get("participants") or {}).values()):
        edit.value = {key: each for key, each in now.items() if key not in ("participants", "replyTo")}
    all_given(edit, EVENT, element)
    settle(edit)
    if edit.value == now:
        return read, new
    return await made(turn, lambda: changed(read, plain(shaped(edit.value))), name)


def when(edit: Edit, now: datetime) -> None:
    """When an event takes place of which nobody has said it: half an hour from the next half hour, as in Exchange."""
    soon = now + (datetime.min.replace(tzinfo=UTC) - now) % HALF_AN_HOUR
    begin = edit.times.setdefault("Start", soon.isoformat())
    edit.times.setdefault("End", (moment(begin, "Start") + HALF_AN_HOUR).isoformat())


def new_value(turn: Turn, value: Json) -> Json:
    """An event with what every one has. `EwsError`."""
    now = now_text(turn.parts.clock.now())
    value = {"uid": str(uuid.uuid4()), "created": now, "updated": now, "title": "", **value}
    return shaped(value)


def shaped(value: Json) -> Json:
    """The value, when it has the shape of an event. `EwsError`."""
    try:
        SHAPE(value)
    except Misshapen as error:
        raise EwsError("ErrorCalendarInvalidPropertyValue", f"{error.way}: {error.why}") from None
    return value


async def organized(turn: Turn, value: Json) -> None:
    """Who organizes a meeting of which nobody has said it: who makes it."""
    people: Json = value.get("participants") or {}
    if not any(group(each) for each in people.values()) or value.get("replyTo"):
        return
    address = f"mailto:{turn.who.name}"
    value["replyTo"] = {"imip": address}
    name = await turn.read(own_name)
    if name and person_key(address) not in people:
        owner = {"@type": "Participant", "name": name, "sendTo": {"imip": address}, "roles": {"owner": True}}
        value["participants"] = {**people, person_key(address): owner}


async def made(turn: Turn, make: Callable[[], Component], name: str) -> tuple[CalendarObject, NewItem]:
    """What is made, ready to be stored. `EwsError` for what no calendar object can say."""
    return await stored(turn, await _octets(make), name)


async def _octets(make: Callable[[], Component]) -> bytes:
    try:
        return serialized([await asyncio.to_thread(make)])
    except (ValueError, KeyError, TypeError, OverflowError, AttributeError) as error:
        raise EwsError("ErrorCalendarInvalidPropertyValue", f"it cannot be said as an event: {error}") from None


@dataclass(frozen=True, slots=True)
class Remade:
    """What takes the place of an object; in another's calendar alarms are the writer's own (decision 237)."""

    read: CalendarObject | None
    """None: it is a contact."""
    new: NewItem | None
    """None: nothing of it is another for anybody else."""
    own: bytes | None = None
    """What is the writer's own; None: it is in the object."""

    def put(self, tx: WriteTx, thing: Thing, planned: NewItem | None = None, *, keeps_tag: bool = True) -> Item:
        """Puts it there; its Schedule-Tag stays, or not."""
        at, new = thing.folder.id, planned or self.new
        if new is None:
            item = tx.item(at, thing.name)
        else:
            tag = tx.schedule_tags(at, thing.uid).get(thing.uid, "") if keeps_tag else ""
            item = tx.replace(at, thing.name, tagged(new, tag) if tag else new)
        return self._with_own(tx, tx.folder(at), item)

    def append(self, tx: WriteTx, folder: Folder, planned: NewItem | None = None) -> Item:
        """Puts it into a folder, where it was not."""
        new = planned or self.new
        assert new is not None  # what was not there is new for all
        return self._with_own(tx, folder, tx.append(folder.id, [new])[0])

    def _with_own(self, tx: WriteTx, folder: Folder, item: Item) -> Item:
        """What one may not read, one has no alarms of."""
        seen = sight(tx, folder.id) if self.own is not None and Right.READ in folder.rights else None
        if seen is None or self.own is None:
            return item
        _, modseq = keep_own(tx, seen, item.uid, self.own)
        return item._replace(modseq=modseq or item.modseq)


async def told_object(turn: Turn, thing: Thing) -> CalendarObject:
    """The object as who asks is told it."""
    octets = await turn.parts.blobs.read(thing.blob)
    return await asyncio.to_thread(lambda: read_object(octets if thing.tell is None else thing.tell(octets)))


async def apart_new(turn: Turn, place: Callable[[ReadTx], Folder], read: CalendarObject, new: NewItem) -> Remade:
    """What is to come into the folder of `place`. `EwsError`."""
    folder = await turn.read(place)
    if folder.own or folder.kind not in CALENDARS:
        return Remade(read, new)
    apart = await asyncio.to_thread(divided, read.octets, b"")
    return Remade(*await stored(turn, apart.octets, new.name or ""), apart.own)


async def remade(turn: Turn, thing: Thing, make: Callable[[], Component]) -> Remade:
    """What is made, to take the place of an object. `EwsError`."""
    octets = await _octets(make)
    if thing.tell is None:
        return Remade(*await stored(turn, octets, thing.name))
    before = await turn.parts.blobs.read(thing.blob)
    apart = await asyncio.to_thread(divided, octets, before)
    if apart.only_own:
        return Remade(await asyncio.to_thread(read_object, before), None, apart.own)
    return Remade(*await stored(turn, apart.octets, thing.name), apart.own)


async def stored(turn: Turn, octets: bytes, name: str) -> tuple[CalendarObject, NewItem]:
    """Octets of an object, ready to be stored. `EwsError`."""
    if len(octets) > LONGEST:
        raise EwsError("ErrorMessageSizeExceeded", f"it would have {len(octets)} octets; {LONGEST} is the most")
    try:
        return await read_item(octets, turn.parts.blobs, name)
    except Malformed as error:
        raise EwsError("ErrorMimeContentInvalid", str(error)) from None


async def telling(turn: Turn, change: Change, work: Callable[[WriteTx, Plan], T]) -> T:
    """What `work` gives back, in the write that tells all others. `EwsError`."""
    try:
        found, _ = await scheduled(turn.parts.store, turn.parts.blobs, turn.who, change, work)
    except NotTheirs as error:
        raise EwsError("ErrorCalendarIsNotOrganizer", str(error)) from None
    except (OneOrganizer, Elsewhere) as error:
        raise EwsError("ErrorCalendarInvalidPropertyState", str(error)) from None
    return found


# --- changes ----------------------------------------------------------------------------------------------------------

Doing = Callable[[Edit], None]


async def update(turn: Turn, find: Callable[[], Any], do: Doing, *, tell: bool) -> Xml:
    """Does something to the event that `find` leads to, anew when somebody comes between; its id. `EwsError`."""

    async def once() -> Xml:
        one: One = await find()
        item, modseq = await rewrite(turn, one.thing, one.key, do, tell=tell, kept=one.kept)
        return told(item, modseq, "CalendarItem", one.key)

    return await again(once)


async def rewrite(
    turn: Turn,
    thing: Thing,
    key: str,
    do: Doing,
    *,
    tell: bool,
    kept: Any = None,
    words: str = "",
    words_for: frozenset[str] = frozenset(),
) -> tuple[ItemId, ModSeq]:
    """The stored event with what `do` makes of it, or of one of its occurrences. `EwsError`, `Overtaken`.

    `words` go along to those who are told, or to those of `words_for` alone.
    """
    read = await told_object(turn, thing)
    now = object_of(read)
    edit = Edit(dict(occurrence(now, key) or {}) if key else dict(now), turn.zone, read.zones)
    if key and not (edit.value and there_is(read, now, key)):
        raise no_item()
    before = dict(edit.value)
    do(edit)
    settle(edit)
    value = _with_occurrence(now, key, edit.value) if key else edit.value
    if value.get("uid") != now.get("uid"):
        raise EwsError("ErrorCalendarInvalidPropertyState", "UID: it stays what it is")
    if edit.value == before:
        return await _beside(turn, thing, edit, kept)
    await organized(turn, value)
    value = shaped({**value, "updated": now_text(turn.parts.clock.now())})
    change = await remade(turn, thing, lambda: changed(read, plain(value)))

    def work(tx: WriteTx, plan: Plan) -> tuple[ItemId, ModSeq]:
        unchanged(tx, thing.folder.id, thing.name, thing.blob)
        item = change.put(tx, thing, plan.item, keeps_tag=not tell)
        return item.id, _kept(tx, thing, item, edit, kept)

    if tell and change.new is not None:
        place = partial(_place, thing)
        said = Change(place, thing.name, change.read, change.new, words=words, words_for=words_for)
        return await telling(turn, said, work)
    return await turn.write(lambda tx: work(tx, Plan()))


def _place(thing: Thing, tx: ReadTx) -> Folder:
    return tx.folder(thing.folder.id)


async def _beside(turn: Turn, thing: Thing, edit: Edit, kept: Any) -> tuple[ItemId, ModSeq]:
    """The object stays; what is kept beside it may change."""

    def work(tx: WriteTx) -> tuple[ItemId, ModSeq]:
        return thing.item, _kept(tx, thing, tx.item(thing.folder.id, thing.name), edit, kept)

    return await turn.write(work) if edit.kept else (thing.item, thing.modseq)


def _kept(tx: WriteTx, thing: Thing, item: Item, edit: Edit, kept: Any) -> ModSeq:
    if not edit.kept:
        return item.modseq
    return tx.put_item_properties(thing.folder.id, item.uid, kept_octets(merged(kept or {}, edit.kept)))


def _with_occurrence(now: Json, key: str, told_: Json) -> Json:
    """The event in which one occurrence is told otherwise."""
    overrides = now.get("recurrenceOverrides") or {}
    others = {at: each for at, each in overrides.items() if at != key}
    base = occurrence({**now, "recurrenceOverrides": {**others, key: {}}}, key) or {}
    override = difference(base, told_)
    return {**now, "recurrenceOverrides": {**others, **({key: override} if override or key in overrides else {})}}


async def delete(turn: Turn, one: One, *, tell: bool, words: str = "") -> None:
    """Takes an event away, or one of its occurrences; `words` go along to those who are told. `EwsError`."""
    thing = one.thing
    if one.key:
        await _exclude(turn, thing, one.key, tell=tell, words=words)
        return

    def work(tx: WriteTx, plan: Plan) -> None:
        unchanged(tx, thing.folder.id, thing.name, thing.blob)
        if not tx.expunge(thing.folder.id, [(thing.uid, thing.uid)], deleted_only=False):
            raise EwsError("ErrorAccessDenied", "you may not take it away")

    if tell:
        await telling(turn, Change(partial(_place, thing), thing.name, None, words=words), work)
    else:
        await turn.write(lambda tx: work(tx, Plan()))


async def _exclude(turn: Turn, thing: Thing, key: str, *, tell: bool, words: str = "") -> None:
    read = await told_object(turn, thing)

    def do(edit: Edit) -> None:
        if not there_is(read, edit.value, key):
            raise no_item()
        overrides = edit.value.get("recurrenceOverrides") or {}
        edit.value = {**edit.value, "recurrenceOverrides": {**overrides, key: {"excluded": True}}}

    await rewrite(turn, thing, "", do, tell=tell, words=words)


def without_method(octets: bytes) -> bytes:
    """An object as it is kept, out of an iTIP message."""
    read = read_object(octets)
    lines = [line for line in read.calendar.lines if line.name != "METHOD"]
    return serialized([replace(read.calendar, lines=lines)])
