"""Telling that who has signed in may not be allowed to stay any more (decision 261).

What changes it marks the account's own number, or `STANDING` when it is about many, in the same transaction; the
journal has a row of that number, so that other processes find the mark.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from groupware.model.ids import AccountId, ModSeq
from groupware.model.settings import SWITCHES
from groupware.model.times import now_micros

from ..api import STANDING, standing_of
from .guard import SERVER
from .tx import Tx

BLOCKED: Final = "blockedLogin"
_OF_DEVICES: Final = (
    "newDevices", "devicePassword", "devicePasswordLength", "deviceLockAfter", "deviceFailuresMost", "deviceEncryption",
)  # fmt: skip
DECIDING: Final = frozenset({*SWITCHES.values(), BLOCKED, *_OF_DEVICES})
"""The settings by which somebody may sign in, or a device may have anything."""


def moved(tx: Tx, account: AccountId | None, facts: Mapping[str, object]) -> None:
    """What decides whether the account may stay has changed; None: whether many may."""
    at, now = STANDING if account is None else standing_of(account), ModSeq(now_micros())
    tx.marks[at] = now
    tx.note_change("standing.moved", account if account is not None else AccountId(SERVER), at, now, facts)
