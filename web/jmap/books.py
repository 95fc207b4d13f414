"""The methods of address books and contacts that are the same for other families. RFC 9610."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from web.jmap import card_set, holders, holders_set, thing_copy, things
from web.jmap.arguments import ChangesArguments, GetArguments
from web.jmap.card import CARDS, Json
from web.jmap.families import ADDRESS_BOOK
from web.jmap.things import Place
from web.jmap.turn import Turn


async def get(turn: Turn, arguments: GetArguments) -> Mapping[str, Any]:
    """`AddressBook/get`."""
    return await holders.get(turn, arguments, ADDRESS_BOOK)


async def changes(turn: Turn, arguments: ChangesArguments) -> Mapping[str, Any]:
    """`AddressBook/changes`."""
    return await holders.changes(turn, arguments, ADDRESS_BOOK)


async def set_(turn: Turn, arguments: holders_set.BookArguments) -> Mapping[str, Any]:
    """`AddressBook/set`."""
    wishes = holders_set.Wishes(arguments.on_destroy_remove_contents, arguments.on_success_set_is_default)
    return await holders_set.set_(turn, arguments, ADDRESS_BOOK, wishes)


async def card_changes(turn: Turn, arguments: ChangesArguments) -> Mapping[str, Any]:
    """`ContactCard/changes`."""
    return await things.changes(turn, arguments, ADDRESS_BOOK)


async def _read(turn: Turn, place: Place) -> Json:
    return (await CARDS.all_of(turn, [place]))[place.blob]


_WAYS: Final = thing_copy.Ways(ADDRESS_BOOK, _read, card_set.create, card_set.set_, "ContactCard/set")


async def card_copy(turn: Turn, arguments: thing_copy.Arguments) -> Mapping[str, Any]:
    """`ContactCard/copy`."""
    return await thing_copy.copy(turn, arguments, _WAYS)
