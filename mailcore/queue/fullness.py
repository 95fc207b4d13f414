"""Telling people that their mailbox fills up, by a letter into it. `quotaLimitThreshold` says from when on."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from functools import partial
from typing import Final

from groupware.mime.item import read_item
from groupware.model.errors import TryAgain
from groupware.model.event import Event, QuotaWarning
from groupware.model.item import NewItem
from groupware.model.principal import OPERATOR
from groupware.store.api import WriteTx
from mailcore.queue.letters import Letter, composed
from mailcore.queue.settlement import Desk, language_of
from mailcore.queue.trace import Trail, say
from mailcore.server import log as server_log

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
            octets = composed(await _letter(desk, warning), desk.host, desk.clock.now())
            item = await read_item(b"Return-Path: <>\r\n" + octets, desk.blobs)
            with server_log.message() as message:
                put = partial(_put, warning=warning, item=item, size=len(octets), trail=Trail(message))
                say(desk.log, await desk.store.write(OPERATOR, put))
            count += 1
    return count


def _put(tx: WriteTx, warning: QuotaWarning, item: NewItem, size: int, trail: Trail) -> Sequence[Event]:
    """The letter, which is not kept out by what it tells of: it and the mark that it was written are one write."""
    at = tx.tell_of_quota(warning.account, item)
    if at is None:
        return ()
    events = (trail.received("", size, 1), trail.delivered({warning.address: at}))
    for event in events:
        tx.note(event)
    return events


async def _letter(desk: Desk, warning: QuotaWarning) -> Letter:
    """What the owner is told, in the owner's language where there is a template for it."""
    name = "quota-storage" if warning.resource == "STORAGE" else "quota-messages"
    own = desk.texts.letter(name, await language_of(desk, warning.address, warning.account))
    if own is None:
        return letter(warning)
    unit = _MB if warning.resource == "STORAGE" else 1
    facts = {
        "address": warning.address,
        "share": str(warning.used * 100 // warning.most),
        "used": f"{warning.used / unit:.1f}" if unit > 1 else str(warning.used),
        "most": f"{warning.most / unit:.1f}" if unit > 1 else str(warning.most),
    }
    subject, text = own.filled(facts)
    return Letter(warning.address, subject, text.split("\n"))


def letter(warning: QuotaWarning) -> Letter:
    """What the owner is told where nobody has written it otherwise."""
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
