"""Who else there is in one's own domain, and nobody of another."""

from __future__ import annotations

import pytest

from groupware.model.principal import OPERATOR, PrincipalKind
from tests.store.world import World


def found(world: World, match: str, limit: int = 100) -> list[str]:
    return [each.address for each in world.read(world.bob, lambda tx: tx.people(match, limit))]


@pytest.fixture(autouse=True)
def names(world: World) -> None:
    for address, name in (("alice@example.test", "Alice 100%"), ("carol@other.test", "Alice Other")):
        rename(world, address, name)


def rename(world: World, address: str, name: str) -> None:
    world.write(OPERATOR, lambda tx: tx.update_account(address, name=name))


def test_people_are_found_by_a_part_of_name_or_address(world: World) -> None:
    assert found(world, "LICE") == ["alice@example.test"]
    assert found(world, "bob@") == ["bob@example.test"]
    assert found(world, "carol") == []


def test_signs_of_a_pattern_are_signs(world: World) -> None:
    assert found(world, "100%") == ["alice@example.test"]
    assert found(world, "a_ice") == []


def test_groups_are_people_too(world: World) -> None:
    kinds = {each.address: each.kind for each in world.read(world.bob, lambda tx: tx.people("", 100))}
    assert kinds["sales@example.test"] is PrincipalKind.GROUP


def test_who_is_disabled_is_not_there(world: World) -> None:
    world.write(OPERATOR, lambda tx: tx.update_account("alice@example.test", enabled=False))
    assert found(world, "alice") == []


def test_there_are_no_more_than_asked_for(world: World) -> None:
    assert len(found(world, "", 2)) == 2
