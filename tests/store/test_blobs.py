"""Bodies: stored once, read whole or in part, lost without taking anything else along."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from secrets import token_hex

import pytest
import zstandard

from groupware.model.errors import NotFound, TryAgain
from groupware.model.ids import BlobId
from groupware.model.principal import OPERATOR
from groupware.store.blobs import SqlBlobs, StoredBody, hashed, sweep
from groupware.store.frames import FRAME, packed
from groupware.store.objects import FolderObjects, Objects, open_objects
from groupware.store.sql import contents
from groupware.store.sql.engine import Database, Sql
from groupware.store.sql.tree import Memory
from groupware.store.sql.tx import Tx
from tests.support.s3server import BUCKET, S3Server

SMALL, LARGE = b"small " * 20, bytes(range(256)) * 400


@pytest.fixture(params=["folder", "memory", "s3"])
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> Objects:
    if request.param == "s3":
        server: S3Server = request.getfixturevalue("s3")
        return open_objects(tmp_path, f"s3://{BUCKET}/{tmp_path.name}-{token_hex(4)}", server.access)
    return open_objects(tmp_path, "bodies" if request.param == "folder" else "memory://")


@pytest.fixture
def folder(tmp_path: Path) -> FolderObjects:
    return FolderObjects(tmp_path / "bodies")


@pytest.fixture
def opened(database: Database) -> Iterator[Callable[[Objects], SqlBlobs]]:
    made: list[SqlBlobs] = []

    def open_over(objects: Objects) -> SqlBlobs:
        made.append(SqlBlobs(database, objects, threshold=1024))
        return made[-1]

    yield open_over
    for each in made:
        each.close()


def refer(database: Database, stored: StoredBody) -> None:
    with database.writers.begin() as connection:
        tx = Tx(Sql(connection), Memory(), OPERATOR, locks=True)
        contents.hold_blob(tx, stored.blob, stored.size, stored.body)


def forget(database: Database, blob: BlobId) -> None:
    with database.writers.begin() as connection:
        contents.let_go(Tx(Sql(connection), Memory(), OPERATOR, locks=True), blob)


async def test_a_small_body_travels_with_the_write(
    database: Database, objects: Objects, opened: Callable[[Objects], SqlBlobs]
) -> None:
    blobs = opened(objects)
    stored = await blobs.put(SMALL)
    assert (stored.blob, stored.size, list(objects.stats())) == (hashed(SMALL), len(SMALL), [])
    assert stored.body is not None and len(stored.body) < len(SMALL)
    refer(database, stored)
    assert await opened(objects).read(stored.blob) == SMALL


async def test_a_large_body_is_in_the_object_store_before_the_write(
    database: Database, objects: Objects, opened: Callable[[Objects], SqlBlobs]
) -> None:
    blobs = opened(objects)
    stored = await blobs.put(LARGE)
    assert stored.body is None
    assert [each.blob for each in objects.stats()] == [stored.blob]
    refer(database, stored)
    assert await blobs.read(stored.blob) == LARGE


@pytest.mark.parametrize(("start", "length"), [(0, None), (10, None), (0, 7), (100, 300), (len(LARGE) - 3, 50)])
async def test_a_part_is_read(
    start: int, length: int | None, database: Database, objects: Objects, opened: Callable[[Objects], SqlBlobs]
) -> None:
    stored = await opened(objects).put(LARGE)
    refer(database, stored)
    assert (
        await opened(objects).read(stored.blob, start, length)
        == LARGE[start : None if length is None else start + length]
    )


async def test_what_was_read_is_kept_for_who_reads_it_again_unless_it_was_read_in_passing(
    database: Database, folder: FolderObjects, opened: Callable[[Objects], SqlBlobs]
) -> None:
    blobs = opened(folder)
    stored, passed = await blobs.put(LARGE), await blobs.put(LARGE * 2)
    for each in (stored, passed):
        refer(database, each)
    assert await blobs.read(stored.blob) == LARGE
    assert await blobs.in_passing().read(passed.blob) == LARGE * 2
    assert await blobs.in_passing().read_many([passed.blob]) == {passed.blob: LARGE * 2}
    for path in (folder._root / blob[:2] / blob for blob in (stored.blob, passed.blob)):
        path.unlink()
    assert await blobs.read(stored.blob) == LARGE
    with pytest.raises(NotFound, match=passed.blob):
        await blobs.read(passed.blob)


HUGE = b"".join(hashlib.sha256(b"%d" % at).digest() for at in range(90_000))  # nearly three frames


@pytest.mark.parametrize(
    ("start", "length"),
    [(0, 10), (FRAME - 5, 10), (FRAME, FRAME), (0, 2 * FRAME + 1), (len(HUGE) - 3, 10), (len(HUGE), 10), (7, 0)],
)
async def test_a_range_of_a_huge_body_is_read(
    database: Database, objects: Objects, opened: Callable[[Objects], SqlBlobs], start: int, length: int
) -> None:
    blobs = opened(objects)
    stored = await blobs.put(HUGE)
    refer(database, stored)
    assert await blobs.read(stored.blob, start, length) == HUGE[start : start + length]


async def test_a_huge_body_is_read_whole(
    database: Database, objects: Objects, opened: Callable[[Objects], SqlBlobs]
) -> None:
    stored = await opened(objects).put(HUGE)
    refer(database, stored)
    assert await opened(objects).read(stored.blob) == HUGE


async def test_a_range_of_a_huge_body_reads_no_more_than_its_frames(
    database: Database, folder: FolderObjects, opened: Callable[[Objects], SqlBlobs]
) -> None:
    blobs = opened(folder)
    stored = await blobs.put(HUGE)
    refer(database, stored)
    damage_at(folder._path(stored.blob), FRAME // 2)
    assert await blobs.read(stored.blob, FRAME, 100) == HUGE[FRAME : FRAME + 100]
    with pytest.raises(NotFound):
        await blobs.read(stored.blob, FRAME - 50, 100)


async def test_a_huge_body_in_a_single_frame_is_read_as_well(
    database: Database, folder: FolderObjects, opened: Callable[[Objects], SqlBlobs]
) -> None:
    refer(database, StoredBody(hashed(HUGE), len(HUGE), None))
    folder.put(hashed(HUGE), zstandard.ZstdCompressor(write_checksum=True).compress(HUGE))
    assert await opened(folder).read(hashed(HUGE), FRAME, 100) == HUGE[FRAME : FRAME + 100]
    assert await opened(folder).read(hashed(HUGE)) == HUGE


def test_any_tool_reads_the_stored_form_of_a_huge_body() -> None:
    with zstandard.ZstdDecompressor().stream_reader(packed(HUGE), read_across_frames=True) as reader:
        assert reader.read() == HUGE


async def test_a_body_that_nobody_knows_is_not_found(objects: Objects, opened: Callable[[Objects], SqlBlobs]) -> None:
    with pytest.raises(NotFound, match=hashed(b"?")):
        await opened(objects).read(hashed(b"?"))


async def test_a_body_that_was_lost_is_not_found_and_the_others_are_served(
    database: Database, objects: Objects, opened: Callable[[Objects], SqlBlobs]
) -> None:
    blobs = opened(objects)
    stored = [await blobs.put(octets) for octets in (LARGE, LARGE + b"!")]
    for each in stored:
        refer(database, each)
    objects.put(stored[0].blob, b"something else")
    fresh = opened(objects)
    with pytest.raises(NotFound, match=stored[0].blob):
        await fresh.read(stored[0].blob)
    assert await fresh.read_many([each.blob for each in stored]) == {stored[1].blob: LARGE + b"!"}


async def test_a_folder_of_bodies_that_is_not_there_at_all_is_a_passing_failure(
    database: Database, folder: FolderObjects, opened: Callable[[Objects], SqlBlobs], tmp_path: Path
) -> None:
    stored = await opened(folder).put(LARGE)
    refer(database, stored)
    (tmp_path / "bodies").rename(tmp_path / "elsewhere")
    with pytest.raises(TryAgain, match="no such folder"):
        await opened(folder).read(stored.blob)
    (tmp_path / "elsewhere").rename(tmp_path / "bodies")
    assert await opened(folder).read(stored.blob) == LARGE


def damage_at(path: Path, at: int) -> None:
    octets = bytearray(path.read_bytes())
    octets[at] ^= 0xFF
    path.write_bytes(octets)


def damage(path: Path) -> None:
    octets = bytearray(path.read_bytes())
    octets[len(octets) // 2] ^= 0xFF
    path.write_bytes(octets)


@pytest.mark.parametrize("harm", [damage, Path.unlink, lambda path: path.write_bytes(b"")])
async def test_a_body_that_was_damaged_on_disk_is_told_and_the_others_are_served(
    harm: Callable[[Path], object], database: Database, tmp_path: Path, opened: Callable[[Objects], SqlBlobs]
) -> None:
    objects = FolderObjects(tmp_path / "bodies")
    blobs = opened(objects)
    stored = [await blobs.put(octets) for octets in (LARGE, LARGE + b"!", SMALL)]
    for each in stored:
        refer(database, each)
    harm(tmp_path / "bodies" / stored[0].blob[:2] / stored[0].blob)
    fresh = opened(objects)
    with pytest.raises(NotFound, match=stored[0].blob):
        await fresh.read(stored[0].blob)
    found = await fresh.read_many([each.blob for each in stored])
    assert found == {stored[1].blob: LARGE + b"!", stored[2].blob: SMALL}


async def test_an_object_store_that_does_not_answer_is_a_passing_failure(
    opened: Callable[[Objects], SqlBlobs], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"):
        monkeypatch.setenv(f"AWS_{name}", "nobody")
    monkeypatch.setenv("AWS_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    monkeypatch.setenv("AWS_REGION", "here")
    with pytest.raises(TryAgain, match="large bodies"):
        await opened(open_objects(tmp_path, "s3://bucket/bodies")).put(LARGE)


async def test_a_disk_that_takes_nothing_is_a_passing_failure(
    opened: Callable[[Objects], SqlBlobs], tmp_path: Path
) -> None:
    (tmp_path / "bodies").write_text("a file where the folder should be")
    with pytest.raises(TryAgain):
        await opened(FolderObjects(tmp_path / "bodies")).put(LARGE)


def test_a_place_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="blob_store 'gopher://x'"):
        open_objects(tmp_path, "gopher://x")


async def test_the_sweep_takes_what_nothing_refers_to(
    database: Database, folder: FolderObjects, opened: Callable[[Objects], SqlBlobs], tmp_path: Path
) -> None:
    blobs = opened(folder)
    kept, gone, small = [await blobs.put(octets) for octets in (LARGE, LARGE + b"!", SMALL)]
    for each in (kept, gone, small):
        refer(database, each)
        age(tmp_path, each.blob)
    forget(database, gone.blob)
    forget(database, small.blob)
    assert sweep(database, folder, older=0) == 2
    assert [each.blob for each in folder.stats()] == [kept.blob]
    fresh = opened(folder)
    assert set(await fresh.read_many([kept.blob, gone.blob, small.blob])) == {kept.blob}


async def test_the_sweep_takes_what_no_write_ever_referred_to_but_not_at_once(
    database: Database, folder: FolderObjects, opened: Callable[[Objects], SqlBlobs], tmp_path: Path
) -> None:
    stored = await opened(folder).put(LARGE)
    assert sweep(database, folder) == 0
    age(tmp_path, stored.blob)
    assert sweep(database, folder) == 1
    assert list(folder.stats()) == []


async def test_a_body_that_is_put_again_is_safe_from_the_sweep(
    database: Database, folder: FolderObjects, opened: Callable[[Objects], SqlBlobs], tmp_path: Path
) -> None:
    blobs = opened(folder)
    stored = await blobs.put(LARGE)
    refer(database, stored)
    forget(database, stored.blob)
    age(tmp_path, stored.blob)
    again = await blobs.put(LARGE)
    assert sweep(database, folder, older=0) == 1  # the row; its object was touched
    refer(database, again)
    assert await opened(folder).read(stored.blob) == LARGE


def age(tmp_path: Path, blob: BlobId) -> None:
    path = tmp_path / "bodies" / blob[:2] / blob
    if path.exists():
        os.utime(path, (0, 0))
