"""Devices: phones and programs that keep a copy of an account, and how far each copy has come."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from .ids import AccountId


class Access(StrEnum):
    """Whether a device may have anything."""

    USUAL = ""
    """As the setting `newDevices` says."""
    ALLOWED = "allowed"
    BLOCKED = "blocked"
    """By an administrator, who alone lets it in again."""
    LEFT_OUT = "blocked by owner"


OUT = frozenset({Access.BLOCKED, Access.LEFT_OUT})


class Wipe(StrEnum):
    """What a device is to forget, and how far that has come. MS-ASPROV §2.2.2.53, §2.2.2.1."""

    NONE = ""
    ACCOUNT = "account"
    """All that it has of the account."""
    DEVICE = "device"
    """All that it holds."""
    ACCOUNT_TOLD = "account told"
    DEVICE_TOLD = "device told"
    ACCOUNT_DONE = "account done"
    """It has said that it did so."""
    DEVICE_DONE = "device done"


TOLD = {Wipe.ACCOUNT: Wipe.ACCOUNT_TOLD, Wipe.DEVICE: Wipe.DEVICE_TOLD}
DONE = {Wipe.ACCOUNT_TOLD: Wipe.ACCOUNT_DONE, Wipe.DEVICE_TOLD: Wipe.DEVICE_DONE}
PENDING = frozenset({Wipe.ACCOUNT, Wipe.DEVICE, Wipe.ACCOUNT_TOLD, Wipe.DEVICE_TOLD})
"""It gets nothing else until it has done so."""


@dataclass(frozen=True, slots=True)
class NewDevice:
    """What a device says of itself."""

    key: str
    """The DeviceId: 1 to 64 letters and digits, unique within the account."""
    kind: str
    """The DeviceType: `iPhone`, `Android`, ..."""
    protocol: str
    """The version that it speaks: `16.1`."""
    facts: str
    """JSON: user agent, model, name, system; the store does not look into it."""


@dataclass(frozen=True, slots=True)
class Device:
    """One device of one account."""

    number: int
    account: AccountId
    key: str
    kind: str
    protocol: str
    facts: str
    policy: int
    """The policy key that it was given last; 0: none."""
    settled: bool
    """Whether it has said that it keeps the policies."""
    wipe: Wipe
    access: Access
    made: datetime
    seen: datetime
    """When it last asked, to some minutes."""


@dataclass(frozen=True, slots=True)
class SyncState:
    """How far a device's copy of one collection has come; the state before is kept, for an answer may be lost."""

    collection: int
    """The number of the folder; 0: the list of folders; -1: what is pinged."""
    key: int
    """How many states there were before this one."""
    facts: str
    """JSON; the store does not look into it."""
    before: str = ""
    """That of `key` - 1."""


def facts_of(device: Device) -> dict[str, Any]:
    """What a device has said of itself: `name`, `model`, `os`, `agent`, ..."""
    try:
        found = json.loads(device.facts)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
