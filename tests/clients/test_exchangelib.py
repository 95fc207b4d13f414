"""Exchange Web Services as exchangelib asks for them, against a server process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

import pytest
import zstandard
from exchangelib import Account as Exchange
from exchangelib import (
    Attendee,
    CalendarItem,
    Contact,
    EWSDate,
    EWSDateTime,
    ExtendedProperty,
    FileAttachment,
    HTMLBody,
    ItemAttachment,
    Mailbox,
    Message,
    Task,
)
from exchangelib.errors import (
    ErrorAccessDenied,
    ErrorFolderExists,
    ErrorFolderNotFound,
    ErrorInvalidSyncStateData,
    ErrorItemNotFound,
)
from exchangelib.fields import MONDAY
from exchangelib.folders import Folder
from exchangelib.indexed_properties import EmailAddress, PhoneNumber, PhysicalAddress
from exchangelib.items import SEND_TO_ALL_AND_SAVE_COPY
from exchangelib.recurrence import Recurrence, WeeklyPattern

from groupware.model.ids import EVERY
from groupware.store.api import ReadTx
from mailcore.cli.folders import folder_at
from tests.clients.account import Account
from tests.clients.ewsclient import ZONE, account, trusting
from tests.support.server import RunningServer


@pytest.fixture(scope="module", autouse=True)
def trusted(server: RunningServer) -> Iterator[None]:
    with trusting(server):
        yield


@pytest.fixture
def ews(server: RunningServer, alice: Account) -> Exchange:
    return account(server, alice.person)


LETTER = b"From: Bob <bob@x.test>\r\nTo: a@x.test\r\nSubject: %b\r\nMessage-ID: <%b@x.test>\r\n\r\nHello %b\r\n"


def letter(word: str) -> bytes:
    return LETTER.replace(b"%b", word.encode())


def test_the_tree_of_folders_is_walked(ews: Exchange) -> None:
    assert ews.inbox.folder_class == "IPF.Note"
    assert {each.name for each in ews.msg_folder_root.children} >= {"INBOX", "Sent", "Calendar", "Contacts", "Tasks"}
    assert ews.root / "Top of Information Store" / "Trash" == ews.trash
    assert ews.calendar.folder_class == "IPF.Appointment"


def test_folders_are_made_renamed_moved_and_deleted(ews: Exchange, alice: Account) -> None:
    made = Folder(parent=ews.msg_folder_root, name="Projects")
    made.save()
    inner = Folder(parent=made, name="2026")
    inner.save()
    assert "Projects/2026" in alice.folders()
    with pytest.raises(ErrorFolderExists):
        Folder(parent=made, name="2026").save()
    inner.name = "2027"
    inner.save()
    assert "Projects/2027" in alice.folders()
    inner.move(ews.inbox)
    assert "INBOX/2027" in alice.folders()
    inner.delete()
    assert "INBOX/2027" not in alice.folders()
    alice.put(letter("one"), folder="Projects")
    made.empty(delete_sub_folders=True)
    assert alice.messages("Projects") == []
    made.delete(delete_type="SoftDelete")
    assert "Projects" not in alice.folders()


def test_messages_are_found_read_and_marked(ews: Exchange, alice: Account) -> None:
    alice.put(*[letter(f"word{number}") for number in range(5)])
    found = list(ews.inbox.all().order_by("subject").values_list("subject", "is_read"))
    assert found == [(f"word{number}", False) for number in range(5)]
    assert [each.subject for each in ews.inbox.filter(subject__contains="word3")] == ["word3"]
    assert ews.inbox.filter(subject__icontains="WORD", is_read=False).count() == 5
    assert [each.subject for each in ews.inbox.all().order_by("-subject")[1:3]] == ["word3", "word2"]
    one = ews.inbox.get(subject="word1")
    assert one.sender == Mailbox(name="Bob", email_address="bob@x.test")
    assert one.text_body.strip() == "Hello word1"
    assert one.message_id == "<word1@x.test>"
    assert one.mime_content == letter("word1")
    assert {each.name for each in one.headers} == {"From", "To", "Subject", "Message-ID"}
    one.is_read = True
    one.categories = ["Rot und Grün", "blue"]
    one.save(update_fields=["is_read", "categories"])
    flags = {each.octets: each.flags for each in alice.messages()}[letter("word1")]
    assert flags == {"\\Seen", "blue", "Rot=20und=20Gr=C3=BCn"}
    one.refresh()
    assert one.categories == ["Rot und Grün", "blue"]
    assert ews.inbox.filter(categories__contains=["blue"]).count() == 1
    assert [each.subject for each in ews.inbox.filter("body:word4")] == ["word4"]


def test_messages_are_moved_copied_and_deleted(ews: Exchange, alice: Account) -> None:
    alice.put(letter("one"), letter("two"))
    one, two = (ews.inbox.get(subject=name) for name in ("one", "two"))
    old = one.id
    one.move(ews.drafts)
    assert one.id == old
    assert [each.octets for each in alice.messages("Drafts")] == [letter("one")]
    two.copy(ews.drafts)
    assert len(alice.messages("Drafts")) == 2
    two.move_to_trash()
    assert alice.messages() == []
    assert [each.octets for each in alice.messages("Trash")] == [letter("two")]
    one.delete()
    assert len(alice.messages("Drafts")) == 1
    assert isinstance(next(iter(ews.fetch(ids=[(old, None)]))), ErrorItemNotFound)
    alice.put(letter("three"))
    ews.inbox.get(subject="three").archive(to_folder=ews.inbox)
    assert [each.octets for each in alice.messages("Archive")] == [letter("three")]


def test_a_draft_grows_attachments_and_is_sent(ews: Exchange, alice: Account, bob: Account) -> None:
    draft = Message(
        account=ews,
        folder=ews.drafts,
        subject="Grüße",
        body=HTMLBody("<html><body><p>Hällo <b>Bob</b></p></body></html>"),
        to_recipients=[Mailbox(name="Bob", email_address=bob.address)],
        bcc_recipients=[alice.address],
        importance="High",
        reply_to=[Mailbox(name="Me", email_address=alice.address)],
    )
    draft.save()
    old = draft.id
    draft.attach(FileAttachment(name="grüße.txt", content=b"some octets"))
    draft.attach(FileAttachment(name="b.bin", content=bytes(range(256)), content_type="application/x-b"))
    alice.put(letter("inner"))
    draft.attach(ItemAttachment(name="inner", item=ews.inbox.get(subject="inner")))
    draft.subject = "Grüße 2"
    draft.save(update_fields=["subject"])
    assert draft.id == old
    again = ews.drafts.get(subject="Grüße 2")
    files = {each.name: each for each in again.attachments}
    assert files.keys() == {"grüße.txt", "b.bin", "inner"}
    assert files["b.bin"].content == bytes(range(256))
    assert files["inner"].item.subject == "inner"
    assert again.importance == "High" and again.is_draft
    again.detach(files["grüße.txt"])
    again = ews.drafts.get(subject="Grüße 2")
    assert {each.name for each in again.attachments} == {"b.bin", "inner"}
    again.send()
    [came] = bob.until(1)
    assert b"Bcc" not in came.octets and b"grue" not in came.octets
    assert alice.messages("Drafts") == []
    [kept] = alice.messages("Sent")
    assert "\\Seen" in kept.flags and "\\Draft" not in kept.flags


def test_events_contacts_and_tasks_are_attached_as_what_they_are(ews: Exchange) -> None:
    begin = EWSDateTime(2027, 3, 1, 10, tzinfo=ews.default_timezone)
    inner = [
        CalendarItem(account=ews, folder=ews.calendar, subject="event", start=begin, end=begin + timedelta(hours=1)),
        Contact(account=ews, folder=ews.contacts, given_name="Ann", display_name="contact"),
        Task(account=ews, folder=ews.tasks, subject="task", due_date=begin.date()),
    ]
    draft = Message(account=ews, folder=ews.drafts, subject="with items")
    draft.save()
    for each in inner:
        each.save()
        draft.attach(ItemAttachment(name="inner", item=each))
    files = ews.drafts.get(subject="with items").attachments
    found = [each.item for each in files]
    assert [type(each) for each in found] == [CalendarItem, Contact, Task]
    assert (found[0].subject, found[0].start) == ("event", begin) and found[1].display_name == "contact"
    assert (found[2].subject, found[2].due_date) == ("task", begin.date())


def test_answers_and_messages_that_are_passed_on(
    ews: Exchange, server: RunningServer, alice: Account, bob: Account
) -> None:
    Message(account=ews, subject="Question", body="What?", to_recipients=[bob.address]).send_and_save()
    bob.until(1)
    assert len(alice.messages("Sent")) == 1
    theirs = account(server, bob.person)
    came = theirs.inbox.get(subject="Question")
    came.reply(subject="Re: Question", body="That.")
    [got] = alice.until(1)
    assert b"In-Reply-To: " + came.message_id.encode() in got.octets
    assert b"-----Original Message-----" in got.octets
    assert "\\Answered" in bob.messages()[0].flags
    came.forward(subject="Fwd", body="See", to_recipients=[alice.address])
    assert "$Forwarded" in {flag for each in bob.messages() for flag in each.flags}
    alice.until(2)


def test_another_mailbox_is_opened_by_rights(server: RunningServer, alice: Account, bob: Account) -> None:
    theirs = account(server, bob.person, of=alice.address)
    with pytest.raises((ErrorFolderNotFound, ErrorAccessDenied)):
        theirs.inbox.refresh()
    server.grant(alice.person, "INBOX", bob.person, "lr")
    alice.put(letter("shared"))
    theirs = account(server, bob.person, of=alice.address)
    one = theirs.inbox.get(subject="shared")
    with pytest.raises(ErrorAccessDenied):
        one.delete()
    assert len(alice.messages()) == 1


def test_who_may_act_as_another_impersonates(server: RunningServer, alice: Account, bob: Account) -> None:
    alice.put(letter("mine"))
    theirs = account(server, bob.person, of=alice.address, impersonate=True)
    with pytest.raises(Exception, match="act as"):
        theirs.inbox.refresh()
    server.grant(alice.person, "", bob.person, "la")
    theirs = account(server, bob.person, of=alice.address, impersonate=True)
    assert theirs.inbox.get(subject="mine").subject == "mine"


def test_an_event_is_one_with_that_of_caldav(ews: Exchange, server: RunningServer, alice: Account) -> None:
    start = EWSDateTime(2027, 3, 1, 10, 0, tzinfo=ZONE)
    event = CalendarItem(
        account=ews,
        folder=ews.calendar,
        subject="Planung",
        body="Über alles",
        location="Room 1",
        start=start,
        end=start + timedelta(hours=1),
        categories=["A B"],
        reminder_is_set=True,
        reminder_minutes_before_start=30,
        legacy_free_busy_status="OOF",
        sensitivity="Private",
        recurrence=Recurrence(pattern=WeeklyPattern(interval=1, weekdays=[MONDAY]), start=start.date(), number=4),
    )
    event.save()
    [octets] = objects(server, alice, "Calendar")
    for line in (
        b"SUMMARY:Planung",
        b"DTSTART;TZID=Europe/Berlin:20270301T100000",
        b"RRULE:FREQ=WEEKLY;COUNT=4;BYDAY=MO",
        b"CLASS:PRIVATE",
        b"TRIGGER:-PT30M",
        b"X-MICROSOFT-CDO-BUSYSTATUS:OOF",
    ):
        assert line in octets.replace(b"BYDAY=MO;COUNT=4", b"COUNT=4;BYDAY=MO"), octets
    again = ews.calendar.get(subject="Planung")
    assert (again.start, again.end, again.location) == (event.start, event.end, "Room 1")
    assert again.text_body == "Über alles" and again.categories == ["A B"] and again.type == "RecurringMaster"
    assert again.legacy_free_busy_status == "OOF" and again.sensitivity == "Private"
    assert again.recurrence.pattern.weekdays == [1] and again.recurrence.boundary.number == 4
    assert again.reminder_is_set and again.reminder_minutes_before_start == 30
    shown = list(ews.calendar.view(start=start, end=start + timedelta(days=15)))
    assert [each.start for each in shown] == [start + timedelta(days=7 * number) for number in range(3)]
    third = shown[2]
    third.subject = "Moved"
    third.start, third.end = third.start + timedelta(hours=2), third.end + timedelta(hours=2)
    third.save(update_fields=["subject", "start", "end"])
    shown[1].delete()
    again.refresh()
    assert [each.original_start for each in again.modified_occurrences] == [start + timedelta(days=14)]
    assert [each.start for each in again.deleted_occurrences] == [start + timedelta(days=7)]
    shown = list(ews.calendar.view(start=start, end=start + timedelta(days=15)))
    assert [each.subject for each in shown] == ["Planung", "Moved"]
    [octets] = objects(server, alice, "Calendar")
    assert b"RECURRENCE-ID;TZID=Europe/Berlin:20270315T100000" in octets and b"EXDATE" in octets
    again.delete()
    assert objects(server, alice, "Calendar") == []


def test_whole_days_are_whole_days(ews: Exchange, server: RunningServer, alice: Account) -> None:
    day = EWSDate(2027, 5, 3)
    CalendarItem(
        account=ews, folder=ews.calendar, subject="Off", start=day, end=day + timedelta(days=1), is_all_day=True
    ).save()
    [octets] = objects(server, alice, "Calendar")
    assert b"DTSTART;VALUE=DATE:20270503" in octets
    again = ews.calendar.get(subject="Off")
    assert again.is_all_day and (again.start, again.end) == (day, day + timedelta(days=1))


def test_a_meeting_is_asked_for_answered_and_called_off(
    ews: Exchange, server: RunningServer, alice: Account, bob: Account
) -> None:
    theirs = account(server, bob.person)
    start = EWSDateTime(2027, 4, 1, 9, 0, tzinfo=ZONE)
    event = CalendarItem(
        account=ews,
        folder=ews.calendar,
        subject="Together",
        start=start,
        end=start + timedelta(hours=1),
        required_attendees=[Attendee(mailbox=Mailbox(email_address=bob.address))],
    )
    event.save(send_meeting_invitations=SEND_TO_ALL_AND_SAVE_COPY)
    copy = theirs.calendar.get(subject="Together")
    assert copy.is_meeting and copy.organizer.email_address == alice.address
    assert copy.my_response_type == "NoResponseReceived"
    copy.accept(body="Gladly")
    event.refresh()
    assert [each.response_type for each in event.required_attendees] == ["Accept"]
    event.start, event.end = start + timedelta(hours=1), start + timedelta(hours=2)
    event.save(update_fields=["start", "end"], send_meeting_invitations=SEND_TO_ALL_AND_SAVE_COPY)
    copy = theirs.calendar.get(subject="Together")
    assert copy.start == start + timedelta(hours=1)
    event.delete(send_meeting_cancellations=SEND_TO_ALL_AND_SAVE_COPY)
    assert theirs.calendar.filter(subject="Together", is_cancelled=False).count() == 0


def objects(server: RunningServer, of: Account, path: str) -> list[bytes]:
    """What lies in somebody's folder."""

    def work(tx: ReadTx) -> list[bytes]:
        at = folder_at(tx, of.address, path)
        return [zstandard.decompress(tx.body(each.blob) or b"") for each in tx.items(at.id, EVERY)]

    return server.read(work)


def test_a_contact_keeps_what_carddav_says(ews: Exchange, server: RunningServer, alice: Account) -> None:
    contact = Contact(
        account=ews,
        folder=ews.contacts,
        display_name="Zoë Müller",
        given_name="Zoë",
        surname="Müller",
        company_name="ACME",
        job_title="Boss",
        email_addresses=[
            EmailAddress(label="EmailAddress1", email="z@x.test"),
            EmailAddress(label="EmailAddress2", email="z2@x.test"),
        ],
        phone_numbers=[
            PhoneNumber(label="MobilePhone", phone_number="+49 1"),
            PhoneNumber(label="BusinessPhone", phone_number="+49 2"),
        ],
        physical_addresses=[PhysicalAddress(label="Home", street="Weg 1", city="Köln", zipcode="50667", country="DE")],
        birthday=EWSDate(1980, 2, 3),
        manager="The Manager",
        categories=["friends"],
        body="A note",
    )
    contact.save()
    [octets] = objects(server, alice, "Contacts")
    for line in (b"N:M\xc3\xbcller;Zo\xc3\xab;;;", b"ORG:ACME", b"BDAY:19800203", b"CATEGORIES:friends"):
        assert line in octets, octets
    again = ews.contacts.get(surname="Müller")
    assert again.display_name == "Zoë Müller" and again.manager == "The Manager" and again.job_title == "Boss"
    assert [each.email for each in again.email_addresses] == ["z@x.test", "z2@x.test"]
    assert {each.label: each.phone_number for each in again.phone_numbers} == {
        "MobilePhone": "+49 1",
        "BusinessPhone": "+49 2",
    }
    assert again.physical_addresses[0].city == "Köln" and again.birthday == EWSDate(1980, 2, 3)
    again.phone_numbers = [PhoneNumber(label="MobilePhone", phone_number="+49 3")]
    again.surname = "Meier"
    again.save(update_fields=["phone_numbers", "surname"])
    again.refresh()
    assert {each.label: each.phone_number for each in again.phone_numbers} == {"MobilePhone": "+49 3"}
    assert again.display_name == "Zoë Meier"
    [octets] = objects(server, alice, "Contacts")
    assert b"ORG:ACME" in octets and b"NOTE:A note" in octets


def test_tasks_are_made_and_done(ews: Exchange, server: RunningServer, alice: Account) -> None:
    task = Task(
        account=ews, folder=ews.tasks, subject="Do it", due_date=EWSDate(2027, 6, 1), importance="High", body="Now"
    )
    task.save()
    [octets] = objects(server, alice, "Tasks")
    assert b"DUE;VALUE=DATE:20270601" in octets and b"PRIORITY:1" in octets
    again = ews.tasks.get(subject="Do it")
    assert again.due_date == EWSDate(2027, 6, 1) and again.status == "NotStarted"
    again.complete()
    again = ews.tasks.get(subject="Do it")
    assert again.is_complete and again.status == "Completed"
    [octets] = objects(server, alice, "Tasks")
    assert b"STATUS:COMPLETED" in octets
    again.delete()
    assert objects(server, alice, "Tasks") == []


class Ours(ExtendedProperty):
    property_set_id = "01234567-89ab-cdef-fedc-ba9876543210"
    property_name = "Our Property"
    property_type = "String"


def test_properties_of_mapi_are_kept(ews: Exchange, alice: Account) -> None:
    Message.register("ours", Ours)
    try:
        made = Message(account=ews, folder=ews.drafts, subject="With", ours="something")
        made.save()
        again = ews.drafts.get(subject="With")
        assert again.ours == "something"
        again.ours = "else"
        again.save(update_fields=["ours"])
        again.subject = "Changed"
        again.save(update_fields=["subject"])
        moved = ews.drafts.get(subject="Changed")
        moved.move(ews.inbox)
        assert ews.inbox.filter(ours="else").count() == 1
    finally:
        Message.deregister("ours")


def test_what_changes_is_synchronised(ews: Exchange, alice: Account) -> None:
    alice.put(*[letter(f"w{number}") for number in range(5)])
    first = dict_of(ews.inbox.sync_items(max_changes_returned=2))
    assert sorted(first) == [f"w{number}" for number in range(5)] and set(first.values()) == {"create"}
    state = ews.inbox.item_sync_state
    assert list(ews.inbox.sync_items()) == [] and ews.inbox.item_sync_state == state
    alice.flag(2, "\\Seen")
    alice.flag(3, "\\Deleted")
    alice.expunge()
    alice.put(letter("new"))
    changes = list(ews.inbox.sync_items())
    assert [how for how, _ in changes].count("delete") == 1
    assert dict_of(each for each in changes if each[0] != "delete") == {"w1": "update", "new": "create"}
    assert list(ews.inbox.sync_items()) == []
    ews.inbox.item_sync_state = "bm9uc2Vuc2U="
    with pytest.raises(ErrorInvalidSyncStateData):
        list(ews.inbox.sync_items())


def dict_of(changes: Iterable[tuple[str, Message]]) -> dict[str, str]:
    return {item.subject: how for how, item in changes}


def test_folders_are_synchronised(ews: Exchange, alice: Account) -> None:
    top = ews.msg_folder_root
    assert "INBOX" in {folder.name for how, folder in top.sync_hierarchy()}
    assert list(top.sync_hierarchy()) == []
    alice.create("Fresh")
    assert [(how, folder.name) for how, folder in top.sync_hierarchy()] == [("create", "Fresh")]
    (top / "Fresh").delete()
    assert [how for how, _ in top.sync_hierarchy()] == ["delete"]


def test_events_are_pulled_and_streamed(ews: Exchange, alice: Account) -> None:
    ident, mark = ews.inbox.subscribe_to_pull()
    alice.put(letter("one"))
    [notification] = list(ews.inbox.get_events(ident, mark))
    kinds = [type(each).__name__ for each in notification.events]
    assert kinds == ["CreatedEvent", "NewMailEvent", "ModifiedEvent"]
    assert notification.events[0].item_id.id == ews.inbox.get(subject="one").id
    stream = ews.inbox.subscribe_to_streaming()
    alice.put(letter("two"))
    found = next(iter(ews.inbox.get_streaming_events(stream, connection_timeout=1, max_notifications_returned=1)))
    assert "NewMailEvent" in {type(each).__name__ for each in found.events}
    ews.inbox.unsubscribe(stream)
