"""What filters ask of objects that were stored before it was kept beside them. Decisions 369 and 394."""

from __future__ import annotations

import asyncio
from typing import Final

from groupware.calendar.facts import facts_of
from groupware.calendar.object import read_object
from groupware.contacts.card import keys_of, read_card
from groupware.model.errors import Malformed, NotFound, TryAgain
from groupware.store import upkeep
from groupware.store.api import Blobs, Store
from groupware.store.upkeep import Waiting

FILLED_AT_ONCE: Final = 100
READ_ALONE: Final = 128 * 1024
"""Octets of an object from which on it is not in memory with others."""


async def fill(store: Store, blobs: Blobs, limit: int = FILLED_AT_ONCE) -> int:
    """Puts the facts of up to so many objects that wait for them beside them; how many these were.

    What cannot be read just now goes on waiting, and is not counted; of what is lost there are none.
    """
    waiting = await upkeep.waiting_facts(store, limit)
    bodies = await blobs.read_many([each.blob for each in waiting if each.size < READ_ALONE])
    some = [each for each in waiting if each.blob in bodies]
    made = await asyncio.to_thread(lambda: [_facts(each, bodies[each.blob]) for each in some])
    known = list(zip(some, made, strict=True))
    for each in waiting:
        if each.blob not in bodies:
            try:
                known.append((each, await _read_alone(blobs, each)))
            except TryAgain:
                continue
    if known:
        await upkeep.put_facts(store, known)
    return len(known)


async def _read_alone(blobs: Blobs, each: Waiting) -> str:
    try:
        return await asyncio.to_thread(_facts, each, await blobs.read(each.blob))
    except NotFound:
        return ""


def _facts(each: Waiting, octets: bytes) -> str:
    try:
        return keys_of(read_card(octets)).facts if each.component == "VCARD" else facts_of(read_object(octets))
    except Malformed:  # put in before objects were checked as they are now
        return ""
