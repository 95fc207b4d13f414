"""What is remembered of accounts for a time, and what takes rules back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from unittest import mock

import pytest

from groupware.model.errors import NoRight, NotFound
from groupware.model.memory import Memory
from groupware.model.principal import DELIVERY, OPERATOR
from groupware.model.times import now_micros
from groupware.store import upkeep
from groupware.store.api import WriteTx
from groupware.store.sql import memories
from tests.store.world import World

HOUR = 3600
SEEN = Memory("vacation", "k" * 64, HOUR)


def remember(world: World, what: Memory = SEEN, hours: float = 0) -> bool:
    """Remember it so many hours from now."""
    then = now_micros() + int(hours * HOUR * 1_000_000)
    with mock.patch.object(memories, "now_micros", lambda: then):
        return world.write(DELIVERY, lambda tx: tx.remember(world.alice.account, what))


def remembered(world: World, hours: float = 0, kind: str = "vacation") -> bool:
    then = now_micros() + int(hours * HOUR * 1_000_000)
    with mock.patch.object(memories, "now_micros", lambda: then):
        return world.read(DELIVERY, lambda tx: tx.remembered(world.alice.account, kind, SEEN.key))


def test_a_thing_is_remembered_until_its_time_is_over(world: World) -> None:
    assert remember(world)
    assert not remember(world, hours=0.9)
    assert remembered(world, hours=0.9)
    assert not remembered(world, hours=1.1)
    assert remember(world, hours=1.1)
    assert remembered(world, hours=2)


def test_what_is_renewed_is_remembered_from_now_on(world: World) -> None:
    last = Memory("vacation", SEEN.key, HOUR, renew=True)
    assert remember(world, last)
    assert not remember(world, last, hours=0.5)
    assert remembered(world, hours=1.2)
    assert remember(world, last, hours=2)


def test_each_kind_and_each_account_has_its_own(world: World) -> None:
    assert remember(world)
    assert not remembered(world, kind="duplicate")
    assert world.write(DELIVERY, lambda tx: tx.remember(world.bob.account, SEEN))


def test_what_has_expired_is_swept(world: World) -> None:
    for number in range(3):
        remember(world, Memory("duplicate", str(number), 0))
    remember(world)
    with mock.patch.object(upkeep, "FORGOTTEN_AT_ONCE", 2):
        assert asyncio.run(upkeep.forget(world.house.store)) == 3
    assert remembered(world)


def test_nobody_but_who_delivers_looks_into_what_others_remember(world: World) -> None:
    asked: list[Callable[[WriteTx], object]] = [
        lambda tx: tx.remembered(world.alice.account, "vacation", "x"),
        lambda tx: tx.remember(world.alice.account, SEEN),
        lambda tx: tx.undos(world.alice.account),
        lambda tx: tx.put_undo(world.alice.account, "x"),
    ]
    for each in asked:
        with pytest.raises(NoRight):
            world.write(world.bob, each)


def test_what_can_be_taken_back_is_listed_newest_first_and_dropped(world: World) -> None:
    first = world.write(world.alice, lambda tx: tx.put_undo(world.alice.account, "one"))
    second = world.write(OPERATOR, lambda tx: tx.put_undo(world.alice.account, "two"))
    assert [each.facts for each in world.read(world.alice, lambda tx: tx.undos(world.alice.account))] == ["two", "one"]
    world.write(world.alice, lambda tx: tx.drop_undo(world.alice.account, first))
    assert [each.number for each in world.read(OPERATOR, lambda tx: tx.undos(world.alice.account))] == [second]
    with pytest.raises(NotFound):
        world.write(world.bob, lambda tx: tx.drop_undo(world.bob.account, second))


def test_after_a_month_nothing_is_taken_back(world: World) -> None:
    world.write(world.alice, lambda tx: tx.put_undo(world.alice.account, "one"))
    asyncio.run(upkeep.forget(world.house.store))
    assert len(world.read(world.alice, lambda tx: tx.undos(world.alice.account))) == 1
    with mock.patch.object(memories, "now_micros", lambda: now_micros() + memories.UNDO_KEPT):
        asyncio.run(upkeep.forget(world.house.store))
    assert world.read(world.alice, lambda tx: tx.undos(world.alice.account)) == []
