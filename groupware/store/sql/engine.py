"""The two databases: how to open one, and statements that are compiled once.

`Sql` is one open transaction. A statement of `rows` and its like is compiled once for each database and goes to the
driver as it is; `execute` takes the ordinary way of SQLAlchemy, for what is built as it is needed.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, CursorResult, Engine, Executable, create_engine, event
from sqlalchemy.exc import DBAPIError

from groupware.model.errors import DiskFull, TryAgain

from .turn import Turn

DATABASE: Final = "postroom.db"
"""What SQLite's is called in the data folder."""
BUSY_SECONDS: Final = 20.0
READING: Final = ("PRAGMA query_only=ON", "PRAGMA cache_size=-32768", "PRAGMA mmap_size=2147418112")
"""Readers see the file in the system's memory, as much of it as SQLite maps, and keep by themselves what they read of
the log. What is not mapped is read page by page: from a disk each is a wait, and four times the processor's time."""
GLANCING: Final = ("PRAGMA cache_size=-8192", "PRAGMA mmap_size=0")
"""After each COMMIT a reader lets go of what it has mapped, and for a few rows to map it anew is most of the read."""
WRITING: Final = ("PRAGMA synchronous=FULL", "PRAGMA cache_size=-8192", "PRAGMA mmap_size=0")
"""What a writer needs again it has just written: more than 8 MB of it save nothing. What it merely passes through, as
the text of all mail on its way into the search index, would stay in the process's memory if it were seen there."""
NOTHING: Final[Mapping[str, object]] = {}

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A statement in a driver's words. Names in order where it takes values by position; values it has in itself."""

    statement: Executable  # kept, so that no other takes its place in memory
    text: str
    order: tuple[str, ...] | None
    own: Mapping[str, object]

    def filled(self, values: Mapping[str, object]) -> Any:
        """The values as the driver takes them."""
        if self.own:
            values = {**self.own, **values}
        return values if self.order is None else [values[name] for name in self.order]


_prepared: dict[tuple[str, int], _Prepared] = {}
_MOST_PREPARED: Final = 4096
"""Far more than the house has; which columns are read is a client's choice, though, and made anew as it is needed."""


@dataclass(frozen=True, slots=True)
class Database:
    """One database, seen by those who read and by those who write."""

    readers: Engine
    writers: Engine
    postgres: bool
    turn: AbstractContextManager[None]
    """To be held while a transaction of `writers` is open."""

    def dispose(self) -> None:
        """Close every connection that is not in use."""
        self.readers.dispose()
        self.writers.dispose()
        if isinstance(self.turn, Turn):
            self.turn.close()


def open_database(data: Path, url: str = "") -> Database:
    """The PostgreSQL at `url`, or with none the SQLite in the data folder."""
    if url:
        return _postgres(f"postgresql+psycopg://{_checked(url)}")
    data.mkdir(parents=True, exist_ok=True)
    return _sqlite(data / DATABASE)


def psycopg_url(url: str) -> str:
    """The URL of a PostgreSQL as psycopg takes it. ValueError for that of another database."""
    return f"postgresql://{_checked(url)}"


def _checked(url: str) -> str:
    """What stands behind the scheme."""
    scheme, colon, rest = url.partition("://")
    if not colon or scheme.split("+")[0] not in {"postgresql", "postgres"}:
        raise ValueError(f"database {scheme!r}: only postgresql://user:password@host/name is known")
    return rest


def _sqlite(path: Path) -> Database:
    made = []
    for begin, own in (("BEGIN", READING), ("BEGIN IMMEDIATE", WRITING)):
        engine = create_engine(
            f"sqlite:///{path}",
            connect_args={"timeout": BUSY_SECONDS, "isolation_level": None, "check_same_thread": False},
            pool_size=64,
        )
        event.listen(engine, "connect", _at_connect(own))
        event.listen(engine, "begin", _at_begin(begin))
        made.append(engine)
    return Database(made[0], made[1], postgres=False, turn=Turn(path))


def _at_connect(own: Sequence[str]) -> Any:
    def prepare(connection: sqlite3.Connection, record: object) -> None:
        for pragma in (
            "PRAGMA journal_mode=WAL",
            "PRAGMA foreign_keys=ON",
            "PRAGMA temp_store=MEMORY",
            *own,
        ):
            connection.execute(pragma)

    return prepare


def _at_begin(begin: str) -> Any:
    def start(connection: Connection) -> None:
        driver: Any = connection.connection.dbapi_connection
        if begin == "BEGIN" and driver.in_transaction:  # `Reading` has begun
            return
        driver.execute(begin)  # by itself: what SQLAlchemy keeps of a statement costs more than the statement

    return start


def _postgres(url: str) -> Database:
    # In BEGIN itself: a SET of its own would be one more question to the server in every read.
    reading = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    readers = create_engine(url, pool_size=64, pool_pre_ping=True, execution_options=reading)
    writers = create_engine(url, pool_size=64, pool_pre_ping=True, isolation_level="READ COMMITTED")
    event.listen(writers, "connect", _waits_for_the_disk)
    return Database(readers, writers, postgres=True, turn=nullcontext())


_WAIT_FOR_THE_DISK: Final = (
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
)
"""What is stricter, or waits for this server's disk alone (`local`), stays as it is configured."""


def _waits_for_the_disk(connection: Any, record: object) -> None:
    """COMMIT returns when it is on the disk, whatever the server, the database or the role has been set to."""
    before, connection.autocommit = connection.autocommit, True
    connection.execute(_WAIT_FOR_THE_DISK)
    connection.autocommit = before


class Reading:
    """A transaction of SQLite that reads: begun and ended by the driver, for SQLAlchemy's costs as much as a few rows.

    SQLAlchemy joins it where `Sql.execute` is used, and then has to know of its end.
    """

    __slots__ = ("_connection", "_driver")

    def __init__(self, connection: Connection) -> None:
        self._connection, self._driver = connection, connection.connection.dbapi_connection

    def __enter__(self) -> None:
        self._driver.execute("BEGIN")  # type: ignore[union-attr]

    def __exit__(self, kind: object, error: object, where: object) -> None:
        if self._connection.in_transaction():
            self._connection.rollback()
        else:
            self._driver.rollback()  # type: ignore[union-attr]


class Sql:
    """One transaction on one connection, in one thread."""

    __slots__ = ("_cursor", "connection", "dialect", "locked", "postgres", "writes")

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.dialect = connection.dialect
        self.postgres = self.dialect.name == "postgresql"
        self.writes = 0
        self.locked: set[int] = set()
        """Folders whose owner's row this transaction has locked."""
        self._cursor = connection.connection.cursor()

    def rows(self, statement: Executable, values: Mapping[str, object] = NOTHING) -> list[Row]:
        """All rows. The statement is a constant: its compiled form is kept."""
        prepared = self._prepare(statement)
        self._cursor.execute(prepared.text, prepared.filled(values))
        return list(self._cursor.fetchall())

    def row(self, statement: Executable, values: Mapping[str, object] = NOTHING) -> Row | None:
        """The first row, or None. For constants, as `rows`."""
        prepared = self._prepare(statement)
        self._cursor.execute(prepared.text, prepared.filled(values))
        found: Row | None = self._cursor.fetchone()
        return found

    def value(self, statement: Executable, values: Mapping[str, object] = NOTHING) -> Any:
        """The one value of the one row. For constants, as `rows`; LookupError without a row."""
        row = self.row(statement, values)
        if row is None:
            raise LookupError(f"no row where one has to be: {self._prepare(statement).text}")
        return row[0]

    def change(self, statement: Executable, values: Mapping[str, object] = NOTHING) -> int:
        """How many rows it changed. For constants, as `rows`."""
        self.writes += 1
        prepared = self._prepare(statement)
        self._cursor.execute(prepared.text, prepared.filled(values))
        return int(self._cursor.rowcount)

    def returning(self, statement: Executable, values: Mapping[str, object] = NOTHING) -> Row | None:
        """The row that an INSERT or UPDATE ... RETURNING gives back; None: it changed nothing. For constants."""
        self.writes += 1
        found = self.rows(statement, values)  # to its end: SQLite does not commit beside one that is still open
        return found[0] if found else None

    def many(self, statement: Executable, values: Sequence[Mapping[str, object]]) -> None:
        """The same change with many sets of values. For constants, as `rows`."""
        if not values:
            return
        self.writes += 1
        prepared = self._prepare(statement)
        if len(values) == 1:  # psycopg's executemany asks the server twice more
            self._cursor.execute(prepared.text, prepared.filled(values[0]))
        else:
            self._cursor.executemany(prepared.text, [prepared.filled(each) for each in values])

    @contextmanager
    def page_by_page(self) -> Iterator[None]:
        """What is read inside is not seen in the system's memory: SQLite asks for the pages that it needs.

        Around a page that is not in memory yet the system brings 128 KB of the file, which is good for rows that lie
        there and bad for those of a narrow table, between which all else lies.
        """
        mapped = 0 if self.postgres else self._cursor.execute("PRAGMA mmap_size").fetchone()[0]
        if not mapped:
            yield
            return
        self._cursor.execute("PRAGMA mmap_size=0")
        try:
            yield
        finally:
            self._cursor.execute(f"PRAGMA mmap_size={mapped}")

    def execute(self, statement: Executable, values: Mapping[str, object] | None = None) -> CursorResult[Any]:
        """The result of a statement that was built just now. A change made this way: say so by `changed`."""
        return self.connection.execute(statement, values or {})

    def changed(self) -> None:
        """What `execute` ran has changed something."""
        self.writes += 1

    def _prepare(self, statement: Executable) -> _Prepared:
        key = (self.dialect.name, id(statement))
        found = _prepared.get(key)
        if found is None:
            compiled: Any = statement.compile(dialect=self.dialect)  # type: ignore[attr-defined]
            order = compiled.positiontup
            own = {name: value for name, value in compiled.params.items() if value is not None}
            found = _Prepared(statement, str(compiled), None if order is None else tuple(order), own)
            if len(_prepared) >= _MOST_PREPARED:
                _prepared.clear()
            _prepared[key] = found
        return found


def trouble(error: BaseException) -> BaseException:
    """What to tell of a database's error: TryAgain for what passes by itself, else the error as it is."""
    original = error.orig if isinstance(error, DBAPIError) else error
    if is_full(error):
        return DiskFull()
    if isinstance(original, sqlite3.OperationalError):
        passing = ("locked", "disk i/o", "unable to open", "readonly")
        if any(word in str(original).lower() for word in passing):
            return TryAgain(f"the database cannot be written or read just now ({original}); try again later")
    if isinstance(original, _psycopg("OperationalError", "InterfaceError")):
        return TryAgain("the database does not answer as it should just now; try again later")
    return error


def is_full(error: BaseException) -> bool:
    """Whether there was no room for what was to be stored. Nothing of it has been, though it be COMMIT that says so."""
    original = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(original, sqlite3.OperationalError):
        return "full" in str(original).lower()
    return isinstance(original, _psycopg("DiskFull"))


def is_deadlock(error: BaseException) -> bool:
    """Whether PostgreSQL chose this transaction to give way: run again, it may pass."""
    original = error.orig if isinstance(error, DBAPIError) else error
    return isinstance(original, _psycopg("DeadlockDetected", "SerializationFailure"))


def is_broken(error: BaseException) -> bool:
    """Whether the connection is of no more use."""
    original = error.orig if isinstance(error, DBAPIError) else error
    return isinstance(original, (sqlite3.DatabaseError, *_psycopg("OperationalError", "InterfaceError")))


def _psycopg(*names: str) -> tuple[type[Exception], ...]:
    """psycopg's errors of these names; none as long as nobody has used PostgreSQL, for it is slow to import."""
    errors = sys.modules.get("psycopg.errors")
    return tuple(getattr(errors, name) for name in names) if errors is not None else ()
