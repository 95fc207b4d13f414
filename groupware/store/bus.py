"""Change marks, within one process and between all processes on one database.

1. A mark says that a folder is at a modseq by now, and nothing more; whoever cares reads the difference.
2. Marks may come twice, never late for good: an ear that was cut off tells everything that is watched once more.
3. What this process publishes does not wait for the database: the ear hears it again, and it is known by its modseq.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Final, Protocol

from groupware.model.ids import FolderId, ModSeq
from groupware.model.times import now_micros

from .api import QUEUE, STANDING
from .marks import CHANNEL, decoded
from .sql.engine import DATABASE, psycopg_url

POLL_SECONDS: Final = 0.05
AGAIN_SECONDS: Final = 0.5
LISTEN_SECONDS: Final = 0.2


class LocalWatch:
    """Marks of some folders; they coalesce, so it cannot overflow."""

    __slots__ = ("_bus", "_heard", "_loop", "_marks", "_waiting", "folders")

    def __init__(self, bus: LocalBus, folders: frozenset[FolderId], heard: Callable[[], None] | None = None) -> None:
        self._bus, self.folders, self._heard = bus, folders, heard
        self._loop = asyncio.get_running_loop()
        self._marks: dict[FolderId, ModSeq] = {}
        self._waiting: asyncio.Future[None] | None = None

    async def changed(self, within: float | None = None) -> Mapping[FolderId, ModSeq]:
        """The newest mark of each folder that changed since the last call; empty after `within` seconds."""
        if not self._marks:
            if within == 0:
                return {}
            self._waiting = self._loop.create_future()
            try:
                await asyncio.wait_for(self._waiting, within)
            except TimeoutError:
                return {}
            finally:
                self._waiting = None
        marks, self._marks = self._marks, {}
        return marks

    def any(self) -> bool:
        """Whether something has changed since the last call of `changed`."""
        return bool(self._marks)

    def close(self) -> None:
        """No more marks."""
        self._heard = None
        self._bus.forget(self)

    def wake(self, marks: Mapping[FolderId, ModSeq]) -> None:
        """Take marks in, on the loop of the one who waits."""
        with suppress(RuntimeError):  # the loop has ended, and nobody waits any more
            self._loop.call_soon_threadsafe(self._take, marks)

    def _take(self, marks: Mapping[FolderId, ModSeq]) -> None:
        for folder, modseq in marks.items():
            self._marks[folder] = max(modseq, self._marks.get(folder, modseq))
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)
        if self._heard is not None:
            self._heard()


@dataclass(slots=True)
class _Watched:
    """Who watches a folder, and the newest mark that they were told."""

    watches: set[LocalWatch] = field(default_factory=set)
    newest: int = -1


Tell = Callable[[Mapping[FolderId, ModSeq]], None]


class LocalBus:
    """Level-triggered: "this folder is now at modseq N"."""

    __slots__ = ("_lock", "_news", "_tell", "_watched")

    def __init__(self, tell: Tell | None = None) -> None:
        """`tell` says what this process publishes to others at once; without it they look at the journal."""
        self._lock, self._tell = Lock(), tell
        self._watched: dict[FolderId, _Watched] = {}
        self._news = 0

    @property
    def news(self) -> int:
        """How often marks have come until now: while that stays, a watch begun in between has missed nothing."""
        return self._news

    def publish(self, marks: Mapping[FolderId, ModSeq]) -> None:
        """From any thread, after COMMIT only."""
        if self._tell is not None:
            self._tell(marks)
        self.hear(marks)

    def hear(self, marks: Mapping[FolderId, ModSeq]) -> None:
        """Marks of what another process has committed. From any thread."""
        heard: dict[LocalWatch, dict[FolderId, ModSeq]] = {}
        with self._lock:
            self._news += 1
            for folder, modseq in marks.items():
                found = self._watched.get(folder)
                if found is None or (modseq <= found.newest and folder != QUEUE):
                    continue
                found.newest = modseq
                for watch in found.watches:
                    heard.setdefault(watch, {})[folder] = modseq
        for watch, its in heard.items():
            watch.wake(its)

    def watch(self, folders: Iterable[FolderId], heard: Callable[[], None] | None = None) -> LocalWatch:
        """A watch over these folders, for the running event loop; `heard` is called there with each mark."""
        watch = LocalWatch(self, frozenset(folders), heard)
        with self._lock:
            for folder in watch.folders:
                self._watched.setdefault(folder, _Watched()).watches.add(watch)
        return watch

    def forget(self, watch: LocalWatch) -> None:
        """Drop a watch."""
        with self._lock:
            for folder in watch.folders:
                found = self._watched.get(folder)
                if found is not None:
                    found.watches.discard(watch)
                    if not found.watches:
                        del self._watched[folder]

    def watched(self) -> list[FolderId]:
        """The folders that somebody watches."""
        with self._lock:
            return list(self._watched)

    def close(self) -> None:
        """Nothing: this bus hears only itself."""


class _Ear(Protocol):
    """Hears what other processes have committed."""

    def listen(self, stopped: Event, bus: LocalBus) -> None:
        """Publish what is heard until `stopped`; raises when the connection is lost."""
        ...


class SharedBus(LocalBus):
    """A bus that hears the other processes on the same database as well, once it listens."""

    __slots__ = ("_ear", "_stopped", "_thread", "failed")

    def __init__(
        self, ear: _Ear, failed: Callable[[Exception], None] = lambda error: None, tell: Tell | None = None
    ) -> None:
        """`failed`: told when the connection is lost, before it is made again."""
        super().__init__(tell)
        self._ear, self.failed = ear, failed
        self._stopped = Event()
        self._thread: Thread | None = None

    def listen(self) -> None:
        """Hears from now on: not before the database has its tables."""
        self._thread = Thread(target=self._live, name="store-bus", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """No more marks from elsewhere."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()

    def _live(self) -> None:
        while not self._stopped.is_set():
            try:
                self._ear.listen(self._stopped, self)
            except Exception as error:  # whatever an ear has met, it listens again
                self.failed(error)
                self._stopped.wait(AGAIN_SECONDS)


def open_bus(
    data: Path, url: str = "", *, failed: Callable[[Exception], None] = lambda error: None, tell: Tell | None = None
) -> SharedBus:
    """The bus of all processes on the PostgreSQL at `url`, or with none on the SQLite in the data folder."""
    ear: _Ear = PostgresEar(psycopg_url(url)) if url else SqliteEar(data)
    return SharedBus(ear, failed, tell)


class PostgresEar:
    """LISTEN: each writing transaction sends its marks along (`marks.announce`)."""

    def __init__(self, url: str) -> None:
        self._url = url

    def listen(self, stopped: Event, bus: LocalBus) -> None:
        """See `_Ear`."""
        import psycopg  # slow to import, and of use with PostgreSQL alone

        with closing(psycopg.connect(self._url, autocommit=True, application_name="postroom-bus")) as connection:
            connection.execute(f"LISTEN {CHANNEL}")
            where = "SELECT id, modseq FROM folder WHERE id = ANY(%s)"
            policy = connection.execute(_EPOCH).fetchall()
            again = {QUEUE: ModSeq(0), STANDING: ModSeq(now_micros())}
            bus.hear({**again, **dict(policy), **dict(connection.execute(where, [bus.watched()]).fetchall())})
            while not stopped.is_set():
                for heard in connection.notifies(timeout=LISTEN_SECONDS):
                    bus.hear(decoded(heard.payload))
                    if stopped.is_set():
                        break


class SqliteEar:
    """A look every 50 ms whether somebody has committed, and then at the journal."""

    def __init__(self, data: Path) -> None:
        self._path = data / DATABASE

    def listen(self, stopped: Event, bus: LocalBus) -> None:
        """See `_Ear`."""
        with closing(sqlite3.connect(f"{self._path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            connection.isolation_level = None
            version, journal, queue = -1, _newest(connection, "journal"), -1
            bus.hear(_current(connection, bus.watched()))
            while not stopped.wait(POLL_SECONDS):
                found = connection.execute("PRAGMA data_version").fetchone()[0]
                if found == version:
                    continue
                version = found
                marks, journal = _since(connection, journal)
                last = _newest(connection, "queue_message")
                if last != queue:
                    marks[QUEUE], queue = ModSeq(last), last
                bus.hear(marks)


_EPOCH: Final = "SELECT -2, value FROM meta WHERE name = 'policy'"
"""The mark of `POLICY`."""
SINCE: Final = (
    "SELECT folder_id, max(modseq), max(id), owner_id, max(what NOT LIKE 'item.%')"
    " FROM journal WHERE id > ? GROUP BY +folder_id"
)
"""+: by the newest rows; through the index of folders all that were ever written would be read."""


def _newest(connection: sqlite3.Connection, table: str) -> int:
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)).fetchone()
    return int(row[0]) if row is not None else 0


def _since(connection: sqlite3.Connection, journal: int) -> tuple[dict[FolderId, ModSeq], int]:
    rows = connection.execute(SINCE, (journal,)).fetchall()
    marks: dict[FolderId, ModSeq] = {}
    for at, modseq, _, owner, more in rows:
        if at is None:
            continue
        marks[at] = max(modseq, marks.get(at, modseq))
        if more and at > 0:  # a folder was made, renamed, granted: the list has changed, and what may be read below it
            for (below,) in connection.execute("SELECT id FROM folder WHERE owner_id = ?", (owner,)):
                marks[below] = max(modseq, marks.get(below, modseq))
    return marks, max((row[2] for row in rows), default=journal)


def _current(connection: sqlite3.Connection, folders: Iterable[FolderId]) -> dict[FolderId, ModSeq]:
    marks = {FolderId(at): ModSeq(epoch) for at, epoch in connection.execute(_EPOCH)}
    marks[STANDING] = ModSeq(now_micros())
    for at in folders:
        row = connection.execute("SELECT modseq FROM folder WHERE id = ?", (at,)).fetchone()
        if row is not None:
            marks[at] = ModSeq(row[0])
    return marks
