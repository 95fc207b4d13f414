"""How long operations of EWS take, without a socket between: `python -m tests.support.ewsbench [MESSAGES]`.

A folder of 10,000 messages, or so many; the median of several answers, in milliseconds.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from groupware.mime.item import read_item
from groupware.model.flags import FlagChange, Flags
from groupware.model.ids import EVERY, Uid, Uids
from groupware.model.rights import Right
from groupware.store.api import WriteTx
from tests.support.ewsstand import Client, Said, Stand, ews_stand

MANY = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
MAIL = (
    "From: Somebody <s{0}@example.test>\r\nTo: alice@example.test\r\nSubject: Message {0}\r\n"
    "Message-ID: <{0}@x>\r\n\r\nText {0}\r\n"
)
SHAPE = "<m:ItemShape><t:BaseShape>{}</t:BaseShape></m:ItemShape>"
INBOX = '<t:DistinguishedFolderId Id="inbox"/>'
FIND = (
    '<m:FindItem Traversal="Shallow">{}'
    '<m:IndexedPageItemView MaxEntriesReturned="1000" Offset="0" BasePoint="Beginning"/>'
    f"<m:ParentFolderIds>{INBOX}</m:ParentFolderIds></m:FindItem>"
)
SYNC = (
    f"<m:SyncFolderItems>{SHAPE.format('IdOnly')}<m:SyncFolderId>{INBOX}</m:SyncFolderId>{{}}"
    "<m:MaxChangesReturned>512</m:MaxChangesReturned></m:SyncFolderItems>"
)


async def filled(stand: Stand) -> None:
    """Puts the messages there."""
    new = [await read_item(MAIL.format(number).encode(), stand.house.blobs) for number in range(MANY)]

    def work(tx: WriteTx) -> None:
        at = tx.locate(tx.account("alice@example.test").id, "INBOX", Right.INSERT)
        for start in range(0, MANY, 1000):
            tx.append(at.id, new[start : start + 1000])

    await stand.house.write(work)


async def timed(ask: Callable[[], Awaitable[Said]], times: int = 7) -> str:
    """The medians of the time that passed, and of the processor's."""
    found = []
    for _ in range(times):
        begin = time.perf_counter(), time.process_time()
        said = await ask()
        found.append(((time.perf_counter() - begin[0]) * 1000, (time.process_time() - begin[1]) * 1000))
        assert "NoError" in said.body.decode()[:1000]
    wall, processor = (statistics.median(each) for each in zip(*found, strict=True))
    return f"{wall:.1f} ms, {processor:.1f} of the processor"


async def synchronised(client: Client, what: str, state: str = "") -> str:
    """The state when all has been told; says how long the pages took of the processor."""
    last, took = "false", []
    while last == "false":
        begin = time.process_time()
        said = await client.ask(SYNC.format(f"<m:SyncState>{state}</m:SyncState>" if state else ""))
        took.append((time.process_time() - begin) * 1000)
        [state], [last] = said.texts("m:SyncState"), said.texts("m:IncludesLastItemInRange")
    first, late = statistics.median(took[:10]), statistics.median(took[-10:])
    pages = f"{len(took)} pages, the first ten {first:.1f} ms, the last ten {late:.1f} ms, worst {max(took):.1f} ms"
    sys.stdout.write(f"{what}: {pages}\n")
    return state


async def marked(stand: Stand, flag: Flags, uids: Uids) -> None:
    """Marks messages."""

    def work(tx: WriteTx) -> None:
        at = tx.locate(tx.account("alice@example.test").id, "INBOX")
        tx.update_flags(at.id, uids, FlagChange(add=flag))

    await stand.house.write(work)


async def main() -> None:
    """Measures, and says what was found."""
    with tempfile.TemporaryDirectory() as folder:
        async with ews_stand(Path(folder)) as stand:
            await filled(stand)
            alice = stand.client("alice")
            for base in ("IdOnly", "Default"):
                took = await timed(lambda: alice.ask(FIND.format(SHAPE.format(base))))  # noqa: B023
                sys.stdout.write(f"FindItem {base}, 1,000 of {MANY:,}: {took}\n")
            state = await synchronised(alice, f"SyncFolderItems, the first of {MANY:,}")
            await marked(stand, Flags.SEEN, EVERY)
            state = await synchronised(alice, f"SyncFolderItems, all of {MANY:,} read", state)
            await marked(stand, Flags.FLAGGED, [(Uid(100), Uid(109))])
            ask = SYNC.format(f"<m:SyncState>{state}</m:SyncState>")
            took = await timed(lambda: alice.ask(ask))
            sys.stdout.write(f"SyncFolderItems after 10 changes in {MANY:,}: {took}\n")


if __name__ == "__main__":
    asyncio.run(main())
