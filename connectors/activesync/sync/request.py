"""A Sync request: which collections, from which key, with which commands. MS-ASCMD §2.2.1.21."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from connectors.activesync.element import Element
from connectors.activesync.sync.options import MOST_WINDOW, WINDOW

MOST_COLLECTIONS: Final = 1000
MOST_COMMANDS: Final = 1000
LEAST_WAIT, MOST_WAIT = 60, 3540
"""Seconds."""


class TooMuch(ValueError):
    """More than is taken in one request."""


@dataclass(frozen=True, slots=True)
class Collection:
    """One collection of a request."""

    id: str
    key: str
    """"": that of the newest state."""
    window: int = WINDOW
    changes: bool = True
    """GetChanges."""
    moves: bool = True
    commands: Sequence[Element] = ()
    options: Sequence[Element] = ()
    supported: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class SyncRequest:
    """All that is asked."""

    collections: Sequence[Collection]
    wait: int = 0
    """Seconds to wait for a change when there is none; 0: not at all."""
    bad_wait: int = 0
    """The bound that the wait is outside of."""
    partial: bool = False
    window: int = MOST_WINDOW
    """Items in all."""


def read_request(root: Element) -> SyncRequest:
    """The request. `TooMuch`."""
    found = root.child("AirSync:Collections")
    collections = [_collection(each) for each in found.all("AirSync:Collection")] if found is not None else []
    if len(collections) > MOST_COLLECTIONS:
        raise TooMuch(f"more than {MOST_COLLECTIONS} collections")
    wait = root.number("AirSync:Wait") * 60 or root.number("AirSync:HeartbeatInterval")
    bad = MOST_WAIT if wait > MOST_WAIT else LEAST_WAIT if 0 < wait < LEAST_WAIT else 0
    return SyncRequest(
        collections,
        wait,
        bad,
        root.child("AirSync:Partial") is not None,
        _window(root.number("AirSync:WindowSize", MOST_WINDOW)),
    )


def _window(number: int) -> int:
    return MOST_WINDOW if not number or number > MOST_WINDOW else number


def _collection(said: Element) -> Collection:
    key = said.value("AirSync:SyncKey")
    commands, handled = said.child("AirSync:Commands"), said.child("AirSync:Supported")
    asked = commands.children if commands is not None else []
    if len(asked) > MOST_COMMANDS:
        raise TooMuch(f"more than {MOST_COMMANDS} commands")
    return Collection(
        said.value("AirSync:CollectionId"),
        key,
        _window(said.number("AirSync:WindowSize", WINDOW)),
        said.flag("AirSync:GetChanges", default=True) and key != "0",
        said.flag("AirSync:DeletesAsMoves", default=True),
        asked,
        said.all("AirSync:Options"),
        None if handled is None else [each.name for each in handled.children],
    )
