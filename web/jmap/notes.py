"""Notes and journals: folders of VJOURNAL, which JMAP has no words for, under words of our own. Decision 274.

`Notebook` and `Note` are folders of notes and what is in them, `Journal` and `JournalEntry` the same with a day.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from groupware.calendar.notes import MEMBERS, NOTE, VJOURNAL, calendar_of, changed, note_of
from groupware.calendar.object import read_object
from groupware.model.errors import Malformed
from groupware.store.api import ReadTx
from web.jmap import holders, holders_set, things
from web.jmap.arguments import (
    ChangesArguments,
    GetArguments,
    QueryArguments,
    QueryChangesArguments,
    argument,
    check_filter,
    flag,
    ident,
)
from web.jmap.converted import Converted, words_in
from web.jmap.errors import MethodError
from web.jmap.event import utc_text
from web.jmap.families import JOURNAL, NOTEBOOK, Family
from web.jmap.ids import account_id, mailbox_id, object_id
from web.jmap.queries import conditions, passes, told_query, told_query_changes
from web.jmap.remade import made_new, made_octets, put_back, put_in, remade, told_object
from web.jmap.sets import Given, SetArguments, invalid
from web.jmap.thing_copy import Arguments as CopyArguments
from web.jmap.thing_copy import Ways
from web.jmap.thing_copy import copy as copy_things
from web.jmap.thing_set import (
    container_in,
    container_of,
    destroyed,
    place_of,
    set_things,
    shaped,
    wanted,
)
from web.jmap.things import Place, all_in, asked_for, check_properties, readable_in, state_in
from web.jmap.turn import Turn, owner_in

Json = dict[str, Any]
_SORTS: Final = ("date", "created", "updated", "title")
_CONDITIONS: Final = ("inNotebook", "inJournal", "text", "title", "keyword", "after", "before")
Handler = Callable[[Turn, Any], Awaitable[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class HolderArguments(SetArguments):
    """`Notebook/set` and `Journal/set`."""

    on_destroy_remove_notes: bool = argument(flag, False)
    on_success_set_is_default: str | None = argument(ident, None)


def _note(octets: bytes) -> Json:
    try:
        return note_of(read_object(octets))
    except Malformed:  # put in before objects were checked as they are now
        return {"@type": "Note", "title": "", "text": ""}


_NOTES: Final = Converted(_note)


async def _holders_set(turn: Turn, arguments: HolderArguments, family: Family) -> Mapping[str, Any]:
    wishes = holders_set.Wishes(arguments.on_destroy_remove_notes, arguments.on_success_set_is_default)
    return await holders_set.set_(turn, arguments, family, wishes)


async def _get(turn: Turn, arguments: GetArguments, family: Family) -> Mapping[str, Any]:
    check_properties(arguments.properties, MEMBERS.keys() | {family.container})

    def work(tx: ReadTx) -> tuple[Json, dict[str, Place]]:
        owner = owner_in(tx, arguments.account_id)
        head = {"accountId": account_id(owner), "state": state_in(tx, owner, family)}
        return head, asked_for(tx, owner, family, VJOURNAL, arguments.ids)

    head, found = await turn.read(work)
    notes = await _NOTES.all_of(turn, found.values())
    asked = list(found) if arguments.ids is None else arguments.ids
    return {
        **head,
        "list": [
            _shown(family, found[each], notes[found[each].blob], arguments.properties)
            for each in asked
            if each in found
        ],
        "notFound": [each for each in asked if each not in found],
    }


def _shown(family: Family, place: Place, note: Json, asked: tuple[str, ...] | None) -> Json:
    whole = {"id": object_id(family.letter, place.item), **container_in(family, place), **note}
    return whole if asked is None else {name: whole[name] for name in ("id", *asked) if name in whole}


async def _query(turn: Turn, arguments: QueryArguments, family: Family) -> Mapping[str, Any]:
    owner, every = await _found(turn, arguments, family)
    return told_query(turn.who.account, owner, every, arguments)


async def _query_changes(turn: Turn, arguments: QueryChangesArguments, family: Family) -> Mapping[str, Any]:
    owner, every = await _found(turn, arguments, family)
    return told_query_changes(turn.who.account, owner, every, arguments)


async def _found(
    turn: Turn, arguments: QueryArguments | QueryChangesArguments, family: Family
) -> tuple[str, list[str]]:
    """The notes that fit, the one that was changed last first unless it is said otherwise."""
    check_filter(arguments.filter, _CONDITIONS)
    for name, value in conditions(arguments.filter):
        if not isinstance(value, str):
            raise MethodError("invalidArguments", f"{name}: a string is wanted")
    sorts = [_sort(each) for each in arguments.sort or ({"property": "updated", "isAscending": False},)]

    def work(tx: ReadTx) -> tuple[str, list[Place]]:
        owner = owner_in(tx, arguments.account_id)
        return account_id(owner), all_in(tx, readable_in(tx, owner, family), VJOURNAL)

    owner, places = await turn.read(work)
    places = await _NOTES.holding(turn, places, words_in(arguments.filter, ("text", "title")))
    notes = await _NOTES.all_of(turn, places)
    kept = [
        (notes[each.blob], each)
        for each in places
        if passes(arguments.filter, partial(_condition, each, notes[each.blob]))
    ]
    for name, descending in reversed(sorts):
        kept.sort(key=lambda each: str(each[0].get(name) or "").casefold(), reverse=descending)
    return owner, [object_id(family.letter, place.item) for _, place in kept]


def _sort(criterion: Mapping[str, Any]) -> tuple[str, bool]:
    name = str(criterion.get("property", ""))
    if name not in _SORTS:
        raise MethodError("unsupportedSort", f"notes are sorted by {', '.join(_SORTS)}")
    return name, criterion.get("isAscending", True) is False


def _condition(place: Place, note: Json, name: str, value: str) -> bool:
    match name:
        case "inNotebook" | "inJournal":
            return mailbox_id(place.folder.id) == value
        case "keyword":
            return value in note.get("keywords", {})
        case "after":
            return bool(note.get("date", "") >= value)
        case "before":
            return bool("" < note.get("date", "") < value)
    heading = str(note["title"]).casefold()
    texts = (heading,) if name == "title" else (heading, str(note["text"]).casefold(), *note.get("keywords", {}))
    return all(any(word in each for each in texts) for word in value.casefold().split())


async def _set(turn: Turn, arguments: SetArguments, *, family: Family) -> Mapping[str, Any]:
    account = arguments.account_id
    return await set_things(
        turn,
        arguments,
        family,
        lambda given: _create(turn, account, given, family=family),
        lambda name, patch: _update(turn, account, name, patch, family),
        lambda name: destroyed(turn, account, family, name),
    )


async def _create(turn: Turn, account: str, given: Given, *, family: Family) -> Mapping[str, Any]:
    value = dict(given)
    server = next((name for name in ("id", "created", "updated") if name in value), None)
    if server is not None:
        raise invalid(server, "only the server sets it")
    at = container_of(turn, family, value.pop(family.container, None))
    now = turn.parts.clock.now()
    value.setdefault("uid", f"urn:uuid:{uuid.uuid4()}")
    shaped(NOTE, value)
    octets = await made_octets(lambda: calendar_of(value, now))
    new = await made_new(turn, account, at, octets, secrets.token_urlsafe(18) + ".ics")
    moment, name = utc_text(int(now.timestamp())), await turn.write(lambda tx: put_in(tx, account, family, at, new))
    return {"id": name, "uid": value["uid"], "created": moment, "updated": moment}


async def _update(turn: Turn, account: str, name: str, patch: Given, family: Family) -> Mapping[str, Any]:
    place = await place_of(turn, account, family, name)
    read = await told_object(turn, place)
    was, now = note_of(read), turn.parts.clock.now()
    asked = wanted(turn, family, place, was, patch)
    fixed = next((each for each in ("uid", "created", "updated") if asked.value.get(each) != was.get(each)), None)
    if fixed is not None:
        raise invalid(fixed, "it stays what it is")
    shaped(NOTE, asked.value)
    new = await remade(turn, place, lambda: changed(read, asked.value, now)) if asked.changed else None
    await turn.write(lambda tx: put_back(tx, account, family, place, new, asked.to))
    return {"updated": utc_text(int(now.timestamp()))} if new is not None else {}


async def _read(turn: Turn, place: Place) -> Json:
    note = (await _NOTES.all_of(turn, [place]))[place.blob]
    return {name: value for name, value in note.items() if name not in ("created", "updated")}


def _ways(family: Family, thing: str) -> Ways:
    return Ways(family, _read, partial(_create, family=family), partial(_set, family=family), f"{thing}/set")


def methods(family: Family, thing: str) -> Mapping[str, tuple[type[Any], Handler]]:
    """The methods of a family by their names, with their arguments."""
    table: Mapping[str, tuple[type[Any], Callable[..., Awaitable[Mapping[str, Any]]]]] = {
        f"{family.type}/get": (GetArguments, holders.get),
        f"{family.type}/changes": (ChangesArguments, holders.changes),
        f"{family.type}/set": (HolderArguments, _holders_set),
        f"{thing}/get": (GetArguments, _get),
        f"{thing}/changes": (ChangesArguments, things.changes),
        f"{thing}/query": (QueryArguments, _query),
        f"{thing}/queryChanges": (QueryChangesArguments, _query_changes),
        f"{thing}/set": (SetArguments, _set),
    }
    ways = _ways(family, thing)
    found = {name: (arguments, partial(run, family=family)) for name, (arguments, run) in table.items()}
    return {**found, f"{thing}/copy": (CopyArguments, lambda turn, arguments: copy_things(turn, arguments, ways))}


METHODS: Final = {**methods(NOTEBOOK, "Note"), **methods(JOURNAL, "JournalEntry")}
