"""Each test of the store runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from groupware.store import SqlBlobs, SqlStore, open_store
from groupware.store.bus import LocalBus
from groupware.store.check import Report, check
from groupware.store.objects import FolderObjects, Objects
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


@pytest.fixture(params=["sqlite", "postgres"])
def other(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """Where nothing is yet, not even the tables."""
    if request.param == "sqlite":
        yield Place(tmp_path / "other", "")
        return
    name = postgres.server().new()
    yield Place(tmp_path / "other", postgres.server().url(name))
    postgres.server().drop(name)


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


@pytest.fixture
async def store(place: Place) -> AsyncIterator[SqlStore]:
    opened = open_store(place.data, place.url, bus=LocalBus())
    yield opened
    await opened.close()


@pytest.fixture
def objects(tmp_path: Path) -> Objects:
    return FolderObjects(tmp_path / "bodies")


@pytest.fixture
def fresh(store: SqlStore, objects: Objects) -> Iterator[Callable[[], SqlBlobs]]:
    """Bodies of which none is in memory."""
    made: list[SqlBlobs] = []

    def make() -> SqlBlobs:
        made.append(SqlBlobs(store.database, objects, 1024))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def blobs(store: SqlStore, objects: Objects) -> Iterator[SqlBlobs]:
    made = SqlBlobs(store.database, objects, 1024)
    yield made
    made.close()


Harm = Callable[[str], None]


@pytest.fixture
def harm(store: SqlStore) -> Harm:
    def run(statement: str) -> None:
        with store.database.writers.connect() as connection:
            if store.database.postgres:
                connection.exec_driver_sql("SET session_replication_role = replica")
            else:  # within a transaction it would do nothing
                driver: Any = connection.connection.driver_connection
                driver.execute("PRAGMA foreign_keys=OFF")
            connection.commit()
            with connection.begin():
                connection.exec_driver_sql(statement)
            connection.invalidate()

    return run


Look = Callable[..., Awaitable[Report]]


@pytest.fixture
def look(store: SqlStore, objects: Objects) -> Look:
    return lambda **options: asyncio.to_thread(check, store, objects, **options)
