"""Meetings with others, for every protocol: what a change of an object brings about, in the very write that makes it.

A protocol calls `scheduled`; what it hands in runs inside the write, with the object as it is to be stored. Decisions
153 to 155.

1. Nothing of a meeting is half told: copies here, letters, and the change itself commit together or not at all.
2. What a plan was made from is as it was when it is carried out, or the plan is made anew.
3. An object that is no meeting with others costs nothing more than it did.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final, Literal, TypeVar

from groupware.model.content import Component, written
from groupware.model.errors import GroupwareError, NoRight, Refused, TryAgain
from groupware.model.event import Envelope
from groupware.model.folder import Folder
from groupware.model.ids import BlobId, FolderId
from groupware.model.item import Item, Kind, NewItem
from groupware.model.meeting import Guest, Happening, Overtaken, Visit
from groupware.model.principal import Principal
from groupware.model.rights import Right
from groupware.store.api import Blobs, ReadTx, Store, WriteTx
from groupware.store.frames import unpacked

from . import rounds
from .imip import Sender
from .item import ON_THE_LOOP
from .itip import organizer as chair
from .itip.attendee import answered, declined
from .itip.incoming import Message
from .itip.instances import dated
from .itip.organizer import Notice
from .itip.people import People, address_of, attendees, organizer, with_status
from .itip.people import line_of as invited_line
from .object import CalendarObject
from .rooms import book, is_resource
from .rounds import DELIVERED, Round

T = TypeVar("T")
Answers = Literal["as given", "as stored", "if given"]
"""Which answers of those who are invited count when their organizer changes the object.

Those of the client, which has seen what is stored; those that are stored, for it has said which Schedule-Tag it knows
(RFC 6638 §3.2.10); or those of the client where it names one: what it has seen is not known.
"""


class Elsewhere(Refused):
    """The meeting is in another calendar of the same owner already."""


class OneOrganizer(Refused):
    """A meeting has one organizer, and keeps that one."""


TRIES: Final = 30
"""How often a plan is made anew: each time somebody else was quicker, who has gone on since."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a client does to one object."""

    place: Callable[[ReadTx], Folder]
    """The calendar."""
    name: str
    new: CalendarObject | None
    """None: it is taken away."""
    item: NewItem | None = None
    """`new` as it would be stored."""
    answers: Answers = "as given"
    reply: bool = True
    """Whether taking a copy away declines (Schedule-Reply, RFC 6638 §8.1)."""
    words: str = ""
    """What the organizer writes to those who are told."""
    words_for: People = frozenset()
    """To whom alone; nobody named: to all."""
    at_once: bool = False
    """The work asks `alone` of what it finds: what can be no meeting is not looked at before."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What the write does beside the change itself."""

    item: NewItem | None = None
    """The object as it is stored; None: it is taken away."""
    altered: bool = False
    """Whether that is something else than the client gave."""
    tag: str = ""
    """The Schedule-Tag; "" when it is no meeting with others."""
    folder: FolderId | None = None
    """None: there is nothing to be done."""
    old: BlobId | None = None
    """What was there when the plan was made."""
    visits: tuple[Visit, ...] = ()
    letters: tuple[Envelope, ...] = ()
    happened: tuple[Happening, ...] = ()
    unseen: bool = False
    """Whether nobody has looked: the work asks `alone`."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """What is there before the change."""

    folder: Folder
    old: Item | None
    tag: str
    owner: Guest | None
    """Whose calendar it is; None: nobody's who could invite."""


@dataclass(slots=True)
class _Case:
    """A meeting that is being changed."""

    round: Round
    change: Change
    seen: _Seen
    me: Guest
    old: CalendarObject | None
    sender: Sender = field(init=False)

    def __post_init__(self) -> None:
        by = self.round.who.name if self.round.who.account != self.me.account else ""
        self.sender = Sender(self.me.address, self.me.name, by)


async def scheduled(
    store: Store, blobs: Blobs, who: Principal, change: Change, work: Callable[[WriteTx, Plan], T]
) -> tuple[T, Plan]:
    """Runs `work` in the one write that tells all others too; what it gave, and the plan. `NoRight`, `Refused`."""
    known = _at_once(change)
    for _ in range(TRIES):
        plan = known or await plan_of(store, blobs, who, change)
        known = None
        try:
            return await store.write(who, partial(_both, plan=plan, work=work, name=change.name)), plan
        except Overtaken:
            continue
    raise TryAgain("so many change this meeting at once that it is never as it was; try again later")


def _at_once(change: Change) -> Plan | None:
    """The plan of what seems to be no meeting with others, without a look at what is there."""
    if not change.at_once or (change.new is not None and organizer(change.new) is not None):
        return None
    return Plan(change.item, unseen=True)


def alone(tx: ReadTx, plan: Plan, old: Item | None, tag: str) -> None:
    """`Overtaken` when a plan was made without a look, and what is there is a meeting, by its Schedule-Tag or octets.

    The octets count where it is taken away, for others hear of that also where a meeting was brought in from a file.
    """
    if not plan.unseen or old is None:
        return
    if tag or (plan.item is None and _named_organizer(tx, old)):
        raise Overtaken("it is a meeting with others, who have to be told")


def _named_organizer(tx: ReadTx, old: Item) -> bool:
    """Whether an object may name an organizer: what is not in the database may."""
    body = tx.body(old.blob) if old.size <= ON_THE_LOOP else None
    return body is None or b"ORGANIZER" in unpacked(old.blob, body).upper()


def _both(tx: WriteTx, plan: Plan, work: Callable[[WriteTx, Plan], T], name: str) -> T:
    carry_out(tx, plan, name)
    return work(tx, plan)


def carry_out(tx: WriteTx, plan: Plan, name: str) -> None:
    """What the plan says beside the change itself; before it, so that owners are locked in order. `Overtaken`."""
    if plan.folder is None:
        return
    tx.invite(plan.visits, plan.folder)
    readable = Right.READ in tx.folder(plan.folder, Right.LOOKUP).rights
    old = next(iter(tx.items_named(plan.folder, [name])), None) if readable else None
    if (old.blob if old is not None else None) != plan.old:
        raise Overtaken(f"{name!r}: it has changed meanwhile")
    rounds.post(tx, plan.letters)
    if plan.happened:
        tx.happened(plan.folder, plan.happened)


# --- planning ---------------------------------------------------------------------------------------------------------


async def plan_of(store: Store, blobs: Blobs, who: Principal, change: Change) -> Plan:
    """What a change brings about. `Refused` for what somebody who is invited may not do, `NoRight`."""
    plain = Plan(change.item)
    seen = await store.glance(who, lambda tx: _seen(tx, change))
    if seen.owner is None:
        return plain
    round_ = rounds.begin(store, blobs, who, change.new.uid if change.new is not None else "")
    round_.words, round_.words_for = change.words, change.words_for
    old = await _old(round_, seen)
    round_.ident = round_.ident or (old.uid if old is not None else "")
    head = next((line for read in (old, change.new) if read is not None and (line := organizer(read))), None)
    if head is None:
        return plain
    _check_once(seen, change)
    case = _Case(round_, change, seen, seen.owner, old)
    both = [read for read in (old, change.new) if read is not None]
    mine = seen.owner.addresses
    if address_of(head) in mine:
        if any(attendees(read.parts).keys() - mine for read in both):
            return await _finished(case, await _as_organizer(case))
    elif any(invited_line(part, mine) for read in both for part in read.parts):
        tag = seen.tag if _only_answered(old, change.new) else ""
        return await _finished(case, await _as_attendee(case), tag)
    return plain


def _check_once(seen: _Seen, change: Change) -> None:
    """`Elsewhere` when a meeting would be there twice (RFC 6638 §3.2.4.1)."""
    assert seen.owner is not None
    there = (seen.owner.folder, seen.owner.item)
    if change.new is not None and seen.owner.blob is not None and there != (seen.folder.id, change.name):
        raise Elsewhere("this meeting is in your calendars already, under another name: change it there")


def _seen(tx: ReadTx, change: Change) -> _Seen:
    folder = change.place(tx)
    old = next(iter(tx.items_named(folder.id, [change.name])), None) if Right.READ in folder.rights else None
    tag = tx.schedule_tags(folder.id, old.uid).get(old.uid, "") if old is not None else ""
    owner = None
    if folder.kind in (Kind.CALENDAR, Kind.TASKS) and (change.new is None or organizer(change.new) or tag):
        try:
            owner = tx.guest(folder.owner, change.new.uid if change.new is not None else "")
        except GroupwareError:
            owner = None
    return _Seen(folder, old, tag, owner)


async def _old(round_: Round, seen: _Seen) -> CalendarObject | None:
    if seen.old is None:
        return None
    body = await round_.blobs.read(seen.old.blob)
    return await rounds.parsed(round_, body) if b"ORGANIZER" in body.upper() else None


async def _finished(case: _Case, now: CalendarObject | None, tag: str = "") -> Plan:
    """The plan, when all is found out; `tag`: the Schedule-Tag stays that."""
    round_, change = case.round, case.change
    item = None
    if now is not None and change.item is not None:
        tag = tag or rounds.new_tag()
        same = now is change.new
        item = rounds.tagged(change.item, tag) if same else await rounds.item_of(round_, now, change.name, tag)
    old = case.seen.old.blob if case.seen.old is not None else None
    return Plan(
        item,
        now is not change.new,
        tag,
        case.seen.folder.id,
        old,
        await rounds.visits(round_),
        tuple(round_.letters),
        tuple(round_.happened),
    )


def _only_answered(old: CalendarObject | None, new: CalendarObject | None) -> bool:
    """Whether somebody has answered and done nothing else: Schedule-Tag stays then (RFC 6638 §3.2.10)."""
    return old is not None and new is not None and _without_answers(old) == _without_answers(new)


def _without_answers(read: CalendarObject) -> list[list[str]]:
    aside = ("ATTENDEE", "ORGANIZER", "DTSTAMP", "LAST-MODIFIED")
    return [sorted(written(line) for line in part.lines if line.name not in aside) for part in read.parts]


def _permit(case: _Case) -> None:
    """Whoever acts for somebody else needs the right to. `NoRight`."""
    if Right.SCHEDULE_AS not in case.seen.folder.rights:
        whose = case.me.address
        raise NoRight(
            f"inviting and answering on behalf of {whose} takes the right 'schedule-as' (1); ask {whose} for it"
        )


# --- the organizer ----------------------------------------------------------------------------------------------------


async def _as_organizer(case: _Case) -> CalendarObject | None:
    """Tells those who are invited; gives the object as it is kept."""
    round_, change, mine = case.round, case.change, case.me.addresses
    new = change.new
    if new is not None:
        _same_organizer(new, mine)
        if change.answers != "as given" and case.old is not None:
            kept = chair.answers_kept(case.old, new, mine, given=change.answers == "if given")
            new = await _kept(round_, kept, new, case.old)
        new = await _kept(round_, chair.prepared(case.old, new, mine), new)
    notices = list(chair.told(case.old, new, mine))
    if not notices:
        return new
    _permit(case)
    await rounds.look_up(round_, [each.to for each in notices])
    for notice in [each for each in notices if is_resource(round_, each.to)]:
        new = await book(round_, notice, new, case.old, case.sender, round_.who.identifiers | mine)
    statuses = {}
    for notice in chair.told(case.old, new, mine):
        await rounds.look_up(round_, [notice.to])
        if not is_resource(round_, notice.to):
            statuses[notice.to] = await rounds.tell(round_, notice, case.sender, case.old, new, change.new)
    _write_down(round_, notices, statuses)
    return await _with_statuses(round_, new, "ATTENDEE", statuses)


def _write_down(round_: Round, notices: list[Notice], statuses: dict[str, str]) -> None:
    """What was told to whom here, in one line for each kind of message."""
    for method in dict.fromkeys(each.method for each in notices if not each.quiet):
        people = [each.to for each in notices if each.method == method and statuses.get(each.to) == DELIVERED]
        if people:
            round_.note("sent", f"{method} to {', '.join(people[:50])}")


def _same_organizer(new: CalendarObject, mine: People) -> None:
    for part in new.parts:
        line = part.first("ORGANIZER")
        if line is not None and address_of(line) not in mine:
            raise OneOrganizer("a meeting has one organizer in all its parts, and keeps that one")


async def _kept(
    round_: Round, calendar: Component, new: CalendarObject, old: CalendarObject | None = None
) -> CalendarObject:
    return new if calendar is new.calendar else await rounds.object_of(round_, calendar, new, old)


async def _with_statuses(
    round_: Round, read: CalendarObject | None, name: str, statuses: dict[str, str]
) -> CalendarObject | None:
    """The object with the SCHEDULE-STATUS of those who were told."""
    if read is None or not any(statuses.values()):
        return read
    parts = list(read.calendar.parts)
    for who, code in statuses.items():
        if code:
            parts = list(with_status(parts, name, who, code))
    calendar = replace(read.calendar, parts=parts)
    return await rounds.object_of(round_, calendar, read)


# --- the attendee -----------------------------------------------------------------------------------------------------


async def _as_attendee(case: _Case) -> CalendarObject | None:
    """Tells the organizer what somebody who is invited has answered; gives the copy as it is kept."""
    round_, change, mine = case.round, case.change, case.me.addresses
    if change.new is None:
        kept = None
        answer = declined(case.old, mine) if case.old is not None and change.reply else None
    else:
        answer = answered(case.old, change.new, mine)
        kept = await _kept(round_, answer.calendar, change.new, case.old)
    if answer is None or answer.reply is None or not answer.to:
        return kept
    _permit(case)
    await rounds.look_up(round_, [answer.to])
    notice = Notice("REPLY", answer.to, answer.reply)
    status = await reply(round_, notice, case.sender, mine, case.old, change.new)
    return await _with_statuses(round_, kept, "ORGANIZER", {answer.to: status})


async def reply(round_: Round, notice: Notice, sender: Sender, mine: People, *sources: CalendarObject | None) -> str:
    """An answer to the organizer, and by way of theirs to all others here. Gives the SCHEDULE-STATUS."""
    where = round_.found[notice.to]
    if not isinstance(where, Guest):
        return await rounds.tell(round_, notice, sender, *sources)
    read = await rounds.object_of(round_, dated(notice.calendar, round_.stamp), *sources)
    before = round_.copies[where.account].read
    groups = await rounds.groups_of(round_, before, mine)
    message = Message("REPLY", read, where.addresses, senders=mine, groups=groups)
    got = await rounds.into_copy(round_, where, message)
    round_.note("sent", f"REPLY to {notice.to}")
    after = round_.copies[where.account].read
    if got.calendar is not None and before is not None and after is not None:
        await refresh(round_, before, after, where, mine)
    return DELIVERED


async def refresh(round_: Round, before: CalendarObject, after: CalendarObject, owner: Guest, but: People) -> None:
    """Brings the copies of the others here up to date when the organizer's object has taken an answer in."""
    notices = [each for each in chair.told(before, after, owner.addresses) if each.to not in but]
    await rounds.look_up(round_, [each.to for each in notices])
    sender = Sender(owner.address, owner.name)
    for notice in notices:
        if isinstance(round_.found[notice.to], Guest):
            await rounds.tell(round_, notice._replace(quiet=True), sender, before, after)
