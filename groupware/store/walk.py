"""Every item of a folder with its octets, some at a time, however many there are."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Final

from groupware.model.ids import LAST_UID, FolderId, Uid
from groupware.model.item import Item
from groupware.model.principal import Principal

from .api import Blobs, ReadTx, Store

BATCH: Final = 100


async def walk(store: Store, blobs: Blobs, who: Principal, at: FolderId) -> AsyncIterator[tuple[Item, bytes | None]]:
    """(item, octets) in UID order; None where the octets are lost or damaged. Takes `r`, asked again for each batch."""
    after = 0
    while batch := await store.read(who, partial(_batch, at, after)):
        found = await blobs.read_many([item.blob for item in batch])
        for item in batch:
            yield item, found.get(item.blob)
        after = batch[-1].uid


def _batch(at: FolderId, after: int, tx: ReadTx) -> Sequence[Item]:
    return tx.items(at, [(Uid(after + 1), LAST_UID)], limit=BATCH)
