"""Invitations and answers that come by mail (iMIP, RFC 6047): found in a message, and applied to calendars here.

1. The mail itself is delivered as always; nothing here can keep it from that.
2. Who writes a mail speaks for the address in From, and for nobody else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from groupware.mime.charsets import decode
from groupware.mime.sections import decoded
from groupware.mime.summary import Summary, summarize
from groupware.model.content import NO_PARAMS, Component, Line, parse
from groupware.model.errors import Malformed
from groupware.model.meeting import Guest, Happening
from groupware.model.principal import DELIVERY, PrincipalKind
from groupware.store.api import Blobs, Store

from . import rooms, rounds
from .attachments import managed, unmanaged
from .imip import Sender
from .itip.incoming import FOR_ATTENDEES, METHODS, Message, method_of
from .itip.instances import dated
from .itip.octets import rendered
from .itip.people import People, address_of, line_of, organizer, with_member
from .object import CalendarObject, read_object
from .rounds import Beside, Round
from .scheduling import refresh

LONGEST: Final = 1024 * 1024
"""Octets of the calendar part of a mail."""
DEEPEST: Final = 6
"""How deep in the parts of a mail it may be."""
LONGEST_IDENT: Final = 255
"""Characters of the UID of what cannot be read."""


@dataclass(frozen=True, slots=True)
class Mailed:
    """An iTIP message out of a mail, and who wrote that."""

    method: str
    read: CalendarObject
    sender: str
    senders: People


def found(octets: bytes) -> Mailed | None:
    """The iTIP message in a mail: its first calendar part that is one."""
    summary = summarize(octets)
    for text in _calendars(octets, summary):
        try:
            read = _foreign(read_object(text))
        except Malformed:
            continue
        if method_of(read) in METHODS:
            senders = _senders(summary)
            return Mailed(method_of(read), read, next(iter(senders), ""), frozenset(senders)) if senders else None
    return None


def _calendars(octets: bytes, summary: Summary) -> Iterator[bytes]:
    """The calendar parts of a mail, in UTF-8."""
    for part in summary.parts:
        if part.media not in ("text/calendar", "application/ics") or part.depth > DEEPEST:
            continue
        body = decoded(octets, part)
        if len(body) <= LONGEST:
            yield decode(body, part.charset or "utf-8").encode()


@dataclass(frozen=True, slots=True)
class Unusable:
    """What would be an iTIP message if it were right."""

    ident: str
    """Its UID."""
    method: str
    sender: str
    why: str


def unusable(octets: bytes) -> Unusable | None:
    """The calendar part of a mail that names an event and a method of ours, and cannot be read as an object."""
    summary = summarize(octets)
    sender = next(iter(_senders(summary)), "")
    for text in _calendars(octets, summary) if sender else ():
        try:
            read_object(text)
        except Malformed as error:
            try:
                calendar = next(iter(parse(text)), None)
            except Malformed:
                continue
            method = calendar.text("METHOD").strip().upper() if calendar is not None else ""
            ident = next((each.text("UID") for each in calendar.parts if each.text("UID")), "") if calendar else ""
            if method in METHODS and 0 < len(ident) <= LONGEST_IDENT:
                return Unusable(ident, method, sender, str(error))
    return None


async def noted(store: Store, blobs: Blobs, wrong: Unusable, addresses: Sequence[str]) -> Beside:
    """That it was ignored and why, on the timelines of these recipients. For accounts and resources alone."""
    round_ = rounds.begin(store, blobs, DELIVERY, wrong.ident)
    round_.client = "mail"
    await rounds.look_up(round_, addresses)
    for guest in _guests(round_, addresses):
        said = Happening("ignored", f"{wrong.method}: {wrong.why}", wrong.ident, who=wrong.sender, client="mail")
        round_.copies[guest.account].happened.append(said)
    return Beside(await rounds.visits(round_), ())


def _guests(round_: Round, addresses: Sequence[str]) -> Sequence[Guest]:
    """Those of the recipients who have a calendar here and take invitations from mail, each once."""
    found = {each.account: each for name in addresses if isinstance(each := round_.found[name], Guest)}
    return [each for each in found.values() if each.settings["calendarInvitations"] != "off"]


def _foreign(read: CalendarObject) -> CalendarObject:
    """The message with nothing in it that only this server gives."""
    return read_object(rendered(unmanaged(read), read)) if managed(read) else read


def _senders(summary: Summary) -> Sequence[str]:
    return [each.address.lower() for each in summary.from_ if "@" in each.address][:1]


async def beside(store: Store, blobs: Blobs, mailed: Mailed, addresses: Sequence[str]) -> Beside:
    """What the message makes of the calendars of these recipients. For accounts and resources alone."""
    round_ = rounds.begin(store, blobs, DELIVERY, mailed.read.uid)
    round_.client = "mail"
    await rounds.look_up(round_, [mailed.sender, *addresses])
    writer = round_.found[mailed.sender]
    senders = mailed.senders | (writer.addresses if isinstance(writer, Guest) else frozenset())
    for guest in _guests(round_, addresses):
        await _apply(round_, guest, mailed, senders)
    return Beside(await rounds.visits(round_), tuple(round_.letters))


async def _apply(round_: Round, guest: Guest, mailed: Mailed, senders: People) -> None:
    copy = round_.copies[guest.account]
    groups: People = frozenset()
    if mailed.method in FOR_ATTENDEES:
        mailed = await _for_member(round_, guest, mailed)
    else:
        groups = await rounds.groups_of(round_, copy.read, senders)
    if mailed.method in FOR_ATTENDEES and not any(line_of(part, guest.addresses) for part in mailed.read.parts):
        known = copy.stored is not None and mailed.method == "CANCEL"
        if not known:
            text = f"{mailed.method} by {mailed.sender}: it does not invite {guest.address}"
            copy.happened.append(Happening("ignored", text, round_.ident, who=mailed.sender, client="mail"))
            return
    before = copy.read
    message = Message(mailed.method, mailed.read, guest.addresses, mailed.sender, senders, groups)
    since = len(copy.happened)
    got = await rounds.into_copy(round_, guest, message)
    copy.happened[since:] = [
        Happening(each.what, each.text, each.ident, who=mailed.sender, client="mail") for each in copy.happened[since:]
    ]
    own = Sender(guest.address, guest.name)
    if got.answer is not None and copy.read is not None:
        read = await rounds.object_of(round_, dated(got.answer.calendar, round_.stamp), copy.read)
        await rounds.write_letter(round_, got.answer.method, read, own, got.answer.to)
    if mailed.method == "REPLY" and got.calendar is not None and before is not None and copy.read is not None:
        await refresh(round_, before, copy.read, guest, senders - guest.addresses)
    if guest.kind is PrincipalKind.RESOURCE and not got.ignored:
        await _book(round_, guest, mailed, own)


async def _for_member(round_: Round, guest: Guest, mailed: Mailed) -> Mailed:
    """The message as somebody gets it who is of an invited group: it invites them, too."""
    head = organizer(mailed.read)
    own_meeting = head is not None and address_of(head) in guest.addresses
    groups = frozenset() if own_meeting else await rounds.groups_of(round_, mailed.read, guest.addresses)
    if not groups:
        return mailed
    calendar, own = mailed.read.calendar, Line("ATTENDEE", NO_PARAMS, f"mailto:{guest.address}", 0)
    parts = [with_member(part, group, own) if (group := _invited(part, groups)) else part for part in calendar.parts]
    return replace(mailed, read=await rounds.object_of(round_, replace(calendar, parts=parts), mailed.read))


def _invited(part: Component, groups: People) -> str:
    line = line_of(part, groups)
    return address_of(line) if line is not None else ""


async def _book(round_: Round, guest: Guest, mailed: Mailed, own: Sender) -> None:
    """A room that is asked by mail answers by mail."""
    copy = round_.copies[guest.account]
    if mailed.method == "CANCEL":
        copy.gone = copy.read is not None and all(part.text("STATUS") == "CANCELLED" for part in copy.read.parts)
        return
    head = organizer(mailed.read)
    if mailed.method != "REQUEST" or head is None:
        return
    by = mailed.senders | {f"domain:{mailed.sender.rpartition('@')[2]}"}
    reply = await rooms.answer(round_, copy, by)
    if reply is not None:
        await rounds.write_letter(round_, "REPLY", reply, own, address_of(head))
