"""Giving a message up at once: as an administrator asks, or because its body is lost. Its sender is told."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from groupware.model.errors import GroupwareError, NotFound
from groupware.model.event import Attempt, QueuedRecipient, QueueEntry
from groupware.model.ids import QueueId
from groupware.model.principal import OPERATOR
from mailcore.queue.courier import Result, failed, for_all
from mailcore.queue.letters import Letter, post, ready
from mailcore.queue.settlement import Desk, Settling
from mailcore.queue.trace import say

_GIVEN_UP: Final = failed("5.4.7", "The administrator of this server has given the message up.")
LOST: Final = failed(
    "5.3.0", "The message was damaged in this server's storage and cannot be sent; please send it again."
)


async def give_up(desk: Desk, queue: QueueId) -> int:
    """Return a message to its sender for every recipient that waits; gives how many. Under way ones are left alone.

    `NotFound`: there is no such message.
    """
    return await _give_up(desk, queue, _GIVEN_UP)


async def give_up_lost(desk: Desk, queue: QueueId) -> int:
    """The same for a message whose body is lost; the postmaster is told as well. `NotFound`."""
    for entry in await desk.store.read(OPERATOR, lambda tx: tx.queued(queue)):
        count = await _give_up(desk, queue, LOST)
        if count:
            await tell_postmaster(desk, _attempt(entry, list(entry.recipients)))
        return count
    raise NotFound(f"there is no message {queue} in the queue")


async def tell_postmaster(desk: Desk, attempt: Attempt) -> None:
    """A letter to the postmaster: a message is lost. Nothing where there is no domain and so nobody to tell."""
    to = await postmaster(desk)
    if not to:
        return
    envelope = attempt.envelope
    sender = envelope.sender or "a server that reported a failure (<>)"
    told = "The sender has been told." if envelope.sender else "Nobody else is told, for a report is never answered."
    text = (
        f"A message in the queue could not be sent: its body {envelope.blob}",
        "is lost or damaged.",
        "",
        f"    Number:     {attempt.queue}",
        f"    Message id: {envelope.message or '-'}",
        f"    From:       {sender}",
        *(f"    To:         {each.address}" for each in envelope.recipients[:MOST_NAMED]),
        *((f"    and {more} more",) if (more := len(envelope.recipients) - MOST_NAMED) > 0 else ()),
        "",
        f"It has been given up. {told}",
        "'postroom check' says what else is damaged.",
    )
    letter = Letter(to, "A message was lost on this server", text)
    made = await ready(letter, desk.host, desk.clock.now(), desk.blobs)
    say(desk.log, await desk.store.write(OPERATOR, lambda tx: post(tx, made)))


MOST_NAMED: Final = 20


async def postmaster(desk: Desk) -> str:
    """Who is told what nobody else could mend; "" when there is no domain yet."""
    if desk.postmaster:
        return desk.postmaster
    domains = await desk.store.read(OPERATOR, lambda tx: [each.name for each in tx.domains()])
    return f"postmaster@{domains[0]}" if domains else ""


async def _give_up(desk: Desk, queue: QueueId, why: Result) -> int:
    for entry in await desk.store.read(OPERATOR, lambda tx: tx.queued(queue)):
        waiting = [each for each in entry.recipients if each.state in ("ready", "waiting", "held")]
        if waiting:
            attempt = _attempt(entry, waiting)
            await Settling(desk, attempt, await _octets(desk, entry)).settle(for_all(attempt, why))
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
