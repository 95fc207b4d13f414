"""A service of its own for each test."""

import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mailcore.server.tls import Certificate, Contexts, TlsSettings
from tests.support.certificates import Authority
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


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """Whoever signs the server's certificate."""
    return Authority(tmp_path)


@pytest.fixture
def contexts(authority: Authority) -> Contexts:
    """What the server speaks TLS with."""
    return Contexts(TlsSettings((Certificate(*authority.sign("imap", "localhost")),)))


@pytest.fixture
def client_tls(authority: Authority) -> ssl.SSLContext:
    """What a client trusts that certificate by."""
    return ssl.create_default_context(cafile=str(authority.ca_file))
