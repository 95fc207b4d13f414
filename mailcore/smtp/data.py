"""The octets of a message as they come: DATA up to its end mark, BDAT by count. RFC 5321 §4.5.2, RFC 3030.

1. Only CR LF . CR LF ends DATA. Nothing that looks like it to somebody else's server gets through (see `smuggles`).
   A lone LF is made CR LF before dots are taken off, for clients that send it double dots behind it as well.
2. However much a client sends, no more than `limit` octets are kept; what is too much is read and dropped.
3. All messages that are coming in at one time share one store of memory (`Memory`): many clients that each send a large
   one are put off, not kept.
"""

from __future__ import annotations

from typing import Final

from mailcore.server.connection import Connection

BLOCK: Final = 65_536
END: Final = b"\r\n.\r\n"
DROPPED_MAX: Final = 256 * 1024 * 1024  # octets beyond the limit that a client may waste before it is hung up on

LONE_DOTS: Final = (b"\n.\n", b"\n.\r", b"\r.\r", b"\r.\n")


class TooMuch(Exception):
    """More came than is taken. `endless`: so much more that there is no waiting for the end."""

    def __init__(self, *, endless: bool = False, now: bool = False) -> None:
        super().__init__("the message is too large" + " just now" * now)
        self.endless = endless
        self.now = now
        """Whether it is only too much at this moment."""


class Memory:
    """The octets that may be held for messages that are still coming in, over all connections."""

    __slots__ = ("left",)

    def __init__(self, octets: int) -> None:
        self.left = octets


class Share:
    """What one connection holds of the memory."""

    __slots__ = ("_held", "_memory")

    def __init__(self, memory: Memory) -> None:
        self._memory, self._held = memory, 0

    def take(self, octets: int) -> bool:
        """Hold so many more; False when they are not to be had."""
        if octets > self._memory.left:
            return False
        self._memory.left -= octets
        self._held += octets
        return True

    def give_back(self) -> None:
        """Hold nothing any more."""
        self._memory.left += self._held
        self._held = 0


async def read_data(connection: Connection, limit: int, share: Share) -> bytes:
    """The octets between 354 and the end mark, dots still doubled, CR LF of the last line included. TooMuch.

    Nothing behind the mark is touched: a pipelining client has its next command there.
    """
    chunks: list[bytes] = []
    kept = dropped = 0
    short = False
    await connection.arrival(2)
    if connection.find(b".\r\n") == 0:
        await connection.readexactly(3)
        return b""
    while True:
        end = connection.find(END)
        take = end + 2 if end >= 0 else connection.pending - len(END) + 1
        if take > 0:
            chunk = await connection.readexactly(take)
            fits = kept + take <= limit and not dropped
            if fits and share.take(take):
                chunks.append(chunk)
                kept += take
            else:
                short |= fits
                chunks.clear()
                dropped += take
        if end >= 0:
            await connection.readexactly(3)
            break
        if dropped > DROPPED_MAX:
            raise TooMuch(endless=True)
        await connection.arrival(connection.pending)
    if dropped:
        raise TooMuch(now=short)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


async def read_chunk(connection: Connection, size: int, room: int, share: Share) -> list[bytes]:
    """The octets of one BDAT, in blocks. TooMuch when they are more than `room`; they are read all the same."""
    blocks: list[bytes] = []
    left = size
    fits = size <= room
    kept = fits and share.take(size)
    while left > 0:
        block = await connection.read(min(BLOCK, left))
        left -= len(block)
        if kept:
            blocks.append(block)
        elif size - left > room + DROPPED_MAX:
            raise TooMuch(endless=True)
    if not kept:
        raise TooMuch(now=fits)
    return blocks


def smuggles(stuffed: bytes) -> bool:
    """Whether a line that is nothing but a dot hides in there, begun or ended by a lone CR or LF.

    No client writes that by accident, and a server that takes a lone LF for a line end would see the end of the message
    there and commands behind it.
    """
    if stuffed.startswith((b".\n", b".\r")):
        return True
    if b"\n." not in stuffed and b"\r." not in stuffed:
        return False
    return any(mark in stuffed for mark in LONE_DOTS)


def unstuffed(stuffed: bytes) -> bytes:
    """The message as it was before its client doubled the dots that begin a line."""
    if stuffed[:1] == b".":
        stuffed = stuffed[1:]
    return stuffed.replace(b"\r\n.", b"\r\n") if b"\r\n." in stuffed else stuffed
