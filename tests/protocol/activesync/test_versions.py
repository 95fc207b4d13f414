"""What each version of the protocol is told, and what phones of before 16.0 may leave out."""

from __future__ import annotations

from typing import Any

import pytest

from groupware.mime.item import Marks
from groupware.model.flags import Flags
from tests.protocol.activesync.test_calendar import WEEKLY, calendar, stored
from tests.protocol.activesync.test_sync_mail import changed
from tests.support.davstand import event
from tests.support.eas.stand import Phone, Stand
from tests.support.eas.wire import Node

SENT = b"From: Boss <boss@far.test>\r\nSender: %s\r\nTo: alice@example.test\r\nSubject: x\r\n\r\nx"
INVITATION = (
    b"From: ann@far.test\r\nTo: alice@example.test\r\nSubject: m\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: text/calendar; method=REQUEST; charset=utf-8\r\n\r\n"
)


def pages(node: Node) -> set[str]:
    """The code pages that an element and all in it are of."""
    return {node.name.partition(":")[0]}.union(*map(pages, node.inside))


@pytest.mark.parametrize(("version", "knows"), [("12.1", False), ("14.0", True), ("16.1", True)])
async def test_phones_of_12_1_are_told_nothing_of_pages_that_came_later(
    stand: Stand, alice: Phone, version: str, knows: bool
) -> None:
    await stand.put("alice", SENT % b"aide@far.test", marks=Marks(Flags.ANSWERED))
    alice.version = version
    [found] = (await alice.all_of(await alice.at("INBOX"))).values()
    assert ("Email2" in pages(found)) is knows
    assert found.get("Sender") == ("aide@far.test" if knows else None)
    assert found.get("LastVerbExecuted") == ("1" if knows else None)


async def test_a_sender_who_is_the_author_is_not_told(stand: Stand, alice: Phone) -> None:
    await stand.put("alice", SENT % b"Boss <BOSS@far.test>")
    [found] = (await alice.all_of(await alice.at("INBOX"))).values()
    assert found.find("Sender") is None


@pytest.mark.parametrize("version", ["12.1", "14.1", "16.1"])
async def test_an_invitation_tells_how_a_meeting_recurs(stand: Stand, alice: Phone, version: str) -> None:
    lines = (
        "RRULE:FREQ=MONTHLY;BYDAY=2TU;COUNT=3",
        "ORGANIZER:mailto:ann@far.test",
        "ATTENDEE:mailto:alice@example.test",
        "X-MICROSOFT-DISALLOW-COUNTER:TRUE",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        "TRIGGER:-PT10M",
        "DESCRIPTION:x",
        "END:VALARM",
    )
    octets = event("m1", "20261208T090000Z", *lines, end="20261208T100000Z")
    await stand.put("alice", INVITATION + octets.replace("VERSION:", "METHOD:REQUEST\r\nVERSION:", 1).encode())
    alice.version = version
    [found] = (await alice.all_of(await alice.at("INBOX"))).values()
    told = found.find("MeetingRequest")
    assert told is not None and (told.get("InstanceType"), told.get("Reminder")) == ("1", "600")
    rule = told.find("Recurrences/Recurrence")
    assert rule is not None
    facts = {"Type": "3", "Interval": "1", "DayOfWeek": "4", "WeekOfMonth": "2", "Occurrences": "3"}
    assert {name: rule.get(name) for name in facts} == facts
    assert rule.get("CalendarType") == (None if version == "12.1" else "1")
    assert told.get("DisallowNewTimeProposal") == (None if version == "12.1" else "1")


async def test_a_phone_that_does_not_handle_a_field_of_events_leaves_it_out_and_it_stays(
    stand: Stand, alice: Phone
) -> None:
    await stand.put("alice", WEEKLY.replace(b"CLASS:PRIVATE", b"CATEGORIES:a\r\nLOCATION:Hall"), "Calendar")
    lines = {"CATEGORIES:a", "LOCATION:Hall", "TRIGGER:-PT15M", "RRULE:FREQ=WEEKLY;COUNT=5"}
    for handled, left in ((("Calendar:Location",), lines - {"LOCATION:Hall"}), (None, set[str]())):
        alice.keys, alice.there, alice.folders, alice.version = {}, {}, {}, "14.1"
        at = await alice.at("Calendar")
        supported = ("AirSync:Supported", *((each,) for each in handled)) if handled else None
        inside: tuple[Any, ...] = (("AirSync:SyncKey", "0"), ("AirSync:CollectionId", at), supported)
        inside = tuple(each for each in inside if each is not None)
        said = await alice.ask("Sync", ("AirSync:Sync", ("AirSync:Collections", ("AirSync:Collection", *inside))))
        alice.keys[at] = said.get("Collections/Collection/SyncKey") or ""
        [server] = await alice.all_of(at)
        await alice.sync(at, changed(server, ("Calendar:Subject", f"New {handled}")))
        text = await stored(stand)
        assert {each for each in lines if each in text} == left and "X-SECRET;FOO=bar:kept" in text


async def test_a_rule_of_another_calendar_is_not_taken(stand: Stand, alice: Phone) -> None:
    await stand.put("alice", WEEKLY, "Calendar")
    at = await calendar(alice)
    [server] = alice.there[at]
    lunar = ("Calendar:Recurrence", ("Calendar:Type", 2), ("Calendar:DayOfMonth", 1), ("Calendar:CalendarType", 15))
    said = await alice.sync(at, changed(server, lunar))
    assert said.get("Responses/Change/Status") == "6" and "RRULE:FREQ=WEEKLY;COUNT=5" in await stored(stand)
