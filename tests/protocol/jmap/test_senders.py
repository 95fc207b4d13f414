"""SenderSettings and TemporaryAddress: what people set themselves of who writes to them. Decision 304."""

from __future__ import annotations

from typing import Any

import pytest

from groupware.model.errors import NoRight, NotFound
from tests.support.jmapstand import Client, Stand

Json = dict[str, Any]
ALICE = "alice@example.test"


async def settings(client: Client) -> Json:
    [found] = (await client.call("SenderSettings/get", ids=None))["list"]
    return dict(found)


async def test_lists_of_senders_are_ones_own_to_set(stand: Stand, alice: Client, bob: Client) -> None:
    assert await settings(alice) == {
        "id": "singleton", "allowed": [], "blocked": [], "blockedAction": "junk", "strangers": "pass",
        "contactsAllowed": True,
    }  # fmt: skip
    change = {
        "allowed": ["Ann@far.test", "*@partner.test"],
        "blocked": ["ads.test", "ads.test"],
        "blockedAction": "discard",
        "strangers": "moveToFilteredEmailWithIC",
        "contactsAllowed": False,
    }
    got = await alice.call("SenderSettings/set", update={"singleton": change})
    assert got["updated"] == {"singleton": None} and got["oldState"] != got["newState"]
    wanted = {**change, "id": "singleton", "allowed": ["ann@far.test", "*@partner.test"], "blocked": ["ads.test"]}
    assert await settings(alice) == wanted
    assert (await settings(bob))["blocked"] == []
    found = await stand.house.read(lambda tx: tx.screening(tx.account(ALICE).id))
    assert (found.whitelist, found.blacklist, found.black) == ("ann@far.test *@partner.test", "ads.test", "discard")


@pytest.mark.parametrize(
    "wrong",
    [
        {"allowed": "ann@far.test"},
        {"allowed": ["two words"]},
        {"blocked": [7]},
        {"blocked": ["x"] * 2001},
        {"blockedAction": "burn"},
        {"strangers": ["pass"]},
        {"contactsAllowed": 1},
        {"odd": 1},
        {"id": "other"},
    ],
)
async def test_what_cannot_be_changes_nothing(alice: Client, wrong: Json) -> None:
    before = await settings(alice)
    got = await alice.call("SenderSettings/set", update={"singleton": {"blocked": ["ads.test"], **wrong}})
    assert got["notUpdated"]["singleton"]["type"] == "invalidProperties"
    assert await settings(alice) == before


async def test_no_other_setting_is_ones_own_to_set(stand: Stand) -> None:
    who = await stand.house.read(lambda tx: tx.identity(tx.account(ALICE).id))
    with pytest.raises((NoRight, NotFound)):
        await stand.house.write(lambda tx: tx.put_setting("mailboxSize", 0, who.account), who)
    bob = await stand.house.read(lambda tx: tx.account("bob@example.test").id)
    with pytest.raises((NoRight, NotFound)):
        await stand.house.write(lambda tx: tx.put_setting("blacklist", "x.test", bob), who)


async def test_a_temporary_address_is_made_and_taken_away(stand: Stand, alice: Client, bob: Client) -> None:
    made = (await alice.call("TemporaryAddress/set", create={"k": {"days": 2}}))["created"]["k"]
    [found] = (await alice.call("TemporaryAddress/get", ids=None))["list"]
    assert found == made and len(made["address"].partition("@")[0]) == 12
    [target] = await stand.house.read(lambda tx: tx.resolve(made["address"]))
    assert target.address == ALICE
    assert (await bob.call("TemporaryAddress/set", destroy=[made["id"]]))["notDestroyed"][made["id"]][
        "type"
    ] == "notFound"
    assert (await alice.call("TemporaryAddress/set", destroy=[made["id"]]))["destroyed"] == [made["id"]]
    assert (await alice.call("TemporaryAddress/get", ids=None))["list"] == []
    with pytest.raises(NotFound):
        await stand.house.read(lambda tx: tx.resolve(made["address"]))


async def test_limits_of_temporary_addresses_hold(stand: Stand, alice: Client) -> None:
    account = await stand.house.read(lambda tx: tx.account(ALICE).id)
    await stand.house.write(lambda tx: tx.put_setting("temporaryAliasCount", 1, account))
    for given, kind in (
        ({"days": 31}, "invalidProperties"),
        ({"days": "1"}, "invalidProperties"),
        ({}, "invalidProperties"),
    ):
        got = await alice.call("TemporaryAddress/set", create={"k": given})
        assert got["notCreated"]["k"]["type"] == kind, got
    got = await alice.call("TemporaryAddress/set", create={"k1": {"days": 1}, "k2": {"days": 1}})
    assert got["notCreated"]["k2"]["type"] == "overQuota" and list(got["created"]) == ["k1"]
    name = got["created"]["k1"]["id"]
    assert (await alice.call("TemporaryAddress/set", update={name: {"days": 9}}))["notUpdated"][name][
        "type"
    ] == "forbidden"


async def test_nobody_gives_themselves_a_name_by_it(stand: Stand) -> None:
    who = await stand.house.read(lambda tx: tx.identity(tx.account(ALICE).id))
    for alias in ("director@example.test", "abcdefghijkl@other.test", "ABCDEFGHIJK1@example.test"):
        with pytest.raises((NoRight, NotFound)):
            await stand.house.write(lambda tx, alias=alias: tx.put_temporary_alias(ALICE, alias, 1), who)  # type: ignore[misc]
    await stand.house.write(lambda tx: tx.put_alias(ALICE, "aa@example.test"))
    with pytest.raises((NoRight, NotFound)):  # one that stays is not one's own to take away
        await stand.house.write(lambda tx: tx.drop_alias("aa@example.test"), who)
