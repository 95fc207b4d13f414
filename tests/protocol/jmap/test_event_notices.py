"""CalendarEventNotification: what others did to one's events. draft-ietf-jmap-calendars §7."""

from __future__ import annotations

from typing import Any

import pytest

from groupware.model.rights import Right
from groupware.store.api import WriteTx
from tests.protocol.jmap.test_calendars import TEN, calendar, made, vevent
from tests.protocol.jmap.test_calendars import put as put_event
from tests.support.jmapstand import Client, Stand
from web.jmap.ids import principal_id

Json = dict[str, Any]
ALICE, BOB = "alice@example.test", "bob@example.test"
NOTICES = "CalendarEventNotification"


@pytest.fixture
async def shared(stand: Stand, bob: Client) -> str:
    """Alice's account as Bob has it, whose calendar he may write."""
    await stand.share("alice", "Calendar", BOB, "lrswite")
    return await bob.account("alice")


async def told(client: Client, account: str | None = None) -> list[Json]:
    """What a client is told, the oldest first."""
    return list((await client.call(f"{NOTICES}/get", **({"accountId": account} if account else {})))["list"])


async def by_bob(alice: Client, bob: Client, account: str, **given: Any) -> str:
    """The id of an event that Bob puts into Alice's calendar."""
    event = {"calendarIds": {await calendar(alice): True}, **TEN, "title": "Tea", **given}
    got = await bob.call("CalendarEvent/set", accountId=account, create={"k": event})
    return str(got["created"]["k"]["id"])


async def test_the_owner_is_told_what_somebody_else_made_changed_and_took_away(
    alice: Client, bob: Client, shared: str
) -> None:
    event = await by_bob(alice, bob, shared)
    await bob.call("CalendarEvent/set", accountId=shared, update={event: {"title": "Coffee"}})
    await bob.call("CalendarEvent/set", accountId=shared, destroy=[event])
    made_, changed, gone = await told(alice)
    assert [each["type"] for each in (made_, changed, gone)] == ["created", "updated", "destroyed"]
    assert {each["calendarEventId"] for each in (made_, changed, gone)} == {event}
    assert [each["event"]["title"] for each in (made_, changed, gone)] == ["Tea", "Tea", "Coffee"]
    assert changed["eventPatch"]["title"] == "Coffee"
    assert "start" not in changed["eventPatch"]
    assert ("eventPatch" in made_, "isDraft" in gone) == (False, False)
    assert made_["changedBy"]["email"] == BOB
    assert made_["changedBy"]["principalId"] == principal_id(BOB)


async def test_nobody_is_told_of_what_one_did_oneself(alice: Client, bob: Client, shared: str) -> None:
    await made(alice, title="Mine")
    await by_bob(alice, bob, shared)
    assert [each["event"]["title"] for each in await told(alice)] == ["Tea"]


async def test_who_has_subscribed_to_a_shared_calendar_is_told_and_others_are_not(
    stand: Stand, alice: Client, bob: Client, shared: str
) -> None:
    event = await made(alice, title="Mine")
    at = await calendar(alice)
    await bob.call("Calendar/set", accountId=shared, update={at: {"isSubscribed": True}})
    [one] = await told(bob, shared)
    assert (one["type"], one["calendarEventId"], one["changedBy"]["email"]) == ("created", event, ALICE)
    await bob.call("Calendar/set", accountId=shared, update={at: {"isSubscribed": False}})
    assert await told(bob, shared) == []


async def test_what_is_private_is_told_to_nobody_who_may_not_read_it(alice: Client, bob: Client, shared: str) -> None:
    at = await calendar(alice)
    await bob.call("Calendar/set", accountId=shared, update={at: {"isSubscribed": True}})
    secret = await made(alice, title="Secret", privacy="private")
    gone = await made(alice, title="Gone", privacy="private")
    opened = await made(alice, title="Hidden first", privacy="private")
    await alice.call("CalendarEvent/set", update={secret: {"title": "Other"}, opened: {"privacy": "public"}})
    await alice.call("CalendarEvent/set", destroy=[gone])
    assert await told(bob, shared) == []


async def test_who_may_know_titles_alone_is_told_nothing(stand: Stand, alice: Client, bob: Client) -> None:
    await stand.share("alice", "Calendar", BOB, "l8")
    account = await bob.account("alice")
    await bob.call("Calendar/set", accountId=account, update={await calendar(alice): {"isSubscribed": True}})
    await made(alice, title="Mine")
    assert await told(bob, account) == []


async def test_one_that_is_dismissed_is_gone_for_that_person_alone(
    stand: Stand, alice: Client, bob: Client, shared: str
) -> None:
    await by_bob(alice, bob, shared, title="One")
    await by_bob(alice, bob, shared, title="Two")
    got = await alice.call(f"{NOTICES}/get", properties=["type"])
    first, second = [each["id"] for each in got["list"]]
    answer = await alice.call(f"{NOTICES}/set", destroy=[first], ifInState=got["state"])
    assert answer["destroyed"] == [first]
    assert [each["id"] for each in await told(alice)] == [second]
    again = await alice.call(f"{NOTICES}/set", destroy=[first])
    assert again["notDestroyed"][first]["type"] == "notFound"
    changes = await alice.call(f"{NOTICES}/changes", sinceState=got["state"])
    assert (changes["created"], changes["destroyed"]) == ([], [first])
    assert (await alice.call("CalendarEvent/get"))["list"][0]["title"] in ("One", "Two")


async def test_they_are_made_and_changed_by_nobody(alice: Client, bob: Client, shared: str) -> None:
    await by_bob(alice, bob, shared)
    [one] = await told(alice)
    got = await alice.call(f"{NOTICES}/set", create={"k": {"type": "created"}}, update={one["id"]: {"comment": "x"}})
    assert got["notCreated"]["k"]["type"] == "forbidden"
    assert got["notUpdated"][one["id"]]["type"] == "forbidden"


async def test_they_are_found_by_kind_event_and_time(alice: Client, bob: Client, shared: str) -> None:
    one, other = await by_bob(alice, bob, shared), await by_bob(alice, bob, shared)
    await bob.call("CalendarEvent/set", accountId=shared, update={one: {"title": "Coffee"}})
    every = [each["id"] for each in await told(alice)]

    async def found(**given: Any) -> list[str]:
        return list((await alice.call(f"{NOTICES}/query", **given))["ids"])

    assert await found(filter={"type": "updated"}) == every[2:]
    assert await found(filter={"calendarEventIds": [other]}) == [every[1]]
    assert await found(filter={"before": "2020-01-01T00:00:00Z"}) == []
    assert await found(filter={"after": "2020-01-01T00:00:00Z"}, sort=[{"property": "created"}]) == every
    assert await alice.refused(f"{NOTICES}/query", sort=[{"property": "type"}]) == "unsupportedSort"


async def test_a_change_is_pushed_as_another_state(alice: Client, bob: Client, shared: str, stand: Stand) -> None:
    before = (await alice.call(f"{NOTICES}/get", ids=[]))["state"]
    query = (await alice.call(f"{NOTICES}/query"))["queryState"]
    await by_bob(alice, bob, shared)
    [one] = await told(alice)
    changes = await alice.call(f"{NOTICES}/changes", sinceState=before)
    assert (changes["created"], changes["updated"]) == ([one["id"]], [])
    found = await alice.call(f"{NOTICES}/queryChanges", sinceQueryState=query)
    assert found["added"] == [{"id": one["id"], "index": 0}]


async def test_another_alarms_are_nobodys_business(stand: Stand, alice: Client, bob: Client, shared: str) -> None:
    await bob.call("Calendar/set", accountId=shared, update={await calendar(alice): {"isSubscribed": True}})
    alert = {"1": {"@type": "Alert", "trigger": {"@type": "OffsetTrigger", "offset": "-PT5M"}}}
    await made(alice, title="Mine", alerts=alert)
    [one] = await told(bob, shared)
    assert "alerts" not in one["event"]


async def test_what_is_kept_no_longer_is_told_no_longer(stand: Stand, alice: Client, bob: Client, shared: str) -> None:
    event = await by_bob(alice, bob, shared)
    await bob.call("CalendarEvent/set", accountId=shared, destroy=[event])
    assert [each["type"] for each in await told(alice)] == ["created", "destroyed"]

    def forget(tx: WriteTx) -> None:
        at = tx.locate(tx.account(ALICE).id, "Calendar", Right.READ)
        tx.forget(at.id, [each.uid for each in tx.removed(at.id)])

    await stand.house.write(forget)
    assert await told(alice) == []


async def test_what_the_server_puts_in_for_somebody_elsewhere_has_no_name(stand: Stand, alice: Client) -> None:
    await put_event(stand, "alice", vevent("1", "DTSTART:20250303T100000Z", "SUMMARY:From afar"))
    [one] = await told(alice)
    assert one["changedBy"] == {"name": "", "email": None, "principalId": None, "calendarAddress": None}
