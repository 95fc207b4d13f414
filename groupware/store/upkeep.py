"""What the server does for its store in the background: the search index, the end of what was removed, the sweep.

All of it may run beside everything else, in any number of processes, and may be stopped at any instant.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from groupware.model.errors import TryAgain
from groupware.model.ids import AccountId, FolderId, Uid, Uids
from groupware.model.mailinglist import CONFIRM_DAYS
from groupware.model.principal import OPERATOR
from groupware.model.times import micros

from .api import ReadTx, Store, WriteTx
from .blobs import sweep
from .objects import Objects
from .sql import (
    attachments,
    browsers,
    facts,
    greylist,
    header_texts,
    mailinglists,
    memories,
    properties,
    pushes,
    records,
    retention,
    search,
    tokens,
    trace,
    uploads,
)
from .sql.facts import Waiting as Waiting
from .sql.header_texts import Headed as Headed
from .sql.store import SqlStore
from .sql.tx import Tx

AT_ONCE: Final = 8
"""So few at once that mail that comes in meanwhile hardly waits."""
PURGED_AT_ONCE: Final = 200
FORGOTTEN_AT_ONCE: Final = 500
IDLE_SECONDS: Final = 2.0
REST: Final = 2.0
"""While others write or list it rests so many times as long as it works: they go first ..."""
QUIET_REST: Final = 0.25
"""... and while nobody does it rests so little, for what waits makes a search slow."""
BUSY: Final = 20.0
"""Writes a second from which on it stands back altogether, for search is exact meanwhile ..."""
MOST_WAITING: Final = 2000
"""... until so many contents wait, which a search then has to look through."""
STANDS_BACK_SECONDS: Final = 0.5
TIDY_SECONDS: Final = 3600.0
UNCONFIRMED_KEPT: Final = timedelta(days=2 * CONFIRM_DAYS + 1)
"""How long it is known whom a mail list has asked: somebody may be asked again on the last day."""
UPLOADS_KEPT: Final = timedelta(days=1)
"""How long what was uploaded waits to be used."""


async def index_pending(store: Store, limit: int = AT_ONCE) -> int:
    """Puts up to so many contents into the search index; how many these were, 0 when nothing waits."""

    def work(tx: WriteTx) -> int:
        done = search.index_some(_inner(tx), limit)
        header_texts.wait(_inner(tx), done)
        return len(done)

    return await store.write(OPERATOR, work)


def header_lines(headers: Iterable[Sequence[str]]) -> str:
    """The lines of each header of a message, letter case folded, as `put_headers` takes them."""
    return header_texts.joined(headers)


async def waiting_headers(store: Store, limit: int) -> Sequence[Headed]:
    """Some of the mail whose header lines wait for the index."""
    return await store.read(OPERATOR, lambda tx: header_texts.waiting(_inner(tx), limit))


async def put_headers(store: Store, lines: Mapping[int, str]) -> None:
    """Puts the header lines of these contents into the index, where they still wait for it."""
    await store.write(OPERATOR, lambda tx: header_texts.put(_inner(tx), lines))


async def waiting_facts(store: Store, limit: int) -> Sequence[Waiting]:
    """Some of the objects that wait for what filters ask of them."""
    return await store.read(OPERATOR, lambda tx: facts.waiting(_inner(tx), limit))


async def put_facts(store: Store, said: Sequence[tuple[Waiting, str]]) -> None:
    """Puts that beside these objects, where they still wait for it."""
    await store.write(OPERATOR, lambda tx: facts.put(_inner(tx), said))


async def _nothing_more() -> int:
    return 0


async def keep_indexed(
    store: SqlStore,
    *,
    more: Callable[[], Awaitable[int]] = _nothing_more,
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Keeps the search index up until cancelled. It stands back while others write a lot.

    `more` fills in some of what else waits to be found, and says how much.
    """
    since, known, read = time.monotonic(), store.writes, store.reads
    while True:
        now = time.monotonic()
        others, lists = store.writes - known, store.reads > read
        busy = others > BUSY * max(now - since, STANDS_BACK_SECONDS)
        since, known = now, store.writes
        try:
            if busy and not await store.read(OPERATOR, lambda tx: search.more_waiting(_inner(tx), MOST_WAITING)):
                await pause(STANDS_BACK_SECONDS)
                continue
            done = await index_pending(store) + await more()
        except TryAgain:
            done = 0
        known += 3  # its own
        read = store.reads
        rest = REST if others > 0 or lists else QUIET_REST
        await pause((time.monotonic() - now) * rest if done else IDLE_SECONDS)


async def purge(store: Store, *, now: datetime | None = None) -> int:
    """Ends what was removed longer ago than its owner's `removedItemsRetention`; how many items these were."""
    moment = micros(now or datetime.now(UTC))
    at, gone = FolderId(0), 0
    while True:
        found = await store.read(OPERATOR, lambda tx, after=at: retention.next_folder(_inner(tx), after, moment))  # type: ignore[misc]
        if found is None:
            return gone
        at, count = found, PURGED_AT_ONCE
        while count == PURGED_AT_ONCE:
            count = await store.write(
                OPERATOR,
                lambda tx, here=at: retention.purge(_inner(tx), here, moment, PURGED_AT_ONCE),  # type: ignore[misc]
            )
            gone += count


async def expire_held(store: Store, *, now: datetime | None = None) -> int:
    """Takes away what has been held back for longer than `quarantineRetention`; how many messages these were."""
    moment, gone = now or datetime.now(UTC), 0
    for at, owner in await store.read(OPERATOR, lambda tx: tx.quarantines()):
        while due := await store.read(OPERATOR, partial(_due, at, owner, moment)):
            gone += len(await store.write(OPERATOR, partial(_expire, at, due)))
    return gone


def _due(at: FolderId, owner: AccountId, now: datetime, tx: ReadTx) -> Uids:
    days = int(tx.setting("quarantineRetention", owner).value)
    due = tx.within(at, "arrived", high=micros(now - timedelta(days=days))) if days else ()
    return [(uid, uid) for uid in due[:PURGED_AT_ONCE]]


def _expire(at: FolderId, due: Uids, tx: WriteTx) -> Sequence[Uid]:
    return tx.expunge(at, due, deleted_only=False)


async def forget(store: Store) -> int:
    """Forgets what is remembered no longer; how much that was."""
    return await _in_steps(store, lambda tx: memories.forget(tx, FORGOTTEN_AT_ONCE))


async def forget_unused(store: Store, *, now: datetime | None = None) -> int:
    """Forgets uploads and attachments that nothing uses, and what has ended by itself; how many these were."""
    before = micros((now or datetime.now(UTC)) - UPLOADS_KEPT)
    unused = await _in_steps(store, lambda tx: uploads.forget(tx, before, FORGOTTEN_AT_ONCE))
    unasked = micros((now or datetime.now(UTC)) - UNCONFIRMED_KEPT)
    unused += await _in_steps(store, lambda tx: mailinglists.forget_unconfirmed(tx, unasked, FORGOTTEN_AT_ONCE))
    unused += await _in_steps(store, lambda tx: browsers.forget(tx, FORGOTTEN_AT_ONCE))
    unused += await _in_steps(store, lambda tx: tokens.forget(tx, FORGOTTEN_AT_ONCE))
    unused += await _in_steps(store, lambda tx: pushes.forget(tx, FORGOTTEN_AT_ONCE))
    unused += await _in_steps(store, lambda tx: properties.forget(tx, FORGOTTEN_AT_ONCE))
    unused += await _in_steps(store, lambda tx: attachments.forget(tx, before, FORGOTTEN_AT_ONCE))
    return unused + await _in_steps(store, lambda tx: records.forget(tx, FORGOTTEN_AT_ONCE))


async def _in_steps(store: Store, work: Callable[[Tx], int]) -> int:
    gone, count = 0, FORGOTTEN_AT_ONCE
    while count == FORGOTTEN_AT_ONCE:
        count = await store.write(OPERATOR, lambda tx: work(_inner(tx)))
        gone += count
    return gone


async def forget_trace(store: Store, what: str = "trace", *, now: datetime | None = None) -> int:
    """Drops what is older than `traceRetention` or `timelineRetention`, in small steps; how many rows these were."""
    days = await store.read(OPERATOR, lambda tx: int(tx.setting(f"{what}Retention").value))
    if not days:
        return 0
    before = micros((now or datetime.now(UTC)) - timedelta(days=days))
    return await _in_steps(store, lambda tx: trace.forget(tx, what, before, FORGOTTEN_AT_ONCE))


async def keep_tidy(store: SqlStore, objects: Objects, *, every: float = TIDY_SECONDS) -> None:
    """Purges, forgets and sweeps until cancelled, once every so many seconds."""
    while True:
        await asyncio.sleep(every)
        try:
            await expire_held(store)
            await purge(store)
            await forget(store)
            await forget_unused(store)
            await forget_trace(store)
            await forget_trace(store, "timeline")
            await store.write(OPERATOR, lambda tx: greylist.sweep(_inner(tx)))
            await asyncio.to_thread(sweep, store.database, objects)
        except TryAgain:
            continue


def _inner(tx: object) -> Tx:
    """What the methods of the door are made of."""
    assert isinstance(tx, Tx)
    return tx
