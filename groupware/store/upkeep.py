"""What the server does for its store in the background: the search index, the end of what was removed, the sweep.

All of it may run beside everything else, in any number of processes, and may be stopped at any instant.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from groupware.model.errors import TryAgain
from groupware.model.ids import FolderId
from groupware.model.principal import OPERATOR

from .api import Store
from .blobs import sweep
from .objects import Objects
from .sql import retention, search
from .sql.engine import Database
from .sql.times import micros
from .sql.tx import Tx

AT_ONCE: Final = 16
"""So few at once that mail that comes in meanwhile hardly waits."""
PURGED_AT_ONCE: Final = 200
IDLE_SECONDS: Final = 2.0


async def index_pending(store: Store, limit: int = AT_ONCE) -> int:
    """Puts up to so many contents into the search index; how many these were, 0 when nothing waits."""
    return await store.write(OPERATOR, lambda tx: search.index_some(_inner(tx), limit))


async def keep_indexed(store: Store, *, pause: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
    """Keeps the search index up until cancelled; rests as long as it works, so that others get their turn."""
    while True:
        began = time.monotonic()
        try:
            done = await index_pending(store)
        except TryAgain:
            done = 0
        await pause(time.monotonic() - began if done else IDLE_SECONDS)


async def purge(store: Store, keep: timedelta, *, now: datetime | None = None) -> int:
    """Ends what was removed longer ago than `keep`; how many items these were."""
    before = micros((now or datetime.now(UTC)) - keep)
    at, gone = FolderId(0), 0
    while True:
        found = await store.read(OPERATOR, lambda tx, after=at: retention.next_folder(_inner(tx), after, before))  # type: ignore[misc]
        if found is None:
            return gone
        at = found
        count = PURGED_AT_ONCE
        while count == PURGED_AT_ONCE:
            count = await store.write(
                OPERATOR,
                lambda tx, here=at: retention.purge(_inner(tx), here, before, PURGED_AT_ONCE),  # type: ignore[misc]
            )
            gone += count


async def tidy(store: Store, database: Database, objects: Objects, keep: timedelta) -> tuple[int, int]:
    """Ends what was removed longer ago than `keep`, then sweeps bodies; how many items and bodies these were."""
    gone = await purge(store, keep)
    return gone, await asyncio.to_thread(sweep, database, objects)


def _inner(tx: object) -> Tx:
    """What the methods of the door are made of."""
    assert isinstance(tx, Tx)
    return tx
