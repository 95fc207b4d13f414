"""The tally of TLS: connections are counted in memory, and written down from time to time. RFC 8460 §4."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final, Protocol

from groupware.model.errors import GroupwareError
from groupware.model.principal import OPERATOR
from groupware.model.tls import TlsResult
from groupware.store.api import Store

EVERY: Final = 60.0
MOST: Final = 20_000
"""Different results that are counted at once; what comes beyond is not counted."""


class Under(Protocol):
    """The policy that a connection was under."""

    @property
    def policy(self) -> str: ...

    @property
    def counted(self) -> bool: ...
    @property
    def said(self) -> tuple[str, ...]: ...


class Tally:
    """What has been counted since the last time that it was written down."""

    __slots__ = ("_clock", "_results")

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._clock = clock
        self._results: dict[tuple[str, ...], TlsResult] = {}

    def add(self, domain: str, under: Under, host: str, result: str) -> None:
        """One connection more."""
        if not under.counted:
            return
        day = self._clock().date().isoformat()
        key = (domain, day, under.policy, host, result)
        found = self._results.get(key)
        if found is not None:
            self._results[key] = replace(found, count=found.count + 1, said=under.said)
        elif len(self._results) < MOST:
            self._results[key] = TlsResult(domain, day, under.policy, host, result, under.said)

    async def write_down(self, store: Store) -> None:
        """Writes down what was counted; what cannot be written now stays counted."""
        results, self._results = self._results, {}
        if not results:
            return
        try:
            await store.write(OPERATOR, lambda tx: tx.count_tls(list(results.values())))
        except GroupwareError:
            for key, each in results.items():
                more = self._results.get(key)
                self._results[key] = each if more is None else replace(more, count=more.count + each.count)

    async def keep(self, store: Store) -> None:
        """Writes down from time to time, until cancelled."""
        while True:
            await asyncio.sleep(EVERY)
            await self.write_down(store)
