"""A ManageSieve service for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.protocol.sieve.desk import Desk, serving
from tests.support.onedoor import house, planted

__all__ = ["planted"]
Opening = Callable[..., AbstractAsyncContextManager[Desk]]


@pytest.fixture
def opening(planted: Path, tmp_path: Path) -> Opening:
    """Opens a service with this configuration; more says how it is listened to."""

    @asynccontextmanager
    async def opened(toml: str = "", **manner: Any) -> AsyncIterator[Desk]:
        async with house(planted, tmp_path, toml, "managesieve") as here, serving(here, **manner) as desk:
            yield desk

    return opened


@pytest.fixture
async def desk(opening: Opening) -> AsyncIterator[Desk]:
    """The service as it is by default."""
    async with opening() as found:
        yield found
