"""Devices: one's own, what administrators order of them, and how far their copies have come."""

from __future__ import annotations

import pytest

from groupware.model.device import Access, Device, NewDevice, SyncState, Wipe
from groupware.model.errors import Conflict, NoRight, NotFound, OverQuota, Refused
from groupware.model.principal import OPERATOR
from groupware.store.sql import devices
from tests.store.world import World

PHONE = NewDevice("PHONE1", "iPhone", "16.1", '{"model": "x"}')


def phone(world: World) -> Device:
    return world.write(world.alice, lambda tx: tx.put_device(PHONE))


def test_a_device_is_its_owners_and_is_known_again(world: World) -> None:
    made = phone(world)
    again = world.write(world.alice, lambda tx: tx.put_device(NewDevice("PHONE1", "iPhone", "14.1", "{}")))
    assert (again.number, again.protocol, again.made) == (made.number, "14.1", made.made)
    assert world.read(world.bob, lambda tx: (tx.device("PHONE1"), list(tx.devices()))) == (None, [])
    assert [each.number for each in world.read(OPERATOR, lambda tx: tx.devices(world.alice.account))] == [made.number]
    with pytest.raises(NotFound):
        world.read(world.bob, lambda tx: tx.sync_state(made.number, 1))


def test_what_is_ordered_comes_step_by_step(world: World) -> None:
    number = phone(world).number
    with pytest.raises(Conflict):
        world.write(world.alice, lambda tx: tx.wiping_device(number, Wipe.DEVICE_TOLD))
    world.write(OPERATOR, lambda tx: tx.order_device(number, world.alice.account, wipe=Wipe.DEVICE))
    with pytest.raises(Conflict):
        world.write(world.alice, lambda tx: tx.wiping_device(number, Wipe.DEVICE_DONE))
    for step in (Wipe.DEVICE_TOLD, Wipe.DEVICE_DONE):
        world.write(world.alice, lambda tx, step=step: tx.wiping_device(number, step))  # type: ignore[misc]
    found = world.read(world.alice, lambda tx: tx.device("PHONE1"))
    assert found is not None and found.wipe == Wipe.DEVICE_DONE


def test_what_an_administrator_has_blocked_its_owner_neither_allows_nor_forgets(world: World) -> None:
    number = phone(world).number
    world.write(OPERATOR, lambda tx: tx.order_device(number, world.alice.account, access=Access.BLOCKED))
    with pytest.raises((NoRight, NotFound)):
        world.write(world.alice, lambda tx: tx.order_device(number, None, access=Access.ALLOWED))
    with pytest.raises((NoRight, NotFound)):
        world.write(world.alice, lambda tx: tx.drop_device(number))
    world.write(OPERATOR, lambda tx: tx.drop_device(number, world.alice.account))
    assert world.read(world.alice, lambda tx: tx.device("PHONE1")) is None


def test_what_its_owner_has_blocked_its_owner_lets_in_again_or_forgets(world: World) -> None:
    number = phone(world).number
    found = world.write(world.alice, lambda tx: tx.order_device(number, None, access=Access.BLOCKED))
    assert found.access == Access.LEFT_OUT
    assert world.write(world.alice, lambda tx: tx.order_device(number, None, access=Access.USUAL)).access == ""
    world.write(world.alice, lambda tx: tx.order_device(number, None, access=Access.BLOCKED))
    world.write(world.alice, lambda tx: tx.drop_device(number))
    assert world.read(world.alice, lambda tx: tx.device("PHONE1")) is None


def test_a_wipe_that_is_not_done_is_for_administrators_to_take_back(world: World) -> None:
    number = phone(world).number
    world.write(OPERATOR, lambda tx: tx.order_device(number, world.alice.account, wipe=Wipe.DEVICE))
    for wipe in (Wipe.NONE, Wipe.ACCOUNT, Wipe.DEVICE_DONE):
        with pytest.raises(NoRight):
            world.write(world.alice, lambda tx, wipe=wipe: tx.order_device(number, None, wipe=wipe))  # type: ignore[misc]
    kept = world.write(OPERATOR, lambda tx: tx.order_device(number, world.alice.account, wipe=Wipe.NONE))
    assert kept.wipe == Wipe.NONE


def test_to_block_again_what_an_administrator_has_blocked_changes_nothing(world: World) -> None:
    number = phone(world).number
    world.write(OPERATOR, lambda tx: tx.order_device(number, world.alice.account, access=Access.BLOCKED))
    found = world.write(world.alice, lambda tx: tx.order_device(number, None, access=Access.BLOCKED))
    assert found.access == Access.BLOCKED


def test_of_two_that_come_from_one_state_one_goes_on(world: World) -> None:
    number = phone(world).number
    first, second = SyncState(7, 1, '{"a": 1}'), SyncState(7, 2, '{"a": 2}', '{"a": 1}')
    put = [world.write(world.alice, lambda tx: tx.put_sync_state(number, first, 0)) for _ in range(2)]
    assert put == [True, False]
    assert world.write(world.alice, lambda tx: tx.put_sync_state(number, second, 1))
    assert not world.write(world.alice, lambda tx: tx.put_sync_state(number, second, 1))
    assert world.read(world.alice, lambda tx: tx.sync_state(number, 7)) == second
    world.write(OPERATOR, lambda tx: tx.drop_sync_states(number, world.alice.account, 7))
    assert world.read(world.alice, lambda tx: list(tx.sync_states(number))) == []


def test_there_are_bounds(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "MOST", 1)
    phone(world)
    for key, error in (("PHONE2", OverQuota), ("", Refused), ("x" * 65, Refused), ("a\nb", Refused)):
        with pytest.raises(error):
            world.write(world.alice, lambda tx, key=key: tx.put_device(NewDevice(key, "x", "16.1", "{}")))  # type: ignore[misc]
