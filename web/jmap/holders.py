"""`AddressBook/get` and `changes`, and those of the other families of folders. RFC 9610 §2, RFC 8620 §5.1, §5.2."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from connectors.dav import derived
from groupware.model.folder import Folder
from groupware.model.ids import AccountId, FolderId, ModSeq
from groupware.model.item import Kind
from groupware.store.api import ReadTx
from web.jmap.arguments import ChangesArguments, GetArguments, chosen
from web.jmap.families import Family, Notes, told
from web.jmap.ids import account_id, mailbox_id
from web.jmap.states import State, lines_at, mailboxes_in, read_state, unknown
from web.jmap.things import birthdays_in
from web.jmap.turn import Turn, folders_of, owner_in

T = TypeVar("T")


def holders_in(tx: ReadTx, owner: AccountId, family: Family) -> Sequence[Folder]:
    """The folders of the family that may be looked up, and in one's own account the calendar of birthdays."""
    folders = folders_of(tx, owner, family.kind)
    birthdays = birthdays_in(tx, owner) if family.kind == Kind.CALENDAR else None
    return [*folders, birthdays] if birthdays is not None else folders


def notes_of(tx: ReadTx, folders: Sequence[Folder]) -> Mapping[FolderId, Notes]:
    """What is kept of each folder beside it."""
    there = {each.id for each in folders}
    found = {at: dict(entries) for at, entries in tx.all_annotations().items() if at in there} if folders else {}
    return {**found, **{at: dict(derived.notes(tx, derived.BIRTHDAYS)) for at in there if at < 0}}


def lines_of(tx: ReadTx, family: Family, owner: AccountId) -> dict[FolderId, tuple[ModSeq, str]]:
    """When each folder was made, and all that is told of it, as one line."""
    folders = holders_in(tx, owner, family)
    notes = notes_of(tx, folders)
    return {
        each.id: (
            each.born,
            json.dumps(told(tx, family, each, notes.get(each.id, {}), family.properties), sort_keys=True),
        )
        for each in folders
    }


def state_at(at: ModSeq, lines: Mapping[FolderId, tuple[ModSeq, str]]) -> State:
    """The state of those that were there at a moment of the sequence."""
    return lines_at(at, {number: line for number, (born, line) in lines.items() if born <= at})


def state_of(tx: ReadTx, family: Family, owner: AccountId) -> State:
    """The state now."""
    return state_now(lines_of(tx, family, owner))


def state_now(lines: Mapping[FolderId, tuple[ModSeq, str]]) -> State:
    """The state of all of them: another one when a folder came, or something else is told of one."""
    return state_at(max((born for born, _ in lines.values()), default=ModSeq(0)), lines)


async def get(turn: Turn, arguments: GetArguments, family: Family) -> Mapping[str, Any]:
    """`Foo/get`."""
    wanted = chosen(arguments.properties, family.properties)

    def work(tx: ReadTx) -> Mapping[str, Any]:
        owner = owner_in(tx, arguments.account_id)
        folders = holders_in(tx, owner, family)
        notes = notes_of(tx, folders)
        known = {mailbox_id(each.id): each for each in folders}
        asked = list(known) if arguments.ids is None else arguments.ids
        return {
            "accountId": account_id(owner),
            "state": str(state_of(tx, family, owner)),
            "list": [
                told(tx, family, known[each], notes.get(known[each].id, {}), wanted) for each in asked if each in known
            ],
            "notFound": [each for each in asked if each not in known],
        }

    return await turn.read(work)


async def changes(turn: Turn, arguments: ChangesArguments, family: Family) -> Mapping[str, Any]:
    """`Foo/changes`. What a state was made of is known for a while; then a client starts over."""
    since = read_state(arguments.since_state)

    def work(tx: ReadTx) -> Mapping[str, Any]:
        owner = owner_in(tx, arguments.account_id)
        lines, now = lines_of(tx, family, owner), tx.reached(owner)
        before = before_of(lines, since, now)
        made = [mailbox_id(each) for each in lines if each not in before]
        other = [mailbox_id(each) for each in lines if each in before and before[each] != lines[each][1]]
        gone = [mailbox_id(each) for each in before if each not in lines]
        if arguments.max_changes is not None and len(made) + len(other) + len(gone) > arguments.max_changes:
            raise unknown()
        return {
            "accountId": account_id(owner),
            "oldState": arguments.since_state,
            "newState": str(state_now(lines)),
            "hasMoreChanges": False,
            "created": made,
            "updated": other,
            "destroyed": gone,
        }

    return await turn.read(work)


def before_of(lines: Mapping[FolderId, tuple[ModSeq, str]], since: State, now: ModSeq) -> Mapping[FolderId, str]:
    """What was told of each in a state. `MethodError` when that is not known any more."""
    if since.at > now:
        raise unknown()
    if state_at(since.at, lines) == since:
        return {number: line for number, (born, line) in lines.items() if born <= since.at}
    found = mailboxes_in(since)
    if found is None:
        raise unknown()
    return found
