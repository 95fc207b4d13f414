"""The processes of one server: what is made before they part, and what each of them has of it."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Final

from groupware.store.bus import LocalBus
from groupware.store.siblings import Siblings
from mailcore.server import log
from mailcore.server.clock import SystemClock
from mailcore.server.config import Config
from mailcore.server.counters import Counters
from mailcore.server.gates import Gates
from mailcore.server.guesses import Tell
from mailcore.server.later import everything
from mailcore.server.log_setup import Logging
from mailcore.server.members import FRONT, Members, Team
from mailcore.server.parts import installed_factories
from mailcore.server.shared import SharedClaims, SharedDoor, SharedRates, SharedSeats, SharedTallies
from mailcore.server.spawner import Commons, Spawner, begin, commons
from mailcore.server.team import Workers

MOST_BY_ITSELF: Final = 8


def processes(config: Config) -> int:
    """How many the configuration wants."""
    return config.server.workers or min(len(os.sched_getaffinity(0)), MOST_BY_ITSELF)


def gather(config: Config) -> Crew | None:
    """The crew of this configuration; None for a server of one process. To be called before there is a thread."""
    count = processes(config)
    if count == 1:
        return None
    from mailcore.server.worker import work

    for name, load in installed_factories().items():
        if name in FRONT:
            load()  # imported here, it is in memory once
    everything()
    gc.collect()
    gc.freeze()
    shared = commons(count)
    return Crew(shared, begin(shared, work), siblings(shared, 0))


def siblings(shared: Commons, slot: int) -> Siblings:
    """The others, as this process knows them."""
    return Siblings(shared.marks[slot][0], [told for at, (_, told) in enumerate(shared.marks) if at != slot])


def members(shared: Commons, config: Config, tell: Tell, team: Team) -> Members:
    """What a process of several serves with; `tell` lets the others know of attempts to log in."""
    gates = Gates(config, SystemClock(), SharedTallies(shared.table), tell)
    return Members(gates, partial(SharedDoor, shared.table), team)


@dataclass(frozen=True, slots=True)
class Led:
    """The workers, and what the lead itself is made of besides."""

    workers: Workers
    members: Members
    seats: SharedSeats
    rates: SharedRates
    claims: SharedClaims


@dataclass(frozen=True, slots=True)
class Crew(AbstractContextManager[None]):
    """What a server of several processes has from before its event loop. At the end of the block all have ended."""

    shared: Commons
    spawner: Spawner
    siblings: Siblings

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.spawner.close()

    @contextmanager
    def led(self, config: Config, bus: LocalBus, logging: Logging, counters: Counters) -> Iterator[Led]:
        """Hear what the workers say, inside the block; the server starts them."""
        loop, lines = asyncio.get_running_loop(), self.shared.lines[0]
        workers = Workers(self.spawner, self.shared, config, log.get("SERVER"), counters)
        made = members(self.shared, config, workers.guessed, workers)
        workers.guesses, workers.levels = made.gates.guesses, lambda: logging.levels
        self.siblings.listen(bus)
        loop.add_reader(lines.fileno(), logging.take_lines, lines)
        try:
            table = self.shared.table
            yield Led(workers, made, SharedSeats(table), SharedRates(table), SharedClaims(self.shared.claims))
        finally:
            self.siblings.close()
            loop.remove_reader(lines.fileno())
            while logging.take_lines(lines):
                pass
