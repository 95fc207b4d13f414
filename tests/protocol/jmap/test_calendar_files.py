"""Files of events, in and out. Decision 315."""

from __future__ import annotations

from typing import Any

from tests.protocol.jmap.test_calendars import BOB, calendar, made, octets_of, one, vevent
from tests.support.jmapstand import Client, Stand

Json = dict[str, Any]


def file(*events: bytes) -> bytes:
    """Events in one file, each as `vevent` makes it."""
    body = b"".join(each.partition(b"PRODID:x\r\n")[2].partition(b"END:VCALENDAR")[0] for each in events)
    return b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nMETHOD:PUBLISH\r\n" + body + b"END:VCALENDAR\r\n"


async def bring(client: Client, octets: bytes, **more: str) -> Json:
    blob = (await client.upload(octets, "text/calendar"))["blobId"]
    return await client.call("CalendarEvent/import", calendarId=await calendar(client), blobId=blob, **more)


async def test_events_come_in_as_they_are_and_nobody_is_told(stand: Stand, alice: Client) -> None:
    meeting = vevent(
        "m", "DTSTART:20250303T100000Z", "X-OWN:1", "ORGANIZER:mailto:alice@example.test", f"ATTENDEE:mailto:{BOB}"
    )
    bad = vevent("bad", "DTSTART:soon")
    got = await bring(alice, file(meeting, vevent("2", "DTSTART:20250304T100000Z", "SUMMARY:Tea"), bad))
    assert (got["created"], got["updated"], got["skipped"], len(got["refused"])) == (2, 0, 0, 1)
    assert "bad" in got["refused"][0]
    assert any(b"X-OWN:1\r\n" in each for each in await octets_of(stand, "alice"))
    assert await octets_of(stand, "bob") == []
    told = (await alice.call("CalendarEvent/export", calendarId=await calendar(alice)))["iCalendar"]
    assert told.count("BEGIN:VEVENT") == 2
    assert "METHOD" not in told
    assert (await bring(stand.client("bob"), told.encode()))["created"] == 2


async def test_a_file_has_each_zone_once_also_where_the_events_have_none(alice: Client) -> None:
    events = [vevent(each, "DTSTART;TZID=Europe/Berlin:20250303T100000") for each in "ab"]
    assert (await bring(alice, file(*events)))["created"] == 2
    told = (await alice.call("CalendarEvent/export", calendarId=await calendar(alice)))["iCalendar"]
    assert (told.count("BEGIN:VTIMEZONE"), told.count("BEGIN:VEVENT")) == (1, 2)


async def test_what_is_there_is_left_or_replaced(alice: Client) -> None:
    name = await made(alice, uid="1", title="Old")
    new = file(vevent("1", "DTSTART:20250303T100000Z", "SUMMARY:New"))
    assert (await bring(alice, new))["skipped"] == 1
    assert (await one(alice, name))["title"] == "Old"
    assert (await bring(alice, new, existing="replace"))["updated"] == 1
    assert [each["title"] for each in (await alice.call("CalendarEvent/get", ids=None))["list"]] == ["New"]
    assert (await bring(alice, new, existing="replace"))["skipped"] == 1


async def test_files_go_where_one_may_write_and_come_from_where_one_may_read(
    stand: Stand, alice: Client, bob: Client
) -> None:
    at = await calendar(alice)
    await made(alice, title="Open")
    await made(alice, title="Secret", privacy="private", uid="u2")
    blob = (await bob.upload(file(vevent("9", "DTSTART:20250303T100000Z")), "text/calendar"))["blobId"]
    await stand.share("alice", "Calendar", BOB, "lr")
    theirs = await bob.account("alice")
    told = (await bob.call("CalendarEvent/export", accountId=theirs, calendarId=at))["iCalendar"]
    assert ("SUMMARY:Open" in told, "SUMMARY:Secret" in told) == (True, False)
    assert await bob.refused("CalendarEvent/import", calendarId=at, blobId=blob) == "notFound"
    wrong = (await alice.upload(b"no calendar"))["blobId"]
    for given in ({"blobId": wrong}, {"blobId": wrong, "existing": "odd"}):
        assert await alice.refused("CalendarEvent/import", calendarId=at, **given) == "invalidArguments"
    assert await alice.refused("CalendarEvent/export", calendarId="F999") == "notFound"
