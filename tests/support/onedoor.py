"""A mail service at one door, over a store of its own with one account: a copy of one that was made once."""

from __future__ import annotations

import asyncio
import itertools
import re
import shutil
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from textwrap import dedent
from typing import Any, TypeVar, cast

import pytest

from groupware.directory.sql import SqlDirectory
from groupware.model.principal import OPERATOR, Domain, NewAccount, Principal
from groupware.store import open_store
from groupware.store.api import WriteTx
from groupware.store.blobs import SqlBlobs
from groupware.store.bus import LocalBus
from groupware.store.objects import open_objects
from mailcore.server.config import Config, load
from mailcore.server.counters import Counters
from mailcore.server.gate import Policy, RuleGate, Turnstile
from mailcore.server.guesses import Guesses, GuessLimits
from mailcore.server.listener import Listener, TlsMode, open_socket
from mailcore.server.parts import Parts, ServiceSetup
from mailcore.server.rules import NO_RULES, UNLIMITED
from mailcore.server.service import Door, Service, StreamService
from tests.support.clock import FakeClock
from tests.support.eventlog import RecordingLog
from tests.support.passwords import credentials, quick_hashing
from tests.support.talk import Client

NAME, PASSWORD = "alice@example.test", "correct horse"
THRESHOLD = 16 * 1024
"""Octets of a body that is kept in the database."""
D, S = TypeVar("D"), TypeVar("S", bound=Service)
Opening = Callable[..., AbstractAsyncContextManager[D]]
"""Opens a service with the configuration of a text of TOML; keywords say how it is listened to."""
_UNHURRIED = Policy(NO_RULES, UNLIMITED)
_numbers = itertools.count(1)


@dataclass
class OneDoor:
    """The service at its door, and what is behind it."""

    service: StreamService
    port: int
    parts: Parts
    log: RecordingLog
    who: Principal

    async def until_ended(self, sessions: int = 1, left: int = 0) -> None:
        """Wait until so many sessions are over on the server's side, and so many connections are left."""
        async with asyncio.timeout(10):
            await self.log.until("session_ended", sessions)
            while self.service.connections > left:  # noqa: ASYNC110 - the event is the end of a task
                await asyncio.sleep(0)


@dataclass(frozen=True, slots=True)
class House:
    """What a service works with."""

    parts: Parts
    config: Config
    log: RecordingLog
    who: Principal


def _plant(tx: WriteTx) -> None:
    tx.put_domain(Domain(NAME.partition("@")[2]))
    tx.put_account(NewAccount(NAME, credentials=credentials(PASSWORD)))


@pytest.fixture(scope="session")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database file of a store with one account."""
    folder = tmp_path_factory.mktemp("planted")
    store = open_store(folder, bus=LocalBus())
    with quick_hashing():
        store.write_later(OPERATOR, _plant).result(60)
    asyncio.run(store.close())
    return folder / "postroom.db"


def copied(planted: Path, folder: Path, toml: str) -> Path:
    """A data folder of its own with that store and that configuration."""
    data = folder / f"data{next(_numbers)}"
    data.mkdir()
    shutil.copy(planted, data)
    (data / "postroom.toml").write_text(toml)
    return data


@asynccontextmanager
async def house(planted: Path, folder: Path, toml: str, service: str) -> AsyncIterator[House]:
    """What the service of that name works with under this configuration."""
    data = copied(planted, folder, toml)
    config = load(data / "postroom.toml", data=data, services=[service], environ={})
    bus, log = LocalBus(), RecordingLog()
    store = open_store(data, bus=bus)
    blobs = SqlBlobs(store.database, open_objects(data, "bodies"), THRESHOLD)
    directory = SqlDirectory(store)
    parts = Parts(
        log=lambda _: log,
        store=store,
        blobs=blobs,
        bus=bus,
        directory=directory,
        counters=Counters(domains=True, accounts=True),
        dns=cast(Any, None),
        secret=b"of this site",
    )
    try:
        with quick_hashing():
            yield House(parts, config, log, await store.read(OPERATOR, lambda tx: tx.identity(tx.account(NAME).id)))
    finally:
        await directory.close()
        await asyncio.wait_for(store.close(), 30)
        blobs.close()


@asynccontextmanager
async def at_door(
    make: Callable[[Parts, ServiceSetup], S],
    name: str,
    here: House,
    *,
    tls: TlsMode = "start",
    context: Callable[[], ssl.SSLContext | None] = lambda: None,
    plain_login: bool = True,
    idle: float = 300,
) -> AsyncIterator[tuple[S, int]]:
    """The service at a listener on a free port; the service, and the port."""
    listener = Listener("test", name, "127.0.0.1", 0, tls=tls, plain_login=plain_login, idle=idle)
    clock = FakeClock()
    guesses = Guesses(replace(GuessLimits(), first_delay=0.0, max_delay=0.0), clock)
    gate = RuleGate(Turnstile(_UNHURRIED), Turnstile(_UNHURRIED), guesses, clock)
    listening = open_socket(listener)
    service = make(here.parts, ServiceSetup(name, here.config.services[name], here.config))
    serving = asyncio.create_task(service.serve(Door(listener, (listening,), context, gate)))
    try:
        yield service, listening.getsockname()[1]
    finally:
        serving.cancel()
        await asyncio.wait({serving})
        listening.close()
        await service.drain(5)


def opening_of(name: str, serving: Callable[..., AbstractAsyncContextManager[D]]) -> Any:
    """A fixture that opens the service of that name: `Opening`."""

    @pytest.fixture
    def opening(planted: Path, tmp_path: Path) -> Opening[D]:
        @asynccontextmanager
        async def opened(toml: str = "", **manner: Any) -> AsyncIterator[D]:
            async with house(planted, tmp_path, toml, name) as here, serving(here, **manner) as door:
                yield door

        return opened

    return opening


def opened_by_default() -> Any:
    """A fixture: the service as it is without a configuration."""

    @pytest.fixture
    async def opened(opening: Opening[D]) -> AsyncIterator[D]:
        async with opening() as found:
            yield found

    return opened


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
