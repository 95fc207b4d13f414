"""A service that works on the queue and has no doors."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from mailcore.queue.scheduler import Scheduler
from mailcore.server.service import Door


class QueueService:
    """Runs a scheduler, and `beside` it what else the service has to do.

    `tell` hears when it begins and ends; `at_end` comes when it has been drained.
    """

    __slots__ = ("_at_end", "_beside", "_name", "_scheduler", "_tell")

    def __init__(
        self,
        name: str,
        scheduler: Scheduler,
        *,
        beside: Sequence[Callable[[], Coroutine[Any, Any, None]]] = (),
        tell: Callable[[bool], None] = lambda working: None,
        at_end: Callable[[], Coroutine[Any, Any, None]] | None = None,
    ) -> None:
        self._name, self._scheduler, self._beside, self._tell = name, scheduler, beside, tell
        self._at_end = at_end

    @property
    def name(self) -> str:
        """The service's name."""
        return self._name

    async def serve(self, door: Door) -> None:
        """Nothing is said at a door of this service."""
        await asyncio.get_running_loop().create_future()

    async def work(self) -> None:
        """Carry what is due, until cancelled."""
        self._tell(True)
        try:
            async with asyncio.TaskGroup() as tasks:
                for each in self._beside:
                    tasks.create_task(each())
                tasks.create_task(self._scheduler.work())
        finally:
            self._tell(False)

    async def drain(self, grace: float) -> None:
        """Let attempts finish; the rest of the queue waits until the service starts again."""
        self._tell(False)
        await self._scheduler.drain(grace)
        if self._at_end is not None:
            await self._at_end()
