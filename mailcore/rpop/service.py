"""The service `rpop`: fetches every mailbox of another server when it is due. It has no doors.

1. Who fetches a mailbox claims it first (`claim_remote_box`): several processes and nodes may be at it.
2. What is due stands in the store; marks of the bus only say when to look before the time.
"""

from __future__ import annotations

import asyncio
import ssl
import traceback
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

from groupware.model.errors import GroupwareError
from groupware.model.remote import RemoteBox
from groupware.model.times import now_micros
from groupware.store.api import REMOTES
from mailcore.rpop.fetch import LEASE, WHO, Desk, fetch
from mailcore.rpop.letter import Here
from mailcore.server.config import Config, ConfigError
from mailcore.server.parts import Parts, ServiceSetup
from mailcore.server.service import Door, Service
from mailcore.smtp.service import intake_of

EVERY: Final = 60.0
"""Seconds after which it is looked even if nobody said a word."""
LEAST: Final = 1.0
_SECOND: Final = 1_000_000


class RpopService:
    """Fetches, until cancelled."""

    __slots__ = ("_at_work", "_desk", "_draining", "_name", "_tell")

    def __init__(self, name: str, desk: Desk, tell: Callable[[bool], None] = lambda working: None) -> None:
        """`tell` hears when it begins and ends."""
        self._name, self._desk, self._tell = name, desk, tell
        self._at_work: dict[int, asyncio.Task[None]] = {}
        self._draining = False

    @property
    def name(self) -> str:
        """The service's name."""
        return self._name

    async def serve(self, door: Door) -> None:
        """Nothing is said at a door of this service."""
        await asyncio.get_running_loop().create_future()

    async def drain(self, grace: float) -> None:
        """What is being fetched is given up: what has come is safe, and the rest comes the next time."""
        self._draining = True
        tasks = list(self._at_work.values())
        for each in tasks:
            each.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=grace)

    async def work(self) -> None:
        """Fetch what is due, until cancelled."""
        self._tell(True)
        try:
            async with asyncio.TaskGroup() as tasks:
                while not self._draining:
                    try:
                        await self._look(tasks)
                    except GroupwareError as error:  # the database is away
                        self._desk.log.warning("rpop_unreadable", why=str(error))
                        await asyncio.sleep(LEAST)
        finally:
            self._tell(False)

    async def _look(self, tasks: asyncio.TaskGroup) -> None:
        """Begins what is due, and comes back when there may be more."""
        desk = self._desk
        with closing(desk.bus.watch([REMOTES])) as news:  # before it is read
            most = desk.at_once + len(self._at_work)
            due = await desk.store.read(WHO, lambda tx: tx.due_remote_boxes(most))
            for box in due:
                if box.number not in self._at_work and len(self._at_work) < desk.at_once:
                    task = self._at_work[box.number] = tasks.create_task(self._one(box))
                    task.add_done_callback(lambda done, number=box.number: self._at_work.pop(number))  # type: ignore[misc]
            if len(self._at_work) >= desk.at_once:
                await asyncio.wait(self._at_work.values(), return_when=asyncio.FIRST_COMPLETED)
                return
            following = await desk.store.read(WHO, lambda tx: tx.next_remote_box())
            left = EVERY if following is None else (following - now_micros()) / _SECOND
            await news.changed(max(LEAST, min(EVERY, left)))

    async def _one(self, due: RemoteBox) -> None:
        desk = self._desk
        try:
            until = now_micros() + int(LEASE * _SECOND)
            box = await desk.store.write(WHO, lambda tx: tx.claim_remote_box(due.number, until))
            if box is not None:  # else somebody else is at it
                await fetch(desk, box)
        except GroupwareError as error:
            desk.log.warning("rpop_unsettled", number=due.number, why=str(error))
        except Exception:  # a bug of ours costs one mailbox its turn, until its lease has ended
            desk.log.error("rpop_crashed", number=due.number, trace=traceback.format_exc())


def rpop(parts: Parts, setup: ServiceSetup) -> Service:
    """The service. While it works, people may add mailboxes (`Parts.at_work`). ConfigError: authorities unreadable."""

    def tell(working: bool) -> None:
        if working:
            parts.at_work.add(setup.name)
        else:
            parts.at_work.discard(setup.name)

    return RpopService(setup.name, desk_of(parts, setup), tell)


def desk_of(parts: Parts, setup: ServiceSetup) -> Desk:
    """What fetching works with, as it is set up. ConfigError."""
    config = setup.config
    return Desk(
        store=parts.store,
        bus=parts.bus,
        directory=parts.directory,
        intake=intake_of(parts, setup),
        dns=parts.dns,
        counters=parts.counters,
        clock=parts.clock,
        log=parts.log("RPOP"),
        here=Here(config.host, config.smtp.authentication.authserv_id or config.host),
        secret=parts.secret,
        section=config.rpop,
        most_received=config.smtp.max_received_headers,
        context=_context(config),
        at_once=setup.section.max_conn_threads,
    )


def _context(config: Config) -> ssl.SSLContext:
    made = ssl.create_default_context()
    if config.rpop.authorities is not None:
        beside = config.path.parent if config.path is not None else Path()
        file = beside / config.rpop.authorities
        try:
            made.load_verify_locations(file)
        except OSError as error:  # an ssl.SSLError is one
            raise ConfigError([f"{config.path}: rpop: authorities: {file}: {error}"]) from None
    return made
