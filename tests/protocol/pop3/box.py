"""A POP3 service over a store with one account, and what a test does to its INBOX from the side."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from groupware.mime.item import read_item
from groupware.model.flags import Flags
from groupware.model.ids import Uid, ranges
from groupware.store.api import ReadTx, WriteTx
from mailcore.pop3.service import pop3
from mailcore.server.counters import Counters
from tests.support.onedoor import NAME, PASSWORD, House, OneDoor, at_door, say
from tests.support.talk import Client, client


class Box(OneDoor):
    """The service, and the side entrance to INBOX."""

    @property
    def counters(self) -> Counters:
        return self.parts.counters

    async def put(self, *messages: bytes) -> Sequence[Uid]:
        """Put messages into INBOX."""
        new = [await read_item(octets, self.parts.blobs) for octets in messages]

        def work(tx: WriteTx) -> Sequence[Uid]:
            return [item.uid for item in tx.append(tx.role(self.who.account, "inbox").id, new)]

        return await self.parts.store.write(self.who, work)

    async def remove(self, *uids: Uid) -> None:
        """Remove messages as another session does."""

        def work(tx: WriteTx) -> None:
            tx.expunge(tx.role(self.who.account, "inbox").id, ranges(uids), deleted_only=False)

        await self.parts.store.write(self.who, work)

    async def flags(self) -> Mapping[Uid, Flags]:
        """What is in INBOX now, with its flags."""

        def work(tx: ReadTx) -> Mapping[Uid, Flags]:
            return {entry.uid: entry.flags for entry in tx.entries(tx.role(self.who.account, "inbox").id)}

        return await self.parts.store.read(self.who, work)


@asynccontextmanager
async def serving(here: House, **manner: Any) -> AsyncIterator[Box]:
    """The service at a listener on a free port."""
    async with at_door(pop3, "pop3", here, **manner) as (service, port):
        yield Box(service, port, here.parts, here.log, here.who)


@asynccontextmanager
async def connected(box: Box, *, login: bool = False) -> AsyncIterator[Client]:
    """A client that has been greeted, and logged in if asked to."""
    async with client(box.port) as caller:
        assert (await caller.line()).startswith("+OK ")
        if login:
            await say(caller, f"> USER {NAME}\n< +OK *\n> PASS {PASSWORD}\n< +OK *")
        yield caller


async def lines(caller: Client) -> list[str]:
    """The lines of a reply behind its status, dots undone."""
    found = []
    while (line := await caller.line()) != ".":
        found.append(line.removeprefix("."))
    return found


async def octets(caller: Client) -> bytes:
    """A message behind its status line, as it was before dots were doubled."""
    raw = bytearray()
    async with asyncio.timeout(30):
        while (line := await caller.reader.readline()) != b".\r\n":
            raw += line[1:] if line.startswith(b".") else line
    return bytes(raw)
