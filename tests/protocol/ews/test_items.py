"""Items: what other protocols have put there stays, and what of it is told to whom."""

from __future__ import annotations

import asyncio
import base64
from unittest import mock

import pytest

from connectors.ews.ids import item_id, occurrence_id
from groupware.calendar import counters
from groupware.calendar.item import read_item as read_event
from groupware.contacts.card import read_item as read_card
from groupware.model.errors import TryAgain
from groupware.model.item import NewItem
from groupware.model.rights import Right
from groupware.store.api import WriteTx
from tests.support.ewsstand import Client, Said, Stand

ITEM = "<m:ItemShape><t:BaseShape>AllProperties</t:BaseShape></m:ItemShape>"
MAIL = b"From: Bob <bob@example.test>\r\nTo: alice@example.test\r\nSubject: %b\r\nMessage-ID: <%b@x>\r\n%b\r\nHello\r\n"
EVENT = """BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//x//EN\r
BEGIN:VEVENT\r
UID:u1\r
DTSTAMP:20260101T000000Z\r
DTSTART;TZID=Europe/Berlin:20270301T100000\r
DTEND;TZID=Europe/Berlin:20270301T110000\r
SUMMARY:Old\r
X-OWN;X-P=1:kept\r
ATTACH:https://x.test/a.pdf\r
GEO:1.5;2.5\r
RRULE:FREQ=DAILY;COUNT=5\r
BEGIN:VALARM\r
ACTION:EMAIL\r
TRIGGER:-P1D\r
SUMMARY:a\r
DESCRIPTION:a\r
ATTENDEE:mailto:a@x.test\r
END:VALARM\r
END:VEVENT\r
END:VCALENDAR\r
"""


def mail(word: str, more: str = "") -> bytes:
    return MAIL % (word.encode(), word.encode(), more.encode())


async def put(stand: Stand, new: NewItem, path: str, of: str = "alice") -> int:
    def work(tx: WriteTx) -> int:
        at = tx.locate(tx.account(f"{of}@example.test").id, path, Right.INSERT)
        return tx.append(at.id, [new])[0].id

    return await stand.house.write(work)


async def event(stand: Stand, text: str = EVENT, of: str = "alice") -> int:
    return await put(stand, (await read_event(text.encode(), stand.house.blobs, "e.ics"))[1], "Calendar", of)


async def get(client: Client, ident: str, shape: str = ITEM) -> Said:
    return await client.ask(f'<m:GetItem>{shape}<m:ItemIds><t:ItemId Id="{ident}"/></m:ItemIds></m:GetItem>')


async def find(client: Client, folder: str, inside: str = "", shape: str = "") -> Said:
    shape = shape or "<m:ItemShape><t:BaseShape>Default</t:BaseShape></m:ItemShape>"
    where = f'<m:ParentFolderIds><t:DistinguishedFolderId Id="{folder}"/></m:ParentFolderIds>'
    parts = inside.split("<!--behind-->")
    return await client.ask(
        f'<m:FindItem Traversal="Shallow">{shape}{parts[0]}{where}{"".join(parts[1:])}</m:FindItem>'
    )


def change(ident: str, uri: str, inside: str, kind: str = "CalendarItem", how: str = "SetItemField") -> str:
    field = f'<t:{how}><t:FieldURI FieldURI="{uri}"/><t:{kind}>{inside}</t:{kind}></t:{how}>'
    item = f'<t:ItemChange><t:ItemId Id="{ident}"/><t:Updates>{field}</t:Updates></t:ItemChange>'
    return (
        '<m:UpdateItem ConflictResolution="AutoResolve" MessageDisposition="SaveOnly"'
        f' SendMeetingInvitationsOrCancellations="SendToNone"><m:ItemChanges>{item}</m:ItemChanges></m:UpdateItem>'
    )


async def test_what_caldav_stored_survives_a_change(stand: Stand, alice: Client) -> None:
    ident = item_id(await event(stand))  # type: ignore[arg-type]
    got = await alice.ask(change(ident, "item:Subject", "<t:Subject>New</t:Subject>"))
    assert got.code == "NoError", got.body
    [octets] = await stand.house.bodies("alice", "Calendar")
    for line in (b"SUMMARY:New", b"X-OWN;X-P=1:kept", b"ATTACH:https://x.test/a.pdf", b"GEO:1.5;2.5", b"ACTION:EMAIL"):
        assert line in octets, octets
    assert got.ids() == [ident]


async def test_an_occurrence_is_changed_by_itself(stand: Stand, alice: Client) -> None:
    number = await event(stand)
    day = occurrence_id(number, "2027-03-03T10:00:00")  # type: ignore[arg-type]
    change_ = change(day, "calendar:Location", "<t:Location>There</t:Location>").replace("ItemId Id", "ItemId Id")
    assert (await alice.ask(change_)).code == "NoError"
    [octets] = await stand.house.bodies("alice", "Calendar")
    assert b"RECURRENCE-ID;TZID=Europe/Berlin:20270303T100000" in octets and b"LOCATION:There" in octets
    got = await get(alice, day)
    assert got.texts("t:CalendarItemType") == ["Exception"] and got.texts("t:Location") == ["There"]
    by_index = f'<t:OccurrenceItemId RecurringMasterId="{item_id(number)}" InstanceIndex="3"/>'  # type: ignore[arg-type]
    got = await alice.ask(f"<m:GetItem>{ITEM}<m:ItemIds>{by_index}</m:ItemIds></m:GetItem>")
    assert got.ids() == [day]
    master = f'<t:RecurringMasterItemId OccurrenceId="{day}"/>'
    got = await alice.ask(f"<m:GetItem>{ITEM}<m:ItemIds>{master}</m:ItemIds></m:GetItem>")
    assert got.texts("t:CalendarItemType") == ["RecurringMaster"]
    late = by_index.replace('"3"', '"6"')
    got = await alice.ask(f"<m:GetItem>{ITEM}<m:ItemIds>{late}</m:ItemIds></m:GetItem>")
    assert got.code == "ErrorCalendarOccurrenceIndexIsOutOfRecurrenceRange"


async def test_what_is_private_of_others_is_not_told(stand: Stand, alice: Client, bob: Client) -> None:
    await event(stand, EVENT.replace("SUMMARY:Old", "SUMMARY:Secret\r\nCLASS:PRIVATE"))
    await stand.share("alice", "Calendar", "bob@example.test", "lr")
    box = "<t:Mailbox><t:EmailAddress>alice@example.test</t:EmailAddress></t:Mailbox>"
    calendar = f'<t:DistinguishedFolderId Id="calendar">{box}</t:DistinguishedFolderId>'
    where = f"<m:ParentFolderIds>{calendar}</m:ParentFolderIds>"
    view = '<m:CalendarView StartDate="2027-03-01T00:00:00Z" EndDate="2027-03-09T00:00:00Z"/>'
    shape = "<m:ItemShape><t:BaseShape>Default</t:BaseShape></m:ItemShape>"
    ask = f'<m:FindItem Traversal="Shallow">{shape}{view}{where}</m:FindItem>'
    assert (await bob.ask(ask)).texts("t:Subject") == []
    await stand.share("alice", "Calendar", "bob@example.test", "lr5")
    assert (await bob.ask(ask)).texts("t:Subject") == ["Secret"] * 5


async def test_alarms_of_others_are_not_told(stand: Stand, bob: Client) -> None:
    text = EVENT.replace("ACTION:EMAIL", "ACTION:DISPLAY").replace("TRIGGER:-P1D", "TRIGGER:-PT5M")
    number = await event(stand, text)
    await stand.share("alice", "Calendar", "bob@example.test", "lr")
    got = await get(bob, item_id(number))  # type: ignore[arg-type]
    assert got.texts("t:ReminderIsSet") == ["false"]


async def test_a_contact_of_version_3_stays_one(stand: Stand, alice: Client) -> None:
    card = (
        b"BEGIN:VCARD\r\nVERSION:3.0\r\nUID:c1\r\nFN:A B\r\nN:B;A;;;\r\nX-ODD:kept\r\nTEL;TYPE=HOME:1\r\nEND:VCARD\r\n"
    )
    number = await put(stand, (await read_card(card, stand.house.blobs, "c.vcf"))[1], "Contacts")
    ident = item_id(number)  # type: ignore[arg-type]
    assert (await get(alice, ident)).find("t:Entry[@Key='HomePhone']")
    index = '<t:IndexedFieldURI FieldURI="contacts:EmailAddress" FieldIndex="EmailAddress1"/>'
    inside = '<t:EmailAddresses><t:Entry Key="EmailAddress1">a@x.test</t:Entry></t:EmailAddresses>'
    said = change(ident, "x", inside, "Contact").replace('<t:FieldURI FieldURI="x"/>', index)
    assert (await alice.ask(said)).code == "NoError"
    [octets] = await stand.house.bodies("alice", "Contacts")
    assert (
        b"VERSION:3.0" in octets and b"X-ODD:kept" in octets and b"a@x.test" in octets and b"TEL;TYPE=HOME:1" in octets
    )


async def test_a_change_that_came_too_late_is_refused(stand: Stand, alice: Client) -> None:
    ident = item_id(await stand.put("alice", mail("one")))  # type: ignore[arg-type]
    [key] = [each.get("ChangeKey") for each in (await get(alice, ident)).find("t:ItemId")]
    read = change(ident, "message:IsRead", "<t:IsRead>true</t:IsRead>", "Message")
    assert (await alice.ask(read)).code == "NoError"
    late = read.replace("true</t", "false</t").replace("AutoResolve", "NeverOverwrite")
    late = late.replace(f'ItemId Id="{ident}"', f'ItemId Id="{ident}" ChangeKey="{key}"')
    assert (await alice.ask(late)).code == "ErrorIrresolvableConflict"
    assert (await get(alice, ident)).texts("t:IsRead") == ["true"]


async def test_a_body_is_told_as_it_is_wanted(stand: Stand, alice: Client) -> None:
    more = "MIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n"
    octets = mail("h", more).replace(b"Hello", b"<p>A &amp; <b>B</b></p>")
    ident = item_id(await stand.put("alice", octets))  # type: ignore[arg-type]
    for kind, text in (("HTML", "<p>A &amp; <b>B</b></p>"), ("Text", "A & B"), ("Best", "<p>A &amp; <b>B</b></p>")):
        got = await get(alice, ident, ITEM.replace("</m:", f"<t:BodyType>{kind}</t:BodyType></m:"))
        assert [each.strip() for each in got.texts("t:Body")] == [text]


async def test_nothing_of_a_message_can_break_the_answer(stand: Stand, alice: Client) -> None:
    odd = (
        b'Subject: a\x01b\xff\xfe</t:Subject>&lt;\r\nX-\x7f: \x00\r\nFrom: "<x>" <a@b>\r\n\r\n\x0b\x0c]]>\r\n'.replace(
            b"\x00", b""
        )
    )
    ident = item_id(await stand.put("alice", odd))  # type: ignore[arg-type]
    got = await get(alice, ident)
    assert got.code == "NoError" and got.texts("t:Subject")[0].startswith("a")


@pytest.mark.parametrize(
    ("restriction", "found"),
    [
        ('<t:IsEqualTo><t:FieldURI FieldURI="item:Subject"/>{}</t:IsEqualTo>', "two"),
        ('<t:IsGreaterThan><t:FieldURI FieldURI="item:Subject"/>{}</t:IsGreaterThan>', "one"),
        ('<t:Not><t:IsEqualTo><t:FieldURI FieldURI="item:Subject"/>{}</t:IsEqualTo></t:Not>', "two"),
        (
            '<t:And><t:Exists><t:FieldURI FieldURI="message:From"/></t:Exists>'
            '<t:IsEqualTo><t:FieldURI FieldURI="message:IsRead"/>{}</t:IsEqualTo></t:And>',
            "false",
        ),
    ],
)
async def test_restrictions_decide(stand: Stand, alice: Client, restriction: str, found: str) -> None:
    for word in ("one", "two", "three"):
        await stand.put("alice", mail(word))
    constant = f'<t:FieldURIOrConstant><t:Constant Value="{found}"/></t:FieldURIOrConstant>'
    got = await find(alice, "inbox", f"<m:Restriction>{restriction.format(constant)}</m:Restriction>")
    wanted = {
        "IsEqualTo": {"two"},
        "IsGreaterThan": {"two", "three"},
        "Not": {"one", "three"},
        "And": {"one", "two", "three"},
    }
    name = restriction[3:].partition(">")[0]
    assert set(got.texts("t:Subject")) == wanted[name]


async def test_a_listing_is_told_in_pages_and_groups(stand: Stand, alice: Client) -> None:
    for word in ("one", "two", "three", "four"):
        await stand.put("alice", mail(word))
    page = '<m:IndexedPageItemView MaxEntriesReturned="3" Offset="{}" BasePoint="Beginning"/>'
    first, second = await find(alice, "inbox", page.format(0)), await find(alice, "inbox", page.format(3))
    assert first.texts("t:Subject") == ["four", "three", "two"] and second.texts("t:Subject") == ["one"]
    assert [
        root.get("IncludesLastItemInRange") for root in (*first.find("m:RootFolder"), *second.find("m:RootFolder"))
    ] == [
        "false",
        "true",
    ]
    half = '<m:FractionalPageItemView MaxEntriesReturned="9" Numerator="1" Denominator="2"/>'
    assert (await find(alice, "inbox", half)).texts("t:Subject") == ["two", "one"]
    group = (
        '<m:GroupBy Order="Ascending"><t:FieldURI FieldURI="message:IsRead"/>'
        '<t:AggregateOn Aggregate="Maximum"><t:FieldURI FieldURI="item:DateTimeReceived"/></t:AggregateOn></m:GroupBy>'
    )
    got = await find(alice, "inbox", group)
    assert len(got.find("t:GroupedItems")) == 1 and len(got.find("t:Message")) == 4
    query = "<!--behind--><m:QueryString>subject:two</m:QueryString>"
    assert (await find(alice, "inbox", query)).texts("t:Subject") == ["two"]


async def test_conversations_are_what_belongs_together(stand: Stand, alice: Client) -> None:
    await stand.put("alice", mail("one"))
    await stand.put("alice", mail("Re", "In-Reply-To: <one@x>\r\nReferences: <one@x>\r\n"))
    await stand.put("alice", mail("other"))
    where = '<m:ParentFolderId><t:DistinguishedFolderId Id="inbox"/></m:ParentFolderId>'
    got = await alice.ask(f"<m:FindConversation>{where}</m:FindConversation>")
    assert sorted(got.texts("t:MessageCount")) == ["1", "2"]
    [both] = [each for each in got.find("t:Conversation") if each.findtext("{*}MessageCount") == "2"]
    ident = both.find("{*}ConversationId").get("Id")  # type: ignore[union-attr]
    said = f'<t:ConversationAction><t:Action>Delete</t:Action><t:ConversationId Id="{ident}"/></t:ConversationAction>'
    ask = (
        f"<m:ApplyConversationAction><m:ConversationActions>{said}</m:ConversationActions></m:ApplyConversationAction>"
    )
    assert (await alice.ask(ask)).code == "NoError"
    assert len(await stand.house.items("alice")) == 1 and len(await stand.house.items("alice", "Trash")) == 2


async def test_mime_comes_in_as_it_is(stand: Stand, alice: Client) -> None:
    octets = mail("mime")
    coded = base64.b64encode(octets).decode()
    prop = (
        '<t:ExtendedProperty><t:ExtendedFieldURI PropertyTag="0x0E07" PropertyType="Integer"/>'
        "<t:Value>1</t:Value></t:ExtendedProperty>"
    )
    item = f"<t:Message><t:MimeContent>{coded}</t:MimeContent>{prop}</t:Message>"
    saved = '<m:SavedItemFolderId><t:DistinguishedFolderId Id="inbox"/></m:SavedItemFolderId>'
    ask = f'<m:CreateItem MessageDisposition="SaveOnly">{saved}<m:Items>{item}</m:Items></m:CreateItem>'
    assert (await alice.ask(ask)).code == "NoError"
    [stored] = await stand.house.items("alice")
    assert await stand.house.blobs.read(stored.blob) == octets
    assert stored.flags.name == "SEEN"
    bad = ask.replace(coded, "%%%")
    assert (await alice.ask(bad)).code == "ErrorMimeContentInvalidBase64String"
    unknown = ask.replace("<t:MimeContent>", "<t:NoSuchThing/><t:MimeContent>")
    assert (await alice.ask(unknown)).code == "ErrorInvalidPropertySet"
    assert len(await stand.house.items("alice")) == 1


async def test_notes_are_made_and_changed(stand: Stand, alice: Client) -> None:
    body = '<t:Body BodyType="Text">Text, here</t:Body>'
    note = f"<t:Message><t:ItemClass>IPM.StickyNote</t:ItemClass><t:Subject>N</t:Subject>{body}</t:Message>"
    got = await alice.ask(f'<m:CreateItem MessageDisposition="SaveOnly"><m:Items>{note}</m:Items></m:CreateItem>')
    assert got.code == "NoError", got.body
    [ident] = got.ids()
    got = await get(alice, ident)
    assert got.texts("t:ItemClass") == ["IPM.StickyNote"], got.body
    assert got.texts("t:Body") == ["Text, here"]
    assert (await alice.ask(change(ident, "item:Subject", "<t:Subject>M</t:Subject>", "Message"))).code == "NoError"
    [octets] = await stand.house.bodies("alice", "Notes")
    assert b"SUMMARY:M" in octets and b"DESCRIPTION:Text\\, here" in octets


async def test_a_meeting_that_came_by_mail_is_answered(stand: Stand, alice: Client) -> None:
    lines = EVENT.replace("VERSION:2.0", "VERSION:2.0\r\nMETHOD:REQUEST").replace(
        "SUMMARY:Old", "SUMMARY:Old\r\nORGANIZER:mailto:o@else.test\r\nATTENDEE;RSVP=TRUE:mailto:alice@example.test"
    )
    more = "MIME-Version: 1.0\r\nContent-Type: text/calendar; method=REQUEST; charset=utf-8\r\n"
    ident = item_id(await stand.put("alice", mail("inv", more).replace(b"Hello\r\n", lines.encode())))  # type: ignore[arg-type]
    got = await get(alice, ident)
    assert got.find("t:MeetingRequest") and got.texts("t:ItemClass") == ["IPM.Schedule.Meeting.Request"]
    assert got.texts("t:Start")[0] == "2027-03-01T09:00:00Z"
    answer = f'<t:AcceptItem><t:ReferenceItemId Id="{ident}"/></t:AcceptItem>'
    ask = f'<m:CreateItem MessageDisposition="SendAndSaveCopy"><m:Items>{answer}</m:Items></m:CreateItem>'
    got = await alice.ask(ask)
    assert got.code == "NoError", got.body
    [octets] = await stand.house.bodies("alice", "Calendar")
    assert b"PARTSTAT=ACCEPTED" in octets and b"METHOD" not in octets
    assert len(await stand.house.queued()) == 1
    [there] = await stand.house.items("alice", "Calendar")
    assert (await get(alice, ident)).ids("t:AssociatedCalendarItemId") == [item_id(there.id)]


async def test_suggestions_are_times_when_all_can_meet(stand: Stand, alice: Client) -> None:
    await event(stand, EVENT.replace("RRULE:FREQ=DAILY;COUNT=5\r\n", ""))
    zone = (
        "<t:TimeZone><t:Bias>-60</t:Bias><t:StandardTime><t:Bias>0</t:Bias><t:Time>03:00:00</t:Time><t:DayOrder>5"
        "</t:DayOrder><t:Month>10</t:Month><t:DayOfWeek>Sunday</t:DayOfWeek></t:StandardTime><t:DaylightTime><t:Bias>-60"
        "</t:Bias><t:Time>02:00:00</t:Time><t:DayOrder>5</t:DayOrder><t:Month>3</t:Month><t:DayOfWeek>Sunday</t:DayOfWeek>"
        "</t:DaylightTime></t:TimeZone>"
    )
    box = (
        "<m:MailboxDataArray><t:MailboxData><t:Email><t:Address>alice@example.test</t:Address></t:Email>"
        "<t:AttendeeType>Required</t:AttendeeType></t:MailboxData></m:MailboxDataArray>"
    )
    window = "<t:StartTime>2027-03-01T00:00:00</t:StartTime><t:EndTime>2027-03-02T00:00:00</t:EndTime>"
    view = (
        f"<t:FreeBusyViewOptions><t:TimeWindow>{window}</t:TimeWindow><t:MergedFreeBusyIntervalInMinutes>60"
        "</t:MergedFreeBusyIntervalInMinutes><t:RequestedView>FreeBusyMerged</t:RequestedView></t:FreeBusyViewOptions>"
        "<t:SuggestionsViewOptions><t:MaximumResultsByDay>3</t:MaximumResultsByDay><t:MeetingDurationInMinutes>60"
        f"</t:MeetingDurationInMinutes><t:DetailedSuggestionsWindow>{window}</t:DetailedSuggestionsWindow>"
        "</t:SuggestionsViewOptions>"
    )
    got = await alice.ask(f"<m:GetUserAvailabilityRequest>{zone}{box}{view}</m:GetUserAvailabilityRequest>")
    assert got.texts("t:MergedFreeBusy") == ["000000000020000000000000"]
    assert got.texts("t:StartTime") == ["2027-03-01T10:00:00"]
    assert got.texts("t:MeetingTime")[:2] == ["2027-03-01T08:00:00", "2027-03-01T08:30:00"]
    assert got.texts("t:SuggestionQuality") == ["Excellent"] * 3


async def test_a_file_of_an_event_is_that_of_caldav(stand: Stand, alice: Client) -> None:
    ident = item_id(await event(stand))  # type: ignore[arg-type]
    file = "<t:FileAttachment><t:Name>a.txt</t:Name><t:Content>b2N0ZXRz</t:Content></t:FileAttachment>"
    ask = (
        f'<m:CreateAttachment><m:ParentItemId Id="{ident}"/><m:Attachments>{file}</m:Attachments></m:CreateAttachment>'
    )
    got = await alice.ask(ask)
    assert got.code == "NoError", got.body
    [named] = got.ids("t:AttachmentId")
    [octets] = await stand.house.bodies("alice", "Calendar")
    assert b"MANAGED-ID=" in octets.replace(b"\r\n ", b"") and b"ATTACH:https://x.test/a.pdf" in octets
    assert (await get(alice, ident)).texts("t:HasAttachments") == ["true"]
    ids = f'<m:AttachmentIds><t:AttachmentId Id="{named}"/></m:AttachmentIds>'
    got = await alice.ask(f"<m:GetAttachment><m:AttachmentShape/>{ids}</m:GetAttachment>")
    assert got.texts("t:Content") == ["b2N0ZXRz"] and got.texts("t:Name") == ["a.txt"]
    assert (await alice.ask(f"<m:DeleteAttachment>{ids}</m:DeleteAttachment>")).code == "NoError"
    [octets] = await stand.house.bodies("alice", "Calendar")
    assert b"MANAGED-ID" not in octets and b"ATTACH:https://x.test/a.pdf" in octets


async def test_who_may_know_titles_is_told_titles(stand: Stand, bob: Client) -> None:
    await event(stand, EVENT.replace("SUMMARY:Old", "SUMMARY:Old\r\nLOCATION:Hidden\r\nDESCRIPTION:Hidden"))
    await stand.share("alice", "Calendar", "bob@example.test", "l98")
    box = "<t:Mailbox><t:EmailAddress>alice@example.test</t:EmailAddress></t:Mailbox>"
    calendar = f'<t:DistinguishedFolderId Id="calendar">{box}</t:DistinguishedFolderId>'
    where = f"<m:ParentFolderIds>{calendar}</m:ParentFolderIds>"
    view = '<m:CalendarView StartDate="2027-03-01T00:00:00Z" EndDate="2027-03-02T00:00:00Z"/>'
    for part, many in ((view, 1), ("", 1)):
        got = await bob.ask(f'<m:FindItem Traversal="Shallow">{ITEM}{part}{where}</m:FindItem>')
        assert got.texts("t:Subject") == ["Old"] * many, got.body
        assert b"Hidden" not in got.body


async def test_contacts_are_told_from_one_name_to_another(stand: Stand, alice: Client) -> None:
    for name in ("Anna", "Berta", "Cleo"):
        text = f"BEGIN:VCARD\r\nVERSION:4.0\r\nUID:{name}\r\nFN:{name}\r\nEND:VCARD\r\n"
        await put(stand, (await read_card(text.encode(), stand.house.blobs, f"{name}.vcf"))[1], "Contacts")
    got = await find(alice, "contacts", '<m:ContactsView InitialName="b" FinalName="c"/>')
    assert got.texts("t:DisplayName") == ["Berta"]


async def test_another_time_is_proposed(stand: Stand, alice: Client, bob: Client) -> None:
    who = "<t:Attendee><t:Mailbox><t:EmailAddress>bob@example.test</t:EmailAddress></t:Mailbox></t:Attendee>"
    times = "<t:Start>2027-03-01T09:00:00Z</t:Start><t:End>2027-03-01T10:00:00Z</t:End>"
    people = f"<t:RequiredAttendees>{who}</t:RequiredAttendees>"
    made = f"<t:CalendarItem><t:Subject>M</t:Subject>{times}{people}</t:CalendarItem>"
    ask = f'<m:CreateItem SendMeetingInvitations="SendToAllAndSaveCopy"><m:Items>{made}</m:Items></m:CreateItem>'
    assert (await alice.ask(ask)).code == "NoError"
    [copy] = await stand.house.items("bob", "Calendar")
    start, end = "2027-03-01T12:00:00Z", "2027-03-01T13:00:00Z"
    proposed = f"<t:ProposedStart>{start}</t:ProposedStart><t:ProposedEnd>{end}</t:ProposedEnd>"
    reference = f'<t:ReferenceItemId Id="{item_id(copy.id)}"/>'
    answer = f"<t:TentativelyAcceptItem>{reference}{proposed}</t:TentativelyAcceptItem>"
    got = await bob.ask(f'<m:CreateItem MessageDisposition="SendOnly"><m:Items>{answer}</m:Items></m:CreateItem>')
    assert got.code == "NoError", got.body
    me = await stand.house.read(lambda tx: tx.identity(tx.account("alice@example.test").id))
    [waiting] = await counters.pending(stand.house.store, stand.house.blobs, me)
    assert waiting.title == "M" and waiting.read.shown.text("DTSTART") == "20270301T120000Z"
    await counters.accept(stand.house.store, stand.house.blobs, me, waiting.number)
    [octets] = await stand.house.bodies("bob", "Calendar")
    assert b"20270301T120000" in octets


async def test_two_requests_at_once_send_a_draft_once(stand: Stand, alice: Client) -> None:
    to = "<t:ToRecipients><t:Mailbox><t:EmailAddress>bob@example.test</t:EmailAddress></t:Mailbox></t:ToRecipients>"
    made = f"<t:Message><t:Subject>Once</t:Subject>{to}</t:Message>"
    got = await alice.ask(f'<m:CreateItem MessageDisposition="SaveOnly"><m:Items>{made}</m:Items></m:CreateItem>')
    ids = f'<m:ItemIds><t:ItemId Id="{got.ids()[0]}"/></m:ItemIds>'
    send = f'<m:SendItem SaveItemToFolder="true">{ids}</m:SendItem>'
    said = await asyncio.gather(*[alice.ask(send) for _ in range(3)])
    assert [each.code for each in (*said, await alice.ask(send))] == ["NoError"] * 4
    assert (len(await stand.house.bodies("bob")), len(await stand.house.bodies("alice", "Sent"))) == (1, 1)


async def test_a_draft_that_left_before_a_crash_gets_its_copy_and_leaves_no_more(stand: Stand, alice: Client) -> None:
    to = "<t:ToRecipients><t:Mailbox><t:EmailAddress>bob@example.test</t:EmailAddress></t:Mailbox></t:ToRecipients>"
    made = f"<t:Message><t:Subject>Once</t:Subject>{to}</t:Message>"
    got = await alice.ask(f'<m:CreateItem MessageDisposition="SaveOnly"><m:Items>{made}</m:Items></m:CreateItem>')
    ids = f'<m:ItemIds><t:ItemId Id="{got.ids()[0]}"/></m:ItemIds>'
    with mock.patch("connectors.ews.create_item._after", side_effect=TryAgain("cut off")):
        await alice.ask(f'<m:SendItem SaveItemToFolder="true">{ids}</m:SendItem>')
    assert (await alice.ask(f'<m:SendItem SaveItemToFolder="true">{ids}</m:SendItem>')).code == "NoError"
    found = [len(await stand.house.bodies(*each)) for each in (("bob",), ("alice", "Sent"), ("alice", "Drafts"))]
    assert found == [1, 1, 0]


async def test_the_unique_body_of_an_answer_is_what_is_new(stand: Stand, alice: Client) -> None:
    head = b"From: a@far.test\r\nSubject: Re: x\r\n"
    text = b"\r\nI come.\r\n\r\nOn Monday, Bob wrote:\r\n> Do you come?\r\n"
    told = []
    for octets in (head + b"In-Reply-To: <1@far.test>\r\n" + text, head + text):
        one = item_id(await stand.put("alice", octets))
        shape = (
            "<m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:BodyType>Text</t:BodyType><t:AdditionalProperties>"
            '<t:FieldURI FieldURI="item:UniqueBody"/></t:AdditionalProperties></m:ItemShape>'
        )
        got = await alice.ask(f'<m:GetItem>{shape}<m:ItemIds><t:ItemId Id="{one}"/></m:ItemIds></m:GetItem>')
        (new,) = got.texts("t:UniqueBody")
        told.append(("I come." in new, "Do you come?" in new))
    assert told == [(True, False), (True, True)]


async def test_html_of_an_event_is_kept_beside_its_text(stand: Stand, alice: Client) -> None:
    html = "&lt;p&gt;Bring &lt;b&gt;paper&lt;/b&gt;, please; thanks&lt;/p&gt;"
    times = "<t:Start>2026-12-01T10:00:00Z</t:Start><t:End>2026-12-01T11:00:00Z</t:End>"
    made = f'<t:CalendarItem><t:Subject>S</t:Subject><t:Body BodyType="HTML">{html}</t:Body>{times}</t:CalendarItem>'
    got = await alice.ask(f'<m:CreateItem SendMeetingInvitations="SendToNone"><m:Items>{made}</m:Items></m:CreateItem>')
    assert got.code == "NoError", got.body
    shape = "<m:ItemShape><t:BaseShape>Default</t:BaseShape><t:BodyType>{}</t:BodyType></m:ItemShape>"
    ids = f'<m:ItemIds><t:ItemId Id="{got.ids()[0]}"/></m:ItemIds>'
    told = [await alice.ask(f"<m:GetItem>{shape.format(kind)}{ids}</m:GetItem>") for kind in ("HTML", "Text")]
    assert [each.texts("t:Body") for each in told] == [
        ["<p>Bring <b>paper</b>, please; thanks</p>"],
        ["Bring paper, please; thanks"],
    ]
    [octets] = await stand.house.bodies("alice", "Calendar")
    stored = octets.decode().replace("\r\n ", "")
    assert "DESCRIPTION:Bring paper\\, please\\; thanks" in stored and "X-ALT-DESC;FMTTYPE=text/html:<p>Bring" in stored


async def test_a_post_is_no_draft_and_a_receipt_that_is_declined_is_asked_for_no_more(
    stand: Stand, alice: Client
) -> None:
    where = '<m:SavedItemFolderId><t:DistinguishedFolderId Id="inbox"/></m:SavedItemFolderId>'
    post = "<t:PostItem><t:Subject>P</t:Subject></t:PostItem>"
    got = await alice.ask(f"<m:CreateItem>{where}<m:Items>{post}</m:Items></m:CreateItem>")
    assert (await get(alice, got.ids()[0])).texts("t:IsDraft") == ["false"]
    reference = f'<t:ReferenceItemId Id="{got.ids()[0]}"/>'
    declined = f"<t:SuppressReadReceipt>{reference}</t:SuppressReadReceipt>"
    got = await alice.ask(f"<m:CreateItem><m:Items>{declined}</m:Items></m:CreateItem>")
    assert got.code == "NoError"
    assert ["$MDNSent" in each.keywords for each in await stand.house.items("alice", "INBOX")] == [True]


async def test_bits_of_what_is_no_number_and_ways_that_there_are_not(stand: Stand, alice: Client) -> None:
    await stand.put("alice", mail("one"))
    excludes = '<m:Restriction><t:Excludes>{}<t:Bitmask Value="0x1"/></t:Excludes></m:Restriction>'
    text, number = (
        '<t:FieldURI FieldURI="item:Subject"/>',
        ('<t:ExtendedFieldURI PropertyTag="0x0e07" PropertyType="Integer"/>'),
    )
    assert (await find(alice, "inbox", excludes.format(text))).texts("t:Subject") == []
    assert (await find(alice, "inbox", excludes.format(number))).texts("t:Subject") == ["one"]
    where = '<m:ParentFolderIds><t:DistinguishedFolderId Id="inbox"/></m:ParentFolderIds>'
    shape = "<m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape>"
    got = await alice.ask(f'<m:FindItem Traversal="Nonsense">{shape}{where}</m:FindItem>')
    assert got.status == 500 and got.code == "ErrorSchemaValidation"
