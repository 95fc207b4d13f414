"""Looks at what has come to lists, and handles each message in its order.

1. Nothing that decides what is to be done is kept here: what lies in INBOX and Approved is what is to be done.
2. What cannot be handled now lies where it is and is tried again; what cannot be handled at all waits for a moderator.
3. Several processes may be at it: each write looks first whether its message is still there.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Sequence
from contextlib import closing
from typing import Final

from groupware.model.errors import GroupwareError, NotFound
from groupware.model.ids import EVERY, AccountId, FolderId, Uid
from groupware.model.item import Item
from groupware.model.mailinglist import FOLDERS, MODERATION, WORDS, ListWork
from groupware.store.api import LISTS, Bus, ReadTx, WriteTx
from mailcore.lists import bounces, commands, digests
from mailcore.lists.desk import WHO, Case, Desk, folder, settle
from mailcore.lists.letter import Letter, read
from mailcore.lists.posts import moderate, post
from mailcore.lists.rules import Rules, rules_of
from mailcore.queue.held import CLEARED
from mailcore.server import log as server_log

EVERY_SECONDS: Final = 60.0
"""After which lists are looked at even if nobody said a word: digests may be due, a mark may be lost."""
PAGE: Final = 100


async def keep(desk: Desk, bus: Bus) -> None:
    """Handles what comes, until cancelled."""
    while True:
        try:
            places = await look(desk)
            with closing(bus.watch([LISTS, *(each.approved for each in places if each.approved is not None)])) as watch:
                places = await look(desk)  # what came before anybody watched
                counts = [await handle(desk, place) for place in places]
                if max(counts, default=0) < PAGE:  # else there may be more
                    await watch.changed(EVERY_SECONDS)
        except GroupwareError as error:  # the database is away
            desk.log.warning("lists_unreadable", why=str(error))
            await asyncio.sleep(1)


async def run_due(desk: Desk) -> int:
    """Handles all there is, until nothing is left that could be; how many messages these were."""
    count = 0
    while done := sum([await handle(desk, place) for place in await look(desk)]):
        count += done
    return count


async def look(desk: Desk) -> Sequence[ListWork]:
    """Every list, with what there is to be done; the folders that one lacks are made."""
    places = await desk.store.read(WHO, lambda tx: tx.mail_lists())
    lacking = [each.list for each in places if each.inbox is None or each.approved is None]
    for of in lacking:
        await desk.store.write(WHO, lambda tx, of=of: _furnish(tx, of))  # type: ignore[misc]
    return await desk.store.read(WHO, lambda tx: tx.mail_lists()) if lacking else places


def _furnish(tx: WriteTx, of: AccountId) -> None:
    for name in FOLDERS:
        folder(tx, of, name)


# --- one list -------------------------------------------------------------------------------------------------------


async def handle(desk: Desk, place: ListWork) -> int:
    """Handles what one list has got, and what is due of its digests; how many messages that were."""
    count = 0
    try:
        for at in (place.approved, place.inbox) if place.letters else ():
            if at is not None:
                count += await _handle_all(desk, place, at)
        if place.digest:
            await digests.send_due(desk, place.list)
    except GroupwareError as error:  # it is tried again
        desk.log.warning("list_waits", list=int(place.list), why=str(error))
    return count


async def _handle_all(desk: Desk, place: ListWork, at: FolderId) -> int:
    items = await desk.store.read(WHO, lambda tx: tx.items(at, EVERY, limit=PAGE))
    for item in items:
        rules, tag = await desk.store.read(WHO, lambda tx, uid=item.uid: _known(tx, place.list, at, uid))  # type: ignore[misc]
        try:
            octets = await desk.blobs.read(item.blob)
        except NotFound as error:
            desk.log.error("list_body_lost", list=rules.address, uid=int(item.uid), why=str(error))
            await _aside(desk, place, at, item, rules)
            continue
        with server_log.session():
            letter, cleared = read(octets), CLEARED in item.keywords
            await _handle_one(
                desk, place, Case(rules, at, item.uid, item.id, letter, tag, at == place.approved, cleared)
            )
    return len(items)


def _known(tx: ReadTx, of: AccountId, at: FolderId, uid: Uid) -> tuple[Rules, str]:
    return rules_of(tx, of), tx.list_progress(at, uid).tag


async def _handle_one(desk: Desk, place: ListWork, case: Case) -> None:
    try:
        await _by_its_address(desk, case)
    except GroupwareError:
        raise
    except Exception as error:  # a bug of ours costs one message its way, and nobody else anything
        facts = {"error": repr(error), "traceback": traceback.format_exc()}
        desk.log.error("list_crashed", list=case.rules.address, uid=int(case.uid), **facts)
        await settle(desk, case, MODERATION)


async def _by_its_address(desk: Desk, case: Case) -> None:
    """Does what the address asks for that the message came to."""
    word, _, more = case.tag.partition("+")
    word = word.lower() if word.lower() in WORDS else ""
    if not word or case.approved:
        await post(desk, case)
    elif word in ("approve", "reject"):
        await moderate(desk, case, word, more)
    elif word == "bounces":
        await bounces.take(desk, case, more)
    elif word == "owner":
        await commands.to_owners(desk, case)
    else:
        await commands.take(desk, case, word, more)


async def _aside(desk: Desk, place: ListWork, at: FolderId, item: Item, rules: Rules) -> None:
    """Puts a message aside that nobody can read any more."""
    case = Case(rules, at, item.uid, item.id, Letter(b"", "", (), 0, ()))
    await settle(desk, case, MODERATION)
