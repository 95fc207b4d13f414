"""What a device says of itself: in Settings, and in Provision. MS-ASCMD §2.2.3.45."""

from __future__ import annotations

import json
from typing import Final

from connectors.activesync.devices import LONGEST
from connectors.activesync.element import Element
from connectors.activesync.exchange import Exchange
from groupware.model.device import NewDevice, facts_of

NAMES: Final = {
    "Settings:Model": "model",
    "Settings:IMEI": "imei",
    "Settings:FriendlyName": "name",
    "Settings:OS": "os",
    "Settings:OSLanguage": "language",
    "Settings:PhoneNumber": "phone",
    "Settings:UserAgent": "agent",
    "Settings:MobileOperator": "operator",
}


async def keep_information(exchange: Exchange, information: Element) -> None:
    """Keeps it beside the device."""
    said = information.child("Settings:Set")
    if said is None:
        return
    device = exchange.device
    facts = facts_of(device) | {
        short: said.value(name)[:LONGEST] for name, short in NAMES.items() if said.child(name) is not None
    }
    new = NewDevice(device.key, device.kind, device.protocol, json.dumps(facts))
    exchange.device = await exchange.write(lambda tx: tx.put_device(new))
