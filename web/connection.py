"""One connection of HTTP, and one that became a WebSocket: uvicorn's, with our bounds on what a peer may send.

1. Before a request's header is complete a peer gets `HEADER_SECONDS` and `HEADER_OCTETS`, whoever it is. What is no
   body counts as header all along: fields behind the last chunk, and those of a request that comes while another one
   is being answered.
2. A body comes on at `BODY_OCTETS` in `BODY_SECONDS` or more, while we read it.
3. Who takes nothing of an answer for `STALLED_SECONDS` gets no more of it.
"""

from __future__ import annotations

import asyncio
import email.utils
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.frames import CloseCode, Frame

from mailcore.server.authorization import Kept, forget
from mailcore.server.counters import Counters
from mailcore.server.dialogue import Peer, TlsInfo
from mailcore.server.gate import Admission, Gate
from mailcore.server.listener import Listener
from mailcore.server.service import Door
from mailcore.server.visits import left
from web.jmap.places import SOCKET_PATH

HEADER_SECONDS: Final = 30.0
HEADER_OCTETS: Final = 64 * 1024
BODY_SECONDS: Final = 60.0
BODY_OCTETS: Final = 1024
STALLED_SECONDS: Final = 300.0
FRAMES: Final = 10_000
"""Of one message of a WebSocket."""
_CHUNK: Final = 16
"""Octets that go with each chunk of a body."""
_REFUSAL: Final = b"HTTP/1.1 %s\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
TOO_LARGE: Final = _REFUSAL % b"431 Request Header Fields Too Large"
TOO_SLOW: Final = _REFUSAL % b"408 Request Timeout"


@dataclass(frozen=True, slots=True)
class Shared:
    """What the connections of a service have in common."""

    uvicorn: uvicorn.Config
    state: ServerState
    counters: Counters
    visits: Mapping[str, str]
    """What every connection counts for, as `mailcore.server.visits` says."""
    stopping: asyncio.Event
    """Set when the service stops: what answers without an end has to end."""


@dataclass(frozen=True, slots=True)
class _Way:
    """What signing in has to know of a connection."""

    listener: Listener
    gate: Gate
    peer: Peer
    tls: TlsInfo | None
    proxied_tls: bool

    @property
    def secure(self) -> bool:
        """Whether nobody listens on the way."""
        return self.tls is not None or self.proxied_tls


class State(ServerState):
    """What uvicorn's connections share; the Date header is made once a second."""

    def __init__(self) -> None:
        self._second, self._headers = 0, list[tuple[bytes, bytes]]()
        super().__init__()

    @property
    def default_headers(self) -> list[tuple[bytes, bytes]]:
        """The header lines of every response."""
        now = int(time.time())
        if now != self._second:
            self._second = now
            self._headers = [(b"date", email.utils.formatdate(now, usegmt=True).encode())]
        return self._headers

    @default_headers.setter
    def default_headers(self, value: list[tuple[bytes, bytes]]) -> None:
        """uvicorn's own list is empty and stays so."""


class Connection(HttpToolsProtocol):
    """One connection: uvicorn's, with our bounds, and the peer that a proxy names."""

    def __init__(
        self, shared: Shared, admission: Admission, client: tuple[str, int] | None, secure: bool, door: Door
    ) -> None:
        """`client`: the peer that a proxy names, and `secure`: whether that came to it by TLS."""
        super().__init__(shared.uvicorn, shared.state, {})
        self._shared = shared
        self._admission, self._named, self._secure = admission, client, secure
        self._door = door
        self._visits = dict(shared.visits)
        self._known: dict[str, Kept] = {}
        self._waiting: asyncio.TimerHandle | None = None
        """For a header."""
        self._bringing: asyncio.TimerHandle | None = None
        """For more of a body."""
        self._stalled: asyncio.TimerHandle | None = None
        """For a peer that takes nothing."""
        self._octets = 0
        """What has come of this request that is no body."""
        self._brought = 0
        """What has come of its body lately."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if self._named is not None:
            self.client = self._named
        if self._secure:
            self.scheme = "https"
        peer = Peer(*(self.client or ("", 0))[:2])
        tls = transport.get_extra_info("ssl_object")
        info = None if tls is None else TlsInfo(tls.version() or "", (tls.cipher() or ("",))[0])
        way = _Way(self._door.listener, self._door.gate, peer, info, self._secure)
        stopping = self._shared.stopping
        self.app_state = {"way": way, "known": self._known, "stopping": stopping, "visits": self._visits}
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        self._stop_bringing()
        self._stop_stalled()
        self._left()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._waiting is None and self._idle:
            self._wait()
        self._octets += len(data)
        super().data_received(data)
        if self._octets > HEADER_OCTETS:
            self._refuse(TOO_LARGE)

    def on_headers_complete(self) -> None:
        self._stop_waiting()
        hosts = sum(name == b"host" for name, _ in self.headers)
        if hosts > 1 or (not hosts and self.parser.get_http_version() == "1.1"):
            raise ValueError("a request names its host once")  # RFC 9112 §3.2: the parser answers 400
        super().on_headers_complete()
        self._brought = 0
        self._bringing = self.loop.call_later(BODY_SECONDS, self._look_at_body)

    def on_body(self, body: bytes) -> None:
        self._octets = max(0, self._octets - len(body))
        self._brought += len(body)
        super().on_body(body)

    def on_chunk_header(self) -> None:
        """A chunk of a body begins; what its size takes is no header."""
        self._octets = max(0, self._octets - _CHUNK)

    def on_message_complete(self) -> None:
        self._octets = 0
        self._stop_bringing()
        super().on_message_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stalled = self.loop.call_later(STALLED_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        self._stop_stalled()
        super().resume_writing()

    def _should_upgrade(self) -> bool:
        return self.url.partition(b"?")[0] == SOCKET_PATH.encode() and super()._should_upgrade()

    def handle_websocket_upgrade(self) -> None:
        self._stop_bringing()
        super().handle_websocket_upgrade()
        socket = self.transport.get_protocol()
        if isinstance(socket, Socket):
            socket.left = self._left

    def _left(self) -> None:
        forget(self._known)
        left(self._shared.counters, self._visits)
        self._admission.leave()

    def _look_at_body(self) -> None:
        asked_for = not self.flow.read_paused and not self.cycle.waiting_for_100_continue
        if asked_for and self._brought < BODY_OCTETS:
            self._refuse(TOO_SLOW)
            return
        self._brought = 0
        self._bringing = self.loop.call_later(BODY_SECONDS, self._look_at_body)

    def _refuse(self, said: bytes) -> None:
        """Closes, with a reason where no answer has begun."""
        if self.transport.is_closing():
            return
        if self._idle or not self.cycle.response_started:
            self.transport.write(said)
        self.transport.close()

    @property
    def _idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _wait(self) -> None:
        self._octets = 0
        self._waiting = self.loop.call_later(HEADER_SECONDS, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _stop_bringing(self) -> None:
        if self._bringing is not None:
            self._bringing.cancel()
            self._bringing = None

    def _stop_stalled(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None


class Socket(WebSocketsSansIOProtocol):
    """A connection that became a WebSocket: uvicorn's, which leaves as the connection that it was would have left."""

    left: Callable[[], None] | None = None

    def handle_cont(self, event: Frame) -> None:
        """One more piece of a message; pieces may be empty, so their number has a bound of its own."""
        if len(self.frames) >= FRAMES:
            self.conn.fail(CloseCode.MESSAGE_TOO_BIG, f"a message of more than {FRAMES} frames")
            self.handle_parser_exception()
            return
        super().handle_cont(event)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self.left is not None:
            self.left()
