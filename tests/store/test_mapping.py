"""Who sees SQLite's file in the system's memory: those who read many rows, as much of it as SQLite maps."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from groupware.model.ids import BEGINNING, EVERY
from groupware.store.sql.engine import Database, Row, Sql, open_database
from tests.store.house import house
from tests.store.world import letter, people

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


def test_all_entries_of_a_folder_are_read_page_by_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ordinary, found = Sql.rows, list[tuple[int, int]]()

    def rows(sql: Sql, *more: Any) -> list[Row]:
        read = ordinary(sql, *more)
        found.append((len(read), sql._cursor.execute("PRAGMA mmap_size").fetchone()[0]))
        return read

    with house(tmp_path, "") as made:
        made.domain("example.test")
        world = people(made)
        world.put(letter(), letter())
        monkeypatch.setattr(Sql, "rows", rows)
        world.read(world.alice, lambda tx: tx.changes(world.work, BEGINNING))
        assert found[-1] == (2, 0)
        world.read(world.alice, lambda tx: tx.columns(world.work, ("summary",), EVERY))
        assert found[-1] == (2, MOST)
