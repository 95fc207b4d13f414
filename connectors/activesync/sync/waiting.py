"""Waiting for a change of some folders, over the bus: for Ping, and for Sync with Wait.

Who waits costs a watch and its own task, and no task beside it: when the server stops, one task wakes them all. Whoever
may not stay, or whose device is blocked or to be wiped, is woken too and told nothing more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from connectors.activesync.devices import still
from connectors.activesync.exchange import Exchange
from groupware.model.ids import FolderId
from groupware.store.api import Watch
from mailcore.server.stay import AT_ONCE, marks_of


@dataclass(eq=False, slots=True)
class _Sleepers:
    """Those who wait, and what wakes them when the server stops."""

    tasks: set[asyncio.Task[object]] = field(default_factory=set)
    alarm: asyncio.Task[None] | None = None
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    """Of those who look whether they may stay: a change of a domain makes all do so."""


_sleepers: WeakKeyDictionary[asyncio.Event, _Sleepers] = WeakKeyDictionary()


def watch(exchange: Exchange, folders: Iterable[int]) -> Watch:
    """From now on a change of one of these folders is noticed, and what may end the stay; `close` it."""
    return exchange.parts.bus.watch([*map(FolderId, folders), *marks_of(exchange.who)])


async def changed(found: Watch, exchange: Exchange, within: float) -> set[int]:
    """What changed; nothing after `within` seconds, or when the server stops. `HttpError`, `EasError`: it is over."""
    heard = await _heard(found, exchange.stopping, within)
    if not heard.isdisjoint(marks_of(exchange.who)):
        async with _sleepers.setdefault(exchange.stopping, _Sleepers()).turns:
            await still(exchange.parts.store, exchange.who, exchange.query)
    return heard


async def _heard(found: Watch, stopping: asyncio.Event, within: float) -> set[int]:
    if stopping.is_set():
        return set()
    task = asyncio.current_task()
    assert task is not None
    here = _sleepers.setdefault(stopping, _Sleepers())
    if here.alarm is None or here.alarm.done():
        here.alarm = asyncio.get_running_loop().create_task(_ring(stopping, here.tasks))
    here.tasks.add(task)
    try:
        return set(await found.changed(within))
    except asyncio.CancelledError:
        if not stopping.is_set():
            raise
        task.uncancel()
        return set()
    finally:
        here.tasks.discard(task)
        if not here.tasks and here.alarm is not None and not stopping.is_set():
            here.alarm.cancel()


async def _ring(stopping: asyncio.Event, tasks: set[asyncio.Task[object]]) -> None:
    await stopping.wait()
    for task in list(tasks):
        task.cancel()
