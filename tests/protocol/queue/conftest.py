"""Where a post office is: on SQLite and on PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import postgres
from tests.support.postoffice import Place, settle_in


@pytest.fixture(scope="session")
def settled_postgres(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a database with a domain and its people, to be copied."""
    name = postgres.server().new()
    settle_in(tmp_path_factory.mktemp("none"), postgres.server().url(name))
    return name


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """A place of its own for one post office."""
    if request.param == "sqlite":
        yield Place(tmp_path)
        return
    server = postgres.server()
    name = server.new(request.getfixturevalue("settled_postgres"))
    yield Place(tmp_path, server.url(name))
    server.drop(name)
