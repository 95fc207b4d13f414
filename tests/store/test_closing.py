"""What is left of a store that was closed."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

import psycopg

from groupware.model.principal import OPERATOR, Domain
from groupware.store import open_store
from tests.store.conftest import Place
from tests.store.house import Silent
from tests.support.patience import until


def left_open(place: Place) -> int:
    """How many connections to the database there are, or files of it that this process has open."""
    if place.url:
        with psycopg.connect(place.url) as connection:
            own = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            row = connection.execute(own).fetchone()
            assert row is not None
            return int(row[0])
    found = 0
    for each in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # what the folder was read with
            found += each.readlink().is_relative_to(place.data)
    return found


async def test_a_closed_store_has_let_go_of_its_database_in_all_threads_that_asked(place: Place) -> None:
    store = open_store(place.data, place.url, bus=Silent())  # type: ignore[arg-type]
    await store.write(OPERATOR, lambda tx: tx.put_domain(Domain("example.test")))
    await store.glance(OPERATOR, lambda tx: tx.domains())
    await asyncio.gather(*(store.read(OPERATOR, lambda tx: tx.domains()) for _ in range(8)))
    assert left_open(place) > 0
    await store.close()
    until(lambda: left_open(place) == 0)
