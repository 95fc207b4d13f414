"""The only SQL and the only permission check. Others see `api`, `blobs`, `bus` and `open_store`."""

from __future__ import annotations

from pathlib import Path

from groupware.store.api import Bus
from groupware.store.blobs import SqlBlobs
from groupware.store.bus import SharedBus, open_bus
from groupware.store.marks import announce
from groupware.store.objects import open_objects
from groupware.store.sql.engine import DATABASE, open_database, trouble
from groupware.store.sql.history import NewerSchema, upgrade
from groupware.store.sql.store import SqlStore

__all__ = ["DATABASE", "NewerSchema", "SharedBus", "SqlBlobs", "SqlStore", "open_blobs", "open_bus", "open_store"]


def open_store(data: Path, url: str = "", *, bus: Bus, readers: int = 4, writers: int = 4) -> SqlStore:
    """The store on PostgreSQL at `url`, or with none on SQLite in the data folder, at the newest schema.

    ValueError for a URL of another database, NewerSchema; `TryAgain` when the database does not answer.
    """
    database = open_database(data, url)
    try:
        with database.turn, database.writers.connect() as connection, connection.begin():
            upgrade(connection)
    except Exception as error:
        database.dispose()
        raise trouble(error) from error
    return SqlStore(database, bus.publish, announce, readers=readers, writers=writers)


def open_blobs(store: SqlStore, data: Path, place: str = "blobs", *, threshold: int = 64) -> SqlBlobs:
    """The bodies beside a store: up to `threshold` KB in its database, larger ones at `place`.

    ValueError when `place` (a folder, absolute or in the data folder, or a URL) is none that can be used.
    """
    return SqlBlobs(store.database, open_objects(data, place), threshold << 10)
