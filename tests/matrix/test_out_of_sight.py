"""What Alice does where Bob may not look changes nothing that he is told over HTTP, and wakes no program of his.

Bob reads one folder of mail, one address book and the busy times of one calendar. What he asks before and after has to
give the same, positions in Alice's change sequence included.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from connectors.ews.ids import folder_id, item_id
from groupware.model.ids import FolderId, ItemId
from tests.matrix.grantees import ALICE, BOB
from tests.matrix.unseen import WORD, Alice
from tests.support.davstand import HEAD
from tests.support.jmapstand import USING, letter
from tests.support.sharestand import Stand, share_stand
from web.jmap.events import TYPES, Asked, stream
from web.jmap.turn import Turn


class Bob:
    """What he asks, in every protocol."""

    def __init__(self, stand: Stand, hidden: ItemId, at: dict[str, FolderId]) -> None:
        self.stand, self.hidden, self.at = stand, hidden, at
        self.dav, self.jmap, self.ews = stand.dav("bob"), stand.jmap("bob"), stand.ews("bob")

    async def told(self) -> dict[str, str]:
        return {**await self.by_dav(), **await self.by_jmap(), **await self.by_ews(), **await self.by_phone()}

    async def by_dav(self) -> dict[str, str]:
        found = {}
        homes = [f"/dav/{kind}/{name}/" for kind in ("calendars", "contacts") for name in (ALICE, BOB)]
        for path in (*homes, f"/dav/principals/{ALICE}/", f"{homes[0]}Calendar/", f"{homes[0]}Hidden/"):
            for depth in ("0", "1"):
                said = await self.dav.ask("PROPFIND", path, f"<D:propfind{HEAD}><D:allprop/></D:propfind>", depth=depth)
                found[f"PROPFIND {depth} {path}"] = f"{said.status} {said.body.decode()}"
            props = ("D:quota-used-bytes", "D:quota-available-bytes", "D:sync-token", "D:acl", "S:getctag")
            found[f"props {path}"] = (await self.dav.props(path, *props, depth=1)).body.decode()
        for path in (f"{homes[0]}Calendar/", f"{homes[2]}Friends/"):
            found[f"sync {path}"] = (await self.dav.sync(path)).body.decode()
        for path in (f"{homes[0]}Hidden/{WORD}.ics", f"{homes[2]}Contacts/{WORD}.vcf"):
            said = await self.dav.ask("GET", path)
            found[f"GET {path}"] = f"{said.status} {said.body.decode()}"
        return found

    async def by_jmap(self) -> dict[str, str]:
        account = await self.jmap.account("alice")
        hidden, blob = f"M{self.hidden}", f"G{self.hidden}"
        asked: Sequence[tuple[str, dict[str, Any]]] = [
            ("Mailbox/get", {}), ("Mailbox/query", {}), ("Email/query", {"filter": {"text": WORD}}),
            ("Email/query", {"calculateTotal": True}), ("Email/get", {"ids": [hidden]}),
            ("Email/query", {"filter": {"inMailbox": f"F{self.at['INBOX']}"}}),
            ("Thread/get", {"ids": ["T1"]}), ("Quota/get", {}), ("Calendar/get", {}), ("AddressBook/get", {}),
            ("CalendarEvent/get", {}), ("CalendarEvent/query", {"filter": {"text": WORD}}), ("ContactCard/get", {}),
            ("ContactCard/query", {"filter": {"text": WORD}}), ("Principal/get", {}), ("ShareNotification/get", {}),
            ("SearchSnippet/get", {"filter": {"text": WORD}, "emailIds": [hidden]}),
            ("Blob/get", {"ids": [blob]}), ("Blob/lookup", {"typeNames": ["Email", "Mailbox"], "ids": [blob]}),
        ]  # fmt: skip
        found = {"session": (await self.jmap.get("/jmap/session")).text}
        for number, (method, given) in enumerate(asked):
            calls = [[method, {"accountId": account, **given}, "0"]]
            got = await self.jmap.post({"using": USING, "methodCalls": calls})
            found[f"{number} {method}"] = got.text
        got = await self.jmap.get(f"/jmap/download/{account}/{blob}/x")
        return {**found, "download": f"{got.status_code} {got.text}"}

    async def by_ews(self) -> dict[str, str]:
        shape = "<t:BaseShape>Default</t:BaseShape>"
        mailbox = f"<t:Mailbox><t:EmailAddress>{ALICE}</t:EmailAddress></t:Mailbox>"
        root = f'<t:DistinguishedFolderId Id="msgfolderroot">{mailbox}</t:DistinguishedFolderId>'
        work, inbox = (f'<t:FolderId Id="{folder_id(self.at[name])}"/>' for name in ("Work", "INBOX"))
        item = f'<t:ItemId Id="{item_id(self.hidden)}"/>'
        asked: Sequence[str] = (
            f'<m:FindFolder Traversal="Deep"><m:FolderShape>{shape}</m:FolderShape><m:ParentFolderIds>{root}'
            "</m:ParentFolderIds></m:FindFolder>",
            f"<m:SyncFolderHierarchy><m:FolderShape>{shape}</m:FolderShape><m:SyncFolderId>{root}</m:SyncFolderId>"
            "</m:SyncFolderHierarchy>",
            f"<m:GetFolder><m:FolderShape>{shape}</m:FolderShape><m:FolderIds>{work}{inbox}{root}</m:FolderIds>"
            "</m:GetFolder>",
            f"<m:GetItem><m:ItemShape>{shape}</m:ItemShape><m:ItemIds>{item}</m:ItemIds></m:GetItem>",
            f'<m:FindItem Traversal="Shallow"><m:ItemShape>{shape}</m:ItemShape><m:ParentFolderIds>{work}{inbox}'
            f"</m:ParentFolderIds><m:QueryString>{WORD}</m:QueryString></m:FindItem>",
            f'<m:ResolveNames ReturnFullContactData="true"><m:UnresolvedEntry>{WORD}</m:UnresolvedEntry>'
            "</m:ResolveNames>",
        )
        return {f"{number} {each[:20]}": (await self.ews.ask(each)).body.decode() for number, each in enumerate(asked)}

    async def by_phone(self) -> dict[str, str]:
        """As a new device each time."""
        phone = self.stand.phone("bob")
        await phone.folder_sync()
        options = ("Search:Options", ("Search:Range", "0-9"))
        query = ("Search:Query", ("Search:And", ("Search:FreeText", WORD)))
        search = ("Search:Store", ("Search:Name", "Mailbox"), query, options)
        said = await phone.ask("Search", ("Search:Search", search))
        return {"FolderSync": str(sorted(phone.folders.items())), "Search": str(said)}


_TIME = re.compile(r"\b20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z")


def without_time(told: dict[str, str]) -> dict[str, str]:
    """The answers, but for the moments in them: those differ from one question to the next all the same."""
    return {name: _TIME.sub("NOW", text) for name, text in told.items()}


@pytest.fixture
async def stand(tmp_path: Path) -> AsyncIterator[Stand]:
    async with share_stand(tmp_path) as made:
        yield made


@pytest.fixture
def alice(stand: Stand) -> Alice:
    return Alice(stand.house.store, stand.house.blobs)


@pytest.fixture
async def bob(stand: Stand, alice: Alice) -> Bob:
    return Bob(stand, await alice.prepare(), await alice.numbers())


async def test_what_is_done_out_of_sight_changes_no_answer(alice: Alice, bob: Bob) -> None:
    await bob.told()
    before = without_time(await bob.told())
    assert without_time(await bob.told()) == before
    await alice.does_much()
    after = without_time(await bob.told())
    assert {name: text for name, text in after.items() if text != before[name]} == {}


async def test_what_is_done_out_of_sight_wakes_no_phone(stand: Stand, alice: Alice, bob: Bob) -> None:
    phone = stand.phone("bob")
    at = await phone.at(f"Work ({ALICE})")
    await phone.all_of(at)
    folder = ("Ping:Folder", ("Ping:Id", at), ("Ping:Class", "Email"))
    tree = ("Ping:Ping", ("Ping:HeartbeatInterval", "600"), ("Ping:Folders", folder))
    ping = asyncio.create_task(phone.ask("Ping", tree))
    await alice.does_much()
    await bob.by_jmap()  # so much later
    assert not ping.done()
    await alice.letter("Work", letter("news"))
    async with asyncio.timeout(60):
        assert (await ping).get("Status") == "2"


async def test_what_is_done_out_of_sight_is_told_to_no_listener(stand: Stand, alice: Alice, bob: Bob) -> None:
    who = await stand.house.read(lambda tx: tx.identity(tx.account(BOB).id))
    found = stream(Turn(stand.house.parts, who), Asked(frozenset(TYPES), False, 0, ""), asyncio.Event())
    await anext(found)
    heard = asyncio.create_task(anext(found))  # type: ignore[arg-type]
    await alice.does_much()
    await bob.by_jmap()  # so much later
    assert not heard.done()
    await alice.letter("Work", letter("news"))
    async with asyncio.timeout(60):
        said = json.loads((await heard).decode().partition("data: ")[2])
    assert said["changed"].keys() == {await bob.jmap.account("alice")}
    await found.aclose()  # type: ignore[attr-defined]
