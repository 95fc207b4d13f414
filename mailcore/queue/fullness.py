"""Telling people that their mailbox fills up, by a letter into it. `quotaLimitThreshold` says from when on."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Final

from groupware.model.errors import TryAgain
from groupware.model.event import Event, QuotaWarning
from groupware.model.principal import OPERATOR
from groupware.store.api import WriteTx
from mailcore.queue.letters import Letter, Ready, post, ready
from mailcore.queue.settlement import Desk
from mailcore.queue.trace import say

EVERY: Final = 20.0
"""Seconds between two looks."""
_MB: Final = 1024 * 1024


async def keep_telling(desk: Desk) -> None:
    """Look from time to time who is to be told, until cancelled."""
    while True:
        with contextlib.suppress(TryAgain):  # the database is away: who was not told is told later
            await tell(desk)
        await asyncio.sleep(EVERY)


async def tell(desk: Desk) -> int:
    """Tell everybody who is to be told now; how many these were. `TryAgain`."""
    count = 0
    while warnings := await desk.store.read(OPERATOR, lambda tx: tx.quota_warnings()):
        for warning in warnings:
            made = await ready(letter(warning), desk.host, desk.clock.now(), desk.blobs)
            say(desk.log, await desk.store.write(OPERATOR, lambda tx, one=warning, made=made: _post(tx, one, made)))  # type: ignore[misc]
            count += 1
    return count


def _post(tx: WriteTx, warning: QuotaWarning, made: Ready) -> Sequence[Event]:
    """The letter and the mark that it was written are one write: nobody is told twice, and nobody is forgotten."""
    return post(tx, made) if tx.told_of_quota(warning.account) else ()


def letter(warning: QuotaWarning) -> Letter:
    """What the owner is told."""
    share = warning.used * 100 // warning.most
    if warning.resource == "STORAGE":
        holds = f"It holds {warning.used / _MB:,.1f} MB, and may hold {warning.most / _MB:,.1f} MB."
    else:
        holds = f"It holds {warning.used:,} messages, and may hold {warning.most:,}."
    text = (
        f"Your mailbox {warning.address} is {share} % full.",
        holds,
        "",
        "When it is full, mail for you is returned to those who sent it.",
        "Delete what you no longer need, and empty the Trash; or ask your administrator for more room.",
    )
    return Letter(warning.address, f"Your mailbox is {share} % full", text)
