"""A message that is coming in: in memory as long as it is small and memory is to be had, else in a file.

1. What all messages that are coming in hold of memory is bounded (`Memory`): whatever does not fit goes into files.
2. What large ones hold when they are all there, and are read, checked and handed on, is bounded as well (`Room`): who
   comes when it is taken waits in its file. One alone always fits.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from mailcore.server.spool import FROM, Spool, Spooled

BLOCK: Final = 65_536
_PIECE: Final = 256 * 1024
"""So much of a message in a file is gathered before it is written."""


class Memory:
    """The octets that may be held for messages that are still coming in, over all connections."""

    __slots__ = ("left",)

    def __init__(self, octets: int) -> None:
        self.left = octets

    def take(self, octets: int) -> bool:
        """Hold so many more; False when they are not to be had."""
        if octets > self.left:
            return False
        self.left -= octets
        return True


class Room:
    """The octets of large messages that may be in memory at one time once they are there."""

    __slots__ = ("_freed", "_line", "held", "most")

    def __init__(self, most: int) -> None:
        self.most, self.held = most, 0
        self._line, self._freed = asyncio.Lock(), asyncio.Event()

    @asynccontextmanager
    async def taken(self, octets: int) -> AsyncIterator[None]:
        """Room for so many; who comes first gets it first."""
        if octets:
            async with self._line:
                while self.held and self.held + octets > self.most:
                    self._freed.clear()
                    await self._freed.wait()
                self.held += octets
        try:
            yield
        finally:
            self.held -= octets
            self._freed.set()


class Incoming:
    """One message."""

    __slots__ = ("_held", "_memory", "_pieces", "_spool", "_spooled", "size")

    def __init__(self, memory: Memory, spool: Spool) -> None:
        self._memory, self._spool = memory, spool
        self._pieces: list[bytes | bytearray] = []
        self._held = 0
        self._spooled: Spooled | None = None
        self.size = 0

    @property
    def in_file(self) -> int:
        """The octets that have to be read out of a file before anything is done with them."""
        return self.size if self._spooled is not None else 0

    async def add(self, octets: bytes) -> None:
        """Some more. `NoRoom`."""
        self.size += len(octets)
        there = self._memory.take(len(octets))
        if there:
            self._held += len(octets)
        gather(self._pieces, octets)
        if not there or self._held >= (FROM if self._spooled is None else _PIECE):
            await self._write()

    async def _write(self) -> None:
        if self._spooled is None:
            self._spooled = self._spool.take(0)
        self._spooled.grow(sum(map(len, self._pieces)))
        await self._spooled.add(self._pieces)
        self._let_go()

    async def whole(self) -> bytes:
        """All of it, in memory. `NoRoom`."""
        if self._spooled is None:
            first = self._pieces[0] if len(self._pieces) == 1 else b""
            return first if isinstance(first, bytes) and first else b"".join(self._pieces)
        await self._write()
        return await self._spooled.whole()

    def close(self) -> None:
        """Hold nothing any more."""
        self._let_go()
        if self._spooled is not None:
            self._spooled.close()

    def _let_go(self) -> None:
        self._memory.left += self._held
        self._held, self._pieces = 0, []


def gather(pieces: list[bytes | bytearray], octets: bytes) -> None:
    """Adds the octets; small pieces become one, for each object costs as much as fifty octets."""
    if not pieces or len(pieces[-1]) + len(octets) > BLOCK:
        pieces.append(octets)
        return
    if isinstance(pieces[-1], bytes):
        pieces[-1] = bytearray(pieces[-1])
    pieces[-1] += octets
