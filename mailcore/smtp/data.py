"""The octets of a message as they come: DATA up to its end mark, BDAT by count. RFC 5321 §4.5.2, RFC 3030.

1. Only CR LF . CR LF ends DATA. Nothing that looks like it to somebody else's server gets through (see `smuggles`).
   A lone LF is made CR LF before dots are taken off, for clients that send it double dots behind it as well.
2. However much a client sends, no more than `limit` octets are kept; what is too much is read and dropped.
3. Where they go meanwhile is bounded over all connections (`incoming`); who finds no place is put off.
"""

from __future__ import annotations

from typing import Final

from mailcore.server.connection import Connection
from mailcore.server.spool import NoRoom
from mailcore.smtp.incoming import BLOCK, Incoming

END: Final = b"\r\n.\r\n"
DROPPED_MAX: Final = 256 * 1024 * 1024  # octets beyond the limit that a client may waste before it is hung up on

LONE_DOTS: Final = (b"\n.\n", b"\n.\r", b"\r.\r", b"\r.\n")


class TooMuch(Exception):
    """More came than is taken. `endless`: so much more that there is no waiting for the end."""

    def __init__(self, *, endless: bool = False, now: str = "") -> None:
        super().__init__(now or "the message is too large")
        self.endless = endless
        self.now = now
        """Why it is only too much at this moment; "" when it always is."""


async def read_data(connection: Connection, limit: int, incoming: Incoming) -> None:
    """Takes the octets between 354 and the end mark, dots still doubled, CR LF of the last line included. TooMuch.

    Nothing behind the mark is touched: a pipelining client has its next command there.
    """
    dropped, full = 0, ""
    await connection.arrival(2)
    if connection.find(b".\r\n") == 0:
        await connection.readexactly(3)
        return
    while True:
        end = connection.find(END)
        take = end + 2 if end >= 0 else connection.pending - len(END) + 1
        if take > 0:
            chunk = await connection.readexactly(take)
            fits = not dropped and incoming.size + take <= limit
            full = await _added(incoming, chunk) if fits else full
            if not fits or full:
                incoming.close()
                dropped += take
        if end >= 0:
            await connection.readexactly(3)
            break
        if dropped > DROPPED_MAX:
            raise TooMuch(endless=True)
        await connection.arrival(connection.pending)
    if dropped:
        raise TooMuch(now=full)


async def read_chunk(connection: Connection, size: int, room: int, incoming: Incoming | None) -> None:
    """Takes the octets of one BDAT; they are read whatever is wrong. TooMuch: more than `room`, or for nobody."""
    left, full = size, ""
    kept = size <= room and incoming is not None
    while left > 0:
        block = await connection.read(min(BLOCK, left))
        left -= len(block)
        if kept and incoming is not None:
            full = await _added(incoming, block)
            kept = not full
        elif size - left > room + DROPPED_MAX:
            raise TooMuch(endless=True)
    if not kept:
        raise TooMuch(now=full)


async def _added(incoming: Incoming, octets: bytes) -> str:
    """Adds them; why there is no place for them, or ""."""
    try:
        await incoming.add(octets)
    except NoRoom as error:
        return str(error)
    return ""


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
