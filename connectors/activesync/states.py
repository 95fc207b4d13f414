"""Sync keys: each stands for one state, which never becomes another one.

A key says how many states there were before (`7`), and who gave it out (`-1f3a`): after a restore from a backup what a
device holds is not taken for a state of the restored server. The state before is kept: a device that asks with its key
has never seen the answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from groupware.model.device import Device, SyncState
from groupware.model.errors import Conflict
from groupware.store.api import ReadTx, WriteTx

Key = str
_KEY: Final = re.compile(r"([1-9][0-9]{0,15})-([0-9a-f]{8})\Z")


@dataclass(frozen=True, slots=True)
class Known:
    """The state that a key stands for."""

    number: int
    facts: str
    newest: int
    """The number of the newest state that there is; one more than `number` where an answer was lost."""
    lost: str = ""
    """What the newest state says, where an answer was lost."""


def key_of(device: Device, collection: int, number: int, facts: str) -> Key:
    """The key of a state."""
    said = f"{device.number} {device.made.timestamp()} {collection} {number} {facts}"
    return f"{number}-{blake2b(said.encode(), digest_size=4).hexdigest()}"


def known_state(tx: ReadTx, device: Device, collection: int, key: Key) -> Known | None:
    """The state of a key; `0` is that of who has nothing. None: no such state is known."""
    there = tx.sync_state(device.number, collection)
    newest = there.key if there is not None else 0
    if key == "0":
        return Known(newest, "", newest)
    found = _KEY.match(key)
    if found is None or there is None:
        return None
    number = int(found[1])
    for at, facts, lost in ((there.key, there.facts, ""), (there.key - 1, there.before, there.facts)):
        if number == at and key == key_of(device, collection, number, facts):
            return Known(number, facts, newest, lost)
    return None


def next_state(tx: WriteTx, device: Device, collection: int, state: Known, facts: str) -> Key:
    """Keeps the state that follows; gives its key. `Conflict` when another request has been quicker."""
    number = state.newest + 1
    before = state.facts
    if state.number != state.newest:  # an answer was lost: what it stood for is taken back
        number = state.newest
        if not tx.put_sync_state(device.number, SyncState(collection, number, facts, before), state.newest):
            raise Conflict("another request of this device has been quicker")
        return key_of(device, collection, number, facts)
    if not tx.put_sync_state(device.number, SyncState(collection, number, facts, before), state.newest):
        raise Conflict("another request of this device has been quicker")
    return key_of(device, collection, number, facts)
