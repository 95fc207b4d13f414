"""An object that somebody puts into another's calendar: its alarms are the writer's own (decision 237).

Who may only read has alarms too: an object that differs in nothing else leaves what is stored as it is.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import Final

from connectors.dav.locks import allowed
from connectors.dav.paths import Place
from connectors.dav.request import Exchange
from connectors.dav.shelf import collection, etag
from connectors.dav.storing import headers_of, scheduled_put, stored_at, tag_of
from groupware.calendar import item as calendar_item
from groupware.calendar.apart import divided, keep_own
from groupware.calendar.personal import merged
from groupware.calendar.shown import Shown
from groupware.model.errors import Conflict, TryAgain
from groupware.model.ids import BlobId
from groupware.model.item import Item, NewItem
from groupware.model.rights import Right
from groupware.store.api import ReadTx, WriteTx

TRIES: Final = 20
_CHANGES: Final = Right.INSERT | Right.TRASH | Right.EXPUNGE


class Differs(Conflict):
    """The object is not as it was when what was sent was taken apart."""


@dataclass(frozen=True, slots=True)
class Taken:
    """An object that somebody puts into another's calendar, taken apart."""

    octets: bytes
    """As it is for all: with the alarms that its owner has."""
    own: bytes
    """What is the writer's own."""
    before: BlobId | None
    """What the writer was told of it."""
    only_own: bool
    """Whether nothing is changed that others see."""
    exact: bool
    """Whether the writer is told just what was sent."""


async def write_seen(exchange: Exchange, shown: Shown, at: Place) -> tuple[Item, bool, dict[str, str]]:
    """Stores the body; gives the object as its writer is told it, whether it is new, and the headers of the answer."""
    for _ in range(TRIES):
        taken = await taken_apart(exchange, shown, at)
        store = partial(_store_seen, exchange=exchange, shown=shown, at=at, taken=taken)
        try:
            if taken.only_own:
                item, _ = await exchange.parts.store.write(exchange.who, partial(store, new=None))
                return item, False, headers_of(item) if taken.exact else {}
            read, new = await calendar_item.read_item(taken.octets, exchange.parts.blobs, at.name)
            (item, made), plan = await scheduled_put(exchange, at, read, new, store)
        except Differs:
            continue
        headers = headers_of(item, plan.tag)
        if plan.altered or not taken.exact:
            del headers["etag"]
        return item, made, headers
    raise TryAgain(f"{at.name!r}: others are changing it again and again; try again in a moment")


def _store_seen(
    tx: WriteTx, new: NewItem | None, exchange: Exchange, shown: Shown, at: Place, taken: Taken
) -> tuple[Item, bool]:
    """`new` None: nothing but what is the writer's own. `Differs`."""
    shelf = collection(tx, at)
    old = next(iter(tx.items_named(shelf.folder.id, [at.name])), None) if shelf.reads else None
    if (old.blob if old is not None else None) != taken.before:
        raise Differs(f"{at.name!r}: it has changed meanwhile")
    made = False
    if new is None and old is not None:
        exchange.check_tags(etag(old.blob))
        exchange.check_schedule_tag(tag_of(tx, shelf, old))
        allowed(tx, exchange, shelf, [at.name])
        item = old._replace(blob=shown.stored(old.blob))
    else:
        assert new is not None
        item, made = stored_at(tx, exchange, at, new)
    if not shelf.reads:
        return item, made  # what one may not read, one has no alarms of
    return item_with_own(tx, shown, item, taken.own), made


async def taken_apart(exchange: Exchange, shown: Shown, at: Place) -> Taken:
    """What of the body is for all, and what is its writer's own. `Refused`."""

    def work(tx: ReadTx) -> tuple[Item | None, Item | None, bool]:
        shelf = collection(tx, at)
        there = tx.items_named(shelf.folder.id, [at.name]) if shelf.reads else ()
        item = next(iter(there), None)
        if item is None:
            return None, None, True
        told = shown.item(item, tx.personal(shelf.folder.id, item.uid))
        mine = shelf.may(Right.EDIT_OWN) and item.author == tx.who.account
        return item, told, mine or shelf.may(_CHANGES)

    parts = exchange.stored or exchange.parts
    item, told, may_change = await parts.store.glance(exchange.who, work)
    stored = await parts.blobs.read(item.blob) if item is not None else b""
    return await asyncio.to_thread(_taken, exchange.body, stored, told.blob if told else None, may_change)


def _taken(octets: bytes, stored: bytes, before: BlobId | None, may_change: bool) -> Taken:
    apart = divided(octets, stored, may_change=may_change)
    return Taken(apart.octets, apart.own, before, apart.only_own, merged(apart.octets, apart.own) == octets)


def item_with_own(tx: WriteTx, shown: Shown, item: Item, own: bytes) -> Item:
    """Keeps what is one's own beside an object, if that is new; gives the object as it is told."""
    kept, _ = keep_own(tx, shown.sight, item.uid, own)
    return shown.item(item, {} if kept is None else {item.uid: kept})
