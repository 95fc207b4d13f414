"""Who has had a right and has it no longer is told nothing more, however warm what is kept in memory is.

Bob reads a folder of mail and a calendar in every protocol; then the right goes, in each way in which one can go, and
something new comes. He asks again, by all the ids and states that he has.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.ews.ids import folder_id, item_id
from groupware.calendar.item import read_item as read_event
from groupware.model.ids import FolderId, ItemId
from groupware.model.principal import NewAccount, PrincipalKind
from groupware.model.rights import Right, parse_rights
from groupware.model.times import now_micros
from groupware.store.api import WriteTx
from groupware.store.sql import listings, tree
from tests.matrix.grantees import ALICE, BOB
from tests.matrix.unseen import Alice
from tests.support.davstand import event
from tests.support.jmapstand import letter
from tests.support.sharestand import CALENDAR, Stand, share_stand

OLD, NEW = "aardvark", "zebra"
TEAM = "team@example.test"
PATHS = ("Work", "Calendar")
BY_IDS = ("JMAP 1 Email/query", "JMAP 2 Email/query", "JMAP 5 CalendarEvent/query", "JMAP 6 Email/changes")
"""What answers with ids alone."""


class Bob:
    """His programs, with what they know."""

    def __init__(self, stand: Stand, at: Mapping[str, FolderId], items: Mapping[str, ItemId]) -> None:
        self.stand, self.at, self.items = stand, at, items
        self.dav, self.jmap, self.ews, self.phone = (
            stand.dav("bob"), stand.jmap("bob"), stand.ews("bob"), stand.phone("bob")
        )  # fmt: skip
        self.account = self.token = self.state = ""
        self.mailboxes: dict[str, str] = {}

    async def told(self) -> dict[str, str]:
        """What each way to ask gives."""
        return {**await self.by_dav(), **await self.by_jmap(), **await self.by_ews(), **await self.by_phone()}

    async def by_dav(self) -> dict[str, str]:
        one = await self.dav.ask("GET", f"{CALENDAR}old.ics")
        synced = await self.dav.sync(CALENDAR, self.token)
        if synced.status == 207:
            self.token = synced.texts("D:sync-token")[0]
        query = await self.dav.query(CALENDAR, "<C:comp-filter name='VEVENT'/>")
        whole = await self.dav.ask("GET", CALENDAR)
        named = {"GET": one, "sync": synced, "query": query, "whole": whole}
        return {f"DAV {name}": said.body.decode() for name, said in named.items()}

    async def by_jmap(self) -> dict[str, str]:
        self.account = self.account or await self.jmap.account("alice")
        mail, work = f"M{self.items['Work']}", f"F{self.at['Work']}"
        asked: list[tuple[str, dict[str, Any]]] = [
            ("Email/get", {"ids": [mail]}),
            ("Email/query", {"filter": {"inMailbox": work}}),
            ("Email/query", {"filter": {"text": NEW}}),
            ("SearchSnippet/get", {"filter": {"text": OLD}, "emailIds": [mail]}),
            ("CalendarEvent/get", {}),
            ("CalendarEvent/query", {"filter": {"text": OLD}}),
        ]
        if self.state:
            asked.append(("Email/changes", {"sinceState": self.state}))
        found = {}
        for number, (method, given) in enumerate(asked):
            [[name, answer]] = await self.jmap.calls((method, {"accountId": self.account, **given}))
            found[f"JMAP {number} {method}"] = str(answer)
            if method == "Email/get" and name == method:
                self.state = answer["state"]
        place = f"/jmap/download/{self.account}/G{self.items['Work']}/x"
        return {**found, "JMAP download": (await self.jmap.get(place)).text}

    async def by_ews(self) -> dict[str, str]:
        shape = "<t:BaseShape>Default</t:BaseShape>"
        found = {}
        for path in PATHS:
            at = f'<t:FolderId Id="{folder_id(self.at[path])}"/>'
            item = f'<t:ItemId Id="{item_id(self.items[path])}"/>'
            get = f"<m:GetItem><m:ItemShape>{shape}</m:ItemShape><m:ItemIds>{item}</m:ItemIds></m:GetItem>"
            find = (
                f'<m:FindItem Traversal="Shallow"><m:ItemShape>{shape}</m:ItemShape>'
                f"<m:ParentFolderIds>{at}</m:ParentFolderIds></m:FindItem>"
            )
            sync = (
                f"<m:SyncFolderItems><m:ItemShape>{shape}</m:ItemShape><m:SyncFolderId>{at}</m:SyncFolderId>"
                "<m:MaxChangesReturned>99</m:MaxChangesReturned></m:SyncFolderItems>"
            )
            for name, operation in (("get", get), ("find", find), ("sync", sync)):
                found[f"EWS {name} {path}"] = (await self.ews.ask(operation)).body.decode()
        return found

    async def by_phone(self) -> dict[str, str]:
        """By the sync keys that it has."""
        if not self.mailboxes:
            self.mailboxes = {path: await self.phone.at(f"{path} ({ALICE})") for path in PATHS}
            for at in self.mailboxes.values():
                await self.phone.sync(at)
        return {f"EAS {path}": str(await self.phone.sync(at)) for path, at in self.mailboxes.items()}


Revoke = Callable[[Stand, pytest.MonkeyPatch], Awaitable[None]]


def granted(tx: WriteTx, to: str, rights: str, deny: str = "", hours: int = 0) -> None:
    owner = tx.account(ALICE).id
    ends = tree.moment(now_micros()) + timedelta(hours=hours) if hours else None
    for path in PATHS:
        tx.grant(tx.locate(owner, path).id, to, parse_rights(rights), parse_rights(deny), ends)


async def taken_back(stand: Stand, _: pytest.MonkeyPatch) -> None:
    await stand.house.write(lambda tx: granted(tx, TEAM, ""))


async def denied_above(stand: Stand, _: pytest.MonkeyPatch) -> None:
    await stand.house.write(
        lambda tx: tx.grant(tx.locate(tx.account(ALICE).id, "").id, BOB, Right.NONE, Right.LOOKUP | Right.READ)
    )


async def out_of_the_group(stand: Stand, _: pytest.MonkeyPatch) -> None:
    await stand.house.write(lambda tx: tx.drop_member(TEAM, BOB))


async def group_is_gone(stand: Stand, _: pytest.MonkeyPatch) -> None:
    await stand.house.write(lambda tx: tx.drop_account(TEAM))


async def ended(_: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (tree, listings):
        monkeypatch.setattr(module, "now_micros", lambda: now_micros() + 2 * 3_600_000_000)


WAYS: Mapping[str, Revoke] = {
    each.__name__: each for each in (taken_back, denied_above, out_of_the_group, group_is_gone, ended)
}


@pytest.fixture
async def stand(tmp_path: Path) -> AsyncIterator[Stand]:
    async with share_stand(tmp_path) as made:

        def work(tx: WriteTx) -> None:
            tx.add_folder(tx.account(ALICE).id, "Work")
            tx.put_account(NewAccount(TEAM, PrincipalKind.GROUP))
            tx.put_member(TEAM, BOB)
            granted(tx, TEAM, "lr", hours=1)

        await made.house.write(work)
        yield made


@pytest.mark.parametrize("way", WAYS)
async def test_who_may_read_no_longer_is_told_nothing_more(
    stand: Stand, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = Alice(stand.house.store, stand.house.blobs)

    async def put(word: str, name: str) -> dict[str, ItemId]:
        new = (await read_event(event(word, "20261201T100000Z", summary=word).encode(), alice.blobs, name))[1]
        return {
            "Work": await alice.letter("Work", letter(word, body=f"{word}\r\n")),
            "Calendar": await alice.puts("Calendar", new),
        }

    bob = Bob(stand, await alice.numbers(), await put(OLD, "old.ics"))
    await bob.told()
    warm = await bob.told()
    assert {name for name, text in warm.items() if OLD not in text} == {*BY_IDS, "DAV sync", "EAS Work", "EAS Calendar"}
    await WAYS[way](stand, monkeypatch)
    known = {*bob.items.values(), *(await put(NEW, "new.ics")).values()}
    cold = await bob.told()
    assert [name for name, text in cold.items() if OLD in text or NEW in text] == []
    assert [name for name in BY_IDS if any(f"{each}'" in cold[name] for each in known)] == []
