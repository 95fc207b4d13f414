"""A meeting made over EWS, moved over ActiveSync and called off by a letter: one event with one history."""

from __future__ import annotations

from tests.protocol.activesync.test_sync_mail import changed
from tests.protocol.dav.test_imip import arrives, itip, letter, timeline
from tests.support.davstand import event
from tests.support.exchangestand import Stand

ORGANIZER, GUEST = "alice@example.test", "bob@example.test"
MEETING = (
    '<m:CreateItem SendMeetingInvitations="SendToAllAndSaveCopy"><m:Items><t:CalendarItem><t:Subject>Beds</t:Subject>'
    "<t:Start>2029-12-03T10:00:00Z</t:Start><t:End>2029-12-03T11:00:00Z</t:End><t:RequiredAttendees><t:Attendee>"
    f"<t:Mailbox><t:EmailAddress>{GUEST}</t:EmailAddress></t:Mailbox></t:Attendee></t:RequiredAttendees>"
    "</t:CalendarItem></m:Items></m:CreateItem>"
)


async def test_a_letter_calls_off_what_was_made_by_ews_and_moved_on_a_phone(stand: Stand) -> None:
    assert (await stand.client("alice").ask(MEETING)).code == "NoError"
    phone = stand.phone("alice")
    at = await phone.at("Calendar")
    [server] = await phone.all_of(at)
    times = ("Calendar:StartTime", "20291203T130000Z"), ("Calendar:EndTime", "20291203T140000Z")
    await phone.sync(at, changed(server, *times))
    [copy] = await stand.house.bodies("bob", "Calendar")
    uid = copy.partition(b"UID:")[2].partition(b"\r\n")[0].decode()
    assert b"20291203T130000Z" in copy
    people = f"ORGANIZER:mailto:{ORGANIZER}", f"ATTENDEE:mailto:{GUEST}", "SEQUENCE:9", "STATUS:CANCELLED"
    cancelled = itip("CANCEL", event(uid, "20291203T130000Z", *people))
    await arrives(stand, letter(cancelled, sender=ORGANIZER, method="CANCEL"), "bob", sender=ORGANIZER)  # type: ignore[arg-type]
    [copy] = await stand.house.bodies("bob", "Calendar")
    assert b"STATUS:CANCELLED" in copy
    told = [(each.what, each.client) for each in await timeline(stand, "bob", uid)]  # type: ignore[arg-type]
    assert [client.partition(" ")[0] for _, client in told][:2] == ["ews", "activesync"] and len(told) == 3, told
    guest = stand.phone("bob")
    [seen] = (await guest.all_of(await guest.at("Calendar"))).values()
    assert seen.get("MeetingStatus") == "7"
