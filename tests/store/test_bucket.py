"""Large bodies in a bucket: what goes wrong there is told, loses nothing, and passes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from secrets import token_hex

import pytest

from groupware.model.errors import TryAgain
from groupware.model.ids import BlobId, FolderId
from groupware.model.item import Kind, NewItem
from groupware.model.principal import OPERATOR
from groupware.store import SqlBlobs, SqlStore
from groupware.store.backup import backup, restore
from groupware.store.blobs import hashed, packed, sweep
from groupware.store.check import check
from groupware.store.objects import Objects, open_objects
from tests.store.conftest import Place
from tests.support.s3server import BUCKET, PAGE, S3Server

LARGE = bytes(range(256)) * 20
BLOB = hashed(LARGE)


@pytest.fixture
def prefix() -> str:
    """A part of the bucket that no other test has."""
    return token_hex(8)


@pytest.fixture
def objects(s3: S3Server, prefix: str) -> Objects:
    return open_objects(Path(), f"s3://{BUCKET}/{prefix}", s3.access)


@pytest.fixture
async def at(store: SqlStore, fresh: Callable[[], SqlBlobs]) -> FolderId:
    """A folder with a large and a small message."""
    here = (await store.write(OPERATOR, lambda tx: tx.add_folder(OPERATOR.account, "Work", Kind.MAIL))).id
    for octets in (LARGE, b"small"):
        stored = await fresh().put(octets)
        new = NewItem(Kind.MAIL, stored.blob, stored.size, b"s", stored.body, {"subject": "Work"})
        await store.write(OPERATOR, lambda tx, new=new: tx.append(here, [new]))  # type: ignore[misc]
    return here


@pytest.mark.parametrize("size", [10, 12 << 20])
def test_what_is_put_comes_back(objects: Objects, size: int) -> None:
    octets = b"\x00\xff" * (size // 2)
    objects.put(hashed(octets), octets)
    assert objects.get(hashed(octets)) == octets
    assert [(each.blob, each.size) for each in objects.stats()] == [(hashed(octets), size)]


def test_more_than_a_page_of_objects_is_listed_whole(objects: Objects) -> None:
    names = [hashed(str(number).encode()) for number in range(3 * PAGE + 1)]
    for name in names:
        objects.put(name, b"x")
    assert {each.blob for each in objects.stats()} == set(names)


def test_what_somebody_else_keeps_in_the_bucket_is_left_alone(s3: S3Server, prefix: str, objects: Objects) -> None:
    other = open_objects(Path(), f"s3://{BUCKET}/{prefix}/of-others", s3.access)
    other.put(BLOB, b"theirs")
    assert list(objects.stats()) == []


def test_a_bucket_that_can_be_used(objects: Objects) -> None:
    objects.probe()
    assert list(objects.stats()) == []  # and asking leaves nothing behind


def ways(objects: Objects) -> list[Callable[[], object]]:
    """Everything that is asked of a bucket."""
    return [
        lambda: objects.put(BLOB, b"x"),
        lambda: objects.get(BLOB),
        lambda: objects.keep(BLOB),
        lambda: objects.drop(BLOB),
        lambda: list(objects.stats()),
    ]


def test_wrong_credentials_are_told_with_the_setting_and_without_the_secret(s3: S3Server) -> None:
    for access in (s3.wrong, replace(s3.access, key_id="NOBODY")):
        refused = open_objects(Path(), f"s3://{BUCKET}", access)
        with pytest.raises(ValueError, match=r"server\.blob_store_key_id and server\.blob_store_secret") as told:
            refused.probe()
        assert access.secret not in f"{told.value} {access!r}"
        for way in ways(refused):
            with pytest.raises(TryAgain, match=r"server\.blob_store_secret"):
                way()


def test_a_bucket_that_is_not_there_is_told_and_is_not_a_lost_body(s3: S3Server) -> None:
    nowhere = open_objects(Path(), "s3://nowhere/bodies", s3.access)
    with pytest.raises(ValueError, match=r"not where server\.blob_store says"):
        nowhere.probe()
    with pytest.raises(TryAgain, match=r"not where server\.blob_store says"):
        nowhere.get(BLOB)
    with pytest.raises(TryAgain, match=r"not where server\.blob_store says"):
        nowhere.put(BLOB, b"x")


def test_a_server_that_is_gone_is_a_passing_failure_without_its_address(s3: S3Server, objects: Objects) -> None:
    objects.put(BLOB, b"kept")
    with s3.gone():
        for way in (objects.probe, *ways(objects)):
            with pytest.raises(TryAgain, match="try again later") as told:
                way()
            assert "127.0.0.1" not in str(told.value)
    assert objects.get(BLOB) == b"kept"


def test_credentials_may_come_from_the_environment(s3: S3Server, prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3.access.key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3.access.secret)
    monkeypatch.setenv("AWS_REGION", s3.access.region)
    monkeypatch.setenv("AWS_ENDPOINT", s3.access.endpoint)
    found = open_objects(Path(), f"s3://{BUCKET}/{prefix}")
    found.put(BLOB, b"x")
    assert found.get(BLOB) == b"x"


async def test_while_the_server_is_gone_nothing_is_accepted_and_nothing_is_lost(
    s3: S3Server, store: SqlStore, objects: Objects, at: FolderId, fresh: Callable[[], SqlBlobs]
) -> None:
    with s3.gone():
        with pytest.raises(TryAgain):
            await fresh().put(LARGE + b"!")
        with pytest.raises(TryAgain):
            await fresh().read(BLOB)
        assert await fresh().read(hashed(b"small")) == b"small"
        report = await asyncio.to_thread(check, store, objects, repair=True)
        assert [(each.kind, each.repaired) for each in report.findings] == [("body.unknown", False)]
    assert await fresh().read(BLOB) == LARGE
    assert (await asyncio.to_thread(check, store, objects)).clean


async def test_wrong_credentials_are_no_reason_to_quarantine(s3: S3Server, store: SqlStore, at: FolderId) -> None:
    for place, access in ((f"s3://{BUCKET}", s3.wrong), ("s3://nowhere", s3.access)):
        report = await asyncio.to_thread(check, store, open_objects(Path(), place, access), repair=True)
        assert [(each.kind, each.repaired) for each in report.findings] == [("body.unknown", False)]


@pytest.mark.parametrize("harm", ["lost", "damaged"])
async def test_a_body_that_the_bucket_lost_or_damaged_is_found(
    s3: S3Server, prefix: str, store: SqlStore, objects: Objects, at: FolderId, harm: str
) -> None:
    if harm == "damaged":
        objects.put(BLOB, packed(b"other octets"))
    else:
        s3.age(prefix)
        objects.drop(BLOB)
    [found] = (await asyncio.to_thread(check, store, objects)).findings
    assert (found.kind, BLOB in found.text) == ("body.lost", True)


async def test_the_sweep_takes_what_is_old_and_without_reference(
    s3: S3Server, prefix: str, store: SqlStore, objects: Objects, at: FolderId, fresh: Callable[[], SqlBlobs]
) -> None:
    await fresh().put(LARGE + b"never referred to")
    assert await asyncio.to_thread(sweep, store.database, objects) == 0
    s3.age(prefix)
    again = await fresh().put(LARGE + b"put again")
    assert await asyncio.to_thread(sweep, store.database, objects) == 1
    assert {each.blob for each in objects.stats()} == {BLOB, again.blob}


async def test_a_body_that_is_put_again_is_young_again(
    s3: S3Server, prefix: str, objects: Objects, at: FolderId, fresh: Callable[[], SqlBlobs]
) -> None:
    s3.age(prefix)
    assert not objects.keep(BLOB)
    await fresh().put(LARGE)
    assert objects.keep(BLOB)


async def test_a_backup_goes_from_one_bucket_into_another(
    s3: S3Server, prefix: str, store: SqlStore, objects: Objects, place: Place, at: FolderId, tmp_path: Path
) -> None:
    archive, other = tmp_path / "all.tar", open_objects(tmp_path, f"s3://{BUCKET}/{prefix}-other", s3.access)
    made = await asyncio.to_thread(backup, store.database, objects, archive, data=place.data)
    assert (made.problems, made.bodies) == ([], 1)
    with s3.gone(), pytest.raises(TryAgain):
        await asyncio.to_thread(restore, archive, tmp_path / "new", "", other)
    await asyncio.to_thread(restore, archive, tmp_path / "new", "", other)
    assert other.get(BlobId(BLOB)) == objects.get(BLOB)


async def test_a_backup_while_the_bucket_is_gone_says_what_it_has_not(
    s3: S3Server, store: SqlStore, objects: Objects, place: Place, at: FolderId, tmp_path: Path
) -> None:
    with s3.gone():
        made = await asyncio.to_thread(backup, store.database, objects, tmp_path / "all.tar", data=place.data)
    assert (len(made.problems), made.bodies) == (1, 0)
