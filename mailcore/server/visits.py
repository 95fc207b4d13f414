"""Requests over HTTP, counted for whom they are; and the connections that they came by, once these close.

`state` is the ASGI scope's. One connection may be used for several things, and counts once for each.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mailcore.server.counters import Counters


def visited(counters: Counters, state: Mapping[str, Any], prefix: str, account: str = "") -> None:
    """Count one request, and note what its connection counts for when it closes."""
    requested(counters, prefix, account)
    visits: dict[str, str] | None = state.get("visits")
    if visits is not None and not visits.get(prefix):
        visits[prefix] = account


def requested(counters: Counters, prefix: str, account: str = "") -> None:
    """Count one request; `account` "": nobody has signed in for it."""
    counters.add(f"{prefix}_Request", domain=account.rpartition("@")[2], account=account)


def left(counters: Counters, visits: Mapping[str, str]) -> None:
    """Count a connection that has closed, by what it was used for."""
    for prefix, account in visits.items():
        counters.add(f"{prefix}_InboundConnection", domain=account.rpartition("@")[2], account=account)
