"""Processing and Sending over a real store on SQLite, with example.test and two people."""

from __future__ import annotations

import asyncio
import atexit
import shutil
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, TypeVar, cast

from groupware.directory.sql import SqlDirectory
from groupware.model.event import Outcome, QueueEntry, Recipient
from groupware.model.folder import Role
from groupware.model.ids import EVERY, AccountId, BlobId
from groupware.model.principal import OPERATOR, Domain, NewAccount
from groupware.store import SqlStore, open_blobs, open_store
from groupware.store.api import Blobs, ReadTx, WriteTx
from groupware.store.bus import LocalBus
from mailcore.queue.filters import chain
from mailcore.queue.intake import Intake
from mailcore.queue.plans import Message
from mailcore.server import log as server_log
from mailcore.server.config import Config, load
from mailcore.server.counters import Counters
from mailcore.server.dns import Resolver
from mailcore.server.parts import Parts, ServiceFactory, ServiceSetup
from mailcore.server.running import Running
from mailcore.server.tasks import Supervisor
from mailcore.smtp.processing import processing
from mailcore.smtp.sending_service import sending
from tests.support.eventlog import RecordingLog
from tests.support.outbox import MAIL

T = TypeVar("T")
FACTORIES: dict[str, ServiceFactory] = {"processing": processing, "smtp_outgoing": sending}
WAIT = 20


@dataclass(frozen=True)
class Place:
    """Where the post office is: a folder of its own, and the database's address ("" for SQLite)."""

    folder: Path
    url: str = ""


def settle_in(data: Path, url: str = "") -> None:
    """Make the domain and its people in an empty database."""

    def work(tx: WriteTx) -> None:
        tx.put_domain(Domain("example.test"))
        for name in ("alice", "bob"):
            tx.put_account(NewAccount(f"{name}@example.test"))

    store = open_store(data, url, bus=LocalBus())
    store.write_later(OPERATOR, work).result(WAIT)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: asyncio.run(store.close())).result(WAIT)


@cache
def _template() -> Path:
    """A data folder with the domain and its people; made once in a process."""
    folder = Path(mkdtemp(prefix="postroom-queue-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    settle_in(folder)
    return folder


@dataclass
class PostOffice:
    """The services that run, and what is around them."""

    store: SqlStore
    blobs: Blobs
    parts: Parts
    config: Config
    log: RecordingLog
    tasks: Supervisor
    running: dict[str, Running] = field(default_factory=dict)
    accepted: list[str] = field(default_factory=list)
    """The ids of the messages that were taken in."""

    def start(self, *names: str) -> None:
        for name in names:
            setup = ServiceSetup(name, self.config.services[name], self.config)
            self.running[name] = Running(FACTORIES[name](self.parts, setup), self.tasks, cast(Any, None))

    async def stop(self, *names: str) -> None:
        for name in names:
            await self.running.pop(name).stop(5)

    async def accept(
        self,
        *to: str | Recipient,
        sender: str = "alice@example.test",
        octets: bytes = MAIL,
        early: bool = True,
        by: AccountId | None = None,
    ) -> list[Outcome]:
        """Take a message in as SMTP Receiving does."""
        setup = ServiceSetup("smtp_incoming", self.config.services["smtp_incoming"], self.config)
        filters = chain(self.parts, setup)
        intake = Intake(
            self.store,
            self.blobs,
            self.parts.directory,
            self.parts.counters,
            self.log,
            filters,
            secret=self.parts.secret,
        )
        recipients = tuple(each if isinstance(each, Recipient) else Recipient(each) for each in to)
        with server_log.message() as name:
            self.accepted.append(name)
            message = Message(sender, recipients, octets, name, by)
            return list(await intake.accept(message, settle_local=early))

    async def read(self, work: Callable[[ReadTx], T]) -> T:
        return await self.store.read(OPERATOR, work)

    async def queue(self) -> list[QueueEntry]:
        return list(await self.read(lambda tx: tx.queued()))

    async def inbox(self, address: str) -> list[bytes]:
        """The messages in somebody's INBOX."""

        def work(tx: ReadTx) -> list[BlobId]:
            folder = tx.role(tx.account(address).id, Role.INBOX)
            return [item.blob for item in tx.items(folder.id, EVERY)]

        return [await self.blobs.read(blob) for blob in await self.read(work)]

    async def emptied(self) -> None:
        """Wait until nothing is in the queue."""
        async with asyncio.timeout(WAIT):
            while await self.queue():
                await self.log.moved()


@asynccontextmanager
async def post_office(place: Place, **smtp: object) -> AsyncIterator[PostOffice]:
    """The post office, its services stopped."""
    data = place.folder / "data"
    if place.url:
        data.mkdir()
    else:
        shutil.copytree(_template(), data)
    bus, log = LocalBus(), RecordingLog()
    store = open_store(data, place.url, bus=bus)
    blobs = open_blobs(store, data)
    config = load(None, data=data, environ={})
    config = replace(
        config,
        smtp=config.smtp.model_copy(update={"connect_timeout": 5, "send_timeout": 5, "connection_idle": 0, **smtp}),
    )
    directory = SqlDirectory(store)
    parts = Parts(
        log=lambda module: log,
        store=store,
        blobs=blobs,
        bus=bus,
        directory=directory,
        counters=Counters(),
        dns=Resolver(),
        secret=b"x" * 32,
    )
    try:
        async with Supervisor(log) as tasks:
            office = PostOffice(store, blobs, parts, config, log, tasks)
            try:
                yield office
            finally:
                await office.stop(*list(office.running))
    finally:
        await directory.close()
        await store.close()
        blobs.close()
