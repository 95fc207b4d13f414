"""`groupware.store.api.post` over SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from groupware.model.dmarc import DmarcSeen
from groupware.model.event import (
    Attempt,
    Backlog,
    Deed,
    Envelope,
    Event,
    JournalRow,
    Outcome,
    QueueEntry,
    QueueFilter,
    TraceFilter,
    TraceRow,
    Waiting,
)
from groupware.model.ids import AccountId, FolderId, QueueId, Uid
from groupware.model.signing import SigningKey
from groupware.model.tls import StsPolicy, TlsResult

from .. import deeds, dmarc, leases, mailqueue, queueview, signing, submitted, tlsbook, trace
from ..tx import Tx


class Post(Tx):
    __slots__ = ()

    def changed_at(self, at: FolderId) -> int:
        return trace.changed_at(self, at)

    def journal(self, at: FolderId, after: int = 0, limit: int = 1000) -> Sequence[JournalRow]:
        return trace.journal(self, at, after, limit)

    def deeds(self, at: FolderId, since: int, limit: int) -> Sequence[Deed]:
        return deeds.deeds(self, at, since, limit)

    def movements(self, at: FolderId, uid: Uid) -> Sequence[JournalRow]:
        return trace.movements(self, at, uid)

    def trace(self, message: str, limit: int = 1000) -> Sequence[TraceRow]:
        return trace.trace(self, message, limit)

    def find_trace(self, wanted: TraceFilter, limit: int = 100) -> Sequence[TraceRow]:
        return trace.find_trace(self, wanted, limit)

    def backlog(self) -> Backlog:
        return mailqueue.backlog(self)

    def queued(self, key: QueueId | None = None) -> Sequence[QueueEntry]:
        return mailqueue.queued(self, key)

    def submitted(self, queue: QueueId) -> QueueEntry | None:
        return submitted.submitted(self, queue)

    def find_queued(self, wanted: QueueFilter, after: QueueId | None = None, limit: int = 100) -> Sequence[QueueEntry]:
        return queueview.find_queued(self, wanted, after, limit)

    def waiting(self, limit: int = 1000) -> Sequence[Waiting]:
        return queueview.waiting(self, limit)

    def next_due(self, *, local: bool) -> datetime | None:
        return leases.next_due(self, local=local)

    def enqueue(self, envelope: Envelope) -> QueueId:
        return mailqueue.enqueue(self, envelope)

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
        return leases.lease(self, limit, seconds, local=local, busy=busy, holder=holder, patience=patience)

    def renew(self, attempts: Sequence[Attempt], seconds: float) -> datetime:
        return leases.renew(self, attempts, seconds)

    def unlease(self, attempts: Sequence[Attempt]) -> None:
        leases.unlease(self, attempts)

    def reclaim(self, holder: str) -> int:
        return leases.reclaim(self, holder)

    def settle(self, outcomes: Sequence[Outcome]) -> None:
        mailqueue.settle(self, outcomes)

    def hasten(self, domain: str | None = None, queue: QueueId | None = None) -> int:
        return mailqueue.hasten(self, domain, queue)

    def was_sent(self, key: str) -> bool:
        return submitted.was_sent(self, key)

    def claim_sending(self, account: AccountId, key: str) -> None:
        submitted.claim(self, account, key)

    def hold_queued(self, queue: QueueId, domain: str = "") -> int:
        return queueview.hold(self, queue, domain)

    def release_queued(self, queue: QueueId, domain: str = "") -> int:
        return queueview.release(self, queue, domain)

    def withdraw(self, queue: QueueId) -> None:
        submitted.withdraw(self, queue)

    def drop_queued(self, queue: QueueId) -> None:
        mailqueue.drop_queued(self, queue)

    def note(self, event: Event) -> None:
        trace.note(self, event)

    def sts_policy(self, domain: str) -> StsPolicy | None:
        return tlsbook.sts_policy(self, domain)

    def tls_results(self, domain: str, day: str) -> Sequence[TlsResult]:
        return tlsbook.tls_results(self, domain, day)

    def unreported_tls(self, day: str, limit: int = 100) -> Sequence[str]:
        return tlsbook.unreported_tls(self, day, limit)

    def put_sts_policy(self, policy: StsPolicy) -> None:
        tlsbook.put_sts_policy(self, policy)

    def count_tls(self, results: Sequence[TlsResult]) -> None:
        tlsbook.count_tls(self, results)

    def claim_tls_report(self, domain: str, day: str) -> bool:
        return tlsbook.claim_tls_report(self, domain, day)

    def forget_tls(self, before: str) -> int:
        return tlsbook.forget_tls(self, before)

    def signing_keys(self, domain: str) -> Sequence[SigningKey]:
        return signing.keys(self, domain)

    def put_signing_key(self, domain: str, selector: str, algorithm: str, sealed: str, public: str) -> None:
        signing.put(self, domain, selector, algorithm, sealed, public)

    def turn_signing_key(self, domain: str, selector: str, state: str) -> None:
        signing.turn(self, domain, selector, state)

    def drop_signing_key(self, domain: str, selector: str) -> None:
        signing.drop(self, domain, selector)

    def dmarc_seen(self, day: int, domain: str) -> Sequence[DmarcSeen]:
        return dmarc.seen(self, day, domain)

    def dmarc_unreported(self, before: int, limit: int = 100) -> Sequence[tuple[int, str]]:
        return dmarc.unreported(self, before, limit)

    def note_dmarc(self, seen: Sequence[DmarcSeen]) -> None:
        dmarc.put(self, seen)

    def reported_dmarc(self, day: int, domain: str) -> bool:
        return dmarc.mark(self, day, domain)

    def forget_dmarc(self, before: int) -> None:
        dmarc.drop(self, before)
