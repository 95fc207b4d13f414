"""Sync keys: each stands for one state, which never becomes another one.

A key says how many states there were before and has a random part (`7-1f3a90bc`): after a restore from a backup what a
device holds is not taken for a state of the restored server. The state before is kept as well: a device that asks with
its key has never seen the answer.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from groupware.model.device import Device, SyncState
from groupware.model.errors import Conflict
from groupware.store.api import ReadTx, WriteTx

Key = str
Facts = Mapping[str, Any]
_KEY: Final = re.compile(r"([1-9][0-9]{0,15})-([0-9a-f]{8})\Z")
_NONCE: Final = "nonce"


@dataclass(frozen=True, slots=True)
class Known:
    """The state that a key stands for."""

    key: Key
    number: int
    facts: Facts
    newest: int
    """The number of the newest state that there is; one more than `number` where an answer was lost."""
    lost: Facts = field(default_factory=dict)
    """What the newest state says, where an answer was lost."""
    before: str = ""


def _read(text: str) -> Facts:
    found: Facts = json.loads(text or "{}")
    return found


def known_state(tx: ReadTx, device: Device, collection: int, key: Key) -> Known | None:
    """The state of a key; `0` is that of who has nothing. None: no such state is known."""
    there = tx.sync_state(device.number, collection)
    newest = there.key if there is not None else 0
    if key == "0":
        return Known("0", newest, {}, newest)
    found = _KEY.match(key)
    if found is None or there is None:
        return None
    number, nonce = int(found[1]), found[2]
    now = _read(there.facts)
    if number == there.key and now.get(_NONCE) == nonce:
        return Known(key, number, now, newest, before=there.before)
    before = _read(there.before)
    if number == there.key - 1 and before.get(_NONCE) == nonce:
        return Known(key, number, before, newest, now)
    return None


def newest_state(tx: ReadTx, device: Device, collection: int) -> Known | None:
    """The newest state that a device was told of."""
    there = tx.sync_state(device.number, collection)
    if there is None:
        return None
    facts = _read(there.facts)
    return Known(f"{there.key}-{facts.get(_NONCE, '')}", there.key, facts, there.key, before=there.before)


def next_state(tx: WriteTx, device: Device, collection: int, state: Known, facts: Facts) -> Key:
    """Keeps the state that follows; gives its key. `Conflict` when another request has been quicker.

    Where an answer was lost, what it stood for is taken back.
    """
    number = state.newest + (state.number == state.newest)
    nonce = secrets.token_hex(4)
    before = json.dumps(state.facts) if state.facts else ""
    new = SyncState(collection, number, json.dumps({**facts, _NONCE: nonce}), before)
    if not tx.put_sync_state(device.number, new, state.newest):
        raise Conflict("another request of this device has been quicker")
    return f"{number}-{nonce}"


def same_state(tx: WriteTx, device: Device, collection: int, state: Known, facts: Facts) -> None:
    """Keeps beside a state what makes no difference to the device: how far everything has been looked through."""
    if state.number == state.newest:
        said = {**facts, _NONCE: state.facts.get(_NONCE, "")}
        tx.put_sync_state(
            device.number, SyncState(collection, state.number, json.dumps(said), state.before), state.number
        )
