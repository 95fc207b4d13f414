"""Couriers: those who carry one attempt, and what they say became of each recipient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, Protocol

from groupware.model.event import Attempt, Outcome, Recipient
from groupware.store.api import WriteTx

Verdict = Literal["sent", "later", "failed"]
NOBODY: Final = Recipient("")


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one recipient in one attempt."""

    recipient: Recipient
    verdict: Verdict
    code: str
    """An enhanced status code (RFC 3463)."""
    text: str
    """What was said, by `remote` or by this server."""
    remote: str = ""
    """The host that said it; empty for this server."""
    handed_on: bool = False
    """It went to a host that sends notices of success itself (RFC 3461)."""
    soon: bool = False
    """For `later`: nothing was wrong with it, so it is tried again at once."""
    hold: bool = False
    """For `later`: until somebody releases it; this was no try."""
    unreachable: bool = False
    """Nobody answered for the whole domain: what else waits for it would have fared no better."""


class Settlement(Protocol):
    """How a courier has results written down. What is not settled when it comes back is tried again later."""

    async def prepare(self) -> None:
        """Composes the notices of success that would be due, for `within` to put them into the queue."""
        ...

    def within(self, tx: WriteTx, outcomes: Sequence[Outcome]) -> None:
        """Settles, inside the write that delivered, those outcomes for which no notice has to be composed first."""
        ...

    def left(self, outcomes: Sequence[Outcome]) -> Sequence[Result]:
        """The results that `within` has left to `settle`."""
        ...

    def confirmed(self, results: Sequence[Result]) -> None:
        """Says that a peer has just taken the message for these, before anything else is done: it is kept at once."""
        ...

    async def settle(self, results: Sequence[Result]) -> None:
        """Settles results in one write of their own, together with the notices that are due."""
        ...


class Courier(Protocol):
    """Carries attempts. Troubles of remote hosts are results, never exceptions."""

    async def carry(self, attempt: Attempt, octets: bytes, settlement: Settlement) -> None:
        """Brings the message to the attempt's recipients, and settles each."""
        ...


def for_all(attempt: Attempt, like: Result) -> list[Result]:
    """The same result for every recipient of an attempt."""
    return [replace(like, recipient=recipient) for recipient in attempt.envelope.recipients]


def later(code: str, text: str, remote: str = "", *, soon: bool = False, unreachable: bool = False) -> Result:
    """Not now; of nobody yet."""
    return Result(NOBODY, "later", code, text, remote, soon=soon, unreachable=unreachable)


def held(text: str) -> Result:
    """Not before somebody releases it; of nobody yet."""
    return Result(NOBODY, "later", "4.7.0", text, hold=True)


def failed(code: str, text: str, remote: str = "") -> Result:
    """Never; of nobody yet."""
    return Result(NOBODY, "failed", code, text, remote)


def result_of(outcome: Outcome, recipient: Recipient) -> Result:
    """An outcome of this server's own as a result."""
    verdict: Verdict = "sent" if outcome.verdict == "sent" else "failed" if outcome.verdict == "failed" else "later"
    return Result(recipient, verdict, outcome.code, outcome.text, outcome.remote)
