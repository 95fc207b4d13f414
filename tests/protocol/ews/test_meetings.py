"""Meetings: passed on to others, called off with words, and what becomes of the messages about them."""

from __future__ import annotations

from email import message_from_bytes, policy

from connectors.ews.ids import item_id, occurrence_id
from tests.protocol.ews.test_items import event
from tests.support.ewsstand import Client, Said, Stand

BOB = "<t:Mailbox><t:EmailAddress>bob@example.test</t:EmailAddress></t:Mailbox>"
HERS = """BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//x//EN\r
BEGIN:VEVENT\r
UID:u2\r
DTSTAMP:20260101T000000Z\r
DTSTART:20270301T100000Z\r
DTEND:20270301T110000Z\r
SUMMARY:Plans\r
RRULE:FREQ=DAILY;COUNT=5\r
ORGANIZER:mailto:boss@far.test\r
ATTENDEE;PARTSTAT=ACCEPTED:mailto:alice@example.test\r
BEGIN:VALARM\r
ACTION:DISPLAY\r
TRIGGER:-PT5M\r
DESCRIPTION:x\r
END:VALARM\r
END:VEVENT\r
END:VCALENDAR\r
"""


async def forward(client: Client, ident: str, how: str = "SendOnly", words: str = "Look") -> Said:
    to = f"<t:ToRecipients>{BOB}</t:ToRecipients>"
    reference = f'<t:ReferenceItemId Id="{ident}"/>'
    inside = f'{to}{reference}<t:NewBodyContent BodyType="Text">{words}</t:NewBodyContent>'
    items = f"<m:Items><t:ForwardItem>{inside}</t:ForwardItem></m:Items>"
    return await client.ask(f'<m:CreateItem MessageDisposition="{how}">{items}</m:CreateItem>')


def parts(octets: bytes) -> tuple[str, str]:
    """The subject, and the iTIP message."""
    letter = message_from_bytes(octets, policy=policy.default)
    [part] = [each for each in letter.walk() if each.get_param("method") == "REQUEST"]
    return str(letter["subject"]), part.get_payload(decode=True).decode().replace("\r\n ", "")  # type: ignore[union-attr]


async def test_a_meeting_is_passed_on_and_its_organizer_is_told(stand: Stand, alice: Client) -> None:
    item = await event(stand, HERS)
    for ident in (item_id(item), occurrence_id(item, "2027-03-02T10:00:00")):  # type: ignore[arg-type]
        got = await forward(alice, ident, "SendAndSaveCopy")
        assert got.code == "NoError" and got.ids(), got.body
    whole, one = [parts(each) for each in await stand.house.bodies("bob")]
    assert whole[0] == one[0] == "Invitation: Plans"
    for _, said in (whole, one):
        assert "ORGANIZER:mailto:boss@far.test" in said and "VALARM" not in said and "COMMENT:Look" in said
    assert "RRULE" in whole[1] and "RRULE" not in one[1] and "RECURRENCE-ID:20270302T100000Z" in one[1]
    queued = await stand.house.read(lambda tx: tx.queued())
    assert [[each.recipient.address for each in entry.recipients] for entry in queued] == [["boss@far.test"]] * 2
    assert len(await stand.house.bodies("alice", "Sent")) == 2


async def test_who_organizes_it_invites_them(stand: Stand, alice: Client) -> None:
    item = await event(stand)
    got = await forward(alice, item_id(item))  # type: ignore[arg-type]
    assert got.code == "NoError", got.body
    stored = (await stand.house.bodies("alice", "Calendar"))[0].replace(b"\r\n ", b"")
    assert b"mailto:bob@example.test" in stored and b"ORGANIZER" in stored
    [copy] = await stand.house.bodies("bob", "Calendar")
    assert b"UID:u1" in copy


async def test_a_meeting_is_passed_on_at_once_and_to_somebody(stand: Stand, alice: Client) -> None:
    ident = item_id(await event(stand, HERS))  # type: ignore[arg-type]
    assert (await forward(alice, ident, "SaveOnly")).code == "ErrorInvalidOperation"
    reference = f'<m:Items><t:ForwardItem><t:ReferenceItemId Id="{ident}"/></t:ForwardItem></m:Items>'
    got = await alice.ask(f'<m:CreateItem MessageDisposition="SendOnly">{reference}</m:CreateItem>')
    assert got.code == "ErrorInvalidRecipients"
    assert await stand.house.bodies("bob") == []


async def letters(stand: Stand) -> list[tuple[list[str], str]]:
    """To whom letters wait, and their words."""
    found = []
    for entry in await stand.house.queued():
        letter = message_from_bytes(await stand.house.blobs.read(entry.envelope.blob), policy=policy.default)
        words = letter.get_body(("plain",)).get_content()  # type: ignore[union-attr]
        found.append(([each.recipient.address for each in entry.recipients], words))
    return found


MINE = HERS.replace("boss@far.test", "alice@example.test").replace(
    "PARTSTAT=ACCEPTED:mailto:alice@example.test", "ROLE=REQ-PARTICIPANT:mailto:far@far.test"
)


async def test_words_of_who_calls_a_meeting_off_are_in_the_letter(stand: Stand, alice: Client) -> None:
    ident = item_id(await event(stand, MINE))  # type: ignore[arg-type]
    said = f'<t:ReferenceItemId Id="{ident}"/><t:NewBodyContent BodyType="Text">No room</t:NewBodyContent>'
    items = f"<m:Items><t:CancelCalendarItem>{said}</t:CancelCalendarItem></m:Items>"
    got = await alice.ask(f'<m:CreateItem MessageDisposition="SendAndSaveCopy">{items}</m:CreateItem>')
    assert got.code == "NoError", got.body
    [(to, words)] = await letters(stand)
    assert to == ["far@far.test"] and "No room" in words
    assert await stand.house.bodies("alice", "Calendar") == []


async def test_words_of_an_organizers_forward_are_for_the_new_people(stand: Stand, alice: Client) -> None:
    ident = item_id(await event(stand, MINE))  # type: ignore[arg-type]
    new = "<t:Mailbox><t:EmailAddress>new@far.test</t:EmailAddress></t:Mailbox>"
    words = '<t:NewBodyContent BodyType="Text">Come too</t:NewBodyContent>'
    said = f'<t:ToRecipients>{new}</t:ToRecipients><t:ReferenceItemId Id="{ident}"/>{words}'
    items = f"<m:Items><t:ForwardItem>{said}</t:ForwardItem></m:Items>"
    got = await alice.ask(f'<m:CreateItem MessageDisposition="SendOnly">{items}</m:CreateItem>')
    assert got.code == "NoError", got.body
    told = {to[0]: each for to, each in await letters(stand)}
    assert "Come too" in told["new@far.test"] and "Come too" not in told.get("far@far.test", "")
    assert b"Come too" not in (await stand.house.bodies("alice", "Calendar"))[0]


async def test_a_cancelled_meeting_is_removed_with_the_message_about_it(stand: Stand, alice: Client) -> None:
    await event(stand, HERS)
    text = (
        HERS.replace("VERSION:2.0", "VERSION:2.0\r\nMETHOD:CANCEL").split("BEGIN:VALARM")[0]
        + "END:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    head = (
        "From: boss@far.test\r\nSubject: Off\r\nMIME-Version: 1.0\r\nContent-Type: text/calendar; method=CANCEL\r\n\r\n"
    )
    ident = item_id(await stand.put("alice", (head + text).encode()))  # type: ignore[arg-type]
    items = f'<m:Items><t:RemoveItem><t:ReferenceItemId Id="{ident}"/></t:RemoveItem></m:Items>'
    got = await alice.ask(f'<m:CreateItem MessageDisposition="SendOnly">{items}</m:CreateItem>')
    assert got.code == "NoError", got.body
    assert await stand.house.bodies("alice", "Calendar") == [] and await stand.house.bodies("alice") == []
    assert len(await stand.house.bodies("alice", "Trash")) == 1
    assert await letters(stand) == []
