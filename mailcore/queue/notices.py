"""Which senders are told what, and when. RFC 3461 §4.1, §5.2; a report is never answered with a report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from groupware.model.event import Envelope, Recipient
from mailcore.queue.courier import Result
from mailcore.queue.words import Action


@dataclass(frozen=True, slots=True)
class Notice:
    """One report that is due, and the results that it tells of."""

    action: Action
    results: tuple[Result, ...]


def notices_due(envelope: Envelope, results: Sequence[Result], tries: int, notice_after: int) -> list[Notice]:
    """The reports that are due for these results after so many tries, this one included: one for each action."""
    by_action: dict[Action, list[Result]] = {}
    for result in results:
        action = notice_of(envelope, result, tries, notice_after)
        if action is not None:
            by_action.setdefault(action, []).append(result)
    return [Notice(action, tuple(found)) for action, found in by_action.items()]


def notice_of(envelope: Envelope, result: Result, tries: int, notice_after: int) -> Action | None:
    """What the sender is told of one recipient; None: nothing."""
    if not envelope.sender or result.hold:
        return None
    wanted = wishes(result.recipient)
    if result.verdict == "failed" and "FAILURE" in wanted:
        return "failed"
    if result.verdict == "later" and "DELAY" in wanted and tries == notice_after:
        return "delayed"
    if result.verdict == "sent" and "SUCCESS" in wanted and not result.handed_on:
        return "relayed" if result.remote else "delivered"
    return None


def wishes(recipient: Recipient) -> frozenset[str]:
    """What the sender wants to be told of; failures and delays when nothing else was said."""
    said = recipient.notify.upper()
    return frozenset(said.replace(" ", "").split(",")) if said else frozenset(("FAILURE", "DELAY"))
