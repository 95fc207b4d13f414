"""Rooms and equipment answer by themselves, in the round that asks them (see `booking` for the answer itself)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from groupware.model.content import NO_PARAMS, Component, Line, escaped
from groupware.model.item import Placed, Span
from groupware.model.meeting import Guest, Happening
from groupware.model.principal import PrincipalKind

from . import rounds
from .availability import availabilities, unavailable
from .booking import Booking, Decision, decide
from .imip import Sender, to_approver
from .index import busy, occurrences, span
from .itip.attendee import answered
from .itip.incoming import Message, applied
from .itip.instances import dated, with_value
from .itip.organizer import Notice
from .itip.people import address, address_of, line_of, partstat, with_params
from .object import CalendarObject, object_of
from .rounds import Copy, Round

AHEAD: Final = 2 * 366 * 86_400
"""Of a meeting without an end: how far a room looks."""
MOST_SLOTS: Final = 1_000
SEARCHED: Final = 15 * 86_400


def is_resource(round_: Round, address: str) -> bool:
    """Whether it is a room or equipment here."""
    found = round_.found.get(address)
    return isinstance(found, Guest) and found.kind is PrincipalKind.RESOURCE


async def book(
    round_: Round,
    notice: Notice,
    new: CalendarObject | None,
    old: CalendarObject | None,
    sender: Sender,
    by: frozenset[str],
) -> CalendarObject | None:
    """Asks a room; gives the organizer's object with its answer."""
    where = round_.found[notice.to]
    assert isinstance(where, Guest)
    copy = round_.copies[where.account]
    status = await rounds.tell(round_, notice, sender, old, new)
    if notice.method == "CANCEL" and copy.read is not None and _off(copy.read):
        copy.gone = True
        return new
    reply = await answer(round_, copy, by) if notice.method == "REQUEST" and not notice.quiet else None
    if reply is None or new is None or status != rounds.DELIVERED:
        return new
    got = applied(new, Message("REPLY", reply, frozenset(), senders=where.addresses))
    words = reply.shown.text("COMMENT")
    said = got.said or f"{notice.to}: {got.ignored}"
    round_.note("answered", f"{said}{'' if words in said else ' ' + words}")
    return await rounds.object_of(round_, got.calendar, new) if got.calendar is not None else new


def _off(read: CalendarObject) -> bool:
    return all(part.text("STATUS").upper() == "CANCELLED" for part in read.parts)


async def answer(round_: Round, copy: Copy, by: frozenset[str]) -> CalendarObject | None:
    """What the room answers to what its copy asks; None: it has answered already. Its copy takes the answer in."""
    asked = copy.read
    if asked is None or asked.kind != "VEVENT":
        return None
    open_ = [part for part in asked.parts if copy.stored is None or _is_open(part, copy.guest)]
    if not open_:
        return None
    copy.exact = True
    decision = await _decided(round_, copy, asked, open_, by)
    said = await rounds.object_of(round_, _answering(asked, open_, copy.guest, decision.word), asked)
    before = object_of(asked.octets, _answering(asked, open_, copy.guest, "NEEDS-ACTION"))
    reply = answered(before, said, copy.guest.addresses).reply
    if reply is None:
        return None
    copy.read, copy.gone = said, False
    if decision.word == "DECLINED" and len(open_) == len(asked.parts):
        copy.read, copy.gone = copy.stored, True
    approver = str(copy.guest.settings["resourceApprover"])
    if decision.word == "TENTATIVE" and address(approver):
        await _ask_approver(round_, copy.guest, asked, address(approver))
    copy.happened.append(Happening("answered", f"{decision.word.lower()} {decision.comment}".strip(), round_.ident))
    with_comment = replace(reply, parts=[_with_comment(part, decision.comment) for part in reply.parts])
    return await rounds.object_of(round_, dated(with_comment, round_.stamp), said)


async def _ask_approver(round_: Round, guest: Guest, asked: CalendarObject, approver: str) -> None:
    head = asked.shown.first("ORGANIZER")
    by = (head.param("CN") or address_of(head)) if head is not None else "Somebody"
    room = Sender(guest.address, guest.name)
    letter = to_approver(asked, room, approver, by, datetime.fromtimestamp(round_.now, UTC))
    await rounds.send(round_, letter, guest.address, approver)


def _is_open(part: Component, guest: Guest) -> bool:
    line = line_of(part, guest.addresses)
    return line is not None and partstat(line) == "NEEDS-ACTION"


def _answering(asked: CalendarObject, open_: Sequence[Component], guest: Guest, word: str) -> Component:
    """What is asked, with that answer where one is due; a time that is refused is not taken."""
    parts = [_saying(part, guest, word) if _among(part, open_) else part for part in asked.calendar.parts]
    return replace(asked.calendar, parts=parts)


def _among(part: Component, open_: Sequence[Component]) -> bool:
    return any(part is each for each in open_)


def _saying(part: Component, guest: Guest, word: str) -> Component:
    lines = [
        with_params(line, PARTSTAT=word, RSVP=None)
        if line.name == "ATTENDEE" and address_of(line) in guest.addresses
        else line
        for line in part.lines
    ]
    said = Component(part.name, part.at, lines, part.parts)
    return with_value(said, "TRANSP", "TRANSPARENT") if word == "DECLINED" else said


def _with_comment(part: Component, comment: str) -> Component:
    if not comment or part.name == "VTIMEZONE":
        return part
    lines = [line for line in part.lines if line.name != "COMMENT"]
    return Component(part.name, part.at, [*lines, Line("COMMENT", NO_PARAMS, escaped(comment), 0)], part.parts)


async def _decided(
    round_: Round, copy: Copy, asked: CalendarObject, open_: Sequence[Component], by: frozenset[str]
) -> Decision:
    """The answer, by all that the room is taken for but by this very meeting."""
    guest, stored, now = copy.guest, copy.stored, round_.now
    found = [each for each in occurrences(asked, now, now + AHEAD) if _among(each.part, open_) and each.end > now]
    slots = [(each.start, each.end) for each in found[:MOST_SLOTS] if busy(each.part)]
    endless = asked.series.endless() and asked.main is not None and _among(asked.main, open_)
    booking = Booking(slots, endless, _people(asked, guest), by)
    if not slots:
        return decide(guest.settings, booking, (), now)
    low, top = slots[0][0] - 86_400, max(end for _, end in slots) + SEARCHED
    placed, hours = await round_.store.read(round_.who, lambda tx: tx.taken(guest.account, low, top))
    own = [span(stored, each) for each in occurrences(stored, low, top)] if stored is not None else []
    times, closed = await _times(round_, placed, hours, low, top)
    return decide(guest.settings, booking, _others(times, own), now, closed)


async def _times(round_: Round, placed: Placed, hours: bytes, low: int, high: int) -> tuple[list[Span], list[Span]]:
    """When the room is taken, and when it cannot be had at all: by its calendar, and what else says so."""
    whole = {uid for uid, _ in placed.rest}
    times = [each for uid, each in placed.found if uid not in whole]
    said = availabilities(hours) if hours else []
    bodies = await round_.blobs.read_many([blob for _, blob in placed.rest])
    for body in bodies.values():
        read = await rounds.parsed(round_, body)
        if read.kind == "VAVAILABILITY":
            said.append(read)
        else:
            times.extend(span(read, each) for each in occurrences(read, low, high))
    return times, await asyncio.to_thread(unavailable, said, low, high) if said else []


def _others(times: list[Span], own: Sequence[Span]) -> list[Span]:
    """The times without those of the meeting itself, each once."""
    rest = list(times)
    for each in own:
        if each in rest:
            rest.remove(each)
    return rest


def _people(asked: CalendarObject, guest: Guest) -> int:
    """How many come, but for rooms and for those who have declined."""
    lines = [line for line in asked.shown.all("ATTENDEE") if address_of(line) not in guest.addresses]
    kinds = ("ROOM", "RESOURCE")
    coming = {address_of(line) for line in lines if line.param("CUTYPE").upper() not in kinds and _comes(line)}
    head = asked.shown.first("ORGANIZER")
    return len(coming | ({address_of(head)} if head is not None else set()))


def _comes(line: Line) -> bool:
    return partstat(line) != "DECLINED"
