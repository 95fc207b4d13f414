"""Writing down what became of recipients: rows, notices to senders and trace, in one write.

1. A recipient that is settled already (its lease ran out, somebody else carried it) is left alone: no second notice.
2. A notice enters the queue in the write that settles its recipients: it is neither lost nor sent twice.
3. Log lines and counters follow the COMMIT.
4. What a peer has confirmed is settled as that whatever came behind it, however long that takes: nobody gets it twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

from groupware.model.errors import Conflict, GroupwareError, TryAgain
from groupware.model.event import Attempt, Envelope, Event, Outcome, QueuedRecipient, Recipient
from groupware.model.ids import AccountId, QueueId
from groupware.model.principal import OPERATOR
from groupware.store.api import Blobs, ReadTx, Store, WriteTx
from mailcore.queue.confirmed import Journal
from mailcore.queue.courier import Result, result_of
from mailcore.queue.delivery import DELIVERED
from mailcore.queue.dsn import Fate, Occasion, compose
from mailcore.queue.notices import Notice, notice_of, notices_due, wishes
from mailcore.queue.retries import Retries, retries_of
from mailcore.queue.shelf import Shelf
from mailcore.queue.texts import Texts
from mailcore.queue.trace import Trail, say
from mailcore.server import log as server_log
from mailcore.server.clock import Clock, SystemClock
from mailcore.server.config import Config
from mailcore.server.counters import Counters
from mailcore.server.events import EventLog

MOST_FAILING: Final = 10_000
PAUSE: Final = 1.0
"""Seconds until what was confirmed is written down again while the database is away."""
UNREACHABLE: Final = ("4.4.1", "4.4.3")
"""The codes of a domain for which nobody answered."""


@dataclass(slots=True)
class Desk:
    """What every settlement of one scheduler needs."""

    store: Store
    blobs: Blobs
    clock: Clock
    counters: Counters
    log: EventLog
    retries: Retries
    host: str
    postmaster: str = ""
    """Who is told what nobody else could mend; empty: the first domain's postmaster."""
    shelf: Callable[[], Texts] = Texts
    """What gives the texts that hold now."""
    confirmed: Journal | None = None
    """Where it is written down at once what other servers have confirmed."""
    judge: Callable[[Attempt, Sequence[Result]], Awaitable[Sequence[Result]]] | None = None
    """What the administrator's rules make of results that were judged already; None: there are no such rules."""
    failing: set[str] = field(default_factory=set)
    """Domains for which nobody answered when they were last tried."""

    @property
    def texts(self) -> Texts:
        """The texts that hold now."""
        return self.shelf()


def desk_of(
    config: Config, store: Store, blobs: Blobs, counters: Counters, log: EventLog, clock: Clock | None = None
) -> Desk:
    """What settlements need, as the configuration says. ConfigError when a template is of no use."""
    return Desk(
        store=store,
        blobs=blobs,
        clock=clock or SystemClock(),
        counters=counters,
        log=log,
        retries=retries_of(config.queue),
        host=config.host,
        postmaster=f"postmaster@{config.server.primary_domain}" if config.server.primary_domain else "",
        shelf=Shelf(config, log),
    )


@dataclass(frozen=True, slots=True)
class Prepared:
    """A notice that is composed and storable."""

    notice: Notice
    envelope: Envelope
    trail: Trail
    size: int

    @property
    def addresses(self) -> frozenset[str]:
        """The recipients that it tells of."""
        return frozenset(result.recipient.address for result in self.notice.results)


class Settling:
    """The settlement of one attempt."""

    __slots__ = ("_attempt", "_desk", "_octets", "_successes", "_tries")

    def __init__(self, desk: Desk, attempt: Attempt, octets: bytes) -> None:
        self._desk, self._attempt, self._octets = desk, attempt, octets
        self._tries = attempt.tries + 1
        self._successes: dict[str, Prepared] = {}

    # --- inside the write that delivers

    async def prepare(self) -> None:
        """Composes the notices of success that would be due, for `within` to put them into the queue."""
        if not self._attempt.envelope.sender:
            return
        for recipient in self._attempt.envelope.recipients:
            if "SUCCESS" in wishes(recipient):
                result = Result(recipient, "sent", "2.0.0", DELIVERED)
                self._successes[recipient.address] = await self._prepare(Notice("delivered", (result,)))

    def within(self, tx: WriteTx, outcomes: Sequence[Outcome]) -> None:
        """Settles, inside the write that delivered, those outcomes for which no notice has to be composed first.

        Conflict, so that nothing was delivered, when somebody else has settled one of the recipients meanwhile.
        """
        waiting = _unsettled(tx, self._attempt.queue)
        if not waiting.keys() >= {each.address for each in self._attempt.envelope.recipients}:
            raise Conflict("somebody else has delivered this message meanwhile")
        ready = [result for result in self._judged(outcomes) if self._is_ready(result)]
        tx.settle([self._outcome(result) for result in ready])
        for result in ready:
            prepared = self._successes.get(result.recipient.address)
            if prepared is not None and result.verdict == "sent" and result.text == DELIVERED:
                for event in self._enqueue(tx, prepared):
                    tx.note(event)

    def left(self, outcomes: Sequence[Outcome]) -> list[Result]:
        """The results that `within` has left to `settle`."""
        return [result for result in self._judged(outcomes) if not self._is_ready(result)]

    def _judged(self, outcomes: Sequence[Outcome]) -> list[Result]:
        recipients = {each.address: each for each in self._attempt.envelope.recipients}
        return [
            self._desk.retries.judge(result_of(each, recipients[each.recipient]), self._tries)
            for each in outcomes
            if each.recipient in recipients
        ]

    def _is_ready(self, result: Result) -> bool:
        if result.verdict == "sent":
            return True
        if self._desk.judge is not None:  # it is asked outside of the write
            return False
        notice_after = self._desk.retries.notice_after
        return notice_of(self._attempt.envelope, result, self._tries, notice_after) is None

    # --- in a write of its own

    async def settle(self, results: Sequence[Result]) -> None:
        """Settles the results in one write, together with the notices that are due."""
        if not results:
            return
        desk, envelope = self._desk, self._attempt.envelope
        results = desk.confirmed.sure(self._attempt, results) if desk.confirmed is not None else results
        judged: Sequence[Result] = [desk.retries.judge(result, self._tries) for result in results]
        if desk.judge is not None:
            judged = await desk.judge(self._attempt, judged)
        due = notices_due(envelope, judged, self._tries, desk.retries.notice_after)
        prepared = [await self._prepare(notice) for notice in due]

        def work(tx: WriteTx) -> list[Event]:
            return self._write(tx, judged, prepared)

        events = await self._written(work)
        if desk.confirmed is not None:
            desk.confirmed.settled(self._attempt, (each.recipient.address for each in judged))
        self._remember(judged)
        say(desk.log, events)
        bounced = sum(1 for event in events if event.name == "notice_queued" and event.facts["about"] == "failed")
        if bounced:
            desk.counters.add("PROCESSING_Bounced", bounced)

    def confirmed(self, results: Sequence[Result]) -> None:
        """See `Settlement.confirmed`."""
        if self._desk.confirmed is None:
            return
        try:
            self._desk.confirmed.note(self._attempt, results)
        except OSError as error:
            self._desk.log.error("confirmation_not_kept", queue=int(self._attempt.queue), why=str(error))

    async def _written(self, work: Callable[[WriteTx], list[Event]]) -> list[Event]:
        """The write; tried until it can be done where a peer has confirmed something of this attempt."""
        desk = self._desk
        while True:
            try:
                return await desk.store.write(OPERATOR, work)
            except TryAgain as error:
                if desk.confirmed is None or not desk.confirmed.of(self._attempt):
                    raise
                desk.log.warning("not_settled", queue=int(self._attempt.queue), why=str(error))
                await asyncio.to_thread(desk.confirmed.sync)
                await asyncio.sleep(PAUSE)

    def _write(self, tx: WriteTx, judged: Sequence[Result], prepared: Sequence[Prepared]) -> list[Event]:
        attempt = self._attempt
        rows = _unsettled(tx, attempt.queue)
        mine = [result for result in judged if result.recipient.address in rows]
        tx.settle([self._outcome(result) for result in mine])
        events = [self._event(result) for result in mine]
        for notice in prepared:
            if notice.addresses <= rows.keys():
                events += self._enqueue(tx, notice)
        if any(result.verdict == "sent" and result.remote for result in mine):
            was = {rows[result.recipient.address].code for result in mine}
            if attempt.domain in self._desk.failing or not was.isdisjoint(UNREACHABLE):
                hastened = tx.hasten(attempt.domain)
                events += [self._trail.revived(attempt.domain, hastened)] if hastened else []
        for event in events:
            tx.note(event)
        return events

    @property
    def _trail(self) -> Trail:
        return Trail(self._attempt.envelope.message, self._attempt.envelope.by)

    def _remember(self, judged: Sequence[Result]) -> None:
        if any(result.unreachable for result in judged):
            if len(self._desk.failing) >= MOST_FAILING:
                self._desk.failing.clear()  # their own messages still say it
            self._desk.failing.add(self._attempt.domain)
        elif any(result.verdict == "sent" for result in judged):
            self._desk.failing.discard(self._attempt.domain)

    def _outcome(self, result: Result) -> Outcome:
        due = None
        if result.verdict == "later":
            due = self._desk.clock.now()
            due += timedelta() if result.soon else self._desk.retries.delay(self._tries)
        to = result.recipient.address
        return Outcome(
            self._attempt.queue, to, result.verdict, result.code, result.text, due, result.remote, result.hold
        )  # fmt: skip

    def _event(self, result: Result) -> Event:
        to = result.recipient.address
        if result.verdict == "sent":
            return self._trail.sent(to, result.remote, result.text)
        if result.hold:
            return self._trail.held(to, result.text)
        if result.verdict == "later":
            return self._trail.deferred(to, result.code, result.text, result.remote, self._tries)
        return self._trail.failed(to, result.code, result.text, result.remote, self._tries)

    # --- notices

    async def _prepare(self, notice: Notice) -> Prepared:
        desk, attempt = self._desk, self._attempt
        require_tls = attempt.envelope.require_tls
        occasion = Occasion(
            notice.action,
            replace(attempt.envelope, ret="HDRS") if require_tls else attempt.envelope,  # RFC 8689 §5
            self._octets,
            attempt.queued,
            desk.clock.now(),
            desk.host,
            desk.retries.given_up_after(attempt.queued) if notice.action == "delayed" else None,
        )
        fates = [Fate(each.recipient, each.code, each.text, each.remote) for each in notice.results]
        language = await language_of(desk, attempt.envelope.sender, attempt.envelope.by)
        report = compose(occasion, fates, desk.texts.words(notice.action, language))
        stored = await desk.blobs.put(report.octets)
        with server_log.message() as name:
            envelope = Envelope(
                sender="",
                recipients=(Recipient(attempt.envelope.sender, "NEVER"),),
                blob=stored.blob,
                size=stored.size,
                body=stored.body,
                message=name,
                own=True,
                utf8=report.utf8,
                require_tls=require_tls,
            )
        return Prepared(notice, envelope, Trail(name), len(report.octets))

    def _enqueue(self, tx: WriteTx, prepared: Prepared) -> list[Event]:
        queue = tx.enqueue(prepared.envelope)
        to = prepared.envelope.recipients[0].address
        return [
            self._trail.notice_queued(prepared.notice.action, to, prepared.trail.message),
            prepared.trail.received("", prepared.size, 1),
            prepared.trail.queued(queue, [to]),
        ]


async def language_of(desk: Desk, address: str, account: AccountId | None = None) -> str:
    """In which language the server writes to an address: as it, its domain or the server is set."""
    if not desk.texts.languages:
        return ""

    def work(tx: ReadTx) -> str:
        try:
            of = account if account is not None else tx.account(address).id
            return str(tx.setting("language", of).value)
        except GroupwareError:  # it is not here
            return str(tx.setting("language").value)

    return await desk.store.read(OPERATOR, work)


def _unsettled(tx: WriteTx, queue: QueueId) -> dict[str, QueuedRecipient]:
    """The recipients of a message that still wait, by address."""
    return {
        row.recipient.address: row
        for entry in tx.queued(queue)
        for row in entry.recipients
        if row.state not in ("sent", "failed")
    }
