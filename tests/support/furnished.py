"""A real store on SQLite with a domain and three people, and the parts of a server over it."""

from __future__ import annotations

import asyncio
import atexit
import shutil
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, cast

from groupware.directory.sql import SqlDirectory
from groupware.model.principal import OPERATOR, Domain, NewAccount
from groupware.store import SqlBlobs, SqlStore, open_blobs, open_store
from groupware.store.api import WriteTx
from groupware.store.bus import LocalBus
from mailcore.server.counters import Counters
from mailcore.server.parts import Parts
from tests.support.eventlog import RecordingLog
from tests.support.passwords import credentials, quick_hashing

DOMAIN = "example.test"
PEOPLE = ("alice", "bob", "carol")
WAIT = 20


@cache
def _template(password: str) -> Path:
    """A data folder with the domain and its people; made once in a process."""
    folder = Path(mkdtemp(prefix="postroom-house-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    secrets = credentials(password)

    def work(tx: WriteTx) -> None:
        tx.put_domain(Domain(DOMAIN))
        for name in PEOPLE:
            tx.put_account(NewAccount(f"{name}@{DOMAIN}", credentials=secrets))

    store = open_store(folder, bus=LocalBus())
    store.write_later(OPERATOR, work).result(WAIT)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: asyncio.run(store.close())).result(WAIT)
    return folder


@asynccontextmanager
async def furnished(
    data: Path, password: str, log: RecordingLog, counters: Counters
) -> AsyncIterator[tuple[Parts, SqlStore, SqlBlobs]]:
    """The parts of a server over a new data folder, whose people all have this password."""
    with quick_hashing():
        shutil.copytree(_template(password), data)
        bus = LocalBus()
        store = open_store(data, bus=bus)
        blobs = open_blobs(store, data)
        directory = SqlDirectory(store, primary_domain=DOMAIN, site=b"secret")
        parts = Parts(
            log=lambda _: log, store=store, blobs=blobs, bus=bus, directory=directory, counters=counters,
            dns=cast(Any, None), secret=b"secret",
        )  # fmt: skip
        try:
            yield parts, store, blobs
        finally:
            await directory.close()
            await store.close()
            blobs.close()
