"""Teaching scanners what people call spam: whatever they move into their Junk, and out of it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Final

from connectors.scanners.report import Scanner, Unavailable
from groupware.model.errors import NotFound, TryAgain
from groupware.model.memory import Lesson
from groupware.model.principal import OPERATOR
from groupware.store.api import Blobs, Store
from mailcore.queue.held import original
from mailcore.server.events import EventLog

EVERY: Final = 20.0
"""Seconds between two looks."""
PAGE: Final = 50


async def keep_teaching(store: Store, blobs: Blobs, pupils: Sequence[Scanner], log: EventLog) -> None:
    """Teach from time to time, until cancelled."""
    while True:
        with contextlib.suppress(TryAgain):  # the database is away: what was not learned is learned later
            await teach(store, blobs, pupils, log)
        await asyncio.sleep(EVERY)


async def teach(store: Store, blobs: Blobs, pupils: Sequence[Scanner], log: EventLog) -> int:
    """Teaches all that waits; how many messages these were. `TryAgain`.

    A lesson is dropped when all that learn have learned it, and waits when one of them is away.
    """
    count = 0
    while found := await store.read(OPERATOR, lambda tx: tx.lessons(PAGE)):
        for lesson in found:
            if pupils and not await _learned(blobs, lesson, pupils, log):
                return count
            count += 1
            await store.write(OPERATOR, lambda tx, number=lesson.number: tx.drop_lessons(number))  # type: ignore[misc]
    return count


async def _learned(blobs: Blobs, lesson: Lesson, pupils: Sequence[Scanner], log: EventLog) -> bool:
    if lesson.blob is None:
        return True
    try:
        octets = original(await blobs.read(lesson.blob))
        for each in pupils:
            await each.learn(octets, spam=lesson.spam, user=lesson.account)
    except NotFound:
        return True  # it was taken away for good meanwhile
    except Unavailable as error:
        log.warning("scanner_not_taught", why=str(error))
        return False
    log.info("scanner_taught", account=lesson.account, spam=lesson.spam)
    return True
