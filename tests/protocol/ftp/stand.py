"""FTP backup at a free port: root administers the server, anna other.test, alice nothing."""

from __future__ import annotations

import asyncio
import ftplib
import io
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from groupware.mime.item import Marks, read_item
from groupware.model.ids import EVERY
from groupware.model.item import Item
from groupware.model.principal import OPERATOR, Principal
from groupware.store.api import ReadTx, WriteTx
from mailcore.ftp.service import FtpService, ftp_backup
from mailcore.server.parts import Parts
from tests.protocol.console.stand import ANNA, ROOT, people
from tests.support.eventlog import RecordingLog
from tests.support.onedoor import NAME, PASSWORD, House, at_door

T = TypeVar("T")
ALICE = "/domains/example.test/accounts/alice"
INBOX = f"{ALICE}/folders/INBOX"


@dataclass
class Backup:
    """The service, and the side entrance to the store."""

    service: FtpService
    port: int
    parts: Parts
    log: RecordingLog
    who: Principal

    @contextmanager
    def client(self, name: str = ROOT, *, kind: type[ftplib.FTP] = ftplib.FTP) -> Iterator[ftplib.FTP]:
        """A client that has signed in; for use in a thread."""
        with kind(timeout=30) as made:
            made.encoding = "utf-8"
            made.connect("127.0.0.1", self.port)
            if name:
                made.login(name, PASSWORD)
            yield made

    async def ask(self, work: Callable[[ftplib.FTP], T], name: str = ROOT) -> T:
        """What `work` gives back with a client, in a thread."""

        def run() -> T:
            with self.client(name) as made:
                return work(made)

        return await asyncio.to_thread(run)

    async def put(self, *messages: bytes, marks: Marks | None = None, folder: str = "INBOX") -> None:
        """Puts messages into a folder of alice."""
        new = [await read_item(each, self.parts.blobs, marks or Marks()) for each in messages]
        await self.write(lambda tx: tx.append(tx.folder(folder).id, new))

    async def items(self, folder: str = "INBOX", who: Principal | None = None) -> Sequence[Item]:
        """What is in a folder of alice."""
        return await self.parts.store.read(who or self.who, lambda tx: tx.items(tx.folder(folder).id, EVERY))

    async def write(self, work: Callable[[WriteTx], T], who: Principal | None = None) -> T:
        return await self.parts.store.write(who or self.who, work)

    async def read(self, work: Callable[[ReadTx], T], who: Principal | None = None) -> T:
        return await self.parts.store.read(who or self.who, work)


@asynccontextmanager
async def serving(here: House, **manner: Any) -> AsyncIterator[Backup]:
    """The service at a listener on a free port."""
    await here.parts.store.write(OPERATOR, people)
    async with at_door(ftp_backup, "ftp_backup", here, idle=60, **manner) as (service, port):
        yield Backup(service, port, here.parts, here.log, here.who)


def fetched(client: ftplib.FTP, path: str, rest: int | None = None) -> bytes:
    """The octets of a file."""
    found = io.BytesIO()
    client.retrbinary(f"RETR {path}", found.write, rest=rest)
    return found.getvalue()


def stored(client: ftplib.FTP, path: str, octets: bytes) -> str:
    """The answer to a file that is put back."""
    return client.storbinary(f"STOR {path}", io.BytesIO(octets))


def named(client: ftplib.FTP, path: str) -> list[str]:
    """The names in a directory."""
    return [name for name, _ in client.mlsd(path)]


__all__ = ["ALICE", "ANNA", "INBOX", "NAME", "PASSWORD", "ROOT"]
