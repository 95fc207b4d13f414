"""The words of draft-ietf-calext-jscalendarbis: `calendarAddress`, `organizerCalendarAddress`, `recurrenceRule`."""

from __future__ import annotations

import pytest

from tests.protocol.jmap.test_calendars import ALICE, BOB, TEN, Json, calendar, made, octets_of, one
from tests.support.jmapstand import Client, Stand

CAROL = "carol@example.test"
BOTH = ["recurrenceRule", "recurrenceRules"]


async def test_who_is_named_by_a_calendar_address_is_invited(stand: Stand, alice: Client, bob: Client) -> None:
    people = {"b": {"calendarAddress": f"mailto:{BOB}", "roles": {"required": True}}}
    name = await made(alice, title="Meet", participants=people, tell=True)
    [copy] = await octets_of(stand, "bob")
    assert b"SUMMARY:Meet" in copy
    [theirs] = (await bob.call("CalendarEvent/query"))["ids"]
    told = await one(bob, theirs)
    [me] = [key for key, each in told["participants"].items() if each["calendarAddress"] == f"mailto:{BOB}"]
    answer = {theirs: {f"participants/{me}/participationStatus": "accepted"}}
    assert (await bob.call("CalendarEvent/set", update=answer, sendSchedulingMessages=True))["updated"]
    assert (await one(alice, name))["participants"]["b"]["participationStatus"] == "accepted"


async def test_addresses_are_told_in_the_words_of_the_draft_as_well(alice: Client) -> None:
    organizer = f"mailto:{ALICE}"
    people = {"b": {"calendarAddress": f"mailto:{BOB}"}}
    name = await made(alice, participants=people, organizerCalendarAddress=organizer)
    told = await one(alice, name)
    assert (told["replyTo"], told["organizerCalendarAddress"]) == ({"imip": organizer}, organizer)
    assert (
        told["participants"]["b"]["calendarAddress"] == told["participants"]["b"]["sendTo"]["imip"] == f"mailto:{BOB}"
    )
    only = await one(alice, name, properties=["organizerCalendarAddress"])
    assert only == {"id": name, "organizerCalendarAddress": organizer}


async def test_another_calendar_address_is_another_who_is_invited(stand: Stand, alice: Client, bob: Client) -> None:
    people = {"b": {"calendarAddress": f"mailto:{BOB}"}}
    name = await made(alice, title="Meet", participants=people, tell=True)
    patch = {name: {"participants/b/calendarAddress": f"mailto:{CAROL}"}}
    assert (await alice.call("CalendarEvent/set", update=patch, sendSchedulingMessages=True))["updated"]
    assert b"SUMMARY:Meet" in (await octets_of(stand, "carol"))[0]
    assert b"STATUS:CANCELLED" in (await octets_of(stand, "bob"))[0]


async def test_somebody_is_invited_to_one_occurrence_by_a_calendar_address(stand: Stand, alice: Client) -> None:
    carol = {"calendarAddress": f"mailto:{CAROL}"}
    name = await made(
        alice,
        participants={"b": {"calendarAddress": f"mailto:{BOB}"}},
        recurrenceRules=[{"frequency": "daily", "count": 3}],
        recurrenceOverrides={"2025-03-04T10:00:00": {"participants/c": carol}},
        tell=True,
    )
    [copy] = await octets_of(stand, "carol")
    assert b"RECURRENCE-ID" in copy and copy.count(b"BEGIN:VEVENT") == 1
    there = {f"{name}-20250305T100000": {"participants/c": carol}}
    assert (await alice.call("CalendarEvent/set", update=there, sendSchedulingMessages=True))["updated"]
    assert (await octets_of(stand, "carol"))[0].count(b"BEGIN:VEVENT") == 2


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ({"organizerCalendarAddress": 1}, "organizerCalendarAddress"),
        ({"participants": {"b": {"calendarAddress": 1}}}, "participants"),
        ({"participants": {"b": {"calendarAddress": ""}}}, "participants"),
        ({"recurrenceRule": [{"frequency": "daily"}]}, "recurrenceRule"),
        ({"recurrenceRule": {"frequency": "never"}}, "recurrenceRules"),
    ],
)
async def test_what_has_another_shape_is_refused_by_its_name(alice: Client, wrong: Json, name: str) -> None:
    event = {"calendarIds": {await calendar(alice): True}, **TEN, **wrong}
    got = await alice.call("CalendarEvent/set", create={"k": event})
    assert got["notCreated"]["k"]["properties"] == [name]


async def test_the_only_rule_is_told_and_changed_by_the_word_of_the_draft(stand: Stand, alice: Client) -> None:
    name = await made(alice, title="Tea", recurrenceRule={"frequency": "daily", "count": 5})
    told = await one(alice, name, properties=BOTH)
    assert told["recurrenceRule"]["count"] == 5 and told["recurrenceRules"] == [told["recurrenceRule"]]
    assert (await alice.call("CalendarEvent/set", update={name: {"recurrenceRule/count": 3}}))["updated"]
    assert b"RRULE:FREQ=DAILY;COUNT=3" in (await octets_of(stand, "alice"))[0]
    assert "recurrenceRule" not in await one(alice, f"{name}-20250304T100000", properties=BOTH)
    assert (await alice.call("CalendarEvent/set", update={name: {"recurrenceRule": None}}))["updated"]
    assert b"FREQ=DAILY" not in (await octets_of(stand, "alice"))[0]
    lost = await alice.call("CalendarEvent/set", update={name: {"recurrenceRule/count": 3}})
    assert lost["notUpdated"][name]["type"] == "invalidPatch"


async def test_what_is_told_unasked_can_be_written_back_with_other_rules(alice: Client) -> None:
    name = await made(alice, title="Tea", recurrenceRule={"frequency": "daily", "count": 5})
    told = await one(alice, name)
    assert "recurrenceRule" not in told
    rules = [{**told["recurrenceRules"][0], "count": 2}]
    event = {each: told[each] for each in ("calendarIds", "title", "start", "duration", "timeZone")}
    got = await alice.call("CalendarEvent/set", create={"k": {**event, "recurrenceRules": rules}})
    [again] = (await one(alice, got["created"]["k"]["id"]))["recurrenceRules"]
    assert again["count"] == 2


async def test_of_several_rules_none_is_the_only_one(alice: Client) -> None:
    rules = [{"frequency": "daily", "count": 2}, {"frequency": "weekly", "count": 2}]
    name = await made(alice, title="Tea", recurrenceRules=rules)
    assert "recurrenceRule" not in await one(alice, name, properties=BOTH)
    both = {"recurrenceRules": rules, "recurrenceRule": {"frequency": "monthly"}}
    assert (await alice.call("CalendarEvent/set", update={name: both}))["updated"]
    assert [each["frequency"] for each in (await one(alice, name))["recurrenceRules"]] == ["monthly"]
