"""A console at a free port: root administers the server, anna other.test, alice nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from groupware.model.principal import OPERATOR, Domain, NewAccount
from groupware.model.rights import Right
from groupware.store.api import WriteTx
from mailcore.console.service import console
from tests.support.onedoor import NAME, PASSWORD, House, OneDoor, at_door
from tests.support.passwords import credentials
from tests.support.talk import Client, client

ROOT, ANNA = "root@example.test", "anna@other.test"


def people(tx: WriteTx) -> None:
    """Root and anna."""
    made = tx.put_domain(Domain("other.test"))
    assert made.account is not None
    for name in (ROOT, ANNA):
        tx.put_account(NewAccount(name, credentials=credentials(PASSWORD)))
    tx.grant(tx.locate(OPERATOR.account, "").id, ROOT, Right.ADMIN)
    tx.grant(tx.locate(made.account, "").id, ANNA, Right.ADMIN)


@asynccontextmanager
async def serving(here: House, **manner: Any) -> AsyncIterator[OneDoor]:
    """The service at a listener on a free port."""
    await here.parts.store.write(OPERATOR, people)
    async with at_door(console, "cli", here, **manner) as (service, port):
        yield OneDoor(service, port, here.parts, here.log, here.who)


@asynccontextmanager
async def connected(door: OneDoor, name: str = "") -> AsyncIterator[Client]:
    """A client that has been greeted, and signed in if it says as whom."""
    async with client(door.port) as caller:
        assert (await caller.line()).startswith("+OK ")
        if name:
            assert await answer(caller, f'LOGIN {name} "{PASSWORD}"') == [f"+OK Welcome, {name}."]
        yield caller


async def answer(caller: Client, line: str) -> list[str]:
    """What comes for a line, up to the end of the answer or a question; dots undone."""
    caller.send(line.encode() + b"\r\n")
    found = []
    async with asyncio.timeout(30):
        while True:
            came = (await caller.reader.readline()).decode().rstrip("\r\n")
            assert came or not caller.reader.at_eof(), f"the connection ended behind {found}"
            found.append(came.removeprefix("."))
            if came.startswith(("+OK", "-ERR", "?")):
                return found


__all__ = ["ANNA", "NAME", "PASSWORD", "ROOT", "answer", "connected", "people", "serving"]
