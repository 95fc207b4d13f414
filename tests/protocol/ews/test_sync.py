"""SyncFolderItems: what a client is told page by page comes to what is there. MS-OXWSSYNC §3.1.4.2."""

from __future__ import annotations

from groupware.model.flags import FlagChange, Flags
from groupware.model.ids import EVERY, FolderId, Uid, Uids, ranges
from groupware.store.api import WriteTx
from tests.support.ewsstand import Client, Said, Stand
from tests.support.jmapstand import letter

INBOX = '<t:DistinguishedFolderId Id="inbox"/>'
ALICES = INBOX.replace(
    "/>", "><t:Mailbox><t:EmailAddress>alice@example.test</t:EmailAddress></t:Mailbox></t:DistinguishedFolderId>"
)


async def page(client: Client, state: str, most: int = 3, at: str = INBOX) -> Said:
    shape = "<m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape>"
    known = f"<m:SyncState>{state}</m:SyncState>" if state else ""
    inside = f"{shape}<m:SyncFolderId>{at}</m:SyncFolderId>{known}<m:MaxChangesReturned>{most}</m:MaxChangesReturned>"
    return await client.ask(f"<m:SyncFolderItems>{inside}</m:SyncFolderItems>")


class Mirror:
    """What a client keeps of a folder."""

    def __init__(self, client: Client, at: str = INBOX) -> None:
        self.client, self.at, self.state = client, at, ""
        self.there: set[str] = set()
        self.told: list[tuple[str, str]] = []

    async def sync(self, most: int = 3) -> list[tuple[str, str]]:
        """Everything there is to be told; (what, id) of it."""
        self.told = []
        while True:
            said = await page(self.client, self.state, most, self.at)
            assert said.code == "NoError"
            [self.state], [last] = said.texts("m:SyncState"), said.texts("m:IncludesLastItemInRange")
            for what in ("Create", "Update", "Delete"):
                for each in said.find(f"t:{what}//t:ItemId"):
                    self._take(what, each.get("Id", ""))
            if last == "true":
                return self.told

    def _take(self, what: str, ident: str) -> None:
        self.told.append((what, ident))
        if what == "Delete":
            self.there.discard(ident)
        else:
            assert (ident in self.there) == (what == "Update"), what
            self.there.add(ident)


async def flag(stand: Stand, uids: Uids = EVERY) -> None:
    await stand.house.write(lambda tx: tx.update_flags(inbox(tx), uids, FlagChange(add=Flags.FLAGGED)))


async def remove(stand: Stand, *uids: int) -> None:
    await stand.house.write(lambda tx: tx.expunge(inbox(tx), ranges(uids), deleted_only=False))


async def move(stand: Stand, one: str, to: str, uids: Uids = EVERY) -> None:
    await stand.house.write(lambda tx: tx.move(inbox(tx, one), uids, inbox(tx, to)))


def inbox(tx: WriteTx, path: str = "INBOX") -> FolderId:
    return tx.locate(tx.account("alice@example.test").id, path).id


async def test_many_changes_of_one_moment_come_page_by_page_and_each_once(stand: Stand, alice: Client) -> None:
    for each in range(10):
        await stand.put("alice", letter(str(each)))
    mirror = Mirror(alice)
    await mirror.sync()
    await flag(stand)
    told = await mirror.sync()
    assert [what for what, _ in told] == ["Update"] * 10 and len(set(told)) == 10
    assert await mirror.sync() == []


async def test_what_came_changed_and_went_meanwhile_is_told_as_what_it_is_by_then(stand: Stand, alice: Client) -> None:
    for each in range(6):
        await stand.put("alice", letter(str(each)))
    mirror = Mirror(alice)
    await mirror.sync()
    await remove(stand, 1, 2)
    for each in range(4):
        await stand.put("alice", letter(f"new {each}"))
    await flag(stand, [(Uid(3), Uid(8))])
    told = await mirror.sync(2)
    assert sorted(what for what, _ in told) == ["Create"] * 4 + ["Delete"] * 2 + ["Update"] * 4
    assert len(mirror.there) == 8


async def test_what_went_and_came_back_is_still_there(stand: Stand, alice: Client) -> None:
    await stand.put("alice", letter("x"))
    await stand.put("alice", letter("y"))
    mirror = Mirror(alice)
    await mirror.sync()
    await move(stand, "INBOX", "Trash", [(Uid(1), Uid(1))])
    await move(stand, "Trash", "INBOX")
    assert [what for what, _ in await mirror.sync(1)] == ["Update"]
    assert len(mirror.there) == 2


async def test_what_came_from_another_folder_is_new(stand: Stand, alice: Client) -> None:
    mirror = Mirror(alice)
    await stand.put("alice", letter("x"), "Trash")
    await mirror.sync()
    await move(stand, "Trash", "INBOX")
    assert [what for what, _ in await mirror.sync()] == ["Create"]


async def test_changes_between_two_pages_are_told_as_well(stand: Stand, alice: Client) -> None:
    for each in range(6):
        await stand.put("alice", letter(str(each)))
    mirror = Mirror(alice)
    await mirror.sync()
    await flag(stand)
    first = await page(alice, mirror.state, 2)
    [mirror.state] = first.texts("m:SyncState")
    await remove(stand, 1, 6)
    await mirror.sync(2)
    assert len(mirror.there) == 4


async def test_what_only_the_reader_has_beside_a_message_is_told_page_by_page(stand: Stand, bob: Client) -> None:
    at = await stand.share("alice", "INBOX", "bob@example.test", "lrs")
    for each in range(5):
        await stand.put("alice", letter(str(each)))
    mirror = Mirror(bob, ALICES)
    await mirror.sync()
    who = await stand.house.read(lambda tx: tx.identity(tx.account("bob@example.test").id))
    await stand.house.write(lambda tx: tx.update_flags(at, EVERY, FlagChange(add=Flags.SEEN)), who)
    told = await mirror.sync(2)
    assert [what for what, _ in told] == ["Update"] * 5 and len(set(told)) == 5
    await flag(stand, [(Uid(1), Uid(2))])
    assert len(await mirror.sync(1)) == 2
