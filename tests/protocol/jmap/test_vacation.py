"""VacationResponse over the account's Sieve scripts (RFC 8621 §8), and Quota (RFC 9425)."""

from __future__ import annotations

from typing import Any

import pytest

from groupware.model.principal import Principal
from groupware.store.api import ReadTx, WriteTx
from mailcore.sieve.check import compiled
from mailcore.sieve.vacation import SCRIPT
from tests.protocol.jmap.test_submission import draft
from tests.support.jmapstand import Client, Stand

ME = "alice@example.test"


async def changed(client: Client, **patch: Any) -> dict[str, Any]:
    return await client.call("VacationResponse/set", update={"singleton": patch})


async def one(client: Client) -> dict[str, Any]:
    [found] = (await client.call("VacationResponse/get"))["list"]
    return dict(found)


async def who(stand: Stand) -> Principal:
    return await stand.house.read(lambda tx: tx.identity(tx.account(ME).id))


async def test_there_is_one_and_it_is_off(alice: Client) -> None:
    assert await one(alice) == {
        "id": "singleton",
        "isEnabled": False,
        "fromDate": None,
        "toDate": None,
        "subject": None,
        "textBody": None,
        "htmlBody": None,
    }
    assert (await alice.call("VacationResponse/get", ids=["other"]))["notFound"] == ["other"]


async def test_what_is_said_is_kept_and_is_a_script_that_runs(stand: Stand, alice: Client) -> None:
    said = {
        "isEnabled": True,
        "fromDate": "2026-01-01T00:00:00Z",
        "toDate": "2099-01-01T00:00:00Z",
        "subject": 'Away "now" \\ ü',
        "textBody": "Line\n.\nÜber",
        "htmlBody": "<p>Über</p>",
    }
    got = await changed(alice, **said)
    assert got["updated"] == {"singleton": None} and got["oldState"] != got["newState"]
    assert await one(alice) == {"id": "singleton", **said}
    await changed(alice, toDate=None, htmlBody=None)
    assert await one(alice) == {"id": "singleton", **said, "toDate": None, "htmlBody": None}
    active = await stand.house.store.read(await who(stand), lambda tx: tx.active_script())
    assert active is not None and active[0] == SCRIPT and compiled(active[1])


async def test_the_rules_that_were_active_go_on_working(stand: Stand, alice: Client) -> None:
    me = await who(stand)

    def rules(tx: WriteTx) -> None:
        tx.put_script("mine", b'require "fileinto";\r\nfileinto "Archive";\r\n')
        tx.activate_script("mine")

    await stand.house.store.write(me, rules)

    def state(tx: ReadTx) -> tuple[str, bytes]:
        found = tx.active_script()
        assert found is not None
        return found

    await changed(alice, isEnabled=True, textBody="Away")
    name, octets = await stand.house.store.read(me, state)
    assert name == SCRIPT and b'include :personal :optional "mine"' in octets
    await changed(alice, isEnabled=False)
    assert (await stand.house.store.read(me, state))[0] == "mine"
    assert (await one(alice))["textBody"] == "Away"
    await changed(alice, isEnabled=True)
    await stand.house.store.write(me, lambda tx: tx.activate_script("mine"))
    assert not (await one(alice))["isEnabled"]


@pytest.mark.parametrize(
    "patch",
    [
        {"isEnabled": "yes"},
        {"subject": 7},
        {"textBody": "\0"},
        {"fromDate": "soon"},
        {"odd": 1},
        {"htmlBody": "x" * 20_001},
    ],
)
async def test_a_patch_that_cannot_be_changes_nothing(alice: Client, patch: dict[str, Any]) -> None:
    got = await changed(alice, isEnabled=True, **{"textBody": "x", **patch} if "isEnabled" not in patch else {})
    if "isEnabled" in patch:
        got = await changed(alice, **patch)
    assert got["notUpdated"]["singleton"]["type"] == "invalidProperties"


async def test_another_one_is_neither_made_nor_taken_away(alice: Client) -> None:
    got = await alice.call("VacationResponse/set", create={"k": {}}, destroy=["singleton"], update={"x": {}})
    assert got["notCreated"]["k"]["type"] == got["notDestroyed"]["singleton"]["type"] == "singleton"
    assert got["notUpdated"]["x"]["type"] == "notFound"
    assert await alice.refused("VacationResponse/set", ifInState="x") == "stateMismatch"


async def test_quotas_say_what_is_used(stand: Stand, alice: Client) -> None:
    assert (await alice.call("Quota/get"))["list"] == []
    await stand.house.write(lambda tx: tx.put_setting("mailboxSize", 1000, tx.account(ME).id))
    await stand.house.write(lambda tx: tx.put_setting("mailboxMessageCount", 5, tx.account(ME).id))
    before = await alice.call("Quota/get")
    await draft(alice)
    got = await alice.call("Quota/get")
    found = {each["resourceType"]: (each["used"], each["hardLimit"], each["types"]) for each in got["list"]}
    assert found == {"octets": (1024, 1_024_000, ["Email"]), "count": (1, 5, ["Email"])}
    assert await alice.refused("Quota/changes", sinceState=before["state"]) == "cannotCalculateChanges"
    assert (await alice.call("Quota/changes", sinceState=got["state"]))["updated"] == []
    sought = await alice.call("Quota/query", filter={"resourceType": "count"}, sort=[{"property": "used"}])
    assert len(sought["ids"]) == 1
    assert await alice.refused("Quota/query", filter={"odd": 1}) == "unsupportedFilter"
