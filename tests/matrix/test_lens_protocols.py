"""The matrix of lenses in JMAP: what each right tells of a calendar is what CalDAV tells."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from groupware.calendar.blocks import Periods, sees_times
from groupware.model.rights import Right, letters
from tests.matrix.test_lens import BOB, DAY, HELD, HIDDEN, OPEN, WORDS, told
from tests.support.jmapstand import Client
from tests.support.sharestand import CALENDAR, Stand, filled_stand

RANGE = {"after": f"{DAY:%Y-%m-%d}T00:00:00", "before": f"{DAY + timedelta(days=3):%Y-%m-%d}T00:00:00"}


@pytest.fixture
async def filled(tmp_path: Path) -> AsyncIterator[Stand]:
    async with filled_stand(tmp_path, open=OPEN, private=HIDDEN) as stand:
        yield stand


async def asked(client: Client, account: str, method: str, **given: Any) -> Any:
    """The answer; None: there is no such account, or it may not be read."""
    [[name, found]] = await client.calls((method, {"accountId": account, **given}))
    return found if name == method else None


def words(found: Any) -> set[str]:
    text = json.dumps(found)
    return {word for word in WORDS if word in text}


async def ways(client: Client, account: str, at: str) -> dict[str, set[str] | None]:
    """What is found in each way to ask for events; None: there are none."""
    every = (await asked(client, account, "CalendarEvent/get") or {}).get("list", [])
    ids = (await asked(client, account, "CalendarEvent/query", filter=RANGE, expandRecurrences=True) or {}).get("ids")
    named = (await asked(client, account, "CalendarEvent/get", ids=ids) or {}).get("list", []) if ids else []
    file = await asked(client, account, "CalendarEvent/export", calendarId=at)
    return {
        "get": words(every) if every else None,
        "query": words(named) if named else None,
        "export": words(file) if file else None,
    }


async def test_each_right_tells_in_jmap_what_it_tells_in_caldav(filled: Stand) -> None:
    bob, account = filled.jmap("bob"), await filled.jmap("alice").account()
    for held in dict.fromkeys(HELD):
        at = await filled.share("alice", "Calendar", BOB, letters(held))
        for way, found in (await ways(bob, account, f"F{at}")).items():
            assert found == told(held), (letters(held), way)
        for text, name in (("Visit", "title"), ("Attic", "location"), ("x@else.test", "attendee")):
            sought = await asked(bob, account, "CalendarEvent/query", filter={name: text})
            expected = bool(told(held) and text in (told(held) or ()))
            assert bool(sought and sought["ids"]) is expected, (letters(held), name)


async def test_a_busy_time_is_only_read_and_says_nothing(filled: Stand) -> None:
    bob, account = filled.jmap("bob"), await filled.jmap("alice").account()
    held = Right.LOOKUP | Right.FREEBUSY
    assert sees_times(held)
    at = f"F{await filled.share('alice', 'Calendar', BOB, letters(held))}"
    [calendar] = (await asked(bob, account, "Calendar/get"))["list"]
    assert (calendar["myRights"]["mayReadFreeBusy"], calendar["myRights"]["mayReadItems"]) == (True, False)
    events = (await asked(bob, account, "CalendarEvent/get"))["list"]
    assert {(each["title"], each["freeBusyStatus"]) for each in events} == {("Busy", "busy")}
    assert {each["start"] for each in events} >= {f"{DAY:%Y-%m-%d}T10:00:00", f"{DAY:%Y-%m-%d}T12:00:00"}
    assert not {"participants", "locations", "alerts", "description"} & set().union(*events)
    assert all(each["calendarIds"] == {at: True} for each in events)
    name = events[0]["id"]
    said = await asked(bob, account, "CalendarEvent/set", update={name: {"title": "x"}}, destroy=[events[1]["id"]])
    assert {each["type"] for each in (*said["notUpdated"].values(), *said["notDestroyed"].values())} == {"forbidden"}


async def test_a_change_of_busy_times_or_of_the_lens_begins_again(filled: Stand) -> None:
    bob, account = filled.jmap("bob"), await filled.jmap("alice").account()
    await filled.share("alice", "Calendar", BOB, "l9")
    states = []
    for rights in ("l9", "l98", "lr"):
        await filled.share("alice", "Calendar", BOB, rights)
        states.append((await asked(bob, account, "CalendarEvent/get", ids=[]))["state"])
    for state in states[:2]:
        assert await bob.refused("CalendarEvent/changes", accountId=account, sinceState=state) == (
            "cannotCalculateChanges"
        )
    await filled.share("alice", "Calendar", BOB, "l9")
    since = (await asked(bob, account, "CalendarEvent/get", ids=[]))["state"]
    assert (await asked(bob, account, "CalendarEvent/changes", sinceState=since))["updated"] == []
    assert (await filled.dav("alice").ask("DELETE", CALENDAR + "private.ics")).status == 204
    assert await bob.refused("CalendarEvent/changes", accountId=account, sinceState=since) == "cannotCalculateChanges"


async def test_birthdays_of_contacts_are_a_calendar_that_is_only_read(filled: Stand) -> None:
    alice = filled.jmap("alice")
    since = (await alice.call("CalendarEvent/get", ids=[]))["state"]
    book = (await alice.call("AddressBook/get"))["list"][0]["id"]
    day = {
        "@type": "Anniversary",
        "kind": "birth",
        "date": {"@type": "PartialDate", "year": 1980, "month": 3, "day": 4},
    }
    card = {"addressBookIds": {book: True}, "name": {"full": "Ann Other"}, "anniversaries": {"b": day}}
    contact = (await alice.call("ContactCard/set", create={"k": card}))["created"]["k"]["id"]
    at = next(each for each in (await alice.call("Calendar/get"))["list"] if each["name"] == "Birthdays")
    assert (at["myRights"]["mayReadItems"], at["myRights"]["mayWriteAll"]) == (True, False)
    span = {"after": "2026-03-01T00:00:00", "before": "2026-04-01T00:00:00"}
    [name] = (await alice.call("CalendarEvent/query", filter=span, expandRecurrences=True))["ids"]
    [event] = (await alice.call("CalendarEvent/get", ids=[name]))["list"]
    assert "Ann Other" in event["title"]
    assert (event["start"][:10], event["calendarIds"]) == ("2026-03-04", {at["id"]: True})
    assert (await alice.call("CalendarEvent/changes", sinceState=since))["updated"] == [event["baseEventId"]]
    said = await alice.call("CalendarEvent/set", destroy=[event["baseEventId"]])
    assert said["notDestroyed"][event["baseEventId"]]["type"] == "forbidden"
    await alice.call("Calendar/set", update={at["id"]: {"isVisible": False, "color": "#123456"}})
    [now] = (await alice.call("Calendar/get", ids=[at["id"]]))["list"]
    assert (now["isVisible"], now["color"]) == (False, "#123456")
    assert "Ann Other" in (await alice.call("CalendarEvent/export", calendarId=at["id"]))["iCalendar"]
    state = (await alice.call("CalendarEvent/get", ids=[]))["state"]
    await alice.call("ContactCard/set", destroy=[contact])
    assert event["baseEventId"] in (await alice.call("CalendarEvent/changes", sinceState=state))["destroyed"]


async def test_blocks_that_are_kept_are_in_the_calendar_as_each_sees_it(filled: Stand) -> None:
    store, blobs, periods = filled.house.store, filled.house.blobs, Periods()
    at = await filled.share("alice", "Calendar", BOB, "l9i")
    await filled.share("alice", "Calendar", "carol@example.test", "l9")
    told = {}
    for name in (BOB, "carol@example.test", BOB):
        who = await filled.house.read(lambda tx, name=name: tx.identity(tx.account(name).id))  # type: ignore[misc]
        seen = await store.read(who, lambda tx: tx.folder(at, Right.LOOKUP))
        found = await periods.of(store, blobs, who, [seen])
        assert {each.folder for each in found} == {seen}, name
        told[name] = [(each.name, each.octets) for each in found]
    assert len(told) == 2 and told[BOB] == told["carol@example.test"] != []
