"""A console for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.protocol.console.stand import serving
from tests.support.onedoor import OneDoor, house, planted

__all__ = ["planted"]
Opening = Callable[..., AbstractAsyncContextManager[OneDoor]]


@pytest.fixture
def opening(planted: Path, tmp_path: Path) -> Opening:
    """Opens a console with this configuration; more says how it is listened to."""

    @asynccontextmanager
    async def opened(toml: str = "", **manner: Any) -> AsyncIterator[OneDoor]:
        async with house(planted, tmp_path, toml, "cli") as here, serving(here, **manner) as door:
            yield door

    return opened


@pytest.fixture
async def door(opening: Opening) -> AsyncIterator[OneDoor]:
    """The console as it is by default."""
    async with opening() as found:
        yield found
