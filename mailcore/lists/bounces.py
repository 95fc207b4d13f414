"""Reports that come back to a list: who cannot be reached gets nothing more, until it is seen to be there. RFC 3464.

1. A report counts by the address it comes back to, which only this server can have made (VERP); without that by whom a
   report in the form of RFC 3464 names.
2. Days count, not reports: one busy day with a full mailbox suspends nobody. What is older than `FORGOTTEN` days
   counts no more.
3. Nothing is ever answered here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from groupware.mime.report import Reported, report_of
from groupware.model.event import Event
from groupware.model.mailinglist import Subscriber
from groupware.store.api import WriteTx
from mailcore.lists.desk import WHO, Case, Desk, settle
from mailcore.lists.letter import Letter
from mailcore.lists.letters import letter, send

FORGOTTEN: Final = 30
"""Days after which earlier returns count no more."""


async def take(desk: Desk, case: Case, more: str) -> None:
    """Counts a report for the subscriber that it is about. TryAgain."""
    report = report_of(case.letter.octets, case.letter.parts)
    found = report.recipients if report is not None else ()
    who = await _about(desk, case, more, found)
    failures = [each for each in found if each.failed]
    if who is None or (found and not failures) or not (found or _looks_returned(case.letter)):
        await settle(desk, case, "")
        return
    why = failures[0].why if failures else case.letter.subject
    await _count(desk, case, who, why)


def _looks_returned(found: Letter) -> bool:
    """Whether a letter without a report is one all the same: from nobody, and no note that somebody is away."""
    auto = found.value("auto-submitted").lower()
    return not found.sender and not found.value("x-autoreply") and "vacation" not in auto


async def _about(desk: Desk, case: Case, more: str, found: Sequence[Reported]) -> Subscriber | None:
    rules = case.rules
    number, _, word = more.partition("-")
    if number.isascii() and number.isdigit() and len(number) < 20:
        if not desk.seal.is_good(word, "bounces", rules.id, int(number)):
            return None
        return await desk.store.read(WHO, lambda tx: tx.subscriber(rules.id, int(number)))
    if case.rules.personal_sender or not found:
        return None  # without a sender of its own a report is taken at its word only where none has one
    return await desk.store.read(WHO, lambda tx: tx.subscriber(rules.id, found[0].address))


async def _count(desk: Desk, case: Case, who: Subscriber, why: str) -> None:
    rules, counted = case.rules, after(who, desk.clock.now(), case.rules.max_bounces)
    ends = counted.state == "suspended" and who.state == "active"
    letters = (
        await letter(desk, rules, rules.owners - {rules.address}, "suspended", address=who.address, reason=why)
        if ends
        else []
    )

    def work(tx: WriteTx) -> Sequence[Event]:
        now = tx.subscriber(rules.id, who.number)
        if now is None or now.state != who.state:
            return ()
        tx.put_subscriber(rules.id, counted)
        return send(tx, letters)

    if await settle(desk, case, "", work):
        desk.log.info("list_bounced", list=rules.address, address=who.address, count=counted.bounces, why=why)
        if ends:
            desk.log.info("list_suspended", list=rules.address, address=who.address, why=why)


def after(who: Subscriber, now: datetime, most: int) -> Subscriber:
    """The subscriber after one more report. Several on one day are one."""
    fresh = who.bounced is not None and now - who.bounced <= timedelta(days=FORGOTTEN)
    if fresh and who.bounced is not None and who.bounced.date() == now.date():
        return who
    bounces = who.bounces + 1 if fresh else 1
    suspended = most and bounces >= most and who.state == "active"
    return replace(who, bounces=bounces, bounced=now, state="suspended" if suspended else who.state)
