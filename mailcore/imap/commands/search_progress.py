"""A search that takes long says how far it is. RFC 9585."""

from __future__ import annotations

import time
from typing import Final

from mailcore.imap.reply import ok, status_line, string
from mailcore.imap.session import Session

EVERY_SECONDS: Final = 10.0


class Progress:
    """Of one command; it says something at most every few seconds."""

    __slots__ = ("_due", "_last", "_session")

    def __init__(self, session: Session) -> None:
        self._session = session
        self._due = time.monotonic() + EVERY_SECONDS
        self._last = -1

    async def at(self, done: int, goal: int) -> None:
        """So many of so many messages have been looked through. Numbers that would go back are not told."""
        now = time.monotonic()
        if now < self._due:
            return
        self._due = now + EVERY_SECONDS
        known = self._last < done < goal
        told = b"%d %d" % (done, goal) if known else b"NIL NIL"
        self._last = max(self._last, done)
        code = b"INPROGRESS (%b %b)" % (string(self._session.tag), told)
        self._session.send(status_line(b"*", ok("Still searching", code)))
        await self._session.drain()
