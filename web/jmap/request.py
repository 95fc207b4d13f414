"""Octets to a request: I-JSON (RFC 7493) and nothing else, within the limits that the session object names."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from web.jmap.errors import RequestError
from web.jmap.limits import CALLS, CAPABILITIES, REQUEST_OCTETS

_LARGEST: Final = (1 << 53) - 1
_DEEPEST: Final = 100


@dataclass(frozen=True, slots=True)
class Call:
    """One method call. RFC 8620 §3.2."""

    name: str
    arguments: Mapping[str, Any]
    id: str


@dataclass(frozen=True, slots=True)
class Request:
    """RFC 8620 §3.3."""

    using: frozenset[str]
    calls: Sequence[Call]
    created_ids: Mapping[str, str] | None = None


def read_request(octets: bytes) -> Request:
    """The request. `RequestError`: `notJSON`, `notRequest`, `unknownCapability`, `limit`."""
    return request_of(json_of(octets))


def json_of(octets: bytes) -> Any:
    """The I-JSON value. `RequestError`: `notJSON`, `limit`."""
    if len(octets) > REQUEST_OCTETS:
        raise RequestError(413, "limit", f"more than {REQUEST_OCTETS} octets", limit="maxSizeRequest")
    return _json(octets)


def request_of(value: Any) -> Request:
    """The request that a value is. `RequestError`: `notRequest`, `unknownCapability`, `limit`."""
    if not isinstance(value, dict):
        raise _no_request("a request is an object")
    using, calls, created = value.get("using"), value.get("methodCalls"), value.get("createdIds")
    if not isinstance(using, list) or not all(isinstance(each, str) for each in using):
        raise _no_request("`using` is a list of capabilities")
    unknown = [each for each in using if each not in CAPABILITIES]
    if unknown:
        raise RequestError(400, "unknownCapability", f"{unknown[0][:100]!r} is no capability of this server")
    if not isinstance(calls, list):
        raise _no_request("`methodCalls` is a list")
    if len(calls) > CALLS:
        raise RequestError(400, "limit", f"more than {CALLS} method calls", limit="maxCallsInRequest")
    if created is not None and not _ids(created):
        raise _no_request("`createdIds` is an object of ids")
    return Request(frozenset(using), [_call(each) for each in calls], created)


def _ids(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(each, str) for each in value.values())


def _call(value: object) -> Call:
    match value:
        case [str(name), dict(arguments), str(number)]:
            return Call(name, arguments, number)
    raise _no_request("a method call is [name, arguments, id]")


def _no_request(detail: str) -> RequestError:
    return RequestError(400, "notRequest", detail)


def _no_json(detail: str) -> RequestError:
    return RequestError(400, "notJSON", detail)


def _json(octets: bytes) -> Any:
    try:
        value = json.loads(octets.decode("utf-8"), object_pairs_hook=_object, parse_constant=_constant)
    except UnicodeDecodeError:
        raise _no_json("the request is not UTF-8") from None
    except RecursionError:
        raise _no_json("the request is nested too deep") from None
    except ValueError as error:
        raise _no_json(f"the request is not I-JSON: {error}") from None
    _check(value, 0)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name comes twice in one object")
    return found


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _check(value: Any, depth: int) -> None:
    """Raises for half characters and numbers that no double holds (RFC 7493 §2), and for what is too deep."""
    if depth > _DEEPEST:
        raise _no_json("the request is nested too deep")
    if isinstance(value, str):
        if not value.isascii() and any("\ud800" <= sign <= "\udfff" for sign in value):
            raise _no_json("a string holds half a character")
    elif isinstance(value, dict):
        for name, each in value.items():
            _check(name, depth + 1)
            _check(each, depth + 1)
    elif isinstance(value, list):
        for each in value:
            _check(each, depth + 1)
    elif isinstance(value, int) and abs(value) > _LARGEST:
        raise _no_json("a number is larger than 2^53 - 1")
