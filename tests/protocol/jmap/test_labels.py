"""Labels: names and colours of keywords, each person's own (decision 308)."""

from __future__ import annotations

from typing import Any

from tests.support.jmapstand import Client, Stand


async def labels(client: Client) -> dict[str, dict[str, Any]]:
    return {each["keyword"]: each for each in (await client.call("Label/get"))["list"]}


async def test_the_five_of_mail_programs_are_there_and_keep_what_is_said_of_them(alice: Client) -> None:
    first = (await labels(alice))["$label1"]
    assert first == {
        "id": "T1",
        "keyword": "$label1",
        "name": None,
        "color": "red",
        "isHidden": False,
        "mayDelete": False,
    }
    state = (await alice.call("Label/get"))["state"]
    got = await alice.call("Label/set", update={"T1": {"name": "Urgent", "color": "pink"}, "T5": {"isHidden": True}})
    assert got["updated"] == {"T1": None, "T5": None}
    now = await labels(alice)
    assert (now["$label1"]["name"], now["$label1"]["color"], now["$label5"]["isHidden"]) == ("Urgent", "pink", True)
    told = await alice.call("Label/changes", sinceState=state)
    assert (told["created"], sorted(told["updated"]), told["destroyed"]) == ([], ["T1", "T5"], [])
    gone = await alice.call("Label/set", destroy=["T1"])
    assert gone["notDestroyed"]["T1"]["type"] == "forbidden"


async def test_ones_own_have_the_keyword_that_categories_of_outlook_have(alice: Client, bob: Client) -> None:
    made = await alice.call("Label/set", create={"k": {"name": "Garden plan", "color": "green"}})
    assert made["created"]["k"]["keyword"] == "garden=20plan"
    name, state = made["created"]["k"]["id"], made["newState"]
    again = await alice.call("Label/set", create={"k": {"name": "garden plan"}, "s": {"name": "x", "keyword": "$seen"}})
    assert {name: each["type"] for name, each in again["notCreated"].items()} == {
        "k": "alreadyExists",
        "s": "invalidProperties",
    }
    wrong = await alice.call("Label/set", update={name: {"keyword": "other"}, "L99": {"color": "red"}})
    assert {name: each["type"] for name, each in wrong["notUpdated"].items()} == {
        name: "invalidProperties",
        "L99": "notFound",
    }
    for bad in ({"color": "mauve"}, {"name": ""}, {"name": None}, {"isHidden": 1}):
        told = await alice.call("Label/set", update={name: bad})
        assert told["notUpdated"][name]["type"] == "invalidProperties", bad
    assert (await labels(alice))["garden=20plan"]["name"] == "Garden plan"
    assert "garden=20plan" not in await labels(bob)
    assert (await alice.call("Label/set", destroy=[name]))["destroyed"] == [name]
    assert (await alice.call("Label/changes", sinceState=state))["destroyed"] == [name]


async def test_they_are_there_in_ones_own_account_alone(stand: Stand, alice: Client) -> None:
    await stand.share("bob", "INBOX", "alice@example.test", "lrs")
    kind = await alice.refused("Label/get", accountId=await alice.account("bob"))
    assert kind == "accountNotSupportedByMethod"
