"""Objects out of a folder and into it: read as who asks sees them, written so that nothing else of them is lost.

An event goes the way of implicit scheduling where the server tells others (16.x); before that devices send invitations
and answers themselves, by mail. In another's calendar alarms are each person's own (decision 237).
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from connectors.activesync.exchange import Exchange
from connectors.activesync.folders import lens_of, opened
from connectors.activesync.pim.busy import periods
from connectors.activesync.sync.kinds import CONFLICT, MALFORMED, OK, Asked, Done
from groupware.calendar import item as calendar_item
from groupware.calendar.apart import Apart, divided, keep_own
from groupware.calendar.itip.attendee import NotTheirs
from groupware.calendar.scheduling import Change, Elsewhere, OneOrganizer, Plan, scheduled
from groupware.calendar.shown import Shown, Sight, sight
from groupware.contacts import card as contact_item
from groupware.model.errors import IdentTaken, Malformed, NotFound
from groupware.model.folder import Folder
from groupware.model.ids import BlobId, ItemId, Uid, ranges
from groupware.model.item import Item, Kind, NewItem
from groupware.model.rights import Right
from groupware.store.api import Blobs, ReadTx, WriteTx

COLUMNS: Final = ("id", "name", "blob", "modseq")


@dataclass(frozen=True, slots=True)
class Stored:
    """An object, as who asks sees it."""

    item: int
    uid: Uid
    name: str
    modseq: int
    octets: bytes
    whole: bytes = b""
    """As it is stored, where that is something else."""
    seen: Sight | None = None


async def read_objects(exchange: Exchange, at: Folder, items: Sequence[int]) -> list[Stored]:
    """Those of these objects that are in the folder."""
    parts = exchange.parts
    if lens_of(at) == "times":
        there = await periods(exchange, at)
        some = ((item, there[item]) for item in items if item in there)
        return [Stored(item, Uid(0), each.name, int(at.modseq), each.octets) for item, each in some]

    def work(tx: ReadTx) -> tuple[list[tuple[Uid, int, str, BlobId, BlobId, int]], Blobs, Sight | None]:
        opened(tx, at)
        seen = sight(tx, at.id)
        shown = Shown(parts.store, parts.blobs, seen) if seen is not None else None
        placed = tx.placed([ItemId(each) for each in items])
        uids = [uid for where, uid in placed.values() if where == at.id]
        rows = tx.columns(at.id, COLUMNS, ranges(uids)) if uids else ()
        if shown is None:
            return [(uid, item, name, blob, blob, seq) for uid, item, name, blob, seq in rows], parts.blobs, None
        own = tx.personal(at.id)
        told = [
            (uid, item, name, shown.blob(blob, own.get(uid)), blob, seq) for uid, item, name, blob, seq in rows
        ]  # fmt: skip
        return told, shown.blobs, seen

    rows, blobs, seen = await exchange.read(work)
    octets = await blobs.read_many([row[3] for row in rows])
    whole = await parts.blobs.read_many([row[4] for row in rows]) if seen is not None else {}
    return [
        Stored(item, uid, name, seq, octets[told], whole.get(blob, b""), seen)
        for uid, item, name, told, blob, seq in rows
        if told in octets
    ]


async def read_object(exchange: Exchange, at: Folder, item: int) -> Stored:
    """One object. `NotFound`."""
    found = await read_objects(exchange, at, [item])
    if not found:
        raise NotFound("there is no such object")
    return found[0]


async def added(exchange: Exchange, at: Folder, make: Callable[[], bytes], *, tell: bool = False) -> Done:
    """Puts a new object in. `NoRight`, `OverQuota`."""
    suffix = ".vcf" if at.kind == Kind.CONTACTS else ".ics"
    name = secrets.token_urlsafe(18) + suffix
    try:
        octets = await asyncio.to_thread(make)
        made = await _write(exchange, at, name, octets, None, tell=tell)
    except IdentTaken as error:
        return await _there(exchange, at, error.name)
    except (Malformed, ValueError, KeyError, TypeError, OverflowError):
        return Done(MALFORMED)
    return Done(OK, int(made.id), int(made.modseq))


async def _there(exchange: Exchange, at: Folder, name: str) -> Done:
    """The object that has this UID already: a device that asks twice has made one."""
    found = await exchange.read(lambda tx: tx.items_named(at.id, [name]))
    return Done(OK, int(found[0].id), int(found[0].modseq)) if found else Done(CONFLICT)


async def changed(
    exchange: Exchange, at: Folder, asked: Asked, make: Callable[[bytes], bytes], *, tell: bool = False
) -> Done:
    """Writes an object anew, unless somebody else has changed it and the server's version is to stay. `NotFound`."""
    stored = await read_object(exchange, at, asked.item)
    if stored.modseq > asked.since and not asked.options.client_wins:
        return Done(CONFLICT)
    try:
        octets = await asyncio.to_thread(make, stored.octets)
        if octets == stored.octets:
            return Done(OK)
        made = await _write(exchange, at, stored.name, octets, stored, tell=tell)
    except (NotTheirs, OneOrganizer, Elsewhere, Malformed, ValueError, KeyError, TypeError, OverflowError):
        return Done(MALFORMED)
    return Done(OK, asked.item, int(made.modseq))


async def rewritten(
    exchange: Exchange, at: Folder, stored: Stored, octets: bytes, words: str, words_for: frozenset[str]
) -> None:
    """An event as its organizer has changed it; `words` go along to those of the addresses. `Malformed`, `Refused`."""
    await _write(exchange, at, stored.name, octets, stored, tell=True, words=words, words_for=words_for)


async def _write(
    exchange: Exchange,
    at: Folder,
    name: str,
    octets: bytes,
    stored: Stored | None,
    *,
    tell: bool,
    words: str = "",
    words_for: frozenset[str] = frozenset(),
) -> Item:
    parts = exchange.parts
    if at.kind == Kind.CONTACTS:
        _, new = await contact_item.read_item(octets, parts.blobs, name)
        return await exchange.write(lambda tx: _put(tx, at, name, new, stored, None))
    apart = None
    if not at.own:
        apart = await asyncio.to_thread(divided, octets, stored.whole if stored is not None else b"")
        octets = apart.octets
    if apart is not None and apart.only_own:
        return await exchange.write(lambda tx: _put(tx, at, name, None, stored, apart))
    read, new = await calendar_item.read_item(octets, parts.blobs, name)
    if not tell or at.kind != Kind.CALENDAR:
        return await exchange.write(lambda tx: _put(tx, at, name, new, stored, apart))
    change = Change(lambda tx: tx.folder(at.id), name, read, new, words=words, words_for=words_for)

    def work(tx: WriteTx, plan: Plan) -> Item:
        return _put(tx, at, name, plan.item or new, stored, apart)

    made, _ = await scheduled(parts.store, parts.blobs, exchange.who, change, work)
    return made


def _put(tx: WriteTx, at: Folder, name: str, new: NewItem | None, stored: Stored | None, apart: Apart | None) -> Item:
    """`new` None: nothing of it is another for anybody else."""
    if new is None:
        made = tx.item(at.id, name)
    else:
        made = tx.append(at.id, [new])[0] if stored is None else tx.replace(at.id, name, new, None)
    seen = sight(tx, at.id) if apart is not None and Right.READ in at.rights else None
    if apart is not None and seen is not None:
        _, modseq = keep_own(tx, seen, made.uid, apart.own)
        made = made._replace(modseq=modseq or made.modseq)
    return made


async def taken_away(exchange: Exchange, at: Folder, item: int, *, tell: bool = False) -> Done:
    """Takes an object away; those who take part in it are told. `NotFound`, `NoRight`."""
    stored = await read_object(exchange, at, item)

    def work(tx: WriteTx, _: Plan) -> None:
        where = tx.items_named(at.id, [stored.name])
        if not where or not tx.expunge(at.id, ranges([where[0].uid]), deleted_only=False):
            raise NotFound("it is not yours to take away")

    if tell and at.kind == Kind.CALENDAR:
        change = Change(lambda tx: tx.folder(at.id), stored.name, None)
        await scheduled(exchange.parts.store, exchange.parts.blobs, exchange.who, change, work)
    else:
        await exchange.write(lambda tx: work(tx, Plan()))
    return Done(OK, item)
