"""`Mailbox/query` and `Mailbox/queryChanges`. RFC 8621 §2.3, §2.4."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from groupware.model.folder import Folder
from groupware.store.api import ReadTx
from web.jmap.arguments import QueryArguments, QueryChangesArguments, argument, check_filter, flag
from web.jmap.errors import MethodError
from web.jmap.ids import account_id, mailbox_id
from web.jmap.mailbox import name_of, orders_in, parent_of, role_of, sort_order
from web.jmap.queries import in_order, passes, query_changes_of, query_of
from web.jmap.turn import Turn, mailboxes, owner_in


@dataclass(frozen=True, slots=True)
class Arguments(QueryArguments):
    """RFC 8621 §2.3."""

    sort_as_tree: bool = argument(flag, False)
    filter_as_tree: bool = argument(flag, False)


@dataclass(frozen=True, slots=True)
class ChangedArguments(QueryChangesArguments):
    """RFC 8621 §2.4."""

    sort_as_tree: bool = argument(flag, False)
    filter_as_tree: bool = argument(flag, False)


async def query(turn: Turn, arguments: Arguments) -> Mapping[str, Any]:
    """`Mailbox/query`."""
    return await query_of(turn, arguments, partial(_found, arguments))


async def query_changes(turn: Turn, arguments: ChangedArguments) -> Mapping[str, Any]:
    """`Mailbox/queryChanges`."""
    return await query_changes_of(turn, arguments, partial(_found, arguments))


def _found(arguments: Arguments | ChangedArguments, tx: ReadTx) -> tuple[str, list[str]]:
    """The account, and the ids of those that pass, in order."""
    owner = owner_in(tx, arguments.account_id)
    folders = mailboxes(tx, owner)
    check_filter(arguments.filter, _CONDITIONS)
    orders = orders_in(tx, folders)
    kept = [each for each in folders if passes(arguments.filter, partial(_condition, each, folders))]
    values: dict[str, Callable[[Folder], Any]] = {
        "name": lambda at: name_of(at).casefold(),
        "sortOrder": lambda at: sort_order(at, orders),
        "parentId": lambda at: at.parent or 0,
    }
    kept = in_order(kept, arguments.sort, values, "mailboxes")
    if arguments.filter_as_tree:
        kept = _rooted(kept, folders)
    if arguments.sort_as_tree:
        kept = _as_tree(kept, folders)
    return account_id(owner), [mailbox_id(each.id) for each in kept]


def _rooted(kept: Sequence[Folder], folders: Sequence[Folder]) -> list[Folder]:
    """Those of which everything above passes as well."""
    there = {each.id for each in folders}
    passed = {each.id: each.parent for each in kept}

    def whole(at: Folder) -> bool:
        above = at.parent
        while above is not None and above in there:
            if above not in passed:
                return False
            above = passed[above]
        return True

    return [each for each in kept if whole(each)]


def _as_tree(kept: Sequence[Folder], folders: Sequence[Folder]) -> list[Folder]:
    """Each before what is below it, in the order that they have among each other."""
    place = {each.id: number for number, each in enumerate(kept)}
    by_id = {each.id: each for each in folders}

    def way(at: Folder) -> list[tuple[int, int]]:
        steps: list[tuple[int, int]] = []
        here: Folder | None = at
        while here is not None:
            steps.append((place.get(here.id, len(place)), here.id))
            here = by_id.get(here.parent) if here.parent is not None else None
        return steps[::-1]

    return sorted(kept, key=way)


_CONDITIONS: Final = ("parentId", "name", "role", "hasAnyRole", "isSubscribed")


def _condition(at: Folder, folders: Sequence[Folder], name: str, value: Any) -> bool:
    match name, value:
        case "parentId", None | str():
            return parent_of(at, folders) == value
        case "name", str():
            return value.casefold() in name_of(at).casefold()
        case "role", None | str():
            return role_of(at) == value
        case "hasAnyRole", bool():
            return (role_of(at) is not None) == value
        case "isSubscribed", bool():
            return at.subscribed == value
    raise MethodError("unsupportedFilter", f"mailboxes are not found by {name[:60]!r} like that")
