"""The queue as a state machine: whatever happens, every recipient ends exactly once, and none is forgotten."""

import asyncio
from collections import Counter

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from groupware.model.event import Attempt, Envelope, Event, Recipient
from groupware.model.principal import OPERATOR
from mailcore.queue.courier import Result, Settlement, Verdict
from mailcore.queue.retries import Retries
from mailcore.queue.scheduler import Scheduler
from mailcore.queue.settlement import Desk
from mailcore.queue.turns import Lanes
from mailcore.server.counters import Counters
from tests.support.clock import FakeClock
from tests.support.eventlog import RecordingLog
from tests.support.queuestore import MemoryBlobs, MemoryQueue

DOMAINS = ("a.test", "b.test")
FATES = ("sent", "later", "failed", "crash", "lost")
RETRIES = Retries(300, 28800, 4, 2)


class Fickle:
    """A courier whose every step is chosen by the machine."""

    def __init__(self) -> None:
        self.fates: list[str] = []
        self.at_work = Counter[str]()

    async def carry(self, attempt: Attempt, octets: bytes, settlement: Settlement) -> None:
        self.at_work[attempt.domain] += 1
        assert self.at_work[attempt.domain] <= 2
        await asyncio.sleep(0)
        results = []
        try:
            for recipient in attempt.envelope.recipients:
                fate = self.fates.pop() if self.fates else "later"
                if fate == "crash":
                    raise ZeroDivisionError("a bug")
                if fate == "lost":
                    raise asyncio.CancelledError  # as when the process dies here
                verdict: Verdict = "sent" if fate == "sent" else "failed" if fate == "failed" else "later"
                results.append(Result(recipient, verdict, f"{'245'[FATES.index(fate)]}.4.1", fate, "mx.test"))
            await settlement.settle(results)
        finally:
            self.at_work[attempt.domain] -= 1


class QueueMachine(RuleBasedStateMachine):
    """Submit, carry, let time pass, hasten."""

    @initialize()
    def begin(self) -> None:
        self.clock, self.blobs, self.courier = FakeClock(), MemoryBlobs(), Fickle()
        self.queue = MemoryQueue(self.clock, frozenset(("here.test",)))
        self.runner = asyncio.Runner()
        log = RecordingLog()
        desk = Desk(self.queue, self.blobs, self.clock, Counters(), log, RETRIES, "mx.here.test")
        self.scheduler = Scheduler(desk, self.queue.bus, self.courier, Lanes(local=False, at_once=5, per_domain=2))
        self.submitted: set[str] = set()

    def teardown(self) -> None:
        if not hasattr(self, "runner"):
            return
        for _ in range(RETRIES.tries * 2):  # let everything come to its end
            self.courier.fates.clear()
            self.clock.advance(28800)
            self.runner.run(self.scheduler.run_due())
        assert self.unsettled() == set()
        assert set(self.ends()) == self.submitted
        self.runner.close()

    @rule(domains=st.lists(st.sampled_from(DOMAINS), min_size=1, max_size=4))
    def submit(self, domains: list[str]) -> None:
        names = [f"r{len(self.submitted) + number}@{domain}" for number, domain in enumerate(domains)]
        self.submitted |= set(names)

        async def enqueue() -> None:
            stored = await self.blobs.put(b"Subject: x\r\n\r\n")
            recipients = tuple(Recipient(name) for name in names)
            envelope = Envelope("alice@here.test", recipients, stored.blob, stored.size, message=names[0])
            await self.queue.write(OPERATOR, lambda tx: tx.enqueue(envelope))

        self.runner.run(enqueue())

    @precondition(lambda self: self.submitted)
    @rule(fates=st.lists(st.sampled_from(FATES), max_size=12))
    def carry(self, fates: list[str]) -> None:
        self.courier.fates = list(fates)
        self.runner.run(self.scheduler.run_due())

    @rule(seconds=st.sampled_from((1, 119, 120, 300, 601, 28800)))
    def wait(self, seconds: int) -> None:
        self.clock.advance(seconds)

    @rule(domain=st.sampled_from((*DOMAINS, None)))
    def hasten(self, domain: str | None) -> None:
        self.runner.run(self.queue.write(OPERATOR, lambda tx: tx.hasten(domain)))

    @invariant()
    def nobody_is_forgotten_or_settled_twice(self) -> None:
        if not hasattr(self, "submitted"):
            return
        ends = self.ends()
        assert set(ends.values()) <= {1}
        assert set(ends) | self.unsettled() == self.submitted
        assert set(ends) & self.unsettled() == set()

    @invariant()
    def each_failure_was_reported_once(self) -> None:
        if hasattr(self, "submitted"):
            told = [event for event in self.events("notice_queued") if event.facts["about"] == "failed"]
            assert len(told) <= len(self.events("failed"))
            assert bool(told) == bool(self.events("failed"))

    def ends(self) -> Counter[str]:
        """How often each recipient came to an end."""
        return Counter(str(event.facts["to"]) for event in (*self.events("sent"), *self.events("failed")))

    def unsettled(self) -> set[str]:
        """The recipients that still wait."""
        return {
            row.recipient.address for entry in self.queue.entries if entry.envelope.sender for row in entry.recipients
        }

    def events(self, name: str) -> list[Event]:
        return self.queue.named(name)


TestQueue = QueueMachine.TestCase
TestQueue.settings = settings(max_examples=20, stateful_step_count=12, deadline=None)
