"""A worker process from its fork to its end: the front services, at the lead's sockets, over a store of its own."""

from __future__ import annotations

import asyncio
import gc
import itertools
import os
import random
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from functools import partial
from typing import Any, Final

from mailcore.server import log, service
from mailcore.server.app import Server
from mailcore.server.channel import Answer, Channel
from mailcore.server.compose import adopt, count_as_wanted, make_parts, resolver
from mailcore.server.config import Config
from mailcore.server.counters import Counters
from mailcore.server.crew import members, siblings
from mailcore.server.guesses import Guesses
from mailcore.server.listener import Sockets, not_handed_over
from mailcore.server.log_setup import Logging
from mailcore.server.members import FRONT, Alone
from mailcore.server.parts import installed_factories
from mailcore.server.shared import SharedClaims, SharedRates, SharedSeats
from mailcore.server.spawner import Commons
from mailcore.server.storage import open_storage
from mailcore.server.system_use import own_use
from mailcore.server.tasks import Supervisor
from mailcore.server.team import State, state_of

COUNT_SECONDS: Final = 0.25
USE_EACH: Final = 20  # what the process uses is told each so many times


def work(slot: int, channel: socket.socket, shared: Commons) -> None:
    """Serve until the lead says that it is over, or has gone."""
    import uvloop

    shared.table.slot = slot
    random.seed()
    log.renumber()
    service.renumber()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_live(slot, channel, shared))


async def _live(slot: int, channel: socket.socket, shared: Commons) -> None:
    await _Worker(slot, shared).live(channel)


class _Worker:
    """What the lead's orders act on."""

    def __init__(self, slot: int, shared: Commons) -> None:
        self._slot, self._shared = slot, shared
        self._sockets = Sockets(not_handed_over)
        self._given: asyncio.Future[State] = asyncio.get_running_loop().create_future()
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._config: Config | None = None
        self._server: Server | None = None
        self._logging: Logging | None = None
        self._guesses: Guesses | None = None
        self._flush: Callable[[], int] = int

    async def live(self, connected: socket.socket) -> None:
        """Serve until the lead says that it is over. The process ends at once when the lead does."""
        channel = Channel(connected, self._verbs())
        channel.closed.add_done_callback(lambda closed: os._exit(1))
        state = await self._given
        config = self._config = state.config
        async with AsyncExitStack() as undo:
            logging = self._logging = Logging(config, self._shared.lines[1])
            undo.callback(logging.stop)
            for name, level in state.levels.items():
                logging.set_level(name, level)
            counters = Counters()
            count_as_wanted(counters, config)
            dns = resolver(config, counters.add)
            self._flush = dns.flush
            others = siblings(self._shared, self._slot)
            storage = await open_storage(config, tell=others.tell)
            undo.push_async_callback(storage.close)
            others.listen(storage.bus)
            undo.callback(others.close)
            table = self._shared.table
            shared = (SharedSeats(table), SharedRates(table), SharedClaims(self._shared.claims))
            parts = make_parts(config, storage, counters, dns, *shared)
            undo.push_async_callback(parts.directory.close)
            made = members(self._shared, config, partial(_guessed, channel), Alone())
            self._guesses = made.gates.guesses
            self._guesses.take(state.guesses)
            server = self._server = Server(
                config,
                parts,
                reload=lambda: self._config or config,
                adopted=lambda new: adopt(new, logging, counters),
                loaders={name: load for name, load in installed_factories().items() if name in FRONT},
                sockets=self._sockets,
                announce=self._announce,
                members=made,
            )
            undo.callback(_count, channel, counters)
            async with Supervisor(log.get("SERVER")) as tasks:
                tasks.start("counters", partial(_keep_counting, channel, counters))
                await server.run_under_lead(state.running)

    def _announce(self) -> None:
        gc.freeze()  # what is there by now stays, so no collection looks at it again
        gc.enable()
        self._ready.set_result(None)

    # --- orders

    def _verbs(self) -> Mapping[str, Answer]:
        return {
            "sockets": self._take_sockets,
            "begin": self._begin,
            "start": self._start,
            "stop": self._stop,
            "reload": self._reload,
            "finish": self._finish,
            "log.level": self._set_level,
            "dns.flush": self._flush_dns,
            "guessed": self._heard_guess,
        }

    async def _take_sockets(self, asked: Mapping[str, Any], fds: Sequence[int]) -> object:
        for (address, port), fd in zip(asked["at"], fds, strict=True):
            self._sockets.take(address, port, fd)
        return None

    async def _begin(self, asked: Mapping[str, Any], fds: Sequence[int]) -> object:
        self._given.set_result(state_of(asked["state"]))
        await asyncio.shield(self._ready)
        return None

    async def _start(self, asked: Mapping[str, Any], fds: Sequence[int]) -> object:
        server = await self._serving()
        if not _runs(server, asked["name"]):
            await server.start(asked["name"])
        return None

    async def _stop(self, asked: Mapping[str, Any], fds: Sequence[int]) -> object:
        server = await self._serving()
        if _runs(server, asked["name"]):
            await server.stop(asked["name"])
        return None

    async def _reload(self, asked: Mapping[str, Any], fds: Sequence[int]) -> object:
        server = await self._serving()
        self._config = state_of(asked["state"]).config
        await server.reload()
        return None

    async def _finish(self, asked: Mapping[str, Any], fds: Sequence[int]) -> object:
        (await self._serving()).finish()
        return None

    async def _set_level(self, asked: Mapping[str, Any], fds: Sequence[int]) -> object:
        await self._serving()
        assert self._logging is not None
        self._logging.set_level(asked["service"], asked["level"])
        return None

    async def _flush_dns(self, asked: Mapping[str, Any], fds: Sequence[int]) -> object:
        return self._flush()

    async def _heard_guess(self, asked: Mapping[str, Any], fds: Sequence[int]) -> object:
        await self._serving()
        assert self._guesses is not None
        self._guesses.heard(asked["ok"], asked["peer"], asked["name"])
        return None

    async def _serving(self) -> Server:
        """The server, once it serves."""
        await asyncio.shield(self._ready)
        assert self._server is not None
        return self._server


def _runs(server: Server, name: str) -> bool:
    return any(each.name == name and each.state == "running" for each in server.status())


def _guessed(channel: Channel, ok: bool, peer: str, name: str) -> None:
    channel.tell("guessed", ok=ok, peer=peer, name=name)


def _count(channel: Channel, counters: Counters) -> None:
    """Say what was counted since the last time."""
    gains = [(each.counter, each.scope, each.name, each.value) for each in counters.gains(keep=False) if each.value]
    if gains:
        channel.tell("counted", gains=gains)


async def _keep_counting(channel: Channel, counters: Counters) -> None:
    use = own_use()
    for number in itertools.count():
        if number % USE_EACH == 0:
            channel.tell("uses", use={name: read() for name, read in use.items()})
        await asyncio.sleep(COUNT_SECONDS)
        _count(channel, counters)
