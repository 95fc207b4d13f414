"""A process begins: the queue hears what was confirmed to the one before it. See `confirmed`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from groupware.model.errors import GroupwareError
from groupware.model.event import Attempt, QueuedRecipient, QueueEntry
from groupware.model.principal import OPERATOR
from mailcore.queue.confirmed import Confirmed
from mailcore.queue.settlement import Desk, Settling


async def recover(desk: Desk) -> int:
    """Settles what files of others tell, and drops them; how many recipients that were. `TryAgain`: call it again.

    Then what other hosts have left to this one is due.
    """
    count, confirmed = 0, desk.confirmed
    if confirmed is None:
        return 0
    for path, found in confirmed.left():
        told = sum([await _settle(desk, each) for each in found])
        path.unlink(missing_ok=True)
        if told:
            desk.log.warning("confirmed_before", recipients=told, file=path.name)
        count += told
    await desk.store.write(OPERATOR, lambda tx: tx.reclaim(confirmed.holder))
    return count


async def _settle(desk: Desk, confirmed: Confirmed) -> int:
    entries = await desk.store.read(OPERATOR, lambda tx: tx.queued(confirmed.queue))
    entry = next((each for each in entries if each.envelope.message == confirmed.message), None)
    if entry is None:
        return 0
    known = {each.recipient.address: each for each in confirmed.results}
    waiting = [
        row for row in entry.recipients if row.recipient.address in known and row.state not in ("sent", "failed")
    ]
    for domain in sorted({row.domain for row in waiting}):
        rows = [row for row in waiting if row.domain == domain]
        results = [replace(known[row.recipient.address], recipient=row.recipient) for row in rows]
        await Settling(desk, _attempt(entry, rows, desk.clock.now()), await _octets(desk, entry)).settle(results)
    return len(waiting)


def _attempt(entry: QueueEntry, rows: Sequence[QueuedRecipient], now: datetime) -> Attempt:
    envelope = replace(entry.envelope, recipients=tuple(row.recipient for row in rows))
    return Attempt(entry.id, envelope, rows[0].domain, max(row.tries for row in rows), now, entry.queued)


async def _octets(desk: Desk, entry: QueueEntry) -> bytes:
    try:
        return await desk.blobs.read(entry.envelope.blob)
    except GroupwareError:
        return b""  # a report without it will do
