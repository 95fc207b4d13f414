"""A connection to a scanner: by TCP (`host:port`) or by a socket in the file system (`/run/clamav/clamd.ctl`)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from connectors.scanners.report import Unavailable, one_line

MOST_ANSWER: Final = 1 << 20
"""Octets of an answer; a scanner that says more is broken."""


@dataclass(frozen=True, slots=True)
class Wire:
    """Both directions of one connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, *octets: bytes) -> None:
        """Send, and wait until that has left."""
        self.writer.writelines(octets)
        await self.writer.drain()

    async def all(self) -> bytes:
        """Everything up to the end of the connection."""
        found = await self.reader.read(MOST_ANSWER)
        while len(found) < MOST_ANSWER and (more := await self.reader.read(MOST_ANSWER - len(found))):
            found += more
        return found


@asynccontextmanager
async def connected(name: str, address: str, seconds: float) -> AsyncIterator[Wire]:
    """A connection for one message; everything inside has so many seconds together. `Unavailable`."""
    try:
        async with asyncio.timeout(seconds):
            reader, writer = await _opened(address)
            try:
                yield Wire(reader, writer)
            finally:
                writer.close()
    except TimeoutError:
        raise Unavailable(f"{name} at {address} has not answered within {seconds:g} seconds") from None
    except (OSError, EOFError, asyncio.LimitOverrunError) as error:
        raise Unavailable(f"{name} at {address}: {one_line(str(error)) or type(error).__name__}") from None


async def _opened(address: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if address.startswith("/"):
        return await asyncio.open_unix_connection(address, limit=MOST_ANSWER)
    host, port = host_and_port(address)
    return await asyncio.open_connection(host, port, limit=MOST_ANSWER)


def host_and_port(address: str) -> tuple[str, int]:
    """`localhost:3310`, `[::1]:3310`. ValueError says what it has to look like."""
    host, colon, port = address.rpartition(":")
    if not colon or not host or not port.isascii() or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError(f"{address!r} is neither host:port nor the path of a socket")
    return host.removeprefix("[").removesuffix("]"), int(port)
