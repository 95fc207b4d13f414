"""Content lines as JSON: the properties of jCard and jCal (RFC 7095, RFC 7265), so that a line comes back as it was.

`[name, parameters, type, value]`. A line that says no VALUE is of the type `unknown`, whose value stands as it is
written (RFC 7095 §5.1); so nothing is lost where a default type would have to be guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from .content import Line, escaped

UNKNOWN: Final = "unknown"
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,100}\Z")
_GROUP: Final = re.compile(r"[A-Za-z0-9-]{1,100}\Z")
_CONTROL: Final = re.compile(r"[\x00\r\n]")
_CONTROL_PARAM: Final = re.compile(r"[\x00\r]")
_STRUCTURE: Final = frozenset({"BEGIN", "END"})


def entry_of(line: Line) -> list[Any]:
    """The line as JSON."""
    params: dict[str, Any] = params_of(line)
    kind = str(params.pop("value", UNKNOWN)).lower()
    if len(line.params.get("VALUE", "x")) != 1 or not _NAME.match(kind) or (kind == UNKNOWN and "VALUE" in line.params):
        kind, params = UNKNOWN, params_of(line)
    value = line.value
    if kind == "text":
        if escaped(line.text) == line.value:
            value = line.text
        else:
            kind, params["value"] = UNKNOWN, "TEXT"
    return [line.name.lower(), params, kind, value]


def params_of(line: Line, known: Iterable[str] = ()) -> dict[str, Any]:
    """Its parameters but for those that are known, and its group."""
    left = known if isinstance(known, frozenset) else frozenset(known)
    found: dict[str, Any] = {
        name.lower(): values[0] if len(values) == 1 else list(values)
        for name, values in line.params.items()
        if name not in left
    }
    return {**found, "group": line.group} if line.group else found


def line_of(entry: Any) -> Line:
    """The line that an entry stands for. `ValueError` for what is no entry."""
    match entry:
        case [str(name), dict(params), str(kind), value, *more] if _NAME.match(name) and name.upper() not in _STRUCTURE:
            pass
        case _:
            raise ValueError("a property is [name, parameters, type, value]")
    if kind != UNKNOWN and not _NAME.match(kind):
        raise ValueError(f"{kind[:40]!r} is no type")
    group = params.get("group", "")
    told = read_params({name: each for name, each in params.items() if name != "group"})
    if kind != UNKNOWN:
        told = {**told, "VALUE": (kind.upper(),)}
    if not isinstance(group, str) or (group and not _GROUP.match(group)):
        raise ValueError("a group is a name")
    raw = ",".join(_value(each, kind) for each in [value, *more])
    if _CONTROL.search(raw):
        raise ValueError(f"the value of {name[:40]!r} holds a line end")
    return Line(name.upper(), told, raw, 0, group)


def read_params(given: Any) -> dict[str, tuple[str, ...]]:
    """Parameters as lines have them. `ValueError`."""
    if not isinstance(given, Mapping):
        raise ValueError("parameters are an object")
    found = {}
    for name, value in given.items():
        values = value if isinstance(value, list) else [value]
        if not _NAME.match(name) or not all(map(_is_param, values)):
            raise ValueError(f"{name[:40]!r}: a parameter is a string or a list of strings")
        found[name.upper()] = tuple(values)
    return found


def _is_param(value: object) -> bool:
    return isinstance(value, str) and not _CONTROL_PARAM.search(value)


def _value(value: Any, kind: str) -> str:
    if isinstance(value, list):
        return ";".join(
            ",".join(_value(part, kind) for part in (each if isinstance(each, list) else [each])) for each in value
        )
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return str(value)
    if not isinstance(value, str):
        raise ValueError("a value is a string, a number, true or false, or a list of such")
    return escaped(value) if kind == "text" else value
