"""Items attached to items: each kind to each, told as it is, and readable for programs that know nothing of EWS."""

from __future__ import annotations

import base64
import email
from email.message import Message

import pytest

from connectors.ews.ids import item_id
from groupware.calendar.item import read_item as read_object
from groupware.model.ids import ItemId
from tests.protocol.ews.test_contact_files import contact
from tests.protocol.ews.test_items import event, get, mail, put
from tests.support.ewsstand import Client, Said, Stand

ITEMS = {
    "CalendarItem": "<t:Subject>Inner</t:Subject><t:Start>2027-03-01T10:00:00Z</t:Start>",
    "Task": "<t:Subject>Inner</t:Subject><t:DueDate>2027-03-01T00:00:00Z</t:DueDate>",
    "Contact": "<t:DisplayName>Inner</t:DisplayName><t:GivenName>In</t:GivenName><t:Surname>Ner</t:Surname>",
    "DistributionList": "<t:DisplayName>Inner</t:DisplayName>",
    "Message": "<t:Subject>Inner</t:Subject><t:Body BodyType='Text'>words</t:Body>",
}
TASK = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VTODO\r\nUID:t\r\n"
    b"DTSTAMP:20260101T000000Z\r\nEND:VTODO\r\nEND:VCALENDAR\r\n"
)


def item(kind: str, inside: str = "") -> str:
    return f"<t:ItemAttachment><t:Name>Inner</t:Name><t:{kind}>{inside or ITEMS[kind]}</t:{kind}></t:ItemAttachment>"


async def attach(client: Client, ident: str, attachment: str) -> str:
    inside = f'<m:ParentItemId Id="{ident}"/><m:Attachments>{attachment}</m:Attachments>'
    said = await client.ask(f"<m:CreateAttachment>{inside}</m:CreateAttachment>")
    assert said.code == "NoError", said.body
    return said.ids("t:AttachmentId")[0]


async def fetch(client: Client, ident: str, shape: str = "") -> Said:
    named = f'<m:AttachmentIds><t:AttachmentId Id="{ident}"/></m:AttachmentIds>'
    asked = f"<m:AttachmentShape>{shape}</m:AttachmentShape>"
    return await client.ask(f"<m:GetAttachment>{asked}{named}</m:GetAttachment>")


async def holder(stand: Stand, kind: str) -> str:
    if kind == "Message":
        return item_id(ItemId(await stand.put("alice", mail("outer"))))
    if kind == "CalendarItem":
        return item_id(ItemId(await event(stand)))
    if kind == "Task":
        new = (await read_object(TASK, stand.house.blobs, "t.ics"))[1]
        return item_id(ItemId(await put(stand, new, "Tasks")))
    return await contact(stand)


@pytest.mark.parametrize("outer", ["Message", "CalendarItem", "Task", "Contact"])
@pytest.mark.parametrize("inner", list(ITEMS))
async def test_an_item_is_attached_told_and_taken_away(stand: Stand, alice: Client, outer: str, inner: str) -> None:
    ident = await holder(stand, outer)
    named = await attach(alice, ident, item(inner))
    [listed] = (await get(alice, ident)).find("t:ItemAttachment")
    assert listed.findtext("{*}Name") == "Inner"
    assert listed.find("{*}AttachmentId").get("Id") == named  # type: ignore[union-attr]
    said = await fetch(alice, named)
    [found] = said.find(f"t:ItemAttachment/t:{inner}")
    assert "Inner" in (found.findtext("{*}Subject"), found.findtext("{*}DisplayName"))
    gone = f'<m:DeleteAttachment><m:AttachmentIds><t:AttachmentId Id="{named}"/></m:AttachmentIds></m:DeleteAttachment>'
    assert (await alice.ask(gone)).code == "NoError"
    assert not (await get(alice, ident)).find("t:ItemAttachment")


async def test_other_programs_see_files_of_the_item(stand: Stand, alice: Client) -> None:
    ident = await holder(stand, "Message")
    for kind in ("CalendarItem", "Contact"):
        await attach(alice, ident, item(kind))
    [octets] = await stand.house.bodies("alice")
    parts = [each for each in email.message_from_bytes(octets).walk() if each.get_filename()]
    assert [(each.get_content_type(), each.get_filename()) for each in parts] == [
        ("text/calendar", "Inner.ics"),
        ("text/vcard", "Inner.vcf"),
    ]
    assert b"SUMMARY:Inner" in content(parts[0]) and b"FN:Inner" in content(parts[1])


def content(part: Message) -> bytes:
    found = part.get_payload(decode=True)
    assert isinstance(found, bytes)
    return found


async def test_a_file_of_the_same_type_stays_a_file(stand: Stand, alice: Client) -> None:
    ident = await holder(stand, "Message")
    text = base64.b64encode(b"BEGIN:VCARD\r\nVERSION:4.0\r\nUID:a\r\nFN:A\r\nEND:VCARD\r\n").decode()
    more = f"<t:ContentType>text/vcard</t:ContentType><t:Content>{text}</t:Content>"
    named = await attach(alice, ident, f"<t:FileAttachment><t:Name>a.vcf</t:Name>{more}</t:FileAttachment>")
    assert (await fetch(alice, named)).texts("t:Content") == [text]


@pytest.mark.parametrize("outer", ["Message", "CalendarItem"])
async def test_what_is_attached_to_an_attached_message_is_found_by_its_id(
    stand: Stand, alice: Client, outer: str
) -> None:
    file = "<t:FileAttachment><t:Name>deep.txt</t:Name><t:Content>ZGVlcA==</t:Content></t:FileAttachment>"
    inmost = item("Message", f"<t:Subject>Inmost</t:Subject><t:Attachments>{file}{item('Contact')}</t:Attachments>")
    inner = item("Message", f"<t:Subject>Inner</t:Subject><t:Attachments>{inmost}</t:Attachments>")
    said = await fetch(alice, await attach(alice, await holder(stand, outer), inner))
    [listed] = said.find("t:Message/t:Attachments/t:ItemAttachment/t:AttachmentId")
    said = await fetch(alice, listed.get("Id", ""))
    assert said.texts("t:Subject") == ["Inmost"]
    [text, card] = said.find("t:Message/t:Attachments/*/t:AttachmentId")
    assert (await fetch(alice, text.get("Id", ""))).texts("t:Content") == ["ZGVlcA=="]
    assert (await fetch(alice, card.get("Id", ""))).texts("t:DisplayName") == ["Inner"]


async def test_mime_of_an_attached_event_is_what_was_attached(stand: Stand, alice: Client) -> None:
    octets = TASK.replace(b"VTODO", b"VEVENT").replace(b"UID:t", b"UID:t\r\nDTSTART:20270101T100000Z\r\nX-OWN:kept")
    inside = f"<t:MimeContent>{base64.b64encode(octets).decode()}</t:MimeContent>"
    named = await attach(alice, await holder(stand, "Message"), item("CalendarItem", inside))
    said = await fetch(alice, named, "<t:IncludeMimeContent>true</t:IncludeMimeContent>")
    assert b"X-OWN:kept" in base64.b64decode(said.texts("t:MimeContent")[0])


@pytest.mark.parametrize(
    ("attachment", "code"),
    [
        ("<t:ItemAttachment><t:Name>x</t:Name></t:ItemAttachment>", "ErrorInvalidRequest"),
        (item("CalendarItem", "<t:MimeContent>eA==</t:MimeContent>"), "ErrorMimeContentInvalid"),
        (item("Contact", "<t:MimeContent>eA==</t:MimeContent>"), "ErrorMimeContentInvalid"),
        (item("Task", "<t:Nonsense>x</t:Nonsense>"), "ErrorInvalidPropertySet"),
    ],
)
@pytest.mark.parametrize("outer", ["Message", "CalendarItem"])
async def test_what_is_no_item_changes_nothing(
    stand: Stand, alice: Client, outer: str, attachment: str, code: str
) -> None:
    ident = await holder(stand, outer)
    path = "INBOX" if outer == "Message" else "Calendar"
    before = await stand.house.bodies("alice", path)
    inside = f'<m:ParentItemId Id="{ident}"/><m:Attachments>{attachment}</m:Attachments>'
    assert (await alice.ask(f"<m:CreateAttachment>{inside}</m:CreateAttachment>")).code == code
    assert await stand.house.bodies("alice", path) == before
