"""One connection of a line protocol: bounded reading, gathered writing, TLS or compression begun midway.

Invariants
1. Input is bounded: at most `read_ahead` octets and one read of `SCRATCH` wait unread, however fast the peer sends.
   Only `readexactly` lets more pile up, and no more than it was asked for.
2. Output is gathered and goes out in one piece when input runs dry, when it has grown to `GATHER`, or on `drain`;
   whoever reads waits until the peer has taken what was written before.
3. Nothing that came before TLS is read after it began.
4. What comes compressed is inflated as far as it fits invariant 1, and no further.
5. One reader at a time. A read that is cancelled has taken nothing.
6. Who sends many lines at once is answered some of them, for `TURN_SECONDS`, and then others have their turn.
"""

import asyncio
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, cast

from groupware.model.principal import Gone
from mailcore.server.deflate import BadStream, Deflate
from mailcore.server.dialogue import (
    ConnectionClosed,
    Farewell,
    HandshakeFailed,
    LineTooLong,
    Peer,
    Session,
    TlsInfo,
)
from mailcore.server.gate import Gate
from mailcore.server.idle import IdleClock
from mailcore.server.listener import Listener
from mailcore.server.reading import Reading
from mailcore.server.tls import described, handshake_error

GATHER: Final = 65_536
WRITE_HIGH: Final = 262_144
SHUTDOWN_SECONDS: Final = 5.0
TURN_SECONDS: Final = 0.001
ENDS: Final = 64  # octets that are kept of either end of a line that was too long

Tls = Callable[[], ssl.SSLContext | None]


class Connection(asyncio.BufferedProtocol):
    """A connection as a session sees it."""

    __slots__ = (
        "_busy",
        "_clock",
        "_deflate",
        "_eof",
        "_gone",
        "_in",
        "_out",
        "_out_size",
        "_paused",
        "_reader",
        "_reading",
        "_retired",
        "_scanned",
        "_shaking",
        "_tls",
        "_transport",
        "_turn_ends",
        "_waiting_writers",
        "_want",
        "_writer",
        "gate",
        "listener",
        "local",
        "parting",
        "peer",
        "proxied_tls",
        "session",
        "session_id",
        "tls",
    )

    def __init__(self, listener: Listener, gate: Gate, tls: Tls, reading: Reading, peer: Peer, local: Peer) -> None:
        self.listener, self.gate, self._tls, self._reading = listener, gate, tls, reading
        self.peer, self.local = peer, local
        self._clock = IdleClock(listener.idle, self._expire)
        self.session_id = ""
        self.tls: TlsInfo | None = None
        self.proxied_tls = False
        self.session: Session | None = None
        self.parting: Gone = "disabled"
        self._transport: asyncio.Transport | None = None
        self._in = bytearray()
        self._out: list[bytes] = []
        self._scanned = self._want = self._out_size = self._busy = self._waiting_writers = 0
        self._reader: asyncio.Future[None] | None = None
        self._writer: asyncio.Future[None] | None = None
        self._gone: asyncio.Future[None] | None = None
        self._deflate: Deflate | None = None
        self._eof = self._paused = self._shaking = False
        self._retired: Farewell | None = None
        self._turn_ends = 0.0

    # --- what the event loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection stands, TLS included where it comes first."""
        self._adopt(transport)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where the loop reads into; it hands it over at once."""
        return self._reading.scratch

    def buffer_updated(self, nbytes: int) -> None:
        """The loop has read."""
        if self._deflate is None:
            self._in += self._reading.scratch[:nbytes]
        else:
            self._inflate(self._deflate, bytes(self._reading.scratch[:nbytes]))
        size = len(self._in)
        if self._want:
            self._clock.rest()
        if size >= self._want:
            _wake(self._reader)
        held_back = self._deflate is not None and (self._deflate.waiting or self._deflate.ended)
        if size > max(self._reading.read_ahead, self._want) or held_back:
            self._pause()

    def eof_received(self) -> bool:
        """The peer sends no more; what it has sent is still answered."""
        self._eof = True
        _wake(self._reader)
        return self.tls is None  # TLS cannot stay half open

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is over."""
        self._eof, self._transport = True, None
        self._clock.stop()
        self.resume_writing()
        _wake(self._reader)
        _wake(self._gone)

    def pause_writing(self) -> None:
        """The peer takes less than is written."""
        if self._writer is None:
            self._writer = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        """The peer has caught up."""
        waiting, self._writer = self._writer, None
        _wake(waiting)

    # --- reading

    @property
    def idle(self) -> float:
        """Seconds that the peer may let pass in silence; 0: for ever. A session may change it."""
        return self._clock.seconds

    @idle.setter
    def idle(self, seconds: float) -> None:
        self._clock.seconds = seconds

    @property
    def pending(self) -> int:
        """Octets that have come and are not read."""
        return len(self._in)

    @property
    def has_line(self) -> bool:
        """Whether a whole line has come and is not read: the client pipelines."""
        return self.find(b"\n") >= 0

    def find(self, mark: bytes, start: int = 0) -> int:
        """Where `mark` begins in what has come and is not read; -1: nowhere."""
        return self._in.find(mark, start)

    async def readline(self, limit: int) -> bytes:
        """The next line with its line end, of at most `limit` octets. LineTooLong, IdleTimeout, ConnectionClosed.

        The idle time runs for the whole line: sending it in drops does not keep a connection.
        """
        self._clock.rest()
        if self._in:
            await self._take_turns()
        while (end := self._in.find(b"\n", self._scanned, limit)) < 0:
            if len(self._in) >= limit:
                raise LineTooLong(f"a line of more than {limit} octets", self._take(limit)[:ENDS])
            self._scanned = len(self._in)
            await self._more()
        return self._take(end + 1)

    async def skip_line(self) -> bytes:
        """Pass over everything up to the next line end, and give its last octets. IdleTimeout, ConnectionClosed."""
        self._clock.rest()
        tail = b""
        while (end := self._in.find(b"\n")) < 0:
            tail = (tail + self._take(len(self._in)))[-ENDS:]
            await self._more()
        return (tail + self._take(end + 1))[-ENDS:]

    def take_line(self, limit: int) -> bytes | None:
        """The next line with its line end when all of it has come already and it has at most `limit` octets."""
        end = self._in.find(b"\n", 0, limit)
        return self._take(end + 1) if end >= 0 else None

    async def readexactly(self, count: int) -> bytes:
        """The next `count` octets; the caller bounds `count`. IdleTimeout between octets, ConnectionClosed."""
        self._clock.rest()
        while len(self._in) < count:
            await self._more(count)
        return self._take(count)

    async def read(self, limit: int) -> bytes:
        """Some octets, at least one and at most `limit`. IdleTimeout, ConnectionClosed."""
        await self.arrival()
        return self._take(min(limit, len(self._in)))

    async def arrival(self, beyond: int = 0) -> None:
        """Wait until more than `beyond` octets have come, and read nothing. IdleTimeout, ConnectionClosed."""
        self._clock.rest()
        while len(self._in) <= beyond:
            await self._more(beyond + 1)

    async def _take_turns(self) -> None:
        """Let others have theirs when this turn has lasted long enough."""
        loop = asyncio.get_running_loop()
        if loop.time() >= self._turn_ends:
            await asyncio.sleep(0)
            self._turn_ends = loop.time() + TURN_SECONDS

    def _take(self, count: int) -> bytes:
        taken = bytes(memoryview(self._in)[:count])
        del self._in[:count]
        self._scanned = 0
        return taken

    async def _more(self, want: int = 0) -> None:
        """Wait until `want` octets are there to be read, or, with 0, until any more are."""
        if self._reader is not None:
            raise RuntimeError("two readers on one connection")
        if self._eof and not (self._deflate is not None and self._deflate.waiting):
            raise ConnectionClosed("the peer has closed the connection")
        if self._deflate is not None and self._deflate.ended:
            self.close()
            raise ConnectionClosed("the peer has ended its compressed stream")
        self._want, self._reader = want, asyncio.get_running_loop().create_future()
        try:
            await self.drain()
            if self._deflate is not None and self._deflate.waiting and self._inflate(self._deflate):
                await asyncio.sleep(0)  # a little input can be a lot of this: others have their turn between
                return
            self._resume()
            self._clock.arm()
            await self._reader
        finally:
            self._want, self._reader = 0, None
        self._turn_ends = asyncio.get_running_loop().time() + TURN_SECONDS
        self._clock.check()

    def _pause(self) -> None:
        if not self._paused and not self._shaking and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()

    def _resume(self) -> None:
        if self._paused and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()

    # --- writing

    def write(self, octets: bytes) -> None:
        """Say something, soon; what the peer is no longer there to hear is dropped, and the next read says so."""
        self._out.append(octets)
        self._out_size += len(octets)
        if self._out_size >= GATHER:
            self.flush()

    def flush(self) -> None:
        """Hand what was written to the network."""
        if not self._out:
            return
        octets = b"".join(self._out)
        if self._deflate is not None:
            octets = self._deflate.deflate(octets)
        self._out.clear()
        self._out_size = 0
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(octets)

    async def drain(self) -> None:
        """Flush, and wait while the peer is far behind. IdleTimeout, ConnectionClosed."""
        self.flush()
        if self._transport is None:
            raise ConnectionClosed("the peer has closed the connection")
        if self._writer is None:
            return
        self._clock.rest()
        self._waiting_writers += 1
        self._clock.arm()
        try:
            await asyncio.wait({self._writer})  # shared: a cancelled waiter must not cancel it
        finally:
            self._waiting_writers -= 1
        self._clock.check()
        if self._transport is None:
            raise ConnectionClosed("the peer has closed the connection")

    def _expire(self) -> bool:
        """Wake whoever waits, for the idle time is over; whether anybody does."""
        if self._reader is None and not self._waiting_writers:
            return False
        _wake(self._reader)
        self.resume_writing()
        return True

    # --- TLS

    @property
    def secure(self) -> bool:
        """Whether passwords are safe on the way: TLS here, or at a trusted proxy in front."""
        return self.tls is not None or self.proxied_tls

    @property
    def can_start_tls(self) -> bool:
        """Whether STARTTLS may be offered now."""
        plain = not self.secure and self._deflate is None
        return self.listener.tls == "start" and plain and self._tls() is not None

    async def start_tls(self, reply: bytes = b"") -> None:
        """Say `reply` and begin TLS; what the client has sent ahead is thrown away. HandshakeFailed.

        No await between: a client hello that answers `reply` must not be taken for input sent ahead.
        """
        context, transport = self._tls(), self._transport
        if context is None:
            raise HandshakeFailed("there is no certificate to begin TLS with")
        if transport is None or transport.is_closing():
            raise HandshakeFailed("the peer has closed the connection")
        self.write(reply)
        self.flush()
        self._in.clear()
        self._scanned, self._shaking = 0, True
        try:
            secured = await asyncio.get_running_loop().start_tls(
                transport,
                self,
                context,
                server_side=True,
                ssl_handshake_timeout=self.listener.handshake,
                ssl_shutdown_timeout=SHUTDOWN_SECONDS,
            )
        except OSError as error:  # ssl.SSLError and the time-out are OSErrors
            self._eof, self._transport = True, None
            raise HandshakeFailed(handshake_error(error)) from None
        finally:
            self._shaking = False
        if secured is None or self._eof:
            raise HandshakeFailed("the peer hung up during the handshake")
        self._paused = False
        self._adopt(secured)

    def _adopt(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports share no base with asyncio's, so the type is a claim
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(WRITE_HIGH)
        channel = transport.get_extra_info("ssl_object")
        if channel is not None:
            self.tls = described(channel)

    # --- compression

    @property
    def compressed(self) -> bool:
        """Whether both directions are compressed."""
        return self._deflate is not None

    def compress(self) -> None:
        """From here on both directions are compressed: all that is not yet read, and what is said behind this.

        A peer whose octets are no deflate stream is hung up on.
        """
        self.flush()
        self._deflate = Deflate()
        ahead = self._take(len(self._in))
        if ahead:
            self._inflate(self._deflate, ahead)

    def uncompress(self) -> None:
        """From here on neither direction is compressed; what came behind the end of the peer's stream is plain."""
        self.flush()
        deflate, self._deflate = self._deflate, None
        if deflate is not None:
            self._in += deflate.rest

    def _inflate(self, deflate: Deflate, octets: bytes = b"") -> bool:
        """Inflate what there is room for; whether any came of it."""
        try:
            found = deflate.inflate(octets, max(self._reading.read_ahead, self._want) - len(self._in))
        except BadStream:
            self.close()
            return False
        self._in += found
        return bool(found)

    # --- the end

    @contextmanager
    def command(self) -> Iterator[None]:
        """While one command is at work: a server that stops lets it finish before it says goodbye. ConnectionClosed."""
        if self._retired is not None:
            raise ConnectionClosed("the server has said goodbye")
        self._busy += 1
        try:
            yield
        finally:
            self._busy -= 1
            self._leave()

    def retire(self, why: Farewell = "stopping") -> None:
        """Say goodbye as soon as no command is at work."""
        self._retired = self._retired or why
        self._leave()

    def dismiss(self, why: Gone) -> None:
        """The same to who has signed in and may not stay."""
        self.parting = why
        self.retire("gone")

    def _leave(self) -> None:
        if self._retired is not None and not self._busy:
            self.farewell(self._retired)

    def farewell(self, why: Farewell) -> None:
        """Say the session's last words, unless it has said them by itself, and close."""
        session = self.session
        if session is not None and not session.over and self._transport is not None and not self._shaking:
            self.write(session.goodbye(why))
        self.close()

    def close(self) -> None:
        """Send what was written, then close; nothing more is read."""
        self.flush()
        self._in.clear()
        self._scanned, self._eof = 0, True
        if self._transport is not None:
            self._transport.close()
        _wake(self._reader)

    async def finish(self, linger: float) -> None:
        """Close, and come back when the peer has taken the last octet, or after `linger` seconds without it."""
        self.close()
        if self._transport is None:
            return
        self._gone = asyncio.get_running_loop().create_future()
        try:
            await asyncio.wait({self._gone}, timeout=linger)
        finally:
            self.abort()

    def abort(self) -> None:
        """Drop the connection with whatever was not yet sent."""
        if self._transport is not None:
            self._transport.abort()


def _wake(waiting: asyncio.Future[None] | None) -> None:
    if waiting is not None and not waiting.done():
        waiting.set_result(None)
