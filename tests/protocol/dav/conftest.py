"""One server of calendars and contacts for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.davstand import Client, Stand, dav_stand


@pytest.fixture
async def stand(tmp_path: Path) -> AsyncIterator[Stand]:
    async with dav_stand(tmp_path) as there:
        yield there


@pytest.fixture
def alice(stand: Stand) -> Client:
    return stand.client("alice")


@pytest.fixture
def bob(stand: Stand) -> Client:
    return stand.client("bob")
