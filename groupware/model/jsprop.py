"""Lines of JSPROP (RFC 9555): what an object of JSContact or JSCalendar has that no other line says."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from typing import Any, Final

from .content import Line
from .patches import digest, put, value_at

OVER: Final = "X-OVER"
"""What JSPROP stands over: a digest of what the other lines said there. When they say something else, it is past."""
POINTER: Final = frozenset({"JSPTR", "VALUE", OVER})


def applied(
    found: dict[str, Any], pointers: Sequence[Line], closed: Collection[str], keep: Callable[[Line], None]
) -> dict[str, Any]:
    """The object with what the lines say of its members that are not `closed`; one that leads nowhere is for `keep`."""
    for line in pointers:
        way = line.param("JSPTR").removeprefix("/")
        try:
            if line.param(OVER) and line.param(OVER) != digest(value_at(found, way)):
                continue
            if way.partition("/")[0] in closed:
                raise ValueError(f"{way!r} is not for JSPROP")
            put(found, way, json.loads(line.text))
        except (ValueError, RecursionError):
            keep(line)
    return found
