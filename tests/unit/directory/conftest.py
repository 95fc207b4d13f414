"""A directory of its own for each test."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from groupware.directory.sql import store_sealed
from groupware.model.principal import OPERATOR, Domain, NewAccount
from groupware.store import DATABASE, open_store
from groupware.store.api import WriteTx
from tests.store.house import Silent
from tests.unit.directory.desk import A, B, Counted, Desk, sealed


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database file of a small store."""
    folder = tmp_path_factory.mktemp("filled")

    def fill(tx: WriteTx) -> None:
        tx.put_domain(Domain("example.test", aliases=("alias.test",)))
        for address in (A, B):
            tx.put_account(NewAccount(address))
            store_sealed(tx, address, sealed())
        tx.put_alias(A, "info@example.test")

    store = open_store(folder, bus=Silent())  # type: ignore[arg-type]
    store.write_later(OPERATOR, fill).result(60)
    asyncio.run(store.close())
    return folder / DATABASE


@pytest.fixture
async def desk(filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    shutil.copy(filled, tmp_path)
    store = open_store(tmp_path, bus=Silent())  # type: ignore[arg-type]
    made = Desk(Counted(store), monkeypatch)
    yield made
    await made.directory.close()
    await store.close()
