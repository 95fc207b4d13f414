"""Who sees SQLite's file in the system's memory: those who read many rows, as much of it as SQLite maps."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from groupware.store.sql.engine import Database, open_database

MOST = 0x7FFF0000
"""SQLite's own bound (SQLITE_MAX_MMAP_SIZE)."""


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = open_database(tmp_path)
    yield database
    database.dispose()


def mapped(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.exec_driver_sql("PRAGMA mmap_size").scalar_one())


def test_threads_that_read_see_all_of_the_file_that_sqlite_maps(database: Database) -> None:
    assert mapped(database.readers) == MOST


def test_who_writes_sees_none_of_it(database: Database) -> None:
    assert mapped(database.writers) == 0
