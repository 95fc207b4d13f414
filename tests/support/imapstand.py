"""IMAP at a free port over a real store on SQLite, with a domain and three people; and a line client."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, cast

from groupware.directory.sql import SqlDirectory
from groupware.model.principal import OPERATOR, Principal
from groupware.store import SqlBlobs, SqlStore
from groupware.store.api import WriteTx
from mailcore.imap.service import imap
from mailcore.server.clock import SystemClock
from mailcore.server.config import load
from mailcore.server.counters import Counters
from mailcore.server.gate import Policy, RuleGate, Turnstile
from mailcore.server.guesses import Guesses, GuessLimits
from mailcore.server.listener import Listener, open_socket
from mailcore.server.parts import ServiceSetup
from mailcore.server.rules import NO_RULES, UNLIMITED
from mailcore.server.service import Door, StreamService
from tests.support.eventlog import RecordingLog
from tests.support.furnished import DOMAIN, furnished

T = TypeVar("T")

HOST = "imap.example.test"
PASSWORD = "correct horse"
WAIT = 20
_LITERAL = re.compile(rb"\{([0-9]+)\}\r\n\Z")


@dataclass
class Stand:
    """The service, and what is around it."""

    service: StreamService
    port: int
    store: SqlStore
    blobs: SqlBlobs
    directory: SqlDirectory
    log: RecordingLog
    counters: Counters
    data: Path

    async def write(self, work: Callable[[WriteTx], T], who: Principal = OPERATOR) -> T:
        """What `work` gives back, as the operator unless said otherwise."""
        return await self.store.write(who, work)

    async def who(self, name: str) -> Principal:
        """One of the people, as a principal."""
        return await self.store.read(OPERATOR, lambda tx: tx.identity(tx.account(f"{name}@example.test").id))

    @asynccontextmanager
    async def client(self, name: str = "", *, first: bytes = b"") -> AsyncIterator[Client]:
        """A connection; signed in as one of the people when a name is given."""
        async with connected(self.port) as made:
            if name:
                assert (await made.ask(f'LOGIN {name} "{PASSWORD}"')).ok
            if first:
                made.send(first)
            yield made


@asynccontextmanager
async def stand(
    folder: Path,
    *,
    config: str = "",
    tls: Callable[[], ssl.SSLContext | None] = lambda: None,
    implicit: bool = False,
    plain_login: bool = True,
) -> AsyncIterator[Stand]:
    """The service over a store of its own. `config` is TOML behind the server's name and domain."""
    data = folder / "data"
    file = folder / "postroom.toml"
    file.write_text(f'[server]\nserver_name = "{HOST}"\nprimary_domain = "{DOMAIN}"\n{config}')
    settings = load(file, data=data, environ={}, services=())
    log, counters = RecordingLog(), Counters()
    async with furnished(data, PASSWORD, log, counters) as (parts, store, blobs):
        service = cast(StreamService, imap(parts, ServiceSetup("imap", settings.services["imap"], settings)))
        door = _door(implicit=implicit, tls=tls, plain_login=plain_login)
        serving = asyncio.create_task(service.serve(door))
        port = int(door.sockets[0].getsockname()[1])
        try:
            directory = cast(SqlDirectory, parts.directory)
            yield Stand(service, port, store, blobs, directory, log, counters, data)
        finally:
            serving.cancel()
            await asyncio.wait({serving})
            door.sockets[0].close()
            await service.drain(5)


def _door(*, implicit: bool, tls: Callable[[], ssl.SSLContext | None], plain_login: bool) -> Door:
    listener = Listener("test", "imap", "127.0.0.1", 0, "implicit" if implicit else "start", plain_login=plain_login)
    free, clock = Policy(NO_RULES, UNLIMITED), SystemClock()
    guesses = Guesses(GuessLimits(first_delay=0, max_delay=0), clock)
    gate = RuleGate(Turnstile(free), Turnstile(free), guesses, clock)
    return Door(listener, (open_socket(listener),), tls, gate)


@dataclass(frozen=True)
class Answer:
    """What came for one command: the untagged responses (without their line ends, literals in place), and the end."""

    untagged: list[bytes]
    tagged: bytes

    @property
    def ok(self) -> bool:
        return self.tagged.startswith(b"OK")

    def of(self, word: bytes) -> list[bytes]:
        """The untagged responses whose first or second word this is."""
        return [line for line in self.untagged if word in line.split(b" ", 3)[1:3]]


class Client:
    """The other end of the line."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer, self._number = reader, writer, 0
        self.greeting = b""

    def send(self, octets: bytes) -> None:
        self.writer.write(octets)

    async def response(self) -> bytes:
        """The next response, its literals in place, without the last line end; b"" when the server has closed."""
        got = b""
        async with asyncio.timeout(WAIT):
            while True:
                try:
                    got += await self.reader.readline()
                except ConnectionError:
                    return b""
                found = _LITERAL.search(got)
                if found is None:
                    return got.removesuffix(b"\r\n")
                got += await self.reader.readexactly(int(found[1]))

    async def until(self, tag: bytes) -> Answer:
        """Everything up to the tagged response."""
        untagged = []
        while True:
            line = await self.response()
            if line.startswith(tag + b" "):
                return Answer(untagged, line[len(tag) + 1 :])
            if not line:
                return Answer(untagged, b"")
            untagged.append(line)

    async def ask(self, command: str | bytes, *literals: bytes) -> Answer:
        """One command. Each literal stands behind its announcement, which is added; LITERAL+ is used."""
        self._number += 1
        tag = b"a%d" % self._number
        octets = command.encode() if isinstance(command, str) else command
        for literal in literals:
            octets += b" {%d+}\r\n%b" % (len(literal), literal)
        self.send(tag + b" " + octets + b"\r\n")
        return await self.until(tag)

    async def append(self, mailbox: str, message: bytes, more: str = "") -> Answer:
        return await self.ask(f"APPEND {mailbox}{more}", message)

    async def close(self) -> None:
        self.writer.close()
        with suppress(OSError):
            await self.writer.wait_closed()


@asynccontextmanager
async def connected(
    port: int, tls: ssl.SSLContext | None = None, *, name: str | None = None, greeted: bool = True
) -> AsyncIterator[Client]:
    """A client that has read the greeting, unless that is still to come."""
    async with asyncio.timeout(WAIT):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 26, ssl=tls, server_hostname=name)
    made = Client(reader, writer)
    try:
        if greeted:
            made.greeting = await made.response()
        yield made
    finally:
        await made.close()
