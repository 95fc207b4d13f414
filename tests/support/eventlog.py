"""A log that remembers what it was told."""

import asyncio
from contextlib import suppress

from mailcore.server.log_line import Level


class RecordingLog:
    """Keeps events as (level, event, facts)."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str, dict[str, object]]] = []
        self._changed = asyncio.Event()

    def info(self, event: str, **facts: object) -> None:
        self._note("info", event, facts)

    def protocol(self, event: str, **facts: object) -> None:
        self._note("protocol", event, facts)

    def wants(self, level: Level) -> bool:
        return level != Level.PROTOCOL

    def warning(self, event: str, **facts: object) -> None:
        self._note("warning", event, facts)

    def error(self, event: str, **facts: object) -> None:
        self._note("error", event, facts)

    def named(self, event: str) -> list[dict[str, object]]:
        return [facts for _, name, facts in self.events if name == event]

    async def until(self, event: str, count: int = 1) -> dict[str, object]:
        """Wait for the event; its facts."""
        while len(found := self.named(event)) < count:
            self._changed.clear()
            await self._changed.wait()
        return found[count - 1]

    async def moved(self) -> None:
        """Wait until something more is said, or for a moment."""
        self._changed.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(0.1):
                await self._changed.wait()

    def _note(self, level: str, event: str, facts: dict[str, object]) -> None:
        self.events.append((level, event, facts))
        self._changed.set()
