"""The queue's part of the store and some INBOXes, in memory, on a clock that the test turns. `work` runs twice."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, TypeVar

from groupware.model.errors import GroupwareError, NotFound, OverQuota
from groupware.model.event import (
    Attempt,
    Backlog,
    Envelope,
    Event,
    Landing,
    Outcome,
    QueuedRecipient,
    QueueEntry,
    QuotaWarning,
    Target,
)
from groupware.model.ids import AccountId, BlobId, FolderId, ModSeq, QueueId, Uid
from groupware.model.item import NewItem
from groupware.model.mailinglist import ListWork
from groupware.model.memory import Lesson
from groupware.model.occasion import Occasion
from groupware.model.policy import StoredRule
from groupware.model.principal import Principal
from groupware.model.script import ActiveScript
from groupware.model.signing import SigningKey
from groupware.model.tls import StsPolicy, TlsResult
from groupware.store.api import QUEUE
from groupware.store.bus import LocalBus
from tests.support.clock import FakeClock

T = TypeVar("T")


@dataclass
class Row:
    envelope: Envelope
    queued: datetime
    recipients: dict[str, QueuedRecipient]


@dataclass
class State:
    number: int = 0
    rows: dict[QueueId, Row] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    folders: dict[AccountId, list[NewItem]] = field(default_factory=dict)
    full: set[AccountId] = field(default_factory=set)
    released: set[QueueId] = field(default_factory=set)
    policies: dict[str, StsPolicy] = field(default_factory=dict)
    tls: list[TlsResult] = field(default_factory=list)


@dataclass
class Tx:
    """The methods that work on the queue calls."""

    state: State
    now: datetime
    local: frozenset[str]
    told: bool = False

    def enqueue(self, envelope: Envelope) -> QueueId:
        self.state.number += 1
        number = QueueId(self.state.number)
        recipients = {
            each.address: QueuedRecipient(each, domain_of(each.address), "ready", 0, self.now)
            for each in envelope.recipients
        }
        self.state.rows[number] = Row(envelope, self.now, recipients)
        self.told = True
        return number

    def lease(
        self,
        limit: int,
        seconds: float,
        *,
        local: bool,
        busy: Sequence[str] = (),
        holder: str = "",
        patience: float = 0.0,
    ) -> Sequence[Attempt]:
        """Everybody is one holder here."""
        until = self.now + timedelta(seconds=seconds)
        attempts: list[Attempt] = []
        for number, row in self.state.rows.items():
            due = [each for each in row.recipients.values() if self.due(each) <= self.now]
            for domain in dict.fromkeys(each.domain for each in due):
                if (domain in self.local) != local or domain in busy or len(attempts) >= limit:
                    continue
                mine = [each for each in due if each.domain == domain]
                for each in mine:
                    row.recipients[each.recipient.address] = replace(each, state="leased", lease_until=until)
                envelope = replace(row.envelope, recipients=tuple(each.recipient for each in mine))
                released = number in self.state.released
                tries = max(each.tries for each in mine)
                attempts.append(Attempt(number, envelope, domain, tries, until, row.queued, released))
        return attempts

    def renew(self, attempts: Sequence[Attempt], seconds: float) -> datetime:
        until = self.now + timedelta(seconds=seconds)
        for attempt in attempts:
            row = self.state.rows.get(attempt.queue)
            for each in list(row.recipients.values()) if row else []:
                if each.domain == attempt.domain and each.lease_until == attempt.until:
                    assert row is not None
                    row.recipients[each.recipient.address] = replace(each, lease_until=until)
        return until

    def unlease(self, attempts: Sequence[Attempt]) -> None:
        self.renew(attempts, 0.0)

    def reclaim(self, holder: str) -> int:
        return 0

    @staticmethod
    def due(each: QueuedRecipient) -> datetime:
        return each.lease_until or each.next_try

    def settle(self, outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes:
            row = self.state.rows.get(outcome.queue)
            if row is None or outcome.recipient not in row.recipients:
                continue
            if outcome.verdict != "later":
                del row.recipients[outcome.recipient]
                if not row.recipients:
                    del self.state.rows[outcome.queue]
                continue
            was = row.recipients[outcome.recipient]
            if outcome.hold:
                far = datetime(9999, 12, 31, tzinfo=UTC)
                row.recipients[outcome.recipient] = replace(
                    was, state="held", next_try=far, lease_until=None, code=outcome.code, text=outcome.text
                )
                continue
            assert outcome.next_try is not None
            row.recipients[outcome.recipient] = replace(
                was,
                state="waiting",
                tries=was.tries + 1,
                next_try=outcome.next_try,
                lease_until=None,
                code=outcome.code,
                text=outcome.text,
            )

    def next_due(self, *, local: bool) -> datetime | None:
        found = [
            self.due(each)
            for row in self.state.rows.values()
            for each in row.recipients.values()
            if (each.domain in self.local) == local
        ]
        return min(found, default=None)

    def hasten(self, domain: str | None = None, queue: QueueId | None = None) -> int:
        count = 0
        for number, row in self.state.rows.items():
            for address, each in row.recipients.items():
                wanted = (domain is None or each.domain == domain) and (queue is None or number == queue)
                if wanted and each.lease_until is None and each.next_try > self.now:
                    row.recipients[address] = replace(each, next_try=self.now)
                    count += 1
        self.told = True
        return count

    def release_queued(self, queue: QueueId, domain: str = "") -> int:
        row = self.state.rows[queue]
        held = [each for each in row.recipients.values() if each.state == "held"]
        for each in held:
            row.recipients[each.recipient.address] = replace(each, state="ready", next_try=self.now)
        self.state.released.add(queue)
        return len(held)

    def drop_queued(self, queue: QueueId) -> None:
        if self.state.rows.pop(queue, None) is None:
            raise NotFound("There is no such message in the queue.")

    def queued(self, key: QueueId | None = None) -> Sequence[QueueEntry]:
        return [
            QueueEntry(number, row.envelope, row.queued, tuple(row.recipients.values()))
            for number, row in self.state.rows.items()
            if key is None or number == key
        ]

    def policy(self) -> Sequence[StoredRule]:
        """There are no rules."""
        return ()

    def quarantines(self) -> Sequence[tuple[FolderId, AccountId]]:
        """Nothing is held back here."""
        return ()

    def domain_policies(self) -> Mapping[str, Sequence[StoredRule]]:
        """No domain has any."""
        return {}

    def quota_warnings(self, limit: int = 100) -> Sequence[QuotaWarning]:
        """Nobody: there are no mailboxes here."""
        return ()

    def mail_lists(self) -> Sequence[ListWork]:
        """There are no lists here."""
        return ()

    def lessons(self, limit: int = 100) -> Sequence[Lesson]:
        """Nobody moves anything into Junk here."""
        return ()

    def occasions(self, after: int = 0, limit: int = 100) -> Sequence[Occasion]:
        """No script waits for anything here."""
        return ()

    def active_scripts(self, of: Sequence[AccountId]) -> Sequence[ActiveScript]:
        """Nobody has one."""
        return ()

    def scripts_above(self, of: Sequence[AccountId]) -> Sequence[ActiveScript]:
        """Nobody has one."""
        return ()

    def backlog(self) -> Backlog:
        found = self.queued()
        return Backlog(
            messages=len(found),
            octets=sum(each.envelope.size for each in found),
            deferred=sum(any(row.tries for row in each.recipients) for each in found),
            oldest=min((each.queued for each in found), default=None),
        )

    def signing_keys(self, domain: str) -> Sequence[SigningKey]:
        """Nothing is signed."""
        return ()

    def sts_policy(self, domain: str) -> StsPolicy | None:
        return self.state.policies.get(domain)

    def put_sts_policy(self, policy: StsPolicy) -> None:
        self.state.policies[policy.domain] = policy

    def count_tls(self, results: Sequence[TlsResult]) -> None:
        self.state.tls += results

    def forget_tls(self, before: str) -> int:
        return 0

    def note(self, event: Event) -> None:
        self.state.events.append(event)

    # --- INBOXes

    def deliver(self, to: Sequence[Target], new: NewItem) -> Sequence[Landing | GroupwareError]:
        found: list[Landing | GroupwareError] = []
        for owner in [each.account or AccountId(0) for each in to]:
            if owner in self.state.full:
                found.append(OverQuota("The mailbox is full."))
            else:
                own = self.state.folders.setdefault(owner, [])
                own.append(new)
                found.append(Landing(FolderId(int(owner)), Uid(len(own))))
        return found


class MemoryQueue:
    """A `Store` with nothing but a queue."""

    def __init__(self, clock: FakeClock, local: frozenset[str] = frozenset()) -> None:
        self.clock, self.local = clock, local
        self.state = State()
        self.bus = LocalBus()
        self.writes = 0
        self.written = asyncio.Event()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until a write has made the condition true."""
        async with asyncio.timeout(20):
            while not condition():
                self.written.clear()
                await self.written.wait()

    async def read(self, who: Principal, work: Callable[[Any], T]) -> T:
        return work(self.tx(self.state))

    async def glance(self, who: Principal, work: Callable[[Any], T]) -> T:
        return await self.read(who, work)

    async def write(self, who: Principal, work: Callable[[Any], T]) -> T:
        work(self.tx(copy.deepcopy(self.state)))  # as when a neighbour in the same commit failed
        tx = self.tx(copy.deepcopy(self.state))
        found = work(tx)
        self.state = tx.state
        self.writes += 1
        self.written.set()
        if tx.told:
            self.bus.publish({QUEUE: ModSeq(self.writes)})
        return found

    def tx(self, state: State) -> Tx:
        return Tx(state, self.clock.now(), self.local)

    @property
    def entries(self) -> Sequence[QueueEntry]:
        return self.tx(self.state).queued()

    def named(self, name: str) -> list[Event]:
        return [event for event in self.state.events if event.name == name]


@dataclass(frozen=True)
class Kept:
    blob: BlobId
    size: int
    body: bytes | None


class MemoryBlobs:
    """Bodies in a dict."""

    def __init__(self) -> None:
        self.bodies: dict[BlobId, bytes] = {}
        self.read_together: list[int] = []
        """How many were asked for at once, each time."""

    async def put(self, octets: bytes) -> Kept:
        blob = BlobId(sha256(octets).hexdigest())
        self.bodies[blob] = octets
        return Kept(blob, len(octets), octets)

    async def read(self, blob: BlobId, start: int = 0, length: int | None = None) -> bytes:
        if blob not in self.bodies:
            raise NotFound("The body is lost.")
        return self.bodies[blob][start : None if length is None else start + length]

    async def read_many(self, blobs: Sequence[BlobId]) -> Mapping[BlobId, bytes]:
        self.read_together.append(len(blobs))
        return {blob: self.bodies[blob] for blob in blobs if blob in self.bodies}


def domain_of(address: str) -> str:
    return address.rpartition("@")[2].lower()
