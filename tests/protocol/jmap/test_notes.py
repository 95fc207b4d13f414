"""Notes and journals over JMAP: VJOURNAL in words of our own. Decision 274."""

from __future__ import annotations

from typing import Any

import pytest

from groupware.calendar.item import read_item
from groupware.model.rights import Right
from groupware.store.api import WriteTx
from tests.protocol.jmap.test_calendars import octets_of, vevent
from tests.support.jmapstand import Client, Stand
from web.jmap.ids import principal_id

Json = dict[str, Any]
BOB = "bob@example.test"


def vjournal(uid: str, *lines: str) -> bytes:
    return b"".join(
        each
        for each in vevent(uid, *lines).replace(b"VEVENT", b"VJOURNAL").splitlines(keepends=True)
        if not each.startswith((b"DTSTART", b"DTEND", b"DURATION"))
    )


async def put(stand: Stand, name: str, octets: bytes, path: str = "Notes", letter: str = "N") -> str:
    """Puts a note into somebody's folder, as DAV would; gives its id."""
    _, new = await read_item(octets, stand.house.blobs, f"{abs(hash(octets))}.ics")

    def work(tx: WriteTx) -> int:
        at = tx.locate(tx.account(f"{name}@example.test").id, path, Right.INSERT)
        return tx.append(at.id, [new])[0].id

    return f"{letter}{await stand.house.write(work)}"


async def book(client: Client, kind: str = "Notebook") -> str:
    return str(next(each["id"] for each in (await client.call(f"{kind}/get"))["list"] if each["isDefault"]))


async def test_a_note_is_made_changed_and_taken_away(stand: Stand, alice: Client) -> None:
    given = {
        "notebookId": await book(alice),
        "title": "Beds; plans",
        "text": "Peas,\nbeans",
        "keywords": {"garden": True},
    }
    made = await alice.call("Note/set", create={"k": given})
    name = made["created"]["k"]["id"]
    [found] = (await alice.call("Note/get", ids=[name]))["list"]
    assert {key: found[key] for key in given} == given
    assert found["updated"] == made["created"]["k"]["updated"]
    await alice.call("Note/set", update={name: {"text": "Peas", "keywords/garden": None}})
    [octets] = await octets_of(stand, "alice", "Notes")
    lines = set(octets.split(b"\r\n"))
    assert {b"BEGIN:VJOURNAL", b"SUMMARY:Beds\\; plans", b"DESCRIPTION:Peas"} <= lines
    assert not any(each.startswith(b"CATEGORIES") for each in lines)
    assert (await alice.call("Note/changes", sinceState=made["newState"]))["updated"] == [name]
    assert (await alice.call("Note/set", destroy=[name]))["destroyed"] == [name]
    assert await octets_of(stand, "alice", "Notes") == []


async def test_an_entry_of_a_journal_has_a_day(stand: Stand, alice: Client) -> None:
    at = await book(alice, "Journal")
    for day, title in (("2026-02-01", "Frost"), ("2026-03-01", "Thaw")):
        await alice.call("JournalEntry/set", create={"k": {"journalId": at, "date": day, "title": title}})
    octets = b"".join(await octets_of(stand, "alice", "Journal"))
    assert b"DTSTART;VALUE=DATE:20260201" in octets
    asked = {"filter": {"after": "2026-02-15", "inJournal": at}, "sort": [{"property": "date", "isAscending": False}]}
    [name] = (await alice.call("JournalEntry/query", **asked))["ids"]
    [found] = (await alice.call("JournalEntry/get", ids=[name], properties=["title", "date"]))["list"]
    assert found == {"id": name, "title": "Thaw", "date": "2026-03-01"}


async def test_a_change_keeps_what_the_object_says_beside_it(stand: Stand, alice: Client) -> None:
    name = await put(
        stand, "alice", vjournal("1", "DESCRIPTION:A", "DESCRIPTION:B", "X-OWN:1", "SUMMARY;LANGUAGE=de:T")
    )
    [found] = (await alice.call("Note/get", ids=[name]))["list"]
    assert found["text"] == "A\n\nB"
    there = (await alice.call("Notebook/set", create={"k": {"name": "Later", "color": "teal"}}))["created"]["k"]["id"]
    await alice.call("Note/set", update={name: {"text": "C", "notebookId": there}})
    [octets] = await octets_of(stand, "alice", "Later")
    lines = octets.split(b"\r\n")
    assert {b"SUMMARY;LANGUAGE=de:T", b"X-OWN:1", b"DESCRIPTION:C"} <= set(lines)
    assert sum(each.startswith(b"DESCRIPTION") for each in lines) == 1


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ({"title": 7}, "title"),
        ({"text": "a\0b"}, "text"),
        ({"date": "soon"}, "date"),
        ({"keywords": ["a"]}, "keywords"),
        ({"notebookId": None}, "notebookId"),
        ({"notebookId": "F999"}, "notebookId"),
        ({"id": "N1"}, "id"),
        ({"updated": "2026-01-31T12:00:00Z"}, "updated"),
        ({"odd": 1}, "odd"),
    ],
)
async def test_a_note_that_cannot_be_is_refused(stand: Stand, alice: Client, wrong: Json, name: str) -> None:
    got = await alice.call("Note/set", create={"k": {"notebookId": await book(alice), "title": "x", **wrong}})
    assert got["notCreated"]["k"]["properties"] == [name]
    assert await octets_of(stand, "alice", "Notes") == []


async def test_a_day_that_there_is_not_is_refused(stand: Stand, alice: Client) -> None:
    got = await alice.call("Note/set", create={"k": {"notebookId": await book(alice), "date": "2026-02-31"}})
    assert got["notCreated"]["k"]["type"] == "invalidProperties"
    assert await octets_of(stand, "alice", "Notes") == []


async def test_notes_are_found_by_words_the_newest_change_first(stand: Stand, alice: Client) -> None:
    first = await put(
        stand, "alice", vjournal("1", "SUMMARY:Peas", "DESCRIPTION:sow", "LAST-MODIFIED:20260101T000000Z")
    )
    second = await put(
        stand, "alice", vjournal("2", "SUMMARY:Beans", "DESCRIPTION:SOW", "LAST-MODIFIED:20260201T000000Z")
    )
    assert (await alice.call("Note/query", filter={"text": "sow"}))["ids"] == [second, first]
    assert (await alice.call("Note/query", filter={"text": "sow pea"}))["ids"] == [first]
    assert (await alice.call("Note/query", filter={"title": "sow"}))["ids"] == []
    asked = await alice.call("Note/query", sort=[{"property": "title"}])
    assert asked["ids"] == [second, first]
    await alice.call("Note/set", destroy=[first])
    later = await alice.call("Note/queryChanges", sinceQueryState=asked["queryState"], sort=[{"property": "title"}])
    assert later["removed"] == [first]
    assert await alice.refused("Note/query", filter={"odd": "x"}) == "unsupportedFilter"
    assert await alice.refused("Note/query", filter={"text": 1}) == "invalidArguments"
    assert await alice.refused("Note/query", sort=[{"property": "odd"}]) == "unsupportedSort"


async def test_who_may_read_notes_reads_and_changes_none(stand: Stand, alice: Client, bob: Client) -> None:
    name = await put(stand, "alice", vjournal("1", "SUMMARY:Peas"))
    at = await book(alice)
    await alice.call("Notebook/set", update={at: {f"shareWith/{principal_id(BOB)}": {"mayReadItems": True}}})
    account = await bob.account("alice")
    [found] = (await bob.call("Note/get", accountId=account, ids=None))["list"]
    assert (found["id"], found["title"]) == (name, "Peas")
    for given in ({"update": {name: {"title": "x"}}}, {"destroy": [name]}):
        got = await bob.call("Note/set", accountId=account, **given)
        assert (got["notUpdated"] or got["notDestroyed"])[name]["type"] == "forbidden"
    got = await bob.call("Note/set", accountId=account, create={"k": {"notebookId": at, "title": "x"}})
    assert got["notCreated"]["k"]["type"] == "forbidden"
    assert await octets_of(stand, "alice", "Journal") == []
