"""A server of two processes, for tests that leave it as it was."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.server import MEASURED, RunningServer, running

TOML = "[server]\nworkers = 2\ndrain_time = 5\n"


@pytest.fixture(scope="session")
def crew(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """The server."""
    data = tmp_path_factory.mktemp("crew")
    (data / "postroom.toml").write_text(TOML + MEASURED)
    with running(data) as found:
        yield found
