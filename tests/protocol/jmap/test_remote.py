"""RemoteMailbox: mailboxes on other servers, given with a password that nobody hears again. Decision 304."""

from __future__ import annotations

from typing import Any

import pytest

from groupware.model.principal import OPERATOR
from mailcore.rpop.secret import opened
from tests.support.jmapstand import Client, Stand

Json = dict[str, Any]
GIVEN: Json = {"host": "Pop.Far.test", "user": "me", "password": "s3cret word"}


@pytest.fixture(autouse=True)
def fetching(stand: Stand) -> None:
    stand.house.parts.at_work.add("rpop")


async def made(client: Client, **more: object) -> str:
    got = await client.call("RemoteMailbox/set", create={"k": {**GIVEN, **more}})
    assert got["created"], got
    return str(got["created"]["k"]["id"])


async def one(client: Client, name: str) -> Json:
    [found] = (await client.call("RemoteMailbox/get", ids=[name]))["list"]
    return dict(found)


async def test_one_is_made_with_what_is_usual_and_its_password_is_told_to_nobody(stand: Stand, alice: Client) -> None:
    name = await made(alice)
    found = await one(alice, name)
    assert (found["host"], found["port"], found["tls"], found["mailboxId"]) == ("pop.far.test", 995, "implicit", None)
    assert (found["minutes"], found["keep"], found["isEnabled"], found["error"]) == (15, True, True, None)
    assert GIVEN["password"] not in str(await alice.call("RemoteMailbox/get", ids=None))
    assert await alice.refused("RemoteMailbox/get", ids=None, properties=["password"]) == "invalidArguments"
    [kept] = await stand.house.store.read(OPERATOR, lambda tx: tx.remote_boxes("alice@example.test"))
    assert GIVEN["password"] not in kept.secret
    assert opened(kept.secret, stand.house.parts.secret) == GIVEN["password"]


async def test_one_is_changed_and_taken_away(alice: Client) -> None:
    name, there = await made(alice), (await alice.call("Mailbox/get"))["list"]
    at = next(each["id"] for each in there if each["role"] == "archive")
    state = (await alice.call("RemoteMailbox/get", ids=[]))["state"]
    change = {"mailboxId": at, "minutes": 60, "keep": False, "isEnabled": False, "port": 110, "tls": "start"}
    got = await alice.call("RemoteMailbox/set", ifInState=state, update={name: change})
    assert list(got["updated"]) == [name] and got["newState"] != state
    found = await one(alice, name)
    assert {key: found[key] for key in change} == change and found["nextFetch"] is None
    assert (await alice.call("RemoteMailbox/set", destroy=[name, "B99"]))["destroyed"] == [name]
    assert (await alice.call("RemoteMailbox/get", ids=None))["list"] == []


async def test_stls_is_meant_where_its_port_is(alice: Client) -> None:
    assert (await one(alice, await made(alice, port=110)))["tls"] == "start"
    assert (await one(alice, await made(alice, tls="start")))["port"] == 110


@pytest.mark.parametrize(
    "wrong",
    [
        {"host": "not a host"},
        {"host": 7},
        {"port": "995"},
        {"port": 0},
        {"tls": "none"},
        {"user": ""},
        {"password": "a\r\nQUIT"},
        {"password": None},
        {"minutes": 1},
        {"minutes": True},
        {"keep": 1},
        {"mailboxId": "X1"},
        {"mailboxId": 7},
        {"fetched": 1},
        {"odd": 1},
    ],
)
async def test_what_cannot_be_is_refused_and_makes_nothing(alice: Client, wrong: Json) -> None:
    got = await alice.call("RemoteMailbox/set", create={"k": {**GIVEN, **wrong}})
    assert got["notCreated"]["k"]["type"] in ("invalidProperties", "forbidden"), got
    assert (await alice.call("RemoteMailbox/get", ids=None))["list"] == []


async def test_another_server_takes_the_password_again(alice: Client) -> None:
    name = await made(alice)
    got = await alice.call("RemoteMailbox/set", update={name: {"host": "pop.thief.test"}})
    assert "password" in got["notUpdated"][name]["description"]
    got = await alice.call("RemoteMailbox/set", update={name: {"host": "pop.new.test", "password": "other"}})
    assert name in got["updated"]


async def test_one_is_fetched_when_somebody_asks(alice: Client) -> None:
    name = await made(alice)
    got = await alice.call("RemoteMailbox/fetch", ids=[name, "B99"])
    assert list(got["fetching"]) == [name] and got["notFetching"]["B99"]["type"] == "notFound"


async def test_where_nothing_is_fetched_none_is_made(stand: Stand, alice: Client) -> None:
    name = await made(alice)
    stand.house.parts.at_work.discard("rpop")
    got = await alice.call("RemoteMailbox/set", create={"k": GIVEN})
    assert "administrator" in got["notCreated"]["k"]["description"]
    assert (await alice.call("RemoteMailbox/fetch", ids=[name]))["notFetching"][name]["type"] == "forbidden"


async def test_they_are_of_ones_own_account_alone(stand: Stand, alice: Client, bob: Client) -> None:
    name = await made(alice)
    await stand.share("alice", "INBOX", "bob@example.test", "lrs")
    of = await bob.account("alice")
    assert await bob.refused("RemoteMailbox/get", accountId=of, ids=None) == "accountNotSupportedByMethod"
    assert (await bob.call("RemoteMailbox/set", destroy=[name]))["notDestroyed"][name]["type"] == "notFound"
    value = (await alice.get("/jmap/session")).json()["accounts"][await alice.account()]["accountCapabilities"]
    assert value["urn:postroom:jmap:remote-mail"] == {"maxRemoteMailboxes": 10, "minMinutes": 10}
