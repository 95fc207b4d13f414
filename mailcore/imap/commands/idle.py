"""IDLE: what changes is told as it happens. RFC 2177."""

from __future__ import annotations

import asyncio

from mailcore.imap.grammar import nothing
from mailcore.imap.reply import Reply, bad, ok
from mailcore.imap.session import Session
from mailcore.imap.table import KNOWN, command
from mailcore.imap.waiting import ended, news, selected_wanted


@command("IDLE", state=KNOWN, parse=nothing, looks=True, waits=True)
async def idle(session: Session, _: None) -> Reply:
    """Wait until the client says DONE, and tell it meanwhile what is new in the selected folder, and elsewhere where
    it has asked for that (RFC 5465)."""
    session.count("IMAP_IdleSession")
    session.send(b"+ idling\r\n")
    session.idling = True
    if session.view is not None and session.view.pending:  # what no command before could tell
        session.doubt()
    done = asyncio.create_task(session.next_line(1024))
    try:
        while not done.done() and not session.over:
            await news(session, done, selected=selected_wanted(session))
        if session.over:
            return ok(session.parting)
        line = await done
    finally:
        session.idling = False
        await ended(done)
    return ok("Done waiting") if line.strip().upper() == b"DONE" else bad("DONE was expected")
