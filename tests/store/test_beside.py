"""What is kept of an account beside its folders: uploads until they are used, and records with their changes."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock

import pytest
from sqlalchemy import select

from groupware.model.errors import NotFound, OverQuota
from groupware.model.ids import BlobId, ModSeq
from groupware.model.principal import OPERATOR, Principal
from groupware.model.record import RecordKind, Upload, UploadRoom
from groupware.model.times import micros
from groupware.store import upkeep
from groupware.store.blobs import StoredBody
from groupware.store.check import check
from groupware.store.objects import FolderObjects
from groupware.store.sql import records, schema
from tests.store.world import World

ROOM = UploadRoom(10, 3)
KIND = RecordKind.SUBMISSION


def body(sign: str, size: int = 4) -> StoredBody:
    return StoredBody(BlobId(sign * 64), size, b"body")


def put(world: World, sign: str, size: int = 4, who: Principal | None = None) -> Upload:
    me = who or world.alice
    return world.write(me, lambda tx: tx.put_upload(me.account, body(sign, size), "text/plain", ROOM))


def refs(world: World, sign: str) -> int | None:
    with world.house.store.database.readers.connect() as connection:
        return connection.scalar(select(schema.blob.c.refs).where(schema.blob.c.hash == sign * 64))


def test_an_upload_is_there_for_who_brought_it_and_for_nobody_else(world: World) -> None:
    made = put(world, "a")
    assert world.read(world.alice, lambda tx: tx.uploaded(made.number)) == made
    with pytest.raises(NotFound):
        world.read(world.bob, lambda tx: tx.uploaded(made.number))


def test_the_oldest_make_room(world: World) -> None:
    first, second, third = put(world, "a"), put(world, "b"), put(world, "c")
    assert (refs(world, "a"), refs(world, "b")) == (0, 1)
    with pytest.raises(NotFound):
        world.read(world.alice, lambda tx: tx.uploaded(first.number))
    assert world.read(world.alice, lambda tx: [tx.uploaded(each.number).size for each in (second, third)]) == [4, 4]
    with pytest.raises(OverQuota):
        put(world, "d", 11)
    assert world.read(world.alice, lambda tx: tx.uploaded(third.number)) == third


def test_what_nobody_uses_is_forgotten(world: World) -> None:
    made = put(world, "a")
    later = datetime.now(UTC) + upkeep.UPLOADS_KEPT
    assert asyncio.run(upkeep.forget_unused(world.house.store, now=later - timedelta(minutes=1))) == 0
    assert asyncio.run(upkeep.forget_unused(world.house.store, now=later + timedelta(minutes=1))) == 1
    with pytest.raises(NotFound):
        world.read(world.alice, lambda tx: tx.uploaded(made.number))
    assert refs(world, "a") == 0


def test_uploads_go_with_their_account(world: World) -> None:
    put(world, "a", who=world.bob)
    world.write(OPERATOR, lambda tx: tx.drop_account(world.bob.name))
    assert refs(world, "a") == 0


def test_a_record_comes_changes_and_goes_in_the_sequence_of_its_account(world: World) -> None:
    start = world.read(world.alice, lambda tx: tx.records_at(KIND))
    one = world.write(world.alice, lambda tx: tx.put_record(KIND, "one"))
    two = world.write(world.alice, lambda tx: tx.put_record(KIND, "two"))
    middle = world.read(world.alice, lambda tx: tx.records_at(KIND))
    world.write(world.alice, lambda tx: tx.put_record(KIND, "more", one.number))
    world.write(world.alice, lambda tx: tx.drop_record(KIND, two.number))
    assert [each.facts for each in world.read(world.alice, lambda tx: tx.records(KIND))] == ["more"]
    whole, part = world.read(world.alice, lambda tx: (tx.records_since(KIND, start), tx.records_since(KIND, middle)))
    assert whole is not None and part is not None
    assert [(each.number, each.came) for each in part.changed] == [(one.number, one.came)]
    assert part.gone == [(two.number, two.came)]
    assert world.read(world.alice, lambda tx: tx.records(RecordKind.PUSH)) == []
    assert world.read(world.bob, lambda tx: tx.records(KIND)) == []


def test_somebody_elses_record_is_not_there(world: World) -> None:
    made = world.write(world.alice, lambda tx: tx.put_record(KIND, "one"))
    for work in (
        lambda tx: tx.drop_record(KIND, made.number),
        lambda tx: tx.put_record(KIND, "x", made.number),
    ):
        with pytest.raises(NotFound):
            world.write(world.bob, work)
    assert [each.facts for each in world.read(world.alice, lambda tx: tx.records(KIND))] == ["one"]


def test_a_record_that_has_expired_is_gone_and_its_tombstone_is_forgotten_in_time(world: World) -> None:
    start = world.read(world.alice, lambda tx: tx.records_at(KIND))
    soon = datetime.now(UTC) + timedelta(hours=1)
    world.write(world.alice, lambda tx: tx.put_record(KIND, "one", expires=soon))

    def tidy(after: timedelta) -> int:
        with mock.patch.object(records, "now_micros", lambda: micros(soon + after)):
            return asyncio.run(upkeep.forget_unused(world.house.store))

    assert tidy(timedelta(minutes=-1)) == 0
    assert tidy(timedelta(minutes=1)) == 1
    assert world.read(world.alice, lambda tx: tx.records(KIND)) == []
    told = world.read(world.alice, lambda tx: tx.records_since(KIND, start))
    assert told is not None and len(told.gone) == 1
    assert tidy(timedelta(days=61)) == 1
    assert world.read(world.alice, lambda tx: tx.records_since(KIND, start)) is None


def test_a_state_that_is_yet_to_come_is_not_known(world: World) -> None:
    assert world.read(world.alice, lambda tx: tx.records_since(KIND, ModSeq(1 << 40))) is None


def test_the_check_of_the_store_counts_uploads(world: World, tmp_path: Path) -> None:
    put(world, "a")
    found = check(world.house.store, FolderObjects(tmp_path / "bodies"), bodies=False)
    assert [each for each in found.findings if each.kind == "body.references"] == []
