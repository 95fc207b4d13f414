"""Waiting for a change of some folders, over the bus: for Ping, and for Sync with Wait."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from groupware.model.ids import FolderId
from groupware.store.api import Watch
from mailcore.server.parts import Parts


def watch(parts: Parts, folders: Iterable[int]) -> Watch:
    """From now on a change of one of these folders is noticed; `close` it."""
    return parts.bus.watch([FolderId(each) for each in folders])


async def changed(found: Watch, stopping: asyncio.Event, within: float) -> set[int]:
    """The folders that changed; none after `within` seconds, or when the server stops."""
    waiting = asyncio.ensure_future(found.changed(within))
    stopped = asyncio.ensure_future(stopping.wait())
    try:
        await asyncio.wait({waiting, stopped}, return_when=asyncio.FIRST_COMPLETED)
        return set(waiting.result()) if waiting.done() else set()
    finally:
        waiting.cancel()
        stopped.cancel()
