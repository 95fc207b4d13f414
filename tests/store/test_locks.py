"""Write locks at the door: who may take, renew and break them, and how long they are there."""

from __future__ import annotations

from unittest import mock

import pytest

from groupware.model.errors import Locked, NoRight, NotFound
from groupware.model.lock import WriteLock, in_the_way
from groupware.model.times import now_micros
from groupware.store.sql import locks
from tests.store.world import World, letter


def made(world: World, token: str, name: str = "", *, deep: bool = False, shared: bool = False) -> WriteLock:
    return WriteLock(token, name, deep, shared, world.alice.account, "<x/>", 60, 0)


def test_a_lock_is_of_who_takes_it_whatever_it_says(world: World) -> None:
    world.grant(world.work, world.bob, "lrswite")
    world.write(world.bob, lambda tx: tx.put_write_lock(world.work, made(world, "t", "x")))
    [found] = world.read(world.alice, lambda tx: tx.write_locks(world.work))
    assert (found.account, found.token, found.name, found.owner) == (world.bob.account, "t", "x", "<x/>")
    assert 0 < found.expires - now_micros() <= 60_000_000


def test_who_may_only_put_in_locks_names_where_nothing_is(world: World) -> None:
    world.grant(world.work, world.bob, "lrsi")
    world.write(world.alice, lambda tx: tx.append(world.work, [letter(name="there")]))
    for name in ("", "there"):
        with pytest.raises(NoRight):
            world.write(world.bob, lambda tx, name=name: tx.put_write_lock(world.work, made(world, "t", name)))
    world.write(world.bob, lambda tx: tx.put_write_lock(world.work, made(world, "t", "new")))


def test_who_may_change_what_is_their_own_locks_that(world: World) -> None:
    world.grant(world.work, world.bob, "lrsi6")
    world.write(world.alice, lambda tx: tx.append(world.work, [letter(name="hers")]))
    world.write(world.bob, lambda tx: tx.append(world.work, [letter(name="his")]))
    world.write(world.bob, lambda tx: tx.put_write_lock(world.work, made(world, "t", "his")))
    with pytest.raises(NoRight):
        world.write(world.bob, lambda tx: tx.put_write_lock(world.work, made(world, "u", "hers")))


def test_a_lock_in_the_way_is_named_and_nothing_is_kept(world: World) -> None:
    world.write(world.alice, lambda tx: tx.put_write_lock(world.work, made(world, "t", "x")))
    with pytest.raises(Locked) as caught:
        world.write(world.alice, lambda tx: tx.put_write_lock(world.work, made(world, "u", deep=True)))
    assert caught.value.names == ["x"]
    assert [each.token for each in world.read(world.alice, lambda tx: tx.write_locks(world.work))] == ["t"]


def test_what_has_expired_is_not_there_and_is_swept_away(world: World) -> None:
    world.write(world.alice, lambda tx: tx.put_write_lock(world.work, made(world, "t", "x")))
    later = now_micros() + 61_000_000
    with mock.patch.object(locks, "now_micros", lambda: later):
        assert world.read(world.alice, lambda tx: tx.write_locks(world.work)) == []
        with pytest.raises(NotFound):
            world.write(world.alice, lambda tx: tx.renew_write_lock(world.work, "t", 60))
        world.write(world.alice, lambda tx: tx.put_write_lock(world.work, made(world, "u", "x")))
    assert [each.token for each in world.read(world.alice, lambda tx: tx.write_locks(world.work))] == ["u"]


def test_clearing_takes_the_right_to_take_away(world: World) -> None:
    world.grant(world.work, world.bob, "lrsi")
    world.write(world.alice, lambda tx: tx.put_write_lock(world.work, made(world, "t", "x")))
    with pytest.raises(NoRight):
        world.write(world.bob, lambda tx: tx.clear_write_locks(world.work, "x"))
    world.write(world.alice, lambda tx: tx.clear_write_locks(world.work, "x"))
    assert world.read(world.alice, lambda tx: tx.write_locks(world.work)) == []


def test_locks_go_with_their_folder(world: World) -> None:
    at = world.write(world.alice, lambda tx: tx.create_folder("Locked")).id
    world.write(world.alice, lambda tx: tx.put_write_lock(at, made(world, "t")))
    world.write(world.alice, lambda tx: tx.delete_folder(at))
    with pytest.raises(NotFound):
        world.read(world.alice, lambda tx: tx.write_locks(at))


@pytest.mark.parametrize(
    ("new", "old", "barred"),
    [
        (("", False), ("", False), True),
        (("", False), ("x", False), False),
        (("", True), ("x", False), True),
        (("x", False), ("", True), True),
        (("x", False), ("", False), False),
        (("x", False), ("y", False), False),
        (("x", False), ("x", False), True),
    ],
)
def test_locks_that_meet_are_in_each_others_way_unless_both_are_shared(
    world: World, new: tuple[str, bool], old: tuple[str, bool], barred: bool
) -> None:
    for mine, theirs in ((True, True), (True, False), (False, True), (False, False)):
        one = made(world, "t", new[0], deep=new[1], shared=mine)
        other = made(world, "u", old[0], deep=old[1], shared=theirs)
        assert in_the_way(one, other) is (barred and not (mine and theirs))
