"""Several processes that serve as one: what the one that leads asks of the others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from mailcore.server.config import Config
from mailcore.server.gates import Gates
from mailcore.server.listener import Sockets
from mailcore.server.service import Share
from mailcore.server.tasks import Supervisor

FRONT: Final = ("smtp_incoming", "imap", "pop3")
"""The services that every process serves; the others are the lead's alone."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What another process needs to know to serve as this one does."""

    config: Config
    running: tuple[str, ...]
    sockets: Sockets


class Team(Protocol):
    """The other processes of the server, as the one that leads them sees them. They carry out what it carries out."""

    async def begin(self, standing: Callable[[], Standing], tasks: Supervisor) -> None:
        """Start them all; back when all accept. ControlError. `standing` is asked again for each that is replaced."""
        ...

    async def start(self, name: str) -> None:
        """Start a service. ControlError."""
        ...

    async def stop(self, name: str) -> None:
        """Stop a service. ControlError."""
        ...

    async def reload(self) -> None:
        """Go on as things stand now. ControlError."""
        ...

    async def finish(self) -> None:
        """Drain and end; back when the last has ended."""
        ...

    def processes(self, name: str) -> tuple[int, ...]:
        """Those that serve a service, besides the lead."""
        ...


class Alone:
    """No other processes."""

    async def begin(self, standing: Callable[[], Standing], tasks: Supervisor) -> None:
        """Nothing to start."""

    async def start(self, name: str) -> None:
        """Nothing to start."""

    async def stop(self, name: str) -> None:
        """Nothing to stop."""

    async def reload(self) -> None:
        """Nothing to change."""

    async def finish(self) -> None:
        """Nothing to end."""

    def processes(self, name: str) -> tuple[int, ...]:
        """None."""
        return ()


@dataclass(frozen=True, slots=True)
class Members:
    """What a server of several processes is made of besides: in each of them the same, but for the team."""

    gates: Gates
    share: Callable[[str], Share | None]
    team: Team
