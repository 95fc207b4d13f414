"""A server of Exchange Web Services for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.ewsstand import Client, Stand, ews_stand


@pytest.fixture
async def stand(tmp_path: Path) -> AsyncIterator[Stand]:
    async with ews_stand(tmp_path) as made:
        yield made


@pytest.fixture
def alice(stand: Stand) -> Client:
    return stand.client("alice")


@pytest.fixture
def bob(stand: Stand) -> Client:
    return stand.client("bob")
