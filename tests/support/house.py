"""A real store on SQLite with a domain and a few people, and the parts of a server over it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from groupware.model.event import QueueEntry, TraceRow
from groupware.model.ids import EVERY
from groupware.model.item import Item
from groupware.model.principal import OPERATOR, Principal
from groupware.model.rights import Right
from groupware.store import SqlBlobs, SqlStore
from groupware.store.api import ReadTx, WriteTx
from mailcore.server.counters import Counters
from mailcore.server.parts import Parts
from tests.support.eventlog import RecordingLog
from tests.support.furnished import DOMAIN, furnished
from tests.support.smtpstand import PASSWORD

T = TypeVar("T")


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
    log = RecordingLog()
    async with furnished(folder / "house", PASSWORD, log, Counters()) as (parts, store, blobs):
        parts.at_work.add("processing")
        yield House(parts, store, blobs, log)
