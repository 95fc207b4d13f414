"""Background tasks that cannot die in silence.

Invariants
1. A task that raises is logged with its traceback and started again after a pause that doubles up to `PAUSE_MAX`.
2. A task that has run well for `HEALTHY` seconds starts again from the first pause.
3. A task that returns is over; a task that is cancelled is over.
"""

import asyncio
import traceback
from collections.abc import Awaitable, Callable
from typing import Final, Self

from mailcore.server.clock import Clock, SystemClock
from mailcore.server.events import EventLog

PAUSE_FIRST: Final = 0.1
PAUSE_MAX: Final = 60.0
HEALTHY: Final = 60.0

Job = Callable[[], Awaitable[None]]


class Supervisor:
    """Runs background jobs in one task group: `async with Supervisor(log) as tasks: tasks.start("sweep", sweep)`.

    Leaving the block cancels every job that still runs and waits for it.
    """

    __slots__ = ("_clock", "_group", "_log", "_sleep", "_tasks")

    def __init__(
        self, log: EventLog, clock: Clock | None = None, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._log, self._clock, self._sleep = log, clock or SystemClock(), sleep
        self._tasks: dict[asyncio.Task[None], str] = {}
        self._group: asyncio.TaskGroup | None = None

    async def __aenter__(self) -> Self:
        self._group = asyncio.TaskGroup()
        await self._group.__aenter__()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, where: object) -> None:
        group, self._group = self._group, None
        assert group is not None
        for task in self._tasks:
            task.cancel()
        await group.__aexit__(None, None, None)

    def start(self, name: str, job: Job) -> asyncio.Task[None]:
        """The task that keeps `job` running. RuntimeError outside the supervisor's `async with`."""
        if self._group is None:
            raise RuntimeError(f"{name}: started outside the supervisor's block")
        task = self._group.create_task(self._keep(name, job), name=name)
        self._tasks[task] = name
        task.add_done_callback(lambda done: self._tasks.pop(done, None))
        return task

    def running(self) -> tuple[str, ...]:
        """The names of the jobs that run now, in the order of their start."""
        return tuple(self._tasks.values())

    async def _keep(self, name: str, job: Job) -> None:
        pause = PAUSE_FIRST
        while True:
            began = self._clock.monotonic()
            try:
                await job()
                return
            except Exception as error:  # whatever a job raises, it is said and the job goes on
                if self._clock.monotonic() - began >= HEALTHY:
                    pause = PAUSE_FIRST
                self._log.error(
                    "task_crashed", task=name, error=repr(error), again_in=pause, traceback=traceback.format_exc()
                )
            await self._sleep(pause)
            pause = min(pause * 2, PAUSE_MAX)


async def cancelled(task: asyncio.Task[None]) -> None:
    """Cancel a task and come back when it is over."""
    task.cancel()
    await asyncio.wait({task})
