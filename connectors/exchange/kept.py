"""Properties of MAPI that are kept beside an item, by key: what EWS and ActiveSync know and no field is for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def unpacked(octets: bytes) -> dict[str, Any]:
    """The properties, as `ReadTx.item_properties` gives them."""
    found: dict[str, Any] = json.loads(octets) if octets else {}
    return found


def packed(kept: Mapping[str, Any]) -> bytes:
    """Properties as they are kept."""
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") if kept else b""


def merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Properties after a change; None takes one away."""
    return {key: value for key, value in {**old, **new}.items() if value is not None}
