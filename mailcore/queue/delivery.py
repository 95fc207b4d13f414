"""What an intake does inside its write: delivers, queues, and gives what became of each recipient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from groupware.model.errors import GroupwareError, Refused
from groupware.model.event import Envelope, Event, Landing, Outcome, Target
from groupware.model.item import NewItem
from groupware.store.api import WriteTx
from mailcore.queue.holding import put_aside
from mailcore.queue.plans import NOT_QUEUED, Plan, Step, outcome_of
from mailcore.queue.sorting import carry, cleared, untouched
from mailcore.queue.trace import Trail

DELIVERED: Final = "delivered"
"""The text of an outcome `sent` that means: in a folder here, and nowhere in the queue."""
TAKEN: Final = "taken"
"""The text of an outcome `sent` that means: sent on or dropped, as the recipient's rules ask."""


@dataclass(slots=True)
class Done:
    """What one run of the write did, and what is to be told of it after COMMIT."""

    outcomes: dict[str, Outcome] = field(default_factory=dict)
    """By recipient as given."""
    events: list[Event] = field(default_factory=list)
    """Not that the message came: who handed it in says that in the log."""
    deliveries: int = 0
    held: int = 0


class BodyNeeded(GroupwareError):
    """Something has to be queued, and the body for the queue is not stored yet: it seldom is needed."""


def carry_out(
    tx: WriteTx, plan: Plan, item: NewItem | None, envelope: Envelope | None, trail: Trail, *, keep: bool
) -> Done:
    """Delivers and queues; `envelope` is what queue entries are made from."""
    released = envelope is not None and envelope.cleared
    delivered, troubled, count = _deliver(tx, plan.here, item, released=released)
    troubled += plan.nowhere
    done = Done(deliveries=count)
    outcomes = done.outcomes
    aside, events = put_aside(tx, plan.held, trail)
    done.events += events
    for holding, error in aside:
        done.held += error is None
        troubled += [(step, error) for step in holding.steps if error is not None]
        for step in holding.steps if error is None else ():
            outcomes[step.given] = Outcome(NOT_QUEUED, step.given, "sent", "2.0.0", TAKEN)
    for step in _carry(tx, plan, trail, done, delivered, troubled, keep=keep):
        outcomes[step.given] = Outcome(NOT_QUEUED, step.given, "sent", "2.0.0", TAKEN)
    if delivered:
        outcomes |= {step.given: Outcome(NOT_QUEUED, step.given, "sent", "2.0.0", DELIVERED) for step, _ in delivered}
        done.events += _told(delivered, trail)
    waiting = [*plan.away, *[step for step, _ in troubled if keep or not step.alone]]
    if waiting:
        if envelope is None:
            raise BodyNeeded("the body for the queue is not stored")
        recipients = {step.recipient.address: step.recipient for step in waiting}
        queue = tx.enqueue(replace(envelope, recipients=tuple(recipients.values())))
        outcomes.update({step.given: Outcome(queue, step.given, "sent", "2.0.0", "queued") for step in waiting})
        done.events.append(trail.queued(queue, list(recipients)))
    for step, error in troubled:
        outcome = outcome_of(error, step.given)
        outcomes.setdefault(step.given, outcome)
        if not (isinstance(error, Refused) and step in waiting):  # the queue runs its filters, and says it then
            done.events.append(trail.undelivered(step.recipient.address, outcome.code, outcome.text))
    return done


def _carry(
    tx: WriteTx,
    plan: Plan,
    trail: Trail,
    done: Done,
    delivered: list[tuple[Step, Landing]],
    troubled: list[tuple[Step, GroupwareError]],
    *,
    keep: bool,
) -> Sequence[Step]:
    """Does what filters want; adds to what is delivered and what is not. The steps that are served without a copy."""
    elsewhere: list[Step] = []
    wanted = [
        untouched(each) if each.refusal is not None and (keep or not step.alone) else each for step, each in plan.sorted
    ]
    fates = carry(tx, wanted, trail) if wanted else ()
    for (step, _), fate in zip(plan.sorted, fates, strict=True):
        done.events += fate.events
        if fate.sorted.refusal is not None:
            troubled.append((step, fate.sorted.refusal.error))
        elif fate.trouble is not None:
            troubled.append((step, fate.trouble))
        elif fate.landings:
            delivered += [(step, each) for each in sorted(fate.landings)]
            done.deliveries += len(fate.landings)
        else:
            elsewhere.append(step)
    return elsewhere


def _deliver(
    tx: WriteTx, here: Sequence[tuple[Step, Target]], item: NewItem | None, *, released: bool
) -> tuple[list[tuple[Step, Landing]], list[tuple[Step, GroupwareError]], int]:
    """The steps that are delivered and where, those that are not and why, and how many folders took the message."""
    if not here or item is None:
        return [], [], 0
    delivered: list[tuple[Step, Landing]] = []
    troubled: list[tuple[Step, GroupwareError]] = []
    landings: set[Landing] = set()
    lists = [each for each in here if released and each[1].kind == "list"]
    others = [each for each in here if each not in lists]
    verdicts = [*tx.deliver([target for _, target in others], item)]
    verdicts += tx.deliver([target for _, target in lists], cleared(item)) if lists else []
    for (step, _), verdict in zip([*others, *lists], verdicts, strict=True):
        if isinstance(verdict, GroupwareError):
            troubled.append((step, verdict))
        else:
            delivered.append((step, verdict))
            landings.add(verdict)
    return delivered, troubled, len(landings)


def _told(delivered: Sequence[tuple[Step, Landing]], trail: Trail) -> Sequence[Event]:
    """That it is in these folders: one event for all, and more where a recipient has it in several."""
    rounds: list[dict[str, Landing]] = []
    for address, at in dict.fromkeys((step.recipient.address, at) for step, at in delivered):
        own = next((each for each in rounds if address not in each), None)
        if own is None:
            rounds.append(own := {})
        own[address] = at
    return [trail.delivered(each) for each in rounds]
