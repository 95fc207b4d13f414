"""A PostgreSQL where the server may not have pg_trgm: it starts, says so, and finds the same, slower."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from psycopg import sql

from groupware.model.ids import FolderId
from groupware.model.item import Kind
from groupware.model.principal import OPERATOR
from groupware.store import SqlStore, open_store, upkeep
from groupware.store.bus import LocalBus
from groupware.store.sql import search
from tests.store.test_search import MAIL, message, names
from tests.support import postgres


@pytest.fixture
def url() -> Iterator[str]:
    """An empty database of a user who may make tables in it but no extension."""
    server = postgres.server()
    name = server.new()
    user = f"plain_{name}"
    server.command(sql.SQL("CREATE ROLE {} LOGIN"), user)
    server.command(sql.SQL("GRANT CREATE ON SCHEMA public TO {}"), user, at=name)
    yield server.url(name).replace("//postgres@", f"//{user}@")
    server.drop(name)
    server.command(sql.SQL("DROP ROLE {}"), user)


@pytest.fixture
async def store(url: str, tmp_path: Path) -> AsyncIterator[SqlStore]:
    opened = open_store(tmp_path, url, bus=LocalBus())
    yield opened
    await opened.close()


@pytest.fixture
async def at(store: SqlStore) -> FolderId:
    """Mail, two messages indexed and the others waiting."""
    here = (await store.write(OPERATOR, lambda tx: tx.add_folder(OPERATOR.account, "Mail", Kind.MAIL))).id
    for number, (name, texts) in enumerate(MAIL.items()):
        new = message(name, texts)
        await store.write(OPERATOR, lambda tx, new=new: tx.append(here, [new]))  # type: ignore[misc]
        if number < 2:
            assert await upkeep.index_pending(store) == 1
    return here


def indexes(store: SqlStore) -> set[str]:
    with store.database.readers.connect() as connection:
        rows = connection.exec_driver_sql("SELECT indexname FROM pg_indexes WHERE tablename = 'search_text'")
        return {row[0] for row in rows} - {"pk_search_text", "ix_search_text_waiting"}


def test_the_server_says_what_it_lacks(store: SqlStore, caplog: pytest.LogCaptureFixture) -> None:
    [said] = [each.getMessage() for each in caplog.get_records("setup") if each.name == "postroom.store"]
    assert said == (
        'search without an index: pg_trgm cannot be used: permission denied to create extension "pg_trgm"; have an'
        " administrator of the database run CREATE EXTENSION pg_trgm, and start again"
    )
    assert indexes(store) == set()


@pytest.mark.parametrize("few", [0, 1000])
async def test_it_finds_the_same(store: SqlStore, at: FolderId, few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "FEW_ITEMS", few)
    assert await names(store, at, "nvoic") == {"invoice", "report"}
    assert await names(store, at, "GRÜSSE") == {"greeting"}
    assert await names(store, at, '"100%_sure"') == {"report"}
    assert await names(store, at, "100__sure") == set()
    assert await names(store, at, "e") == {"invoice", "greeting", "report"}
    assert await names(store, at, "上午九点") == {"chinese"}
    assert await names(store, at, subject="invoice") == {"invoice"}
    assert await names(store, at, "x.test", subject="report", from_="boss") == {"report"}
    assert await names(store, at, "nowhere") == set()


async def test_the_next_start_makes_the_index_once_somebody_has_made_the_extension(
    store: SqlStore, at: FolderId, url: str, tmp_path: Path
) -> None:
    name = url.partition("@/")[2].partition("?")[0]
    postgres.server().command(sql.SQL("CREATE EXTENSION pg_trgm"), at=name)
    again = open_store(tmp_path, url, bus=LocalBus())
    assert indexes(again) == {"ix_search_text_head", "ix_search_text_body"}
    assert await names(again, at, "nvoic") == {"invoice", "report"}
    await again.close()
    await open_store(tmp_path, url, bus=LocalBus()).close()
