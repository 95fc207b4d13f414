"""What goes from a calendar: whoever could not see it is told nothing of it, whatever they synchronise by."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from connectors.ews.ids import folder_id
from groupware.calendar.item import read_item
from groupware.model.ids import EVERY, FolderId
from groupware.model.rights import parse_rights
from groupware.store.api import WriteTx
from tests.matrix.test_lens import BOB, HIDDEN, OPEN, SOON
from tests.matrix.test_lens_exchange import sync
from tests.support import imapstand
from tests.support.davstand import event
from tests.support.ewsstand import Said
from tests.support.sharestand import CALENDAR, HERS, Stand, filled_stand, lend

CLOSED = OPEN.replace("LOCATION:Attic", "CLASS:CONFIDENTIAL")
OPENED = HIDDEN.replace("CLASS:PRIVATE", "CLASS:PUBLIC")


@pytest.fixture
async def filled(tmp_path: Path) -> AsyncIterator[Stand]:
    async with filled_stand(tmp_path, open=OPEN, private=HIDDEN) as stand:
        await lend(stand, "lr")
        yield stand


async def remove(stand: Stand, *names: str) -> None:
    for name in names:
        assert (await stand.dav("alice").ask("DELETE", f"{CALENDAR}{name}.ics")).status == 204


async def put(stand: Stand, name: str, octets: str) -> None:
    assert (await stand.dav("alice").put(f"{CALENDAR}{name}.ics", octets)).status in (201, 204)


# --- WebDAV -----------------------------------------------------------------------------------------------------------


class Dav:
    """Bob, who synchronises by sync-collection."""

    def __init__(self, stand: Stand) -> None:
        self.client, self.token = stand.dav("bob"), ""

    async def told(self) -> dict[str, bool]:
        """Names, and whether each is there."""
        said = await self.client.sync(CALENDAR, self.token)
        assert said.status == 207, said.body
        [self.token] = said.texts("D:sync-token")
        return {
            (each.findtext("{DAV:}href") or "").removeprefix(CALENDAR): each.find("{DAV:}status") is None
            for each in said.find("D:response")
        }


async def test_webdav_tells_of_what_could_be_seen(filled: Stand) -> None:
    bob = Dav(filled)
    assert await bob.told() == {"open.ics": True}
    await put(filled, "open", CLOSED)
    assert await bob.told() == {"open.ics": False}
    await put(filled, "open", OPEN)
    await put(filled, "private", OPENED)
    assert await bob.told() == {"open.ics": True, "private.ics": True}
    await put(filled, "private", HIDDEN)
    assert await bob.told() == {"private.ics": False}
    await remove(filled, "private", "open")
    assert await bob.told() == {"open.ics": False}


@pytest.mark.parametrize("rights", ["lr5", "l9", "l8", ""])
async def test_webdav_begins_again_for_who_comes_to_see_more_or_less(filled: Stand, rights: str) -> None:
    bob = Dav(filled)
    await bob.told()
    await filled.share("alice", "Calendar", BOB, rights)
    assert (await bob.client.sync(CALENDAR, bob.token)).status in (403, 404)


# --- JMAP -------------------------------------------------------------------------------------------------------------


async def test_jmap_tells_of_what_could_be_seen(filled: Stand) -> None:
    bob, account = filled.jmap("bob"), await filled.jmap("alice").account()

    async def state() -> tuple[str, list[str]]:
        found = await bob.call("CalendarEvent/get", accountId=account, properties=["id", "uid"])
        return found["state"], [each["id"] for each in found["list"]]

    async def told(since: str) -> dict[str, Any]:
        found = await bob.call("CalendarEvent/changes", accountId=account, sinceState=since)
        return {name: found[name] for name in ("created", "updated", "destroyed") if found[name]}

    since, [shown] = await state()
    await put(filled, "open", CLOSED)
    assert await told(since) == {"destroyed": [shown]}
    since, _ = await state()
    await put(filled, "open", OPEN)
    await put(filled, "private", OPENED)
    since, (later, since_there) = (await state())[0], (since, (await state())[1])
    assert await told(later) == {"created": since_there}
    await put(filled, "private", HIDDEN)
    await remove(filled, "private", "open")
    assert sorted((await told(since))["destroyed"]) == sorted(since_there)
    since, _ = await state()
    await put(filled, "new", event("new", SOON, "CLASS:PRIVATE"))
    await remove(filled, "new")
    assert await told(since) == {}


# --- Exchange ---------------------------------------------------------------------------------------------------------


class Ews:
    """Bob, who synchronises by SyncFolderItems."""

    def __init__(self, stand: Stand, at: FolderId) -> None:
        self.client, self.at, self.state = stand.ews("bob"), folder_id(at), ""

    async def told(self) -> dict[str, int]:
        said: Said = await self.client.ask(sync(self.at, self.state))
        assert said.code == "NoError", said.body
        [self.state] = said.texts("m:SyncState")
        return {how: len(found) for how in ("Create", "Update", "Delete") if (found := said.find(f"m:Changes/t:{how}"))}


async def test_ews_tells_of_what_could_be_seen(filled: Stand) -> None:
    bob = Ews(filled, await filled.share("alice", "Calendar", BOB, "lr"))
    assert await bob.told() == {"Create": 1}
    await put(filled, "open", CLOSED)
    assert await bob.told() == {"Delete": 1}
    await put(filled, "open", OPEN)
    await put(filled, "private", OPENED)
    assert await bob.told() == {"Create": 2}
    await put(filled, "private", HIDDEN)
    assert await bob.told() == {"Delete": 1}
    await remove(filled, "private")
    assert await bob.told() == {}
    await remove(filled, "open")
    assert await bob.told() == {"Delete": 1}


async def test_an_ews_client_begins_again_that_comes_to_see_more(filled: Stand) -> None:
    bob = Ews(filled, await filled.share("alice", "Calendar", BOB, "lr"))
    await bob.told()
    await filled.share("alice", "Calendar", BOB, "lr5")
    assert (await bob.client.ask(sync(bob.at, bob.state))).code == "ErrorInvalidSyncStateData"


async def test_a_device_is_told_of_what_could_be_seen(filled: Stand) -> None:
    phone, at = filled.phone("bob"), str(await filled.share("alice", "Calendar", BOB, "lr"))
    await phone.folder_sync()

    async def told() -> dict[str, int]:
        said = await phone.sync(at)
        return {how: len(found) for how in ("Add", "Change", "Delete") if (found := said.every(f"Commands/{how}"))}

    assert len(await phone.all_of(at)) == 1
    await put(filled, "open", CLOSED)
    assert await told() == {"Delete": 1}
    await put(filled, "open", OPEN)
    await put(filled, "private", OPENED)
    assert await told() == {"Add": 2}
    await put(filled, "private", HIDDEN)
    assert await told() == {"Delete": 1}
    await remove(filled, "private")
    assert await told() == {}
    await remove(filled, "open")
    assert await told() == {"Delete": 1}
    await filled.share("alice", "Calendar", BOB, "lr5")
    assert (await phone.sync(at)).get("Status") == "3"


# --- IMAP -------------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def mailbox(tmp_path: Path) -> AsyncIterator[tuple[imapstand.Stand, FolderId]]:
    """Alice's calendar as Bob has it in IMAP, with one event that he may see and one that he may not."""
    async with imapstand.stand(tmp_path, config="[imap]\nshow_all_folders = true\n") as made:
        items = [(await read_item(text.encode(), made.blobs, name))[1] for name, text in (("a", OPEN), ("b", HIDDEN))]

        def put(tx: WriteTx) -> FolderId:
            at = tx.locate(tx.account("alice@example.test").id, "Calendar").id
            tx.append(at, items)
            tx.grant(at, BOB, parse_rights("lr"))
            return at

        yield made, await made.write(put)


@pytest.mark.parametrize("command", ['STATUS "{}" ({})', 'LIST "" "{}" RETURN (STATUS ({}))'])
async def test_the_numbers_of_a_mailbox_are_of_what_one_may_see(tmp_path: Path, command: str) -> None:
    async with mailbox(tmp_path) as (made, _), made.client("bob") as bob:
        [line] = (await bob.ask(command.format(HERS, "MESSAGES UNSEEN SIZE"))).of(b"STATUS")
        assert b"MESSAGES 1 UNSEEN 1 SIZE %d" % len(OPEN) in line


async def test_imap_tells_of_what_could_be_seen(tmp_path: Path) -> None:
    async with mailbox(tmp_path) as (made, at), made.client("bob") as watching, made.client("bob") as later:
        await watching.ask("ENABLE QRESYNC")
        said = await watching.ask(f'SELECT "{HERS}"')
        [validity] = [line.split()[3][:-1] for line in said.untagged if b"UIDVALIDITY" in line]
        [modseq] = [line.split()[3][:-1] for line in said.untagged if b"HIGHESTMODSEQ" in line]
        await made.write(lambda tx: tx.expunge(at, EVERY, deleted_only=False))
        assert (await watching.ask("NOOP")).of(b"VANISHED") == [b"* VANISHED 1"]
        await later.ask("ENABLE QRESYNC")
        known = f"{validity.decode()} {modseq.decode()}"
        said = await later.ask(f'SELECT "{HERS}" (QRESYNC ({known}))')
        assert [line for line in said.untagged if b"VANISHED" in line] == [b"* VANISHED (EARLIER) 1"]
        said = await later.ask(f"UID FETCH 1:9 (FLAGS) (CHANGEDSINCE {modseq.decode()} VANISHED)")
        assert [line for line in said.untagged if b"VANISHED" in line] == [b"* VANISHED (EARLIER) 1"]
