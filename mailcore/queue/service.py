"""A service that works on the queue and has no doors."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from mailcore.queue.scheduler import Scheduler
from mailcore.server.service import Door


class QueueService:
    """Runs a scheduler. `tell` is called when it begins and when it ends."""

    __slots__ = ("_name", "_scheduler", "_tell")

    def __init__(self, name: str, scheduler: Scheduler, tell: Callable[[bool], None] = lambda working: None) -> None:
        self._name, self._scheduler, self._tell = name, scheduler, tell

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
            await self._scheduler.work()
        finally:
            self._tell(False)

    async def drain(self, grace: float) -> None:
        """Let attempts finish; the rest of the queue waits until the service starts again."""
        self._tell(False)
        await self._scheduler.drain(grace)
