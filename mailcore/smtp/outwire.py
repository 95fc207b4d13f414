"""Octets to and from another mail server: commands out, replies in, one by one however they arrive. POP3 has it too.

1. A reply is read when it is asked for; replies that a peer sends ahead (RFC 2920) wait in their order.
2. What a peer said in the clear is gone when TLS begins: it would be somebody else's word.
3. Nothing that a peer sends takes more room than its bounds.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from typing import Final, Self, cast

LONGEST_LINE: Final = 8192
LONGEST_REPLY: Final = 32 * 1024
MOST_AHEAD: Final = 512 * 1024
"""Octets that wait unread before the peer has to wait: more than the replies to a thousand commands."""


class Lost(Exception):
    """The connection is no more, or what came over it is no SMTP."""


class OutWire(asyncio.Protocol):
    """One connection. Every method that waits raises TimeoutError when its time is over."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None
        self._news = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._ended: Exception | None = None
        self._paused = False

    @classmethod
    async def over(cls, sock: socket.socket, context: ssl.SSLContext | None, name: str, seconds: float) -> Self:
        """A wire over a connected socket; with a context TLS comes first. Lost, OSError."""
        loop = asyncio.get_running_loop()
        try:
            _, made = await loop.create_connection(
                cls,
                sock=sock,
                ssl=context,
                server_hostname=name if context is not None else None,
                ssl_handshake_timeout=seconds if context is not None else None,
            )
        except BaseException:
            sock.close()
            raise
        return made

    # --- what asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is open."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's share no base with asyncio's

    def data_received(self, data: bytes) -> None:
        """Octets have come."""
        self._buffer += data
        if len(self._buffer) > MOST_AHEAD and not self._paused and self._transport is not None:
            self._transport.pause_reading()
            self._paused = True
        self._news.set()

    def eof_received(self) -> bool:
        """The peer says no more."""
        self._end(None)
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """It is closed."""
        self._end(exc)

    def pause_writing(self) -> None:
        """What was written waits."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """It goes on."""
        self._writable.set()

    def _end(self, error: Exception | None) -> None:
        if self._ended is None or error is not None:
            self._ended = error or Lost("The connection was lost.")
        self._news.set()
        self._writable.set()

    # --- what Talk calls

    @property
    def alive(self) -> bool:
        """Whether the connection stands, as far as is known, and nothing lies about that nobody asked for."""
        return self._ended is None and self._transport is not None and not self._buffer

    @property
    def channel(self) -> ssl.SSLObject | None:
        """TLS, once it is spoken."""
        found = self._transport.get_extra_info("ssl_object") if self._transport is not None else None
        return cast(ssl.SSLObject | None, found)

    async def send(self, octets: bytes, seconds: float) -> None:
        """Writes, and waits while the peer takes nothing. Lost."""
        if self._ended is not None or self._transport is None:
            raise Lost(_why(self._ended))
        self._transport.write(octets)
        if not self._writable.is_set():
            async with asyncio.timeout(seconds):
                await self._writable.wait()

    async def reply(self, seconds: float) -> tuple[int, str]:
        """The next reply: its code, and its lines joined by spaces. Lost."""
        texts, length = list[bytes](), 0
        until = asyncio.get_running_loop().time() + seconds
        while True:
            line = await self.line(until)
            length += len(line)
            if length > LONGEST_REPLY:
                raise Lost("The peer's answer is too long.")
            if len(line) < 3 or not line[:3].isdigit() or line[3:4] not in (b"", b" ", b"-"):
                raise Lost(f"The peer's answer is no SMTP: {line[:80].decode(errors='replace')!r}")
            texts.append(line[4:].strip())
            if line[3:4] != b"-":
                return int(line[:3]), b"\n".join(texts).decode(errors="replace")

    async def line(self, until: float) -> bytes:
        """The next line, without its end; `until`: a time of the event loop. Lost."""
        while (line := self._line()) is None:
            async with asyncio.timeout_at(until):
                await self._more()
        return line

    async def block(self, end: bytes, most: int, seconds: float, begun: bytes = b"") -> bytes:
        """All octets up to `end`, and it; `begun` is what they follow on. Lost: there are more than `most`.

        `seconds`: how long the peer may be silent.
        """
        found, looked = bytearray(begun), 0
        while True:
            found += self._buffer
            self._buffer.clear()
            at = found.find(end, max(0, looked - len(end)))
            if at >= 0:
                self._buffer += found[at + len(end) :]
                return bytes(found[: at + len(end)])
            if len(found) > most:
                raise Lost("The peer's answer is too long.")
            looked = len(found)
            async with asyncio.timeout(seconds):
                await self._more()

    def _line(self) -> bytes | None:
        """The next line that has come whole."""
        end = self._buffer.find(b"\n")
        if end > LONGEST_LINE or (end < 0 and len(self._buffer) > LONGEST_LINE):
            raise Lost("The peer's answer is too long.")
        if end < 0:
            return None
        line = bytes(self._buffer[:end]).rstrip(b"\r")
        del self._buffer[: end + 1]
        return line

    async def _more(self) -> None:
        """Waits until more has come. Lost."""
        if self._ended is not None:
            raise Lost(_why(self._ended))
        self._resume()
        self._news.clear()
        await self._news.wait()

    def _resume(self) -> None:
        if self._paused and self._transport is not None and len(self._buffer) <= MOST_AHEAD:
            self._paused = False
            self._transport.resume_reading()

    async def start_tls(self, context: ssl.SSLContext, name: str, seconds: float) -> None:
        """Goes on under TLS. Lost, OSError (ssl.SSLError among them)."""
        if self._transport is None or self._ended is not None:
            raise Lost(_why(self._ended))
        self._buffer.clear()
        try:
            made = await asyncio.get_running_loop().start_tls(
                self._transport, self, context, server_hostname=name, ssl_handshake_timeout=seconds
            )
        except ConnectionAbortedError as error:  # how asyncio says that the handshake took too long
            raise TimeoutError from error
        if made is None:
            raise Lost(_why(self._ended))
        self._transport = made

    def close(self) -> None:
        """Hangs up."""
        self._ended = self._ended or Lost("The connection was closed.")
        if self._transport is not None:
            with contextlib.suppress(OSError):
                self._transport.abort()


def _why(error: Exception | None) -> str:
    return str(error) or type(error).__name__ if error is not None else "The connection was lost."
