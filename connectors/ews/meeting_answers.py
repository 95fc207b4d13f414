"""Answers to meetings, and meetings called off. MS-OXWSMTGS §2.2.4 (AcceptItem and those around it)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC
from typing import Any, Final

from connectors.bounded_xml import Element
from connectors.ews import event_write
from connectors.ews.calendar_fields import address_in, is_mine, people
from connectors.ews.errors import EwsError
from connectors.ews.event_set import Edit, settle
from connectors.ews.event_write import made, rewrite, stored, without_method
from connectors.ews.item_ids import read_item_id
from connectors.ews.item_ops import deleted
from connectors.ews.meeting_fields import invitation, method_of
from connectors.ews.occurrences import key_at, start_of, zone_in
from connectors.ews.things import Facts, One, facts_in, thing_of, things_of, with_octets
from connectors.ews.turn import Turn
from connectors.ews.wire import child, local, needed, words
from groupware.calendar import counters
from groupware.calendar.jscalendar.objects import calendar_of
from groupware.calendar.jscalendar.shape import plain
from groupware.calendar.jscalendar.values import json_time
from groupware.mime.html import plain_text
from groupware.mime.sections import decoded
from groupware.model.errors import GroupwareError, NotFound
from groupware.model.folder import Role
from groupware.model.ids import AccountId
from groupware.model.item import Kind
from groupware.model.rights import Right
from groupware.store.api import ReadTx, WriteTx
from groupware.store.overtaking import again

_ANSWERS: Final = {"AcceptItem": "accepted", "TentativelyAcceptItem": "tentative", "DeclineItem": "declined"}


async def answer(turn: Turn, element: Element, disposition: str) -> str:
    """Answers a meeting, by the message that invites to it or by the event. `EwsError`."""
    status = _ANSWERS[local(element)]
    comment = comment_in(child(element, "Body"))
    tell = disposition != "SaveOnly"

    async def once() -> None:
        one = await _event(turn, needed(element, "ReferenceItemId"))
        if is_mine(one):
            raise EwsError("ErrorCalendarIsOrganizerForAccept", "it is your own meeting")
        await rewrite(turn, one.thing, one.key, lambda edit: _answered(edit, one, status, comment), tell=tell)

    await again(once)
    if child(element, "ProposedStart") is not None:
        await _propose(turn, element, comment)
    return ""


async def _propose(turn: Turn, element: Element, comment: str) -> None:
    """Proposes another time to the organizer. `EwsError`."""
    one = await _event(turn, needed(element, "ReferenceItemId"))
    people_ = (one.json.get("participants") or {}).items()
    mine = {key: each for key, each in people_ if address_in(each).lower() in one.facts.mine or is_owner(each)}
    edit = Edit(
        {**one.json, "participants": mine, **({"recurrenceId": one.key} if one.key else {})}, turn.zone, one.zones
    )
    edit.times = {
        "Start": words(element, "ProposedStart") or "",
        "End": words(element, "ProposedEnd") or "",
    }
    settle(edit)
    value = {name: each for name, each in edit.value.items() if name not in ("alerts", "recurrenceOverrides")}
    if str(value.get("timeZone") or "").startswith("/"):  # a zone that only the event knows does not go along
        zone = zone_in(value, None, one.zones)
        for name in ("start", "recurrenceId"):
            value |= {name: key_at(start_of({"start": value[name]}, zone), UTC)} if name in value else {}
        value["timeZone"] = "Etc/UTC"
    read, _ = await made(turn, lambda: calendar_of(plain(value)), "proposal.ics")
    await counters.propose(turn.parts.store, turn.parts.blobs, turn.who, read, comment)


def is_owner(person: Mapping[str, Any]) -> bool:
    """Whether somebody organizes the meeting."""
    return bool((person.get("roles") or {}).get("owner"))


def comment_in(body: Element | None) -> str:
    """The words of a body, without markup."""
    if body is None or not (body.text or "").strip():
        return ""
    html = body.get("BodyType", "Text").upper() == "HTML"
    return (plain_text(body.text or "") if html else body.text or "").strip()


def _answered(edit: Edit, one: One, status: str, comment: str) -> None:
    people_ = dict(edit.value.get("participants") or {})
    mine = [key for key, each in people_.items() if address_in(each).lower() in one.facts.mine]
    if not mine:
        raise EwsError("ErrorCalendarMeetingRequestIsOutOfDate", "you are not invited")
    for key in mine:
        one_ = {**people_[key], "participationStatus": status}
        one_.pop("expectReply", None)
        people_[key] = {**one_, "participationComment": comment} if comment else one_
    edit.value["participants"] = people_


async def _event(turn: Turn, named: Element) -> One:
    """The event itself, or the one of the invitation that is named. `EwsError`."""
    wanted = read_item_id(named)
    one = await turn.read(lambda tx: _one(tx, turn, wanted))
    await with_octets(turn, [one])
    if one.kind is Kind.CALENDAR:
        return one
    read = invitation(one.octets, one) if one.kind is Kind.MAIL else None
    if read is None:
        raise EwsError("ErrorInvalidOperation", "the item carries no meeting")
    key = ""
    if read.main is None and (line := read.shown.first("RECURRENCE-ID")) is not None:
        key = json_time(line.value)
    owner = one.thing.folder.owner
    there = await turn.read(lambda tx: _stored_event(tx, turn, owner, read.uid))
    if there is None:
        if method_of(read) != "REQUEST":
            raise EwsError("ErrorItemNotFound", "the meeting is in none of your calendars")
        there = await _taken_in(turn, one, read.uid)
    await with_octets(turn, [there])
    if key:
        found = One(there.thing, there.facts, key, there.octets)
        return found if found.json else there
    return there


def _one(tx: ReadTx, turn: Turn, wanted: Any) -> One:
    thing = thing_of(tx, wanted)
    return One(thing, _facts(tx, turn, thing.folder.owner), wanted.more if wanted.letter == "O" else "")


def _facts(tx: ReadTx, turn: Turn, owner: AccountId) -> Facts:
    """Whoever answers for somebody else is the guest whose calendar it is in."""
    facts = facts_in(tx, turn.zone)
    try:
        guest = tx.guest(owner, "") if owner != tx.who.account else None
    except GroupwareError:
        guest = None
    return facts if guest is None else replace(facts, mine=frozenset(each.lower() for each in guest.addresses))


def _stored_event(tx: ReadTx, turn: Turn, owner: AccountId, uid: str) -> One | None:
    """What there is of a meeting in somebody's calendars."""
    try:
        guest = tx.guest(owner, uid)
        item = tx.item(guest.folder, guest.item) if guest.item else None
    except GroupwareError:
        return None
    found = things_of(tx, [item.id]) if item is not None else {}
    return One(found[item.id], _facts(tx, turn, owner)) if item is not None and item.id in found else None


async def _taken_in(turn: Turn, one: One, uid: str) -> One:
    """Puts the meeting of an invitation into the calendar of whose mail that is, where it has not come by itself."""
    part = next(each for each in one.summary.parts if each.media == "text/calendar")
    octets = without_method(decoded(one.octets, part))
    _, new = await stored(turn, octets, secrets.token_urlsafe(18) + ".ics")

    def work(tx: WriteTx) -> None:
        tx.append(tx.role(one.thing.folder.owner, Role.CALENDAR, Right.INSERT).id, [new])

    await turn.write(work)
    found = await turn.read(lambda tx: _stored_event(tx, turn, one.thing.folder.owner, uid))
    if found is None:
        raise NotFound("the meeting has gone meanwhile")
    return found


async def cancel(turn: Turn, element: Element) -> str:
    """Calls a meeting off that one organizes; all are told, with what is written about it. `EwsError`."""
    words = comment_in(child(element, "NewBodyContent")) or comment_in(child(element, "Body"))

    async def once() -> None:
        one = await _event(turn, needed(element, "ReferenceItemId"))
        if not is_mine(one) or not people(one.json):
            raise EwsError("ErrorCalendarIsNotOrganizer", "only who organizes a meeting calls it off")
        await event_write.delete(turn, one, tell=True, words=words)

    await again(once)
    return ""


async def remove(turn: Turn, element: Element) -> str:
    """Takes a meeting out of one's calendar that has been called off, and the message that says so. `EwsError`.

    Nobody is told. The message goes into the trash; the meeting may be gone already.
    """
    named = needed(element, "ReferenceItemId")
    wanted = read_item_id(named)
    first = await turn.read(lambda tx: _one(tx, turn, wanted))

    async def once() -> None:
        await event_write.delete(turn, await _event(turn, named), tell=False)

    try:
        await again(once)
    except EwsError as error:
        if first.kind is not Kind.MAIL or error.code != "ErrorItemNotFound":
            raise
    if first.kind is Kind.MAIL:
        await turn.write(lambda tx: deleted(tx, thing_of(tx, wanted), trash=True))
    return ""
