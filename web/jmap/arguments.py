"""The arguments of a method: a frozen dataclass whose fields say how each is read."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from functools import cache
from typing import Any, Final, TypeVar, cast

from web.jmap.errors import MethodError
from web.jmap.limits import CRITERIA, DEEPEST_FILTER, FILTERS, IN_GET

T = TypeVar("T")
Reader = Callable[[Any], Any]
_ID: Final = re.compile(r"#?[A-Za-z0-9_-]{1,255}\Z")
_MISSING: Final = object()


def argument(read: Reader, default: Any = _MISSING, name: str = "") -> Any:
    """A field: how its value is read, what it is when it is not given or null, and its name if that is not plain."""
    told = {"read": read, "name": name}
    return (
        dataclasses.field(metadata=told) if default is _MISSING else dataclasses.field(default=default, metadata=told)
    )


@cache
def _fields(kind: Hashable) -> Mapping[str, dataclasses.Field[Any]]:
    return {each.metadata["name"] or _camel(each.name): each for each in dataclasses.fields(cast("Any", kind))}


def _camel(name: str) -> str:
    first, *rest = name.rstrip("_").split("_")
    return first + "".join(each.capitalize() for each in rest)


def taken(kind: type[T], given: Mapping[str, Any]) -> T:
    """The arguments as a value. `MethodError` `invalidArguments` names the one that is wrong."""
    known = _fields(cast("Hashable", kind))
    unknown = next((name for name in given if name not in known), None)
    if unknown is not None:
        raise MethodError("invalidArguments", f"{unknown[:60]!r} is no argument of this method")
    values = {}
    for name, field in known.items():
        value = given.get(name)
        if value is None:
            if field.default is dataclasses.MISSING:
                raise MethodError("invalidArguments", f"{name!r} is missing")
            continue
        try:
            values[field.name] = field.metadata["read"](value)
        except ValueError as error:
            raise MethodError("invalidArguments", f"{name!r}: {error}") from None
    return kind(**values)


# --- readers: a value, or ValueError with words


def text(value: Any) -> str:
    """A string."""
    if not isinstance(value, str):
        raise ValueError("a string is wanted")
    return value


def ident(value: Any) -> str:
    """An id, or the name of something that is created in this request, behind a #."""
    if not isinstance(value, str) or not _ID.match(value):
        raise ValueError("an id is wanted")
    return value


def ids(value: Any) -> tuple[str, ...]:
    """A list of ids, each once."""
    if not isinstance(value, list):
        raise ValueError("a list of ids is wanted")
    found = tuple(dict.fromkeys(map(ident, value)))
    if len(found) > IN_GET:
        raise MethodError("requestTooLarge", f"more than {IN_GET} ids")
    return found


def texts(value: Any) -> tuple[str, ...]:
    """A list of strings, each once."""
    if not isinstance(value, list):
        raise ValueError("a list of strings is wanted")
    return tuple(dict.fromkeys(map(text, value)))


def flag(value: Any) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise ValueError("true or false is wanted")
    return value


def number(value: Any) -> int:
    """A whole number."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("a whole number is wanted")
    return value


def count(value: Any) -> int:
    """A whole number that is not negative."""
    if number(value) < 0:
        raise ValueError("it may not be negative")
    return int(value)


def at_least_one(value: Any) -> int:
    """A whole number above 0."""
    if number(value) < 1:
        raise ValueError("it has to be above 0")
    return int(value)


def thing(value: Any) -> Mapping[str, Any]:
    """An object."""
    if not isinstance(value, dict):
        raise ValueError("an object is wanted")
    return value


def things(value: Any) -> Sequence[Mapping[str, Any]]:
    """A list of objects."""
    if not isinstance(value, list):
        raise ValueError("a list of objects is wanted")
    return [thing(each) for each in value]


def criteria(value: Any) -> Sequence[Mapping[str, Any]]:
    """What to sort by (RFC 8620 §5.5). `MethodError` `unsupportedSort` for more than is looked at."""
    found = things(value)
    if len(found) > CRITERIA:
        raise MethodError("unsupportedSort", f"things are sorted by up to {CRITERIA} properties")
    for each in found:
        if not isinstance(each.get("property"), str) or not isinstance(each.get("isAscending", True), bool):
            raise ValueError("each has a `property`, a string, and may have `isAscending`, true or false")
    return found


def by_id(value: Any) -> Mapping[str, Mapping[str, Any]]:
    """An object of objects by id."""
    return {ident(name): thing(each) for name, each in thing(value).items()}


# --- what several methods have in common


@dataclasses.dataclass(frozen=True, slots=True)
class GetArguments:
    """`Foo/get`. RFC 8620 §5.1."""

    account_id: str = argument(ident)
    ids: tuple[str, ...] | None = argument(ids, None)
    properties: tuple[str, ...] | None = argument(texts, None)


@dataclasses.dataclass(frozen=True, slots=True)
class ChangesArguments:
    """`Foo/changes`. RFC 8620 §5.2."""

    account_id: str = argument(ident)
    since_state: str = argument(text)
    max_changes: int | None = argument(at_least_one, None)


@dataclasses.dataclass(frozen=True, slots=True)
class QueryArguments:
    """`Foo/query`. RFC 8620 §5.5."""

    account_id: str = argument(ident)
    filter: Mapping[str, Any] | None = argument(thing, None)
    sort: Sequence[Mapping[str, Any]] | None = argument(criteria, None)
    position: int = argument(number, 0)
    anchor: str | None = argument(ident, None)
    anchor_offset: int = argument(number, 0)
    limit: int | None = argument(count, None)
    calculate_total: bool = argument(flag, False)


@dataclasses.dataclass(frozen=True, slots=True)
class QueryChangesArguments:
    """`Foo/queryChanges`. RFC 8620 §5.6."""

    account_id: str = argument(ident)
    since_query_state: str = argument(text)
    filter: Mapping[str, Any] | None = argument(thing, None)
    sort: Sequence[Mapping[str, Any]] | None = argument(criteria, None)
    max_changes: int | None = argument(at_least_one, None)
    up_to_id: str | None = argument(ident, None)
    calculate_total: bool = argument(flag, False)


def check_filter(given: Mapping[str, Any] | None, known: Collection[str]) -> None:
    """Passes for a tree of conditions of these names. `MethodError`, whether or not there is anything to filter."""
    if _conditions(given or {}, known, 0) > FILTERS:
        raise MethodError("unsupportedFilter", f"the filter has more than {FILTERS} conditions")


def _conditions(given: Mapping[str, Any], known: Collection[str], depth: int) -> int:
    """How many there are."""
    if depth > DEEPEST_FILTER:
        raise MethodError("unsupportedFilter", "the filter is nested too deep")
    if "operator" not in given:
        unknown = next((name for name in given if name not in known), None)
        if unknown is not None:
            raise MethodError("unsupportedFilter", f"nothing is found by {unknown[:60]!r} here")
        return max(1, len(given))
    inner = given.get("conditions")
    if given["operator"] not in ("AND", "OR", "NOT") or not isinstance(inner, list):
        raise MethodError("invalidArguments", "a filter has an `operator` AND, OR or NOT and its `conditions`")
    if not all(isinstance(each, dict) for each in inner):
        raise MethodError("invalidArguments", "conditions are objects")
    return 1 + sum(_conditions(each, known, depth + 1) for each in inner)


def chosen(asked: Sequence[str] | None, known: Sequence[str]) -> list[str]:
    """The properties to give back, `id` among them. `MethodError`."""
    if asked is None:
        return list(known)
    unknown = next((name for name in asked if name not in known), None)
    if unknown is not None:
        raise MethodError("invalidArguments", f"there is no property {unknown[:60]!r}")
    return ["id", *[name for name in asked if name != "id"]]


def page(found: Sequence[str], arguments: QueryArguments, most: int) -> tuple[Sequence[str], int]:
    """The ids of the window that is asked for, and the position of its first. RFC 8620 §5.5. `MethodError`."""
    position = arguments.position
    if arguments.anchor is not None:
        if arguments.anchor not in found:
            raise MethodError("anchorNotFound", "the anchor is not among the results")
        position = max(0, found.index(arguments.anchor) + arguments.anchor_offset)
    elif position < 0:
        position = max(0, len(found) + position)
    limit = most if arguments.limit is None else min(arguments.limit, most)
    return found[position : position + limit], position
