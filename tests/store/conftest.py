"""Each test of the store runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from groupware.store.sql.engine import Database, open_database
from groupware.store.sql.history import upgrade
from tests.store.house import House
from tests.store.house import house as opened_house
from tests.store.world import World, people
from tests.support import postgres
from tests.support.s3server import s3 as s3


@dataclass(frozen=True)
class Place:
    """Where a store is: its data folder, and the database's address ("" for SQLite in that folder)."""

    data: Path
    url: str


def migrated(data: Path, url: str) -> None:
    database = open_database(data, url)
    with database.writers.begin() as connection:
        upgrade(connection)
    database.dispose()


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("empty")
    migrated(folder, "")
    return folder / "postroom.db"


@pytest.fixture(scope="session")
def empty_postgres(tmp_path_factory: pytest.TempPathFactory) -> str:
    name = postgres.server().new()
    migrated(tmp_path_factory.mktemp("none"), postgres.server().url(name))
    return name


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """An empty, migrated database."""
    if request.param == "sqlite":
        data = tmp_path / "data"
        data.mkdir()
        shutil.copy(request.getfixturevalue("empty_sqlite"), data / "postroom.db")
        yield Place(data, "")
        return
    server = postgres.server()
    name = server.new(request.getfixturevalue("empty_postgres"))
    yield Place(tmp_path / "data", server.url(name))
    server.drop(name)


@pytest.fixture
def database(place: Place) -> Iterator[Database]:
    opened = open_database(place.data, place.url)
    yield opened
    opened.dispose()


@pytest.fixture
def house(place: Place) -> Iterator[House]:
    """An empty store, with the domain `example.test` (also `alias.test`)."""
    with opened_house(place.data, place.url) as found:
        found.domain("example.test", "alias.test")
        yield found


@pytest.fixture
def world(house: House) -> World:
    """The house with people in it."""
    return people(house)
