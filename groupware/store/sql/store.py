"""`SqlStore`: the door, over reader threads and writer threads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import TypeVar

from groupware.model.principal import Principal
from groupware.store.api import ReadTx, WriteTx

from .door import SqlTx
from .engine import GLANCING, Database, Sql
from .tree import Memory
from .writer import BeforeCommit, Job, Publish, Reader, Writer

T = TypeVar("T")


class SqlStore:
    """`groupware.store.api.Store` over SQLite or PostgreSQL."""

    __slots__ = ("_glancer", "_memory", "_pool", "_reader", "_writers", "database", "reads", "writes")

    def __init__(
        self, database: Database, publish: Publish, before_commit: BeforeCommit, *, readers: int, writers: int
    ) -> None:
        """`writers` counts for PostgreSQL alone: SQLite has one."""
        self.database = database
        self.reads = self.writes = 0
        """How many were handed to the threads, here in this process."""
        self._memory = Memory()
        self._pool = ThreadPoolExecutor(readers, "store-reader")
        self._reader = Reader(database.readers, self._memory)
        self._glancer = Reader(database.readers, self._memory, () if database.postgres else GLANCING)
        count = writers if database.postgres else 1
        self._writers = [Writer(database, self._memory, publish, before_commit) for _ in range(count)]

    async def read(self, who: Principal, work: Callable[[ReadTx], T]) -> T:
        """What `work` gives back over one snapshot."""
        self.reads += 1
        return await asyncio.get_running_loop().run_in_executor(self._pool, partial(self._reader.read, who, work))

    async def glance(self, who: Principal, work: Callable[[ReadTx], T]) -> T:
        """`read` of a few rows: SQLite's are in memory or as good as, and no thread is woken for them."""
        if self.database.postgres:
            return await self.read(who, work)
        found: T = self._glancer.read(who, work)
        return found

    def version(self) -> Hashable:
        """SQLite counts in memory what has been committed; PostgreSQL would have to be asked."""
        return None if self.database.postgres else self._glancer.version()

    async def write(self, who: Principal, work: Callable[[WriteTx], T]) -> T:
        """What `work` gives back, after COMMIT."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self.writes += 1
        self._writer(who).put(Job(who, work, loop, future))
        return await future

    def snapshot(self, who: Principal) -> AbstractContextManager[ReadTx]:
        """One snapshot for code that is in a thread already."""
        return self._snapshot(who)

    @contextmanager
    def _snapshot(self, who: Principal) -> Iterator[ReadTx]:
        with self.database.readers.connect() as connection, connection.begin():
            yield SqlTx(Sql(connection), self._memory, who, locks=False)

    def write_later(self, who: Principal, work: Callable[[WriteTx], T]) -> Future[T]:
        """The same as `write`, for code that is in a thread already."""
        future: Future[T] = Future()
        self.writes += 1
        self._writer(who).put(Job(who, work, None, future))
        return future

    async def close(self) -> None:
        """Finishes what was handed in, then lets go of the database."""
        for writer in self._writers:
            await asyncio.to_thread(writer.close)
        await asyncio.to_thread(self._pool.shutdown)
        self._reader.close()
        self._glancer.close()
        self.database.dispose()

    def _writer(self, who: Principal) -> Writer:
        return self._writers[who.account % len(self._writers)]
