"""MobileDevice: what people do with their own phones. Decision 398."""

from __future__ import annotations

from typing import Any

from groupware.model.device import Access, NewDevice, Wipe
from groupware.store.api import ReadTx
from tests.support.jmapstand import Client, Stand

Json = dict[str, Any]
ALICE = "alice@example.test"


async def phone(stand: Stand, protocol: str = "16.1", key: str = "PHONE1") -> str:
    """Alice's phone has asked for something; gives its id."""
    new = NewDevice(key, "iPhone", protocol, '{"name": "Alice\'s phone", "model": "iPhone 15", "imei": "1"}')
    who = await stand.house.read(lambda tx: tx.identity(tx.account(ALICE).id))
    return f"D{(await stand.house.store.write(who, lambda tx: tx.put_device(new))).number}"


async def only(client: Client) -> Json:
    [found] = (await client.call("MobileDevice/get", ids=None))["list"]
    return dict(found)


async def change(client: Client, name: str, patch: Json) -> Json | None:
    """Why it was not done; None: it was."""
    got = await client.call("MobileDevice/set", update={name: patch})
    refused = got["notUpdated"]
    return None if refused is None else dict(refused[name])


async def test_one_sees_ones_own_devices_and_what_they_say_of_themselves(
    stand: Stand, alice: Client, bob: Client
) -> None:
    name = await phone(stand)
    found = await only(alice)
    assert found.pop("created") == found.pop("lastSeen")
    assert found == {
        "id": name, "name": "Alice's phone", "model": "iPhone 15", "os": "", "agent": "", "type": "iPhone",
        "isBlocked": False, "mayUnblock": False, "wipe": None, "isWiped": False, "mayWipeAccount": True,
    }  # fmt: skip
    assert (await bob.call("MobileDevice/get", ids=None))["list"] == []
    assert ((await change(bob, name, {"isBlocked": True})) or {})["type"] == "notFound"
    assert (await bob.call("MobileDevice/set", destroy=[name]))["notDestroyed"][name]["type"] == "notFound"


async def test_one_is_blocked_and_let_in_again_by_its_owner(stand: Stand, alice: Client) -> None:
    name = await phone(stand)
    assert await change(alice, name, {"isBlocked": True}) is None
    found = await only(alice)
    assert (found["isBlocked"], found["mayUnblock"]) == (True, True)
    assert await change(alice, name, {"isBlocked": False}) is None
    assert not (await only(alice))["isBlocked"]


async def test_what_an_administrator_has_blocked_stays_blocked(stand: Stand, alice: Client) -> None:
    name = await phone(stand)
    await stand.house.write(lambda tx: tx.order_device(int(name[1:]), ALICE, access=Access.BLOCKED))
    assert not (await only(alice))["mayUnblock"]
    assert ((await change(alice, name, {"isBlocked": False})) or {})["type"] == "forbidden"
    assert (await alice.call("MobileDevice/set", destroy=[name]))["notDestroyed"][name]["type"] == "forbidden"


async def test_one_is_told_to_forget_and_is_forgotten_when_it_has(stand: Stand, alice: Client) -> None:
    name = await phone(stand)
    assert await change(alice, name, {"wipe": "account"}) is None
    assert (await only(alice))["wipe"] == "account"
    assert (await alice.call("MobileDevice/set", destroy=[name]))["notDestroyed"][name]["type"] == "forbidden"
    await stand.house.write(lambda tx: tx.order_device(int(name[1:]), ALICE, wipe=Wipe.ACCOUNT_DONE))
    found = await only(alice)
    assert (found["wipe"], found["isWiped"]) == (None, True)
    assert (await alice.call("MobileDevice/set", destroy=[name]))["destroyed"] == [name]

    def left(tx: ReadTx) -> int:
        return len(tx.devices(ALICE))

    assert await stand.house.read(left) == 0


async def test_what_does_not_do_is_refused_with_the_reason(stand: Stand, alice: Client) -> None:
    old = await phone(stand, "14.1")
    for patch, property_ in (
        ({"isBlocked": "yes"}, "isBlocked"),
        ({"wipe": "all"}, "wipe"),
        ({"wipe": ["device"]}, "wipe"),
        ({"wipe": "account"}, "wipe"),
        ({"name": "x"}, "name"),
    ):
        found = (await change(alice, old, patch)) or {}
        assert (found["type"], found["properties"]) == ("invalidProperties", [property_])
    assert await change(alice, old, {"wipe": "device"}) is None
    made = await alice.call("MobileDevice/set", create={"k": {}})
    assert made["notCreated"]["k"]["type"] == "forbidden"
