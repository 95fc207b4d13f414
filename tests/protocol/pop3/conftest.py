"""A POP3 service for each test, over a store of its own: a copy of one that was made once."""

from __future__ import annotations

import asyncio
import itertools
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from groupware.directory.password import seal
from groupware.directory.sql import SqlDirectory
from groupware.model.principal import OPERATOR, Domain, NewAccount
from groupware.store import open_store
from groupware.store.api import WriteTx
from groupware.store.blobs import SqlBlobs
from groupware.store.bus import LocalBus
from groupware.store.objects import open_objects
from mailcore.server.config import load
from mailcore.server.counters import Counters
from mailcore.server.parts import Parts
from tests.protocol.pop3.box import NAME, PASSWORD, Box, serving
from tests.support.eventlog import RecordingLog

Opening = Callable[..., AbstractAsyncContextManager[Box]]
_numbers = itertools.count(1)
THRESHOLD = 16 * 1024  # octets of a body that is kept in the database


def plant(tx: WriteTx) -> None:
    """One domain with one account."""
    made = seal(PASSWORD)
    keys = {"password": made.hash, "scram-sha-1": made.scram_sha1, "scram-sha-256": made.scram_sha256}
    tx.put_domain(Domain(NAME.partition("@")[2]))
    tx.put_account(NewAccount(NAME, credentials=keys))


@pytest.fixture(scope="session")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database file of a store with one account."""
    folder = tmp_path_factory.mktemp("planted")
    store = open_store(folder, bus=LocalBus())
    store.write_later(OPERATOR, plant).result(60)
    asyncio.run(store.close())
    return folder / "postroom.db"


def copied(planted: Path, folder: Path, toml: str) -> Path:
    """A data folder of its own with that store and that configuration."""
    data = folder / f"data{next(_numbers)}"
    data.mkdir()
    shutil.copy(planted, data)
    (data / "postroom.toml").write_text(toml)
    return data


@pytest.fixture
def opening(planted: Path, tmp_path: Path) -> Opening:
    """Opens a service with this configuration; more says how it is listened to."""

    @asynccontextmanager
    async def opened(toml: str = "", **manner: Any) -> AsyncIterator[Box]:
        data = copied(planted, tmp_path, toml)
        config = load(data / "postroom.toml", data=data, services=["pop3"], environ={})
        bus, log, nothing = LocalBus(), RecordingLog(), cast(Any, None)
        store = open_store(data, bus=bus)
        blobs = SqlBlobs(store.database, open_objects(data, "bodies"), THRESHOLD)
        directory = SqlDirectory(store)
        parts = Parts(
            log=lambda _: log,
            store=store,
            blobs=blobs,
            bus=bus,
            directory=directory,
            counters=Counters(domains=True, accounts=True),
            dns=nothing,
            secret=b"of this site",
        )
        who = await store.read(OPERATOR, lambda tx: tx.identity(tx.account(NAME).id))
        try:
            async with serving(parts, log, who, config, **manner) as box:
                yield box
        finally:
            await directory.close()
            await store.close()
            blobs.close()

    return opened


@pytest.fixture
async def box(opening: Opening) -> AsyncIterator[Box]:
    """The service as it is by default."""
    async with opening() as found:
        yield found
