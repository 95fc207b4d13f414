"""Occurrences that clients name: one that the series does not have is not made by being named."""

from __future__ import annotations

import pytest

from connectors.ews.ids import occurrence_id
from groupware.model.ids import ItemId
from tests.support.davstand import event
from tests.support.eas.stand import Phone
from tests.support.exchangestand import Stand

WEEKLY = event("w1", "20261201T090000Z", "RRULE:FREQ=WEEKLY;COUNT=5", end="20261201T100000Z").encode()


async def begun(stand: Stand, octets: bytes = WEEKLY) -> tuple[Phone, str, str]:
    await stand.put("alice", octets, "Calendar")
    phone = stand.phone("alice")
    at = await phone.at("Calendar")
    [server] = await phone.all_of(at)
    return phone, at, server


async def status(phone: Phone, at: str, verb: str, server: str, instance: str) -> str | None:
    """What is answered to a change or deletion of one occurrence; None: it is done."""
    data = ("AirSync:ApplicationData", ("Calendar:Subject", "Other")) if verb == "Change" else None
    asked = (f"AirSync:{verb}", ("AirSync:ServerId", server), ("AirSyncBase:InstanceId", instance), data)
    return (await phone.sync(at, asked)).get(f"Responses/{verb}/Status")


@pytest.mark.parametrize("verb", ["Change", "Delete"])
async def test_an_occurrence_that_there_is_none_of_is_not_found(stand: Stand, verb: str) -> None:
    phone, at, server = await begun(stand)
    before = await stand.house.bodies("alice", "Calendar")
    for instance in ("20261209T090000Z", "20261208T091500Z", "20270105T090000Z"):
        assert await status(phone, at, verb, server, instance) == "8", instance
    assert await stand.house.bodies("alice", "Calendar") == before
    assert await status(phone, at, verb, server, "20261229T090000Z") is None


async def test_what_was_taken_out_can_be_taken_out_again_and_is_not_changed(stand: Stand) -> None:
    phone, at, server = await begun(stand)
    assert await status(phone, at, "Delete", server, "20261208T090000Z") is None
    assert await status(phone, at, "Delete", server, "20261208T090000Z") is None
    assert await status(phone, at, "Change", server, "20261208T090000Z") == "8"
    [octets] = await stand.house.bodies("alice", "Calendar")
    assert octets.count(b"EXDATE") == 1 and b"RECURRENCE-ID" not in octets


async def test_a_change_that_is_none_adds_no_date_to_the_series(stand: Stand) -> None:
    phone, at, server = await begun(stand)
    await phone.sync(
        at, ("AirSync:Change", ("AirSync:ServerId", server), ("AirSync:ApplicationData", ("Calendar:Subject", "Other")))
    )
    assert await status(phone, at, "Change", server, "20261208T090000Z") is None
    assert b"RDATE" not in (await stand.house.bodies("alice", "Calendar"))[0]


@pytest.mark.parametrize(
    ("rule", "instance"),
    [
        ("DTSTART;TZID=Australia/Lord_Howe:20260401T233000", "20260405T130000Z"),
        ("DTSTART;VALUE=DATE:20260401", "20260405T000000Z"),
        ("DTSTART:20260401T233000", "20260405T233000Z"),
    ],
)
async def test_occurrences_of_every_kind_of_time_are_found(stand: Stand, rule: str, instance: str) -> None:
    octets = event("d", "20260401T000000Z", "RRULE:FREQ=DAILY").replace("DTSTART:20260401T000000Z", rule)
    phone, at, server = await begun(stand, octets.encode())
    assert await status(phone, at, "Delete", server, instance) is None
    assert b"EXDATE" in (await stand.house.bodies("alice", "Calendar"))[0]


async def test_an_id_of_ews_that_is_made_up_changes_and_takes_away_nothing(stand: Stand) -> None:
    await begun(stand)
    outlook = stand.client("alice")
    [item] = await stand.house.items("alice", "Calendar")
    before = await stand.house.bodies("alice", "Calendar")
    ident = occurrence_id(ItemId(item.id), "2026-12-09T09:00:00")
    field = '<t:FieldURI FieldURI="item:Subject"/><t:CalendarItem><t:Subject>X</t:Subject></t:CalendarItem>'
    updates = f"<t:Updates><t:SetItemField>{field}</t:SetItemField></t:Updates>"
    change = f'<t:ItemChange><t:ItemId Id="{ident}"/>{updates}</t:ItemChange>'
    how = 'ConflictResolution="AutoResolve" SendMeetingInvitationsOrCancellations="SendToNone"'
    said = await outlook.ask(f"<m:UpdateItem {how}><m:ItemChanges>{change}</m:ItemChanges></m:UpdateItem>")
    assert said.code == "ErrorItemNotFound"
    how = 'DeleteType="HardDelete" SendMeetingCancellations="SendToNone"'
    said = await outlook.ask(f'<m:DeleteItem {how}><m:ItemIds><t:ItemId Id="{ident}"/></m:ItemIds></m:DeleteItem>')
    assert said.code == "ErrorItemNotFound"
    assert await stand.house.bodies("alice", "Calendar") == before
