"""WebAdmin for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.protocol.admin.stand import Stand, admin_stand


@pytest_asyncio.fixture
async def stand(tmp_path: Path) -> AsyncIterator[Stand]:
    async with admin_stand(tmp_path) as made:
        yield made
