"""The one way of a message into folders and queue: at once when it is accepted, or later from the queue.

1. One write for all recipients of a message: local folders, queue, trace. What comes back is committed.
2. One stored body for all local recipients; it begins with Return-Path (RFC 5321 §4.4). What leaves has none.
3. A recipient whose folder cannot take the message never holds up the others.
4. A message is put into a folder once, however many of its recipients lead there.
5. What filters want for a recipient is found out before the write (`filters`) and done in it (`sorting`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Final

from groupware.directory.api import Directory
from groupware.model.errors import GroupwareError, NotFound
from groupware.model.event import Attempt, Event, Outcome, Recipient, Target
from groupware.model.item import NewItem
from groupware.model.principal import DELIVERY, OPERATOR, Principal
from groupware.store.api import Blobs, Store, Stored, WriteTx
from mailcore.queue import filter_counts, meetings
from mailcore.queue.delivery import BodyNeeded, Done, carry_out
from mailcore.queue.filters import Case, Chain, Decision, Place, Refusal
from mailcore.queue.holding import Holder, Wanted
from mailcore.queue.plans import Message, Plan, Step, Targets, envelope_of, letter_of, outcome_of, plan_of
from mailcore.queue.sorting import Prepared, Sorted, Whole, carry
from mailcore.queue.trace import Trail, say
from mailcore.server.counters import Counters
from mailcore.server.events import EventLog

PROCESSING: Final = replace(OPERATOR, client="processing")
"""Delivers from the queue, and in the same write says what became of the recipients."""

Settle = Callable[[WriteTx, Sequence[Outcome]], None]
"""Called inside the write that delivers, with the outcomes of the attempt. It may run twice, as all of `work`."""


class Intake:
    """Accepts messages. One object for the whole process."""

    def __init__(
        self,
        store: Store,
        blobs: Blobs,
        directory: Directory,
        counters: Counters,
        log: EventLog,
        filters: Chain | None = None,
        back: Callable[[str], str | None] = lambda address: None,
        secret: bytes = b"",
    ) -> None:
        """`back`: whom mail to a rewritten sender is for (`mailcore.smtp.srs`); `secret`: that of the site."""
        self._store, self._blobs, self._directory = store, blobs, directory
        self._holder = Holder(store, blobs, secret)
        self._counters, self._log = counters, log
        self._filters, self._back = Chain((), log) if filters is None else filters, back

    async def resolve(self, addresses: Collection[str]) -> Mapping[str, Targets]:
        """Where each address leads, or why it leads nowhere: NotFound, or TryAgain while the directory is away."""
        back = {each: [Target("remote", address=to)] for each in addresses if (to := self._back(each)) is not None}
        wanted = [each for each in dict.fromkeys(addresses) if each not in back]
        try:
            found = await self._directory.resolve_all(wanted)
        except GroupwareError as error:
            return {**back, **dict.fromkeys(wanted, error)}
        return {
            **back,
            **{
                address: targets or NotFound(f"<{address}> leads nowhere.")
                for address, targets in zip(wanted, found, strict=True)
            },
        }

    async def accept(
        self,
        message: Message,
        *,
        settle_local: bool = True,
        keep: bool = True,
        known: Mapping[str, Targets] | None = None,
        held: str = "",
        settle: Settle | None = None,
    ) -> Sequence[Outcome]:
        """Takes the message over; one outcome for each recipient, after COMMIT. TryAgain: nothing was accepted.

        `sent`: it is in its folder, or in the queue when `queue` says under which number. With `keep` the queue also
        takes what cannot be delivered now; without it (LMTP) that comes back as `later` or `failed`, and stays the
        client's. With `settle_local` False, or for a later time, everything is queued; who wants a report of success
        (DSN) always is.
        `known` are targets that were looked up already. With `keep` either all have `failed`, for filters refuse the
        message for every recipient (a scanner, ereject), and nothing was accepted; or none has. `held`: it is held
        back for all of them, for that reason. `settle` gets the outcomes in the same write.
        """
        early: Sequence[Recipient]
        now = settle_local and message.due is None
        early = [each for each in message.recipients if now and "SUCCESS" not in each.notify]
        trail = Trail(message.message, message.by)
        whole = Whole(
            message.sender, message.octets, trail, message.utf8, message.body_type,
            require_tls=message.require_tls, own=message.by is not None,
        )  # fmt: skip
        prepared = Prepared(whole, self._blobs)
        if held:
            early = message.recipients
            plan = await self._held(await self._plan(early, known or {}), whole, held)
        else:
            plan = await self._judged(await self._whole_plan(message, early, known or {}), whole, prepared, keep=keep)
        if keep and (refusal := plan.refusal or _early(plan, message)) is not None:
            return await self._refuse(message, plan, refusal)
        plan = replace(plan, away=(*plan.away, *plan.waiting), waiting=())
        item = await prepared.item(message.octets) if plan.here else None
        stored = await self._blobs.put(message.octets) if plan.away or (keep and plan.nowhere) else None
        try:
            done = await self._take(message, plan, item, stored, keep, settle)
        except BodyNeeded:
            done = await self._take(message, plan, item, await self._blobs.put(message.octets), keep, settle)
        self._tell(done)
        return [done.outcomes[each.address] for each in message.recipients]

    async def drop(self, message: Message) -> None:
        """Writes down that rules have taken all recipients off a message. TryAgain."""
        trail = Trail(message.message, message.by)
        told = [
            trail.received(
                message.sender, len(message.octets), 0, peer=message.peer, helo=message.helo,
                letter=letter_of(message.octets), checked=message.checked,
            ),
            *by_rules(message, trail),
        ]  # fmt: skip

        def work(tx: WriteTx) -> None:
            for event in told:
                tx.note(event)

        await self._store.write(DELIVERY, work)

    async def deliver_local(self, attempt: Attempt, settle: Settle) -> Sequence[Outcome]:
        """Delivers an attempt for local recipients; `settle` gets the outcomes in the same write.

        So nothing is delivered without being written down. What leads elsewhere is queued under its own address.
        NotFound: the body is lost. TryAgain: the database or the object store is away.
        """
        envelope = attempt.envelope
        octets = await self._blobs.read(envelope.blob)
        trail = Trail(envelope.message, envelope.by)
        whole = Whole(
            envelope.sender,
            octets,
            trail,
            envelope.utf8,
            envelope.body_type,
            cleared=envelope.cleared,
            require_tls=envelope.require_tls,
            own=envelope.own,
        )
        prepared = Prepared(whole, self._blobs)
        plan = await self._judged(await self._plan(envelope.recipients, {}), whole, prepared, keep=False)
        plan = replace(plan, sorted=tuple((step, _unreported(each)) for step, each in plan.sorted))
        item = await prepared.item(octets) if plan.here else None

        def work(tx: WriteTx) -> Done:
            done = carry_out(tx, plan, item, envelope, trail, keep=False)
            done.events = [each for each in done.events if each.name != "undelivered"]  # settling says it
            done.outcomes = {name: replace(each, queue=attempt.queue) for name, each in done.outcomes.items()}
            settle(tx, [done.outcomes[each.address] for each in envelope.recipients])
            for event in done.events:
                tx.note(event)
            return done

        done = await self._write(PROCESSING, octets, plan, work)
        self._tell(done)
        return [done.outcomes[each.address] for each in envelope.recipients]

    async def _plan(self, recipients: Sequence[Recipient], known: Mapping[str, Targets]) -> Plan:
        missing = [each.address for each in recipients if each.address not in known]
        return plan_of(recipients, {**known, **await self.resolve(missing)} if missing else known)

    async def _whole_plan(self, message: Message, early: Sequence[Recipient], known: Mapping[str, Targets]) -> Plan:
        """The plan for those who get it now, and of the others, who wait in the queue, who is elsewhere."""
        plan, late = await self._plan(early, known), [each for each in message.recipients if each not in early]
        if not late:
            return plan
        if not self._filters:
            return replace(plan, waiting=tuple([Step(each.address, each) for each in late]))
        away = {step.given: step for step in (await self._plan(late, known)).away if step.alone}
        others = [Step(each.address, each) for each in late if each.address not in away]
        reported = [replace(step, recipient=each) for each in late if (step := away.get(each.address)) is not None]
        return replace(plan, away=(*plan.away, *reported), waiting=tuple(others))

    async def _judged(self, plan: Plan, whole: Whole, prepared: Prepared, *, keep: bool) -> Plan:
        """The plan with what the filters want, storable. `TryAgain`. With `keep` what leaves may be refused."""
        out = Target("remote", address=plan.away[0].recipient.address) if plan.away else None
        targets = [target for _, target in plan.here]
        judges = await self._filters.judges([*targets, out] if out is not None else targets, whole.octets)
        if not judges:
            return plan
        async with self._filters.places:
            return await self._sorted(plan, whole, prepared, judges, keep=keep)

    async def _sorted(
        self, plan: Plan, whole: Whole, prepared: Prepared, judges: Mapping[Target, Sequence[Place]], *, keep: bool
    ) -> Plan:
        """The plan with what these want."""
        out = Target("remote", address=plan.away[0].recipient.address) if plan.away else None
        if out is not None and out in judges:
            plan = await self._let_out(plan, whole, out, judges[out], keep=keep)
        mine = [(step, target) for step, target in plan.here if target in judges]
        trail = whole.trail
        cases = [
            Case(trail.message, whole.octets, whole.sender, step.recipient, target, trail.by, cleared=whole.cleared)
            for step, target in mine
        ]
        begun = time.perf_counter()
        decisions = await asyncio.gather(*(self._filters.decide(each, judges[each.target]) for each in cases))
        filter_counts.count(self._counters, cases, decisions, time.perf_counter() - begun)
        found: list[tuple[Step, Sorted]] = []
        aside: list[Wanted] = []
        for (step, target), decision in zip(mine, decisions, strict=True):
            if (held := _held_back(step, target, decision, trail)) is not None:
                aside.append(held)
            else:
                found.append((step, await prepared.sorted(step.recipient, target, decision)))
        here = tuple((step, target) for step, target in plan.here if target not in judges)
        holdings = await self._holder.prepared(whole, aside) if aside else ()
        return replace(plan, here=here, sorted=tuple(found), held=(*plan.held, *holdings))

    async def _let_out(self, plan: Plan, whole: Whole, out: Target, judges: Sequence[Place], *, keep: bool) -> Plan:
        """The plan as filters leave it that look at what goes to other servers: once for all, and as it is. `TryAgain`.

        Refused is the whole message, while its sender is there to hear it; later it is held back.
        """
        trail, first = whole.trail, plan.away[0]
        case = Case(trail.message, whole.octets, whole.sender, first.recipient, out, trail.by, cleared=whole.cleared)
        begun = time.perf_counter()
        decision = await self._filters.decide(case, judges)
        filter_counts.count(self._counters, [case], [decision], time.perf_counter() - begun)
        if decision.trouble is not None:
            raise decision.trouble
        what = decision.disposition
        if what.refusal is not None and keep:
            return replace(plan, refusal=what.refusal)
        if what.refusal is not None and what.refusal.later:
            raise what.refusal.error
        reason = what.quarantine or (what.refusal.text if what.refusal is not None else "")
        if not reason and (what.filings or what.redirections):
            return plan
        remote = [(step, Target("remote", address=step.recipient.address)) for step in plan.away]
        wanted = [Wanted(step, target, reason or "a filter would drop it", whole.octets) for step, target in remote]
        return replace(plan, away=(), held=await self._holder.prepared(whole, wanted))

    async def _held(self, plan: Plan, whole: Whole, reason: str) -> Plan:
        """The plan by which nobody gets it now who would get it."""
        away = [(step, Target("remote", address=step.recipient.address)) for step in plan.away]
        wanted = [Wanted(step, target, reason, whole.octets) for step, target in (*plan.here, *away)]
        return replace(plan, here=(), away=(), held=await self._holder.prepared(whole, wanted))

    async def _refuse(self, message: Message, plan: Plan, refusal: Refusal) -> Sequence[Outcome]:
        """The answers for a message that is not taken because nobody is to have it; the trace says so. `TryAgain`."""
        trail = Trail(message.message, message.by)
        outcomes = [outcome_of(refusal.error, each.address) for each in message.recipients]
        refused = [trail.undelivered(each.recipient, each.code, each.text) for each in outcomes]

        def work(tx: WriteTx) -> Sequence[Event]:
            fates = carry(tx, [each for _, each in plan.sorted], trail)
            events = [*(event for fate in fates for event in fate.events), *refused]
            for event in events:
                tx.note(event)
            return events

        say(self._log, await self._store.write(DELIVERY, work))
        if refusal.later:
            raise refusal.error
        return outcomes

    async def _take(
        self,
        message: Message,
        plan: Plan,
        item: NewItem | None,
        stored: Stored | None,
        keep: bool,
        settle: Settle | None,
    ) -> Done:
        envelope = envelope_of(message, stored)
        trail = Trail(message.message, message.by)
        received = trail.received(
            message.sender,
            len(message.octets),
            len(message.recipients),
            peer=message.peer,
            helo=message.helo,
            letter=letter_of(message.octets),
            checked=message.checked,
        )
        told = [received, *by_rules(message, trail)]

        def work(tx: WriteTx) -> Done:
            if message.once and message.by is not None:
                tx.claim_sending(message.by, message.once)
            done = carry_out(tx, plan, item, envelope, trail, keep=keep)
            if settle is not None:
                settle(tx, [done.outcomes[each.address] for each in message.recipients])
            for event in (*told, *done.events):
                tx.note(event)
            return done

        return await self._write(DELIVERY if settle is None else PROCESSING, message.octets, plan, work)

    async def _write(self, who: Principal, octets: bytes, plan: Plan, work: Callable[[WriteTx], Done]) -> Done:
        """The write, with the invitations that the message holds."""
        here, judged = [target for _, target in plan.here], [each for _, each in plan.sorted]
        return await meetings.write(self._store, self._blobs, who, octets, here, judged, work)

    def _tell(self, done: Done) -> None:
        if done.deliveries:
            self._counters.add("PROCESSING_DeliveredLocal", done.deliveries)
        if done.held:
            self._counters.add("PROCESSING_Quarantined", done.held)
        say(self._log, done.events)


def _early(plan: Plan, message: Message) -> Refusal | None:
    """The first refusal, where no recipient is to have the message and all want that in the reply; before any for good
    one that is not."""
    if len(plan.sorted) != len(message.recipients) or plan.here or plan.away or plan.nowhere or plan.waiting:
        return None
    refusals = [each.refusal for step, each in plan.sorted if step.alone]
    wanted = [each for each in refusals if each is not None and each.early]
    return min(wanted, key=lambda each: not each.later) if len(wanted) == len(plan.sorted) else None


def _held_back(step: Step, target: Target, decision: Decision, trail: Trail) -> Wanted | None:
    """What is to be held back for one recipient."""
    quarantine = decision.disposition.quarantine
    if quarantine is None or decision.trouble is not None:
        return None
    to = step.recipient.address
    said = tuple(trail.filtered(to, name, each.did, each.script, each.line) for name, each in decision.said)
    return Wanted(step, target, quarantine, decision.octets, said)


def _unreported(each: Sorted) -> Sorted:
    """Without its refusal, so that it is dropped, where nobody may be told of that."""
    return replace(each, refusal=None) if each.refusal is not None and each.refusal.silent else each


def by_rules(message: Message, trail: Trail) -> Sequence[Event]:
    """What rules did with it while it came in."""
    done = [trail.ruled(each.at, each.rules, each.did) for each in message.ruled]
    return [*done, trail.discarded(message.discarded)] if message.discarded else done
