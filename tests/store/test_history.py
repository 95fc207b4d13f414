"""The history of migrations leads exactly to the tables that the code declares."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, create_engine, inspect, text

from groupware.store.sql.history import upgrade
from groupware.store.sql.schema import metadata


@pytest.fixture
def connection() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    with engine.connect() as opened:
        yield opened
    engine.dispose()


def described(connection: Connection) -> dict[str, list[object]]:
    """Columns with types and defaults, keys and indexes of every table but Alembic's own."""
    found = inspect(connection)
    return {
        table: [
            [(each["name"], str(each["type"]), each["nullable"], each["default"]) for each in found.get_columns(table)],
            found.get_pk_constraint(table)["constrained_columns"],
            sorted((each["referred_table"], each["constrained_columns"]) for each in found.get_foreign_keys(table)),
            sorted(each["column_names"] for each in found.get_unique_constraints(table)),
            sorted(each["column_names"] for each in found.get_indexes(table)),
        ]
        for table in found.get_table_names()
        if table != "alembic_version"
    }


def test_an_empty_database_becomes_what_the_code_declares(connection: Connection) -> None:
    upgrade(connection)
    engine = create_engine("sqlite://")
    with engine.connect() as declared:
        metadata.create_all(declared)
        assert described(connection) == described(declared)
    engine.dispose()


def test_the_layout_of_tables_on_disk_is_the_declared_one(connection: Connection) -> None:
    upgrade(connection)
    rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'table'"))
    clustered = {name for name, sql in rows if "WITHOUT ROWID" in sql and "search_index" not in name}
    assert clustered == {"item", "tombstone", "seen", "annotation"}


def test_upgrading_again_changes_nothing(connection: Connection) -> None:
    upgrade(connection)
    connection.execute(text("UPDATE meta SET value = 7 WHERE name = 'uidvalidity'"))
    before = sorted(inspect(connection).get_table_names())
    upgrade(connection)
    assert sorted(inspect(connection).get_table_names()) == before
    assert connection.execute(text("SELECT value FROM meta WHERE name = 'uidvalidity'")).scalar_one() == 7
