"""MobileDevice: the phones and programs that keep a copy of one's own account. Decision 398."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from groupware.model.device import DONE, OUT, PENDING, Access, Device, Wipe, facts_of
from groupware.model.times import micros
from groupware.store.api import ReadTx, WriteTx
from web.jmap import few
from web.jmap.arguments import GetArguments
from web.jmap.errors import SetError
from web.jmap.headers_of import utc
from web.jmap.ids import account_id
from web.jmap.kept import own
from web.jmap.sets import Given, SetArguments, Ways, invalid, never, set_few, unknown_property
from web.jmap.turn import Turn

_SAID: Final = ("name", "model", "os", "agent")
"""What a device may have said of itself."""
_WIPES: Final = (Wipe.ACCOUNT, Wipe.DEVICE)
_ACCOUNT_WIPES: Final = "16.1"
"""The version in which a device can be told to forget one account alone. MS-ASPROV §2.2.2.1."""
PROPERTIES: Final = (
    "id", *_SAID, "type", "created", "lastSeen", "isBlocked", "mayUnblock", "wipe", "isWiped", "mayWipeAccount",
)  # fmt: skip


def _told(device: Device) -> Mapping[str, Any]:
    facts = facts_of(device)
    pending = device.wipe in PENDING
    return {
        "id": f"D{device.number}",
        **{name: str(facts.get(name) or "") for name in _SAID},
        "type": device.kind,
        "created": utc(micros(device.made)),
        "lastSeen": utc(micros(device.seen)),
        "isBlocked": device.access in OUT,
        "mayUnblock": device.access == Access.LEFT_OUT,
        "wipe": device.wipe.value.split()[0] if pending else None,
        "isWiped": device.wipe in DONE.values(),
        "mayWipeAccount": device.protocol == _ACCOUNT_WIPES,
    }


def _there(tx: ReadTx) -> Mapping[str, Mapping[str, Any]]:
    found = [_told(each) for each in tx.devices()]
    return {each["id"]: each for each in found}


async def get(turn: Turn, arguments: GetArguments) -> Mapping[str, Any]:
    """`MobileDevice/get`."""

    def look(tx: ReadTx) -> tuple[str, str, Mapping[str, Mapping[str, Any]]]:
        there = _there(tx)
        return account_id(own(tx, arguments.account_id)), few.state_of(there), there

    return await few.get(turn, arguments, PROPERTIES, look)


async def set_(turn: Turn, arguments: SetArguments) -> Mapping[str, Any]:
    """`MobileDevice/set`: one is blocked, let in again, told to forget what it has, or forgotten itself."""

    def look(tx: ReadTx) -> tuple[str, str]:
        return account_id(own(tx, arguments.account_id)), few.state_of(_there(tx))

    comes = never("a device is there once it has asked for something")
    return await set_few(turn, arguments, look, Ways(comes, partial(_order, turn), partial(_forget, turn)))


async def _order(turn: Turn, name: str, given: Given) -> bool:
    unknown_property(given, PROPERTIES, frozenset({"isBlocked", "wipe"}))
    access, wipe = None, None
    if "isBlocked" in given:
        if not isinstance(given["isBlocked"], bool):
            raise invalid("isBlocked", "true or false is wanted")
        access = Access.BLOCKED if given["isBlocked"] else Access.USUAL
    if "wipe" in given:
        if given["wipe"] not in _WIPES:
            raise invalid("wipe", f"one of {', '.join(_WIPES)} is wanted")
        wipe = Wipe(given["wipe"])

    def work(tx: WriteTx) -> bool:
        device = _device(tx, name)
        if wipe == Wipe.ACCOUNT and device.protocol != _ACCOUNT_WIPES:
            raise invalid("wipe", f"the device speaks {device.protocol}, in which only all that it holds can be wiped")
        tx.order_device(device.number, None, access=access, wipe=wipe)
        return True

    return await turn.write(work)


async def _forget(turn: Turn, name: str) -> bool:
    def work(tx: WriteTx) -> bool:
        tx.drop_device(_device(tx, name).number)
        return True

    return await turn.write(work)


def _device(tx: ReadTx, name: str) -> Device:
    """One's own device of that id. `SetError`."""
    found = next((each for each in tx.devices() if f"D{each.number}" == name), None)
    if found is None:
        raise SetError("notFound", "there is no such device")
    return found
