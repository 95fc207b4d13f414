"""The rights matrix over ActiveSync: every right by itself, what it lets one do, and what not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from groupware.calendar.item import read_item
from groupware.model.ids import EVERY
from groupware.model.rights import STANDARD, Right, letters
from groupware.store.api import WriteTx
from tests.matrix.grantees import WAYS, deny, grantee
from tests.protocol.activesync.test_calendar import add
from tests.protocol.activesync.test_sync_mail import changed
from tests.support.davstand import event
from tests.support.eas.stand import Phone, Stand, eas_stand
from tests.support.eas.wire import Node
from tests.support.jmapstand import letter

READ = Right.LOOKUP | Right.READ
TAKE = READ | Right.TRASH | Right.EXPUNGE
NEEDS = {
    "list": READ,
    "sync mail": READ,
    "flag": READ | Right.WRITE,
    "mark as read": READ | Right.SEEN,
    "delete mail": TAKE,
    "sync events": READ,
    "put": READ | Right.INSERT,
    "change": TAKE | Right.INSERT,
    "delete": TAKE,
    "move out": TAKE,
    "make a folder": READ | Right.CREATE,
}
"""What each request takes; a device is told of a folder only where it may be read."""
HELD = [Right.NONE, *STANDARD, *(READ | each for each in STANDARD), *NEEDS.values(), STANDARD]
HELD += [STANDARD & ~each for each in STANDARD]


async def ids(stand: Stand) -> tuple[str, str]:
    return str(await stand.folder("alice", "Box")), str(await stand.folder("alice", "Calendar"))


async def one(phone: Phone, at: str, *commands: tuple[Any, ...]) -> Node:
    """A Sync of a collection that the phone begins anew."""
    phone.keys.pop(at, None)
    phone.there.pop(at, None)
    begun = await phone.sync(at)
    if begun.get("Status") != "1":
        return begun
    await phone.sync(at)
    return await phone.sync(at, *commands) if commands else begun


def good(said: Node, verb: str) -> bool:
    """Whether a command went through."""
    answers = said.every(f"Responses/{verb}")
    return said.get("Status") in ("1", None) and all(each.get("Status") == "1" for each in answers)


async def done(stand: Stand, bob: Phone, action: str, box: str, calendar: str) -> bool:
    """Whether somebody gets an action through."""
    if action == "list":
        bob.keys.pop("", None)
        bob.folders = {}
        await bob.folder_sync()
        return calendar in bob.folders
    if action == "make a folder":
        bob.keys.pop("", None)
        bob.folders = {}
        await bob.folder_sync()
        said = await bob.ask(
            "FolderCreate",
            (
                "FolderHierarchy:FolderCreate",
                ("FolderHierarchy:SyncKey", bob.keys[""]),
                ("FolderHierarchy:ParentId", box),
                ("FolderHierarchy:DisplayName", "Made"),
                ("FolderHierarchy:Type", "12"),
            ),
        )
        return said.get("Status") == "1" and box in bob.folders
    if action in ("sync mail", "flag", "mark as read", "delete mail", "move out"):
        return await done_to_mail(stand, bob, action, box)
    return await done_to_events(stand, bob, action, calendar)


async def done_to_mail(stand: Stand, bob: Phone, action: str, box: str) -> bool:
    uid = await stand.put("alice", letter("x"), "Box")
    server = f"{box}:{uid}"
    if action == "sync mail":
        return (await one(bob, box)).get("Status") == "1"
    if action == "flag":
        return good(await one(bob, box, changed(server, ("Email:Flag", ("Email:Status", "2")))), "Change")
    if action == "mark as read":
        return good(await one(bob, box, changed(server, ("Email:Read", "1"))), "Change")
    if action == "delete mail":
        return good(await one(bob, box, ("AirSync:Delete", ("AirSync:ServerId", server))), "Delete")
    target = str(await stand.folder("bob", "Archive"))
    inside = ("Move:SrcMsgId", server), ("Move:SrcFldId", box), ("Move:DstFldId", target)
    said = await bob.ask("MoveItems", ("Move:MoveItems", ("Move:Move", *inside)))
    return said.get("Response/Status") == "3"


async def done_to_events(stand: Stand, bob: Phone, action: str, calendar: str) -> bool:
    if action == "sync events":
        return (await one(bob, calendar)).get("Status") == "1"
    if action == "put":
        times = ("Calendar:StartTime", "20261201T090000Z"), ("Calendar:EndTime", "20261201T100000Z")
        return good(await one(bob, calendar, add(*times)), "Add")
    [item] = [each.id for each in await stand.house.items("alice", "Calendar") if each.name.startswith("known")]
    server = f"{calendar}:{item}"
    if action == "change":
        return good(await one(bob, calendar, changed(server, ("Calendar:Subject", "y"))), "Change")
    return good(await one(bob, calendar, ("AirSync:Delete", ("AirSync:ServerId", server))), "Delete")


async def furnish(stand: Stand) -> None:
    """Alice's folders as they are before each action: one event, no folder below."""
    new = (await read_item(event("known").encode(), stand.house.blobs, "known.ics"))[1]

    def work(tx: WriteTx) -> None:
        me = tx.account("alice@example.test").id
        at = tx.locate(me, "Calendar").id
        tx.expunge(at, EVERY, deleted_only=False)
        tx.append(at, [new])
        for each in tx.folders(of=me):
            if each.path.endswith("Box/Made"):
                tx.delete_folder(each.id)

    await stand.house.write(work)


@pytest.mark.parametrize("how", WAYS)
async def test_each_action_takes_the_rights_that_the_store_asks_for(tmp_path: Path, how: str) -> None:
    async with eas_stand(tmp_path) as stand:
        bob = stand.phone("bob")
        await stand.house.write(lambda tx: tx.add_folder(tx.account("alice@example.test").id, "Box"))
        whom = await grantee(stand.house, how)
        box, calendar = await ids(stand)
        for held in dict.fromkeys(HELD if how == "account" else [*NEEDS.values(), STANDARD, Right.NONE]):
            for action, needs in NEEDS.items():
                await furnish(stand)
                for path in ("Box", "Calendar"):
                    await stand.share("alice", path, whom, letters(held))
                if how == "denied above":
                    await deny(stand.house, whom, Right.READ)
                allowed = held & ~Right.READ if how == "denied above" else held
                got = await done(stand, bob, action, box, calendar)
                assert got is (needs in allowed), (how, letters(held), action)
