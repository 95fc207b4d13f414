"""`ContactCard/copy`, `CalendarEvent/copy`: from an account that shares with one to another. RFC 8620 §5.4."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from groupware.model.patches import Json
from groupware.store.api import ReadTx
from web.jmap.arguments import argument, by_id, flag, ident, text
from web.jmap.errors import MethodError
from web.jmap.families import Family
from web.jmap.ids import account_id
from web.jmap.limits import IN_SET
from web.jmap.sets import Done, Given, SetArguments, create_each, invalid
from web.jmap.thing_set import place_of
from web.jmap.things import Place, check_state, stands
from web.jmap.turn import Turn, owner_in


@dataclass(frozen=True, slots=True)
class Arguments:
    """`Foo/copy`."""

    from_account_id: str = argument(ident)
    account_id: str = argument(ident)
    create: Mapping[str, Given] = argument(by_id)
    if_from_in_state: str | None = argument(text, None)
    if_in_state: str | None = argument(text, None)
    on_success_destroy_original: bool = argument(flag, False)
    destroy_from_if_in_state: str | None = argument(text, None)


@dataclass(frozen=True, slots=True)
class Ways:
    """How objects of a family are read, made and taken away."""

    family: Family
    read: Callable[[Turn, Place], Awaitable[Json]]
    """The object as JSON, without what says where it is."""
    create: Callable[[Turn, str, Given], Awaitable[Mapping[str, Any]]]
    set_: Callable[[Turn, SetArguments], Awaitable[Mapping[str, Any]]]
    set_name: str


async def copy(turn: Turn, arguments: Arguments, ways: Ways) -> Mapping[str, Any]:
    """`Foo/copy`."""
    if len(arguments.create) > IN_SET:
        raise MethodError("requestTooLarge", f"more than {IN_SET} objects in one call")
    source, account, done = arguments.from_account_id, arguments.account_id, Done()
    if source == account:
        raise MethodError("invalidArguments", "'fromAccountId' and 'accountId' are the same")
    origin = await turn.read(lambda tx: _from(tx, source))
    await check_state(turn, source, ways.family, arguments.if_from_in_state)
    await check_state(turn, account, ways.family, arguments.if_in_state)
    owner, before = await turn.read(lambda tx: stands(tx, account, ways.family))
    await create_each(turn, done, arguments.create, lambda given: _copied(turn, source, account, given, ways))
    _, after = await turn.read(lambda tx: stands(tx, account, ways.family))
    if arguments.on_success_destroy_original and done.created:
        gone = tuple(turn.real(str(arguments.create[name]["id"])) for name in done.created)
        original = SetArguments(source, arguments.destroy_from_if_in_state, None, None, gone)
        turn.follow(ways.set_name, await ways.set_(turn, original))
    return {
        "fromAccountId": origin,
        "accountId": owner,
        "oldState": before,
        "newState": after,
        "created": done.created or None,
        "notCreated": done.not_created or None,
    }


def _from(tx: ReadTx, account: str) -> str:
    try:
        return account_id(owner_in(tx, account))
    except MethodError:
        raise MethodError("fromAccountNotFound", "there is no such account to copy from") from None


async def _copied(turn: Turn, source: str, account: str, given: Given, ways: Ways) -> Mapping[str, Any]:
    name = given.get("id")
    if not isinstance(name, str):
        raise invalid("id", "an id is wanted")
    place = await place_of(turn, source, ways.family, turn.real(name))
    value = await ways.read(turn, place)
    changes = {key: each for key, each in given.items() if key != "id"}
    return await ways.create(turn, account, {**value, **changes})
