"""A POP3 service for each test, over a store of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, cast

import pytest

from groupware.model.errors import BadCredentials
from groupware.model.ids import AccountId
from groupware.model.principal import Principal
from mailcore.server.config import load
from mailcore.server.counters import Counters
from mailcore.server.parts import Parts
from tests.protocol.pop3.box import NAME, PASSWORD, Box, serving
from tests.protocol.pop3.memory import Blobs, Memory
from tests.support.eventlog import RecordingLog

Opening = Callable[..., AbstractAsyncContextManager[Box]]


class D:
    async def login(self, given):
        if given.password != PASSWORD and not given.proven:
            raise BadCredentials("x")
        return Principal(AccountId(7), NAME, frozenset())

    async def scram_keys(self, name, digest, domain=""):
        return None


@pytest.fixture
def opening() -> Opening:
    @asynccontextmanager
    async def opened(toml: str = "", **manner: Any) -> AsyncIterator[Box]:
        import pathlib
        import tempfile

        with tempfile.TemporaryDirectory() as d:
            p = pathlib.Path(d) / "c.toml"
            p.write_text(toml)
            config = load(p, services=["pop3"], environ={})
        log = RecordingLog()
        m = Memory()
        nothing = cast(Any, None)
        parts = Parts(
            lambda _: log, m, Blobs(m), nothing, D(), Counters(domains=True, accounts=True), nothing, b"secret"
        )
        async with serving(parts, log, Principal(AccountId(7), NAME, frozenset()), config, **manner) as box:
            yield box

    return opened


@pytest.fixture
async def box(opening: Opening) -> AsyncIterator[Box]:
    """The service as it is by default."""
    async with opening() as found:
        yield found
