"""A meeting passed on to somebody whom nobody has invited yet: SmartForward of an event. MS-ASCMD §2.2.1.19, 16.x."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from connectors.activesync.errors import INVALID_CONTENT, ITEM_NOT_FOUND, SENT_ALREADY, SUBMISSION_FAILED, EasError
from connectors.activesync.exchange import Exchange
from connectors.activesync.mail.outgoing import check_unsent, once_of, was_sent
from connectors.activesync.pim import shelf
from connectors.activesync.times import read_time, seconds_of
from connectors.exchange.forwarding import MOST, invitation, invited, letters, organizes
from groupware.calendar.imip import Sender
from groupware.model.errors import Malformed, NotFound
from groupware.model.folder import Folder
from mailcore.smtp.handin import NotTaken, Submission


async def forward(
    exchange: Exchange, at: Folder, item: int, instance: str, people: Sequence[str], comment: str, client: str
) -> None:
    """Invites each of them, to all of it or to one occurrence: who organizes it, by a change of the event. `EasError`.

    Others send the invitation as it stands, once by the ClientId, and the organizer is told. What some of them have got
    already the others still get when the device asks again.
    """
    if not people or len(people) > MOST:
        raise EasError(INVALID_CONTENT, f"a meeting is passed on to somebody, and to {MOST} people at most")
    me, mine = await exchange.read(
        lambda tx: (tx.account(tx.who.account), {each.lower() for each in tx.addresses(tx.who.account)})
    )
    try:
        stored = await shelf.read_object(exchange, at, item)
        key = _key(instance)
        if at.own and organizes(stored.octets, mine):
            octets = await asyncio.to_thread(invited, stored.octets, key, people, me.address)
            await shelf.rewritten(exchange, at, stored, octets, comment, frozenset(map(str.lower, people)))
            return
        read = await asyncio.to_thread(invitation, stored.octets, key, comment, me.address)
    except (NotFound, Malformed, ValueError) as error:
        raise EasError(ITEM_NOT_FOUND, str(error)) from None
    sent = 0
    for each, letter in letters(read, Sender(me.address, me.name), people, exchange.parts.clock.now()):
        once = once_of(exchange, "meeting", client, each) if client else ""
        if await was_sent(exchange, once):
            continue
        words = [] if letter.isascii() else ["BODY=8BITMIME"]
        try:
            await exchange.hand_in(Submission(me.address, words, {each: ()}, letter, once))
            sent += 1
        except NotTaken as refused:
            await check_unsent(exchange, once)
            raise EasError(SUBMISSION_FAILED, str(refused)) from None
    if not sent:
        raise EasError(SENT_ALREADY, "that meeting has been passed on")


def _key(instance: str) -> int | None:
    """Which occurrence; None: all of it. ValueError."""
    at = read_time(instance) if instance else None
    if instance and at is None:
        raise ValueError("InstanceId is no time")
    return seconds_of(at) if at is not None else None
