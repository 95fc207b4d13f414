"""The worker processes of a server, as the lead keeps them: made, told what to do, made again when they die.

Invariants
1. A worker that came up serves what the lead serves: it begins with how things stand, and hears every order after that.
2. A worker that died leaves nothing behind: its column of the shared table is cleared before another takes its place.
3. All workers end when the lead does, however that ends.
"""

from __future__ import annotations

import asyncio
import base64
import os
import pickle
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, NamedTuple

from mailcore.server.channel import FDS_MAX, Answer, Channel, ChannelClosed
from mailcore.server.config import Config
from mailcore.server.control import ControlError
from mailcore.server.counters import Counters, Sample
from mailcore.server.events import EventLog
from mailcore.server.guesses import Guesses
from mailcore.server.members import FRONT, Standing
from mailcore.server.metrics import metrics
from mailcore.server.spawner import Commons, Spawner
from mailcore.server.tasks import HEALTHY, PAUSE_FIRST, PAUSE_MAX, Supervisor

LATE_SECONDS: Final = 30.0  # beyond the time to drain; then a worker is killed
DIED: Final = metrics.counter("server_workers_died_total", "Worker processes that ended unasked.")


class State(NamedTuple):
    """How things stand, for a worker that begins or goes on."""

    config: Config
    running: tuple[str, ...]
    levels: Mapping[str, int]
    guesses: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class _Worker:
    slot: int
    pid: int
    channel: Channel


class Workers:
    """The team of a lead; see `members.Team`."""

    def __init__(self, spawner: Spawner, shared: Commons, config: Config, log: EventLog, counters: Counters) -> None:
        self._spawner, self._shared, self._log, self._counters = spawner, shared, log, counters
        self._user, self._drain = config.server.run_as, config.server.drain_time
        self._workers: dict[int, _Worker] = {}
        self._standing: Callable[[], Standing] | None = None
        self._spawning = asyncio.Lock()
        self._finishing = asyncio.Event()
        self._use: dict[int, Mapping[str, float]] = {}
        self.guesses: Guesses | None = None
        self.levels: Callable[[], Mapping[str, int]] = dict

    # --- orders

    async def begin(self, standing: Callable[[], Standing], tasks: Supervisor) -> None:
        """See `members.Team`."""
        self._standing = standing
        slots = range(1, self._shared.processes)
        for error in await asyncio.gather(*map(self._raise, slots), return_exceptions=True):
            if error is not None:
                raise error
        for slot in slots:
            tasks.start(f"worker {slot}", partial(self._keep, slot))

    async def start(self, name: str) -> None:
        """See `members.Team`."""
        if name in FRONT:
            for worker in self._workers.values():
                self._hand_over(worker)
            await self.everywhere("start", name=name)

    async def stop(self, name: str) -> None:
        """See `members.Team`."""
        if name in FRONT:
            await self.everywhere("stop", name=name)

    async def reload(self) -> None:
        """See `members.Team`."""
        for worker in self._workers.values():
            self._hand_over(worker)
        await self.everywhere("reload", state=self._state())

    async def finish(self) -> None:
        """See `members.Team`."""
        self._finishing.set()
        for worker in list(self._workers.values()):
            worker.channel.tell("finish")
        late = time.monotonic() + self._drain + LATE_SECONDS
        for worker in list(self._workers.values()):
            try:
                async with asyncio.timeout(late - time.monotonic()):
                    await asyncio.shield(worker.channel.closed)
            except TimeoutError:
                self._log.error("worker_killed", worker=worker.slot, process=worker.pid)
                with suppress(ProcessLookupError):
                    os.kill(worker.pid, signal.SIGKILL)

    def processes(self, name: str) -> tuple[int, ...]:
        """See `members.Team`."""
        return tuple(self._workers[slot].pid for slot in sorted(self._workers)) if name in FRONT else ()

    async def everywhere(self, do: str, **about: object) -> None:
        """Have it done by all workers. ControlError says what failed, and where."""
        asked = {worker.slot: self._done(worker, do, about) for worker in self._workers.values()}
        answers = await asyncio.gather(*asked.values(), return_exceptions=True)
        wrong = [
            f"worker {slot}: {answer}"
            for slot, answer in zip(asked, answers, strict=True)
            if isinstance(answer, Exception) and not isinstance(answer, ChannelClosed)
        ]
        if wrong:
            raise ControlError("; ".join(wrong))

    async def _done(self, worker: _Worker, do: str, about: Mapping[str, object]) -> None:
        try:
            async with asyncio.timeout(self._drain + LATE_SECONDS):
                await worker.channel.ask(do, **about)
        except TimeoutError:
            raise ControlError(f"process {worker.pid} does not answer; kill it, and another takes its place") from None

    def use(self, gauge: str) -> float:
        """What all workers use of this, as they last said."""
        return sum(use.get(gauge, 0) for use in self._use.values())

    def guessed(self, ok: bool, peer: str, name: str) -> None:
        """Let the workers know of an attempt to log in at the lead."""
        self._tell_of_guess(0, ok, peer, name)

    # --- one worker

    async def _keep(self, slot: int) -> None:
        """Make the worker anew each time it dies."""
        pause = PAUSE_FIRST
        while True:
            worker, began = self._workers[slot], time.monotonic()
            await asyncio.shield(worker.channel.closed)
            self._forget(slot)
            if self._finishing.is_set():
                return
            DIED()
            if time.monotonic() - began >= HEALTHY:
                pause = PAUSE_FIRST
            self._log.error("worker_died", worker=slot, process=worker.pid, again_in=pause)
            while slot not in self._workers:
                await asyncio.sleep(pause)
                pause = min(pause * 2, PAUSE_MAX)
                if self._finishing.is_set():
                    return
                try:
                    await self._raise(slot)
                except ControlError as error:
                    self._log.error("worker_failed", worker=slot, why=str(error), again_in=pause)

    def _forget(self, slot: int) -> None:
        del self._workers[slot]
        self._use.pop(slot, None)
        self._shared.table.clear(slot)

    async def _raise(self, slot: int) -> None:
        """A worker that serves. ControlError."""
        async with self._spawning:
            pid, connected = await asyncio.to_thread(self._spawner.spawn, slot, self._user)
        verbs: Mapping[str, Answer] = {
            "counted": self._counted,
            "uses": partial(self._uses, slot),
            "guessed": partial(self._heard_guess, slot),
        }
        worker = self._workers[slot] = _Worker(slot, pid, Channel(connected, verbs))
        self._hand_over(worker)
        try:
            await worker.channel.ask("begin", state=self._state())
        except (ChannelClosed, ControlError) as error:
            worker.channel.close()
            self._forget(slot)
            raise ControlError(f"worker {slot} did not start: {str(error) or 'it ended'}") from None
        self._log.info("worker_started", worker=slot, process=pid)

    def _hand_over(self, worker: _Worker) -> None:
        """Give the worker the sockets at which the lead serves."""
        assert self._standing is not None
        standing = self._standing()
        listeners = [each for each in standing.config.listeners if each.service in FRONT]
        found = standing.sockets.among(listeners)
        for first in range(0, len(found), FDS_MAX):
            some = found[first : first + FDS_MAX]
            worker.channel.tell(
                "sockets",
                [opened.fileno() for _, _, opened in some],
                at=[(address, port) for address, port, _ in some],
            )

    def _state(self) -> str:
        assert self._standing is not None
        standing, known = self._standing(), self.guesses.state() if self.guesses is not None else ((), (), (), ())
        running = tuple(name for name in standing.running if name in FRONT)
        state = State(standing.config, running, dict(self.levels()), known)
        return base64.b64encode(pickle.dumps(state)).decode()

    # --- what workers say

    async def _counted(self, asked: Mapping[str, Any], fds: Sequence[int]) -> object:
        self._counters.merge(Sample(*each) for each in asked["gains"])
        return None

    async def _uses(self, slot: int, asked: Mapping[str, Any], fds: Sequence[int]) -> object:
        self._use[slot] = asked["use"]
        return None

    async def _heard_guess(self, slot: int, asked: Mapping[str, Any], fds: Sequence[int]) -> object:
        ok, peer, name = asked["ok"], asked["peer"], asked["name"]
        if self.guesses is not None:
            self.guesses.heard(ok, peer, name)
        self._tell_of_guess(slot, ok, peer, name)
        return None

    def _tell_of_guess(self, by: int, ok: bool, peer: str, name: str) -> None:
        for worker in self._workers.values():
            if worker.slot != by:
                worker.channel.tell("guessed", ok=ok, peer=peer, name=name)


def state_of(text: str) -> State:
    """What `Workers` told a worker. The channel comes from the lead alone, so this may be pickled."""
    state = pickle.loads(base64.b64decode(text))  # noqa: S301
    assert isinstance(state, State)
    return state
