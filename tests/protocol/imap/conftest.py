"""A service of its own for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.imapstand import Client, Stand, stand


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Stand]:
    """The service over a fresh store."""
    async with stand(tmp_path) as made:
        yield made


@pytest.fixture
async def alice(place: Stand) -> AsyncIterator[Client]:
    """Alice, signed in."""
    async with place.client("alice") as made:
        yield made


@pytest.fixture
async def bob(place: Stand) -> AsyncIterator[Client]:
    """Bob, signed in."""
    async with place.client("bob") as made:
        yield made
