"""A server of ActiveSync and EWS for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.exchangestand import Stand, exchange_stand


@pytest.fixture
async def stand(tmp_path: Path) -> AsyncIterator[Stand]:
    async with exchange_stand(tmp_path) as made:
        yield made
