"""A ManageSieve service over a store with one account, and how a test talks to it."""

from __future__ import annotations

import asyncio
import base64
import re
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from textwrap import dedent

from groupware.model.principal import OPERATOR, Principal
from mailcore.server.config import Config
from mailcore.server.gate import Policy, RuleGate, Turnstile
from mailcore.server.guesses import Guesses, GuessLimits
from mailcore.server.listener import Listener, TlsMode, open_socket
from mailcore.server.parts import Parts, ServiceSetup
from mailcore.server.rules import NO_RULES, UNLIMITED
from mailcore.server.service import Door, StreamService
from mailcore.sieve.managesieve.service import managesieve
from tests.protocol.pop3.box import NAME, PASSWORD
from tests.support.clock import FakeClock
from tests.support.eventlog import RecordingLog
from tests.support.talk import Client, client

UNHURRIED = Policy(NO_RULES, UNLIMITED)


def plain(password: str = PASSWORD, name: str = NAME) -> str:
    """What PLAIN sends."""
    return base64.b64encode(f"\0{name}\0{password}".encode()).decode()


@dataclass
class Desk:
    """The service at one door, and the side entrance to the store."""

    service: StreamService
    port: int
    parts: Parts
    log: RecordingLog
    who: Principal

    async def put(self, **scripts: bytes) -> None:
        """Put scripts where they belong."""
        for name, octets in scripts.items():
            await self.parts.store.write(self.who, lambda tx, name=name, octets=octets: tx.put_script(name, octets))  # type: ignore[misc]

    async def scripts(self) -> dict[str, bytes]:
        """What is there now."""
        return await self.parts.store.read(
            self.who, lambda tx: {each.name: tx.script(each.name) for each in tx.scripts()}
        )

    async def set(self, name: str, value: int | bool) -> None:
        """A setting of the account."""
        await self.parts.store.write(OPERATOR, lambda tx: tx.put_setting(name, value, self.who.account))

    async def until_ended(self, sessions: int = 1) -> None:
        """Wait until so many sessions are over, and no connection is left."""
        async with asyncio.timeout(10):
            await self.log.until("session_ended", sessions)
            while self.service.connections:  # noqa: ASYNC110 - the event is the end of a task
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
) -> AsyncIterator[Desk]:
    """The service at a listener on a free port."""
    listener = Listener("test", "managesieve", "127.0.0.1", 0, tls=tls, plain_login=plain_login, idle=idle)
    clock = FakeClock()
    guesses = Guesses(replace(GuessLimits(), first_delay=0.0, max_delay=0.0), clock)
    gate = RuleGate(Turnstile(UNHURRIED), Turnstile(UNHURRIED), guesses, clock)
    listening = open_socket(listener)
    service = managesieve(parts, ServiceSetup("managesieve", config.services["managesieve"], config))
    at_door = asyncio.create_task(service.serve(Door(listener, (listening,), context, gate)))
    try:
        yield Desk(service, listening.getsockname()[1], parts, log, who)
    finally:
        at_door.cancel()
        await asyncio.wait({at_door})
        listening.close()
        await service.drain(5)


@asynccontextmanager
async def connected(desk: Desk, *, login: bool = True) -> AsyncIterator[Client]:
    """A client that has been greeted, and logged in unless told otherwise."""
    async with client(desk.port) as caller:
        await answer(caller)
        if login:
            await say(caller, f'> AUTHENTICATE "PLAIN" "{plain()}"\n< OK "Welcome."')
        yield caller


async def answer(caller: Client) -> list[str]:
    """The lines up to the one that ends an answer."""
    found = [await caller.line()]
    while found[-1].split(" ")[0] not in ("OK", "NO", "BYE"):
        assert found[-1], f"the connection ended behind {found}"
        found.append(await caller.line())
    return found


async def say(caller: Client, transcript: str) -> bool:
    """Play a dialogue: `> ` is sent, `< ` is what has to come, with * for anything; the rest is remarks.

    True when all of it came; the line that did not is an AssertionError that names it.
    """
    for line in dedent(transcript).splitlines():
        if line.startswith(">"):
            caller.send(line[2:].encode() + b"\r\n")
        elif line.startswith("<"):
            came, wanted = await caller.line(), line[2:]
            pattern = ".*".join(re.escape(piece) for piece in wanted.split("*"))
            assert re.fullmatch(pattern, came), f"{wanted!r} was to come, and {came!r} came"
    return True
