"""Files that are kept beside a contact: X-ATTACH lines with a MANAGED-ID, as events have ATTACH lines (RFC 8607)."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Final

from groupware.model.attachment import KEY, MOST_REFERRED
from groupware.model.content import Component, Line

LINE: Final = "X-ATTACH"
MANAGED_ID: Final = "MANAGED-ID"


def keys_in(card: Component) -> tuple[str, ...]:
    """The MANAGED-IDs of a contact that can be ours, each once."""
    found = (line.param(MANAGED_ID) for line in card.all(LINE))
    return tuple(dict.fromkeys(each for each in found if KEY.fullmatch(each)))[:MOST_REFERRED]


def inlined(card: Component, bodies: Mapping[str, bytes]) -> Component:
    """The contact for people elsewhere: files that are given are inside it, others stay links."""
    return Component(card.name, card.at, [_inline(line, bodies) for line in card.lines], card.parts)


def _inline(line: Line, bodies: Mapping[str, bytes]) -> Line:
    key = line.param(MANAGED_ID) if line.name == LINE else ""
    if not key:
        return line
    params = {name: value for name, value in line.params.items() if name not in (MANAGED_ID, "SIZE")}
    if key not in bodies:
        return line._replace(params=params)
    media = line.param("FMTTYPE") or "application/octet-stream"
    return line._replace(params=params, value=f"data:{media};base64,{base64.b64encode(bodies[key]).decode()}")
