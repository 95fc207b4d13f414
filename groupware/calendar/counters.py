"""Proposals of those who are invited (COUNTER): which wait for the organizer, what becomes of them. RFC 5546 §3.2.7.

A proposal waits as a message in the organizer's scheduling inbox. Taking it changes the event as a client's write
would, so all are told; declining it tells its maker that the event stays as it is (DECLINECOUNTER).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from groupware.model.content import NO_PARAMS, Component, Line
from groupware.model.errors import Conflict, Malformed, NotFound, Refused
from groupware.model.folder import Role
from groupware.model.ids import EVERY, FolderId, Uid
from groupware.model.item import Item
from groupware.model.meeting import Guest
from groupware.model.principal import Principal
from groupware.store.api import Blobs, ReadTx, Store, WriteTx

from . import rounds
from .imip import Sender, in_words
from .item import read_item
from .itip.incoming import method_of
from .itip.instances import made, sequence, stamped, when_is_day, whole
from .itip.octets import rendered
from .itip.organizer import Notice
from .itip.people import address, address_of, attendees, organizer
from .object import CalendarObject, read_object
from .rounds import PROPOSED_BY
from .scheduling import Change, Plan, carry_out, scheduled
from .series import when
from .zones import local

MOST: Final = 500
_PROPOSED: Final = ("DTSTART", "DTEND", "DUE", "DURATION", "LOCATION")
_TIMES: Final = _PROPOSED[:-1]
_MOMENTS: Final = ("DTSTART", "DTEND", "DUE")
_OF_THE_SET: Final = ("RRULE", "RDATE", "EXDATE")


@dataclass(frozen=True, slots=True)
class Counter:
    """A proposal that waits."""

    number: Uid
    """What it is called: its UID in the scheduling inbox."""
    ident: str
    """The UID of the event."""
    who: str
    """Whose proposal it is; "" when it does not say."""
    read: CalendarObject

    @property
    def title(self) -> str:
        """What the event is called."""
        return self.read.shown.text("SUMMARY")

    @property
    def when(self) -> str:
        """The time that is proposed, in words."""
        return in_words(self.read, self.read.shown)

    @property
    def comment(self) -> str:
        """What its maker says about it."""
        return self.read.shown.text("COMMENT")


async def pending(store: Store, blobs: Blobs, who: Principal) -> Sequence[Counter]:
    """The proposals that wait for somebody, in the order in which they came."""
    items = await store.read(who, _messages)
    bodies = await blobs.read_many([each.blob for each in items])
    found = (_counter(each, bodies.get(each.blob, b"")) for each in items)
    return [each for each in found if each is not None]


def _messages(tx: ReadTx) -> Sequence[Item]:
    try:
        at = tx.role(tx.who.account, Role.SCHEDULE_INBOX).id
    except NotFound:
        return ()
    return tx.items(at, EVERY)[-MOST:]


def _counter(item: Item, octets: bytes) -> Counter | None:
    if b"COUNTER" not in octets:
        return None
    try:
        read = read_object(octets)
    except Malformed:
        return None
    if method_of(read) != "COUNTER":
        return None
    head = read.shown.first("ORGANIZER")
    chair = address(head.value) if head is not None else ""
    others = [each for each in attendees(read.parts) if each != chair]
    by = address(read.calendar.text(PROPOSED_BY)) or (others[0] if len(others) == 1 else "")
    return Counter(item.uid, read.uid, by, read)


async def _one(store: Store, blobs: Blobs, who: Principal, number: int) -> Counter:
    found = next((each for each in await pending(store, blobs, who) if each.number == number), None)
    if found is None:
        raise NotFound(f"there is no proposal {number}; it may have been answered already")
    return found


async def accept(store: Store, blobs: Blobs, who: Principal, number: int) -> Counter:
    """Changes the event as is proposed, and tells all who take part. `NotFound`, `Refused`, `Conflict`."""
    counter = await _one(store, blobs, who, number)
    guest = await store.read(who, lambda tx: tx.guest(who.account, counter.ident))
    if guest.blob is None:
        raise NotFound(f"{counter.title!r}: the event is not there any more; decline the proposal")
    stored = read_object(await blobs.read(guest.blob))
    octets = rendered(_changed(stored, counter.read), stored, counter.read)
    read, item = await read_item(octets, blobs, guest.item)

    def work(tx: WriteTx, plan: Plan) -> None:
        now = tx.item(guest.folder, guest.item)
        if now.blob != guest.blob:
            raise Conflict(f"{counter.title!r}: it has changed meanwhile; look at the proposal again")
        tx.replace(guest.folder, guest.item, plan.item or item, now.modseq)
        _done(tx, number)

    change = Change(lambda tx: tx.folder(guest.folder), guest.item, read, item)
    await scheduled(store, blobs, who, change, work)
    return counter


def _changed(stored: CalendarObject, proposed: CalendarObject) -> Component:
    """The event with what is proposed. `Refused`."""
    there, changes = whole(stored), whole(proposed)
    edited: dict[int, Component] = {}
    new: list[Component] = []
    for key, part in changes.items():
        base = there.get(key)
        if base is None:
            base = made(stored, key) if key is not None and stored.main is not None else None
            if base is None:
                raise Refused("the proposal is about an occurrence that the event does not have any more")
            new.append(_taking(base, _in_zone(stored, base, proposed, part)))
            continue
        if sequence(part) < sequence(base):
            raise Refused("the event has changed since this was proposed; decline it")
        edited[id(base)] = _taking(base, _in_zone(stored, base, proposed, part))
    known = {zone.text("TZID") for zone in stored.calendar.named("VTIMEZONE")}
    zones = [zone for zone in proposed.calendar.named("VTIMEZONE") if zone.text("TZID") not in known]
    parts = [edited.get(id(part), part) for part in stored.calendar.parts]
    return Component("VCALENDAR", stored.calendar.at, stored.calendar.lines, [*zones, *parts, *new])


def _in_zone(stored: CalendarObject, base: Component, proposed: CalendarObject, part: Component) -> Component:
    """What is proposed with its times in the zone that the event is in: a set keeps its hour when the clocks change."""

    def zoned(line: Line) -> Line:
        like = base.first(line.name) or base.first("DTSTART")
        if line.name not in _MOMENTS or like is None or not like.param("TZID") or when_is_day(line):
            return line
        at = when(line, proposed.zones)
        return line if at.floating else stamped(like, line.name, local(at.seconds, when(like, stored.zones).zone))

    return Component(part.name, part.at, [zoned(line) for line in part.lines], part.parts)


def _taking(base: Component, proposed: Component) -> Component:
    """A component with the times and the place that are proposed."""
    names = [name for name in _PROPOSED if proposed.first(name) is not None]
    if any(name in _TIMES for name in names):
        names = [*_TIMES, *(name for name in names if name == "LOCATION")]
    if proposed.first("RRULE") is not None and proposed.first("RECURRENCE-ID") is None:
        names += _OF_THE_SET
    kept = [line for line in base.lines if line.name not in names]
    taken = [line for line in proposed.lines if line.name in names]
    return Component(base.name, base.at, [*kept, *taken], base.parts)


async def decline(store: Store, blobs: Blobs, who: Principal, number: int, comment: str = "") -> Counter:
    """Tells the maker of a proposal that the event stays as it is. `NotFound`, `Refused`."""
    counter = await _one(store, blobs, who, number)
    guest = await store.read(who, lambda tx: tx.guest(who.account, counter.ident))
    if not counter.who:
        raise Refused("the proposal does not say whose it is, so nobody can be told; delete it in the scheduling inbox")
    round_ = rounds.begin(store, blobs, who, counter.ident)
    await rounds.look_up(round_, [counter.who])
    notice = Notice("DECLINECOUNTER", counter.who, _declining(counter.read, comment))
    await rounds.tell(round_, notice, Sender(guest.address, guest.name), counter.read)
    if isinstance(round_.found[counter.who], Guest):
        round_.note("sent", f"DECLINECOUNTER to {counter.who}")
    plan = Plan(
        None, False, "", guest.folder, guest.blob, await rounds.visits(round_), tuple(round_.letters),
        tuple(round_.happened),
    )  # fmt: skip

    def work(tx: WriteTx) -> None:
        carry_out(tx, plan, guest.item)
        _done(tx, number)

    await store.write(who, work)
    return counter


async def propose(store: Store, blobs: Blobs, who: Principal, read: CalendarObject, comment: str = "") -> None:
    """Proposes to the organizer what `read` says: a meeting, or an occurrence, at another time. `NotFound`."""
    guest = await store.read(who, lambda tx: tx.guest(who.account, read.uid))
    head = organizer(read)
    if guest.blob is None or head is None:
        raise NotFound("the meeting is in none of your calendars")
    round_ = rounds.begin(store, blobs, who, read.uid)
    to = address_of(head)
    await rounds.look_up(round_, [to])
    notice = Notice("COUNTER", to, _with_method(read, "COUNTER", comment))
    await rounds.tell(round_, notice, Sender(guest.address, guest.name), read)
    if isinstance(round_.found[to], Guest):
        round_.note("sent", f"COUNTER to {to}")
    plan = Plan(
        None, False, "", guest.folder, guest.blob, await rounds.visits(round_), tuple(round_.letters),
        tuple(round_.happened),
    )  # fmt: skip
    await store.write(who, lambda tx: carry_out(tx, plan, guest.item))


def _declining(read: CalendarObject, comment: str) -> Component:
    return _with_method(read, "DECLINECOUNTER", comment)


def _with_method(read: CalendarObject, name: str, comment: str) -> Component:
    lines = [line for line in read.calendar.lines if line.name not in ("METHOD", PROPOSED_BY)]
    method = Line("METHOD", NO_PARAMS, name, 0)
    said = comment.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")
    parts = [part if part.name == "VTIMEZONE" else _saying(part, said) for part in read.calendar.parts]
    return Component("VCALENDAR", read.calendar.at, [*lines, method], parts)


def _saying(part: Component, comment: str) -> Component:
    lines = [line for line in part.lines if line.name != "COMMENT"]
    if comment:
        lines.append(Line("COMMENT", NO_PARAMS, comment, 0))
    return Component(part.name, part.at, lines, part.parts)


def _done(tx: WriteTx, number: int) -> None:
    """The proposal waits no more."""
    at: FolderId = tx.role(tx.who.account, Role.SCHEDULE_INBOX).id
    if not tx.expunge(at, [(Uid(number), Uid(number))], deleted_only=False):
        raise NotFound(f"there is no proposal {number}; it may have been answered already")
