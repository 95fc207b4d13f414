"""Lists of tasks and tasks over JMAP. draft-ietf-jmap-tasks."""

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


def vtodo(uid: str, *lines: str) -> bytes:
    return vevent(uid, *lines).replace(b"VEVENT", b"VTODO")


async def put(stand: Stand, name: str, octets: bytes) -> str:
    """Puts a task into somebody's list, as DAV would; gives its id."""
    _, new = await read_item(octets, stand.house.blobs, f"{abs(hash(octets))}.ics")

    def work(tx: WriteTx) -> int:
        at = tx.locate(tx.account(f"{name}@example.test").id, "Tasks", Right.INSERT)
        return tx.append(at.id, [new])[0].id

    return f"K{await stand.house.write(work)}"


async def a_list(client: Client) -> str:
    return str(next(each["id"] for each in (await client.call("TaskList/get"))["list"] if each["isDefault"]))


async def test_a_task_is_made_changed_and_taken_away(stand: Stand, alice: Client) -> None:
    at = await a_list(alice)
    given = {"taskListId": at, "title": "Do", "due": "2025-03-03T10:00:00", "timeZone": "Europe/Berlin"}
    made = await alice.call("Task/set", create={"k": given})
    name = made["created"]["k"]["id"]
    [found] = (await alice.call("Task/get", ids=[name]))["list"]
    assert {key: found[key] for key in given} == given
    await alice.call("Task/set", update={name: {"progress": "in-process", "percentComplete": 40}})
    [octets] = await octets_of(stand, "alice", "Tasks")
    assert {b"STATUS:IN-PROCESS", b"PERCENT-COMPLETE:40", b"SUMMARY:Do"} <= set(octets.split(b"\r\n"))
    assert (await alice.call("Task/changes", sinceState=made["newState"]))["updated"] == [name]
    assert (await alice.call("Task/set", destroy=[name]))["destroyed"] == [name]


async def test_a_change_keeps_what_the_object_says_beside_it(stand: Stand, alice: Client) -> None:
    name = await put(stand, "alice", vtodo("1", "SUMMARY;LANGUAGE=de:A", "X-OWN:1"))
    there = (await alice.call("TaskList/set", create={"k": {"name": "Later", "color": "teal"}}))["created"]["k"]["id"]
    await alice.call("Task/set", update={name: {"title": "B", "taskListId": there}})
    [octets] = await octets_of(stand, "alice", "Later")
    assert {b"SUMMARY;LANGUAGE=de:B", b"X-OWN:1"} <= set(octets.split(b"\r\n"))


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ({"due": "tomorrow"}, "due"),
        ({"progress": "odd"}, "progress"),
        ({"taskListId": None}, "taskListId"),
        ({"taskListId": "F999"}, "taskListId"),
        ({"id": "K1"}, "id"),
        ({"odd": 1}, "odd"),
    ],
)
async def test_a_task_that_cannot_be_is_refused(stand: Stand, alice: Client, wrong: Json, name: str) -> None:
    got = await alice.call("Task/set", create={"k": {"taskListId": await a_list(alice), "title": "x", **wrong}})
    assert got["notCreated"]["k"]["properties"] == [name]
    assert await octets_of(stand, "alice", "Tasks") == []


@pytest.mark.parametrize(
    ("sought", "found"),
    [
        ({"text": "milk"}, "1"),
        ({"title": "buy"}, "12"),
        ({"progress": "completed"}, "2"),
        ({"before": "2025-03-04T00:00:00"}, "1"),
        ({"after": "2025-03-04T00:00:00"}, "2"),
        ({"uid": "2"}, "2"),
        ({"operator": "NOT", "conditions": [{"title": "buy"}]}, "3"),
        ({}, "123"),
    ],
)
async def test_tasks_are_found_in_the_order_of_when_they_are_due(
    stand: Stand, alice: Client, sought: Json, found: str
) -> None:
    names = {
        await put(stand, "alice", vtodo(*each)): each[0]
        for each in (
            ("3", "SUMMARY:Sleep"),
            ("2", "SUMMARY:Buy tea", "DUE:20250305T100000Z", "STATUS:COMPLETED"),
            ("1", "SUMMARY:Buy", "DESCRIPTION:milk", "DUE:20250303T100000Z"),
        )
    }
    got = await alice.call("Task/query", filter=sought, sort=[{"property": "due"}])
    assert "".join(names[each] for each in got["ids"]) == found


async def test_a_list_is_shared(stand: Stand, alice: Client, bob: Client) -> None:
    await put(stand, "alice", vtodo("1", "SUMMARY:A"))
    at, him = await a_list(alice), principal_id(BOB)
    await alice.call("TaskList/set", update={at: {f"shareWith/{him}": {"mayReadItems": True}}})
    [found] = (await bob.call("Task/get", accountId=await bob.account("alice")))["list"]
    assert found["title"] == "A"
