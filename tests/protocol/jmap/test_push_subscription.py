"""PushSubscription: verified first, then told of states. RFC 8620 §7.2."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mailcore.push.worker import Desk
from tests.protocol.jmap.test_conformance import fits
from tests.support import jmapschemas as schemas
from tests.support.certificates import Authority
from tests.support.jmapstand import Client, Stand, jmap_stand, letter
from tests.support.pushservice import Device, PushService, at_work, contexts, desk_of, push_service
from web.jmap.limits import IN_SET, VAPID
from web.jmap.push import KIND, JmapTeller

DEVICE = Device()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
async def service(authority: Authority) -> AsyncIterator[PushService]:
    async with push_service(contexts(authority)[0]) as made:
        yield made


@pytest.fixture
def desk(stand: Stand, authority: Authority) -> Desk:
    return desk_of(stand.house.parts, {KIND: JmapTeller(stand.house.parts)}, contexts(authority)[1])


async def make(client: Client, place: str, **more: Any) -> dict[str, Any]:
    given = {"deviceClientId": "phone", "url": place, "keys": {"p256dh": DEVICE.p256dh, "auth": DEVICE.secret}, **more}
    [[_, said]] = await client.calls(("PushSubscription/set", {"create": {"k": given}}))
    fits(schemas.RESPONSES["PushSubscription/set"], said)
    return dict(said)


async def update(client: Client, id: str, **given: Any) -> dict[str, Any]:
    [[_, said]] = await client.calls(("PushSubscription/set", {"update": {id: given}}))
    return dict(said)


async def said(service: PushService) -> dict[str, Any]:
    return dict(json.loads(DEVICE.opened((await service.next()).body)))


async def test_states_are_told_once_the_code_came_back(
    stand: Stand, alice: Client, service: PushService, desk: Desk
) -> None:
    made = (await make(alice, service.url(), types=["Email"]))["created"]["k"]
    async with at_work(desk):
        code = await said(service)
        assert code["@type"] == "PushVerification" and code["pushSubscriptionId"] == made["id"]
        assert (await update(alice, made["id"], verificationCode="wrong"))["notUpdated"]
        assert made["id"] in (await update(alice, made["id"], verificationCode=code["verificationCode"]))["updated"]
        await stand.put("alice", letter("x"))
        change = await said(service)
    state = (await alice.call("Email/get", accountId=await alice.account(), ids=[]))["state"]
    assert change == {"@type": "StateChange", "changed": {await alice.account(): {"Email": state}}}


async def test_nothing_is_told_before(stand: Stand, alice: Client, service: PushService, desk: Desk) -> None:
    await make(alice, service.url())
    async with at_work(desk):
        await said(service)
        await stand.put("alice", letter("x"))
        with pytest.raises(TimeoutError):
            await service.next(0.5)


async def test_where_messages_go_is_told_to_nobody(alice: Client, bob: Client, service: PushService) -> None:
    made = (await make(alice, service.url()))["created"]["k"]
    [[_, found]] = await alice.calls(("PushSubscription/get", {"ids": None}))
    fits(schemas.RESPONSES["PushSubscription/get"], found)
    [one] = found["list"]
    assert one["id"] == made["id"] and one["deviceClientId"] == "phone" and one["verificationCode"] is None
    assert "url" not in one and "keys" not in one and "accountId" not in found
    [[name, error]] = await alice.calls(("PushSubscription/get", {"ids": None, "properties": ["url"]}))
    assert (name, error["type"]) == ("error", "forbidden")
    [[_, others]] = await bob.calls(("PushSubscription/get", {"ids": [made["id"]]}))
    assert others == {"list": [], "notFound": [made["id"]]}


async def test_a_subscription_ends_within_a_month(alice: Client, service: PushService) -> None:
    late = (datetime.now(UTC) + timedelta(days=400)).strftime("%Y-%m-%dT%H:%M:%SZ")
    made = (await make(alice, service.url(), expires=late))["created"]["k"]
    assert made["expires"] < late
    soon = (datetime.now(UTC) + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert (await update(alice, made["id"], expires=soon))["updated"] == {made["id"]: None}
    [[_, gone]] = await alice.calls(("PushSubscription/set", {"destroy": [made["id"]]}))
    assert gone["destroyed"] == [made["id"]]


async def test_a_set_that_is_too_large_does_nothing(alice: Client) -> None:
    many = {f"k{number}": {} for number in range(IN_SET + 1)}
    [[name, error]] = await alice.calls(("PushSubscription/set", {"create": many}))
    assert (name, error["type"]) == ("error", "requestTooLarge")


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"url": "http://push.example.test/"}, "url"),
        ({"keys": {"p256dh": "x", "auth": "y"}}, "keys"),
        ({"deviceClientId": ""}, "deviceClientId"),
        ({"types": "Email"}, "types"),
        ({"expires": "tomorrow"}, "expires"),
        ({"verificationCode": "x"}, "verificationCode"),
    ],
)
async def test_what_is_wrong_is_named(alice: Client, given: dict[str, Any], wrong: str) -> None:
    found = await make(alice, "https://push.example.test/", **given)
    assert found["notCreated"]["k"]["properties"] == [wrong]


async def test_nothing_is_registered_where_nothing_is_told(tmp_path: Path) -> None:
    async with jmap_stand(tmp_path, config="[push]\nenabled = false\n") as stand:
        told = await make(stand.client("alice"), "https://push.test/x")
        assert told["notCreated"]["k"]["type"] == "forbidden"
        [[_, listed]] = await stand.client("alice").calls(("PushSubscription/get", {}))
        assert listed["list"] == []
        assert VAPID not in (await stand.client("alice").get("/jmap/session")).json()["capabilities"]
