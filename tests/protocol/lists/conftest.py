"""A mail list, on SQLite and on PostgreSQL."""

from collections.abc import AsyncIterator

import pytest

from tests.protocol.queue.conftest import place as place
from tests.protocol.queue.conftest import settled_postgres as settled_postgres
from tests.support.liststand import Stand, list_stand
from tests.support.postoffice import Place


@pytest.fixture
async def news(place: Place) -> AsyncIterator[Stand]:
    """The list `news@example.test`."""
    async with list_stand(place) as stand:
        yield stand
