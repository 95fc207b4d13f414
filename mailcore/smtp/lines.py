"""Lines: connections that are kept open for a while, for the next message that goes the same way.

1. A line is used by one message at a time, and for so many messages at most.
2. Only mail with the same manners goes over it: the same login, the same demands on TLS, the same name.
3. A line that has waited for a while, or whose last message was not taken, is asked by RSET whether it still stands; if
   not, it is closed and a new one is opened in its place: that is nobody's failure.
"""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from typing import Final

from mailcore.smtp.talk import Talk

MOST_KEPT: Final = 100
"""Lines that are kept at once; the one that waits the longest gives way."""
FRESH: Final = 1.0
"""Seconds for which a line is believed to stand, and is not asked."""


class Lines:
    """What is kept. One object for a sending service."""

    __slots__ = ("_given", "_idle", "_kept", "_leaving", "_timers")

    def __init__(self, idle: float) -> None:
        """`idle`: seconds that a line is kept; 0: none is."""
        self._idle = idle
        self._kept: dict[Talk, Hashable] = {}  # in the order they came
        self._given: dict[Talk, float] = {}
        self._timers: dict[Talk, asyncio.TimerHandle] = {}
        self._leaving: set[asyncio.Task[None]] = set()

    def has(self, key: Hashable) -> bool:
        """Whether a line of this kind waits."""
        return key in self._kept.values()

    async def take(self, key: Hashable) -> Talk | None:
        """A line of this kind that still stands; it is the caller's until `keep`."""
        while (found := next((talk for talk, kind in self._kept.items() if kind == key), None)) is not None:
            rested = asyncio.get_running_loop().time() - self._given[found]
            self._forget(found)
            if found.alive and ((rested < FRESH and not found.within) or await found.fresh()):
                return found
            found.close()
        return None

    def keep(self, talk: Talk, key: Hashable, most: int) -> bool:
        """Keep the line, unless it has carried enough: then the caller says goodbye."""
        if self._idle <= 0 or talk.carried >= most or not talk.alive:
            return False
        loop = asyncio.get_running_loop()
        self._kept[talk], self._given[talk] = key, loop.time()
        self._timers[talk] = loop.call_later(self._idle, self._over, talk)
        if len(self._kept) > MOST_KEPT:
            self._over(next(iter(self._kept)))
        return True

    async def close(self) -> None:
        """Say goodbye on all of them."""
        for talk in list(self._kept):
            self._over(talk)
        if self._leaving:
            await asyncio.wait(self._leaving)

    def _over(self, talk: Talk) -> None:
        self._forget(talk)
        task = asyncio.create_task(talk.leave())
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    def _forget(self, talk: Talk) -> None:
        del self._kept[talk], self._given[talk]
        self._timers.pop(talk).cancel()
