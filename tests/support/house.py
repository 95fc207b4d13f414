"""A real store on SQLite with a domain and a few people, and the parts of a server over it."""

from __future__ import annotations

import asyncio
import atexit
import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, TypeVar, cast

from groupware.directory.password import seal
from groupware.directory.sql import SqlDirectory
from groupware.model.event import QueueEntry, TraceRow
from groupware.model.ids import EVERY
from groupware.model.item import Item
from groupware.model.principal import OPERATOR, Domain, NewAccount, Principal
from groupware.model.rights import Right
from groupware.store import SqlBlobs, SqlStore, open_blobs, open_store
from groupware.store.api import ReadTx, WriteTx
from groupware.store.bus import LocalBus
from mailcore.server.counters import Counters
from mailcore.server.parts import Parts
from tests.support.eventlog import RecordingLog
from tests.support.smtpstand import PASSWORD

T = TypeVar("T")

DOMAIN = "example.test"
PEOPLE = ("alice", "bob", "carol")
WAIT = 20


@cache
def _template() -> Path:
    """A data folder with the domain and its people; made once in a process."""
    folder = Path(mkdtemp(prefix="postroom-house-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    sealed = seal(PASSWORD)
    secrets = {"password": sealed.hash, "scram-sha-1": sealed.scram_sha1, "scram-sha-256": sealed.scram_sha256}

    def work(tx: WriteTx) -> None:
        tx.put_domain(Domain(DOMAIN))
        for name in PEOPLE:
            tx.put_account(NewAccount(f"{name}@{DOMAIN}", credentials=secrets))

    store = open_store(folder, bus=LocalBus())
    store.write_later(OPERATOR, work).result(WAIT)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: asyncio.run(store.close())).result(WAIT)
    return folder


@dataclass
class House:
    """What a test asks of the store behind a service."""

    parts: Parts
    store: SqlStore
    blobs: SqlBlobs
    log: RecordingLog

    async def write(self, work: Callable[[WriteTx], T], who: Principal = OPERATOR) -> T:
        """What `work` gives back, as the operator unless said otherwise."""
        return await self.store.write(who, work)

    async def read(self, work: Callable[[ReadTx], T]) -> T:
        """What `work` gives back, as the operator."""
        return await self.store.read(OPERATOR, work)

    async def items(self, name: str, path: str = "INBOX") -> Sequence[Item]:
        """What is in somebody's folder."""

        def work(tx: ReadTx) -> Sequence[Item]:
            at = tx.locate(tx.account(f"{name}@{DOMAIN}").id, path, Right.READ)
            return tx.items(at.id, EVERY, summary=True)

        return await self.read(work)

    async def bodies(self, name: str, path: str = "INBOX") -> list[bytes]:
        """The octets of what is in somebody's folder."""
        return [await self.blobs.read(each.blob) for each in await self.items(name, path)]

    async def queued(self) -> Sequence[QueueEntry]:
        """What waits in the queue."""
        return await self.read(lambda tx: tx.queued())

    async def trace(self, message: str) -> Sequence[TraceRow]:
        """The trace of a message."""
        return await self.read(lambda tx: tx.trace(message))


@asynccontextmanager
async def house(folder: Path) -> AsyncIterator[House]:
    """A store of its own, with the people in it; Processing counts as at work."""
    data = folder / "house"
    shutil.copytree(_template(), data)
    log, bus = RecordingLog(), LocalBus()
    store = open_store(data, bus=bus)
    blobs = open_blobs(store, data)
    directory = SqlDirectory(store, primary_domain=DOMAIN)
    parts = Parts(
        log=lambda _: log, store=store, blobs=blobs, bus=bus, directory=directory, counters=Counters(),
        dns=cast(Any, None), secret=b"secret",
    )  # fmt: skip
    parts.at_work.add("processing")
    try:
        yield House(parts, store, blobs, log)
    finally:
        await directory.close()
        await store.close()
        blobs.close()
