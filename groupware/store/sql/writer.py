"""The threads that write and read.

A writer takes all the work that queued up during its last COMMIT, runs it in ONE transaction, commits once, and answers
the callers together. Invariants:

1. If one piece fails after it has written, everything is rolled back and each piece runs again alone; a failure of
   COMMIT itself is never run again, for nobody knows whether it held: it answers TryAgain.
2. Marks are published after COMMIT, and before anybody is answered.
"""

from __future__ import annotations

import asyncio
import itertools
import queue
import threading
from collections.abc import Callable, Hashable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final
from weakref import WeakSet

from sqlalchemy import Connection, Engine

from groupware.model.errors import DiskFull, GroupwareError, TryAgain
from groupware.model.ids import FolderId, ModSeq
from groupware.model.principal import Principal

from .door import SqlTx
from .engine import Database, Reading, Sql, is_broken, is_deadlock, is_full, trouble
from .tree import Memory

BATCH: Final = 500
ALONE_TRIES: Final = 8

Work = Callable[[SqlTx], Any]
Publish = Callable[[Mapping[FolderId, ModSeq]], None]
BeforeCommit = Callable[[Sql, Mapping[FolderId, ModSeq]], None]


@dataclass(slots=True)
class Job:
    """A piece of work, and who waits for it: a task of an event loop, or a thread."""

    who: Principal
    work: Work
    loop: asyncio.AbstractEventLoop | None
    future: asyncio.Future[Any] | Future[Any]
    result: Any = None
    error: BaseException | None = None

    def settle(self) -> None:
        """Tell the one who waits, on its own loop."""
        if self.future.done():
            return
        if isinstance(self.error, StopIteration):  # which no future takes
            self.error = RuntimeError(f"the work raised {self.error!r}")
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


class _RolledBack(Exception):
    """A piece of a batch failed after it had written."""


@dataclass(slots=True)
class _Batch:
    marks: dict[FolderId, ModSeq] = field(default_factory=dict)
    committing: bool = False


class Writer:
    """One thread with one connection."""

    __slots__ = (
        "_before_commit",
        "_closed",
        "_closing",
        "_connection",
        "_engine",
        "_memory",
        "_publish",
        "_queue",
        "_thread",
        "_turn",
    )

    def __init__(self, database: Database, memory: Memory, publish: Publish, before_commit: BeforeCommit) -> None:
        self._engine, self._turn = database.writers, database.turn
        self._memory, self._publish, self._before_commit = memory, publish, before_commit
        self._queue: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._connection: Connection | None = None
        self._closing, self._closed = threading.Lock(), False
        self._thread = threading.Thread(target=self._live, name="store-writer", daemon=True)
        self._thread.start()

    def put(self, job: Job) -> None:
        """Have it done. TryAgain when it is closed: nobody would do it."""
        with self._closing:
            if self._closed:
                raise TryAgain("the server is stopping; try again later")
            self._queue.put(job)

    def close(self) -> None:
        """Finish what was handed in, then end. Blocks."""
        with self._closing:
            self._closed = True
            self._queue.put(None)
        self._thread.join()

    def _live(self) -> None:
        ending = False
        while not ending:
            batch: list[Job] = []
            job = self._queue.get()
            while job is not None:
                batch.append(job)
                if len(batch) == BATCH:
                    break
                try:
                    job = self._queue.get_nowait()
                except queue.Empty:
                    break
            ending = job is None
            if batch:
                self._run(batch)
        self._drop_connection()

    def _run(self, batch: Sequence[Job]) -> None:
        try:
            self._commit(batch)
        except _RolledBack:
            for job in batch:
                self._alone(job)
        except BaseException as error:  # whatever it was, those who wait have to hear of it
            for job in batch:
                job.error, job.result = trouble(error), None
        _settle(batch)

    def _alone(self, job: Job) -> None:
        for tries in range(1, ALONE_TRIES + 1):
            job.result = job.error = None
            try:
                self._commit([job])
            except _RolledBack as failed:
                if not is_deadlock(failed.__cause__ or failed) or tries == ALONE_TRIES:
                    return
            except BaseException as error:  # as above
                job.error = trouble(error)
                return
            else:
                return

    def _commit(self, batch: Sequence[Job]) -> None:
        """Run the pieces in one transaction. _RolledBack: one failed, and nothing was written."""
        state, memory = _Batch(), self._memory
        try:
            with self._turn, self._connected().begin():
                sql = Sql(self._connected())
                for job in batch:
                    memory = self._one(sql, memory, job, state)
                if sql.writes:
                    self._before_commit(sql, state.marks)
                state.committing = True
        except _RolledBack as failed:
            if is_broken(failed.__cause__ or failed):
                self._drop_connection()
            raise
        except BaseException as error:
            if is_broken(error):
                self._drop_connection()
            if is_full(error):
                raise DiskFull from error
            if state.committing:
                raise TryAgain("the database failed while it stored this; whether it holds is not known") from error
            raise
        memory.settle(self._memory)
        if state.marks:
            self._publish(state.marks)

    @staticmethod
    def _one(sql: Sql, memory: Memory, job: Job, state: _Batch) -> Memory:
        """Run one piece; gives back the memory that the next one uses."""
        before = sql.writes
        try:
            tx = SqlTx(sql, memory, job.who, locks=True)
            job.result = job.work(tx)
            tx.finish()
        except GroupwareError as error:
            job.error = error
            if sql.writes != before:
                raise _RolledBack from error
            return memory
        except BaseException as error:
            job.error = trouble(error)
            raise _RolledBack from error
        for folder, modseq in tx.marks.items():
            state.marks[folder] = max(modseq, state.marks.get(folder, modseq))
        return tx.memory

    def _connected(self) -> Connection:
        if self._connection is None:
            self._connection = self._engine.connect()
        return self._connection

    def _drop_connection(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):  # it is broken already, or about to be closed
                connection.invalidate()
            connection.close()


def _settle(batch: Sequence[Job]) -> None:
    """Answer everybody: one wake-up for each event loop."""
    by_loop: dict[asyncio.AbstractEventLoop | None, list[Job]] = {}
    for job in batch:
        by_loop.setdefault(job.loop, []).append(job)
    for loop, jobs in by_loop.items():
        if loop is None:
            for job in jobs:
                job.settle()
        else:
            with suppress(RuntimeError):  # the loop has ended, and nobody waits any more
                loop.call_soon_threadsafe(_settle_all, jobs)


def _settle_all(jobs: Sequence[Job]) -> None:
    for job in jobs:
        job.settle()


_NUMBERS: Final = itertools.count()


class Reader:
    """Reads in whichever thread calls; each thread has a connection of its own."""

    __slots__ = ("_engine", "_local", "_memory", "_open", "_own", "_postgres")

    def __init__(self, engine: Engine, memory: Memory, own: Sequence[str] = ()) -> None:
        """`own`: statements that make of the engine's connections those of this reader."""
        self._engine, self._memory, self._own = engine, memory, own
        self._postgres = engine.dialect.name == "postgresql"
        self._local = threading.local()
        self._open: WeakSet[Connection] = WeakSet()

    def close(self) -> None:
        """Give back the connections of all threads; none may be reading."""
        for connection in list(self._open):
            connection.close()

    def version(self) -> Hashable:
        """What is another after each COMMIT, as this thread's connection to SQLite counts them; None: not known."""
        try:
            cursor = self._connected().connection.cursor()
            return self._local.number, cursor.execute("PRAGMA data_version").fetchone()[0]
        except Exception:  # whoever reads next is told what is wrong
            return None

    def _connected(self) -> Connection:
        """This thread's connection; `number` says which of all it is, for what one counts is nothing to another."""
        found: Connection | None = getattr(self._local, "connection", None)
        if found is None:
            found = self._local.connection = self._engine.connect()
            self._local.number = next(_NUMBERS)
            self._open.add(found)
            for each in self._own:
                found.connection.cursor().execute(each)
        return found

    def read(self, who: Principal, work: Work) -> Any:
        """What `work` gives back over one snapshot."""
        connection = self._connected()
        try:
            with connection.begin() if self._postgres else Reading(connection):
                return work(SqlTx(Sql(connection), self._memory, who, locks=False))
        except GroupwareError:
            raise
        except Exception as error:
            if is_broken(error):
                self._local.connection = None
                with suppress(Exception):  # it is broken already
                    connection.invalidate()
                connection.close()
            told = trouble(error)
            if told is error:
                raise
            raise told from error
