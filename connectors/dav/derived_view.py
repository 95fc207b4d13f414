"""A store that answers for one derived collection as well, while one request lasts; all else goes to the real one."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, TypeVar, cast

from connectors.dav import derived
from connectors.dav.derived import BIRTHDAYS, Days, Made, made_item, noted
from connectors.dav.request import Exchange
from connectors.dav.shelf import collection
from groupware.calendar.blocks import asked_of, blocks, told_of
from groupware.calendar.blocks import name_of as name_of_block
from groupware.contacts.directory import with_photo
from groupware.contacts.photos import photos_of
from groupware.model.errors import NoRight, NotFound
from groupware.model.folder import Folder
from groupware.model.ids import BEGINNING, NO_UID, BlobId, ModSeq, Uid, Uids
from groupware.model.item import Delta, Found, Item, Placed, Query, Span
from groupware.model.principal import Principal
from groupware.store.api import Blobs, ReadTx, Store, WriteTx
from mailcore.server.parts import Parts

T = TypeVar("T")
_READS: Final = frozenset(
    {
        "columns",
        "delta",
        "facts",
        "find",
        "identified",
        "item",
        "items",
        "items_named",
        "objects",
        "schedule_tags",
        "spans",
        "busy",
        "write_locks",
    }
)
"""What is asked of a collection by its number."""


async def with_derived(parts: Parts, who: Principal, segment: str, days: Days, token: str = "") -> Parts:
    """The parts, with a store that knows the collection of that segment. `NotFound`.

    `token`: what a client knows; while that is current, nothing is made.
    """
    made = Made(await parts.store.read(who, lambda tx: derived.folder(tx, segment)))
    if token != f"data:,{made.folder.uidvalidity}-{made.folder.modseq}":
        made = await derived.made(parts, who, segment, days)
    store = cast(Store, _Store(parts.store, made, segment))
    blobs = _Directory(parts, who, made) if made.photos else _Blobs(parts.blobs, made.bodies)
    return replace(parts, store=store, blobs=cast(Blobs, blobs))


class Times:
    """Calendars of busy times as they were made last; the last ones kept, so many events in all."""

    __slots__ = ("_kept", "_most")

    def __init__(self, most: int = 20_000) -> None:
        self._kept: OrderedDict[tuple[int, int, int], Made] = OrderedDict()
        self._most = most

    async def of(self, exchange: Exchange) -> Parts:
        """The parts, with a store that tells of a calendar when it takes time, by an event for each busy period."""
        parts, range_ = exchange.parts, told_of(int(time.time()))
        token = await exchange.sync_token()
        itself = exchange.request.method == "PROPFIND" and not exchange.at.name and exchange.depth == 0

        def work(tx: ReadTx) -> tuple[Made, Placed | None]:
            folder = collection(tx, exchange.at).folder
            made = self._kept.get(_named(folder))
            if itself or made is not None or token == f"data:,{folder.uidvalidity}-{folder.modseq}":
                tx.busy(folder.id, range_.start, range_.start)  # whoever asks has to have the right
                return replace(made or Made(folder), folder=folder), None
            return Made(folder), tx.busy(folder.id, *asked_of(range_))

        made, placed = await parts.store.read(exchange.who, work)
        if placed is not None:
            made = _made(made.folder, await blocks(parts.blobs, made.folder.id, placed, range_))
            self._keep(made)
        store = cast(Store, _Store(parts.store, made, ""))
        return replace(parts, store=store, blobs=cast(Blobs, _Blobs(parts.blobs, made.bodies)))

    def _keep(self, made: Made) -> None:
        self._kept[_named(made.folder)] = made
        while sum(len(each.items) for each in self._kept.values()) > self._most:
            self._kept.popitem(last=False)


def _named(folder: Folder) -> tuple[int, int, int]:
    """What a calendar of busy times is known by, as it is now and for the time that is told of."""
    return folder.id, folder.modseq, folder.uidvalidity


def _made(folder: Folder, all_blocks: Sequence[tuple[Span, bytes]]) -> Made:
    items, bodies, times = list[Item](), dict[BlobId, bytes](), list[Span]()
    for span, octets in all_blocks:
        name = f"{name_of_block(folder.id, span)}.ics"
        items.append(made_item(len(items) + 1, name, octets, folder.modseq, 0))
        bodies[items[-1].blob] = octets
        times.append(span)
    return Made(folder, items, bodies, times=times)


class _Blobs:
    """Bodies, those of the collection among them."""

    def __init__(self, blobs: Blobs, made: Mapping[BlobId, bytes]) -> None:
        self._blobs, self._made = blobs, made

    async def read(self, blob: BlobId, start: int = 0, length: int | None = None) -> bytes:
        found = self._made.get(blob)
        if found is None:
            return await self._blobs.read(blob, start, length)
        return found[start:] if length is None else found[start : start + length]

    async def read_many(self, blobs: Sequence[BlobId]) -> Mapping[BlobId, bytes]:
        ours = {blob: self._made[blob] for blob in blobs if blob in self._made}
        others = [blob for blob in blobs if blob not in ours]
        return {**ours, **(await self._blobs.read_many(others) if others else {})}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._blobs, name)


class _Directory:
    """Bodies, the cards of the directory among them: each gets its picture when it is read, and not before."""

    def __init__(self, parts: Parts, who: Principal, made: Made) -> None:
        self._parts, self._who, self._made = parts, who, made
        self._plain = _Blobs(parts.blobs, made.bodies)

    async def read(self, blob: BlobId, start: int = 0, length: int | None = None) -> bytes:
        if blob not in self._made.photos:
            return await self._plain.read(blob, start, length)
        found = (await self.read_many([blob]))[blob]
        return found[start:] if length is None else found[start : start + length]

    async def read_many(self, blobs: Sequence[BlobId]) -> Mapping[BlobId, bytes]:
        bodies = dict(await self._plain.read_many(blobs))
        wanted = {blob: self._made.photos[blob] for blob in blobs if blob in self._made.photos}
        if wanted:
            there = await self._parts.store.read(self._who, lambda tx: photos_of(tx, list(wanted.values())))
            shown = {blob: there[address] for blob, address in wanted.items() if address in there}
            bodies |= await asyncio.to_thread(
                lambda: {blob: with_photo(bodies[blob], photo) for blob, photo in shown.items()}
            )
        return bodies

    def __getattr__(self, name: str) -> Any:
        return getattr(self._parts.blobs, name)


class _Store:
    """The store, with the collection."""

    def __init__(self, store: Store, made: Made, segment: str) -> None:
        self._store, self._made, self._segment = store, made, segment

    async def read(self, who: Principal, work: Callable[[ReadTx], T]) -> T:
        return await self._store.read(who, lambda tx: work(cast(ReadTx, self._view(tx))))

    async def glance(self, who: Principal, work: Callable[[ReadTx], T]) -> T:
        return await self._store.read(who, lambda tx: work(cast(ReadTx, self._view(tx))))

    async def write(self, who: Principal, work: Callable[[WriteTx], T]) -> T:
        return await self._store.write(who, lambda tx: work(cast(WriteTx, self._view(tx))))

    def _view(self, tx: ReadTx) -> _View:
        return _View(tx, self._made, self._segment)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


class _View:
    """A transaction, in which the collection is a folder that can be read."""

    def __init__(self, tx: ReadTx, made: Made, segment: str) -> None:
        self._tx, self.derived, self._segment = tx, made, segment

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._tx, name)
        ours = getattr(_Answers, name) if name in _READS else None
        if not callable(real):
            return real

        def asked(*args: Any, **more: Any) -> Any:
            at = args[0] if args else None
            if at != self.derived.folder.id and at != [self.derived.folder.id]:
                return real(*args, **more)
            if name == "annotate" and not self.derived.stored:
                root = self._tx.locate(self._tx.who.account, "").id
                return real(root, noted(self._segment, args[1]), *args[2:], **more)
            if self.derived.stored and (ours is None or name in ("busy", "write_locks")):
                return real(*args, **more)
            if ours is None:
                raise NoRight("this collection is made of others: change what it is made of")
            return ours(_Answers(self._tx, self.derived, self._segment), *args[1:], **more)

        return asked


def _date(seconds: int) -> date:
    """The day of a moment, within the years that there are."""
    first, last = date(1, 1, 1), date(9990, 1, 1)
    return min(max(first, date(1970, 1, 1) + timedelta(days=min(max(seconds // 86_400, -719_000), 2_900_000))), last)


class _Answers:
    """What the collection says."""

    def __init__(self, tx: ReadTx, made: Made, segment: str) -> None:
        self._tx, self._made, self._segment = tx, made, segment

    def items(self, uids: Uids, *, summary: bool = False, limit: int = 0) -> Sequence[Item]:
        all_items = self._made.items  # the first has the UID 1, and none is missing
        found = [each for low, high in uids for each in all_items[max(low, 1) - 1 : high]]
        return found[:limit] if limit else found

    def item(self, name: str) -> Item:
        found = next((each for each in self._made.items if each.name == name), None)
        if found is None:
            raise NotFound(f"{name[:100]!r}: there is no object of that name here")
        return found

    def items_named(self, names: Sequence[str]) -> Sequence[Item]:
        wanted = frozenset(names)
        return [each for each in self._made.items if each.name in wanted]

    def columns(self, names: Sequence[str], uids: Uids, limit: int = 0) -> Sequence[tuple[Any, ...]]:
        return [(each.uid, *(getattr(each, name) for name in names)) for each in self.items(uids, limit=limit)]

    def find(self, query: Query) -> Sequence[Found]:
        """All there is: whoever narrows a search down looks at what is left."""
        return [Found(self._made.folder.id, each.uid) for each in self._made.items]

    def identified(self, ident: str) -> Sequence[str]:
        return ()

    def facts(self, uids: Uids, *, alarms: bool, limit: int = 0) -> Sequence[tuple[Uid, str]]:
        return [(each.uid, "") for each in self.items(uids, limit=limit)]

    def objects(self, component: str) -> Sequence[Uid]:
        return [each.uid for each in self._made.items] if component == "VEVENT" else []

    def spans(self, low: int, high: int, component: str = "") -> Placed:
        """A few days of each that has one then: an event is found by those as well as by all."""
        if component not in ("", "VEVENT"):
            return Placed((), ())
        if self._made.stored:
            both = zip(self._made.items, self._made.times, strict=False)
            return Placed([(each.uid, at) for each, at in both if at.start < high and at.end > low], ())
        first, last = _date(low), _date(high) + timedelta(days=1)
        found = []
        for each, day in zip(self._made.items, self._made.days, strict=False):
            for at in day.within(first, last):
                start = int(datetime(at.year, at.month, at.day, tzinfo=UTC).timestamp())
                found.append((each.uid, Span(start, start + 86_400, True, "")))
        return Placed(found, ())

    def busy(self, low: int, high: int) -> Placed:
        return Placed((), ())

    def schedule_tags(self, only: Uid | None = None) -> Mapping[Uid, str]:
        return {}

    def write_locks(self) -> Sequence[Any]:
        return ()

    def delta(self, since: ModSeq, limit: int = 0, began: ModSeq = BEGINNING, past: Uid = NO_UID) -> Delta:
        """What changed, by what changed in the address books; the directory remembers nothing, and begins again."""
        now = self._made.folder.modseq
        if not since:
            return self._first(limit, began, past)
        if since == now:
            return Delta((), (), now)
        if self._segment != BIRTHDAYS:
            return Delta((), (), now, reset=True)
        touched: list[str] = []
        for book in self._made.books:
            names = derived.touched(self._tx, book, since)
            if names is None:
                return Delta((), (), now, reset=True)
            touched += names
        if limit and len(touched) > limit:
            return Delta((), (), now, reset=True)
        there = {each.name: each for each in self._made.items}
        changed = [there[name] for name in touched if name in there]
        return Delta(changed, [(NO_UID, name) for name in touched if name not in there], now)

    def _first(self, limit: int, began: ModSeq, past: Uid) -> Delta:
        """A page of all there is, as long as nothing changes meanwhile."""
        now, rest = self._made.folder.modseq, self._made.items[past:]  # the first has the UID 1, and none is missing
        if past and began != now:
            return Delta((), (), now, reset=True)
        if not limit or len(rest) <= limit:
            return Delta(rest, (), now)
        return Delta(rest[:limit], (), BEGINNING, truncated=True, began=now, past=rest[limit - 1].uid)
