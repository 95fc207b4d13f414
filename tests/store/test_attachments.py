"""What is attached to calendar objects: for who may read one of them, counted, and forgotten in time."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from groupware.model.attachment import Attachment
from groupware.model.errors import NoRight, NotFound, OverQuota
from groupware.model.ids import EVERY, BlobId
from groupware.model.item import NewItem
from groupware.model.principal import OPERATOR, Principal
from groupware.store import upkeep
from groupware.store.blobs import StoredBody
from groupware.store.check import check
from groupware.store.objects import FolderObjects
from groupware.store.sql import schema
from tests.store.test_beside import refs
from tests.store.world import World, letter

SIZE = 1000


def bring(world: World, sign: str = "a", who: Principal | None = None) -> Attachment:
    stored = StoredBody(BlobId(sign * 64), SIZE, b"octets")
    return world.write(who or world.alice, lambda tx: tx.put_attachment(world.work, stored, "text/plain", "a.txt"))


def referring(*found: Attachment) -> NewItem:
    return replace(letter(), attached=tuple(each.key for each in found))


def refer(world: World, *found: Attachment) -> None:
    world.write(world.alice, lambda tx: tx.append(world.work, [referring(*found)]))


def may(world: World, who: Principal, found: Attachment) -> bool:
    try:
        return world.read(who, lambda tx: tx.attachment(found.key)) == found
    except NotFound:
        return False


def used(world: World) -> int | None:
    with world.house.store.database.readers.connect() as connection:
        owner = schema.principal.c
        return connection.scalar(select(owner.bytes).where(owner.id == world.alice.account))


def tidy(world: World, days: int = 2) -> int:
    return asyncio.run(upkeep.forget_unused(world.house.store, now=datetime.now(UTC) + timedelta(days=days)))


def wrong(world: World, folder: Path) -> list[str]:
    """What the check finds, but for the octets that these bodies do not have."""
    found = check(world.house.store, FolderObjects(folder / "none")).findings
    return [each.text for each in found if not each.kind.startswith("body.lost")]


def test_who_may_read_an_item_may_read_what_is_attached(world: World) -> None:
    made = bring(world)
    assert may(world, world.alice, made) and not may(world, world.bob, made)
    refer(world, made)
    assert may(world, world.alice, made) and not may(world, world.bob, made)
    world.grant(world.work, world.bob, "lr")
    assert may(world, world.bob, made)


def test_nobody_refers_to_what_they_may_not_read(world: World) -> None:
    made = bring(world)
    refer(world, made)
    own = world.read(world.bob, lambda tx: tx.locate(world.bob.account, "INBOX").id)
    with pytest.raises(NotFound):
        world.write(world.bob, lambda tx: tx.append(own, [referring(made)]))
    assert world.read(world.bob, lambda tx: tx.items(own, EVERY)) == []


def test_it_takes_the_right_to_insert_and_room(world: World) -> None:
    world.grant(world.work, world.bob, "lr")
    with pytest.raises(NoRight):
        bring(world, who=world.bob)
    world.write(OPERATOR, lambda tx: tx.put_setting("mailboxSize", 1, world.alice.account))
    bring(world)
    with pytest.raises(OverQuota):
        bring(world, "b")


def test_it_goes_when_nothing_refers_to_it(world: World, tmp_path: Path) -> None:
    made, never = bring(world), bring(world, "b")
    refer(world, made)
    refer(world, made)
    assert used(world) == 2 * SIZE + 200
    assert tidy(world) == 1
    assert used(world) == SIZE + 200
    assert not may(world, world.alice, never) and refs(world, "b") == 0
    world.write(world.alice, lambda tx: tx.expunge(world.work, EVERY, deleted_only=False))
    assert wrong(world, tmp_path) == []
    asyncio.run(upkeep.purge(world.house.store, now=datetime.now(UTC) + timedelta(days=400)))
    assert tidy(world) == 1
    assert used(world) == 0
    assert refs(world, "a") == 0 and not may(world, world.alice, made)
    assert wrong(world, tmp_path) == []
