"""IDLE: what changes is told as it happens. RFC 2177."""

from __future__ import annotations

import asyncio
from typing import Final, TypeVar

from mailcore.imap.grammar import nothing
from mailcore.imap.reply import Reply, bad, ok
from mailcore.imap.session import Session
from mailcore.imap.table import KNOWN, command

T = TypeVar("T")

LOOK_SECONDS: Final = 120.0
"""After so long without a mark the folder is looked at all the same: a lost mark must not be lost for ever."""


@command("IDLE", state=KNOWN, parse=nothing, looks=True, waits=True)
async def idle(session: Session, _: None) -> Reply:
    """Wait until the client says DONE, and tell it meanwhile what is new in the selected folder."""
    session.count("IMAP_IdleSession")
    session.send(b"+ idling\r\n")
    done = asyncio.create_task(session.next_line(1024))
    try:
        while not done.done() and not session.over:
            await _round(session, done)
        if session.over:
            return ok("The folder is gone")
        line = await done
    finally:
        await _end(done)
    return ok("Done waiting") if line.strip().upper() == b"DONE" else bad("DONE was expected")


async def _round(session: Session, done: asyncio.Task[bytes]) -> None:
    """Until the client speaks, or something may have changed and the client has been told."""
    if session.view is None:
        await asyncio.wait({done})
        return
    news = asyncio.create_task(session.changed(LOOK_SECONDS))
    try:
        both: set[asyncio.Task[bytes] | asyncio.Task[bool]] = {done, news}
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await _end(news)
    if not done.done():
        with session.connection.command():
            await session.tell_news()


async def _end(task: asyncio.Task[T]) -> None:
    """Cancels it if it still runs; what it raised has been seen by whoever awaited it, or is of no interest now."""
    task.cancel()
    await asyncio.wait({task})
    if not task.cancelled():
        task.exception()
