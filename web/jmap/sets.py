"""What all `Foo/set` have in common: their arguments, their answer, and how one object after the other is done.

Each object is a write of its own: what is wrong with one changes nothing of the others. RFC 8620 §5.3.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from groupware.model.errors import GroupwareError
from groupware.store.api import ReadTx
from web.jmap.arguments import argument, by_id, ident, ids, text
from web.jmap.errors import MethodError, SetError, set_error
from web.jmap.limits import IN_SET
from web.jmap.turn import Turn

T = TypeVar("T")
Given = Mapping[str, Any]
SINGLETON: Final = "singleton"
"""The id of what there is one of."""


@dataclass(frozen=True, slots=True)
class SetArguments:
    """`Foo/set`."""

    account_id: str = argument(ident)
    if_in_state: str | None = argument(text, None)
    create: Mapping[str, Given] | None = argument(by_id, None)
    update: Mapping[str, Given] | None = argument(by_id, None)
    destroy: tuple[str, ...] = argument(ids, ())


def check_size(arguments: SetArguments) -> None:
    """`MethodError` `requestTooLarge` for more objects than one call may have."""
    many = len(arguments.create or ()) + len(arguments.update or ()) + len(arguments.destroy or ())
    if many > IN_SET:
        raise MethodError("requestTooLarge", f"more than {IN_SET} objects in one call")


def mismatch() -> MethodError:
    """What is said when the state is another than a client goes out from."""
    return MethodError("stateMismatch", "it has changed since that state: fetch the changes first")


@dataclass(slots=True)
class Done:
    """What became of each object."""

    created: dict[str, Any] = field(default_factory=dict)
    updated: dict[str, Any] = field(default_factory=dict)
    destroyed: list[str] = field(default_factory=list)
    not_created: dict[str, Any] = field(default_factory=dict)
    not_updated: dict[str, Any] = field(default_factory=dict)
    not_destroyed: dict[str, Any] = field(default_factory=dict)

    def answer(self, account: str, old: str, new: str) -> dict[str, Any]:
        """The arguments of the response."""
        return {
            "accountId": account,
            "oldState": old,
            "newState": new,
            "created": self.created or None,
            "updated": self.updated or None,
            "destroyed": self.destroyed or None,
            "notCreated": self.not_created or None,
            "notUpdated": self.not_updated or None,
            "notDestroyed": self.not_destroyed or None,
        }


async def tried(refused: dict[str, Any], name: str, work: Callable[[], Awaitable[T]]) -> T | None:
    """What `work` gives back; or None, and what was wrong is among the refused."""
    try:
        return await work()
    except SetError as error:
        refused[name] = error.value
    except GroupwareError as error:
        refused[name] = set_error(error).value
    return None


async def create_each(
    turn: Turn, done: Done, given: Mapping[str, Given], make: Callable[[Given], Awaitable[Mapping[str, Any]]]
) -> None:
    """Makes each object, those first that others name by `#`. What is made has an `id`, which later calls may name."""
    waiting, named = dict(given), {name: _names(one) - {name} for name, one in given.items()}
    while waiting:
        ready = [name for name in waiting if named[name].isdisjoint(waiting)]
        for name in ready or list(waiting):
            one = waiting.pop(name)
            made = await tried(done.not_created, name, lambda one=one: make(one))  # type: ignore[misc]
            if made is not None:
                turn.created[name] = made["id"]
                done.created[name] = made


def _names(value: Any) -> set[str]:
    """The names of other objects in one, without their #."""
    found, waiting = set[str](), [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str) and each.startswith("#"):
            found.add(each[1:])
        elif isinstance(each, Mapping):
            waiting += each.keys()
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each
    return found


Look = Callable[[ReadTx], tuple[str, str]]
"""Gives the account and the state. `MethodError`."""


async def begun(turn: Turn, arguments: SetArguments, look: Look) -> tuple[str, str]:
    """The account and the state, from which the client goes out. `MethodError`."""
    check_size(arguments)
    account, before = await turn.read(look)
    if arguments.if_in_state is not None and arguments.if_in_state != before:
        raise mismatch()
    return account, before


async def set_one(
    turn: Turn, arguments: SetArguments, look: Look, kind: str, update: Callable[[Given], Awaitable[bool]]
) -> dict[str, Any]:
    """The answer of `Foo/set` for what there is one of, and always: its id is `singleton`."""
    account, before = await begun(turn, arguments, look)
    done, only = Done(), SetError("singleton", f"there is one {kind}, and always").value
    done.not_created = dict.fromkeys(arguments.create or {}, only)
    done.not_destroyed = dict.fromkeys(arguments.destroy, only)
    for name, given in (arguments.update or {}).items():
        if name != SINGLETON:
            done.not_updated[name] = SetError("notFound", "its id is `singleton`").value
        elif await tried(done.not_updated, name, lambda: update(given)):  # noqa: B023
            done.updated[name] = None
    return done.answer(account, before, (await turn.read(look))[1])


@dataclass(frozen=True, slots=True)
class Ways:
    """How one thing of a kind is made, changed and taken away. `SetError`."""

    create: Callable[[Given], Awaitable[Mapping[str, Any]]]
    update: Callable[[str, Given], Awaitable[Mapping[str, Any] | bool]]
    """Gives what has become other than was said, if anything."""
    destroy: Callable[[str], Awaitable[bool]]
    in_order: Callable[[Sequence[str]], Awaitable[Sequence[str]]] | None = None
    """The order in which they are taken away, where that is not the client's."""


async def set_each(turn: Turn, arguments: SetArguments, ways: Ways) -> Done:
    """What becomes of each: those that are made, then those that are changed, then those that are taken away."""
    done = Done()
    await create_each(turn, done, arguments.create or {}, ways.create)
    for name, given in (arguments.update or {}).items():
        changed = await tried(done.not_updated, name, lambda: ways.update(turn.real(name), given))  # noqa: B023
        if changed is not None:
            done.updated[turn.real(name)] = changed if isinstance(changed, Mapping) and changed else None
    going: Sequence[str] = tuple(dict.fromkeys(map(turn.real, arguments.destroy)))
    for name in going if ways.in_order is None else await ways.in_order(going):
        if await tried(done.not_destroyed, name, lambda: ways.destroy(name)):  # noqa: B023
            done.destroyed.append(name)
    return done


def never(why: str) -> Callable[..., Awaitable[Any]]:
    """The way of what nobody does."""

    async def refused(*_: object) -> Any:
        raise SetError("forbidden", why)

    return refused


async def set_few(turn: Turn, arguments: SetArguments, look: Look, ways: Ways) -> dict[str, Any]:
    """The answer of `Foo/set` for things of which there are few, each in a write of its own."""
    account, before = await begun(turn, arguments, look)
    done = await set_each(turn, arguments, ways)
    try:
        _, after = await turn.read(look)
    except MethodError:  # somebody has taken the last of what was shared with them from themselves
        after = before
    return done.answer(account, before, after)


def unknown_property(given: Given, known: Collection[str], settable: Collection[str]) -> None:
    """`SetError` `invalidProperties` for names that there are none of, or that the server sets alone."""
    wrong = [name for name in given if name not in settable]
    if wrong:
        first = wrong[0]
        why = "only the server sets it" if first in known else "there is no such property"
        raise SetError("invalidProperties", f"{first[:60]!r}: {why}", properties=[name[:255] for name in wrong])


def invalid(name: str, why: str) -> SetError:
    """What is wrong with one property."""
    return SetError("invalidProperties", f"{name}: {why}", properties=[name])


def typed(given: Given, name: str, kind: type[Any], wanted: str) -> Any:
    """A value that is of the type that is wanted. `SetError`."""
    found = given[name]
    if not isinstance(found, kind) or isinstance(found, bool) != (kind is bool):
        raise invalid(name, f"{wanted} is wanted")
    return found
