"""A ManageSieve service over a store with one account, and how a test talks to it."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from groupware.model.principal import OPERATOR
from mailcore.sieve.managesieve.service import managesieve
from tests.support.onedoor import NAME, PASSWORD, House, OneDoor, at_door, say
from tests.support.talk import Client, client


def plain(password: str = PASSWORD, name: str = NAME) -> str:
    """What PLAIN sends."""
    return base64.b64encode(f"\0{name}\0{password}".encode()).decode()


class Desk(OneDoor):
    """The service, and the side entrance to the store."""

    async def put(self, **scripts: bytes) -> None:
        """Put scripts where they belong."""
        for name, octets in scripts.items():
            await self.parts.store.write(self.who, lambda tx, name=name, octets=octets: tx.put_script(name, octets))  # type: ignore[misc]

    async def scripts(self) -> dict[str, bytes]:
        """What is there now."""
        return await self.parts.store.read(
            self.who, lambda tx: {each.name: tx.script(each.name) for each in tx.scripts()}
        )

    async def set(self, name: str, value: int | bool) -> None:
        """A setting of the account."""
        await self.parts.store.write(OPERATOR, lambda tx: tx.put_setting(name, value, self.who.account))


@asynccontextmanager
async def serving(here: House, **manner: Any) -> AsyncIterator[Desk]:
    """The service at a listener on a free port."""
    async with at_door(managesieve, "managesieve", here, **manner) as (service, port):
        yield Desk(service, port, here.parts, here.log, here.who)


@asynccontextmanager
async def connected(desk: Desk, *, login: bool = True) -> AsyncIterator[Client]:
    """A client that has been greeted, and logged in unless told otherwise."""
    async with client(desk.port) as caller:
        await answer(caller)
        if login:
            await say(caller, f'> AUTHENTICATE "PLAIN" "{plain()}"\n< OK "Welcome."')
        yield caller


async def answer(caller: Client) -> list[str]:
    """The lines up to the one that ends an answer."""
    found = [await caller.line()]
    while found[-1].split(" ")[0] not in ("OK", "NO", "BYE"):
        assert found[-1], f"the connection ended behind {found}"
        found.append(await caller.line())
    return found
