"""Quota: the limits that hold in an account, and what is used of them. RFC 9425."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, Final

from groupware.store.api import ReadTx
from web.jmap.arguments import (
    ChangesArguments,
    GetArguments,
    QueryArguments,
    QueryChangesArguments,
    check_filter,
    chosen,
    page,
)
from web.jmap.errors import MethodError
from web.jmap.ids import account_id
from web.jmap.limits import IN_QUERY
from web.jmap.remembered import difference, keep, known
from web.jmap.states import unknown
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
    return blake2b(json.dumps(there, sort_keys=True).encode(), digest_size=8).hexdigest()


async def get(turn: Turn, arguments: GetArguments) -> Mapping[str, Any]:
    """`Quota/get`."""
    wanted = chosen(arguments.properties, PROPERTIES)

    def work(tx: ReadTx) -> Mapping[str, Any]:
        there = every(tx, arguments.account_id)
        asked = list(there) if arguments.ids is None else arguments.ids
        return {
            "accountId": account_id(owner_in(tx, arguments.account_id)),
            "state": _state(there),
            "list": [{name: there[each][name] for name in wanted} for each in asked if each in there],
            "notFound": [each for each in asked if each not in there],
        }

    return await turn.read(work)


async def changes(turn: Turn, arguments: ChangesArguments) -> Mapping[str, Any]:
    """`Quota/changes`: none, or a client asks for all again: they are few."""

    def work(tx: ReadTx) -> Mapping[str, Any]:
        now = _state(every(tx, arguments.account_id))
        if now != arguments.since_state:
            raise unknown()
        return {
            "accountId": account_id(owner_in(tx, arguments.account_id)),
            "oldState": now,
            "newState": now,
            "hasMoreChanges": False,
            "updatedProperties": None,
            "created": [],
            "updated": [],
            "destroyed": [],
        }

    return await turn.read(work)


async def query(turn: Turn, arguments: QueryArguments) -> Mapping[str, Any]:
    """`Quota/query`."""

    def work(tx: ReadTx) -> Mapping[str, Any]:
        ids = _found(tx, arguments)
        some, position = page(ids, arguments, IN_QUERY)
        found = {
            "accountId": account_id(owner_in(tx, arguments.account_id)),
            "queryState": keep(tx.who.account, ids),
            "canCalculateChanges": True,
            "position": position,
            "ids": list(some),
        }
        return {**found, "total": len(ids)} if arguments.calculate_total else found

    return await turn.read(work)


async def query_changes(turn: Turn, arguments: QueryChangesArguments) -> Mapping[str, Any]:
    """`Quota/queryChanges`, as long as it is remembered what was found."""

    def work(tx: ReadTx) -> Mapping[str, Any]:
        ids = _found(tx, arguments)
        found = {
            "accountId": account_id(owner_in(tx, arguments.account_id)),
            "oldQueryState": arguments.since_query_state,
            "newQueryState": keep(tx.who.account, ids),
            **difference(known(arguments.since_query_state), ids, arguments.max_changes),
        }
        return {**found, "total": len(ids)} if arguments.calculate_total else found

    return await turn.read(work)


def _found(tx: ReadTx, arguments: QueryArguments | QueryChangesArguments) -> list[str]:
    """The ids of those that pass, in order."""
    check_filter(arguments.filter, ("name", "scope", "resourceType", "type"))
    kept = [each for each in every(tx, arguments.account_id).values() if _fits(each, arguments.filter or {})]
    for criterion in reversed(arguments.sort or ()):
        name = criterion.get("property")
        if name not in ("name", "used"):
            raise MethodError("unsupportedSort", "quotas are sorted by name and used")
        kept.sort(key=lambda each: each[name], reverse=criterion.get("isAscending", True) is False)
    return [each["id"] for each in kept]


def _fits(each: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether a quota passes a filter."""
    if "operator" in wanted:
        held = [_fits(each, one) for one in wanted["conditions"]]
        return all(held) if wanted["operator"] == "AND" else any(held) == (wanted["operator"] == "OR")
    return all(_condition(each, name, value) for name, value in wanted.items())


def _condition(each: Mapping[str, Any], name: str, value: Any) -> bool:
    if not isinstance(value, str):
        raise MethodError("unsupportedFilter", f"quotas are not found by {name[:60]!r} like that")
    if name == "name":
        return value.casefold() in str(each["name"]).casefold()
    return value in each["types"] if name == "type" else bool(each[name] == value)
