"""A POP3 service over a store with one account, and what a test does to its INBOX from the side."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from groupware.mime.item import read_item
from groupware.model.flags import Flags
from groupware.model.ids import Uid, ranges
from groupware.model.principal import Principal
from groupware.store.api import ReadTx, WriteTx
from mailcore.pop3.service import pop3
from mailcore.server.config import Config
from mailcore.server.counters import Counters
from mailcore.server.gate import Policy, RuleGate, Turnstile
from mailcore.server.guesses import Guesses, GuessLimits
from mailcore.server.listener import Listener, TlsMode, open_socket
from mailcore.server.parts import Parts, ServiceSetup
from mailcore.server.rules import NO_RULES, UNLIMITED
from mailcore.server.service import Door, StreamService
from tests.support.clock import FakeClock
from tests.support.eventlog import RecordingLog
from tests.support.talk import Client, client

NAME, PASSWORD = "alice@example.test", "correct horse"
UNHURRIED = Policy(NO_RULES, UNLIMITED)


@dataclass
class Box:
    """The service at one door, and the side entrance to INBOX."""

    service: StreamService
    port: int
    parts: Parts
    log: RecordingLog
    who: Principal

    @property
    def counters(self) -> Counters:
        return self.parts.counters

    async def put(self, *messages: bytes) -> Sequence[Uid]:
        """Put messages into INBOX."""
        new = [await read_item(octets, self.parts.blobs) for octets in messages]

        def work(tx: WriteTx) -> Sequence[Uid]:
            return [item.uid for item in tx.append(tx.role(self.who.account, "inbox").id, new)]

        return await self.parts.store.write(self.who, work)

    async def remove(self, *uids: Uid) -> None:
        """Remove messages as another session does."""

        def work(tx: WriteTx) -> None:
            tx.expunge(tx.role(self.who.account, "inbox").id, ranges(uids), deleted_only=False)

        await self.parts.store.write(self.who, work)

    async def flags(self) -> Mapping[Uid, Flags]:
        """What is in INBOX now, with its flags."""

        def work(tx: ReadTx) -> Mapping[Uid, Flags]:
            return {entry.uid: entry.flags for entry in tx.entries(tx.role(self.who.account, "inbox").id)}

        return await self.parts.store.read(self.who, work)

    async def until_ended(self, sessions: int = 1, left: int = 0) -> None:
        """Wait until so many sessions are over on the server's side, and so many connections are left."""
        async with asyncio.timeout(10):
            await self.log.until("session_ended", sessions)
            while self.service.connections > left:  # noqa: ASYNC110 - the event is the end of a task
                await asyncio.sleep(0)


@asynccontextmanager
async def serving(
    parts: Parts,
    log: RecordingLog,
    who: Principal,
    config: Config,
    *,
    tls: TlsMode = "start",
    context: Callable[[], ssl.SSLContext | None] = lambda: None,
    plain_login: bool = True,
    idle: float = 300,
) -> AsyncIterator[Box]:
    """The service at a listener on a free port."""
    listener = Listener("test", "pop3", "127.0.0.1", 0, tls=tls, plain_login=plain_login, idle=idle)
    clock = FakeClock()
    guesses = Guesses(replace(GuessLimits(), first_delay=0.0, max_delay=0.0), clock)
    gate = RuleGate(Turnstile(UNHURRIED), Turnstile(UNHURRIED), guesses, clock)
    listening = open_socket(listener)
    service = pop3(parts, ServiceSetup("pop3", config.services["pop3"], config))
    at_door = asyncio.create_task(service.serve(Door(listener, (listening,), context, gate)))
    try:
        yield Box(service, listening.getsockname()[1], parts, log, who)
    finally:
        at_door.cancel()
        await asyncio.wait({at_door})
        listening.close()
        await service.drain(5)


@asynccontextmanager
async def connected(box: Box, *, login: bool = False) -> AsyncIterator[Client]:
    """A client that has been greeted, and logged in if asked to."""
    async with client(box.port) as caller:
        assert (await caller.line()).startswith("+OK ")
        if login:
            await say(caller, f"> USER {NAME}\n< +OK *\n> PASS {PASSWORD}\n< +OK *")
        yield caller


async def say(caller: Client, transcript: str) -> bool:
    """Play a dialogue: `> ` is sent, `< ` is what has to come, with * for anything; a blank line means nothing.

    True when all of it came; the line that did not is an AssertionError that names it.
    """
    for line in transcript.splitlines():
        if line.startswith("> "):
            caller.send(line[2:].encode() + b"\r\n")
        elif line.startswith("<"):
            came, wanted = await caller.line(), line[2:]
            pattern = ".*".join(re.escape(piece) for piece in wanted.split("*"))
            assert re.fullmatch(pattern, came), f"{wanted!r} was to come, and {came!r} came"
    return True


async def lines(caller: Client) -> list[str]:
    """The lines of a reply behind its status, dots undone."""
    found = []
    while (line := await caller.line()) != ".":
        found.append(line.removeprefix("."))
    return found


async def octets(caller: Client) -> bytes:
    """A message behind its status line, as it was before dots were doubled."""
    raw = bytearray()
    async with asyncio.timeout(30):
        while (line := await caller.reader.readline()) != b".\r\n":
            raw += line[1:] if line.startswith(b".") else line
    return bytes(raw)
