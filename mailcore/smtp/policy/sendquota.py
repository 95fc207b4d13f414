"""How much somebody may send: looked at from MAIL on, and counted for good before the message is taken.

1. What is counted is committed before the message is handed on, so no two processes let more through than there may be.
2. A message that is not taken after all is counted out again.
3. Who is refused, and the postmaster of the domain, get a letter, once in an interval.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from groupware.model.errors import GroupwareError
from groupware.model.event import Event, Outcome
from groupware.model.ids import AccountId
from groupware.model.policy import SendUse
from groupware.model.principal import OPERATOR, Principal
from groupware.store.api import WriteTx
from mailcore.queue.letters import Letter, Ready, post, ready
from mailcore.queue.texts import OwnLetter
from mailcore.queue.trace import say
from mailcore.smtp.footers import is_for_everybody
from mailcore.smtp.reply import Reply
from mailcore.smtp.state import State, Transaction


@dataclass(frozen=True, slots=True)
class Begun:
    """What is known of who signed in when a message begins."""

    use: SendUse | None = None
    """What was sent and may be sent; None without a limit."""
    refusal: Reply | None = None
    """Why no message may begin."""
    footed: bool = False
    """The message gets its footer for people here as well."""


async def begun(state: State) -> Begun:
    """What counts for a message that begins."""
    if state.who is None:
        return Begun()
    account = state.who.account
    use, footed = await state.shared.parts.store.glance(
        OPERATOR, lambda tx: (tx.send_use(account), is_for_everybody(tx, account))
    )
    if not use.limited:
        return Begun(footed=footed)
    lacks = use.lacks(1, 1, 0) if not use.exempt else ""  # else the first recipient that counts is told so
    return Begun(use, await _refused(state, state.who, use, lacks) if lacks else None, footed)


async def another(state: State, transaction: Transaction, to: str) -> Reply | None:
    """Why one more recipient is too many."""
    use = transaction.use
    if use is None or state.who is None or not use.counts(to):
        return None
    there = [each for each in (*transaction.recipients, *transaction.discarded) if use.counts(each)]
    lacks = use.lacks(1, len(there) + 1, 0)
    return await _refused(state, state.who, use, lacks) if lacks else None


async def counted(
    state: State, transaction: Transaction, octets: int, hand_over: Callable[[], Awaitable[Sequence[Outcome]]]
) -> Sequence[Outcome] | Reply:
    """Counts the message and hands it over; what that gives, or why the message is not taken."""
    before = transaction.use
    counting = [each for each in transaction.recipients if before is not None and before.counts(each)]
    if state.who is None or not counting:
        return await hand_over()
    account, many = state.who.account, len(counting)
    use, fits = await state.shared.parts.store.write(OPERATOR, lambda tx: tx.spend(account, many, octets))
    if not fits:
        return await _refused(state, state.who, use, use.lacks(1, many, octets))
    until = use.until

    async def back() -> None:
        if until is not None and state.who is not None:
            await _give_back(state, state.who, lambda tx: tx.give_back(account, many, octets, until))

    try:
        outcomes = await hand_over()
    except Exception:
        await back()
        raise
    if all(each.verdict == "failed" for each in outcomes):
        await back()
    return outcomes


async def _give_back(state: State, who: Principal, work: Callable[[WriteTx], None]) -> None:
    try:
        await state.shared.parts.store.write(OPERATOR, work)
    except GroupwareError as error:  # it counts, though it was not sent: better than the other way round
        state.log.warning("send_quota_not_given_back", account=who.name, why=str(error))


async def _refused(state: State, who: Principal, use: SendUse, lacks: str) -> Reply:
    until = (
        f" is possible again from {use.until:%Y-%m-%d %H:%M:%S} UTC on"
        if use.until is not None
        else " is possible when it is smaller"
    )
    state.log.warning("send_quota_reached", account=who.name, limit=lacks, messages=use.messages)
    if use.until is not None:
        await _tell(state, who, use, lacks)
    return Reply(451, "4.7.1", f"{who.name} may send {lacks} in one interval and has reached that; sending{until}.")


async def _tell(state: State, who: Principal, use: SendUse, lacks: str) -> None:
    parts, host = state.shared.parts, state.shared.host
    language = await parts.store.read(OPERATOR, lambda tx: str(tx.setting("language", who.account).value))
    own = state.shared.texts().letter("quota-sending", language)
    letters = [await ready(each, host, parts.clock.now(), parts.blobs) for each in _letters(who.name, use, lacks, own)]
    say(state.log, await parts.store.write(OPERATOR, lambda tx: _post(tx, who.account, letters)))


def _post(tx: WriteTx, account: AccountId, letters: Sequence[Ready]) -> list[Event]:
    """The letters and the mark that they were written are one write."""
    if not tx.told_of_sending(account):
        return []
    return [event for each in letters for event in post(tx, each)]


def _letters(name: str, use: SendUse, lacks: str, own: OwnLetter | None) -> list[Letter]:
    """In the administrator's words where there are some."""
    to = dict.fromkeys((name, f"postmaster@{name.rpartition('@')[2]}"))
    if own is not None:
        facts = {
            "address": name,
            "limit": lacks,
            "messages": f"{use.messages}",
            "recipients": f"{use.recipients}",
            "size": f"{use.octets // 1024}",
            "until": f"{use.until:%Y-%m-%d %H:%M:%S}" if use.until is not None else "",
        }
        subject, words = own.filled(facts)
        return [Letter(each, subject, words.split("\n")) for each in to]
    text = (
        f"{name} may send {lacks} in one interval, and has reached that.",
        f"So far these are {use.messages:,} messages to {use.recipients:,} recipients, {use.octets // 1024:,} KB.",
        "",
        f"Sending is possible again from {use.until:%Y-%m-%d %H:%M:%S} UTC on.",
        "If nobody has sent that much, somebody else may know the password: change it.",
    )
    return [Letter(each, f"{name} has sent all that it may for now", text) for each in to]
