"""A server of ActiveSync for each test, and the phone of one person."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.eas.stand import Phone, Stand, eas_stand


@pytest.fixture
async def stand(tmp_path: Path) -> AsyncIterator[Stand]:
    async with eas_stand(tmp_path) as made:
        yield made


@pytest.fixture
def alice(stand: Stand) -> Phone:
    return stand.phone("alice")
