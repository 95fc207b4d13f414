"""Giving a message up at once, as an administrator asks: its sender is told."""

from __future__ import annotations

from dataclasses import replace

from groupware.model.errors import GroupwareError, NotFound
from groupware.model.event import Attempt, QueuedRecipient, QueueEntry
from groupware.model.ids import QueueId
from groupware.model.principal import OPERATOR
from mailcore.queue.courier import failed, for_all
from mailcore.queue.settlement import Desk, Settling

_GIVEN_UP = failed("5.4.7", "The administrator of this server has given the message up.")


async def give_up(desk: Desk, queue: QueueId) -> int:
    """Return a message to its sender for every recipient that waits; gives how many. Under way ones are left alone.

    `NotFound`: there is no such message.
    """
    for entry in await desk.store.read(OPERATOR, lambda tx: tx.queued(queue)):
        waiting = [each for each in entry.recipients if each.state in ("ready", "waiting")]
        if waiting:
            attempt = _attempt(entry, waiting)
            await Settling(desk, attempt, await _octets(desk, entry)).settle(for_all(attempt, _GIVEN_UP))
        return len(waiting)
    raise NotFound(f"there is no message {queue} in the queue")


async def _octets(desk: Desk, entry: QueueEntry) -> bytes:
    try:
        return await desk.blobs.read(entry.envelope.blob)
    except GroupwareError:
        return b""  # the sender is told all the same


def _attempt(entry: QueueEntry, waiting: list[QueuedRecipient]) -> Attempt:
    """What waits of the message, as if it were one attempt."""
    envelope = replace(entry.envelope, recipients=tuple(each.recipient for each in waiting))
    tries = max(each.tries for each in waiting)
    return Attempt(entry.id, envelope, "", tries, entry.queued, entry.queued)
