"""Quota: the limits that hold in an account, and what is used of them. RFC 9425."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from hashlib import blake2b
from typing import Any, Final

from groupware.store.api import ReadTx
from web.jmap import few
from web.jmap.arguments import (
    ChangesArguments,
    GetArguments,
    QueryArguments,
    QueryChangesArguments,
)
from web.jmap.ids import account_id
from web.jmap.queries import Few, query_changes_of, query_of
from web.jmap.turn import Turn, owner_in, readable

PROPERTIES: Final = (
    "id",
    "resourceType",
    "used",
    "hardLimit",
    "scope",
    "name",
    "types",
    "warnLimit",
    "softLimit",
    "description",
)
_RESOURCES: Final[Mapping[str, tuple[str, int, str, str]]] = {
    "STORAGE": ("octets", 1024, "Email", "storage"),
    "MESSAGE": ("count", 1, "Email", "messages"),
    "MAILBOX": ("count", 1, "Mailbox", "mailboxes"),
}
"""Resources of RFC 9208: what is counted, in what units, of which type, and what it is called."""


def every(tx: ReadTx, account: str) -> dict[str, dict[str, Any]]:
    """The quotas that hold where one may read, by id."""
    owner = owner_in(tx, account)
    told = [row for at in readable(tx, owner) for row in tx.quota(at)]
    rows = {(root, resource): (used, limit) for root, resource, used, limit in told}
    found = {}
    for (root, resource), (used, limit) in sorted(rows.items()):
        if resource not in _RESOURCES:
            continue
        counted, unit, kind, word = _RESOURCES[resource]
        number = "K" + blake2b(f"{owner}\n{root}\n{resource}".encode(), digest_size=10).hexdigest()
        found[number] = {
            "id": number,
            "resourceType": counted,
            "used": used * unit,
            "hardLimit": limit * unit,
            "scope": "account",
            "name": f"{root or tx.who.name}: {word}",
            "types": [kind],
            "warnLimit": None,
            "softLimit": None,
            "description": None,
        }
    return found


def _state(there: Mapping[str, Any]) -> str:
    return few.state_of(there)


async def get(turn: Turn, arguments: GetArguments) -> Mapping[str, Any]:
    """`Quota/get`."""

    def look(tx: ReadTx) -> tuple[str, str, Mapping[str, Mapping[str, Any]]]:
        there = every(tx, arguments.account_id)
        return account_id(owner_in(tx, arguments.account_id)), _state(there), there

    return await few.get(turn, arguments, PROPERTIES, look)


async def changes(turn: Turn, arguments: ChangesArguments) -> Mapping[str, Any]:
    """`Quota/changes`: none, or a client asks for all again: they are few."""

    def at(tx: ReadTx) -> tuple[str, str]:
        return account_id(owner_in(tx, arguments.account_id)), _state(every(tx, arguments.account_id))

    return {**await few.changes(turn, arguments, at), "updatedProperties": None}


async def query(turn: Turn, arguments: QueryArguments) -> Mapping[str, Any]:
    """`Quota/query`."""
    return await query_of(turn, arguments, partial(_found, arguments))


async def query_changes(turn: Turn, arguments: QueryChangesArguments) -> Mapping[str, Any]:
    """`Quota/queryChanges`."""
    return await query_changes_of(turn, arguments, partial(_found, arguments))


def _found(arguments: QueryArguments | QueryChangesArguments, tx: ReadTx) -> tuple[str, list[str]]:
    """The account, and the ids of those that pass, in order."""
    account = account_id(owner_in(tx, arguments.account_id))
    return account, _FEW.ids(every(tx, arguments.account_id).values(), arguments)


_CONDITIONS: Final[Mapping[str, Callable[[Mapping[str, Any], str], bool]]] = {
    "name": lambda each, value: value.casefold() in str(each["name"]).casefold(),
    "scope": lambda each, value: bool(each["scope"] == value),
    "resourceType": lambda each, value: bool(each["resourceType"] == value),
    "type": lambda each, value: value in each["types"],
}
_SORTS: Final[Mapping[str, Callable[[Mapping[str, Any]], Any]]] = {
    "name": lambda each: each["name"],
    "used": lambda each: each["used"],
}
_FEW: Final = Few("quotas", _CONDITIONS, _SORTS)
