"""What is answered with success is on the disk: files with the folders that name them, and each COMMIT."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from groupware.model.errors import TryAgain
from groupware.model.principal import OPERATOR, Domain
from groupware.store import SqlStore, backup, open_store
from groupware.store.blobs import hashed
from groupware.store.bus import LocalBus
from groupware.store.objects import FolderObjects, sync_folder
from groupware.store.sql.engine import open_database
from tests.store.conftest import Place
from tests.support import postgres

BODY = b"some octets"
BLOB = hashed(BODY)


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The folders that are synced from now on, in that order."""
    found = list[Path]()
    sync = os.fsync

    def fsync(handle: int) -> None:
        path = Path(f"/proc/self/fd/{handle}").resolve()
        if path.is_dir():
            found.append(path)
        sync(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    return found


def test_a_body_is_safe_with_every_folder_that_was_made_for_it(tmp_path: Path, synced: list[Path]) -> None:
    root = tmp_path / "bodies"
    FolderObjects(root).put(BLOB, BODY)
    assert set(synced) == {tmp_path, root, root / BLOB[:2]}


def test_a_body_that_another_process_has_just_put_is_relied_on_once_it_is_safe(
    tmp_path: Path, synced: list[Path]
) -> None:
    root, mine = tmp_path / "bodies", FolderObjects(tmp_path / "bodies")
    FolderObjects(root).put(BLOB, BODY)
    synced.clear()
    assert mine.keep(BLOB)
    assert set(synced) == {tmp_path, root, root / BLOB[:2]}
    synced.clear()
    assert mine.keep(BLOB)
    assert synced == []


def test_a_body_that_is_put_again_after_a_sweep_is_safe_again(tmp_path: Path, synced: list[Path]) -> None:
    mine = FolderObjects(tmp_path / "bodies")
    mine.put(BLOB, BODY)
    path = tmp_path / "bodies" / BLOB[:2] / BLOB
    os.utime(path, (0, 0))
    mine.drop(BLOB)
    assert not mine.keep(BLOB)
    synced.clear()
    mine.put(BLOB, BODY)
    assert synced == [path.parent]


def test_a_sweep_leaves_a_body_that_is_used_again_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = FolderObjects(tmp_path / "bodies")
    mine.put(BLOB, BODY)

    def rename(path: Path, to: Path) -> Path:
        raise AssertionError(f"{path} would be gone if the process ended now")

    monkeypatch.setattr(Path, "rename", rename)
    mine.drop(BLOB)
    assert mine.get(BLOB) == BODY


def test_a_body_in_a_folder_of_somebody_elses_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(folder: Path) -> None:
        if folder == tmp_path:
            raise PermissionError
        sync_folder(folder)

    monkeypatch.setattr("groupware.store.objects.sync_folder", refused)
    mine = FolderObjects(tmp_path / "bodies")
    mine.put(BLOB, BODY)
    assert mine.get(BLOB) == BODY


@pytest.mark.parametrize(("configured", "then"), [("off", "on"), ("local", "local"), ("remote_apply", "remote_apply")])
def test_postgresql_is_waited_for_whatever_it_is_configured_to(tmp_path: Path, configured: str, then: str) -> None:
    server = postgres.server()
    name = server.new()
    database = open_database(tmp_path, f"{server.url(name)}&options=-csynchronous_commit%3D{configured}")
    with database.writers.connect() as connection:
        connection.rollback()  # as after work that failed
        found = connection.exec_driver_sql("SHOW synchronous_commit").scalar()
    database.dispose()
    server.drop(name)
    assert found == then


async def test_a_backup_is_there_for_good_when_it_is_said_to_be(
    store: SqlStore, objects: FolderObjects, place: Place, tmp_path: Path, synced: list[Path]
) -> None:
    (tmp_path / "safe").mkdir()
    await asyncio.to_thread(backup.backup, store.database, objects, tmp_path / "safe/all.tar", data=place.data)
    assert synced[-1] == tmp_path / "safe"


async def test_a_restore_that_cannot_write_the_files_is_begun_again(
    store: SqlStore, place: Place, other: Place, tmp_path: Path
) -> None:
    await store.write(OPERATOR, lambda tx: tx.put_domain(Domain("x.test")))
    place.data.mkdir(exist_ok=True)
    (place.data / "secret").write_bytes(b"s" * 64)
    archive, bodies = tmp_path / "all.tar", FolderObjects(tmp_path / "elsewhere")
    files = [place.data / "secret"]
    await asyncio.to_thread(backup.backup, store.database, bodies, archive, data=place.data, files=files)
    (other.data / "secret").mkdir(parents=True)
    with pytest.raises(TryAgain, match="secret: it cannot be written"):
        await asyncio.to_thread(backup.restore, archive, other.data, other.url, bodies)
    (other.data / "secret").rmdir()
    await asyncio.to_thread(backup.restore, archive, other.data, other.url, bodies)
    assert (other.data / "secret").read_bytes() == b"s" * 64
    again = open_store(other.data, other.url, bus=LocalBus())
    assert [each.name for each in await again.read(OPERATOR, lambda tx: tx.domains())] == ["x.test"]
    await again.close()
