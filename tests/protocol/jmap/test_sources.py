"""CalendarSource: calendars of one's own that are filled from elsewhere. Decision 337."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.jmapstand import Client, Stand

Json = dict[str, Any]
GIVEN: Json = {"url": "webcal://Cal.Far.test/a.ics"}


@pytest.fixture(autouse=True)
def fetching(stand: Stand) -> None:
    stand.house.parts.at_work.add("subscriptions")


async def made(client: Client, **more: object) -> str:
    got = await client.call("CalendarSource/set", create={"k": {**GIVEN, **more}})
    assert got["created"], got
    return str(got["created"]["k"]["id"])


async def one(client: Client, name: str, what: str = "CalendarSource") -> Json:
    [found] = (await client.call(f"{what}/get", ids=[name]))["list"]
    return dict(found)


async def test_one_is_made_with_its_calendar_and_what_is_usual(alice: Client) -> None:
    name = await made(alice)
    found = await one(alice, name)
    assert (found["url"], found["minutes"], found["keepAlarms"]) == ("http://cal.far.test/a.ics", None, False)
    assert (found["isEnabled"], found["isFetching"], found["error"]) == (True, True, None)
    calendar = await one(alice, name, "Calendar")
    assert (calendar["name"], calendar["includeInAvailability"]) == ("cal.far.test", "none")
    assert not calendar["myRights"]["mayWriteAll"]


async def test_its_name_and_colour_are_given_at_once(alice: Client) -> None:
    name = await made(alice, name="Fixtures", color="#1e90ff", includeInAvailability="all", minutes=120)
    calendar = await one(alice, name, "Calendar")
    assert [calendar[each] for each in ("name", "color", "includeInAvailability")] == ["Fixtures", "#1e90ff", "all"]
    assert (await one(alice, await made(alice, name="Fixtures"), "Calendar"))["name"] == "Fixtures 2"


async def test_one_is_changed_and_taken_away_with_its_calendar(alice: Client) -> None:
    name = await made(alice)
    state = (await alice.call("CalendarSource/get", ids=[]))["state"]
    change = {"url": "https://cal.far.test/b.ics", "minutes": 60, "keepAlarms": True, "isEnabled": False}
    got = await alice.call("CalendarSource/set", ifInState=state, update={name: change})
    assert list(got["updated"]) == [name] and got["newState"] != state
    found = await one(alice, name)
    assert {key: found[key] for key in change} == change and found["nextFetch"] is None
    got = await alice.call("CalendarSource/set", destroy=[name, "F99"])
    assert got["destroyed"] == [name] and got["notDestroyed"]["F99"]["type"] == "notFound"
    assert (await alice.call("Calendar/get", ids=[name]))["notFound"] == [name]


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "ftp://far.test/"},
        {"url": ""},
        {"url": 7},
        {"minutes": 1},
        {"minutes": "60"},
        {"minutes": True},
        {"keepAlarms": 1},
        {"color": "</style>"},
        {"name": 7},
        {"name": "a\nb"},
        {"failures": 1},
        {"odd": 1},
    ],
)
async def test_what_cannot_be_is_refused_and_makes_nothing(alice: Client, wrong: Json) -> None:
    before = len((await alice.call("Calendar/get", ids=None))["list"])
    got = await alice.call("CalendarSource/set", create={"k": {**GIVEN, **wrong}})
    assert got["notCreated"]["k"]["type"] in ("invalidProperties", "forbidden"), got
    assert (await alice.call("CalendarSource/get", ids=None))["list"] == []
    assert len((await alice.call("Calendar/get", ids=None))["list"]) == before


async def test_there_are_as_many_as_the_administrator_says(stand: Stand, alice: Client) -> None:
    await stand.house.write(
        lambda tx: tx.put_setting("subscribedCalendarCount", 1, tx.account("alice@example.test").id)
    )
    await made(alice)
    got = await alice.call("CalendarSource/set", create={"k": GIVEN})
    assert got["notCreated"]["k"]["type"] == "overQuota"
    value = (await alice.get("/jmap/session")).json()["accounts"][await alice.account()]["accountCapabilities"]
    assert value["urn:postroom:jmap:calendar-sources"] == {"maxCalendarSources": 1, "minMinutes": 30}


async def test_one_is_fetched_when_somebody_asks(stand: Stand, alice: Client) -> None:
    name = await made(alice)
    got = await alice.call("CalendarSource/fetch", ids=[name, "F99"])
    assert list(got["fetching"]) == [name] and got["notFetching"]["F99"]["type"] == "notFound"
    stand.house.parts.at_work.discard("subscriptions")
    assert (await alice.call("CalendarSource/fetch", ids=[name]))["notFetching"][name]["type"] == "forbidden"
    got = await alice.call("CalendarSource/set", create={"k": GIVEN})
    assert "administrator" in got["notCreated"]["k"]["description"]


async def test_where_from_is_for_its_owner_alone(stand: Stand, alice: Client, bob: Client) -> None:
    name = await made(alice, name="Fixtures")
    await stand.share("alice", "Fixtures", "bob@example.test", "lrs")
    of = await bob.account("alice")
    assert await bob.refused("CalendarSource/get", accountId=of, ids=None) == "accountNotSupportedByMethod"
    assert (await bob.call("CalendarSource/set", destroy=[name]))["notDestroyed"][name]["type"] == "notFound"
    [calendar] = (await bob.call("Calendar/get", accountId=of, ids=[name]))["list"]
    assert "cal.far.test" not in str(calendar)
