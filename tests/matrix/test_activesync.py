"""The rights matrix over ActiveSync: every right by itself, what it lets one do, and what not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from groupware.calendar.item import read_item
from groupware.model.ids import EVERY
from groupware.model.rights import STANDARD, Right, parse_rights
from groupware.store.api import WriteTx
from tests.matrix.grantees import ALICE, WAYS, sharing
from tests.matrix.trial import try_all
from tests.protocol.activesync.test_calendar import add
from tests.protocol.activesync.test_sync_mail import changed
from tests.support.davstand import event
from tests.support.eas.stand import Phone, Stand, eas_stand
from tests.support.eas.wire import Node
from tests.support.jmapstand import letter


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


class Scene:
    """Alice's mail folder `Box` with a message, her calendar with an event; and Bob's phone."""

    def __init__(self, stand: Stand, bob: Phone, box: str, calendar: str, archive: str) -> None:
        self.stand, self.bob, self.box, self.calendar, self.archive = stand, bob, box, calendar, archive
        self.message = self.event = ""
        """Their ServerIds."""
        self.there = False

    async def made(self) -> None:
        uid = await self.stand.put("alice", letter("x"), "Box")
        new = (await read_item(event("known").encode(), self.stand.house.blobs, "known.ics"))[1]

        def work(tx: WriteTx) -> int:
            return tx.append(tx.locate(tx.account(ALICE).id, "Calendar").id, [new])[0].id

        self.message, self.event = f"{self.box}:{uid}", f"{self.calendar}:{await self.stand.house.write(work)}"
        self.there = True

    async def cleared(self) -> None:
        def work(tx: WriteTx) -> None:
            owner = tx.account(ALICE).id
            for path in ("Box", "Calendar"):
                tx.expunge(tx.locate(owner, path).id, EVERY, deleted_only=False)
            for each in tx.folders(of=owner):
                if each.path.endswith("Box/Made"):
                    tx.delete_folder(each.id)

        await self.stand.house.write(work)
        self.there = False

    async def listed(self) -> bool:
        await self._begun()
        return self.calendar in self.bob.folders

    async def folder_made(self) -> bool:
        await self._begun()
        said = await self.bob.ask(
            "FolderCreate",
            (
                "FolderHierarchy:FolderCreate",
                ("FolderHierarchy:SyncKey", self.bob.keys[""]),
                ("FolderHierarchy:ParentId", self.box),
                ("FolderHierarchy:DisplayName", "Made"),
                ("FolderHierarchy:Type", "12"),
            ),
        )
        return said.get("Status") == "1" and self.box in self.bob.folders

    async def _begun(self) -> None:
        """The phone asks for all folders anew."""
        self.bob.keys.pop("", None)
        self.bob.folders = {}
        await self.bob.folder_sync()

    async def mail_synced(self) -> bool:
        return (await one(self.bob, self.box)).get("Status") == "1"

    async def mail_changed(self, *inside: tuple[Any, ...]) -> bool:
        return good(await one(self.bob, self.box, changed(self.message, *inside)), "Change")

    async def mail_deleted(self) -> bool:
        return good(await one(self.bob, self.box, ("AirSync:Delete", ("AirSync:ServerId", self.message))), "Delete")

    async def mail_moved(self) -> bool:
        inside = ("Move:SrcMsgId", self.message), ("Move:SrcFldId", self.box), ("Move:DstFldId", self.archive)
        said = await self.bob.ask("MoveItems", ("Move:MoveItems", ("Move:Move", *inside)))
        return said.get("Response/Status") == "3"

    async def events_synced(self) -> bool:
        return (await one(self.bob, self.calendar)).get("Status") == "1"

    async def event_put(self) -> bool:
        times = ("Calendar:StartTime", "20261201T090000Z"), ("Calendar:EndTime", "20261201T100000Z")
        return good(await one(self.bob, self.calendar, add(*times)), "Add")

    async def event_changed(self) -> bool:
        said = await one(self.bob, self.calendar, changed(self.event, ("Calendar:Subject", "y")))
        return good(said, "Change")

    async def event_deleted(self) -> bool:
        said = await one(self.bob, self.calendar, ("AirSync:Delete", ("AirSync:ServerId", self.event)))
        return good(said, "Delete")


ACTIONS: dict[str, tuple[str, Callable[[Scene], Awaitable[bool]]]] = {
    "list": ("lr", Scene.listed),
    "sync mail": ("lr", Scene.mail_synced),
    "flag": ("lrw", lambda s: s.mail_changed(("Email:Flag", ("Email:Status", "2")))),
    "mark as read": ("lrs", lambda s: s.mail_changed(("Email:Read", "1"))),
    "delete mail": ("lrte", Scene.mail_deleted),
    "sync events": ("lr", Scene.events_synced),
    "put": ("lri", Scene.event_put),
    "change": ("lrite", Scene.event_changed),
    "delete": ("lrte", Scene.event_deleted),
    "move out": ("lrte", Scene.mail_moved),
    "make a folder": ("lrk", Scene.folder_made),
}
"""What is done, and the rights that it takes; a device is told of a folder only where it may be read."""
READING = ("list", "sync mail", "sync events")
"""What leaves everything as it is."""
NEEDS = [parse_rights(needs) for needs, _ in ACTIONS.values()]
READ = Right.LOOKUP | Right.READ
HELD = [Right.NONE, *STANDARD, *(READ | each for each in STANDARD), *NEEDS, STANDARD]
HELD += [STANDARD & ~each for each in STANDARD]


@pytest.mark.parametrize("how", WAYS)
async def test_each_action_takes_the_rights_that_the_store_asks_for(tmp_path: Path, how: str) -> None:
    async with eas_stand(tmp_path) as stand:
        await stand.house.write(lambda tx: tx.add_folder(tx.account(ALICE).id, "Box"))
        places = [
            str(await stand.folder(*each)) for each in (("alice", "Box"), ("alice", "Calendar"), ("bob", "Archive"))
        ]
        shared = await sharing(stand.house, how, "Box", "Calendar")
        sets = HELD if how == "account" else [*NEEDS, STANDARD, Right.NONE]
        await try_all(Scene(stand, stand.phone("bob"), *places), shared, sets, ACTIONS, READING)
