"""Calendars, and who one takes part as. draft-ietf-jmap-calendars §3, §4."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, Final

from groupware.store.api import ReadTx
from web.jmap import holders, holders_set, things
from web.jmap.arguments import ChangesArguments, GetArguments, chosen
from web.jmap.families import CALENDAR
from web.jmap.ids import account_id
from web.jmap.kept import own, told_changes
from web.jmap.made import turned_birthdays
from web.jmap.refusing import refused
from web.jmap.sets import SetArguments
from web.jmap.states import read_state, unknown
from web.jmap.turn import Turn

IDENTITY: Final = ("id", "name", "calendarAddress", "isDefault")


async def get(turn: Turn, arguments: GetArguments) -> Mapping[str, Any]:
    """`Calendar/get`."""
    return await holders.get(turn, arguments, CALENDAR)


async def changes(turn: Turn, arguments: ChangesArguments) -> Mapping[str, Any]:
    """`Calendar/changes`."""
    return await holders.changes(turn, arguments, CALENDAR)


async def set_(turn: Turn, arguments: holders_set.CalendarArguments) -> Mapping[str, Any]:
    """`Calendar/set`."""
    wishes = holders_set.Wishes(arguments.on_destroy_remove_events, arguments.on_success_set_is_default)
    return await holders_set.set_(turn, arguments, CALENDAR, wishes)


async def event_changes(turn: Turn, arguments: ChangesArguments) -> Mapping[str, Any]:
    """`CalendarEvent/changes`: of birthdays by what became of contacts; of busy times no difference is known."""
    told = await things.changes(turn, arguments, CALENDAR)
    others, gone = await turned_birthdays(turn, arguments.account_id, read_state(arguments.since_state))
    return {**told, "updated": [*told["updated"], *others], "destroyed": [*told["destroyed"], *gone]}


# --- who one takes part as: one's own addresses


def _identities(tx: ReadTx) -> dict[str, dict[str, Any]]:
    mine = tx.account(tx.who.account)
    found = {}
    for address in (mine.address, *(each for each in tx.addresses(mine.id) if each != mine.address)):
        name = f"D{blake2b(address.lower().encode(), digest_size=10).hexdigest()}"
        found[name] = {
            "id": name,
            "name": mine.name,
            "calendarAddress": f"mailto:{address}",
            "isDefault": address == mine.address,
        }
    return found


def _state(there: Mapping[str, Mapping[str, Any]]) -> str:
    text = "\n".join(f"{each['calendarAddress']} {each['name']}" for each in there.values())
    return blake2b(text.encode("utf-8", "replace"), digest_size=8).hexdigest()


async def identities(turn: Turn, arguments: GetArguments) -> Mapping[str, Any]:
    """`ParticipantIdentity/get`: one's own addresses."""
    wanted = chosen(arguments.properties, IDENTITY)

    def work(tx: ReadTx) -> Mapping[str, Any]:
        owner, there = own(tx, arguments.account_id), _identities(tx)
        asked = list(there) if arguments.ids is None else arguments.ids
        return {
            "accountId": account_id(owner),
            "state": _state(there),
            "list": [{name: there[each][name] for name in wanted} for each in asked if each in there],
            "notFound": [each for each in asked if each not in there],
        }

    return await turn.read(work)


async def identity_changes(turn: Turn, arguments: ChangesArguments) -> Mapping[str, Any]:
    """`ParticipantIdentity/changes`: when an address came or went, a client starts over."""

    def work(tx: ReadTx) -> Mapping[str, Any]:
        owner = own(tx, arguments.account_id)
        if _state(_identities(tx)) != arguments.since_state:
            raise unknown()
        nothing: dict[str, list[str]] = {"created": [], "updated": [], "destroyed": []}
        return told_changes(account_id(owner), arguments.since_state, arguments.since_state, nothing)

    return await turn.read(work)


async def identities_set(turn: Turn, arguments: SetArguments) -> Mapping[str, Any]:
    """`ParticipantIdentity/set`: who one is, an administrator says; nothing of it is changed here."""

    def now(tx: ReadTx) -> tuple[str, str]:
        return account_id(own(tx, arguments.account_id)), _state(_identities(tx))

    return await refused(turn, arguments, now, "one's own addresses are what there is; an administrator changes them")
