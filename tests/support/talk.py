"""A small line service and a small line client, to try listeners with."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from mailcore.server.connection import Connection
from mailcore.server.dialogue import Farewell, LineTooLong
from mailcore.server.gate import Policy, RuleGate, Turnstile
from mailcore.server.guesses import Guesses, GuessLimits
from mailcore.server.listener import Listener, open_socket
from mailcore.server.rules import NO_RULES, UNLIMITED
from mailcore.server.service import DEFAULT_MANNER, Door, Manner, StreamService
from tests.support.clock import FakeClock
from tests.support.eventlog import RecordingLog

LINE_MAX = 1000
WAIT = 10


@dataclass
class Stage:
    """What the sessions of one test share: how far SLOW commands have come, and when they may end."""

    release: asyncio.Event = field(default_factory=asyncio.Event)
    started: int = 0
    finished: int = 0
    moved: asyncio.Event = field(default_factory=asyncio.Event)
    connections: list[Connection] = field(default_factory=list)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until the stage has moved to where the condition holds."""
        async with asyncio.timeout(WAIT):
            while not condition():
                self.moved.clear()
                await self.moved.wait()


class EchoSession:
    """ECHO x, SLOW, DATA n, STARTTLS, WHO, CRASH, RETIRED, QUIT."""

    def __init__(self, connection: Connection, stage: Stage, service: Callable[[], StreamService]) -> None:
        self._connection, self._stage, self._service = connection, stage, service
        self.over = False
        stage.connections.append(connection)
        stage.moved.set()

    async def run(self) -> None:
        connection = self._connection
        connection.write(b"* hello\r\n")
        while True:
            try:
                line = await connection.readline(LINE_MAX)
            except LineTooLong:
                await connection.skip_line()
                connection.write(b"too long\r\n")
                continue
            with connection.command():
                if not await self._obey(*line.rstrip(b"\r\n").partition(b" ")[::2]):
                    return

    def goodbye(self, why: Farewell) -> bytes:
        return f"* bye {why}\r\n".encode()

    async def _obey(self, verb: bytes, rest: bytes) -> bool:
        connection = self._connection
        if verb == b"ECHO":
            connection.write(rest + b"\r\n")
        elif verb == b"SLOW":
            await self._slow()
        elif verb == b"DATA":
            connection.write(b"%d\r\n" % len(await connection.readexactly(int(rest))))
        elif verb == b"FLOOD":
            for _ in range(int(rest)):
                connection.write(b"x" * 65_534 + b"\r\n")
                await connection.drain()
        elif verb == b"STARTTLS":
            await connection.start_tls(b"go ahead\r\n")
        elif verb == b"WHO":
            connection.write(f"{connection.peer.ip} secure={connection.secure} {connection.tls}\r\n".encode())
        elif verb == b"RETIRED":  # it ends, and is sent away while it does
            self.over = True
            connection.write(b"over\r\n")
            connection.dismiss("disabled")
        elif verb == b"CRASH":
            raise ZeroDivisionError("asked for")
        else:
            self.over = True
            connection.write(b"quit\r\n")
            return False
        return True

    async def _slow(self) -> None:
        async with self._service().slot():
            self._stage.started += 1
            self._stage.moved.set()
            await self._stage.release.wait()
            self._stage.finished += 1
        self._connection.write(b"slow done\r\n")


@dataclass
class Stand:
    """A service that runs at one door."""

    service: StreamService
    door: Door
    stage: Stage
    log: RecordingLog
    clock: FakeClock
    serving: asyncio.Task[None]

    @property
    def port(self) -> int:
        return int(self.door.sockets[0].getsockname()[1])

    async def all_gone(self) -> None:
        """Wait until the server's side of every connection is over."""
        if self.service._open:
            await asyncio.wait(set(self.service._open), timeout=WAIT)

    async def close_door(self) -> None:
        """Stop accepting: the port refuses."""
        self.serving.cancel()
        await asyncio.wait({self.serving})
        for listening in self.door.sockets:
            listening.close()


@asynccontextmanager
async def stand(
    listener: Listener | None = None,
    *,
    tls: Callable[[], ssl.SSLContext | None] = lambda: None,
    service_policy: Policy | None = None,
    manner: Manner = DEFAULT_MANNER,
) -> AsyncIterator[Stand]:
    """The echo service at a listener on a free port."""
    listener = listener or Listener("test", "echo", "127.0.0.1", 0)
    log, clock, stage = RecordingLog(), FakeClock(), Stage()
    gate = RuleGate(
        Turnstile(listener.policy), Turnstile(service_policy or unlimited()), Guesses(GuessLimits(), clock), clock
    )
    door = Door(listener, (open_socket(listener),), tls, gate)
    service: StreamService = StreamService("echo", lambda made: EchoSession(made, stage, lambda: service), log, manner)
    found = Stand(service, door, stage, log, clock, asyncio.create_task(service.serve(door)))
    try:
        yield found
    finally:
        stage.release.set()
        await found.close_door()
        await service.drain(5)


def unlimited() -> Policy:
    """No rules, no limits."""
    return Policy(NO_RULES, UNLIMITED)


class Client:
    """The other end of the line."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def line(self) -> str:
        """The next line; "" when the server has closed."""
        async with asyncio.timeout(WAIT):
            try:
                return (await self.reader.readline()).decode().rstrip("\r\n")
            except ConnectionError:
                return ""

    async def ask(self, line: str) -> str:
        self.send(line.encode() + b"\r\n")
        return await self.line()

    def send(self, octets: bytes) -> None:
        self.writer.write(octets)

    async def start_tls(self, context: ssl.SSLContext, name: str | None = None) -> None:
        async with asyncio.timeout(WAIT):
            await self.writer.start_tls(context, server_hostname=name)

    async def close(self) -> None:
        self.writer.close()
        with suppress(OSError):
            await self.writer.wait_closed()


@asynccontextmanager
async def client(
    port: int,
    *,
    source: str = "127.0.0.1",
    tls: ssl.SSLContext | None = None,
    name: str | None = None,
    first: bytes = b"",
    host: str = "127.0.0.1",
) -> AsyncIterator[Client]:
    """A client that calls from `source`, sends `first` at once, and speaks TLS from there on if asked to."""
    async with asyncio.timeout(WAIT):
        reader, writer = await asyncio.open_connection(host, port, local_addr=(source, 0))
    made = Client(reader, writer)
    try:
        if first:
            made.send(first)
        if tls is not None:
            await made.start_tls(tls, name)
        yield made
    finally:
        await made.close()
