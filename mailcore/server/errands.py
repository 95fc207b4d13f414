"""Services without doors that do something for people again and again: mail fetched, calendars filled.

1. Who does an errand claims it first: several processes and nodes may be at it.
2. What is due stands in the store; marks of the bus only say when to look before the time.
3. A failure makes the pause longer each time, up to a day.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from groupware.model.errors import GroupwareError
from groupware.model.ids import FolderId
from groupware.model.principal import Principal
from groupware.model.times import now_micros
from groupware.store.api import Bus, ReadTx, Store, WriteTx
from mailcore.server.events import EventLog
from mailcore.server.parts import Parts, ServiceSetup
from mailcore.server.service import Door

EVERY: Final = 60.0
"""Seconds after which it is looked even if nobody said a word."""
LEAST: Final = 1.0
LEASE: Final = 600.0
"""Seconds for which nobody else touches an errand."""
LONGEST_PAUSE: Final = 24 * 3600.0
_SECOND: Final = 1_000_000

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Errands(Generic[T]):
    """What a service does, and what it needs to know when."""

    store: Store
    bus: Bus
    log: EventLog
    who: Principal
    mark: FolderId
    """On the bus when there is another one, or one sooner."""
    event: str
    """What its lines in the log begin with."""
    number: Callable[[T], int]
    due: Callable[[ReadTx, int], Sequence[T]]
    following: Callable[[ReadTx], int | None]
    claim: Callable[[WriteTx, T, int], T | None]
    carry_out: Callable[[T], Awaitable[None]]
    at_once: int = 20


class ErrandService(Generic[T]):
    """Does what is due, until cancelled."""

    __slots__ = ("_at_work", "_draining", "_errands", "_name", "_tell")

    def __init__(self, name: str, errands: Errands[T], tell: Callable[[bool], None] = lambda working: None) -> None:
        """`tell` hears when it begins and ends."""
        self._name, self._errands, self._tell = name, errands, tell
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
        """What is being done is given up: what has been stored is safe, and the rest comes the next time."""
        self._draining = True
        tasks = list(self._at_work.values())
        for each in tasks:
            each.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=grace)

    async def work(self) -> None:
        """Do what is due, until cancelled."""
        self._tell(True)
        try:
            async with asyncio.TaskGroup() as tasks:
                while not self._draining:
                    try:
                        await self._look(tasks)
                    except GroupwareError as error:  # the database is away
                        self._errands.log.warning(f"{self._errands.event}_unreadable", why=str(error))
                        await asyncio.sleep(LEAST)
        finally:
            self._tell(False)

    async def _look(self, tasks: asyncio.TaskGroup) -> None:
        """Begins what is due, and comes back when there may be more."""
        errands = self._errands
        with closing(errands.bus.watch([errands.mark])) as news:  # before it is read
            most = errands.at_once + len(self._at_work)
            for each in await errands.store.read(errands.who, lambda tx: errands.due(tx, most)):
                number = errands.number(each)
                if number not in self._at_work and len(self._at_work) < errands.at_once:
                    task = self._at_work[number] = tasks.create_task(self._one(each))
                    task.add_done_callback(lambda done, number=number: self._at_work.pop(number))  # type: ignore[misc]
            if len(self._at_work) >= errands.at_once:
                await asyncio.wait(self._at_work.values(), return_when=asyncio.FIRST_COMPLETED)
                return
            following = await errands.store.read(errands.who, errands.following)
            left = EVERY if following is None else (following - now_micros()) / _SECOND
            await news.changed(max(LEAST, min(EVERY, left)))

    async def _one(self, due: T) -> None:
        errands = self._errands
        try:
            until = now_micros() + int(LEASE * _SECOND)
            held = await errands.store.write(errands.who, lambda tx: errands.claim(tx, due, until))
            if held is not None:  # else somebody else is at it
                await errands.carry_out(held)
        except GroupwareError as error:
            errands.log.warning(f"{errands.event}_unsettled", number=errands.number(due), why=str(error))
        except Exception:  # a bug of ours costs one errand its turn, until its lease has ended
            errands.log.error(f"{errands.event}_crashed", number=errands.number(due), trace=traceback.format_exc())


def telling(parts: Parts, setup: ServiceSetup) -> Callable[[bool], None]:
    """What notes in `Parts.at_work` whether the service works: while it does, people may ask for its errands."""

    def tell(working: bool) -> None:
        if working:
            parts.at_work.add(setup.name)
        else:
            parts.at_work.discard(setup.name)

    return tell


def pause_after(tries: int, pause: float) -> float:
    """Seconds until the next time after so many failures in a row, where `pause` is the usual."""
    return max(pause, min(pause * 2.0 ** min(tries - 1, 20), LONGEST_PAUSE))


def later(seconds: float) -> int:
    """The moment in so many seconds, in microseconds since 1970."""
    return now_micros() + int(seconds * _SECOND)
