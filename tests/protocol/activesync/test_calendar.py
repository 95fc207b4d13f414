"""Events both ways: times and zones, recurrence with exceptions in both forms, people, and what nothing may drop."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.exchange.zone_blob import zone_blob
from groupware.calendar.item import read_item
from groupware.model.ids import ranges
from groupware.store.api import WriteTx
from tests.protocol.activesync.test_sync_mail import changed, preference
from tests.support.davstand import event
from tests.support.eas.stand import Phone, Stand
from tests.support.eas.wire import Node

BERLIN = base64.b64encode(zone_blob("Europe/Berlin")).decode()
WEEKLY = event(
    "w1",
    "20261201T090000Z",
    "DTEND:20261201T100000Z",
    "RRULE:FREQ=WEEKLY;COUNT=5",
    "X-SECRET;FOO=bar:kept",
    "CLASS:PRIVATE",
    "BEGIN:VALARM",
    "ACTION:DISPLAY",
    "TRIGGER:-PT15M",
    "DESCRIPTION:x",
    "END:VALARM",
).encode()


def add(*data: tuple[Any, ...], client: str = "1") -> tuple[Any, ...]:
    return ("AirSync:Add", ("AirSync:ClientId", client), ("AirSync:ApplicationData", *data))


async def calendar(alice: Phone, version: str = "16.1", options: tuple[Any, ...] = (preference(1),)) -> str:
    alice.version = version
    at = await alice.at("Calendar")
    await alice.all_of(at, options=options)
    return at


async def stored(stand: Stand, name: str = "alice") -> str:
    [octets] = await stand.house.bodies(name, "Calendar")
    return octets.decode().replace("\r\n ", "")


def one(alice: Phone, at: str) -> Node:
    [found] = alice.there[at].values()
    return found


async def test_an_event_is_told(stand: Stand, alice: Phone) -> None:
    octets = event(
        "e1", "20261201T090000Z", "LOCATION:Room", "DESCRIPTION:Long\\ntext", "CATEGORIES:a,b", end="20261201T100000Z"
    )
    await stand.put("alice", octets.encode(), "Calendar")
    at = await calendar(alice)
    found = one(alice, at)
    assert (found.get("StartTime"), found.get("EndTime")) == ("20261201T090000Z", "20261201T100000Z")
    assert (found.get("Subject"), found.get("Location/DisplayName"), found.get("UID")) == ("Meeting", "Room", "e1")
    assert found.get("Body/Data") == "Long\ntext" and [each.text for each in found.every("Categories/Category")] == [
        "a",
        "b",
    ]
    assert (found.get("AllDayEvent"), found.get("BusyStatus"), found.get("MeetingStatus")) == ("0", "2", "0")


async def test_an_event_is_made_in_its_zone(stand: Stand, alice: Phone) -> None:
    at = await calendar(alice)
    said = await alice.sync(
        at,
        add(
            ("Calendar:Timezone", BERLIN),
            ("Calendar:StartTime", "20260701T080000Z"),
            ("Calendar:EndTime", "20260701T093000Z"),
            ("Calendar:Subject", "Talk"),
            ("AirSyncBase:Location", ("AirSyncBase:DisplayName", "Hall")),
            ("Calendar:Reminder", 10),
            ("Calendar:BusyStatus", 3),
            ("Calendar:Sensitivity", 2),
            ("Calendar:ClientUid", "c-1"),
            ("AirSyncBase:Body", ("AirSyncBase:Type", 1), ("AirSyncBase:Data", "Words")),
        ),
    )
    assert said.get("Responses/Add/Status") == "1" and not said.every("Commands/Add")
    text = await stored(stand)
    for line in (
        "DTSTART;TZID=Europe/Berlin:20260701T100000",
        "DTEND;TZID=Europe/Berlin:20260701T113000",
        "SUMMARY:Talk",
        "LOCATION:Hall",
        "TRIGGER:-PT10M",
        "X-MICROSOFT-CDO-BUSYSTATUS:OOF",
        "CLASS:PRIVATE",
        "UID:c-1",
        "DESCRIPTION:Words",
    ):
        assert line in text, line
    server = said.get("Responses/Add/ServerId") or ""
    fetch = await alice.sync(at, ("AirSync:Fetch", ("AirSync:ServerId", server)))
    found = fetch.find("Responses/Fetch/ApplicationData")
    assert found is not None and (found.get("BusyStatus"), found.get("Reminder"), found.get("Timezone")) == (
        "3",
        "10",
        BERLIN,
    )


async def test_a_change_drops_nothing_that_others_have_stored(stand: Stand, alice: Phone) -> None:
    await stand.put("alice", WEEKLY, "Calendar")
    at = await calendar(alice)
    [server] = alice.there[at]
    said = await alice.sync(at, changed(server, ("Calendar:Subject", "Other")))
    assert said.get("Status") == "1" and not said.every("Responses/Change") and not said.every("Commands/Change")
    text = await stored(stand)
    assert "SUMMARY:Other" in text
    for line in ("X-SECRET;FOO=bar:kept", "CLASS:PRIVATE", "TRIGGER:-PT15M", "RRULE:FREQ=WEEKLY;COUNT=5", "UID:w1"):
        assert line in text, line
    await alice.sync(
        at, changed(server, ("Calendar:StartTime", "20261201T100000Z"), ("Calendar:EndTime", "20261201T110000Z"))
    )
    text = await stored(stand)
    assert "DTSTART:20261201T100000Z" in text and "DTEND:20261201T110000Z" in text


async def test_what_says_the_same_changes_nothing(stand: Stand, alice: Phone) -> None:
    await stand.put("alice", WEEKLY, "Calendar")
    for version in ("14.1", "16.1"):
        alice.keys, alice.there, alice.folders = {}, {}, {}
        at = await calendar(alice, version)
        [(server, found)] = alice.there[at].items()
        before = await stand.house.bodies("alice", "Calendar")

        def given(node: Node) -> tuple[Any, ...]:
            return (node.name, *map(given, node.inside), node.text) if node.inside else (node.name, node.text)

        data = [given(each) for each in found.inside if each.name != "Calendar:UID"]
        said = await alice.sync(at, changed(server, *data))
        assert said.get("Status") == "1" and not said.every("Responses/Change")
        assert await stand.house.bodies("alice", "Calendar") == before, version


async def test_days_in_both_forms(stand: Stand, alice: Phone) -> None:
    at = await calendar(alice)
    whole = ("Calendar:AllDayEvent", 1), ("Calendar:Subject", "Fair")
    times = ("Calendar:StartTime", "20261205T000000Z"), ("Calendar:EndTime", "20261207T000000Z")
    await alice.sync(at, add(*whole, *times))
    text = await stored(stand)
    assert "DTSTART;VALUE=DATE:20261205" in text and "DTEND;VALUE=DATE:20261207" in text
    alice.keys, alice.there, alice.folders = {}, {}, {}
    at = await calendar(alice, "14.1")
    found = one(alice, at)
    assert (found.get("StartTime"), found.get("AllDayEvent")) == ("20261205T000000Z", "1")
    old = ("Calendar:StartTime", "20261209T230000Z"), ("Calendar:EndTime", "20261210T230000Z")
    await alice.sync(at, add(("Calendar:Timezone", BERLIN), *whole, *old))
    assert any(b"DTSTART;VALUE=DATE:20261210" in each for each in await stand.house.bodies("alice", "Calendar"))


@pytest.mark.parametrize(
    ("rule", "facts"),
    [
        ("FREQ=DAILY;INTERVAL=3", {"Type": "0", "Interval": "3"}),
        (
            "FREQ=WEEKLY;BYDAY=MO,FR;UNTIL=20270101T090000Z",
            {"Type": "1", "DayOfWeek": "34", "Until": "20270101T090000Z"},
        ),
        ("FREQ=MONTHLY;BYMONTHDAY=31;COUNT=7", {"Type": "2", "DayOfMonth": "31", "Occurrences": "7"}),
        ("FREQ=MONTHLY;BYDAY=-1FR", {"Type": "3", "DayOfWeek": "32", "WeekOfMonth": "5"}),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1", {"Type": "3", "DayOfWeek": "62", "WeekOfMonth": "1"}),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", {"Type": "3", "DayOfWeek": "127", "WeekOfMonth": "5"}),
        ("FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=24", {"Type": "5", "DayOfMonth": "24", "MonthOfYear": "12"}),
        ("FREQ=YEARLY;BYDAY=2SU;BYMONTH=5", {"Type": "6", "DayOfWeek": "1", "WeekOfMonth": "2", "MonthOfYear": "5"}),
    ],
)
async def test_rules_both_ways(stand: Stand, alice: Phone, rule: str, facts: dict[str, str]) -> None:
    await stand.put(
        "alice", event("r", "20261201T090000Z", f"RRULE:{rule}", end="20261201T100000Z").encode(), "Calendar"
    )
    at = await calendar(alice)
    recurs = one(alice, at).find("Recurrence")
    assert recurs is not None
    assert {name: recurs.get(name) for name in facts} == facts
    data = [(each.name, each.text) for each in recurs.inside]
    times = ("Calendar:StartTime", "20261201T090000Z"), ("Calendar:EndTime", "20261201T100000Z")
    await alice.sync(at, add(*times, ("Calendar:Subject", "again"), ("Calendar:Recurrence", *data)))
    made = next(each for each in await stand.house.bodies("alice", "Calendar") if b"again" in each).decode()
    [line] = [each for each in made.splitlines() if each.startswith("RRULE:")]
    assert sorted(line.removeprefix("RRULE:").split(";")) == sorted(rule.split(";"))


async def test_a_rule_that_cannot_be_said_stays(stand: Stand, alice: Phone) -> None:
    octets = event("r", "20261201T090000Z", "RRULE:FREQ=MONTHLY;BYMONTHDAY=1,15", end="20261201T100000Z")
    await stand.put("alice", octets.encode(), "Calendar")
    for version in ("14.1", "16.1"):
        alice.keys, alice.there, alice.folders = {}, {}, {}
        at = await calendar(alice, version)
        [(server, found)] = alice.there[at].items()
        assert found.find("Recurrence") is None
        await alice.sync(at, changed(server, ("Calendar:Subject", version)))
        assert "RRULE:FREQ=MONTHLY;BYMONTHDAY=1,15" in await stored(stand)


async def test_exceptions_as_16_1_has_them(stand: Stand, alice: Phone) -> None:
    await stand.put("alice", WEEKLY, "Calendar")
    at = await calendar(alice)
    [server] = alice.there[at]
    instance = ("AirSyncBase:InstanceId", "20261208T090000Z")
    data = ("AirSync:ApplicationData", ("Calendar:Subject", "Late"), ("Calendar:StartTime", "20261208T110000Z"))
    end = ("Calendar:EndTime", "20261208T120000Z")
    said = await alice.sync(at, ("AirSync:Change", ("AirSync:ServerId", server), instance, (*data, end)))
    assert said.get("Status") == "1" and not said.every("Responses/Change")
    text = await stored(stand)
    assert "RECURRENCE-ID:20261208T090000Z" in text and "SUMMARY:Late" in text and "DTSTART:20261208T110000Z" in text
    gone = ("AirSync:Delete", ("AirSync:ServerId", server), ("AirSyncBase:InstanceId", "20261215T090000Z"))
    await alice.sync(at, gone)
    assert "EXDATE:20261215T090000Z" in await stored(stand)
    fetch = await alice.sync(at, ("AirSync:Fetch", ("AirSync:ServerId", server)))
    found = fetch.every("Responses/Fetch/ApplicationData/Exceptions/Exception")
    assert {(each.get("InstanceId"), each.get("Deleted"), each.get("Subject")) for each in found} == {
        ("20261208T090000Z", None, "Late"),
        ("20261215T090000Z", "1", None),
    }


async def test_exceptions_as_14_1_has_them(stand: Stand, alice: Phone) -> None:
    await stand.put("alice", WEEKLY, "Calendar")
    at = await calendar(alice, "14.1")
    [(server, found)] = alice.there[at].items()
    recurs = found.find("Recurrence")
    assert recurs is not None
    late = (
        "Calendar:Exception",
        ("Calendar:ExceptionStartTime", "20261208T090000Z"),
        ("Calendar:Subject", "Late"),
        ("Calendar:StartTime", "20261208T110000Z"),
        ("Calendar:EndTime", "20261208T120000Z"),
    )
    gone = ("Calendar:Exception", ("Calendar:Deleted", 1), ("Calendar:ExceptionStartTime", "20261215T090000Z"))
    rule = ("Calendar:Recurrence", *((each.name, each.text) for each in recurs.inside))
    whole = ("Calendar:Subject", "Meeting"), ("Calendar:Reminder", 15), ("Calendar:Sensitivity", 2)
    said = await alice.sync(at, changed(server, *whole, rule, ("Calendar:Exceptions", late, gone)))
    assert said.get("Status") == "1" and not said.every("Responses/Change")
    text = await stored(stand)
    assert "RECURRENCE-ID:20261208T090000Z" in text and "EXDATE:20261215T090000Z" in text and "X-SECRET" in text
    fetch = await alice.sync(at, ("AirSync:Fetch", ("AirSync:ServerId", server)))
    exceptions = fetch.every("Responses/Fetch/ApplicationData/Exceptions/Exception")
    assert {each.get("ExceptionStartTime") for each in exceptions} == {"20261208T090000Z", "20261215T090000Z"}


async def test_a_meeting_is_one_for_both_sides(stand: Stand, alice: Phone) -> None:
    at = await calendar(alice)
    times = ("Calendar:StartTime", "20261201T090000Z"), ("Calendar:EndTime", "20261201T100000Z")
    who = ("Calendar:Attendee", ("Calendar:Email", "bob@example.test"), ("Calendar:Name", "Bob"))
    said = await alice.sync(at, add(*times, ("Calendar:Subject", "Both"), ("Calendar:Attendees", who)))
    server = said.get("Responses/Add/ServerId") or ""
    assert said.get("Responses/Add/Status") == "1"
    bob = stand.phone("bob")
    his = await calendar(bob)
    found = one(bob, his)
    assert (found.get("Subject"), found.get("MeetingStatus"), found.get("ResponseType")) == ("Both", "3", "5")
    assert found.get("OrganizerEmail") == "alice@example.test"
    [copy] = bob.there[his]
    answer = (
        ("MeetingResponse:UserResponse", 1),
        ("MeetingResponse:CollectionId", his),
        ("MeetingResponse:RequestId", copy),
    )
    tree = ("MeetingResponse:MeetingResponse", ("MeetingResponse:Request", *answer, ("MeetingResponse:SendResponse",)))
    told = await bob.ask("MeetingResponse", tree)
    assert (told.get("Result/Status"), told.get("Result/CalendarId")) == ("1", copy)
    alice.there[at][server] = Node("x:x")
    await alice.sync(at)
    attendee = alice.there[at][server].find("Attendees/Attendee")
    assert attendee is not None and (attendee.get("Email"), attendee.get("AttendeeStatus")) == ("bob@example.test", "3")
    await alice.sync(
        at, changed(server, ("Calendar:StartTime", "20261201T110000Z"), ("Calendar:EndTime", "20261201T120000Z"))
    )
    await bob.sync(his)
    assert one(bob, his).get("StartTime") == "20261201T110000Z"
    await alice.sync(at, ("AirSync:Delete", ("AirSync:ServerId", server)))
    await bob.sync(his)
    assert all(each.get("MeetingStatus") == "7" for each in bob.there[his].values())


async def test_both_changed_it(stand: Stand, alice: Phone) -> None:
    at = await calendar(alice)
    await alice.sync(at, add(("Calendar:StartTime", "20261201T090000Z"), ("Calendar:EndTime", "20261201T100000Z")))
    other = stand.phone("alice", "PHONE2")
    his = await calendar(other)
    [server] = other.there[his]
    await alice.sync(at, changed(server, ("Calendar:Subject", "mine")))
    said = await other.sync(his, changed(server, ("Calendar:Subject", "theirs")))
    assert said.get("Responses/Change/Status") == "7" and one(other, his).get("Subject") == "mine"
    await alice.sync(at, changed(server, ("Calendar:Subject", "again")))
    wins = (("AirSync:Conflict", "0"),)
    said = await other.sync(his, changed(server, ("Calendar:Subject", "theirs")), options=wins)
    assert not said.every("Responses/Change") and "SUMMARY:theirs" in await stored(stand)


async def test_add_twice_is_once(stand: Stand, alice: Phone) -> None:
    at = await calendar(alice)
    before = alice.keys[at]
    made = add(("Calendar:StartTime", "20261201T090000Z"), ("Calendar:EndTime", "20261201T100000Z"))
    first = await alice.sync(at, made)
    again = await alice.sync(at, made, key=before)
    assert first.get("Responses/Add/ServerId") == again.get("Responses/Add/ServerId")
    await stored(stand)


async def test_what_is_no_event(stand: Stand, alice: Phone) -> None:
    at = await calendar(alice)
    for data in (
        [("Calendar:Subject", "no time")],
        [("Calendar:StartTime", "20261201T090000Z"), ("Calendar:EndTime", "20261101T090000Z")],
        [("Calendar:StartTime", "20261201T090000Z"), ("Calendar:Timezone", "AAAA")],
        [("Calendar:StartTime", "20261201T090000Z"), ("Calendar:Recurrence", ("Calendar:Type", 9))],
    ):
        said = await alice.sync(at, add(*data))
        assert said.get("Responses/Add/Status") == "6", data
    assert not await stand.house.bodies("alice", "Calendar")


async def test_another_s_calendar_has_alarms_of_one_s_own(stand: Stand, alice: Phone) -> None:
    await stand.put("bob", WEEKLY.replace(b"CLASS:PRIVATE\r\n", b""), "Calendar")
    at = str(await stand.share("bob", "Calendar", "alice@example.test", "lrswipte"))
    await alice.all_of(at, options=(preference(1),))
    [(server, found)] = alice.there[at].items()
    assert found.get("Reminder") is None
    await alice.sync(at, changed(server, ("Calendar:Reminder", 5), ("Calendar:Subject", "Ours")))
    text = await stored(stand, "bob")
    assert "TRIGGER:-PT15M" in text and "PT5M" not in text and "SUMMARY:Ours" in text
    fetch = await alice.sync(at, ("AirSync:Fetch", ("AirSync:ServerId", server)))
    assert fetch.get("Responses/Fetch/ApplicationData/Reminder") == "5"


def _days_ago(days: int) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).strftime("%Y%m%dT%H%M%SZ")


def _subjects(phone: Phone, at: str) -> list[str]:
    return sorted(each.get("Subject") for each in phone.there[at].values())


async def test_an_age_filter_keeps_away_events_that_are_over_and_lets_them_in(stand: Stand, alice: Phone) -> None:
    kept = {"coming": (-3, ()), "recent": (2, ()), "weekly": (300, ("RRULE:FREQ=WEEKLY",)), "old": (40, ())}
    for name, (days, more) in kept.items():
        await stand.put("alice", event(name, _days_ago(days), *more, summary=name).encode(), "Calendar")
    at = await calendar(alice, options=(("AirSync:FilterType", "4"),))
    assert _subjects(alice, at) == ["coming", "recent", "weekly"]
    for name in ("older", "oldest"):
        await stand.put("alice", event(name, _days_ago(60), summary=name).encode(), "Calendar")
    said = await alice.sync(at)
    assert (said.every("Commands/Add"), _subjects(alice, at)) == ([], ["coming", "recent", "weekly"])
    for _ in range(3):
        await alice.sync(at, options=(("AirSync:FilterType", "0"),), window=1)
    assert _subjects(alice, at) == sorted([*kept, "older", "oldest"])
    said = await alice.sync(at, options=(("AirSync:FilterType", "5"),))
    assert len(said.every("Commands/SoftDelete")) == 3
    said = await alice.sync(at, options=(("AirSync:FilterType", "5"),))
    assert said.every("Commands/SoftDelete") == []


async def moved(stand: Stand, name: str, days: int, *lines: str) -> None:
    """Somebody else puts an event on another day."""
    octets = event(name, _days_ago(days), *lines, summary=name).encode()
    new = (await read_item(octets, stand.house.blobs, f"{name}.ics"))[1]

    def work(tx: WriteTx) -> None:
        at = tx.locate(tx.account("alice@example.test").id, "Calendar")
        if tx.items_named(at.id, [f"{name}.ics"]):
            tx.replace(at.id, f"{name}.ics", new, None)
        else:
            tx.append(at.id, [new])

    await stand.house.write(work)


async def test_an_event_that_moves_into_the_time_that_is_wanted_comes_and_one_that_moves_out_leaves(
    stand: Stand, alice: Phone
) -> None:
    for name, days in {"over": 60, "recent": 2, "gone": 60, "late": 50}.items():
        await moved(stand, name, days)
    at = await calendar(alice, options=(("AirSync:FilterType", "4"),))
    assert _subjects(alice, at) == ["recent"]
    [recent] = alice.there[at]
    await moved(stand, "over", 1)
    await moved(stand, "recent", 40)
    await moved(stand, "late", 51)
    await stand.house.write(
        lambda tx: tx.expunge(
            (at_ := tx.locate(tx.account("alice@example.test").id, "Calendar")).id,
            ranges([tx.items_named(at_.id, ["gone.ics"])[0].uid]),
            deleted_only=False,
        )
    )
    said = await alice.sync(at)
    assert [each.get("ApplicationData/Subject") for each in said.every("Commands/Add")] == ["over"]
    assert [each.get("ServerId") for each in said.every("Commands/SoftDelete")] == [recent]
    assert not said.every("Commands/Change") and not said.every("Commands/Delete")
    await moved(stand, "recent", 3)
    await moved(stand, "over", 5)
    await moved(stand, "late", 300, "RRULE:FREQ=WEEKLY")
    said = await alice.sync(at)
    assert {each.get("ApplicationData/Subject") for each in said.every("Commands/Add")} == {"recent", "late"}
    assert [each.get("ApplicationData/Subject") for each in said.every("Commands/Change")] == ["over"]
    await moved(stand, "late", 300, "RRULE:FREQ=WEEKLY;COUNT=2")
    said = await alice.sync(at)
    assert len(said.every("Commands/SoftDelete")) == 1 and _subjects(alice, at) == ["over", "recent"]
