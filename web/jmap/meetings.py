"""Meetings as those who take part follow them: what happened to an event, and other times that are proposed for it.

`urn:postroom:jmap:meetings`, words of our own (decision 313). `CalendarEvent/timeline` tells the lines that scheduling
has written down, what it has ignored and why among them. `CalendarEvent/propose` asks the organizer for another time
(COUNTER, RFC 5546 §3.2.7); `MeetingProposal/get` has those that wait for oneself, `MeetingProposal/answer` takes or
declines one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from groupware.calendar import counters
from groupware.calendar.counters import Counter
from groupware.calendar.itip.people import address
from groupware.calendar.jscalendar.objects import calendar_of, object_of
from groupware.calendar.jscalendar.shape import EVENT, plain
from groupware.model.errors import NotFound
from groupware.model.folder import Role
from groupware.model.ids import FolderId, Uid
from groupware.model.rights import Right
from groupware.store.api import ReadTx
from web.jmap import few
from web.jmap.arguments import GetArguments, argument, flag, ident, text
from web.jmap.errors import MethodError, SetError
from web.jmap.event import EVENTS, VEVENT, base_of, occurrence, own_addresses
from web.jmap.families import CALENDAR
from web.jmap.ids import account_id, object_id
from web.jmap.kept import number_of, own
from web.jmap.remade import item_of
from web.jmap.thing_set import shaped
from web.jmap.things import Place, asked_for
from web.jmap.turn import Turn, owner_in

Json = dict[str, Any]
PROPERTIES: Final = (
    "id",
    "uid",
    "eventId",
    "title",
    "by",
    "comment",
    "start",
    "duration",
    "timeZone",
    "showWithoutTime",
    "recurrenceId",
    "place",
)
_LETTER: Final = "Q"
_NO_PROPOSAL: Final = ("alerts", "recurrenceOverrides")
_NO_EVENT: Final = "there is no such event, or it is not shared with you"


@dataclass(frozen=True, slots=True)
class TimelineArguments:
    """`CalendarEvent/timeline`: an event by its id, or in one's own account by its UID, once it has gone, too."""

    account_id: str = argument(ident)
    id: str | None = argument(ident, None)
    uid: str | None = argument(text, None)


@dataclass(frozen=True, slots=True)
class ProposeArguments:
    """`CalendarEvent/propose`: an event that one is invited to, or one occurrence, and when it should be instead."""

    account_id: str = argument(ident)
    id: str = argument(ident)
    start: str = argument(text)
    duration: str = argument(text)
    time_zone: str | None = argument(text, None)
    comment: str = argument(text, "")


@dataclass(frozen=True, slots=True)
class AnswerArguments:
    """`MeetingProposal/answer`: whether the event is changed as is proposed; the comment is for who is declined."""

    account_id: str = argument(ident)
    id: str = argument(ident)
    accept: bool = argument(flag)
    comment: str = argument(text, "")


async def _event(turn: Turn, account: str, name: str) -> tuple[Place, Json, str | None]:
    """Where an event is, what it says, and which of its occurrences is meant. `MethodError`."""
    base, key = base_of(turn.real(name))

    def work(tx: ReadTx) -> dict[str, Place]:
        return asked_for(tx, owner_in(tx, account), CALENDAR, VEVENT, [base])

    there = await turn.read(work)
    if base not in there:
        raise MethodError("notFound", _NO_EVENT)
    place = there[base]
    return place, (await EVENTS.all_of(turn, [place]))[place.blob], key


async def timeline(turn: Turn, arguments: TimelineArguments) -> Mapping[str, Any]:
    """What happened to an event, the oldest first: `what`, `text`, `at`, `by` (an address), `client` (a protocol)."""
    if (arguments.id is None) == (arguments.uid is None):
        raise MethodError("invalidArguments", "name the event by its id or by its uid")
    at: FolderId | None = None
    ident = arguments.uid or ""
    if arguments.id is not None:
        place, event, _ = await _event(turn, arguments.account_id, arguments.id)
        at, ident = place.folder.id, str(event.get("uid", ""))

    def work(tx: ReadTx) -> Mapping[str, Any]:
        owner = owner_in(tx, arguments.account_id)
        try:
            where = at if at is not None else tx.role(owner, Role.CALENDAR, Right.READ).id
            lines = tx.timeline(where, ident)
        except NotFound:
            raise MethodError("notFound", _NO_EVENT) from None
        return {
            "accountId": account_id(owner),
            "list": [
                {
                    "what": each.what,
                    "text": each.text,
                    "at": each.at.strftime("%Y-%m-%dT%H:%M:%SZ") if each.at is not None else None,
                    "by": each.who,
                    "client": each.client,
                }
                for each in lines
            ],
        }

    return await turn.read(work)


async def propose(turn: Turn, arguments: ProposeArguments) -> Mapping[str, Any]:
    """Tells the organizer that another time would suit; nothing changes until that one says so. `MethodError`."""
    _, event, key = await _event(turn, arguments.account_id, arguments.id)
    one = occurrence(event, key) if key is not None else event
    if one is None:
        raise MethodError("notFound", _NO_EVENT)
    mine = await turn.read(lambda tx: (own(tx, arguments.account_id), own_addresses(tx))[1])
    if not any(_is_of(each, mine) for each in (one.get("participants") or {}).values()):
        raise MethodError("forbidden", "you are not invited to it")
    value = {name: each for name, each in one.items() if name not in _NO_PROPOSAL}
    value["participants"] = {
        name: each for name, each in one["participants"].items() if _is_owner(each) or _is_of(each, mine)
    }
    if any(_is_owner(each) and _is_of(each, mine) for each in value["participants"].values()):
        raise MethodError("forbidden", "it is your own meeting: change it")
    value |= {"start": arguments.start, "duration": arguments.duration}
    if not one.get("showWithoutTime") and arguments.time_zone is not None:
        value["timeZone"] = arguments.time_zone
    try:
        shaped(EVENT, value)
        read, _ = await item_of(turn, lambda: calendar_of(plain(value)), "proposal.ics")
    except SetError as error:
        raise MethodError("invalidArguments", error.description, **error.more) from None
    await counters.propose(turn.parts.store, turn.parts.blobs, turn.who, read, arguments.comment.strip())
    return {"accountId": arguments.account_id, "id": arguments.id}


def _is_owner(person: Mapping[str, Any]) -> bool:
    return bool((person.get("roles") or {}).get("owner"))


def _is_of(person: Mapping[str, Any], mine: frozenset[str]) -> bool:
    return any(address(str(each)) in mine for each in (person.get("sendTo") or {}).values())


def state(tx: ReadTx) -> str:
    """Another one whenever a message about a meeting has come or gone."""
    try:
        return str(tx.role(tx.who.account, Role.SCHEDULE_INBOX).modseq)
    except NotFound:
        return "0"


async def get(turn: Turn, arguments: GetArguments) -> Mapping[str, Any]:
    """`MeetingProposal/get`: the proposals that wait for oneself; the state is of all of them."""
    waiting = await counters.pending(turn.parts.store, turn.parts.blobs, turn.who)

    def look(tx: ReadTx) -> tuple[str, str, Mapping[str, Json]]:
        owner = own(tx, arguments.account_id)
        return account_id(owner), state(tx), {f"{_LETTER}{each.number}": _told(tx, each) for each in waiting}

    return await few.get(turn, arguments, PROPERTIES, look)


def _told(tx: ReadTx, counter: Counter) -> Json:
    event = object_of(counter.read)
    guest = tx.guest(tx.who.account, counter.ident)
    there = guest.blob is not None
    return {
        "id": f"{_LETTER}{counter.number}",
        "uid": counter.ident,
        "eventId": object_id(CALENDAR.letter, tx.item(guest.folder, guest.item).id) if there else None,
        "title": counter.title,
        "by": counter.who,
        "comment": counter.comment,
        "start": event.get("start"),
        "duration": event.get("duration"),
        "timeZone": event.get("timeZone"),
        "showWithoutTime": bool(event.get("showWithoutTime")),
        "recurrenceId": event.get("recurrenceId"),
        "place": next((each.get("name") for each in (event.get("locations") or {}).values()), None),
    }


async def answer(turn: Turn, arguments: AnswerArguments) -> Mapping[str, Any]:
    """Changes the event as is proposed, and tells all; or tells the proposer that it stays. `MethodError`."""
    await turn.read(lambda tx: own(tx, arguments.account_id))
    number = number_of(arguments.id, _LETTER)
    if number is None:
        raise MethodError("notFound", "there is no such proposal; it may have been answered already")
    store, blobs = turn.parts.store, turn.parts.blobs
    if arguments.accept:
        await counters.accept(store, blobs, turn.who, Uid(number))
    else:
        await counters.decline(store, blobs, turn.who, Uid(number), arguments.comment.strip())
    return {"accountId": arguments.account_id, "id": arguments.id}
