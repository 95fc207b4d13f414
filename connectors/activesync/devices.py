"""The device that asks: it is known again, let in or not, and has to keep the policies. MS-ASPROV §3.1.5.1."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Final

from connectors.activesync import errors
from connectors.activesync.errors import EasError
from connectors.activesync.policies import Policies, policies_of
from connectors.activesync.query import Query
from groupware.model.device import OUT, PENDING, Access, Device, NewDevice, facts_of
from groupware.model.errors import OverQuota
from groupware.model.principal import Principal
from groupware.store.api import ReadTx, Store
from mailcore.server.authorization import CHALLENGE
from mailcore.server.stay import WORDS, gone

SEEN_AGAIN: Final = timedelta(minutes=10)
"""How exactly it is kept when a device asked last: more would be a write for every request."""
SERVICE: Final = "activesync"
"""What the switch that lets one in is called."""
LONGEST: Final = 300
"""Characters of what a device says of itself."""


async def known(store: Store, who: Principal, query: Query, agent: str) -> tuple[Device, Policies, str]:
    """The device, what is asked of it, and the setting `newDevices`. `EasError`."""

    device, policies, new = await store.glance(who, lambda tx: _asked(tx, query))
    facts = facts_of(device) if device is not None else {}
    said = NewDevice(
        query.device,
        query.kind,
        f"{query.version // 10}.{query.version % 10}",
        json.dumps({**facts, "agent": agent[:LONGEST]}),
    )
    if device is None or _stale(device, said):
        try:
            device = await store.write(who, lambda tx: tx.put_device(said))
        except OverQuota as error:
            raise EasError(errors.TOO_MANY_DEVICES, str(error)) from None
    return device, policies, new


def _asked(tx: ReadTx, query: Query) -> tuple[Device | None, Policies, str]:
    return tx.device(query.device), policies_of(tx), str(tx.setting("newDevices").value)


async def still(store: Store, who: Principal, query: Query) -> None:
    """`HttpError` for who may not stay signed in, `EasError` for a device that may not have it any more."""
    why = await gone(store, who, SERVICE)
    if why is not None:
        raise errors.HttpError(401, WORDS[why], CHALLENGE)
    device, policies, new = await store.glance(who, lambda tx: _asked(tx, query))
    if device is not None:
        check(device, policies, new, query)


def _stale(device: Device, said: NewDevice) -> bool:
    now = datetime.now(UTC)
    same = (device.kind, device.protocol, device.facts) == (said.kind, said.protocol, said.facts)
    return not same or now - device.seen > SEEN_AGAIN


def check(device: Device, policies: Policies, new: str, query: Query) -> None:
    """`EasError` unless the device may have what it asks for."""
    if device.access in OUT or (device.access == Access.USUAL and new == "blocked"):
        raise EasError(errors.BLOCKED, "this device is blocked")
    if query.command == "Provision":
        return
    if device.wipe in PENDING:
        raise EasError(errors.WIPE_REQUESTED, "this device is to be wiped")
    if query.command == "Settings" and query.version >= 140 and not device.settled:
        return  # what it says of itself may come before it is provisioned
    sent = query.policy or 0
    if not sent and not policies.needed:
        return
    if not sent or not device.settled:
        raise EasError(errors.NOT_PROVISIONED, "the policies come first")
    if sent != device.policy:
        raise EasError(errors.INVALID_POLICY_KEY, "that policy key is another one")
    if device.policy != policies.key(device):
        raise EasError(errors.POLICY_REFRESH, "the policies have changed")
