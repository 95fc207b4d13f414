"""The rights matrix over JMAP for what somebody is told: of folders that are shared, and of what others did in them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from groupware.model.item import Kind
from groupware.model.rights import STANDARD, Right, letters, parse_rights
from groupware.store.api import ReadTx, WriteTx
from tests.matrix.grantees import ALICE, BOB, WAYS, sharing
from tests.matrix.trial import try_all
from tests.support.jmapstand import Client, Stand, jmap_stand

HELD = [
    Right.NONE,
    *STANDARD,
    *(Right.LOOKUP | each for each in STANDARD),
    *(parse_rights(each) for each in ("lr", "lr9", "lr6", "lr5", "l965")),
    STANDARD,
    *(STANDARD & ~each for each in STANDARD),
]
EVENT = {"start": "2025-03-03T10:00:00", "title": "Tea"}


class Scene:
    """Alice's calendar `Friends`, in which she has just made an event; what Bob knows of it."""

    def __init__(self, stand: Stand, bob: Client, account: str) -> None:
        self.stand, self.alice, self.bob, self.account = stand, stand.client("alice"), bob, account
        self.at = self.notice = ""
        self.there = False

    async def made(self) -> None:
        calendars = (await self.alice.call("Calendar/get"))["list"]
        self.at = next(each["id"] for each in calendars if each["name"] == "Friends")
        await self.alice.call("CalendarEvent/set", create={"k": {**EVENT, "calendarIds": {self.at: True}}})

        def newest(tx: ReadTx) -> str:
            deed = max(tx.deeds(tx.locate(tx.account(ALICE).id, "Friends").id, 0, 500), key=lambda each: each.number)
            return f"H{deed.number}-{deed.uid}"

        self.notice = await self.stand.house.read(newest)
        self.there = True

    async def cleared(self) -> None:
        self.there = False

    async def call(self, method: str, **given: Any) -> dict[str, Any]:
        """The answer, empty for an error."""
        full = f"CalendarEventNotification/{method}"
        [[name, found]] = await self.bob.calls((full, {"accountId": self.account, **given}))
        return dict(found) if name != "error" else {}

    async def listed(self) -> bool:
        return [each["id"] for each in (await self.call("get", ids=[self.notice])).get("list", ())] == [self.notice]

    async def found(self) -> bool:
        return self.notice in (await self.call("query")).get("ids", ())

    async def dismissed(self) -> bool:
        return self.notice in ((await self.call("set", destroy=[self.notice])).get("destroyed") or ())


ACTIONS: dict[str, tuple[str, Callable[[Scene], Awaitable[bool]]]] = {
    "get": ("lr", lambda s: s.listed()),
    "query": ("lr", lambda s: s.found()),
    "set destroy": ("lr", lambda s: s.dismissed()),
}


@pytest.mark.parametrize("how", WAYS)
async def test_who_may_read_a_calendar_is_told_what_others_did_in_it(tmp_path: Path, how: str) -> None:
    async with jmap_stand(tmp_path) as stand:
        await stand.house.write(lambda tx: tx.add_folder(tx.account(ALICE).id, "Friends", Kind.CALENDAR))
        shared, bob = await sharing(stand.house, how, "Friends"), stand.client("bob")
        await shared.give(parse_rights("l"))
        scene = Scene(stand, bob, await bob.account("alice"))
        await scene.made()
        await bob.call("Calendar/set", accountId=scene.account, update={scene.at: {"isSubscribed": True}})
        await try_all(scene, shared, HELD, ACTIONS, ("get", "query"))


@pytest.mark.parametrize("denied", [Right.NONE, Right.READ, Right.LOOKUP])
async def test_who_may_look_a_folder_up_is_told_that_it_is_shared(tmp_path: Path, denied: Right) -> None:
    async with jmap_stand(tmp_path) as stand:
        bob = stand.client("bob")
        await stand.house.write(lambda tx: tx.add_folder(tx.account(ALICE).id, "Friends", Kind.CALENDAR))
        for held in dict.fromkeys(HELD):

            def share(tx: WriteTx, held: Right = held) -> int:
                alice = tx.account(ALICE)
                at = tx.locate(alice.id, "Friends").id
                tx.share(at, BOB, held)
                tx.grant(alice.root or at, BOB, Right.NONE, denied)
                return at

            at = f"F{await stand.house.write(share)}"
            seen = Right.LOOKUP in held & ~denied
            told = [each for each in (await bob.call("ShareNotification/get"))["list"] if each["objectId"] == at]
            assert (len(told) == 1) is seen, letters(held)
            ids = [each["id"] for each in told]
            assert (await bob.call("ShareNotification/query"))["ids"] == ids, letters(held)
            if told:
                assert told[0]["newRights"]["mayReadItems"] is (Right.READ in held), letters(held)
                assert (await bob.call("ShareNotification/set", destroy=ids))["destroyed"] == ids
