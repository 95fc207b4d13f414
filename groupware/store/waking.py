"""Brings back messages that wait, each at its moment. In any number of processes, and stopped at any instant."""

from __future__ import annotations

import asyncio
from contextlib import closing
from typing import Final

from groupware.model.errors import GroupwareError
from groupware.model.principal import OPERATOR
from groupware.model.snooze import Snooze
from groupware.model.times import now_micros

from .api import SNOOZES, Bus, Store

AT_ONCE: Final = 100
LOOK_AGAIN: Final = 3600.0
"""Seconds after which it is looked without a mark: for clocks that were set."""
AFTER_TROUBLE: Final = 5.0
_SECOND: Final = 1_000_000


async def wake_due(store: Store) -> tuple[int, float | None]:
    """Brings back what is due: how many, and in how many seconds the next one is (None: nothing waits)."""
    woken = 0
    while True:
        found = await store.read(OPERATOR, lambda tx: tx.waking(AT_ONCE))
        due = [each for each in found if each.due <= now_micros()]
        for each in due:
            woken += await _wake(store, each)
        if len(due) < len(found) or not found:
            left = next((each.due for each in found if each not in due), None)
            return woken, None if left is None else max(0.0, (left - now_micros()) / _SECOND)


async def _wake(store: Store, each: Snooze) -> bool:
    return await store.write(OPERATOR, lambda tx: tx.wake(each))


async def keep_waking(store: Store, bus: Bus) -> None:
    """Wakes until cancelled: it sleeps until the next one is due, or another one waits."""
    with closing(bus.watch([SNOOZES])) as watch:
        while True:
            try:
                _, within = await wake_due(store)
            except GroupwareError:  # the database is away
                await asyncio.sleep(AFTER_TROUBLE)
                continue
            await watch.changed(LOOK_AGAIN if within is None else min(within, LOOK_AGAIN))
