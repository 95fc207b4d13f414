"""What Bob sees of Alice's, and what she does where he may not look."""

from __future__ import annotations

from groupware.calendar.item import read_item as read_event
from groupware.contacts.card import read_item as read_card
from groupware.mime.item import read_item
from groupware.model.flags import FlagChange, Flags
from groupware.model.ids import EVERY, FolderId, ItemId
from groupware.model.item import Kind, NewItem
from groupware.model.principal import OPERATOR
from groupware.model.rights import Right, parse_rights
from groupware.store import SqlBlobs, SqlStore
from groupware.store.api import ReadTx, WriteTx
from tests.matrix.grantees import ALICE, BOB
from tests.support.davstand import card, event
from tests.support.jmapstand import letter

WORD = "zebra"
"""Stands in all that he must not hear of."""
SECRET = letter(f"about a {WORD}", f"To: {WORD}@far.test", body=f"{WORD} {WORD}\r\n" * 40)
SHARED = {"Work": "lr", "Friends": "lr", "Calendar": "l9"}


def _folders(tx: WriteTx) -> None:
    """What is shared, and folders below and beside that are not; and a quota."""
    owner = tx.account(ALICE).id
    tx.put_setting("mailboxSize", 1000, owner)
    tx.add_folder(owner, "Work/Below")
    tx.add_folder(owner, "Friends", Kind.CONTACTS)
    tx.add_folder(owner, "Hidden", Kind.CALENDAR)
    for path, rights in SHARED.items():
        tx.grant(tx.locate(owner, path).id, BOB, parse_rights(rights))
    tx.grant(tx.locate(owner, "Work/Below").id, BOB, Right.NONE, Right.LOOKUP)


class Alice:
    """What she does."""

    def __init__(self, store: SqlStore, blobs: SqlBlobs) -> None:
        self.store, self.blobs = store, blobs

    async def prepare(self) -> ItemId:
        """Shares; gives the id of a message that she does not share."""
        await self.store.write(OPERATOR, _folders)
        await self.letter("Work", letter("for both"))
        return await self.letter("INBOX", letter("quiet", body="first\r\n"))

    async def numbers(self) -> dict[str, FolderId]:
        """Her folders by their paths."""

        def work(tx: ReadTx) -> dict[str, FolderId]:
            start = f"Other Users/{ALICE}/"
            return {each.path.removeprefix(start): each.id for each in tx.folders(of=tx.account(ALICE).id)}

        return await self.store.read(OPERATOR, work)

    async def puts(self, path: str, new: NewItem) -> ItemId:
        def work(tx: WriteTx) -> ItemId:
            return tx.append(tx.locate(tx.account(ALICE).id, path, Right.INSERT).id, [new])[0].id

        return await self.store.write(OPERATOR, work)

    async def letter(self, path: str, octets: bytes = SECRET) -> ItemId:
        return await self.puts(path, await read_item(octets, self.blobs))

    async def does_much(self) -> None:
        """Mail, objects, folders, rights, settings: whatever Bob must not notice."""
        for path in ("INBOX", "Work/Below", "Drafts"):
            await self.letter(path)
        await self.puts("Hidden", (await read_event(event(WORD, summary=WORD).encode(), self.blobs, f"{WORD}.ics"))[1])
        await self.puts("Contacts", (await read_card(card(WORD, WORD).encode(), self.blobs, f"{WORD}.vcf"))[1])

        def work(tx: WriteTx) -> None:
            inbox = tx.folder("INBOX").id
            tx.update_flags(inbox, EVERY, FlagChange(add=Flags.FLAGGED, add_words=frozenset({WORD})))
            tx.move(inbox, EVERY, tx.folder("Trash").id)
            tx.create_folder(f"{WORD}/Deep")
            tx.annotate(inbox, {"/shared/comment": WORD.encode(), "/private/comment": WORD.encode()})
            tx.annotate(tx.folder("Work").id, {"/private/comment": WORD.encode()})
            tx.grant(inbox, "carol@example.test", parse_rights("lrs"))
            tx.put_script(WORD, b"keep;")
            tx.subscribe(f"{WORD}/Deep", on=True)

        await self.store.write(await self.store.read(OPERATOR, lambda tx: tx.identity(tx.account(ALICE).id)), work)
