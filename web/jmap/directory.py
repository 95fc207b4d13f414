"""The people of one's own domain as an account of its own, with one address book that is only read. Decision 289.

It is made of `people`, as the address book "Directory of ..." of CardDAV is (decision 213), and switched off with it.
What an account can hold besides contacts is empty here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from hashlib import blake2b
from typing import Any, Final

from groupware.contacts.directory import card_of
from groupware.contacts.jscontact.shape import MEMBERS
from groupware.contacts.photos import photos_of
from groupware.model.principal import Person
from groupware.model.rights import Right
from groupware.store.api import ReadTx
from web.jmap.arguments import (
    ChangesArguments,
    GetArguments,
    QueryArguments,
    QueryChangesArguments,
    check_filter,
    chosen,
)
from web.jmap.card import card_json
from web.jmap.card_query import CONDITIONS, check_values, matches, sort_of
from web.jmap.email_get import Arguments as EmailArguments
from web.jmap.errors import MethodError
from web.jmap.families import ADDRESS_BOOK
from web.jmap.granted import rights_in
from web.jmap.kept import told_changes
from web.jmap.limits import CONTACTS, CORE
from web.jmap.queries import passes, told_query, told_query_changes
from web.jmap.states import unknown
from web.jmap.things import check_properties
from web.jmap.turn import Turn

ACCOUNT: Final = "Directory"
BOOK: Final = "directory"
PHOTO: Final = "photo"
MOST: Final = 50_000
"""People of a domain that are in it."""
_KEPT: Final = 16
"""Domains whose cards are kept ready, in each process."""
_NOTHING: Final[Mapping[str, list[str]]] = {"created": [], "updated": [], "destroyed": []}
Json = dict[str, Any]


def account(tx: ReadTx) -> Mapping[str, Any]:
    """The account for the session, by its id; none where it is switched off."""
    if not tx.setting("domainAddressBook").value:
        return {}
    able = {CORE: {}, CONTACTS: {"maxAddressBooksPerCard": 1, "mayCreateAddressBook": False}}
    told = {"name": _title(tx), "isPersonal": False, "isReadOnly": True, "accountCapabilities": able}
    return {ACCOUNT: told}


async def answer(turn: Turn, name: str, arguments: Any) -> Mapping[str, Any]:
    """What a method answers in this account. `MethodError`."""
    if not (await turn.read(account)):
        raise MethodError("accountNotFound", "there is no such account")
    handler = _METHODS.get(name)
    if handler is not None:
        return await handler(turn, arguments)
    head = {"accountId": ACCOUNT}
    if isinstance(arguments, GetArguments | EmailArguments):
        return {**head, "state": "0", "list": [], "notFound": list(arguments.ids or ())}
    if isinstance(arguments, ChangesArguments) and arguments.since_state == "0":
        return told_changes(ACCOUNT, "0", "0", _NOTHING)
    if isinstance(arguments, QueryArguments):
        return told_query(turn.who.account, ACCOUNT, [], arguments, changes=False)
    if isinstance(arguments, ChangesArguments | QueryChangesArguments):
        raise unknown()
    if name.endswith(("/set", "/copy", "/import", "/upload", "/send")):
        raise MethodError("accountReadOnly", "the people of a domain are changed by those who administer it")
    raise MethodError("accountNotSupportedByMethod", "there are contacts in this account, and nothing else")


def _title(tx: ReadTx) -> str:
    return f"Directory of {tx.who.name.rpartition('@')[2]}"


async def _people(turn: Turn) -> tuple[str, Mapping[str, Json]]:
    """The state, and the cards by id."""
    domain = turn.who.name.rpartition("@")[2]
    kept = turn.directories.get(domain)

    def work(tx: ReadTx) -> tuple[str, Sequence[Person] | None]:
        now = str(tx.people_at())
        return now, None if kept is not None and kept[0] == now else tx.people("", MOST)

    now, people = await turn.read(work)
    if people is None:
        assert kept is not None
        return kept
    made = now, await asyncio.to_thread(_made, people)
    turn.directories.pop(domain, None)
    turn.directories[domain] = made
    while len(turn.directories) > _KEPT:
        turn.directories.pop(next(iter(turn.directories)))
    return made


def _made(people: Sequence[Person]) -> Mapping[str, Json]:
    found = {}
    for each in people:
        ident = _ident(each.address)
        found[ident] = {"id": ident, "addressBookIds": {BOOK: True}, **card_json(card_of(each))}
        if each.photo:
            media = {"@type": "Media", "kind": "photo", "blobId": f"{ident}-{each.photo}"}
            found[ident]["media"] = {PHOTO: media}
    return found


async def photo(turn: Turn, blob: str) -> bytes | None:
    """The octets of the picture of that id. None: there is none, or it is another by now."""
    if not (await turn.read(account)):
        return None
    _, there = await _people(turn)
    card = there.get(blob.partition("-")[0], {})
    if card.get("media", {}).get(PHOTO, {}).get("blobId") != blob:
        return None
    address = next(each["address"] for each in card["emails"].values())
    found = (await turn.read(lambda tx: photos_of(tx, [address]))).get(address.lower())
    return found.octets if found is not None else None


def _ident(address: str) -> str:
    return f"D{blake2b(address.encode(), digest_size=12).hexdigest()}"


async def _books(turn: Turn, arguments: GetArguments) -> Mapping[str, Any]:
    wanted = chosen(arguments.properties, ADDRESS_BOOK.properties)

    def work(tx: ReadTx) -> Mapping[str, Any]:
        rights = rights_in(ADDRESS_BOOK.words, Right.LOOKUP | Right.READ)
        plain: Json = {"description": None, "sortOrder": 0, "isDefault": False, "isSubscribed": True, "shareWith": None}
        one = {**plain, "id": BOOK, "name": _title(tx), "myRights": rights}
        asked = (BOOK,) if arguments.ids is None else arguments.ids
        return {
            "accountId": ACCOUNT,
            "state": "0",
            "list": [{name: one[name] for name in wanted} for each in asked if each == BOOK],
            "notFound": [each for each in asked if each != BOOK],
        }

    return await turn.read(work)


async def _get(turn: Turn, arguments: GetArguments) -> Mapping[str, Any]:
    state, there = await _people(turn)
    check_properties(arguments.properties, MEMBERS.keys() | {ADDRESS_BOOK.container})
    asked = list(there) if arguments.ids is None else arguments.ids
    wanted = arguments.properties

    def shown(card: Json) -> Json:
        return card if wanted is None else {name: card[name] for name in ("id", *wanted) if name in card}

    return {
        "accountId": ACCOUNT,
        "state": state,
        "list": [shown(there[each]) for each in asked if each in there],
        "notFound": [each for each in asked if each not in there],
    }


async def _changes(turn: Turn, arguments: ChangesArguments) -> Mapping[str, Any]:
    """None, or it is not known which: then a client asks for all of it again."""
    now = str(await turn.read(lambda tx: tx.people_at()))
    if arguments.since_state != now:
        raise unknown()
    return told_changes(ACCOUNT, now, now, _NOTHING)


async def _found(turn: Turn, arguments: QueryArguments | QueryChangesArguments) -> list[str]:
    check_filter(arguments.filter, CONDITIONS)
    check_values(arguments.filter)
    sorts = [sort_of(each) for each in arguments.sort or ()]
    _, there = await _people(turn)

    def work() -> list[str]:
        kept = [each for each in there.values() if passes(arguments.filter, partial(_holds, each))]
        for key, descending in reversed(sorts):
            kept.sort(key=key, reverse=descending)
        return [each["id"] for each in kept]

    return await asyncio.to_thread(work)


def _holds(card: Json, name: str, value: str) -> bool:
    return value == BOOK if name == "inAddressBook" else matches(card, name, value)


async def _query(turn: Turn, arguments: QueryArguments) -> Mapping[str, Any]:
    return told_query(turn.who.account, ACCOUNT, await _found(turn, arguments), arguments)


async def _query_changes(turn: Turn, arguments: QueryChangesArguments) -> Mapping[str, Any]:
    return told_query_changes(turn.who.account, ACCOUNT, await _found(turn, arguments), arguments)


_METHODS: Final[Mapping[str, Callable[[Turn, Any], Awaitable[Mapping[str, Any]]]]] = {
    "AddressBook/get": _books,
    "ContactCard/get": _get,
    "ContactCard/changes": _changes,
    "ContactCard/query": _query,
    "ContactCard/queryChanges": _query_changes,
}
