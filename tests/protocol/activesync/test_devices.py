"""Devices are known again, provisioned, blocked, and told to forget everything."""

from __future__ import annotations

import json
from typing import Any

from groupware.model.device import Access, Device, Wipe
from groupware.store.api import ReadTx, WriteTx
from tests.support.eas.stand import Phone, Stand
from tests.support.eas.wire import Node

ME = "alice@example.test"
TYPE = "MS-EAS-Provisioning-WBXML"


async def device(stand: Stand) -> Device:
    [found] = await stand.house.read(lambda tx: tx.devices(ME))
    return found


async def order(stand: Stand, **what: Any) -> None:
    number = (await device(stand)).number
    await stand.house.write(lambda tx: tx.order_device(number, ME, **what))


async def setting(stand: Stand, name: str, value: str | int | bool) -> None:
    def work(tx: WriteTx) -> None:
        tx.put_setting(name, value, tx.account(ME).id)

    await stand.house.write(work)


async def provision(alice: Phone) -> Node:
    """Goes the whole way; gives the last answer."""
    policy = ("Provision:Policies", ("Provision:Policy", ("Provision:PolicyType", TYPE)))
    first = await alice.ask("Provision", ("Provision:Provision", policy))
    assert first.get("Policies/Policy/Status") == "1"
    assert first.find("Policies/Policy/Data/EASProvisionDoc") is not None
    key = first.get("Policies/Policy/PolicyKey")
    said = ("Provision:PolicyType", TYPE), ("Provision:PolicyKey", key), ("Provision:Status", "1")
    last = await alice.ask("Provision", ("Provision:Provision", ("Provision:Policies", ("Provision:Policy", *said))))
    alice.policy = last.get("Policies/Policy/PolicyKey") or ""
    return last


async def test_a_device_is_known_and_says_what_it_is(stand: Stand, alice: Phone) -> None:
    await alice.folder_sync()
    first = await device(stand)
    assert (first.key, first.kind, first.protocol) == ("PHONE1", "TestPhone", "16.1")
    said = ("Settings:Set", ("Settings:Model", "Nine"), ("Settings:OS", "OS 1"), ("Settings:FriendlyName", "My phone"))
    await alice.ask("Provision", ("Provision:Provision", ("Settings:DeviceInformation", said)))
    facts = json.loads((await device(stand)).facts)
    assert (facts["model"], facts["os"], facts["name"]) == ("Nine", "OS 1", "My phone")


async def test_nothing_is_asked_of_devices_unless_the_policies_say_so(stand: Stand, alice: Phone) -> None:
    assert (await alice.folder_sync()).get("Status") == "1"
    await setting(stand, "devicePassword", True)
    assert (await alice.folder_sync()).get("Status") == "142"
    await provision(alice)
    assert (await alice.folder_sync()).get("Status") == "1"
    alice.policy = "7"
    assert (await alice.folder_sync()).get("Status") == "144"


async def test_other_policies_are_asked_for_anew(stand: Stand, alice: Phone) -> None:
    await setting(stand, "devicePassword", True)
    await provision(alice)
    await setting(stand, "devicePasswordLength", 6)
    assert (await alice.folder_sync()).get("Status") == "143"
    await provision(alice)
    assert (await alice.folder_sync()).get("Status") == "1"


async def test_old_versions_are_told_by_http(stand: Stand, alice: Phone) -> None:
    await setting(stand, "devicePassword", True)
    alice.version = "12.1"
    assert (await alice.post("FolderSync")).status_code == 449


async def test_a_key_for_the_time_being_opens_nothing(stand: Stand, alice: Phone) -> None:
    await setting(stand, "devicePassword", True)
    policy = ("Provision:Policies", ("Provision:Policy", ("Provision:PolicyType", TYPE)))
    first = await alice.ask("Provision", ("Provision:Provision", policy))
    alice.policy = first.get("Policies/Policy/PolicyKey") or ""
    assert (await alice.folder_sync()).get("Status") == "142"
    wrong = ("Provision:PolicyType", TYPE), ("Provision:PolicyKey", "5"), ("Provision:Status", "1")
    said = await alice.ask("Provision", ("Provision:Provision", ("Provision:Policies", ("Provision:Policy", *wrong))))
    assert said.get("Policies/Policy/Status") == "5"


async def test_a_device_that_is_blocked_gets_nothing(stand: Stand, alice: Phone) -> None:
    await alice.folder_sync()
    await order(stand, access=Access.BLOCKED)
    assert (await alice.folder_sync()).get("Status") == "129"
    await order(stand, access=Access.LEFT_OUT)
    assert (await alice.folder_sync()).get("Status") == "129"
    await order(stand, access=Access.USUAL)
    await setting(stand, "newDevices", "blocked")
    assert (await alice.folder_sync()).get("Status") == "129"
    await order(stand, access=Access.ALLOWED)
    assert (await alice.folder_sync()).get("Status") == "1"


async def test_a_device_is_wiped_and_says_so(stand: Stand, alice: Phone) -> None:
    for wipe, name, done in (
        (Wipe.DEVICE, "Provision:RemoteWipe", Wipe.DEVICE_DONE),
        (Wipe.ACCOUNT, "Provision:AccountOnlyRemoteWipe", Wipe.ACCOUNT_DONE),
    ):
        await alice.folder_sync()
        await order(stand, wipe=wipe)
        assert (await alice.folder_sync()).get("Status") == "140"
        said = await alice.ask("Provision", ("Provision:Provision",))
        assert said.find(name) is not None
        assert (await alice.folder_sync()).get("Status") == "140"
        await alice.ask("Provision", ("Provision:Provision", (name, ("Provision:Status", "1"))))
        assert (await device(stand)).wipe == done
        number = (await device(stand)).number

        def states(tx: ReadTx, number: int = number) -> int:
            return len(tx.sync_states(number, ME))

        assert await stand.house.read(states) == 0
        alice.keys = {}


async def test_too_many_requests_at_once_come_back_later(stand: Stand, alice: Phone) -> None:
    app = stand.app
    who = await stand.house.read(lambda tx: tx.account(ME).id)
    app.at_work[who, False] = 12
    got = await alice.post("FolderSync")
    assert got.status_code == 503 and "retry-after" in got.headers and "x-ms-asthrottle" in got.headers
