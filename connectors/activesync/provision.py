"""Provision: the policies, and that a device is to forget everything. MS-ASCMD §2.2.1.14, MS-ASPROV §3.1.5.1."""

from __future__ import annotations

import secrets
from typing import Final

from connectors.activesync.device_information import keep_information
from connectors.activesync.element import Element, el
from connectors.activesync.exchange import Exchange
from connectors.activesync.policies import policies_of
from connectors.activesync.wbxml.codec import encode
from groupware.model.device import DONE, PENDING, TOLD, Wipe
from groupware.store.api import WriteTx

TYPE: Final = "MS-EAS-Provisioning-WBXML"
_OK, _NO_POLICY, _UNKNOWN_TYPE, _WRONG_KEY = 1, 2, 3, 5
_DONE_AS_ASKED: Final = "1"


async def provision(exchange: Exchange) -> Element:
    """The policies with a key for the time being, or the key for good once the device has agreed."""
    root = exchange.root("Provision:Provision")
    told: list[Element] = []
    information = root.child("Settings:DeviceInformation")
    if information is not None:
        await keep_information(exchange, information)
        told.append(el("Settings:DeviceInformation", el("Settings:Status", 1)))
    for name, wipe in (("Provision:RemoteWipe", Wipe.DEVICE), ("Provision:AccountOnlyRemoteWipe", Wipe.ACCOUNT)):
        said = root.child(name)
        if said is not None:
            await _acknowledged(exchange, wipe, said.value("Provision:Status"))
            return el("Provision:Provision", el("Provision:Status", 1), told)
    if exchange.device.wipe in PENDING:
        return await _wiped(exchange, told)
    policies = root.child("Provision:Policies")
    policy = policies.child("Provision:Policy") if policies is not None else None
    if policy is None:
        return el("Provision:Provision", told, el("Provision:Status", 2 if information is None else 1))
    return el("Provision:Provision", told, el("Provision:Status", 1), await _policy(exchange, policy))


async def _policy(exchange: Exchange, asked: Element) -> Element:
    kind = asked.value("Provision:PolicyType")
    if kind != TYPE:
        return _answer(kind, _UNKNOWN_TYPE)
    policies = await exchange.read(policies_of)
    sent = asked.number("Provision:PolicyKey", -1)
    device = exchange.device
    if sent < 0:
        key = 1 + secrets.randbelow(0x7FFFFFFE)
        await exchange.write(lambda tx: tx.settle_device(device.number, key, settled=False))
        document = policies.document()
        data = encode(document) if exchange.version < 120 else None
        return _answer(kind, _OK, key, el("Provision:Data", data if data is not None else document))
    if sent != device.policy or device.settled:
        return _answer(kind, _WRONG_KEY)
    if asked.value("Provision:Status") not in ("1", "2"):
        return _answer(kind, _NO_POLICY)
    key = policies.key(device)
    await exchange.write(lambda tx: tx.settle_device(device.number, key, settled=True))
    return _answer(kind, _OK, key)


def _answer(kind: str, status: int, key: int | None = None, data: Element | None = None) -> Element:
    return el(
        "Provision:Policies",
        el(
            "Provision:Policy",
            el("Provision:PolicyType", kind or TYPE),
            el("Provision:Status", status),
            el("Provision:PolicyKey", key) if key is not None else None,
            data,
        ),
    )


async def _wiped(exchange: Exchange, told: list[Element]) -> Element:
    """Tells the device what it is to forget; before 16.1 nothing can say "the account only"."""
    device = exchange.device
    account_only = device.wipe in (Wipe.ACCOUNT, Wipe.ACCOUNT_TOLD)
    if account_only and exchange.version < 161:
        return el("Provision:Provision", told, el("Provision:Status", 1))
    if device.wipe in TOLD:
        await exchange.write(lambda tx: tx.wiping_device(device.number, TOLD[device.wipe]))
    name = "Provision:AccountOnlyRemoteWipe" if account_only else "Provision:RemoteWipe"
    return el("Provision:Provision", told, el("Provision:Status", 1), el(name))


async def _acknowledged(exchange: Exchange, wipe: Wipe, status: str) -> None:
    """Writes down that the device has done it; one that could not is told once more."""
    device = exchange.device
    if status != _DONE_AS_ASKED or device.wipe not in DONE or device.wipe != TOLD[wipe]:
        return

    def work(tx: WriteTx) -> None:
        tx.wiping_device(device.number, DONE[device.wipe])
        tx.settle_device(device.number, 0, settled=False)
        tx.drop_sync_states(device.number)

    await exchange.write(work)
