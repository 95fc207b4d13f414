"""The scheduler: takes what is due from the queue, has couriers carry it, and sleeps until more is due.

1. What is carried is leased; a process that dies in between lets the lease run out, and it is offered again.
2. Several processes may run schedulers on one queue: the store gives an attempt to one of them.
3. A domain never has more than its share of attempts at once, and never waits for another domain's.
4. Whatever a courier does, every recipient of its attempt is settled, or its lease runs out.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from groupware.model.errors import Conflict, GroupwareError, NotFound
from groupware.model.event import Attempt
from groupware.model.principal import OPERATOR
from groupware.store.api import QUEUE, Bus, Watch
from mailcore.queue.courier import Courier, Result, failed, for_all, later
from mailcore.queue.dsn import header_of
from mailcore.queue.giveup import LOST, tell_postmaster
from mailcore.queue.settlement import Desk, Settling
from mailcore.server import log as server_log

LONGEST_SLEEP: Final = 60.0
"""Seconds after which the queue is looked at even if nobody said a word."""
PAUSE: Final = 1.0
"""Seconds before another look when what is due is not to be had: somebody else is at it, or the database is away."""
LAST_WORDS: Final = 10.0
"""Seconds that attempts get to settle once they were cut short."""
MOST_DESTINATIONS: Final = 1000
"""Destinations, and domains of one, that are remembered; of more, what runs now is enough."""
LOST_TRIES: Final = 6
"""So often a message whose body is lost is tried: some hours, in which somebody may bring the body back."""
_RECEIVED: Final = re.compile(rb"^received:", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Lanes:
    """What is carried at once, and for how long."""

    local: bool
    at_once: int = 20
    per_domain: int = 0
    """0: no limit but `at_once`."""
    destination: Callable[[Attempt], tuple[str, int]] | None = None
    """Where an attempt goes, and how many may go there at once; None: to its domain, `per_domain`."""
    lease: float = 60.0
    """Seconds that an attempt is leased for; the lease is renewed while its courier carries it."""
    carrying: float = 120.0
    """Seconds that a courier gets."""
    most_received: int = 30
    """Received headers beyond which a message goes in a circle."""


class Scheduler:
    """Runs the attempts of one kind, local or remote."""

    def __init__(self, desk: Desk, bus: Bus, courier: Courier, lanes: Lanes) -> None:
        self._desk, self._bus, self._courier, self._lanes = desk, bus, courier, lanes
        self._running: dict[asyncio.Task[None], Attempt] = {}
        self._domains: dict[str, set[str]] = {}  # of each destination, as far as they were seen
        self._news = asyncio.Event()
        self._draining = False

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
                    if not await self._take():
                        await self._sleep(listening)
                except GroupwareError as error:  # the database is away: attempts go on, and so will this
                    self._desk.log.warning("queue_unreadable", why=str(error))
                    await asyncio.sleep(PAUSE)
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
            await asyncio.wait(set(self._running))
        return count

    # --- the queue

    async def _take(self) -> int:
        """Begin as many attempts as there are places for; gives how many."""
        lanes = self._lanes
        free = lanes.at_once - len(self._running)
        if free <= 0 or self._draining or not await self._is_due():
            return 0
        busy, free = self._busy(free)
        attempts = await self._desk.store.write(
            OPERATOR, lambda tx: tx.lease(free, lanes.lease, local=lanes.local, busy=busy)
        )
        for attempt in attempts:
            task = asyncio.create_task(self._run(attempt))
            self._running[task] = attempt
            task.add_done_callback(self._ended)
        return len(attempts)

    def _busy(self, free: int) -> tuple[Sequence[str], int]:
        """The domains that have their share already, and how many attempts the others may get."""
        shares = [self._share(attempt) for attempt in self._running.values()]
        most = {where: limit for where, limit in shares if limit}
        counts = Counter(where for where, limit in shares if limit)
        full = [where for where, count in counts.items() if count >= most[where]]
        usual = self._lanes.per_domain or free
        room = min((most[where] - counts[where] for where in counts if where not in full), default=usual)
        return [domain for where in full for domain in self._domains.get(where, ())], min(free, room)

    def _share(self, attempt: Attempt) -> tuple[str, int]:
        lanes = self._lanes
        where, most = lanes.destination(attempt) if lanes.destination else (attempt.domain, lanes.per_domain)
        if len(self._domains) >= MOST_DESTINATIONS and where not in self._domains:
            self._domains.clear()
        domains = self._domains.setdefault(where, set())
        if len(domains) >= MOST_DESTINATIONS:
            domains.clear()
        domains.add(attempt.domain)
        return where, most

    async def _is_due(self) -> bool:
        due = await self._next_due()
        return due is not None and due <= self._desk.clock.now()

    async def _next_due(self) -> datetime | None:
        return await self._desk.store.read(OPERATOR, lambda tx: tx.next_due(local=self._lanes.local))

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.pop(task, None)
        self._news.set()

    async def _listen(self, watch: Watch) -> None:
        while True:
            await watch.changed()
            self._news.set()

    async def _renew(self) -> None:
        """Hold the leases of what is carried."""
        while True:
            await asyncio.sleep(self._lanes.lease / 3)
            held = dict(self._running)
            if not held:
                continue
            try:
                until = await self._desk.store.write(
                    OPERATOR,
                    lambda tx: tx.renew(list(held.values()), self._lanes.lease),  # noqa: B023 - awaited here
                )
            except GroupwareError as error:
                self._desk.log.warning("leases_not_renewed", why=str(error))
                continue
            for task in held.keys() & self._running.keys():
                self._running[task] = replace(held[task], until=until)

    async def _sleep(self, listening: asyncio.Task[None]) -> None:
        """Until there is news, or the next attempt is due."""
        if listening.done():
            listening.result()  # raises what ended it; the supervisor begins anew
        due = await self._next_due()
        seconds = LONGEST_SLEEP
        if due is not None:
            seconds = min(max((due - self._desk.clock.now()).total_seconds(), PAUSE), LONGEST_SLEEP)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._news.wait()

    # --- one attempt

    async def _run(self, attempt: Attempt) -> None:
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
