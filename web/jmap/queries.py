"""What the queries of all types have in common: the answer, and how a filter is walked. RFC 8620 §5.5, §5.6."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from groupware.model.ids import AccountId
from groupware.store.api import ReadTx
from web.jmap.arguments import QueryArguments, QueryChangesArguments, check_filter, page
from web.jmap.errors import MethodError
from web.jmap.limits import IN_QUERY
from web.jmap.remembered import difference, keep, known
from web.jmap.turn import Turn

T = TypeVar("T")
Filter = Mapping[str, Any]
Find = Callable[[ReadTx], tuple[str, Sequence[str]]]
"""Gives the account, and the ids of all that a query finds, in order. `MethodError`."""


async def query_of(turn: Turn, arguments: QueryArguments, find: Find) -> Mapping[str, Any]:
    """The answer of a `Foo/query` of what there is little of."""

    def work(tx: ReadTx) -> Mapping[str, Any]:
        account, ids = find(tx)
        return told_query(tx.who.account, account, ids, arguments)

    return await turn.read(work)


async def query_changes_of(turn: Turn, arguments: QueryChangesArguments, find: Find) -> Mapping[str, Any]:
    """The answer of its `Foo/queryChanges`, as long as it is remembered what was found. `MethodError`."""

    def work(tx: ReadTx) -> Mapping[str, Any]:
        account, ids = find(tx)
        return told_query_changes(tx.who.account, account, ids, arguments)

    return await turn.read(work)


@dataclass(frozen=True, slots=True)
class Few:
    """How one of few things are found and sorted."""

    what: str
    """What they are called, for people."""
    conditions: Mapping[str, Callable[[Any, Any], bool]]
    sorts: Mapping[str, Callable[[Any], Any]]
    kinds: Mapping[str, type] = field(default_factory=dict)
    """What a condition compares with, where that is no string."""

    def ids(self, there: Iterable[Mapping[str, Any]], arguments: QueryArguments | QueryChangesArguments) -> list[str]:
        """The ids of those that pass, in order. `MethodError`."""
        check_filter(arguments.filter, tuple(self.conditions))
        kept = [each for each in there if passes(arguments.filter, partial(self._holds, each))]
        return [str(each["id"]) for each in in_order(kept, arguments.sort, self.sorts, self.what)]

    def _holds(self, each: Mapping[str, Any], name: str, value: Any) -> bool:
        if not isinstance(value, self.kinds.get(name, str)):
            raise MethodError("unsupportedFilter", f"{self.what} are not found by {name[:60]!r} like that")
        return self.conditions[name](each, value)


def in_order(
    kept: Iterable[T], sort: Sequence[Mapping[str, Any]] | None, values: Mapping[str, Callable[[T], Any]], what: str
) -> list[T]:
    """Things as `sort` wants them; `values`: what is compared, by property. `MethodError` `unsupportedSort`."""
    found = list(kept)
    for criterion in reversed(sort or ()):
        value = values.get(criterion["property"])
        if value is None:
            raise MethodError("unsupportedSort", f"{what} are sorted by {', '.join(values)}")
        found.sort(key=value, reverse=not criterion.get("isAscending", True))
    return found


def told_query(
    asking: AccountId, account: str, ids: Sequence[str], arguments: QueryArguments, *, changes: bool = True
) -> Mapping[str, Any]:
    """The answer of a `Foo/query` that found these. `changes`: whether there is a `Foo/queryChanges`. `MethodError`."""
    some, position = page(ids, arguments, IN_QUERY)
    found = {
        "accountId": account,
        "queryState": keep(asking, ids),
        "canCalculateChanges": changes,
        "position": position,
        "ids": list(some),
    }
    if arguments.limit is None or arguments.limit > IN_QUERY:
        found["limit"] = IN_QUERY
    return {**found, "total": len(ids)} if arguments.calculate_total else found


def told_query_changes(
    asking: AccountId, account: str, ids: Sequence[str], arguments: QueryChangesArguments
) -> Mapping[str, Any]:
    """The answer of a `Foo/queryChanges` that finds these now, if what was found is remembered. `MethodError`."""
    found = {
        "accountId": account,
        "oldQueryState": arguments.since_query_state,
        "newQueryState": keep(asking, ids),
        **difference(known(arguments.since_query_state), ids, arguments.max_changes),
    }
    return {**found, "total": len(ids)} if arguments.calculate_total else found


def passes(wanted: Filter | None, holds: Callable[[str, Any], bool]) -> bool:
    """Whether something passes a filter that `check_filter` has seen; `holds`: whether it meets a condition."""
    if not wanted:
        return True
    if "operator" not in wanted:
        return all(holds(name, value) for name, value in wanted.items())
    held = [passes(each, holds) for each in wanted["conditions"]]  # each: what it asks for is checked on the way
    if wanted["operator"] == "AND":
        return all(held)
    return any(held) is bool(wanted["operator"] == "OR")


def conditions(wanted: Filter | None) -> Iterator[tuple[str, Any]]:
    """Every condition of a filter that `check_filter` has seen, wherever it stands."""
    if wanted and "operator" in wanted:
        for each in wanted["conditions"]:
            yield from conditions(each)
    else:
        yield from (wanted or {}).items()
