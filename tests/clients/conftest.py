"""Programs that people use, from Debian's packages, against a server process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.account import Account
from tests.clients.programs import Programs
from tests.support.server import RunningServer, server

__all__ = ["server"]


@pytest.fixture
def programs(tmp_path: Path, server: RunningServer) -> Programs:
    """Runs programs in a home folder of their own, with the server's certificate as the one they trust."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    return Programs(home, server.data / "tls" / "self-signed.crt")


@pytest.fixture
def alice(server: RunningServer) -> Iterator[Account]:
    """Somebody with an account."""
    with Account(server, server.account()) as account:
        yield account


@pytest.fixture
def bob(server: RunningServer) -> Iterator[Account]:
    """Somebody else."""
    with Account(server, server.account()) as account:
        yield account
