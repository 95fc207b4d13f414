"""Differences between JSON objects, as JMAP and JSCalendar write them: pointers without the first slash, and values.

A patch leads into objects and never into lists; a value of null takes away what it points at (RFC 8620 §5.3).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from hashlib import blake2b
from itertools import pairwise
from typing import Any, Final

Json = dict[str, Any]
DEEPEST: Final = 20


def difference(old: Mapping[str, Any], new: Mapping[str, Any], way: str = "") -> Json:
    """The patch that makes `new` out of `old`."""
    found: Json = {name_in(way, name): None for name in old if name not in new}
    for name, value in new.items():
        here, was = name_in(way, name), old.get(name)
        if name in old and same(was, value):
            continue
        if isinstance(was, Mapping) and isinstance(value, Mapping) and was and value:
            found.update(difference(was, value, here))
        else:
            found[here] = value
    return found


def same(one: Any, other: Any) -> bool:
    """Whether both are the same JSON: in JSON, true is no number."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(value, other[name]) for name, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(isinstance(one, bool) is isinstance(other, bool) and one == other)


def name_in(way: str, name: str) -> str:
    """The pointer to a member of what `way` points at."""
    name = name.replace("~", "~0").replace("/", "~1")
    return f"{way}/{name}" if way else name


def levels_of(way: str) -> list[str]:
    """The names that a pointer goes through."""
    return [level.replace("~1", "/").replace("~0", "~") for level in way.split("/")]


def patched(value: Mapping[str, Any], patch: Mapping[str, Any]) -> Json:
    """The object with a patch. `ValueError` names the pointer that leads nowhere, or into another one."""
    found: Json = deepcopy(dict(value))
    ways = sorted(levels_of(way) for way in patch)
    for one, other in pairwise(ways):
        if other[: len(one)] == one:
            raise ValueError(f"{'/'.join(other)[:100]!r}: another pointer of the patch leads to what is above it")
    for way, new in patch.items():
        put(found, way, new)
    return found


def put(into: Json, way: str, new: Any) -> None:
    """Puts a value in where a pointer leads. `ValueError`."""
    *above, last = levels_of(way)
    if len(above) >= DEEPEST:
        raise ValueError(f"{way[:100]!r} leads too deep")
    here: Any = into
    for level in above:
        here = here.get(level) if isinstance(here, dict) else None
    if not isinstance(here, dict):
        raise ValueError(f"{way[:100]!r} leads nowhere")
    if new is None:
        here.pop(last, None)
    else:
        here[last] = deepcopy(new)


def value_at(value: Any, way: str) -> Any:
    """What a pointer leads to; None where it leads nowhere."""
    for level in levels_of(way):
        value = value.get(level) if isinstance(value, Mapping) else None
    return value


def digest(value: Any) -> str:
    """Another one for each other value."""
    octets = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8", "replace")
    return blake2b(octets, digest_size=8).hexdigest()
