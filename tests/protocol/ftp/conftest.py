"""FTP backup for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.protocol.ftp.stand import Backup, serving
from tests.support.onedoor import house, planted

__all__ = ["planted"]
Opening = Callable[..., AbstractAsyncContextManager[Backup]]


@pytest.fixture
def opening(planted: Path, tmp_path: Path) -> Opening:
    """Opens the service with this configuration; more says how it is listened to."""

    @asynccontextmanager
    async def opened(toml: str = "", **manner: Any) -> AsyncIterator[Backup]:
        async with house(planted, tmp_path, toml, "ftp_backup") as here, serving(here, **manner) as backup:
            yield backup

    return opened


@pytest.fixture
async def backup(opening: Opening) -> AsyncIterator[Backup]:
    """The service as it is by default."""
    async with opening() as found:
        yield found
