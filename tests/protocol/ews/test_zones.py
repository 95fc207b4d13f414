"""Events in zones that only they know: told and taken at the moments that they mean, and the zone stays."""

from __future__ import annotations

import email

import pytest

from connectors.ews.ids import item_id, occurrence_id
from groupware.model.ids import ItemId
from tests.protocol.activesync.test_zones import FIXED, HALF_SOUTH, object_in
from tests.protocol.ews.test_items import event, get
from tests.protocol.ews.test_meetings import HERS
from tests.support.ewsstand import Client, Said, Stand


async def there(stand: Stand, zone: str) -> str:
    return item_id(ItemId(await event(stand, object_in(zone).decode())))


async def update(client: Client, ident: str, **fields: str) -> Said:
    attributes = 'ConflictResolution="AlwaysOverwrite" SendMeetingInvitationsOrCancellations="SendToNone"'
    sets = "".join(
        f'<t:SetItemField><t:FieldURI FieldURI="calendar:{name}"/><t:CalendarItem>'
        + (f'<t:{name} Id="{value}"/>' if name.endswith("Zone") else f"<t:{name}>{value}</t:{name}>")
        + "</t:CalendarItem></t:SetItemField>"
        for name, value in fields.items()
    )
    inside = f'<t:ItemChange><t:ItemId Id="{ident}"/><t:Updates>{sets}</t:Updates></t:ItemChange>'
    return await client.ask(f"<m:UpdateItem {attributes}><m:ItemChanges>{inside}</m:ItemChanges></m:UpdateItem>")


@pytest.mark.parametrize(
    ("zone", "first", "days"),
    [
        (HALF_SOUTH, "2026-03-01T17:30:00Z", ["2026-03-29T17:30:00Z", "2026-04-05T18:00:00Z"]),
        (FIXED, "2026-03-01T18:50:00Z", ["2026-03-29T18:50:00Z", "2026-04-05T18:50:00Z"]),
    ],
)
async def test_moments_are_those_of_the_zone(
    stand: Stand, alice: Client, zone: str, first: str, days: list[str]
) -> None:
    ident = await there(stand, zone)
    assert (await get(alice, ident)).texts("t:Start")[0] == first
    view = '<m:CalendarView StartDate="2026-03-25T00:00:00Z" EndDate="2026-04-10T00:00:00Z"/>'
    shape = "<m:ItemShape><t:BaseShape>Default</t:BaseShape></m:ItemShape>"
    at = '<m:ParentFolderIds><t:DistinguishedFolderId Id="calendar"/></m:ParentFolderIds>'
    said = await alice.ask(f'<m:FindItem Traversal="Shallow">{shape}{view}{at}</m:FindItem>')
    assert said.texts("t:Start") == days


@pytest.mark.parametrize("named", [{}, {"StartTimeZone": "Our Island"}])
async def test_another_time_is_one_in_the_zone(stand: Stand, alice: Client, named: dict[str, str]) -> None:
    ident = await there(stand, HALF_SOUTH)
    times = {"Start": "2026-03-02T18:30:00Z", "End": "2026-03-02T19:30:00Z"}
    assert (await update(alice, ident, **named, **times)).code == "NoError"
    [octets] = await stand.house.bodies("alice", "Calendar")
    assert b"DTSTART;TZID=Our Island:20260303T011000" in octets and b"TZOFFSETTO:+0610" in octets


async def test_a_zone_that_nobody_knows_is_refused(stand: Stand, alice: Client) -> None:
    ident = await there(stand, HALF_SOUTH)
    said = await update(alice, ident, StartTimeZone="Their Island", Start="2026-03-02T18:30:00Z")
    assert said.code == "ErrorTimeZone"


async def test_a_time_that_is_proposed_is_that_moment_for_who_knows_no_such_zone(stand: Stand, alice: Client) -> None:
    zoned = HERS.replace("BEGIN:VEVENT\r\n", f"{HALF_SOUTH}BEGIN:VEVENT\r\n", 1)
    for name, hour in (("DTSTART", 10), ("DTEND", 11)):
        zoned = zoned.replace(f"{name}:20270301T{hour}0000Z", f"{name};TZID=Our Island:20270301T{hour}0000")
    item = ItemId(await event(stand, zoned))
    for ident in (item_id(item), occurrence_id(item, "2027-03-02T10:00:00")):
        inside = f'<t:ReferenceItemId Id="{ident}"/><t:ProposedStart>2027-03-05T03:20:00Z</t:ProposedStart>'
        inside += "<t:ProposedEnd>2027-03-05T04:20:00Z</t:ProposedEnd>"
        items = f"<m:Items><t:TentativelyAcceptItem>{inside}</t:TentativelyAcceptItem></m:Items>"
        said = await alice.ask(f'<m:CreateItem MessageDisposition="SendAndSaveCopy">{items}</m:CreateItem>')
        assert said.code == "NoError"
    found = []
    for entry in await stand.house.read(lambda tx: tx.queued()):
        letter = email.message_from_bytes(await stand.house.blobs.read(entry.envelope.blob))
        [part] = [each for each in letter.walk() if each.get_content_type() == "text/calendar"]
        if part.get_param("method") == "COUNTER":
            found.append(str(part.get_payload(decode=True)))
    assert len(found) == 2 and all("DTSTART:20270305T032000Z" in each for each in found)
    assert "RECURRENCE-ID:20270302T032000Z" in found[1]
