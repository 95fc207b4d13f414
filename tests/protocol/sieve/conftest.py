"""A ManageSieve service for each test, over a store of its own: a copy of one that was made once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from groupware.directory.sql import SqlDirectory
from groupware.model.principal import OPERATOR
from groupware.store import open_store
from groupware.store.bus import LocalBus
from mailcore.server.config import load
from mailcore.server.counters import Counters
from mailcore.server.parts import Parts
from tests.protocol.pop3.conftest import copied, planted
from tests.protocol.sieve.desk import Desk, serving
from tests.support.eventlog import RecordingLog

__all__ = ["planted"]
Opening = Callable[..., AbstractAsyncContextManager[Desk]]


@pytest.fixture
def opening(planted: Path, tmp_path: Path) -> Opening:
    """Opens a service with this configuration; more says how it is listened to."""

    @asynccontextmanager
    async def opened(toml: str = "", **manner: Any) -> AsyncIterator[Desk]:
        data = copied(planted, tmp_path, toml)
        config = load(data / "postroom.toml", data=data, services=["managesieve"], environ={})
        bus, log, nothing = LocalBus(), RecordingLog(), cast(Any, None)
        store = open_store(data, bus=bus)
        directory = SqlDirectory(store)
        parts = Parts(
            log=lambda _: log,
            store=store,
            blobs=nothing,
            bus=bus,
            directory=directory,
            counters=Counters(domains=True, accounts=True),
            dns=nothing,
            secret=b"of this site",
        )
        who = await store.read(OPERATOR, lambda tx: tx.identity(tx.account("alice@example.test").id))
        try:
            async with serving(parts, log, who, config, **manner) as desk:
                yield desk
        finally:
            await directory.close()
            await asyncio.wait_for(store.close(), 30)

    return opened


@pytest.fixture
async def desk(opening: Opening) -> AsyncIterator[Desk]:
    """The service as it is by default."""
    async with opening() as found:
        yield found
