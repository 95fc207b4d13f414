"""RemovedItem: what was removed is told while it is kept, brought back, or forgotten. Decisions 345, 358."""

from __future__ import annotations

from typing import Any

from tests.protocol.jmap.test_calendars import put as put_event
from tests.protocol.jmap.test_calendars import vevent
from tests.protocol.jmap.test_contacts import put as put_card
from tests.protocol.jmap.test_contacts import vcard
from tests.protocol.jmap.test_snoozed import role
from tests.support.jmapstand import Client, Stand, letter

Json = dict[str, Any]


async def removed(client: Client, **given: Any) -> list[Json]:
    return list((await client.call("RemovedItem/get", **given))["list"])


async def gone(stand: Stand, alice: Client, subject: str, path: str = "INBOX") -> str:
    """A message that was removed for good; gives what it is called now."""
    await alice.call("Email/set", destroy=[await stand.put("alice", letter(subject), path)])
    return str((await removed(alice, drafts=True))[0]["id"])


async def test_what_went_last_is_told_first_and_comes_back_where_it_was(stand: Stand, alice: Client) -> None:
    inbox = await role(alice, "inbox")
    first = await gone(stand, alice, "first")
    state = (await alice.call("RemovedItem/get"))["state"]
    second = await gone(stand, alice, "second")
    told = await removed(alice)
    assert [(each["id"], each["title"], each["kind"], each["folderId"]) for each in told] == [
        (second, "second", "mail", inbox),
        (first, "first", "mail", inbox),
    ]
    assert told[0]["from"] == [{"name": "Ann", "email": "ann@far.test"}] and told[0]["preview"] == "Hello there"
    assert (await alice.call("RemovedItem/get"))["state"] != state
    got = await alice.call("RemovedItem/restore", ids=[first, "R1-99", "odd"])
    back = got["restored"][first]
    assert {name: each["type"] for name, each in got["notRestored"].items()} == {"R1-99": "notFound", "odd": "notFound"}
    [email] = (await alice.call("Email/get", ids=[back["id"]], properties=["subject", "mailboxIds"]))["list"]
    assert (email["subject"], email["mailboxIds"]) == ("first", {inbox: True}) and back["folderId"] == inbox
    assert [each["id"] for each in await removed(alice)] == [second]
    again = await alice.call("RemovedItem/restore", ids=[first])
    assert again["restored"] is None and again["notRestored"][first]["type"] == "notFound"


async def test_from_the_trash_it_comes_into_the_inbox_or_where_one_says(stand: Stand, alice: Client) -> None:
    trash = next(each["name"] for each in (await alice.call("Mailbox/get", ids=[await role(alice, "trash")]))["list"])
    one, other = [await gone(stand, alice, subject, trash) for subject in ("one", "other")]
    inbox, archive = await role(alice, "inbox"), await role(alice, "archive")
    assert (await alice.call("RemovedItem/restore", ids=[one]))["restored"][one]["folderId"] == inbox
    got = await alice.call("RemovedItem/restore", ids=[other], folderId=archive)
    assert got["restored"][other]["folderId"] == archive


async def test_drafts_that_were_saved_again_are_told_when_asked_for(stand: Stand, alice: Client) -> None:
    drafts = (await alice.call("Mailbox/get", ids=[await role(alice, "drafts")]))["list"][0]["name"]
    name = await gone(stand, alice, "half written", drafts)
    assert await removed(alice) == [] and await removed(alice, kind="calendar", drafts=True) == []
    assert [each["id"] for each in await removed(alice, kind="mail", drafts=True)] == [name]


async def test_events_and_contacts_have_their_titles_and_come_back_as_such(stand: Stand, alice: Client) -> None:
    event = await put_event(stand, "alice", vevent("e1", "DTSTART:20300304T090000Z", "SUMMARY:Standup"))
    card = await put_card(stand, "alice", vcard("c1", "FN:Ann Archer"))
    await alice.call("CalendarEvent/set", destroy=[event])
    await alice.call("ContactCard/set", destroy=[card])
    told = await removed(alice)
    assert [(each["kind"], each["title"]) for each in told] == [("contacts", "Ann Archer"), ("calendar", "Standup")]
    [found] = await removed(alice, kind="calendar", properties=["title"])
    got = (await alice.call("RemovedItem/restore", ids=[each["id"] for each in told]))["restored"]
    [again] = (await alice.call("CalendarEvent/get", ids=[got[found["id"]]["id"]]))["list"]
    assert again["title"] == "Standup"
    back = (await alice.call("ContactCard/get", ids=[got[told[0]["id"]]["id"]]))["list"]
    assert [each["name"]["full"] for each in back] == ["Ann Archer"]
    name = await gone(stand, alice, "mail")
    refused = await alice.call("RemovedItem/restore", ids=[name], folderId=got[found["id"]]["folderId"])
    assert refused["notRestored"][name]["type"] == "invalidProperties"


async def test_what_is_forgotten_is_gone_and_nothing_else_can_be_done_to_it(stand: Stand, alice: Client) -> None:
    name = await gone(stand, alice, "secret")
    got = await alice.call("RemovedItem/set", create={"k": {}}, update={name: {"title": "x"}}, destroy=[name, "R1-9"])
    assert got["destroyed"] == [name] and got["notDestroyed"]["R1-9"]["type"] == "notFound"
    assert got["notCreated"]["k"]["type"] == got["notUpdated"][name]["type"] == "forbidden"
    assert await removed(alice) == [] and (await alice.call("RemovedItem/get", ids=[name]))["notFound"] == [name]


async def test_whom_a_folder_is_shared_with_does_not_see_what_left_it(stand: Stand, alice: Client, bob: Client) -> None:
    name = await gone(stand, alice, "before you came")
    await stand.share("alice", "INBOX", "bob@example.test", "lrswite")
    hers = await bob.account("alice")
    assert await removed(bob, accountId=hers) == []
    assert (await bob.call("RemovedItem/get", accountId=hers, ids=[name]))["notFound"] == [name]
    got = await bob.call("RemovedItem/restore", accountId=hers, ids=[name])
    assert got["notRestored"][name]["type"] == "forbidden"
    got = await bob.call("RemovedItem/set", accountId=hers, destroy=[name])
    assert got["notDestroyed"][name]["type"] == "forbidden"
    assert (await bob.call("RemovedItem/get", ids=[name]))["notFound"] == [name]
    assert [each["id"] for each in await removed(alice)] == [name]
