"""A backup is the whole server, and any of the two databases takes it in."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import select

from groupware.model.errors import Refused
from groupware.model.event import Envelope, Recipient
from groupware.model.flags import Flags
from groupware.model.ids import EVERY, FolderId
from groupware.model.item import Kind, NewItem, Query
from groupware.model.principal import OPERATOR, Domain, NewAccount
from groupware.model.record import RecordKind
from groupware.model.rights import LEVELS
from groupware.store import SqlBlobs, SqlStore, open_store
from groupware.store.backup import Report, backup, files_of, restore
from groupware.store.blobs import hashed
from groupware.store.bus import LocalBus
from groupware.store.check import check
from groupware.store.frames import packed
from groupware.store.objects import FolderObjects
from groupware.store.sql.dump import GAP
from groupware.store.sql.engine import Database
from groupware.store.sql.schema import metadata
from tests.store.conftest import Place

LARGE = bytes(range(256)) * 20


@pytest.fixture
async def at(store: SqlStore, objects: FolderObjects) -> FolderId:
    """Folders below folders that are younger, a grant, mail small and large, something removed, a queue."""
    blobs = SqlBlobs(store.database, objects, 1024)
    await store.write(OPERATOR, lambda tx: tx.put_domain(Domain("x.test")))
    alice = await store.write(OPERATOR, lambda tx: tx.put_account(NewAccount("alice@x.test")))
    await store.write(OPERATOR, lambda tx: tx.put_account(NewAccount("bob@x.test")))
    here = (await store.write(OPERATOR, lambda tx: tx.add_folder(alice.id, "Young", Kind.MAIL))).id
    await store.write(OPERATOR, lambda tx: tx.add_folder(alice.id, "Above", Kind.MAIL))
    who = await store.read(OPERATOR, lambda tx: tx.identity(alice.id))
    await store.write(who, lambda tx: tx.rename_folder(here, "Above/Young"))
    await store.write(who, lambda tx: tx.grant(here, "bob@x.test", LEVELS["viewer"]))
    for octets in (b"one", LARGE, b"three"):
        stored = await blobs.put(octets)
        new = NewItem(Kind.MAIL, stored.blob, stored.size, b"\x00s", stored.body, {"subject": f"Size {stored.size}"})
        await store.write(who, lambda tx, new=new: tx.append(here, [new]))  # type: ignore[misc]
    await store.write(who, lambda tx: tx.expunge(here, ((1, 1),), deleted_only=False))  # type: ignore[arg-type]
    gone = (await store.write(OPERATOR, lambda tx: tx.add_folder(alice.id, "Gone", Kind.MAIL))).id
    await store.write(OPERATOR, lambda tx: tx.delete_folder(gone))
    stored = await blobs.put(b"queued")
    envelope = Envelope("a@x.test", (Recipient("b@y.test"),), stored.blob, stored.size, stored.body)
    await store.write(OPERATOR, lambda tx: tx.enqueue(envelope))
    blobs.close()
    return here


def rows(database: Database) -> dict[str, list[dict[str, object]]]:
    found = {}
    with database.readers.connect() as connection:
        for table in metadata.sorted_tables:
            result = connection.execute(select(table).order_by(*table.primary_key.columns)).mappings()
            found[table.name] = [{k: v for k, v in row.items() if k != "indexed"} for row in result]
    return found


def make(store: SqlStore, objects: FolderObjects, place: Place, to: Path) -> Report:
    return backup(
        store.database, objects, to, data=place.data, files=files_of(place.data) if place.data.exists() else ()
    )


async def test_what_is_restored_is_what_was_there(
    store: SqlStore, objects: FolderObjects, place: Place, other: Place, at: FolderId, tmp_path: Path
) -> None:
    archive, elsewhere = tmp_path / "all.tar", FolderObjects(tmp_path / "elsewhere")
    made = await asyncio.to_thread(make, store, objects, place, archive)
    assert (made.problems, made.bodies) == ([], 1)
    before = rows(store.database)
    back = await asyncio.to_thread(restore, archive, other.data, other.url, elsewhere, moved=True)
    assert (back.rows, back.bodies, back.problems) == (made.rows, 1, [])
    again = open_store(other.data, other.url, bus=LocalBus())
    blobs = SqlBlobs(again.database, elsewhere, 1024)
    try:
        assert rows(again.database) == before
        assert (await asyncio.to_thread(check, again, elsewhere)).findings == []
        items = await again.read(OPERATOR, lambda tx: tx.items(at, EVERY))
        assert [await blobs.read(each.blob) for each in items] == [LARGE, b"three"]
        assert len(await again.read(OPERATOR, lambda tx: tx.find([at], Query(("size 5",))))) == 2
        newer = await again.write(OPERATOR, lambda tx: tx.add_folder(tx.folder(at).owner, "Newest", Kind.MAIL))
        assert newer.id > max(row["id"] for row in before["folder"]) + 1  # type: ignore[type-var,operator]
        [item] = await again.write(OPERATOR, lambda tx: tx.append(at, [_small()]))
        assert (item.uid, item.flags) == (4, Flags.NONE)
    finally:
        blobs.close()
        await again.close()


def _small() -> NewItem:
    return NewItem(Kind.MAIL, hashed(b"new"), 3, b"s", packed(b"new"))


async def test_nothing_that_clients_saw_after_the_backup_is_taken_for_something_else(
    store: SqlStore, objects: FolderObjects, place: Place, other: Place, at: FolderId, tmp_path: Path
) -> None:
    archive = tmp_path / "all.tar"
    await asyncio.to_thread(make, store, objects, place, archive)
    [lost] = await store.write(OPERATOR, lambda tx: tx.append(at, [_small()]))
    folder = await store.read(OPERATOR, lambda tx: tx.folder(at))
    lost_folder = await store.write(OPERATOR, lambda tx: tx.add_folder(folder.owner, "Lost", Kind.MAIL))
    await asyncio.to_thread(restore, archive, other.data, other.url, objects)
    again = open_store(other.data, other.url, bus=LocalBus())
    try:
        there = await again.read(OPERATOR, lambda tx: tx.folder(at))
        assert there.uidvalidity == folder.uidvalidity and there.total == folder.total - 1
        [new] = await again.write(OPERATOR, lambda tx: tx.append(at, [_small()]))
        assert new.uid > lost.uid and new.id > lost.id and new.modseq > folder.modseq
        newer = await again.write(OPERATOR, lambda tx: tx.add_folder(folder.owner, "Newest", Kind.MAIL))
        assert newer.id > lost_folder.id and newer.uidvalidity > lost_folder.uidvalidity
        for known in (folder.modseq, there.modseq - GAP):
            assert (await again.read(OPERATOR, lambda tx, known=known: tx.delta(at, known))).reset  # type: ignore[misc]
            assert await again.read(OPERATOR, lambda tx, known=known: tx.turnover(at, known)) is None  # type: ignore[misc]
            for look in (
                lambda tx, known=known: tx.turned(at, (known, 0), 9, known),
                lambda tx, known=known: tx.left(at, (known, 0), 9),
            ):  # type: ignore[misc]
                assert await again.read(OPERATOR, look) is None
        since = await again.read(OPERATOR, lambda tx: tx.delta(at, there.modseq))
        assert [each.uid for each in since.changed] == [new.uid] and not since.reset
        assert (await asyncio.to_thread(check, again, objects)).findings == []
    finally:
        await again.close()


async def test_records_that_clients_saw_after_the_backup_are_told_of_by_beginning_anew(
    store: SqlStore, objects: FolderObjects, place: Place, other: Place, at: FolderId, tmp_path: Path
) -> None:
    owner = (await store.read(OPERATOR, lambda tx: tx.folder(at))).owner
    alice = await store.read(OPERATOR, lambda tx: tx.identity(owner))
    await store.write(alice, lambda tx: tx.put_record(RecordKind.IDENTITY, "kept"))
    archive = tmp_path / "all.tar"
    await asyncio.to_thread(make, store, objects, place, archive)
    await store.write(alice, lambda tx: tx.put_record(RecordKind.IDENTITY, "lost"))
    seen = await store.read(alice, lambda tx: tx.records_at(RecordKind.IDENTITY))
    await asyncio.to_thread(restore, archive, other.data, other.url, objects)
    again = open_store(other.data, other.url, bus=LocalBus())
    try:
        await again.write(alice, lambda tx: tx.put_record(RecordKind.IDENTITY, "new"))
        assert await again.read(alice, lambda tx: tx.records_since(RecordKind.IDENTITY, seen)) is None
        now = await again.read(alice, lambda tx: tx.records_at(RecordKind.IDENTITY))
        assert await again.read(alice, lambda tx: tx.records_since(RecordKind.IDENTITY, now)) is not None
        for kind in RecordKind:
            state = await again.read(alice, lambda tx, kind=kind: tx.records_at(kind))  # type: ignore[misc]
            found = await again.read(alice, lambda tx, kind=kind, state=state: tx.records_since(kind, state))  # type: ignore[misc]
            assert found is not None and not found.changed and not found.gone
    finally:
        await again.close()


async def test_a_body_that_is_lost_is_told_and_the_rest_is_copied(
    store: SqlStore, objects: FolderObjects, place: Place, at: FolderId, tmp_path: Path
) -> None:
    [body] = objects.stats()
    (tmp_path / "bodies" / body.blob[:2] / body.blob).unlink()
    report = await asyncio.to_thread(make, store, objects, place, tmp_path / "all.tar")
    assert len(report.problems) == 1 and body.blob in report.problems[0]
    assert (tmp_path / "all.tar").stat().st_mode & 0o777 == 0o600


async def test_a_place_that_is_in_use_is_left_alone(
    store: SqlStore, objects: FolderObjects, place: Place, at: FolderId, tmp_path: Path
) -> None:
    archive = tmp_path / "all.tar"
    await asyncio.to_thread(make, store, objects, place, archive)
    before = rows(store.database)
    with pytest.raises(Refused, match="in use"):
        await asyncio.to_thread(restore, archive, place.data, place.url, objects)
    assert rows(store.database) == before


@pytest.mark.parametrize("share", [0.0, 0.3, 0.7])
async def test_half_a_backup_is_refused(
    share: float, store: SqlStore, objects: FolderObjects, place: Place, at: FolderId, tmp_path: Path
) -> None:
    archive = tmp_path / "all.tar"
    await asyncio.to_thread(make, store, objects, place, archive)
    octets = archive.read_bytes()
    archive.write_bytes(octets[: int(len(octets) * share)])
    with pytest.raises(Refused):
        await asyncio.to_thread(restore, archive, tmp_path / "new", "", objects)


async def test_a_file_that_is_there_is_not_written_over(
    store: SqlStore, objects: FolderObjects, place: Place, tmp_path: Path
) -> None:
    (tmp_path / "all.tar").write_text("mine")
    with pytest.raises(Refused):
        await asyncio.to_thread(make, store, objects, place, tmp_path / "all.tar")
    assert (tmp_path / "all.tar").read_text() == "mine"


def test_keys_and_settings_come_along_but_neither_log_nor_database(tmp_path: Path) -> None:
    for name in (
        "secret",
        "tls/key.pem",
        "run/control.sock",
        "log/today.log",
        "postroom.db",
        "postroom.db-wal",
        "b/aa/x",
    ):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(name)
    found = [path.relative_to(tmp_path).as_posix() for path in files_of(tmp_path, [tmp_path / "b"])]
    assert found == ["secret", "tls/key.pem"]
