"""One room, and people who want it at one time in programs of different protocols: one of them has it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from groupware.model.principal import OPERATOR, NewAccount, PrincipalKind
from tests.protocol.activesync.test_calendar import add, calendar
from tests.support.davstand import event
from tests.support.eas.stand import Phone
from tests.support.sharestand import CALENDAR, Stand, share_stand

ROOM = "room@example.test"
DAYS = ("20291203", "20291204", "20291205")


async def by_dav(stand: Stand, day: str) -> Any:
    people = "ORGANIZER:mailto:alice@example.test", f"ATTENDEE:mailto:{ROOM}"
    text = event(f"dav-{day}", f"{day}T100000Z", *people, end=f"{day}T110000Z")
    return await stand.dav("alice").put(f"{CALENDAR}{day}.ics", text)


async def by_ews(stand: Stand, day: str) -> Any:
    at = f"{day[:4]}-{day[4:6]}-{day[6:]}"
    room = f"<t:Attendee><t:Mailbox><t:EmailAddress>{ROOM}</t:EmailAddress></t:Mailbox></t:Attendee>"
    return await stand.ews("bob").ask(
        '<m:CreateItem SendMeetingInvitations="SendToAllAndSaveCopy"><m:Items><t:CalendarItem>'
        f"<t:Subject>Ours</t:Subject><t:Start>{at}T10:00:00Z</t:Start><t:End>{at}T11:00:00Z</t:End>"
        f"<t:Resources>{room}</t:Resources></t:CalendarItem></m:Items></m:CreateItem>"
    )


async def by_jmap(stand: Stand, day: str) -> Any:
    client = stand.jmap("carol")
    [at] = [each["id"] for each in (await client.call("Calendar/get"))["list"] if each["isDefault"]]
    times = {"start": f"{day[:4]}-{day[4:6]}-{day[6:]}T10:00:00", "timeZone": "Etc/UTC", "duration": "PT1H"}
    people = {"r": {"calendarAddress": f"mailto:{ROOM}"}}
    made = {"k": {"calendarIds": {at: True}, **times, "participants": people}}
    return await client.call("CalendarEvent/set", create=made, sendSchedulingMessages=True)


async def by_activesync(phone: Phone, at: str, day: str) -> Any:
    times = ("Calendar:StartTime", f"{day}T100000Z"), ("Calendar:EndTime", f"{day}T110000Z")
    who = ("Calendar:Attendee", ("Calendar:Email", ROOM), ("Calendar:Name", "Room"))
    return await phone.sync(at, add(*times, ("Calendar:Subject", "Mine"), ("Calendar:Attendees", who), client=day))


async def test_of_those_who_want_a_room_at_once_by_whichever_protocol_one_has_it(tmp_path: Path) -> None:
    async with share_stand(tmp_path) as stand:
        room = NewAccount(ROOM, PrincipalKind.RESOURCE, "Blue Room")
        await stand.house.write(lambda tx: tx.put_account(room), OPERATOR)
        phone = stand.phone("alice")
        at = await calendar(phone)
        for day in DAYS:
            await asyncio.gather(
                by_dav(stand, day), by_ews(stand, day), by_jmap(stand, day), by_activesync(phone, at, day)
            )
        wanted = [
            body.replace(b"\r\n ", b"")
            for name in ("alice", "bob", "carol")
            for body in await stand.house.bodies(name, "Calendar")
        ]
        booked = await stand.house.bodies("room", "Calendar")
        for day in DAYS:
            asking = [each for each in wanted if f"DTSTART:{day}T100000Z".encode() in each]
            answers = sorted(b"PARTSTAT=ACCEPTED" in each for each in asking)
            assert answers == [False, False, False, True], asking
            assert all(b"PARTSTAT=DECLINED" in each or b"PARTSTAT=ACCEPTED" in each for each in asking)
            assert sum(f"DTSTART:{day}T100000Z".encode() in each for each in booked) == 1
