"""What the queue's gauges show: measured from time to time, for a gauge is read where nobody may wait."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Final

from groupware.model.errors import TryAgain
from groupware.model.event import Backlog
from groupware.model.principal import OPERATOR
from groupware.store.api import Store
from mailcore.server.clock import Clock
from mailcore.server.counters import Counters

EVERY: Final = 60.0
"""Seconds between two measurements."""
_NAMES: Final = ("QUEUE_Size", "QUEUE_Bytes", "QUEUE_Deferred", "QUEUE_OldestAge")


class Gauges:
    """Keeps the newest measurement, and shows it."""

    def __init__(self, store: Store, counters: Counters, clock: Clock) -> None:
        self._store, self._counters, self._clock = store, counters, clock
        self._seen = Backlog()

    async def keep(self) -> None:
        """Measure from time to time and let the counters read it, until cancelled."""
        self._show()
        try:
            while True:
                with contextlib.suppress(TryAgain):  # the database is away: what was seen last stays
                    await self.measure()
                await asyncio.sleep(EVERY)
        finally:
            for name in _NAMES:
                self._counters.drop_gauge(name)

    async def measure(self) -> None:
        """Look at the queue now."""
        self._seen = await self._store.read(OPERATOR, lambda tx: tx.backlog())

    def _show(self) -> None:
        self._counters.gauge("QUEUE_Size", lambda: self._seen.messages)
        self._counters.gauge("QUEUE_Bytes", lambda: self._seen.octets)
        self._counters.gauge("QUEUE_Deferred", lambda: self._seen.deferred)
        self._counters.gauge("QUEUE_OldestAge", self._age)

    def _age(self) -> float:
        oldest = self._seen.oldest
        return 0.0 if oldest is None else max(0.0, (self._clock.now() - oldest).total_seconds())
