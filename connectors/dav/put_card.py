"""A contact that takes another's place keeps what the program that sends it cannot say: see decision 200."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import Final

from connectors.dav.paths import Place
from connectors.dav.request import Exchange
from connectors.dav.shelf import collection
from connectors.dav.storing import Look, stored_at
from groupware.contacts import card
from groupware.contacts.versions.keeping import kept_whole
from groupware.model.errors import TryAgain
from groupware.model.ids import BlobId
from groupware.model.item import Item, NewItem
from groupware.model.meeting import Overtaken
from groupware.model.rights import Right
from groupware.store.api import ReadTx

TRIES: Final = 20


@dataclass(frozen=True, slots=True)
class Arrived:
    """A contact that has been stored."""

    item: Item
    made: bool
    """Whether there was none of that name."""
    altered: bool
    """Whether it is not what was sent."""


async def put_card(exchange: Exchange, at: Place, new: NewItem) -> Arrived:
    """Stores a contact, whole. `DavError`, `TryAgain` when others keep changing it.

    What names no other (If-Match) is taken for a new one: nothing is looked at before the write.
    """
    store, who = exchange.parts.store, exchange.who
    first = "if-match" not in exchange.headers
    for _ in range(TRIES):
        before = None if first else await store.glance(who, lambda tx: _blob(tx, at))
        first = False
        whole = await _whole(exchange, at, new, before)
        write = partial(stored_at, exchange=exchange, at=at, item=whole, look=_unchanged(at, before))
        try:
            item, made = await store.write(who, write)
        except Overtaken:
            continue
        return Arrived(item, made, whole is not new)
    raise TryAgain(f"{at.name!r}: others are changing it again and again; try again in a moment")


def _unchanged(at: Place, before: BlobId | None) -> Look:
    """What raises `Overtaken` unless these octets are there."""

    def look(tx: ReadTx, old: Item | None, tag: str) -> None:
        if (old.blob if old is not None else None) != before:
            raise Overtaken(f"{at.name!r}: it has changed meanwhile")

    return look


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
