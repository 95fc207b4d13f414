"""A contact that takes another's place keeps what the program that sends it cannot say: see decision 200."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from connectors.dav.paths import Place
from connectors.dav.request import Exchange
from connectors.dav.shelf import collection
from groupware.contacts import card
from groupware.contacts.versions.keeping import kept_whole
from groupware.model.errors import TryAgain
from groupware.model.ids import BlobId
from groupware.model.item import Item, NewItem
from groupware.model.meeting import Overtaken
from groupware.model.rights import Right
from groupware.store.api import ReadTx, WriteTx

TRIES: Final = 20
Store = Callable[[WriteTx, NewItem], tuple[Item, bool]]


@dataclass(frozen=True, slots=True)
class Arrived:
    """A contact that has been stored."""

    item: Item
    made: bool
    """Whether there was none of that name."""
    altered: bool
    """Whether it is not what was sent."""


async def put_card(exchange: Exchange, at: Place, new: NewItem, store: Store) -> Arrived:
    """Stores a contact by `store`, whole. `TryAgain` when others keep changing it."""
    for _ in range(TRIES):
        before = await exchange.parts.store.glance(exchange.who, lambda tx: _blob(tx, at))
        whole = await _whole(exchange, at, new, before)

        def work(tx: WriteTx, before: BlobId | None = before, whole: NewItem = whole) -> tuple[Item, bool]:
            if _blob(tx, at) != before:
                raise Overtaken(f"{at.name!r}: it has changed meanwhile")
            return store(tx, whole)

        try:
            item, made = await exchange.parts.store.write(exchange.who, work)
        except Overtaken:
            continue
        return Arrived(item, made, whole is not new)
    raise TryAgain(f"{at.name!r}: others are changing it again and again; try again in a moment")


def _blob(tx: ReadTx, at: Place) -> BlobId | None:
    """The octets that are there, if one may read them."""
    shelf = collection(tx, at)
    if not shelf.may(Right.READ):
        return None
    return next((each.blob for each in tx.items_named(shelf.folder.id, [at.name])), None)


async def _whole(exchange: Exchange, at: Place, new: NewItem, before: BlobId | None) -> NewItem:
    if before is None or before == new.blob:
        return new
    stored = await exchange.parts.blobs.read(before)
    large = len(stored) + len(exchange.body) > card.ON_THE_LOOP
    both = (stored, exchange.body)
    found = await asyncio.to_thread(kept_whole, *both) if large else kept_whole(*both)
    return new if found is None else (await card.read_item(found, exchange.parts.blobs, at.name))[1]
