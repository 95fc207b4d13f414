"""A service that runs: its doors, its own work, and how both come to an end."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from mailcore.server.listener import Listener
from mailcore.server.service import Door, Service, Working
from mailcore.server.tasks import Job, Supervisor, cancelled


@dataclass(frozen=True, slots=True)
class _OpenDoor:
    listener: Listener
    serving: asyncio.Task[None]


class Running:
    """One service between its start and its stop."""

    __slots__ = ("_door", "_doors", "_tasks", "_work", "service")

    def __init__(self, service: Service, tasks: Supervisor, door: Callable[[Listener], Door]) -> None:
        """Begins the service's own work, where it has any; its doors are opened by `adopt`."""
        self.service, self._tasks, self._door = service, tasks, door
        self._doors: dict[str, _OpenDoor] = {}
        self._work = tasks.start(service.name, service.work) if isinstance(service, Working) else None

    @property
    def listeners(self) -> tuple[Listener, ...]:
        """Where it serves."""
        return tuple(door.listener for door in self._doors.values())

    async def adopt(self, listeners: Iterable[Listener]) -> None:
        """Serve at these listeners and at no others; doors that stay as they are notice nothing."""
        wanted = {listener.name: listener for listener in listeners}
        for name, door in list(self._doors.items()):
            if wanted.get(name) != door.listener:
                await cancelled(self._doors.pop(name).serving)
        for name, listener in wanted.items():
            if name not in self._doors:
                serving = self._tasks.start(f"{self.service.name}:{name}", _serving(self.service, self._door(listener)))
                self._doors[name] = _OpenDoor(listener, serving)

    async def stop(self, grace: float) -> None:
        """Close the doors, let commands finish, end the work."""
        await self.adopt(())
        await self.service.drain(grace)
        if self._work is not None:
            await cancelled(self._work)


def _serving(service: Service, door: Door) -> Job:
    async def serve() -> None:
        await service.serve(door)

    return serve
