"""One change of a meeting, and all that it brings about elsewhere: found out before the write.

A round looks up who takes part, applies each message to the copy that it is for, and gathers what the write has to
do: visits to guests here, letters for those elsewhere, lines for timelines.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import Final

from groupware.model.attachment import Attachment
from groupware.model.content import NO_PARAMS, Component, Line, escaped
from groupware.model.errors import GroupwareError, NoRight, NotFound
from groupware.model.event import Envelope, Event, Recipient
from groupware.model.ids import AccountId
from groupware.model.item import NewItem
from groupware.model.meeting import Guest, Happening, Visit
from groupware.model.principal import Principal, PrincipalKind
from groupware.store.api import Blobs, ReadTx, Store, WriteTx

from . import imip
from .attachments import inlined, keys_in, managed
from .item import ON_THE_LOOP, new_item
from .itip.applied import Applied
from .itip.incoming import Message, applied
from .itip.instances import dated
from .itip.octets import rendered
from .itip.organizer import Notice
from .itip.people import People, attendees, line_of
from .object import CalendarObject, read_object

MAIL: Final = "1.1"
"""SCHEDULE-STATUS of who is told by mail: sent, and what becomes of it is not known (RFC 6638 §3.2.9)."""
DELIVERED: Final = "1.2"
MOST_GROUPS: Final = 200
"""Attendees of a meeting that are looked at for groups."""
MOST_WORDS: Final = 10_000
"""Characters that somebody writes with a change."""
MOST_ATTACHED: Final = 5 * 1024 * 1024
"""Octets of attachments that a letter carries; what has no room in it is a link."""
PROPOSED_BY: Final = "X-POSTROOM-PROPOSED-BY"
"""In a proposal that waits in the scheduling inbox: who has sent it."""
MARK: Final = "imip."
"""Before a meeting's UID in the ENVID of letters about it, so that reports say which it is; of a usual UID alone."""
_SAFE: Final = re.compile(r"[\w.@-]{1,90}", re.ASCII)
NOBODY: Final = "3.7"
DENIED: Final = "3.8"


@dataclass(slots=True)
class Copy:
    """What a guest has of the meeting, as the round leaves it."""

    guest: Guest
    stored: CalendarObject | None
    """As it is in the store."""
    read: CalendarObject | None
    gone: bool = False
    exact: bool = False
    loud: bool = False
    """Whether more than others' answers has changed: its Schedule-Tag is another one then."""
    message: bytes = b""
    """For the scheduling inbox: the last one that matters."""
    happened: list[Happening] = field(default_factory=list)


@dataclass(slots=True)
class Round:
    """A round for one UID."""

    store: Store
    blobs: Blobs
    who: Principal
    ident: str
    now: int
    client: str = ""
    found: dict[str, Guest | str] = field(default_factory=dict)
    """By address: somebody here, or the SCHEDULE-STATUS that says where they are."""
    copies: dict[AccountId, Copy] = field(default_factory=dict)
    letters: list[Envelope] = field(default_factory=list)
    happened: list[Happening] = field(default_factory=list)
    """For the timeline of the object that the change is about."""
    parsed: dict[bytes, CalendarObject] = field(default_factory=dict)
    words: str = ""
    """What who makes the change writes to those who get a message about it."""
    words_for: People = frozenset()
    """To whom alone; nobody named: to all."""

    @property
    def stamp(self) -> str:
        """DTSTAMP of what is sent."""
        return datetime.fromtimestamp(self.now, UTC).strftime("%Y%m%dT%H%M%SZ")

    def note(self, what: str, text: str) -> None:
        """A line for the timeline of the object that the change is about."""
        self.happened.append(Happening(what, text, self.ident))


def begin(store: Store, blobs: Blobs, who: Principal, ident: str, now: int | None = None) -> Round:
    """A round in the name of somebody."""
    return Round(store, blobs, who, ident, int(time.time()) if now is None else now, who.client)


# --- who is where -----------------------------------------------------------------------------------------------------


async def look_up(round_: Round, addresses: Iterable[str]) -> None:
    """Finds out where these are, and reads the copies of those here: one hop for all of them."""
    wanted = [each for each in dict.fromkeys(addresses) if each not in round_.found]
    if not wanted:
        return
    found = await round_.store.read(
        round_.who, lambda tx: {address: _where(tx, address, round_.ident) for address in wanted}
    )
    round_.found.update(found)
    await _read_copies(round_, [each for each in found.values() if isinstance(each, Guest)])


async def _read_copies(round_: Round, guests: Sequence[Guest]) -> None:
    new = {each.account: each for each in guests if each.account not in round_.copies}
    bodies = await round_.blobs.read_many([each.blob for each in new.values() if each.blob is not None])
    for account, each in new.items():
        stored = await parsed(round_, bodies[each.blob]) if each.blob is not None and each.blob in bodies else None
        round_.copies[account] = Copy(each, stored, stored)


def _where(tx: ReadTx, address: str, ident: str) -> Guest | str:
    try:
        targets = tx.resolve(address)
        [target] = targets if len(targets) == 1 else [None]
        if target is None or target.kind == "folder":
            return MAIL  # a group, a list, a folder: each gets the mail
        if target.kind != "account" or target.account is None:
            return MAIL
        return tx.guest(target.account, ident)
    except NoRight:
        return DENIED
    except GroupwareError:
        return NOBODY


async def groups_of(round_: Round, read: CalendarObject | None, who: People) -> People:
    """The groups among those who are invited that have somebody in them who is not invited otherwise."""
    if read is None or any(line_of(part, who) for part in read.parts):
        return frozenset()
    asked = list(attendees(read.parts))[:MOST_GROUPS]
    return await round_.store.read(round_.who, lambda tx: frozenset(each for each in asked if _has(tx, each, who)))


def _has(tx: ReadTx, group: str, who: People) -> bool:
    try:
        return any(each.group is not None and each.address.lower() in who for each in tx.resolve(group))
    except GroupwareError:
        return False


async def parsed(round_: Round, octets: bytes) -> CalendarObject:
    """The object; the same octets are read once in a round."""
    found = round_.parsed.get(octets)
    if found is None:
        small = len(octets) <= ON_THE_LOOP
        found = round_.parsed[octets] = read_object(octets) if small else await asyncio.to_thread(read_object, octets)
    return found


async def object_of(round_: Round, calendar: Component, *sources: CalendarObject | None) -> CalendarObject:
    """A changed component as an object."""
    return await parsed(round_, rendered(calendar, *[each for each in sources if each is not None]))


# --- telling ----------------------------------------------------------------------------------------------------------


async def tell(round_: Round, notice: Notice, sender: imip.Sender, *sources: CalendarObject | None) -> str:
    """Gives a message to who it is for: into the copy here, or a letter. Gives the SCHEDULE-STATUS, "" for none."""
    where = round_.found[notice.to]
    calendar = dated(notice.calendar, round_.stamp)
    read = await object_of(round_, calendar, *sources)
    said = read
    if round_.words and not notice.quiet and (not round_.words_for or notice.to in round_.words_for):
        said = await object_of(round_, with_comment(calendar, round_.words), *sources)
    if isinstance(where, Guest):
        await into_copy(round_, where, Message(notice.method, read, where.addresses), said, quiet=notice.quiet)
        return DELIVERED
    if notice.quiet:
        return ""
    if where == MAIL:
        await write_letter(round_, notice.method, said, sender, notice.to)
    round_.note("sent" if where == MAIL else "not sent", f"{notice.method} to {notice.to}: {_IN_WORDS[where]}")
    return where


_IN_WORDS: Final = {MAIL: "by mail", NOBODY: "there is nobody of that address", DENIED: "invitations are not taken"}


def with_comment(calendar: Component, words: str) -> Component:
    """An iTIP message with words of its sender (RFC 5546 §3.2: COMMENT)."""
    line = Line("COMMENT", NO_PARAMS, escaped(words[:MOST_WORDS]), 0)
    parts = [part if part.name == "VTIMEZONE" else replace(part, lines=[*part.lines, line]) for part in calendar.parts]
    return replace(calendar, parts=parts)


async def into_copy(
    round_: Round, guest: Guest, message: Message, said: CalendarObject | None = None, *, quiet: bool = False
) -> Applied:
    """Applies a message to somebody's copy; `said`: as it is kept for them, where that has words besides."""
    copy = round_.copies[guest.account]
    before = copy.read
    got = applied(before, message)
    if got.ignored:
        copy.happened.append(Happening("ignored", f"{message.method}: {got.ignored}", round_.ident))
    if got.calendar is not None:
        copy.read = await object_of(round_, got.calendar, message.read, copy.read)
        copy.gone = False
    if quiet:
        return got
    if got.said:
        copy.happened.append(Happening(message.method.lower(), got.said, round_.ident))
    if got.notable:
        copy.message = _kept_message(message if said is None else replace(message, read=said))
    copy.loud = copy.loud or (got.calendar is not None and (message.method != "REPLY" or _joined(before, copy.read)))
    return got


def _joined(before: CalendarObject | None, now: CalendarObject | None) -> bool:
    """Whether others are invited than before: who was sent by an attendee, or is of a group, and has answered."""
    people = [attendees(read.parts).keys() if read is not None else () for read in (before, now)]
    return people[0] != people[1]


def _kept_message(message: Message) -> bytes:
    """The message for the scheduling inbox; a proposal with whose it is, for it may name all who are invited."""
    read = message.read
    if message.method != "COUNTER" or not message.sender:
        return read.octets
    lines = [line for line in read.calendar.lines if line.name != PROPOSED_BY]
    by = Line(PROPOSED_BY, NO_PARAMS, f"mailto:{message.sender}", 0)
    return rendered(Component("VCALENDAR", read.calendar.at, [*lines, by], read.calendar.parts), read)


async def write_letter(round_: Round, method: str, read: CalendarObject, sender: imip.Sender, to: str) -> None:
    """A letter for the queue; what is attached goes along, as far as mail should carry it."""
    now = datetime.fromtimestamp(round_.now, UTC)
    if managed(read):
        read = await object_of(round_, inlined(read, await _attached(round_, read)), read)
    await send(round_, imip.composed(method, read, sender, to, now), sender.address, to)


async def _attached(round_: Round, read: CalendarObject) -> dict[str, bytes]:
    """The octets of what is attached, up to `MOST_ATTACHED` in all."""
    found: dict[str, bytes] = {}
    room = MOST_ATTACHED
    for key in keys_in(read):
        try:
            each = await round_.store.read(round_.who, partial(_attachment, key))
            if each.size <= room:
                found[key] = await round_.blobs.read(each.blob)
                room -= each.size
        except NotFound:
            continue
    return found


def _attachment(key: str, tx: ReadTx) -> Attachment:
    return tx.attachment(key)


async def send(round_: Round, octets: bytes, sender: str, to: str) -> None:
    """A letter that is composed, for the queue."""
    stored = await round_.blobs.put(octets)
    by = None if round_.who.floor else round_.who.account
    envelope = Envelope(
        sender,
        (Recipient(to),),
        stored.blob,
        stored.size,
        body=stored.body,
        by=by,
        own=True,
        message=secrets.token_hex(8),
        utf8=not (to + sender).isascii(),
        envid=MARK + round_.ident if _SAFE.fullmatch(round_.ident) else "",
    )
    round_.letters.append(envelope)


@dataclass(frozen=True, slots=True)
class Beside:
    """What a mail does beside being delivered."""

    visits: tuple[Visit, ...] = ()
    letters: tuple[Envelope, ...] = ()

    def carry_out(self, tx: WriteTx) -> None:
        """Does it, in the write that delivers the mail. `Overtaken`."""
        if self.visits:
            tx.invite(self.visits)
        post(tx, self.letters)


# --- what the write does ----------------------------------------------------------------------------------------------


async def visits(round_: Round) -> tuple[Visit, ...]:
    """What becomes of the copies that have changed."""
    found = [await _visit(round_, each) for each in round_.copies.values()]
    return tuple(each for each in found if each is not None)


async def _visit(round_: Round, copy: Copy) -> Visit | None:
    changed = copy.read is not copy.stored and not copy.gone and copy.read is not None
    gone = copy.gone and copy.stored is not None
    if not (changed or gone or copy.message or copy.happened or copy.exact):
        return None
    new = None
    if changed and copy.read is not None:
        tag = new_tag() if copy.loud or not copy.guest.tag else copy.guest.tag
        new = await item_of(round_, copy.read, copy.guest.item or f"{secrets.token_urlsafe(18)}.ics", tag)
    message = await _message(round_, copy) if copy.message and copy.guest.kind is PrincipalKind.ACCOUNT else None
    return Visit(copy.guest, new, gone, message, copy.exact, tuple(copy.happened))


async def _message(round_: Round, copy: Copy) -> NewItem:
    """For the scheduling inbox; several can be about one meeting, so it is not found by the meeting's UID."""
    read = await parsed(round_, copy.message)
    item = await item_of(round_, read, f"{secrets.token_urlsafe(18)}.ics", "")
    return replace(item, object=None)


async def item_of(round_: Round, read: CalendarObject, name: str, tag: str) -> NewItem:
    """An object as a new item, with its Schedule-Tag."""
    stored = await round_.blobs.put(read.octets)
    if len(read.octets) <= ON_THE_LOOP and not read.series.recurs:
        return tagged(new_item(read, stored, name, round_.now), tag)
    return tagged(await asyncio.to_thread(new_item, read, stored, name, round_.now), tag)


def post(tx: WriteTx, letters: Sequence[Envelope]) -> None:
    """Puts letters into the queue, and into the trace of mail."""
    for letter in letters:
        queue = tx.enqueue(letter)
        to = " ".join(each.address for each in letter.recipients)
        facts: dict[str, str | int] = {"from": letter.sender, "size": letter.size, "recipients": len(letter.recipients)}
        tx.note(Event("received", letter.by, facts, letter.message))
        tx.note(Event("queued", letter.by, {"queue": int(queue), "to": to}, letter.message))


def tagged(item: NewItem, tag: str) -> NewItem:
    """The item with that Schedule-Tag."""
    assert item.object is not None
    return replace(item, object=replace(item.object, schedule_tag=tag))


def new_tag() -> str:
    """Another Schedule-Tag than all before."""
    return secrets.token_hex(12)
