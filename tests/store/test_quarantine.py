"""What check took out of a folder can be listed, put back whole, or dropped; nothing else of the store notices."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from groupware.model.errors import NotFound, Refused
from groupware.model.flags import Flags
from groupware.model.ids import EVERY, FolderId
from groupware.model.item import Item, Kind, NewItem, Query
from groupware.model.principal import OPERATOR
from groupware.store import SqlBlobs, SqlStore, quarantine
from groupware.store.blobs import hashed
from groupware.store.upkeep import purge
from tests.store.conftest import Look

LARGE, SMALL = bytes(range(256)) * 20, b"a small body"
SAVED = datetime(2020, 2, 3, 4, 5, 6, tzinfo=UTC)


@pytest.fixture
async def at(store: SqlStore, fresh: Callable[[], SqlBlobs]) -> FolderId:
    """A folder with a large message (twice) and a small one."""
    here = (await store.write(OPERATOR, lambda tx: tx.add_folder(OPERATOR.account, "Mail/Work", Kind.MAIL))).id
    for octets in (LARGE, SMALL, LARGE):
        stored = await fresh().put(octets)
        flags = Flags.SEEN | Flags.FLAGGED
        new = NewItem(
            Kind.MAIL, stored.blob, stored.size, b"s", stored.body, {"subject": "Findable"}, flags=flags,
            keywords=frozenset({"$Work"}), saved=SAVED,
        )  # fmt: skip
        await store.write(OPERATOR, lambda tx, new=new: tx.append(here, [new]))  # type: ignore[misc]
    return here


def file_of(tmp_path: Path, octets: bytes) -> Path:
    return tmp_path / "bodies" / hashed(octets)[:2] / hashed(octets)


async def items(store: SqlStore, at: FolderId) -> dict[int, Item]:
    return {each.uid: each for each in await store.read(OPERATOR, lambda tx: tx.items(at, EVERY))}


async def test_an_item_whose_body_is_back_comes_back_as_it_was(
    store: SqlStore, fresh: Callable[[], SqlBlobs], at: FolderId, look: Look, tmp_path: Path
) -> None:
    before = (await items(store, at))[1]
    path = file_of(tmp_path, LARGE)
    path.rename(tmp_path / "aside")
    await look(repair=True)
    assert set(await items(store, at)) == {2}
    one, other = quarantine.listed(store)
    assert (one.place, one.uid, one.blob, one.size, one.saved) == ("server: Mail/Work", 1, hashed(LARGE), 5120, SAVED)
    with pytest.raises(Refused, match="still lost or damaged"):
        await asyncio.to_thread(quarantine.restore, store, fresh(), one.id)
    (tmp_path / "aside").rename(path)
    assert await asyncio.to_thread(quarantine.restore, store, fresh(), one.id) == 4
    assert await asyncio.to_thread(quarantine.restore, store, fresh(), other.id) == 5
    found = await items(store, at)
    assert set(found) == {2, 4, 5}
    for name in ("flags", "keywords", "size", "saved", "blob", "author"):
        assert getattr(found[4], name) == getattr(before, name)
    assert await fresh().read(found[4].blob) == LARGE
    hits = await store.read(OPERATOR, lambda tx: tx.find([at], Query(("findable",))))
    assert {hit.uid for hit in hits} == {2, 4, 5}
    assert (await look(repair=True)).findings == []
    assert quarantine.listed(store) == []


@pytest.mark.parametrize("octets", [LARGE, SMALL])
async def test_a_body_that_somebody_still_has_is_given(
    store: SqlStore, fresh: Callable[[], SqlBlobs], at: FolderId, look: Look, tmp_path: Path, octets: bytes
) -> None:
    with store.database.writers.begin() as connection:
        if octets == SMALL:
            connection.exec_driver_sql("UPDATE blob SET body = substr(body, 1, 5) WHERE size = 12")
    if octets == LARGE:
        file_of(tmp_path, LARGE).write_bytes(b"damaged")
    await look(repair=True)
    first = quarantine.listed(store)[0]
    with pytest.raises(Refused, match="not the octets that are lost"):
        await asyncio.to_thread(quarantine.restore, store, fresh(), first.id, octets=b"others")
    uid = await asyncio.to_thread(quarantine.restore, store, fresh(), first.id, octets=octets)
    assert await fresh().read((await items(store, at))[uid].blob) == octets
    assert (await look(repair=True)).findings == []


async def test_a_body_without_a_row_is_given_too(
    store: SqlStore, fresh: Callable[[], SqlBlobs], at: FolderId, look: Look
) -> None:
    with store.database.writers.begin() as connection:
        connection.exec_driver_sql("DELETE FROM blob WHERE size = 12")
    await look(repair=True)
    [found] = quarantine.listed(store)
    await asyncio.to_thread(quarantine.restore, store, fresh(), found.id, octets=SMALL)
    assert await fresh().read(hashed(SMALL)) == SMALL
    assert (await look(repair=True)).findings == []


async def test_it_goes_into_another_folder_when_its_own_is_gone(
    store: SqlStore, fresh: Callable[[], SqlBlobs], at: FolderId, look: Look, tmp_path: Path
) -> None:
    file_of(tmp_path, LARGE).unlink()
    await look(repair=True)
    await store.write(OPERATOR, lambda tx: tx.delete_folder(at))
    other = (await store.write(OPERATOR, lambda tx: tx.add_folder(OPERATOR.account, "Found", Kind.MAIL))).id
    number = quarantine.listed(store)[0].id
    with pytest.raises(NotFound, match="name another folder with --to"):
        await asyncio.to_thread(quarantine.restore, store, fresh(), number, octets=LARGE)
    await asyncio.to_thread(quarantine.restore, store, fresh(), number, to=other)
    assert set(await items(store, other)) == {1}


async def test_what_is_dropped_is_gone_with_its_content(
    store: SqlStore, at: FolderId, look: Look, tmp_path: Path
) -> None:
    file_of(tmp_path, LARGE).unlink()
    await look(repair=True)
    for each in quarantine.listed(store):
        await asyncio.to_thread(quarantine.drop, store, each.id)
    assert quarantine.listed(store) == []
    await purge(store)
    assert (await look(repair=True)).findings == []
    with store.database.readers.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM content").scalar_one() == 1


async def test_what_has_no_content_can_only_be_dropped(
    store: SqlStore, fresh: Callable[[], SqlBlobs], at: FolderId, look: Look
) -> None:
    with store.database.writers.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO quarantine (at, why, place, folder_id, uid, item_id, content_id, facts) VALUES"
            " (1, 'its content is not there', 'x', 1, 1, 1, NULL, '{\"size\": 3, \"saved\": 1}')"
        )
    [found] = quarantine.listed(store)
    assert found.blob is None
    with pytest.raises(Refused, match="drop it"):
        await asyncio.to_thread(quarantine.restore, store, fresh(), found.id)
    await asyncio.to_thread(quarantine.drop, store, found.id)
    assert quarantine.listed(store) == []


async def test_a_number_that_is_not_there(store: SqlStore, fresh: Callable[[], SqlBlobs]) -> None:
    for way in (
        lambda: quarantine.restore(store, fresh(), 7),
        lambda: quarantine.drop(store, 7),
        lambda: quarantine.listed(store, 7),
    ):
        with pytest.raises(NotFound, match="no number 7 set aside"):
            await asyncio.to_thread(way)
