"""A POP3 service for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.protocol.pop3.box import Box, serving
from tests.support.onedoor import house, planted

__all__ = ["planted"]
Opening = Callable[..., AbstractAsyncContextManager[Box]]


@pytest.fixture
def opening(planted: Path, tmp_path: Path) -> Opening:
    """Opens a service with this configuration; more says how it is listened to."""

    @asynccontextmanager
    async def opened(toml: str = "", **manner: Any) -> AsyncIterator[Box]:
        async with house(planted, tmp_path, toml, "pop3") as here, serving(here, **manner) as box:
            yield box

    return opened


@pytest.fixture
async def box(opening: Opening) -> AsyncIterator[Box]:
    """The service as it is by default."""
    async with opening() as found:
        yield found
