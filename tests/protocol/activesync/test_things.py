"""Contacts, tasks and notes both ways, and what nothing may drop."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.protocol.activesync.test_calendar import add
from tests.protocol.activesync.test_sync_mail import changed, preference
from tests.support.davstand import card
from tests.support.eas.stand import Phone, Stand
from tests.support.eas.wire import Node, read

FULL = card(
    "c1",
    "Ann B. Other",
    "N:Other;Ann;B.;Dr.;Jr.",
    "EMAIL;TYPE=WORK:ann@far.test",
    "EMAIL;TYPE=HOME:ann@home.test",
    "TEL;TYPE=CELL:+1 1",
    "TEL;TYPE=WORK,VOICE:+1 2",
    "TEL;TYPE=HOME,VOICE:+1 3",
    "TEL;TYPE=WORK,FAX:+1 4",
    "ADR;TYPE=WORK:;;1 Road;Town;State;12345;Land",
    "ORG:Firm;Sales",
    "TITLE:Boss",
    "BDAY:1980-02-29",
    "URL:https://far.test/",
    "NICKNAME:Annie",
    "NOTE:Long",
    "CATEGORIES:friends,work",
    "X-UNKNOWN;A=b:kept",
    "PHOTO;ENCODING=b;TYPE=PNG:iVBORw0KGgo=",
).encode()
FIELDS = {
    "FirstName": "Ann",
    "MiddleName": "B.",
    "LastName": "Other",
    "Title": "Dr.",
    "Suffix": "Jr.",
    "Email1Address": "ann@far.test",
    "Email2Address": "ann@home.test",
    "MobilePhoneNumber": "+1 1",
    "BusinessPhoneNumber": "+1 2",
    "HomePhoneNumber": "+1 3",
    "BusinessFaxNumber": "+1 4",
    "BusinessAddressStreet": "1 Road",
    "BusinessAddressCity": "Town",
    "BusinessAddressState": "State",
    "BusinessAddressPostalCode": "12345",
    "BusinessAddressCountry": "Land",
    "CompanyName": "Firm",
    "Department": "Sales",
    "JobTitle": "Boss",
    "Birthday": "1980-02-29T00:00:00.000Z",
    "WebPage": "https://far.test/",
    "NickName": "Annie",
    "FileAs": "Ann B. Other",
    "Body/Data": "Long",
    "Picture": "iVBORw0KGgo=",
}


def given(node: Node) -> tuple[Any, ...]:
    return (node.name, *map(given, node.inside), node.text) if node.inside else (node.name, node.text)


async def begin(alice: Phone, name: str) -> str:
    at = await alice.at(name)
    await alice.all_of(at, options=(preference(1),))
    return at


async def test_a_contact_is_told(stand: Stand, alice: Phone) -> None:
    await stand.put("alice", FULL, "Contacts")
    at = await begin(alice, "Contacts")
    [found] = alice.there[at].values()
    assert {name: found.get(name) for name in FIELDS} == FIELDS
    assert [each.text for each in found.every("Categories/Category")] == ["friends", "work"]


async def test_what_says_the_same_changes_no_contact(stand: Stand, alice: Phone) -> None:
    await stand.put("alice", FULL, "Contacts")
    at = await begin(alice, "Contacts")
    [(server, found)] = alice.there[at].items()
    said = await alice.sync(at, changed(server, *map(given, found.inside)))
    assert said.get("Status") == "1" and not said.every("Responses/Change")
    assert await stand.house.bodies("alice", "Contacts") == [FULL]


async def test_a_contact_is_changed_and_keeps_the_rest(stand: Stand, alice: Phone) -> None:
    await stand.put("alice", FULL, "Contacts")
    at = await begin(alice, "Contacts")
    [(server, found)] = alice.there[at].items()
    other = {
        "Contacts:LastName": "Else",
        "Contacts:MobilePhoneNumber": "+9",
        "Contacts:Email2Address": '"Ann" <new@home.test>',
        "Contacts:HomeAddressCity": "Village",
        "Contacts:HomeAddressStreet": "2 Lane",
        "Contacts:Birthday": "1981-03-01T00:00:00.000Z",
        "Contacts:OfficeLocation": "Room 7",
    }
    kept = [given(each) for each in found.inside if each.name not in other and each.name != "Contacts:JobTitle"]
    await alice.sync(at, changed(server, *kept, *other.items()))
    [octets] = await stand.house.bodies("alice", "Contacts")
    text = octets.decode().replace("\r\n ", "")
    for line in ("X-UNKNOWN;A=b:kept", "N:Else;Ann;B.;Dr.;Jr.", "+9", "new@home.test", "2 Lane", "Village", "1981"):
        assert line in text, line
    assert "TITLE" not in text and "VERSION:3.0" in text and "ann@home.test" not in text and "UID:c1" in text
    fetch = await alice.sync(at, ("AirSync:Fetch", ("AirSync:ServerId", server)))
    now = fetch.find("Responses/Fetch/ApplicationData")
    assert now is not None
    assert (now.get("HomeAddressCity"), now.get("OfficeLocation"), now.get("LastName")) == ("Village", "Room 7", "Else")


async def test_fields_that_a_device_does_not_handle_stay(stand: Stand, alice: Phone) -> None:
    await stand.put("alice", FULL, "Contacts")
    at = await alice.at("Contacts")
    handled = ("AirSync:Supported", ("Contacts:JobTitle",), ("Contacts:FirstName",))
    tree = ("AirSync:Collection", ("AirSync:SyncKey", "0"), ("AirSync:CollectionId", at), handled)
    said = await alice.ask("Sync", ("AirSync:Sync", ("AirSync:Collections", tree)))
    alice.keys[at] = said.get("Collections/Collection/SyncKey") or ""
    [server] = await alice.all_of(at, options=(preference(1),))
    await alice.sync(at, changed(server, ("Contacts:FirstName", "Anna")))
    fetch = await alice.sync(at, ("AirSync:Fetch", ("AirSync:ServerId", server)))
    now = fetch.find("Responses/Fetch/ApplicationData")
    assert now is not None
    assert (now.get("FirstName"), now.get("JobTitle"), now.get("WebPage")) == ("Anna", None, "https://far.test/")


async def test_a_contact_is_made_and_taken_away(stand: Stand, alice: Phone) -> None:
    at = await begin(alice, "Contacts")
    said = await alice.sync(
        at,
        add(
            ("Contacts:FirstName", "Bo"),
            ("Contacts:LastName", "Li"),
            ("Contacts:Email1Address", "bo@x.test"),
            ("Contacts:HomePhoneNumber", "+2"),
            ("Contacts:Business2PhoneNumber", "+3"),
            ("Contacts:CarPhoneNumber", "+4"),
            ("Contacts:BusinessAddressCity", "Town"),
            ("Contacts2:IMAddress", "bo@chat"),
            ("Contacts:Spouse", "Jo"),
        ),
        add(("Contacts:CompanyName", "Only Ltd"), client="2"),
    )
    assert [each.get("Status") for each in said.every("Responses/Add")] == ["1", "1"]
    first, second = (each.get("ServerId") or "" for each in said.every("Responses/Add"))
    fetch = await alice.sync(at, ("AirSync:Fetch", ("AirSync:ServerId", first)))
    now = fetch.find("Responses/Fetch/ApplicationData")
    assert now is not None
    assert (now.get("FileAs"), now.get("Email1Address"), now.get("HomePhoneNumber")) == ("Bo Li", "bo@x.test", "+2")
    assert (now.get("CarPhoneNumber"), now.get("BusinessPhoneNumber"), now.get("Spouse")) == ("+4", "+3", "Jo")
    assert (now.get("BusinessAddressCity"), now.get("IMAddress")) == ("Town", "bo@chat")
    await alice.sync(at, ("AirSync:Delete", ("AirSync:ServerId", second)))
    assert len(await stand.house.bodies("alice", "Contacts")) == 1


async def test_a_replaced_contact_is_a_change_and_a_moved_one_comes(stand: Stand, alice: Phone) -> None:
    await stand.put("alice", FULL, "Contacts")
    at = await begin(alice, "Contacts")
    other = stand.phone("alice", "PHONE2")
    await other.all_of(await other.at("Contacts"))
    [server] = alice.there[at]
    await alice.sync(at, changed(server, ("Contacts:FirstName", "Anna")))
    said = await other.sync(at)
    assert [each.get("ServerId") for each in said.every("Commands/Change")] == [server]
    assert not said.every("Commands/Add") and not said.every("Commands/Delete")


async def test_tasks_both_ways(stand: Stand, alice: Phone) -> None:
    at = await begin(alice, "Tasks")
    said = await alice.sync(
        at,
        add(
            ("Tasks:Subject", "Buy"),
            ("Tasks:DueDate", "2026-12-24T00:00:00.000Z"),
            ("Tasks:UtcDueDate", "2026-12-24T00:00:00.000Z"),
            ("Tasks:Importance", 2),
            ("Tasks:Complete", 0),
            ("Tasks:ReminderSet", 1),
            ("Tasks:ReminderTime", "2026-12-23T08:00:00.000Z"),
            ("AirSyncBase:Body", ("AirSyncBase:Type", 1), ("AirSyncBase:Data", "milk")),
        ),
    )
    server = said.get("Responses/Add/ServerId") or ""
    [octets] = await stand.house.bodies("alice", "Tasks")
    for line in (b"SUMMARY:Buy", b"DUE;VALUE=DATE:20261224", b"PRIORITY:1", b"DESCRIPTION:milk", b"20261223T080000Z"):
        assert line in octets, line
    done = ("Tasks:Complete", 1), ("Tasks:DateCompleted", "2026-12-20T10:00:00.000Z")
    await alice.sync(at, changed(server, *done))
    [octets] = await stand.house.bodies("alice", "Tasks")
    assert b"STATUS:COMPLETED" in octets and b"COMPLETED:20261220T100000Z" in octets
    fetch = await alice.sync(at, ("AirSync:Fetch", ("AirSync:ServerId", server)))
    now = fetch.find("Responses/Fetch/ApplicationData")
    assert now is not None
    assert (now.get("Complete"), now.get("DateCompleted"), now.get("Importance")) == (
        "1",
        "2026-12-20T10:00:00.000Z",
        "2",
    )
    assert (now.get("UtcDueDate"), now.get("ReminderTime")) == ("2026-12-24T00:00:00.000Z", "2026-12-23T08:00:00.000Z")
    before = await stand.house.bodies("alice", "Tasks")
    await alice.sync(at, changed(server, *map(given, now.inside)))
    assert await stand.house.bodies("alice", "Tasks") == before
    await alice.sync(at, changed(server, ("Tasks:Complete", 0)))
    assert b"COMPLETED" not in (await stand.house.bodies("alice", "Tasks"))[0]
    await alice.sync(at, ("AirSync:Delete", ("AirSync:ServerId", server)))
    assert not await stand.house.bodies("alice", "Tasks")


async def test_a_task_that_recurs(stand: Stand, alice: Phone) -> None:
    at = await begin(alice, "Tasks")
    rule = ("Tasks:Type", 1), ("Tasks:Start", "2026-12-01T00:00:00.000Z"), ("Tasks:Interval", 2), ("Tasks:DayOfWeek", 4)
    said = await alice.sync(at, add(("Tasks:Subject", "Bins"), ("Tasks:Recurrence", *rule)))
    [octets] = await stand.house.bodies("alice", "Tasks")
    assert b"RRULE:FREQ=WEEKLY" in octets and b"INTERVAL=2" in octets and b"BYDAY=TU" in octets
    fetch = await alice.sync(at, ("AirSync:Fetch", ("AirSync:ServerId", said.get("Responses/Add/ServerId"))))
    found = fetch.find("Responses/Fetch/ApplicationData/Recurrence")
    assert found is not None and (found.get("DayOfWeek"), found.get("Start")) == ("4", "2026-12-01T00:00:00.000Z")


async def test_notes_both_ways(stand: Stand, alice: Phone) -> None:
    at = await begin(alice, "Notes")
    body = ("AirSyncBase:Body", ("AirSyncBase:Type", 1), ("AirSyncBase:Data", "one, two\nthree"))
    named = ("Notes:Categories", ("Notes:Category", "home"))
    said = await alice.sync(at, add(("Notes:Subject", "List"), body, named))
    server = said.get("Responses/Add/ServerId") or ""
    assert said.get("Responses/Add/Status") == "1"
    fetch = await alice.sync(at, ("AirSync:Fetch", ("AirSync:ServerId", server)))
    now = fetch.find("Responses/Fetch/ApplicationData")
    assert now is not None
    assert (now.get("Subject"), now.get("Body/Data"), now.get("Categories/Category")) == (
        "List",
        "one, two\nthree",
        "home",
    )
    before = await stand.house.bodies("alice", "Notes")
    await alice.sync(at, changed(server, ("Notes:Subject", "List"), body))
    assert await stand.house.bodies("alice", "Notes") == before
    await alice.sync(at, changed(server, ("Notes:Subject", "Lists")))
    [octets] = await stand.house.bodies("alice", "Notes")
    assert b"SUMMARY:Lists" in octets and b"DESCRIPTION:one\\, two\\nthree" in octets


async def test_requests_that_are_sent_twice_at_once_add_one_thing(stand: Stand, alice: Phone) -> None:
    for name, data in (
        ("Contacts", ("Contacts:FirstName", "Bo")),
        ("Tasks", ("Tasks:Subject", "Buy")),
        ("Notes", ("Notes:Subject", "List")),
    ):
        at = await begin(alice, name)
        answers = await asyncio.gather(*(alice.sync_as_sent(at, add(data)) for _ in range(3)))
        found = {
            (said.get("Collections/Collection/Responses/Add/ServerId"), said.get("Collections/Collection/Status"))
            for said in (read(each.content) for each in answers)
        }
        assert len(await stand.house.bodies("alice", name)) == 1, name
        assert len({server for server, _ in found if server is not None}) == 1, found
