"""The matrix of lenses in IMAP: who may read a calendar as a mailbox is told what CalDAV tells, and nobody else is."""

from __future__ import annotations

from pathlib import Path

from groupware.calendar.item import read_item
from groupware.model.rights import Right, letters, parse_rights
from groupware.store.api import WriteTx
from tests.matrix.test_lens import BOB, HELD, HIDDEN, OPEN, WORDS, told
from tests.support.imapstand import Client, stand

HERS = '"Other Users/alice@example.test/Calendar"'


async def words(client: Client) -> set[str] | None:
    """What is found in the mailbox; None: it cannot be opened."""
    if not (await client.ask(f"EXAMINE {HERS}")).ok:
        return None
    octets = b"".join((await client.ask("FETCH 1:* (ENVELOPE BODY.PEEK[])")).untagged)
    text = octets.replace(b"\r\n ", b"").decode()
    found = {word for word in WORDS if word in text}
    for word in WORDS:
        sought = (await client.ask(f'SEARCH TEXT "{word}"')).untagged
        assert (sought != [b"* SEARCH"]) is (word in found), word
    return found


async def test_each_right_tells_in_imap_what_it_tells_in_caldav_or_nothing(tmp_path: Path) -> None:
    async with stand(tmp_path, config="[imap]\nshow_all_folders = true\n") as made:
        items = [
            (await read_item(text.encode(), made.blobs, f"{name}.ics"))[1]
            for name, text in (("open", OPEN), ("private", HIDDEN))
        ]

        def put(tx: WriteTx) -> None:
            tx.append(tx.locate(tx.account("alice@example.test").id, "Calendar").id, items)

        await made.write(put)
        for held in dict.fromkeys(HELD):

            def share(tx: WriteTx, rights: str = letters(held)) -> None:
                at = tx.locate(tx.account("alice@example.test").id, "Calendar")
                tx.grant(at.id, BOB, parse_rights(rights))

            await made.write(share)
            async with made.client("bob") as bob:
                assert await words(bob) == (told(held) if Right.READ in held else None), letters(held)
