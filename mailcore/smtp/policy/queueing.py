"""Where the queue asks the rules: before mail leaves (`relay`), and when it could not be delivered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from groupware.model.errors import TryAgain
from groupware.model.event import Attempt
from mailcore.queue.courier import Courier, Result, Settlement
from mailcore.server.events import EventLog
from mailcore.smtp.policy import facts
from mailcore.smtp.policy.book import Rulebook
from mailcore.smtp.policy.domains import domain_of
from mailcore.smtp.policy.engine import Decision, Ruleset
from mailcore.smtp.policy.variables import QUEUE, Event, Value


def of_attempt(attempt: Attempt) -> dict[str, Value]:
    """What is known of one domain's share of a message in the queue."""
    envelope = attempt.envelope
    return {
        **facts.of_sender(envelope.sender),
        **facts.of_recipients(each.address for each in envelope.recipients),
        "rcptCount": len(envelope.recipients),
        "messageSize": envelope.size,
        "relayDomain": attempt.domain,
        "submitted": envelope.by is not None,
        "tries": attempt.tries + 1,
    }


class Routing:
    """A courier that carries to the host that a rule names, and otherwise as the one behind it does."""

    __slots__ = ("_book", "_log", "_usual", "_via")

    def __init__(self, usual: Courier, via: Callable[[str], Courier], book: Rulebook, log: EventLog) -> None:
        """`via` makes the courier that knows one host alone."""
        self._usual, self._via, self._book, self._log = usual, via, book, log

    async def carry(self, attempt: Attempt, octets: bytes, settlement: Settlement) -> None:
        """See `Courier`. TryAgain while the rules cannot be read: the attempt is made later."""
        rules = await self._book.current()
        decision = rules.decide("relay", of_attempt(attempt)) if "relay" in rules else None
        courier = self._usual
        if decision is not None and (routes := decision.words("route")):
            self._log.info("policy", at="relay", rules=decision.names, does=f"route {routes[0][0]}")
            courier = self._via(routes[0][0])
        await courier.carry(attempt, octets, settlement)


class Judge:
    """What the rules say of a failure: whether the sender is told, and whether it is tried again."""

    __slots__ = ("_book", "_log")

    def __init__(self, book: Rulebook, log: EventLog) -> None:
        self._book, self._log = book, log

    async def __call__(self, attempt: Attempt, results: Sequence[Result]) -> Sequence[Result]:
        """The results as the rules leave them. While these cannot be read, nothing is changed."""
        try:
            rules = await self._book.current()
        except TryAgain:
            return results
        own = rules.domains.get(domain_of(attempt.envelope.sender)) if attempt.envelope.by is not None else None
        asked = [each for each in (rules, own) if each is not None and any(event in each for event in QUEUE[1:])]
        return [self._judged(attempt, each, asked) for each in results] if asked else results

    def _judged(self, attempt: Attempt, result: Result, asked: Sequence[Ruleset]) -> Result:
        if result.verdict == "sent":
            return result
        event: Event = "failure" if result.verdict == "failed" else "temporary-failure"
        known = {
            **of_attempt(attempt),
            **facts.of_recipients((result.recipient.address,)),
            "failureCode": result.code,
            "failureText": result.text,
            "failureHost": result.remote,
        }
        decision = Decision(known)
        for rules in asked:
            if not decision.ended:
                then = rules.decide(event, decision.facts)
                decision = Decision(then.facts, (*decision.matched, *then.matched))
        if decision.matched:
            self._log.info("policy", at=event, rules=decision.names, recipient=result.recipient.address)
        if decision.does("give-up"):
            said = " ".join(decision.words("give-up")[0]) or result.text
            result = replace(result, verdict="failed", code=f"5{result.code[1:]}", text=said)
        if decision.does("no-report"):
            result = replace(result, recipient=replace(result.recipient, notify="NEVER"))
        return result
