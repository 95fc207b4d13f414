"""Requests of every method that find something there."""

from __future__ import annotations

from typing import Any

from tests.protocol.jmap.test_calendars import put as put_event
from tests.protocol.jmap.test_calendars import vevent
from tests.protocol.jmap.test_contacts import put as put_card
from tests.protocol.jmap.test_contacts import vcard
from tests.protocol.jmap.test_devices import phone
from tests.protocol.jmap.test_mail import MIXED
from tests.protocol.jmap.test_mdn import NOTIFICATION
from tests.protocol.jmap.test_meetings import invited
from tests.protocol.jmap.test_notes import put as put_note
from tests.protocol.jmap.test_notes import vjournal
from tests.protocol.jmap.test_submission import draft
from tests.protocol.jmap.test_tasks import put as put_task
from tests.protocol.jmap.test_tasks import vtodo
from tests.support.jmapstand import Client, Stand, letter
from web.jmap.ids import principal_id

Json = dict[str, Any]


async def scene(stand: Stand, alice: Client) -> Json:
    """By method."""
    bad: Json = {"create": {"bad": {"odd": 1}}, "update": {"X9": {"odd": 1}}, "destroy": ["X9"]}
    await stand.share("bob", "INBOX", "alice@example.test", "lrswite")
    email = await stand.put("alice", MIXED)
    return {
        **await blobs(stand, alice, email),
        **await mailboxes(alice, bad),
        **await emails(stand, alice, bad, email),
        **await sending(stand, alice, bad),
        **await quotas(stand, alice),
        **await contacts(stand, alice, bad),
        **await calendars(stand, alice, bad),
        **await sharing(stand, alice, bad),
        **await tasks(stand, alice, bad),
        **await scripts(alice, bad),
        **await notes(stand, alice, bad, "Notebook", "Note", "N"),
        **await notes(stand, alice, bad, "Journal", "JournalEntry", "J"),
        **await access(stand, alice, bad),
        **await meetings(stand, alice),
        **await remote(stand, alice, bad),
        **await removed(stand, alice, bad),
    }


async def remote(stand: Stand, alice: Client, bad: Json) -> Json:
    """Requests of mailboxes on other servers."""
    stand.house.parts.at_work.add("rpop")
    given = {"host": "pop.far.test", "user": "me", "password": "s3cret"}
    made = (await alice.call("RemoteMailbox/set", create={"k": given}))["created"]["k"]["id"]
    stand.house.parts.at_work.add("subscriptions")
    source = {"url": "webcal://cal.far.test/a.ics", "name": "Far"}
    at = (await alice.call("CalendarSource/set", create={"k": source}))["created"]["k"]["id"]
    device = await phone(stand)
    return {
        "CalendarSource/get": {"ids": None},
        "CalendarSource/set": {**bad, "create": {"k": source, **bad["create"]}},
        "CalendarSource/fetch": {"ids": [at, "B99"]},
        "RemoteMailbox/get": {"ids": None},
        "RemoteMailbox/set": {**bad, "create": {"k": given, **bad["create"]}},
        "RemoteMailbox/fetch": {"ids": [made, "B99"]},
        "SenderSettings/get": {"ids": None},
        "SenderSettings/set": {**bad, "update": {"singleton": {"blocked": ["ads.test"]}, **bad["update"]}},
        "TemporaryAddress/set": {**bad, "create": {"k": {"days": 1}, **bad["create"]}},
        "TemporaryAddress/get": {"ids": None},
        "MobileDevice/get": {"ids": None},
        "MobileDevice/set": {**bad, "update": {device: {"isBlocked": True}, **bad["update"]}, "destroy": [device]},
    }


async def removed(stand: Stand, alice: Client, bad: Json) -> Json:
    """Requests of what was removed."""
    gone = [await stand.put("alice", letter(f"gone {each}")) for each in range(3)]
    await alice.call("Email/set", destroy=gone)
    ids = [each["id"] for each in (await alice.call("RemovedItem/get", kind="mail"))["list"]]
    return {
        "RemovedItem/get": {"ids": None},
        "RemovedItem/set": {**bad, "destroy": [ids[0], *bad["destroy"]]},
        "RemovedItem/restore": {"ids": [ids[1], "R1-99"]},
    }


async def access(stand: Stand, alice: Client, bad: Json) -> Json:
    """Requests of who may do what in folders."""
    inbox = (await alice.call("Mailbox/query", filter={"role": "inbox"}))["ids"][0]
    him, me = principal_id("bob@example.test"), principal_id("alice@example.test")
    await stand.client("bob").call("AccessRequest/set", create={"k": {"principalId": me, "level": "viewer"}})
    return {
        "FolderAccess/get": {"ids": None},
        "FolderAccess/set": {**bad, "update": {inbox: {f"access/{him}": {"level": "viewer"}}, **bad["update"]}},
        "FolderAccess/explain": {"id": inbox, "principalId": him},
        "AccessRequest/get": {"ids": None},
        "AccessRequest/set": {**bad, "create": {"k": {"principalId": him, "level": "viewer"}, **bad["create"]}},
    }


async def meetings(stand: Stand, alice: Client) -> Json:
    """Requests of a meeting for which another time is proposed, from both sides."""
    bob = stand.client("bob")
    ours, theirs = await invited(alice, bob), await invited(bob, alice)
    await bob.call("CalendarEvent/propose", id=ours.theirs, start="2025-03-03T15:00:00", duration="PT1H")
    waits = (await alice.call("MeetingProposal/get"))["list"][0]["id"]
    return {
        "CalendarEvent/timeline": {"id": ours.mine},
        "CalendarEvent/propose": {"id": theirs.theirs, "start": "2025-03-03T15:00:00", "duration": "PT1H"},
        "MeetingProposal/get": {"ids": None},
        "MeetingProposal/answer": {"id": waits, "accept": True},
    }


async def blobs(stand: Stand, alice: Client, email: str) -> Json:
    """Requests of blobs."""
    other = await stand.put("bob", letter("shared blob"))
    blob, theirs = email.replace("M", "G"), other.replace("M", "G")
    return {
        "Blob/upload": {"create": {"k": {"data": [{"data:asText": "x"}], "type": "text/plain"}, "bad": {}}},
        "Blob/get": {"ids": [blob, "G9"]},
        "Blob/lookup": {"ids": [blob, "G9"], "typeNames": ["Email", "Thread", "Mailbox"]},
        "Blob/copy": {"fromAccountId": await alice.account("bob"), "blobIds": [theirs, "G9"]},
    }


async def states(alice: Client, *names: str) -> dict[str, Json]:
    """What asks for the changes of each since now, by method."""
    found = {name: (await alice.call(f"{name}/get", ids=[]))["state"] for name in names}
    return {f"{name}/changes": {"sinceState": state} for name, state in found.items()}


async def mailboxes(alice: Client, bad: Json) -> Json:
    """Requests of mailboxes."""
    query = (await alice.call("Mailbox/query"))["queryState"]
    return {
        **await states(alice, "Mailbox"),
        "Mailbox/get": {"ids": None},
        "Mailbox/query": {"calculateTotal": True, "sort": [{"property": "name"}]},
        "Mailbox/queryChanges": {"sinceQueryState": query, "calculateTotal": True},
        "Mailbox/set": {**bad, "create": {"k": {"name": "New"}, **bad["create"]}},
    }


async def emails(stand: Stand, alice: Client, bad: Json, email: str) -> Json:
    """Requests of threads and emails."""
    other = await stand.put("bob", letter("shared"))
    asked = {**await states(alice, "Thread", "Email")}
    query = (await alice.call("Email/query"))["queryState"]
    mine = await draft(alice)
    thread = (await alice.call("Email/get", ids=[email], properties=["threadId"]))["list"][0]["threadId"]
    inbox = (await alice.call("Mailbox/query", filter={"role": "inbox"}))["ids"][0]
    blob = email.replace("M", "G")
    return {
        **asked,
        "Thread/get": {"ids": [thread, "T9"]},
        "Email/get": {"ids": [email, mine, "M9"], "fetchAllBodyValues": True},
        "Email/query": {"calculateTotal": True, "filter": {"inMailbox": inbox}},
        "Email/queryChanges": {"sinceQueryState": query, "filter": {}},
        "Email/set": {
            "create": {"k": {"mailboxIds": {inbox: True}, "subject": "x"}, **bad["create"]},
            "update": {email: {"keywords/$seen": True}, **bad["update"]},
            "destroy": bad["destroy"],
        },
        "Email/import": {"emails": {"k": {"blobId": blob, "mailboxIds": {inbox: True}}, "bad": {}}},
        "Email/copy": {
            "fromAccountId": await alice.account("bob"),
            "create": {"k": {"id": other, "mailboxIds": {inbox: True}}, "bad": {}},
        },
        "Email/parse": {"blobIds": [blob, "G9"], "fetchAllBodyValues": True},
        "SearchSnippet/get": {"filter": {"text": "hi"}, "emailIds": [email, "M9"]},
    }


async def sending(stand: Stand, alice: Client, bad: Json) -> Json:
    """Requests of identities, of what is sent, and of what answers by itself."""
    asked = {**await states(alice, "Identity", "EmailSubmission", "Label")}
    query = (await alice.call("EmailSubmission/query"))["queryState"]
    identity = (await alice.call("Identity/get"))["list"][0]["id"]
    held = {
        "mailFrom": {"email": "alice@example.test", "parameters": {"HOLDFOR": "600"}},
        "rcptTo": [{"email": "bob@example.test"}],
    }
    create = {"k": {"emailId": await draft(alice), "identityId": identity, "envelope": held}, **bad["create"]}
    wants = await stand.put("alice", letter("Seen?", "Disposition-Notification-To: bob@example.test"))
    seen = {"actionMode": "manual-action", "sendingMode": "mdn-sent-manually", "type": "displayed"}
    report = (await alice.upload(NOTIFICATION))["blobId"]
    return {
        **asked,
        "Identity/get": {"ids": None},
        "Identity/set": {**bad, "create": {"k": {"email": "alice@example.test"}, **bad["create"]}},
        "Label/get": {"ids": None},
        "Label/set": {**bad, "create": {"k": {"name": "Garden"}, **bad["create"]}},
        "EmailSubmission/set": {**bad, "create": create},
        "EmailSubmission/get": {"ids": None},
        "EmailSubmission/query": {"calculateTotal": True},
        "EmailSubmission/queryChanges": {"sinceQueryState": query, "calculateTotal": True},
        "MDN/send": {"identityId": identity, "send": {"k": {"forEmailId": wants, "disposition": seen}, "bad": {}}},
        "MDN/parse": {"blobIds": [report, wants.replace("M", "G"), "G9"]},
        "VacationResponse/get": {"ids": ["singleton", "X9"]},
        "VacationResponse/set": {"update": {"singleton": {"isEnabled": True, "fromDate": "2026-01-01T00:00:00Z"}}},
    }


async def quotas(stand: Stand, alice: Client) -> Json:
    """Requests of quotas."""
    await stand.house.write(lambda tx: tx.put_setting("mailboxSize", 1000, tx.account("alice@example.test").id))
    query = (await alice.call("Quota/query"))["queryState"]
    return {
        **await states(alice, "Quota"),
        "Quota/get": {"ids": None},
        "Quota/query": {"calculateTotal": True},
        "Quota/queryChanges": {"sinceQueryState": query, "calculateTotal": True},
    }


async def notes(stand: Stand, alice: Client, bad: Json, holder: str, kind: str, letter: str) -> Json:
    """Requests of notes, or of a journal."""
    path = "Notes" if kind == "Note" else "Journal"
    await stand.share("bob", path, "alice@example.test", "lr")
    theirs = await put_note(stand, "bob", vjournal("1", "SUMMARY:Rice"), path, letter)
    mine = await put_note(stand, "alice", vjournal("2", "SUMMARY:Tea"), path, letter)
    there, found = await alice.call(f"{holder}/get"), await alice.call(f"{kind}/query")
    here = {f"{holder.lower()}Id": there["list"][0]["id"]}
    return {
        f"{holder}/get": {"ids": None},
        f"{holder}/changes": {"sinceState": there["state"]},
        f"{holder}/set": {**bad, "create": {"k": {"name": f"New {holder}"}, **bad["create"]}},
        f"{kind}/get": {"ids": [mine, f"{letter}9"]},
        f"{kind}/changes": {"sinceState": (await alice.call(f"{kind}/get", ids=[]))["state"]},
        f"{kind}/query": {"calculateTotal": True, "filter": {"title": "tea"}},
        f"{kind}/queryChanges": {"sinceQueryState": found["queryState"], "calculateTotal": True},
        f"{kind}/set": {**bad, "create": {"k": {**here, "title": "Do"}, **bad["create"]}},
        f"{kind}/copy": {
            "fromAccountId": await alice.account("bob"),
            "create": {"k": {"id": theirs, **here}, "bad": {}},
        },
    }


async def contacts(stand: Stand, alice: Client, bad: Json) -> Json:
    """Requests of address books and contacts."""
    await stand.share("bob", "Contacts", "alice@example.test", "lr")
    theirs = await put_card(stand, "bob", vcard("1", "FN:Bert", "EMAIL:b@x"))
    mine = await put_card(stand, "alice", vcard("2", "FN:Ann", "EMAIL:a@x", "X-OWN:1"))
    shared = await alice.account("bob")
    books, cards = await alice.call("AddressBook/get"), await alice.call("ContactCard/query")
    here = {"addressBookIds": {books["list"][0]["id"]: True}}
    file = (await alice.upload(vcard("3", "FN:Cid")))["blobId"]
    return {
        "ContactCard/parse": {"blobIds": [file, "U99"]},
        "ContactCard/export": {"ids": [mine, "C9"]},
        "AddressBook/get": {"ids": None},
        "AddressBook/changes": {"sinceState": books["state"]},
        "AddressBook/set": {**bad, "create": {"k": {"name": "New"}, **bad["create"]}},
        "ContactCard/get": {"ids": [mine, "C9"]},
        "ContactCard/changes": {"sinceState": (await alice.call("ContactCard/get", ids=[]))["state"]},
        "ContactCard/query": {"calculateTotal": True, "filter": {"text": "ann"}},
        "ContactCard/queryChanges": {"sinceQueryState": cards["queryState"], "calculateTotal": True},
        "ContactCard/set": {**bad, "create": {"k": {**here, "name": {"full": "C"}}, **bad["create"]}},
        "ContactCard/copy": {"fromAccountId": shared, "create": {"k": {"id": theirs, **here}, "bad": {}}},
    }


async def calendars(stand: Stand, alice: Client, bad: Json) -> Json:
    """Requests of calendars and events."""
    await stand.share("bob", "Calendar", "alice@example.test", "lr")
    times = ("DTSTART:20250303T100000Z", "RRULE:FREQ=DAILY", "EXDATE:20250304T100000Z")
    theirs = await put_event(stand, "bob", vevent("1", *times))
    mine = await put_event(stand, "alice", vevent("2", *times, "SUMMARY:Tea"))
    shared = await alice.account("bob")
    there, events = await alice.call("Calendar/get"), await alice.call("CalendarEvent/query")
    here = {"calendarIds": {there["list"][0]["id"]: True}}
    blob = (await alice.upload(vevent("3", *times)))["blobId"]
    return {
        "Calendar/get": {"ids": None},
        "Calendar/changes": {"sinceState": there["state"]},
        "Calendar/set": {**bad, "create": {"k": {"name": "New calendar"}, **bad["create"]}},
        "CalendarEvent/get": {"ids": [mine, f"{mine}-20250305T100000", "E9"]},
        "CalendarEvent/changes": {"sinceState": (await alice.call("CalendarEvent/get", ids=[]))["state"]},
        "CalendarEvent/query": {"calculateTotal": True, "filter": {"after": "2025-03-05T00:00:00"}},
        "CalendarEvent/queryChanges": {"sinceQueryState": events["queryState"], "calculateTotal": True},
        "CalendarEvent/set": {**bad, "create": {"k": {**here, "start": "2025-03-03T10:00:00"}, **bad["create"]}},
        "CalendarEvent/copy": {"fromAccountId": shared, "create": {"k": {"id": theirs, **here}, "bad": {}}},
        "CalendarEvent/parse": {"blobIds": [blob, "U99"]},
        "CalendarEvent/import": {"calendarId": there["list"][0]["id"], "blobId": blob},
        "CalendarEvent/export": {"calendarId": there["list"][0]["id"]},
        "ParticipantIdentity/get": {"ids": None},
        "ParticipantIdentity/changes": {"sinceState": (await alice.call("ParticipantIdentity/get", ids=[]))["state"]},
        "ParticipantIdentity/set": {**bad, "create": {}},
    }


async def sharing(stand: Stand, alice: Client, bad: Json) -> Json:
    """Requests of principals and of what is shared."""
    bob, me = stand.client("bob"), principal_id("alice@example.test")
    at = (await bob.call("AddressBook/set", create={"k": {"name": "Ours"}}))["created"]["k"]["id"]
    await bob.call("AddressBook/set", update={at: {f"shareWith/{me}": {"mayRead": True}}})
    states = {
        kind: ((await alice.call(f"{kind}/get", ids=[]))["state"], (await alice.call(f"{kind}/query"))["queryState"])
        for kind in ("Principal", "ShareNotification", "CalendarEventNotification")
    }
    him = principal_id("bob@example.test")
    times = {"utcStart": "2025-03-01T00:00:00Z", "utcEnd": "2025-04-01T00:00:00Z"}
    await stand.share("bob", "Calendar", "alice@example.test", "lr9")
    found: Json = {
        "Principal/get": {"ids": None},
        "Principal/set": {**bad, "create": {}},
        "Principal/getAvailability": {"id": him, **times, "showDetails": True},
        "ShareNotification/get": {"ids": None},
        "ShareNotification/set": {**bad, "create": {}},
        "CalendarEventNotification/get": {"ids": None},
        "CalendarEventNotification/set": {**bad, "create": {}},
    }
    for kind, (state, query) in states.items():
        found[f"{kind}/changes"] = {"sinceState": state}
        found[f"{kind}/query"] = {"calculateTotal": True}
        found[f"{kind}/queryChanges"] = {"sinceQueryState": query, "calculateTotal": True}
    return found


async def tasks(stand: Stand, alice: Client, bad: Json) -> Json:
    """Requests of tasks and their lists."""
    await stand.share("bob", "Tasks", "alice@example.test", "lr")
    theirs = await put_task(stand, "bob", vtodo("1", "DUE:20250303T100000Z"))
    mine = await put_task(stand, "alice", vtodo("2", "DUE:20250303T100000Z", "SUMMARY:Tea"))
    there, found = await alice.call("TaskList/get"), await alice.call("Task/query")
    here = {"taskListId": there["list"][0]["id"]}
    return {
        "TaskList/get": {"ids": None},
        "TaskList/changes": {"sinceState": there["state"]},
        "TaskList/set": {**bad, "create": {"k": {"name": "New list"}, **bad["create"]}},
        "Task/get": {"ids": [mine, "K9"]},
        "Task/changes": {"sinceState": (await alice.call("Task/get", ids=[]))["state"]},
        "Task/query": {"calculateTotal": True, "filter": {"title": "tea"}},
        "Task/queryChanges": {"sinceQueryState": found["queryState"], "calculateTotal": True},
        "Task/set": {**bad, "create": {"k": {**here, "title": "Do"}, **bad["create"]}},
        "Task/copy": {
            "fromAccountId": await alice.account("bob"),
            "create": {"k": {"id": theirs, **here}, "bad": {}},
        },
    }


async def scripts(alice: Client, bad: Json) -> Json:
    """Requests of Sieve scripts."""
    blob = (await alice.upload(b"keep;"))["blobId"]
    await alice.call("SieveScript/set", create={"k": {"name": "mine", "blobId": blob}})
    inbox = (await alice.call("Mailbox/query", filter={"role": "inbox"}))["ids"][0]
    return {
        "SieveScript/get": {"ids": None},
        "SieveScript/query": {"calculateTotal": True},
        "SieveScript/set": {**bad, "create": {"k": {"blobId": blob}, **bad["create"]}},
        "SieveScript/validate": {"blobId": blob},
        "SieveScript/try": {"blobId": blob, "mailboxId": inbox},
    }
