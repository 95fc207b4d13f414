"""Services and their doors; and the service that every line protocol is: one coroutine per connection.

The way of a connection: accepted > PROXY header where one is due > gate > TLS where it comes first > session. The
client's real address is known before the gate sees it, and nothing costly happens before the gate.
"""

import asyncio
import itertools
import secrets
import socket
import traceback
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager, ExitStack, nullcontext, suppress
from dataclasses import dataclass
from typing import Final, Protocol, runtime_checkable

from mailcore.server.connection import SHUTDOWN_SECONDS, Connection, Tls
from mailcore.server.dialogue import ConnectionClosed, HandshakeFailed, IdleTimeout, Peer, Session
from mailcore.server.events import EventLog
from mailcore.server.gate import Admission, Gate, Refusal
from mailcore.server.listener import Listener
from mailcore.server.log import seen_from
from mailcore.server.proxied import take_header
from mailcore.server.proxy import ProxyError
from mailcore.server.reading import SCRATCH, Reading
from mailcore.server.rules import address
from mailcore.server.tls import handshake_error

LINGER_SECONDS: Final = 10.0  # a peer that does not take the last octets
ACCEPT_AT_ONCE: Final = 64  # then those that are connected have their turn
YIELD_SECONDS: Final = 0.002  # for which a process leaves a new connection to one that has fewer
ARRIVING_MAX: Final = 512  # connections that wait for their PROXY header


class Share(Protocol):
    """How the connections of one service are spread over the processes that accept at the same sockets."""

    def more_than_others(self) -> bool:
        """Whether this process has more connections than another: let that one have the next."""
        ...

    def enter(self) -> None:
        """This process has one more."""
        ...

    def leave(self, ended: object = None) -> None:
        """It has one less."""
        ...

    def serving(self) -> AbstractContextManager[None]:
        """This process accepts meanwhile."""
        ...


@dataclass(frozen=True, slots=True)
class Door:
    """What a service gets for one listener. The sockets stay the server's: a service works on duplicates."""

    listener: Listener
    sockets: tuple[socket.socket, ...]
    tls: Tls  # the context for a handshake that begins now
    gate: Gate
    share: Share | None = None  # where several processes accept at the same sockets


class Service(Protocol):
    """Something that serves at doors, or works behind them."""

    @property
    def name(self) -> str:
        """The name of its section in the configuration."""
        ...

    async def serve(self, door: Door) -> None:
        """Serve one door until cancelled. What is connected then stays connected."""
        ...

    async def drain(self, grace: float) -> None:
        """Let commands finish within `grace` seconds, say goodbye, close everything."""
        ...


@runtime_checkable
class Working(Protocol):
    """A service that has work besides its doors: a scheduler, a collector."""

    async def work(self) -> None:
        """Work until cancelled."""
        ...


def _no_scope(session: str, peer: str) -> AbstractContextManager[object]:
    return nullcontext()


def _no_words(refusal: Refusal, listener: Listener) -> bytes:
    return b""


def _ignore(connection: Connection) -> None:
    return None


def _heedless(refusal: Refusal, peer: str) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Manner:
    """How a stream service behaves; the defaults suit a test."""

    places: int = 20  # commands at work at once; more wait their turn
    read_ahead: int = 65_536
    scope: Callable[[str, str], AbstractContextManager[object]] = _no_scope  # (session id, peer): what the log adds
    refuse: Callable[[Refusal, Listener], bytes] = _no_words  # said before a refused connection is closed
    refused: Callable[[Refusal, str], None] = _heedless  # (why, address) of a peer that may not connect
    closed: Callable[[Connection], None] = _ignore  # after a connection that was let in; counters move here


DEFAULT_MANNER: Final = Manner()
_sessions = itertools.count(secrets.randbits(31))


def renumber() -> None:
    """Begin the ids of sessions anew, in a process that was forked from another."""
    global _sessions
    _sessions = itertools.count(secrets.randbits(31))


class StreamService:
    """Serves a line protocol: `handle` makes the session for each connection."""

    __slots__ = ("_arriving", "_draining", "_handle", "_log", "_manner", "_name", "_open", "_places", "_reading")

    def __init__(
        self, name: str, handle: Callable[[Connection], Session], log: EventLog, manner: Manner = DEFAULT_MANNER
    ) -> None:
        self._name, self._handle, self._log, self._manner = name, handle, log, manner
        scratch = memoryview(bytearray(SCRATCH))
        self._reading = Reading(scratch, manner.read_ahead)
        self._places = asyncio.Semaphore(manner.places)
        self._open: dict[asyncio.Task[None], Connection | None] = {}
        self._arriving: set[asyncio.Task[None]] = set()  # those of them that a proxy has yet to name
        self._draining = False

    @property
    def name(self) -> str:
        """The service's name."""
        return self._name

    @property
    def connections(self) -> int:
        """Connections open now, those that are still arriving included."""
        return len(self._open)

    def slot(self) -> AbstractAsyncContextManager[None]:
        """A place to work in: `async with service.slot():` waits for its turn, first come, first served."""
        return self._places

    async def serve(self, door: Door) -> None:
        """Accept at the door until cancelled. OSError when accepting fails: no file descriptor left, for instance."""
        loop = asyncio.get_running_loop()
        failed: asyncio.Future[None] = loop.create_future()
        with ExitStack() as undo:
            if door.share is not None:
                undo.enter_context(door.share.serving())
            for each in door.sockets:
                listening = undo.enter_context(each.dup())
                listening.setblocking(False)
                loop.add_reader(listening.fileno(), self._accept, door, listening, failed)
                undo.callback(loop.remove_reader, listening.fileno())
            await failed

    async def drain(self, grace: float) -> None:
        """Say goodbye to every session: at once where no command is at work, else behind it, after `grace` by force."""
        self._draining = True
        for task, connection in self._open.items():
            if connection is None:
                task.cancel()
            else:
                connection.retire()
        await self._wait(grace)
        for task, connection in self._open.items():
            if connection is not None:
                connection.farewell("stopping")
            task.cancel()
        await self._wait(LINGER_SECONDS)

    async def _wait(self, seconds: float) -> None:
        if self._open:
            await asyncio.wait(set(self._open), timeout=seconds)

    def _accept(self, door: Door, listening: socket.socket, failed: asyncio.Future[None]) -> None:
        if door.share is not None and door.share.more_than_others():
            loop = asyncio.get_running_loop()
            loop.remove_reader(listening.fileno())
            loop.call_later(YIELD_SECONDS, self._accept_now, door, listening, failed)
        else:
            self._take(door, listening, failed)

    def _accept_now(self, door: Door, listening: socket.socket, failed: asyncio.Future[None]) -> None:
        """The others had their chance: whoever still waits is taken here."""
        if listening.fileno() >= 0 and not failed.done():
            self._take(door, listening, failed)
            if not failed.done():
                asyncio.get_running_loop().add_reader(listening.fileno(), self._accept, door, listening, failed)

    def _take(self, door: Door, listening: socket.socket, failed: asyncio.Future[None]) -> None:
        try:
            for _ in range(ACCEPT_AT_ONCE if door.share is None else 1):
                accepted, where = listening.accept()
                self._begin(door, accepted, Peer(*where[:2]))
        except (BlockingIOError, ConnectionError):
            return  # nobody is left, or one was gone before it was accepted
        except Exception as error:  # the supervisor says it and serves anew, after a pause
            if not failed.done():
                failed.set_exception(error)

    def _begin(self, door: Door, accepted: socket.socket, peer: Peer) -> None:
        accepted.setblocking(False)
        admission = None
        if self._draining or (door.listener.proxy is not None and len(self._arriving) >= ARRIVING_MAX):
            accepted.close()
            return
        if door.listener.proxy is None:
            admission = self._enter(door, accepted, peer)
            if admission is None:
                return
        task = asyncio.get_running_loop().create_task(self._run(door, accepted, peer, admission))
        if door.share is not None:
            door.share.enter()
            task.add_done_callback(door.share.leave)
        self._open[task] = None
        if admission is None:
            self._arriving.add(task)
        task.add_done_callback(self._ended)

    def _enter(self, door: Door, accepted: socket.socket, peer: Peer) -> Admission | None:
        """The place of a peer that may connect; None: it has been told and hung up on."""
        entered = door.gate.enter(peer.ip)
        if isinstance(entered, Admission):
            return entered
        self._log.warning("refused", listener=door.listener.name, peer=peer.ip, kind=entered.kind, why=entered.text)
        self._manner.refused(entered, peer.ip)
        if door.listener.tls != "implicit" and (words := self._manner.refuse(entered, door.listener)):
            with suppress(OSError):
                accepted.send(words)
        accepted.close()
        return None

    async def _run(self, door: Door, accepted: socket.socket, peer: Peer, admission: Admission | None) -> None:
        session_id = f"{next(_sessions) & 0xFFFFFFFF:08X}"
        try:
            with self._manner.scope(session_id, peer.ip), accepted:
                local = Peer(*accepted.getsockname()[:2])
                connection = Connection(door.listener, door.gate, door.tls, self._reading, peer, local)
                connection.session_id = session_id
                if admission is None:
                    admission = await self._arrive(door, accepted, connection)
                if admission is not None:
                    await self._connect(door, accepted, connection)
                    await self._talk(connection)
        except ProxyError as error:
            self._log.warning("proxy_header_refused", listener=door.listener.name, peer=peer.ip, why=str(error))
        except HandshakeFailed as error:
            self._log.info("tls_failed", listener=door.listener.name, peer=peer.ip, why=str(error))
        except OSError as error:
            self._log.info("connection_lost", listener=door.listener.name, peer=peer.ip, why=str(error))
        finally:
            if admission is not None:
                admission.leave()

    async def _arrive(self, door: Door, accepted: socket.socket, connection: Connection) -> Admission | None:
        """The place of the client that a proxy brings. ProxyError."""
        policy = door.listener.proxy
        assert policy is not None
        if address(connection.peer.ip) in policy.trusted:
            header = await take_header(accepted, policy)
            if header is not None and header.source is not None and header.target is not None:
                connection.peer = Peer(str(header.source.address), header.source.port)
                seen_from(connection.peer.ip)
                connection.local = Peer(str(header.target.address), header.target.port)
                connection.proxied_tls = header.tls
        elif not policy.optional:
            raise ProxyError("connections come through the trusted proxies only")
        return self._enter(door, accepted, connection.peer)

    async def _connect(self, door: Door, accepted: socket.socket, connection: Connection) -> None:
        """Hand the socket to the loop, behind TLS where that comes first. HandshakeFailed."""
        loop = asyncio.get_running_loop()
        if door.listener.tls != "implicit":
            await loop.connect_accepted_socket(lambda: connection, accepted)
            return
        context = door.tls()
        if context is None:
            raise HandshakeFailed("there is no certificate for this listener")
        try:
            await loop.connect_accepted_socket(
                lambda: connection,
                accepted,
                ssl=context,
                ssl_handshake_timeout=door.listener.handshake,
                ssl_shutdown_timeout=SHUTDOWN_SECONDS,
            )
        except OSError as error:  # ssl.SSLError and the time-out are OSErrors
            raise HandshakeFailed(handshake_error(error)) from None

    async def _talk(self, connection: Connection) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open[task] = connection
        self._arriving.discard(task)
        try:
            connection.session = self._handle(connection)
            await connection.session.run()
        except HandshakeFailed:
            raise
        except ConnectionClosed:
            pass
        except IdleTimeout:
            connection.farewell("idle")
        except Exception as error:  # whatever a session raises costs it its connection, and nobody else
            self._log.error(
                "session_crashed", session=connection.session_id, error=repr(error), traceback=traceback.format_exc()
            )
            connection.farewell("failed")
        finally:
            await connection.finish(LINGER_SECONDS)
            self._manner.closed(connection)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._open.pop(task, None)
        self._arriving.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._log.error("connection_crashed", error=repr(error))
