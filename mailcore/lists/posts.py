"""A message to everybody on a list: sent on, kept for a moderator, or not."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from groupware.model.addresses import normal
from groupware.model.errors import GroupwareError
from groupware.model.event import Event
from groupware.model.ids import FolderId, ItemId, Uid
from groupware.model.mailinglist import APPROVED, MODERATION, REJECTED, Subscriber
from groupware.model.memory import Memory
from groupware.store.api import ReadTx, WriteTx
from mailcore.lists.decide import Verdict, decide, goes_in_a_circle
from mailcore.lists.desk import WHO, Case, Desk, folder, settle
from mailcore.lists.distribute import distribute
from mailcore.lists.letters import letter, send
from mailcore.queue.letters import Ready

MOST_WAITING: Final = 100
"""With so many messages waiting moderators are told of no more: whoever floods a list does not flood them."""
ONCE_IN: Final = 86_400
"""Seconds within which an author is told once that a message was not sent on."""


async def post(desk: Desk, case: Case) -> None:
    """Does what is to be done with it. TryAgain."""
    verdict = await _verdict(desk, case)
    facts = {"list": case.rules.address, "letter": case.letter.letter_id, "author": case.letter.address}
    if verdict.what == "send":
        await distribute(desk, case, in_own_name=await _in_own_name(desk, case))
    elif verdict.what == "hold":
        await _hold(desk, case, verdict.why)
        desk.log.info("list_held", why=verdict.why, **facts)
    else:
        await refuse(desk, case, verdict.why, told=verdict.what == "reject")
        desk.log.info("list_refused", why=verdict.why, **facts)


async def _verdict(desk: Desk, case: Case) -> Verdict:
    if case.approved:
        circle = goes_in_a_circle(case.rules, case.letter)
        return Verdict("drop", "it has been on this list already") if circle else Verdict("send")
    address = case.letter.address

    def known(tx: ReadTx) -> tuple[Subscriber | None, bool]:
        return tx.subscriber(case.rules.id, address) if address else None, _from_a_list(tx, desk, case)

    subscriber, passed_on = await desk.store.read(WHO, known)
    vouched = passed_on or case.letter.is_vouched(desk.host, desk.authserv_id)
    return decide(case.rules, case.letter, subscriber, vouched=vouched)


def _from_a_list(tx: ReadTx, desk: Desk, case: Case) -> bool:
    """Whether another list here, which this one is on, has sent it: that list has looked at its author."""
    try:
        [target] = tx.resolve(case.letter.sender)
    except (GroupwareError, ValueError):
        return False
    word, _, more = target.tag.partition("+")
    number, _, seal = more.partition("-")
    if target.kind != "list" or target.account is None or word.lower() != "bounces" or not number.isdecimal():
        return False
    if not desk.seal.is_good(seal, "bounces", target.account, number):
        return False
    there = tx.subscriber(target.account, int(number))
    return there is not None and there.address == case.rules.address


async def _in_own_name(desk: Desk, case: Case) -> bool:
    """Whether From has to be the list. What cannot be looked up might forbid us to send in its name."""
    if case.rules.rewrite_from != "dmarc":
        return case.rules.rewrite_from == "always"
    domain = case.letter.address.rpartition("@")[2]
    if not domain or domain == case.rules.domain or desk.policy is None:
        return False
    return await desk.policy(domain) != "none"


async def _hold(desk: Desk, case: Case, why: str) -> None:
    """Keeps it for moderators, who are told of it."""
    rules, word = case.rules, desk.seal.of("approve", case.rules.id, case.item)
    waiting = await desk.store.read(WHO, lambda tx: tx.locate(rules.id, MODERATION).total)
    letters: Sequence[Ready] = ()
    if waiting < MOST_WAITING:
        letters = await letter(
            desk,
            rules,
            [each for each in rules.moderators if normal(each) != rules.address],
            "held",
            reply_to=rules.at("approve", f"{case.item}-{word}"),
            author=case.letter.author.address,
            subject=case.letter.subject,
            reason=why,
            approve=rules.at("approve", f"{case.item}-{word}"),
            reject=rules.at("reject", f"{case.item}-{word}"),
        )
    await settle(desk, case, MODERATION, lambda tx: send(tx, letters))


async def refuse(desk: Desk, case: Case, why: str, *, told: bool) -> None:
    """Puts it away, and tells the author where that is no annoyance to somebody else."""
    rules, author = case.rules, case.letter.address
    vouched = case.letter.is_vouched(desk.host, desk.authserv_id)
    letters: Sequence[Ready] = ()
    if told and vouched and case.letter.may_be_answered:
        subject = case.letter.subject
        letters = await letter(desk, rules, [author], "auto-reject", subject=subject, reason=why)
    once = Memory("list-refused", sha256(author.encode()).hexdigest(), ONCE_IN)

    def work(tx: WriteTx) -> Sequence[Event]:
        return send(tx, letters) if letters and tx.remember(rules.id, once) else ()

    await settle(desk, case, REJECTED, work)


# --- what moderators answer -----------------------------------------------------------------------------------------


async def moderate(desk: Desk, case: Case, word: str, more: str) -> None:
    """An answer to the letter about a message that waits: it is approved, or refused."""
    number, _, seal = more.partition("-")
    good = number.isascii() and number.isdigit() and len(number) < 20
    good = good and desk.seal.is_good(seal, "approve", case.rules.id, int(number)) and not case.letter.is_automatic
    done = False

    def work(tx: WriteTx) -> Sequence[Event]:
        nonlocal done
        done = good and _judged(tx, case, int(number), APPROVED if word == "approve" else REJECTED)
        return ()

    if await settle(desk, case, "", work):
        desk.log.info("list_moderated", list=case.rules.address, by=case.letter.address, what=word, done=done)


def _judged(tx: WriteTx, case: Case, item: int, to: str) -> bool:
    waits = tx.locate(case.rules.id, MODERATION).id
    at, uid = tx.placed([ItemId(item)]).get(ItemId(item), (FolderId(0), Uid(0)))
    if at != waits:
        return False
    tx.move(waits, ((uid, uid),), folder(tx, case.rules.id, to).id)
    return True
