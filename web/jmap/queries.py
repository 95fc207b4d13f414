"""What the queries of all types have in common: the answer, and how a filter is walked. RFC 8620 §5.5, §5.6."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from groupware.model.ids import AccountId
from web.jmap.arguments import QueryArguments, QueryChangesArguments, page
from web.jmap.limits import IN_QUERY
from web.jmap.remembered import difference, keep, known

Filter = Mapping[str, Any]


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
