"""Another's calendar as one sees it: a store and bodies that tell of each object what is for who asks.

A protocol reads such a calendar through `Shown` as it would through the store itself. Who has alarms of their own there
gets those, and not the owner's; who may know titles alone gets outlines (decision 238). What is told has a name of its
own in the place of the stored octets' (`Item.blob`), so that entity tags are those of what is told.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar, cast

from groupware.model.annotation import ALARMS
from groupware.model.errors import GroupwareError
from groupware.model.flags import Flags
from groupware.model.folder import Folder
from groupware.model.ids import BEGINNING, NO_UID, BlobId, FolderId, ModSeq, Uid, Uids
from groupware.model.item import CALENDARS, Delta, Item, Kind
from groupware.model.principal import Principal
from groupware.model.rights import Right
from groupware.store.api import Blobs, ReadTx, Store, WriteTx

from .blocks import STEP, sees_times, told_of
from .item import ON_THE_LOOP
from .outline import outline
from .personal import merged

T = TypeVar("T")
_OUTLINED, _WITH_ALARMS, _TIMES, _PRIVATE = 1 << 30, 1 << 29, 1 << 28, 1 << 27
"""What the validity differs by of what is read as titles, with its owner's alarms, as busy times, with what is private.
"""
Told = Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class Sight:
    """How somebody sees a calendar of somebody else's."""

    at: FolderId
    alarms: bool
    """Whether its owner's alarms are for all."""
    titles: bool
    """Whether times and titles are all there is to see."""
    times: bool = False
    """Whether it is only when the calendar takes time: see `groupware.calendar.blocks`."""


def sight(tx: ReadTx, at: FolderId) -> Sight | None:
    """How who asks sees a folder; None: as it is stored. `NotFound`."""
    folder = tx.folder(at, Right.LOOKUP)
    if folder.own or folder.kind not in CALENDARS:
        return None
    return Sight(at, _alarms_for_all(tx, at), sees_titles(folder.rights), sees_times(folder.rights))


def sees_titles(rights: Right) -> bool:
    """Whether of a calendar times and titles may be known, and nothing else."""
    return Right.TITLES in rights and Right.READ not in rights


def sees_outlines(folder: Folder) -> bool:
    """Whether of a calendar times and titles are told, and nothing else (decision 238)."""
    return not folder.own and folder.kind in CALENDARS and sees_titles(folder.rights)


def sees_blocks(folder: Folder) -> bool:
    """Whether of a calendar it is told when it takes time, and nothing else (decision 300)."""
    return not folder.own and folder.kind is Kind.CALENDAR and sees_times(folder.rights)


def as_read(folder: Folder, notes: Mapping[str, bytes], *, times: bool = False) -> Folder:
    """Somebody else's folder, as it is read: who comes to be told more, or less, begins again by another validity.

    One of which one knows titles alone is read like others; so is one of busy times, where these are told as objects
    (`times`).
    """
    if folder.own or folder.kind is Kind.MAIL:
        return folder
    if Right.READ | Right.PRIVATE in folder.rights:
        folder = replace(folder, uidvalidity=folder.uidvalidity ^ _PRIVATE)
    if folder.kind not in CALENDARS:
        return folder
    if sees_times(folder.rights):
        begin = told_of(int(time.time())).start // STEP
        rights = folder.rights | Right.READ if times else folder.rights
        return replace(folder, rights=rights, uidvalidity=folder.uidvalidity ^ _TIMES ^ (begin << 12 & _TIMES - 1))
    if sees_titles(folder.rights):
        return replace(folder, rights=folder.rights | Right.READ, uidvalidity=folder.uidvalidity ^ _OUTLINED)
    return replace(folder, uidvalidity=folder.uidvalidity ^ _WITH_ALARMS) if alarms_for_all(notes) else folder


def alarms_for_all(notes: Mapping[str, bytes]) -> bool:
    """Whether the annotations of a calendar say that its owner's alarms are for all who read it."""
    return notes.get(ALARMS, b"").strip().lower() == b"shared"


def _alarms_for_all(tx: ReadTx, at: FolderId) -> bool:
    try:
        return alarms_for_all(dict(tx.annotations(at)))
    except GroupwareError:
        return False


def named(blob: BlobId, own: bytes | None, seen: Sight) -> BlobId:
    """What octets are called that tell of a stored body what somebody sees."""
    if seen.titles:
        return BlobId(hashlib.sha256(b"outline\n" + blob.encode()).hexdigest())
    if own is None and seen.alarms:
        return blob
    return BlobId(hashlib.sha256(b"alarms\n" + blob.encode() + b"\n" + (own or b"")).hexdigest())


def telling(own: bytes | None, seen: Sight) -> Told:
    """What makes of stored octets those that somebody sees."""
    return outline if seen.titles else lambda octets: merged(octets, own or b"")


class Shown:
    """The store and the bodies, for as long as one request lasts."""

    def __init__(self, store: Store, blobs: Blobs, seen: Sight) -> None:
        self.sight = seen
        self._told: dict[BlobId, tuple[BlobId, Told]] = {}
        self.store = cast(Store, _Store(store, self))
        self.blobs = cast(Blobs, _Blobs(blobs, self._told))

    def tx(self, tx: ReadTx) -> WriteTx:
        """A transaction that tells of the calendar what is for who asks."""
        if self.sight.titles:
            tx.outline(self.sight.at)
        return cast(WriteTx, _View(tx, self))

    def item(self, item: Item, own: Mapping[Uid, bytes]) -> Item:
        """An item, with the name of what is told of it in the place of its body's."""
        return item._replace(blob=self.blob(item.blob, own.get(item.uid)))

    def blob(self, blob: BlobId, own: bytes | None) -> BlobId:
        """What is told of a body, which `blobs` gives from now on."""
        name = named(blob, own, self.sight)
        if name != blob:
            self._told[name] = blob, telling(own, self.sight)
        return name

    def stored(self, blob: BlobId) -> BlobId:
        """The body that is told under a name."""
        return self._told[blob][0] if blob in self._told else blob


class _Blobs:
    """Bodies, those among them that are told in another form."""

    def __init__(self, blobs: Blobs, told: Mapping[BlobId, tuple[BlobId, Told]]) -> None:
        self._blobs, self._told = blobs, told

    async def read(self, blob: BlobId, start: int = 0, length: int | None = None) -> bytes:
        if blob not in self._told:
            return await self._blobs.read(blob, start, length)
        stored, tell = self._told[blob]
        octets = await self._blobs.read(stored)
        octets = tell(octets) if len(octets) <= ON_THE_LOOP else await asyncio.to_thread(tell, octets)
        return octets[start:] if length is None else octets[start : start + length]

    async def read_many(self, blobs: Sequence[BlobId]) -> Mapping[BlobId, bytes]:
        stored = {self._told[blob][0] if blob in self._told else blob for blob in blobs}
        bodies = await self._blobs.read_many(list(stored))
        return await asyncio.to_thread(self._all, blobs, bodies)

    def _all(self, blobs: Sequence[BlobId], bodies: Mapping[BlobId, bytes]) -> Mapping[BlobId, bytes]:
        found = {}
        for blob in blobs:
            stored, tell = self._told.get(blob, (blob, bytes))
            if stored in bodies:
                found[blob] = tell(bodies[stored])
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._blobs, name)


class _Store:
    """The store, with the calendar as it is seen."""

    def __init__(self, store: Store, shown: Shown) -> None:
        self._store, self._shown = store, shown

    async def read(self, who: Principal, work: Callable[[ReadTx], T]) -> T:
        return await self._store.read(who, lambda tx: work(self._shown.tx(tx)))

    async def glance(self, who: Principal, work: Callable[[ReadTx], T]) -> T:
        return await self._store.glance(who, lambda tx: work(self._shown.tx(tx)))

    async def write(self, who: Principal, work: Callable[[WriteTx], T]) -> T:
        return await self._store.write(who, lambda tx: work(self._shown.tx(tx)))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


class _View:
    """A transaction in which the items of the calendar are as they are told; all else goes to the real one."""

    def __init__(self, tx: ReadTx, shown: Shown) -> None:
        self._tx, self._shown = tx, shown

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tx, name)

    def items(self, at: FolderId, uids: Uids, *, summary: bool = False, limit: int = 0) -> Sequence[Item]:
        return self._seen(at, self._tx.items(at, uids, summary=summary, limit=limit))

    def item(self, at: FolderId, name: str) -> Item:
        return self._seen(at, [self._tx.item(at, name)])[0]

    def items_named(self, at: FolderId, names: Sequence[str]) -> Sequence[Item]:
        return self._seen(at, self._tx.items_named(at, names))

    def delta(
        self, at: FolderId, since: ModSeq, limit: int = 0, began: ModSeq = BEGINNING, past: Uid = NO_UID
    ) -> Delta:
        found = self._tx.delta(at, since, limit, began, past)
        return replace(found, changed=self._seen(at, found.changed))

    def columns(
        self,
        at: FolderId,
        names: Sequence[str],
        uids: Uids,
        limit: int = 0,
        marks: tuple[Flags, Flags] | None = None,
    ) -> Sequence[tuple[Any, ...]]:
        rows = self._tx.columns(at, names, uids, limit, marks)
        if at != self._shown.sight.at or "blob" not in names:
            return rows
        own, place = self._tx.personal(at), names.index("blob") + 1
        return [(*row[:place], self._shown.blob(row[place], own.get(row[0])), *row[place + 1 :]) for row in rows]

    def facts(self, at: FolderId, uids: Uids, *, alarms: bool, limit: int = 0) -> Sequence[tuple[Uid, str]]:
        found = self._tx.facts(at, uids, alarms=alarms, limit=limit)
        if at != self._shown.sight.at or not (alarms or self._shown.sight.titles):
            return found
        return [(uid, "") for uid, _ in found]

    def _seen(self, at: FolderId, items: Sequence[Item]) -> Sequence[Item]:
        if at != self._shown.sight.at or not items:
            return items
        own = self._tx.personal(at, items[0].uid if len(items) == 1 else None)
        return [self._shown.item(each, own) for each in items]
