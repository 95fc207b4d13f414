"""A mailbox that is full: other servers hear it at RCPT, and keep the message themselves (`smtp.full_mailbox`).

Only where all mail for the address would be put there: not for a group of several, and not where a script or
forwarding decides. What comes for these is taken, and what does not fit waits in the queue.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from groupware.model.errors import GroupwareError, TryAgain
from groupware.model.ids import AccountId
from groupware.model.principal import OPERATOR
from mailcore.smtp.reply import Reply
from mailcore.smtp.state import MX, State, Transaction

TOLD_EVERY: Final = 3600.0
"""Seconds in which it is noted once at most that an owner is to be told."""


async def full(state: State, transaction: Transaction, to: str) -> Reply | None:
    """Why a message is not taken now: the mailbox is full, or lacks room for what MAIL has said of its size."""
    if state.role != MX or state.who is not None or state.shared.config.smtp.full_mailbox != "tempreject":
        return None
    targets = transaction.targets[to]
    if isinstance(targets, GroupwareError) or len(targets) != 1:
        return None
    [target] = targets
    octets = max(transaction.params.size, 1)
    if target.account is None or target.room is None or octets <= target.room:
        return None
    state.log.info("mailbox_full", recipient=to, octets=octets, room=target.room)
    await _note(state, target.account, octets)
    return Reply(452, "4.2.2", f"<{to}>: this mailbox is full; try again later.")


async def _note(state: State, account: AccountId, octets: int) -> None:
    """Has the owner told, who may have been far from the threshold when it was lowered."""
    if state.shared.parts.rates.note(f"full {account}", TOLD_EVERY) > 1:
        return
    with suppress(TryAgain):  # whoever comes in the next interval has it noted
        await state.shared.parts.store.write(OPERATOR, lambda tx: tx.mailbox_full(account, octets))
