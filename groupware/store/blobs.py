"""Bodies by the hash of their octets.

1. A small body goes into the database with the write that refers to it; a large one is safe in the object store before
   that write begins. What nothing refers to any more leaves the database first, the object store after that.
2. Stored forms are those of `frames`: what was damaged on disk is never given out, and a range of a large body costs
   the frames that it lies in, so that whoever reads on range by range never holds the whole.
3. Whoever has a `BlobId` has it from a folder that was opened, or from the queue: there are no rights on bodies.
"""

from __future__ import annotations

import asyncio
import copy
import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, TypeVar

from groupware.model.errors import NotFound, TryAgain
from groupware.model.ids import BlobId
from groupware.model.octets import Octets
from groupware.model.times import now_micros

from .frames import FRAME, TAIL, Table, frames, opened_all, packed, table_of, unpacked
from .objects import SWEPT_SECONDS, Objects, lost
from .sql import contents
from .sql.engine import Database, Sql, trouble

T = TypeVar("T")

CACHED_BYTES: Final = 64 << 20
INLINE_BYTES: Final = 64 << 10
"""So much is hashed and compressed at once, without a hop to a thread."""
MOST_TABLES: Final = 1000
THREADS: Final = 8


@dataclass(frozen=True, slots=True)
class StoredBody:
    """What `put` made of octets: goes on to `NewItem` or `Envelope`."""

    blob: BlobId
    size: int
    body: bytes | None


class SqlBlobs:
    """`groupware.store.api.Blobs` over the database and an object store."""

    def __init__(self, database: Database, objects: Objects, threshold: int) -> None:
        """`threshold`: a body of at most so many octets is kept in the database."""
        self._database, self._objects, self._threshold = database, objects, threshold
        self._threads = ThreadPoolExecutor(THREADS, "blobs")
        self._cache = _Cache(CACHED_BYTES)
        self._tables: dict[BlobId, Table | None] = {}
        self._lock = threading.Lock()

    async def put(self, octets: Octets) -> StoredBody:
        """Makes the octets storable. `TryAgain` when the object store does not take them."""
        if len(octets) <= min(self._threshold, INLINE_BYTES):
            return self._small(octets)
        return await self._run(lambda: self.put_now(octets))

    async def read(self, blob: BlobId, start: int = 0, length: int | None = None) -> bytes:
        """The octets from `start`. `NotFound` when they are lost, `TryAgain` when they cannot be had just now."""
        found = self._cache.get(blob)
        if found is None and length is not None:
            return await self._run(lambda: self.range_now(blob, start, length))
        if found is None:
            found = await self._run(lambda: self.read_now(blob))
        if start == 0 and length is None:
            return found
        return found[start:] if length is None else found[start : start + length]

    async def read_many(self, blobs: Sequence[BlobId]) -> Mapping[BlobId, bytes]:
        """Several in one hop; one that cannot be read is left out. `TryAgain` when the database does not answer."""
        found = {blob: octets for blob in blobs if (octets := self._cache.get(blob)) is not None}
        if len(found) == len(blobs):
            return found
        return await self._run(lambda: self.read_many_now(blobs))

    def put_now(self, octets: Octets) -> StoredBody:
        """`put`, for code that is in a thread already."""
        if len(octets) <= self._threshold:
            return self._small(octets)
        blob = hashed(octets)
        if not self._objects.keep(blob):
            self._objects.put(blob, frames(octets))
        return StoredBody(blob, len(octets), None)

    def put_anew(self, octets: bytes) -> StoredBody:
        """`put_now`, over what the object store may have of it, damaged. For code that is in a thread already."""
        if len(octets) > self._threshold:
            self._objects.put(hashed(octets), frames(octets))
        return self.put_now(octets)

    def read_now(self, blob: BlobId) -> bytes:
        """`read` of all octets, for code that is in a thread already."""
        found = self._cache.get(blob)
        if found is not None:
            return found
        rows = self._rows([blob])
        if blob not in rows:
            raise lost(blob)
        return self._opened(blob, rows[blob])

    def range_now(self, blob: BlobId, start: int, length: int) -> bytes:
        """`read` of a range, for code that is in a thread already."""
        rows = self._rows([blob])
        if blob not in rows:
            raise lost(blob)
        table = self._table(blob) if rows[blob] is None else None
        if table is None:
            return self._opened(blob, rows[blob])[start : start + length]
        end = min(start + length, table.size)
        if start >= end:
            return b""
        first, low, high = table.span(start, end)
        octets = opened_all(blob, self._objects.range(blob, low, high - low), table, first)
        if len(octets) < end - first * FRAME:
            raise lost(blob)
        return octets[start - first * FRAME : end - first * FRAME]

    def _table(self, blob: BlobId) -> Table | None:
        """The frames of a body in the object store; None when it is a single one."""
        with self._lock:
            if blob in self._tables:
                return self._tables[blob]
        table = table_of(blob, self._objects.tail(blob, TAIL))
        with self._lock:
            self._tables[blob] = table
            if len(self._tables) > MOST_TABLES:
                self._tables.pop(next(iter(self._tables)))
        return table

    def read_many_now(self, blobs: Sequence[BlobId]) -> Mapping[BlobId, bytes]:
        """`read_many`, for code that is in a thread already."""
        found: dict[BlobId, bytes] = {}
        missing = []
        for blob in dict.fromkeys(blobs):
            known = self._cache.get(blob)
            if known is None:
                missing.append(blob)
            else:
                found[blob] = known
        for blob, row in self._rows(missing).items():
            try:
                found[blob] = self._opened(blob, row)
            except (NotFound, TryAgain):
                continue
        return found

    def in_passing(self) -> SqlBlobs:
        """The same bodies, for who goes through many and reads each once: none of them is kept in memory."""
        other = copy.copy(self)
        other._cache = _Cache(0)
        return other

    def close(self) -> None:
        """Ends the threads; the database is somebody else's."""
        self._threads.shutdown()

    def _small(self, octets: Octets) -> StoredBody:
        return StoredBody(hashed(octets), len(octets), packed(octets))

    def _rows(self, blobs: Sequence[BlobId]) -> Mapping[BlobId, bytes | None]:
        if not blobs:
            return {}
        try:
            with self._database.readers.connect() as connection:
                return contents.bodies(Sql(connection), blobs)
        except Exception as error:
            raise trouble(error) from error

    def _opened(self, blob: BlobId, body: bytes | None) -> bytes:
        octets = unpacked(blob, self._objects.get(blob) if body is None else body)
        self._cache.keep(blob, octets)
        return octets

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


def sweep(database: Database, objects: Objects, *, older: float = SWEPT_SECONDS) -> int:
    """Takes away the bodies that nothing refers to and that are older than `older` seconds; how many these were.

    It may run beside everything else, and in several processes.
    """
    gone = 0
    before = now_micros() - int(older * 1_000_000)
    while True:
        with database.turn, database.writers.begin() as connection:
            swept = contents.sweep(Sql(connection), before)
        gone += len(swept)
        for blob, away in swept:
            if away:
                objects.drop(blob)
        if not swept:
            break
    for found in objects.stats():
        if found.written < time.time() - max(older, SWEPT_SECONDS) and not _known(database, found.blob):
            objects.drop(found.blob)
            gone += 1
    return gone


def _known(database: Database, blob: BlobId) -> bool:
    with database.readers.connect() as connection:
        return blob in contents.bodies(Sql(connection), [blob])


def hashed(octets: Octets) -> BlobId:
    """The name of a body."""
    return BlobId(hashlib.sha256(octets).hexdigest())


class _Cache:
    """Octets that were read lately, bounded. For several threads."""

    def __init__(self, limit: int) -> None:
        self._limit, self._held = limit, 0
        self._kept: OrderedDict[BlobId, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, blob: BlobId) -> bytes | None:
        with self._lock:
            found = self._kept.get(blob)
            if found is not None:
                self._kept.move_to_end(blob)
            return found

    def keep(self, blob: BlobId, octets: bytes) -> None:
        if len(octets) > self._limit // 2:
            return
        with self._lock:
            if blob not in self._kept:
                self._kept[blob] = octets
                self._held += len(octets)
            while self._held > self._limit:
                self._held -= len(self._kept.popitem(last=False)[1])
