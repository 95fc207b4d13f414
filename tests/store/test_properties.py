"""Properties beside an item, and another content in its place: both keep to the item's id."""

from __future__ import annotations

import asyncio

import pytest

from groupware.model.errors import NoRight, NotFound, OverQuota
from groupware.model.ids import EVERY, FolderId, ModSeq, Uid
from groupware.model.item import Kind
from groupware.store import upkeep
from groupware.store.sql import properties
from tests.store.test_objects import event, put
from tests.store.world import World, letter


@pytest.fixture
def inbox(world: World) -> FolderId:
    at = world.write(world.alice, lambda tx: tx.create_folder("Mine")).id
    world.write(world.alice, lambda tx: tx.append(at, [letter(), letter()]))
    world.grant(at, world.bob, "lr")
    return at


def kept(world: World, at: FolderId) -> dict[Uid, bytes]:
    uids = world.read(world.alice, lambda tx: tx.uids(at))
    return dict(world.read(world.alice, lambda tx: tx.item_properties(at, uids)))


def keep(world: World, at: FolderId, uid: int, octets: bytes) -> ModSeq:
    return world.write(world.alice, lambda tx: tx.put_item_properties(at, Uid(uid), octets))


def test_they_are_kept_and_are_a_change_of_the_item(world: World, inbox: FolderId) -> None:
    since = world.folder(world.alice, inbox).modseq
    modseq = keep(world, inbox, 2, b"x")
    assert kept(world, inbox) == {2: b"x"}
    [changed] = world.read(world.alice, lambda tx: tx.delta(inbox, since)).changed
    assert (changed.uid, changed.modseq) == (2, modseq)
    keep(world, inbox, 2, b"")
    assert kept(world, inbox) == {}


def test_they_follow_the_item_and_go_with_it(world: World, inbox: FolderId) -> None:
    keep(world, inbox, 1, b"x")
    there = world.write(world.alice, lambda tx: tx.create_folder("Other")).id
    world.write(world.alice, lambda tx: tx.copy(inbox, EVERY, there))
    assert kept(world, there) == {}
    world.write(world.alice, lambda tx: tx.move(inbox, [(Uid(1), Uid(1))], there))
    assert list(kept(world, there).values()) == [b"x"]
    world.write(world.alice, lambda tx: tx.expunge(there, EVERY, deleted_only=False))
    world.write(world.alice, lambda tx: tx.move(inbox, EVERY, there))
    assert kept(world, there) == {}


def test_they_take_the_right_to_write(world: World, inbox: FolderId) -> None:
    with pytest.raises(NoRight):
        world.write(world.bob, lambda tx: tx.put_item_properties(inbox, Uid(1), b"x"))
    with pytest.raises(NotFound):
        keep(world, inbox, 7, b"x")
    with pytest.raises(OverQuota):
        keep(world, inbox, 1, bytes(properties.LONGEST + 1))


def test_those_of_items_that_went_with_their_folder_are_forgotten(world: World, inbox: FolderId) -> None:
    keep(world, inbox, 1, b"x")
    world.write(world.alice, lambda tx: tx.delete_folder(inbox))
    assert asyncio.run(upkeep.forget_unused(world.house.store)) == 1


def test_another_content_has_the_same_id_and_a_new_uid(world: World, inbox: FolderId) -> None:
    [old, _] = world.read(world.alice, lambda tx: tx.items(inbox, EVERY))
    new = world.write(world.alice, lambda tx: tx.rewrite(inbox, Uid(1), letter()))
    assert (new.id, new.uid) == (old.id, 3)
    assert world.read(world.alice, lambda tx: tx.uids(inbox)) == [2, 3]
    assert world.read(world.alice, lambda tx: tx.vanished(inbox, old.modseq)) == [1]
    with pytest.raises(NotFound):
        world.write(world.alice, lambda tx: tx.rewrite(inbox, Uid(1), letter()))
    with pytest.raises(NoRight):
        world.write(world.bob, lambda tx: tx.rewrite(inbox, Uid(2), letter()))


def test_an_object_keeps_its_name(world: World) -> None:
    at = world.write(world.alice, lambda tx: tx.create_folder("Plans", Kind.CALENDAR)).id
    put(world, at, event("a", 0))
    assert world.write(world.alice, lambda tx: tx.rewrite(at, Uid(1), event("a", 86_400))).name == "a"
