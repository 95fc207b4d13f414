"""Releasing in a mail program: what somebody moves from a quarantine into its folder `Release` is sent on.

Who may put something there has rights on the quarantine, so it is as good as a command. It may be looked at by several
processes: whoever sends it on takes it away in the same write.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Final

from groupware.model.errors import GroupwareError, NotFound
from groupware.model.folder import RELEASE, SEPARATOR
from groupware.model.ids import EVERY, FolderId, Uid
from groupware.store.api import Bus, ReadTx
from mailcore.queue.held import Held, opened
from mailcore.queue.quarantine import WHO, Desk, Entry, Place, release

EVERY_SECONDS: Final = 60.0
"""After which it is looked for quarantines that have been made meanwhile."""
PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class Exit:
    """The folder of a quarantine out of which mail goes."""

    place: Place
    quarantine: FolderId


async def keep_releasing(desk: Desk, bus: Bus) -> None:
    """Sends on what comes, until cancelled."""
    while True:
        try:
            exits = await desk.store.read(WHO, _exits)
            with closing(bus.watch([each.place.at for each in exits])) as watch:
                await release_all(desk)  # also what came before anybody watched
                await watch.changed(EVERY_SECONDS)
        except GroupwareError as error:  # the database is away
            desk.log.warning("quarantine_unreadable", why=str(error))
            await asyncio.sleep(1)


async def release_all(desk: Desk) -> int:
    """Sends on all that lies there; how many messages these were."""
    count = 0
    for each in await desk.store.read(WHO, _exits):
        items = await desk.store.read(WHO, lambda tx, at=each.place.at: tx.items(at, EVERY, limit=PAGE))  # type: ignore[misc]
        for item in items:
            with suppress(NotFound):  # somebody else was faster
                held = opened(await desk.blobs.read(item.blob), desk.secret)
                if held is None:
                    await _back(desk, each, item.uid)
                    continue
                who = await desk.store.read(WHO, lambda tx, way=each, held=held: _who(tx, way, held))  # type: ignore[misc]
                await release(desk, Entry(each.place, item, held), who)
                count += 1
    return count


def _exits(tx: ReadTx) -> Sequence[Exit]:
    found: list[Exit] = []
    for at, owner in tx.quarantines():
        with suppress(NotFound):
            there = tx.folder(f"{tx.folder(at).path}{SEPARATOR}{RELEASE}")
            found.append(Exit(Place(there.id, owner, there.path, 0), at))
    return found


def _who(tx: ReadTx, way: Exit, held: Held) -> str:
    """Who has moved it there, by the journal."""
    for row in tx.trace(held.message):
        facts = row.event.facts
        if row.event.name == "quarantined" and facts.get("folder") == way.quarantine and facts.get("uid"):
            steps = tx.movements(way.quarantine, Uid(int(facts["uid"])))
            if steps:
                return steps[-1].actor
    return "somebody in a mail program"


async def _back(desk: Desk, way: Exit, uid: Uid) -> None:
    """Puts back what this site has not held back: nobody knows whom it is for."""
    desk.log.warning("quarantine_not_ours", folder=way.place.path, uid=int(uid))
    await desk.store.write(WHO, lambda tx: tx.move(way.place.at, ((uid, uid),), way.quarantine))
