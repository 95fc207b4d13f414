"""The scheduler: takes what is due from the queue, has couriers carry it, and sleeps until more is due.

1. What is carried is leased; a process that dies in between lets the lease run out, and it is offered again.
2. Several processes may run schedulers on one queue: the store gives an attempt to one of them.
3. A domain never has more than its share of attempts at once, and never waits for another domain's.
4. What a peer has confirmed, to this process or to one that was killed, is told to the queue before more is taken;
   what was leased on another host, which may know of such, is left alone for a while.
5. Whatever a courier does, every recipient of its attempt is settled, or its lease runs out.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import traceback
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Final

from groupware.model.errors import Conflict, GroupwareError, NotFound
from groupware.model.event import Attempt
from groupware.model.ids import BlobId
from groupware.model.principal import OPERATOR
from groupware.store.api import QUEUE, Bus, Watch
from mailcore.queue.courier import Courier, Result, failed, for_all, later
from mailcore.queue.dsn import header_of
from mailcore.queue.giveup import LOST, tell_postmaster
from mailcore.queue.recovering import recover
from mailcore.queue.settlement import Desk, Settling
from mailcore.queue.turns import Lanes, Turns
from mailcore.server import log as server_log

LONGEST_SLEEP: Final = 60.0
"""Seconds after which the queue is looked at even if nobody said a word."""
PAUSE: Final = 1.0
"""Seconds before another look when what is due is not to be had: somebody else is at it, or the database is away."""
LAST_WORDS: Final = 10.0
"""Seconds that a look at the queue gets to end, and attempts to settle once they were cut short."""
MOST_READ_AHEAD: Final = 8 << 20
"""Octets of bodies that are read before their turn: a fraction of what the store keeps of those that were read."""
LOST_TRIES: Final = 6
"""So often a message whose body is lost is tried: some hours, in which somebody may bring the body back."""
_RECEIVED: Final = re.compile(rb"^received:", re.IGNORECASE | re.MULTILINE)


class Scheduler:
    """Runs the attempts of one kind, local or remote."""

    def __init__(self, desk: Desk, bus: Bus, courier: Courier, lanes: Lanes) -> None:
        self._desk, self._bus, self._courier, self._lanes = desk, bus, courier, lanes
        self._running: dict[asyncio.Task[None], Attempt] = {}
        self._turns = Turns(lanes)
        self._taking: asyncio.Task[int] | None = None
        self._news = asyncio.Event()
        self._look = True  # the queue may hold more that could be leased now
        self._limited = False  # the last look did not take all that was due
        self._more = False  # it took as many as it asked for
        self._next: datetime | None = None  # when something is due, as the last look saw it
        self._draining = False
        self._recovered = False  # the queue knows what was confirmed to processes before this one

    # --- from start to end

    async def work(self) -> None:
        """Work until cancelled; `drain` comes first."""
        watch = self._bus.watch((QUEUE,))
        listening = asyncio.create_task(self._listen(watch))
        renewing = asyncio.create_task(self._renew())
        try:
            while not self._draining:
                self._news.clear()
                try:
                    if not self._recovered:
                        await recover(self._desk)
                        self._recovered = True
                    if not (self._look and await self._take()):
                        await self._sleep(listening)
                except GroupwareError as error:  # the database is away: attempts go on, and so will this
                    self._desk.log.warning("queue_unreadable", why=str(error))
                    await asyncio.sleep(PAUSE)
                    self._look = True
            await asyncio.get_running_loop().create_future()
        finally:
            watch.close()
            for task in (listening, renewing):
                task.cancel()
            await asyncio.wait({listening, renewing})

    async def drain(self, grace: float) -> None:
        """Take nothing more; let attempts finish within `grace` seconds, then cut them short: they are tried again."""
        self._draining = True
        self._news.set()
        if self._taking is not None:
            await asyncio.wait({self._taking}, timeout=LAST_WORDS)
        await self._give_back()
        for seconds in (grace, LAST_WORDS):
            if self._running:
                await asyncio.wait(set(self._running), timeout=seconds)
            for task in self._running:
                task.cancel()

    async def run_due(self) -> int:
        """Carry all that is due now, and come back when it is settled; gives how many attempts that were."""
        count = 0
        while taken := await self._take():
            count += taken
            while self._running:  # as one ends, another begins
                await asyncio.wait(set(self._running))
        return count

    # --- the queue

    async def _take(self) -> int:
        """Lease as many attempts as there is room for, and begin those that can; gives how many were leased.

        It goes on to its end when who waits for it is cancelled: nothing that is leased is forgotten.
        """
        self._taking = asyncio.create_task(self._lease())
        return await asyncio.shield(self._taking)

    async def _lease(self) -> int:
        self._look, more = False, self._more
        busy, room = self._turns.room()
        self._limited = room <= 0
        if room <= 0 or self._draining:
            return 0
        if not more:
            self._next = await self._desk.store.read(OPERATOR, lambda tx: tx.next_due(local=self._lanes.local))
            if self._next is None or self._next > self._desk.clock.now():
                return 0
        lanes, holder = self._lanes, self._desk.confirmed.holder if self._desk.confirmed is not None else ""
        attempts = await self._desk.store.write(
            OPERATOR,
            lambda tx: tx.lease(
                room, lanes.lease, local=lanes.local, busy=busy, holder=holder, patience=lanes.patience
            ),
        )
        self._limited = bool(busy) or len(attempts) >= room
        self._more = len(attempts) >= room
        self._look = self._look or bool(attempts)
        await self._wait_for_turns(attempts)
        self._begin()
        return len(attempts)

    async def _wait_for_turns(self, attempts: Sequence[Attempt]) -> None:
        """They wait at hand, their bodies read; they go back when the service has begun to stop meanwhile."""
        await self._read_ahead(attempts)
        self._turns.add(attempts)
        if self._draining:
            await self._give_back()

    async def _give_back(self) -> None:
        """What was leased and has not begun is offered again."""
        if waiting := self._turns.clear():
            with contextlib.suppress(GroupwareError):  # else their leases run out
                await self._desk.store.write(OPERATOR, lambda tx: tx.unlease(waiting))

    async def _read_ahead(self, attempts: Sequence[Attempt]) -> None:
        """Have the store read in one go what is carried next, not each when its turn comes: it keeps it until then."""
        wanted, octets = list[BlobId](), 0
        for envelope in (each.envelope for each in attempts):
            octets += envelope.size
            if octets > MOST_READ_AHEAD:
                break
            wanted.append(envelope.blob)
        if len(wanted) > 1:
            with contextlib.suppress(Exception):  # whose turn it is meets it again
                await self._desk.blobs.read_many(wanted)

    def _begin(self) -> None:
        """Carry those whose turn it is."""
        if self._draining:
            return
        for where, attempt in self._turns.begin():
            task = asyncio.create_task(self._run(attempt))
            self._running[task] = attempt
            task.add_done_callback(partial(self._ended, where))

    def _ended(self, where: str, task: asyncio.Task[None]) -> None:
        self._running.pop(task, None)
        if self._turns.end(where) and self._limited:
            self._look = True
            self._news.set()
        self._begin()

    async def _listen(self, watch: Watch) -> None:
        while True:
            await watch.changed()
            self._look = True
            self._news.set()

    async def _renew(self) -> None:
        """Hold the leases of what is carried."""
        while True:
            await asyncio.sleep(self._lanes.lease / 3)
            held = [*self._running.values(), *self._turns.waiting]
            if not held:
                continue
            try:
                until = await self._desk.store.write(
                    OPERATOR,
                    lambda tx: tx.renew(held, self._lanes.lease),  # noqa: B023 - awaited here
                )
            except GroupwareError as error:
                self._desk.log.warning("leases_not_renewed", why=str(error))
                continue
            renewed = {id(attempt): replace(attempt, until=until) for attempt in held}
            self._running = {task: renewed.get(id(each), each) for task, each in self._running.items()}
            self._turns.renewed(renewed)

    async def _sleep(self, listening: asyncio.Task[None]) -> None:
        """Until there is news, or the next attempt is due."""
        if listening.done():
            listening.result()  # raises what ended it; the supervisor begins anew
        seconds = LONGEST_SLEEP
        if self._next is not None:
            seconds = min(max((self._next - self._desk.clock.now()).total_seconds(), PAUSE), LONGEST_SLEEP)
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            self._look = True

    # --- one attempt

    async def _run(self, attempt: Attempt) -> None:
        if attempt.until <= self._desk.clock.now():  # it waited too long: somebody else may have it
            return
        with server_log.session(), server_log.message(attempt.envelope.message):
            try:
                await self._attempt(attempt)
            except GroupwareError as error:  # the lease runs out, and it is tried again
                self._desk.log.warning("not_settled", queue=int(attempt.queue), why=str(error))
            except Exception as error:
                facts = {"error": repr(error), "traceback": traceback.format_exc()}
                self._desk.log.error("attempt_crashed", queue=int(attempt.queue), **facts)

    async def _attempt(self, attempt: Attempt) -> None:
        try:
            octets = await self._desk.blobs.read(attempt.envelope.blob)
        except GroupwareError as error:
            await self._unreadable(attempt, error)
            return
        settling = Settling(self._desk, attempt, octets)
        if known := self._desk.confirmed.of(attempt) if self._desk.confirmed is not None else ():
            await settling.settle(known)
            rest = tuple(each for each in attempt.envelope.recipients if each not in {one.recipient for one in known})
            if not rest:
                return
            attempt = replace(attempt, envelope=replace(attempt.envelope, recipients=rest))
            settling = Settling(self._desk, attempt, octets)
        if len(_RECEIVED.findall(header_of(octets))) > self._lanes.most_received:
            text = f"The message has passed more than {self._lanes.most_received} servers: it goes in a circle."
            await settling.settle(for_all(attempt, failed("5.4.6", text)))
            return
        await settling.settle(await self._carried(attempt, octets, settling))

    async def _unreadable(self, attempt: Attempt, error: GroupwareError) -> None:
        """Tried again, for it may come back; a body that is lost is given up long before one that is out of reach."""
        self._desk.log.error("body_unreadable", queue=int(attempt.queue), why=str(error))
        lost = isinstance(error, NotFound) and attempt.tries + 1 >= LOST_TRIES
        result = LOST if lost else later("4.3.0", "The message could not be read from this server's storage.")
        await Settling(self._desk, attempt, b"").settle(for_all(attempt, result))
        if lost:
            await tell_postmaster(self._desk, attempt)

    async def _carried(self, attempt: Attempt, octets: bytes, settling: Settling) -> Sequence[Result]:
        """Have the courier carry it; gives what is to be settled because it could not."""
        try:
            async with asyncio.timeout(self._lanes.carrying):
                await self._courier.carry(attempt, octets, settling)
        except TimeoutError:
            return for_all(attempt, later("4.4.7", "It took too long; the attempt was given up."))
        except asyncio.CancelledError:
            if not self._draining:
                raise
            return for_all(attempt, later("4.3.2", "This server was stopped during the attempt.", soon=True))
        except Conflict as error:  # the lease was lost; the message is in other hands
            self._desk.log.warning("lease_lost", queue=int(attempt.queue), why=str(error))
            return ()
        except GroupwareError as error:
            return for_all(attempt, later("4.3.0", str(error)))
        except Exception as error:  # a bug of ours costs this attempt a try, and nobody else anything
            facts = {"error": repr(error), "traceback": traceback.format_exc()}
            self._desk.log.error("courier_crashed", queue=int(attempt.queue), **facts)
            return for_all(attempt, later("4.3.0", "This server could not handle the message."))
        return ()
