"""Invitations that come by mail: what a device is told of them, and how it answers."""

from __future__ import annotations

from email import message_from_bytes
from typing import Any

import pytest

from tests.protocol.activesync.test_calendar import add
from tests.protocol.activesync.test_sync_mail import preference
from tests.support.davstand import event
from tests.support.eas.stand import Phone, Stand
from tests.support.eas.wire import Node, write

PEOPLE = (
    "ORGANIZER;CN=Ann:mailto:ann@far.test",
    "ATTENDEE;CN=Alice;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:alice@example.test",
)


def invitation(method: str, *lines: str, uid: str = "m1") -> bytes:
    """A message with an iTIP message in it."""
    inside = event(uid, "20261201T090000Z", "LOCATION:Room", *PEOPLE, *lines, end="20261201T100000Z")
    inside = inside.replace("VERSION:2.0", f"VERSION:2.0\r\nMETHOD:{method}")
    head = [
        "From: Ann <ann@far.test>",
        "To: alice@example.test",
        "Subject: Meeting",
        "MIME-Version: 1.0",
        "Content-Type: multipart/alternative; boundary=b",
        "",
        "--b",
        "Content-Type: text/plain",
        "",
        "Come",
        "--b",
        f"Content-Type: text/calendar; method={method}; charset=utf-8",
        "",
        inside.rstrip(),
        "--b--",
        "",
    ]
    return "\r\n".join(head).encode()


async def told(stand: Stand, alice: Phone, octets: bytes) -> Node:
    await stand.put("alice", octets)
    at = await alice.at("INBOX")
    [found] = (await alice.all_of(at, options=(preference(1),))).values()
    return found


@pytest.mark.parametrize("version", ["14.1", "16.1"])
async def test_an_invitation_is_told(stand: Stand, alice: Phone, version: str) -> None:
    alice.version = version
    found = await told(stand, alice, invitation("REQUEST"))
    assert found.get("MessageClass") == "IPM.Schedule.Meeting.Request"
    request = found.find("MeetingRequest")
    assert request is not None
    assert (request.get("StartTime"), request.get("EndTime")) == (
        "2026-12-01T09:00:00.000Z",
        "2026-12-01T10:00:00.000Z",
    )
    assert (request.get("Organizer"), request.get("InstanceType")) == ('"Ann" <ann@far.test>', "0")
    assert request.get("ResponseRequested") == "1" and request.get("TimeZone")
    if version == "14.1":
        assert request.get("Location") == "Room" and request.get("GlobalObjId")
    else:
        assert request.get("Location/DisplayName") == "Room" and request.get("UID") == "m1"


@pytest.mark.parametrize(
    ("method", "lines", "kind"),
    [
        ("CANCEL", ("STATUS:CANCELLED",), "IPM.Schedule.Meeting.Canceled"),
        ("REPLY", (), "IPM.Schedule.Meeting.Resp.Tent"),
        ("PUBLISH", (), "IPM.Note"),
    ],
)
async def test_other_messages_of_meetings(
    stand: Stand, alice: Phone, method: str, lines: tuple[str, ...], kind: str
) -> None:
    assert (await told(stand, alice, invitation(method, *lines))).get("MessageClass") == kind


async def answer(phone: Phone, folder: str, request: str, number: int, *more: tuple[Any, ...]) -> Node:
    inside = ("MeetingResponse:UserResponse", number), ("MeetingResponse:CollectionId", folder)
    asked = ("MeetingResponse:Request", *inside, ("MeetingResponse:RequestId", request), *more)
    return await phone.ask("MeetingResponse", ("MeetingResponse:MeetingResponse", asked))


async def test_an_invitation_by_mail_is_answered_and_filed(stand: Stand, alice: Phone) -> None:
    octets = event("m1", "20261201T090000Z", *PEOPLE, end="20261201T100000Z").encode()
    await stand.put("alice", octets, "Calendar")
    await told(stand, alice, invitation("REQUEST"))
    at = await alice.at("INBOX")
    [request] = alice.there[at]
    alice.version = "14.1"
    said = await answer(alice, at, request, 2)
    calendar = await alice.at("Calendar")
    assert said.get("Result/Status") == "1" and (said.get("Result/CalendarId") or "").startswith(f"{calendar}:")
    [kept] = await stand.house.bodies("alice", "Calendar")
    assert b"PARTSTAT=TENTATIVE" in kept.replace(b"\r\n ", b"")
    assert not await stand.house.items("alice") and len(await stand.house.items("alice", "Trash")) == 1


async def test_one_occurrence_is_declined(stand: Stand, alice: Phone) -> None:
    octets = event("m1", "20261201T090000Z", "RRULE:FREQ=DAILY;COUNT=3", *PEOPLE, end="20261201T100000Z").encode()
    await stand.put("alice", octets, "Calendar")
    at = await alice.at("Calendar")
    [server] = await alice.all_of(at)
    once = ("MeetingResponse:InstanceId", "20261202T090000Z")
    assert (await answer(alice, at, server, 3, once)).get("Result/Status") == "1"
    [kept] = await stand.house.bodies("alice", "Calendar")
    whole, single = kept.replace(b"\r\n ", b"").split(b"RECURRENCE-ID")
    assert b"PARTSTAT=NEEDS-ACTION" in whole and b"PARTSTAT=DECLINED" in single


async def test_answers_that_cannot_be(stand: Stand, alice: Phone) -> None:
    await told(stand, alice, invitation("REQUEST"))
    at = await alice.at("INBOX")
    [request] = alice.there[at]
    assert (await answer(alice, at, request, 1)).get("Result/Status") == "2"
    assert (await answer(alice, at, f"{at}:99", 1)).get("Result/Status") == "2"
    assert (await answer(alice, at, request, 9)).get("Result/Status") == "2"


async def test_another_time_is_proposed(stand: Stand, alice: Phone) -> None:
    at = await alice.at("Calendar")
    await alice.all_of(at)
    times = ("Calendar:StartTime", "20261201T090000Z"), ("Calendar:EndTime", "20261201T100000Z")
    who = ("Calendar:Attendees", ("Calendar:Attendee", ("Calendar:Email", "bob@example.test")))
    await alice.sync(at, add(*times, ("Calendar:Subject", "Both"), who))
    bob = stand.phone("bob")
    his = await bob.at("Calendar")
    [copy] = await bob.all_of(his)
    times = (
        ("MeetingResponse:ProposedStartTime", "20261201T130000Z"),
        ("MeetingResponse:ProposedEndTime", "20261201T140000Z"),
    )
    body = ("AirSyncBase:Body", ("AirSyncBase:Type", "1"), ("AirSyncBase:Data", "Later?"))
    said = await answer(bob, his, copy, 2, ("MeetingResponse:SendResponse", body, *times))
    assert said.get("Result/Status") == "1"
    [mail] = await stand.house.bodies("alice")
    assert b"method=COUNTER" in mail
    found = await told_of(alice)
    assert found.get("MessageClass") == "IPM.Schedule.Meeting.Resp.Tent"
    bad = ("MeetingResponse:SendResponse", times[0])
    assert (await answer(bob, his, copy, 2, bad)).get("Result/Status") == "2"


async def told_of(alice: Phone) -> Node:
    [found] = (await alice.all_of(await alice.at("INBOX"))).values()
    return found


async def test_a_meeting_is_passed_on_to_somebody_else(stand: Stand, alice: Phone) -> None:
    lines = ("RRULE:FREQ=WEEKLY;COUNT=4", "ORGANIZER:mailto:boss@far.test", "ATTENDEE:mailto:alice@example.test")
    alarm = ("BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:x", "TRIGGER:-PT5M", "END:VALARM")
    octets = event("m", "20291201T100000Z", *lines, *alarm, end="20291201T110000Z", summary="Plan").encode()
    await stand.put("alice", octets, "Calendar")
    at = await alice.at("Calendar")
    await alice.all_of(at)
    (server,) = alice.there[at]
    source = ("ComposeMail:FolderId", at), ("ComposeMail:ItemId", server)
    bob = ("ComposeMail:Forwardees", ("ComposeMail:Forwardee", ("ComposeMail:Email", "bob@example.test")))
    single = ("ComposeMail:InstanceId", "2029-12-08T10:00:00.000Z")
    for inside in (source, (*source, single)):
        tree = ("ComposeMail:SmartForward", ("ComposeMail:ClientId", str(len(inside))), bob)
        got = await alice.post("SmartForward", write((*tree, ("ComposeMail:Source", *inside))))
        assert got.status_code == 200 and not got.content, got.content
    letters = [message_from_bytes(each) for each in await stand.house.bodies("bob")]
    parts = [next(each for each in letter.walk() if each.get_param("method") == "REQUEST") for letter in letters]
    whole, one = [part.get_payload(decode=True).decode() for part in parts]
    for each in (whole, one):
        assert "ORGANIZER:mailto:boss@far.test" in each and "VALARM" not in each
    assert "RRULE:FREQ=WEEKLY;COUNT=4" in whole and "RRULE" not in one
    assert "RECURRENCE-ID:20291208T100000Z" in one


async def test_who_organizes_a_meeting_invites_more_people_by_passing_it_on(stand: Stand, alice: Phone) -> None:
    lines = ("RRULE:FREQ=WEEKLY;COUNT=4", "ORGANIZER:mailto:alice@example.test", "ATTENDEE:mailto:far@far.test")
    octets = event("m", "20291201T100000Z", *lines, end="20291201T110000Z", summary="Plan").encode()
    await stand.put("alice", octets, "Calendar")
    at = await alice.at("Calendar")
    await alice.all_of(at)
    (server,) = alice.there[at]
    source = ("ComposeMail:FolderId", at), ("ComposeMail:ItemId", server)
    single = ("ComposeMail:InstanceId", "2029-12-08T10:00:00.000Z")
    for who, inside in (("bob@example.test", source), ("new@far.test", (*source, single))):
        people = ("ComposeMail:Forwardees", ("ComposeMail:Forwardee", ("ComposeMail:Email", who)))
        tree = ("ComposeMail:SmartForward", ("ComposeMail:ClientId", who), people)
        got = await alice.post("SmartForward", write((*tree, ("ComposeMail:Source", *inside))))
        assert got.status_code == 200 and not got.content, got.content
    [stored] = [each.decode().replace("\r\n ", "") for each in await stand.house.bodies("alice", "Calendar")]
    whole, one = stored.split("BEGIN:VEVENT")[1:]
    assert "bob@example.test" in whole and "new@far.test" not in whole
    assert "new@far.test" in one and "RECURRENCE-ID:20291208T100000Z" in one
    assert len(await stand.house.bodies("bob", "Calendar")) == 1
    queued = await stand.house.read(lambda tx: tx.queued())
    assert "new@far.test" in {each.recipient.address for entry in queued for each in entry.recipients}
