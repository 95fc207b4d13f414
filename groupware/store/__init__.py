"""The only SQL and the only permission check. Others see `api`, `blobs`, `bus` and `open_store`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from groupware.model.ids import FolderId, ModSeq
from groupware.store.api import Bus
from groupware.store.sql.engine import Sql, open_database
from groupware.store.sql.history import NewerSchema, upgrade
from groupware.store.sql.store import SqlStore

__all__ = ["NewerSchema", "SqlStore", "open_store"]


def open_store(data: Path, url: str = "", *, bus: Bus, readers: int = 4, writers: int = 4) -> SqlStore:
    """The store on PostgreSQL at `url`, or with none on SQLite in the data folder, at the newest schema.

    ValueError for a URL of another database, NewerSchema; `TryAgain` when the database does not answer.
    """
    database = open_database(data, url)
    with database.writers.connect() as connection, connection.begin():
        upgrade(connection)
    return SqlStore(database, bus.publish, _nothing, readers=readers, writers=writers)


def _nothing(sql: Sql, marks: Mapping[FolderId, ModSeq]) -> None:
    return None
