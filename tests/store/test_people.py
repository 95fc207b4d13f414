"""Who else there is in one's own domain, and nobody of another."""

from __future__ import annotations

import pytest

from groupware.model.principal import OPERATOR, NewAccount, PrincipalKind
from groupware.model.times import moment, now_micros
from groupware.store.api import WriteTx
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


def test_who_is_not_published_is_not_found_and_does_not_take_the_place_of_others(world: World) -> None:
    def names(limit: int = 100) -> list[str]:
        return [each.address for each in world.read(world.bob, lambda tx: tx.people("", limit))]

    before = names()
    world.house.write(lambda tx: tx.put_setting("publishContactInfo", False, world.alice.account))
    assert names() == [each for each in before if each != "alice@example.test"]
    assert names(1) == [next(each for each in before if each != "alice@example.test")]


def test_lasting_aliases_are_told_and_those_that_end_are_not(world: World) -> None:
    def work(tx: WriteTx) -> None:
        tx.put_alias("alice@example.test", "al@example.test")
        tx.put_alias("alice@example.test", "temp@example.test", moment(now_micros() + 60_000_000))

    world.house.write(work)
    [alice] = world.read(world.bob, lambda tx: tx.people("alice@"))
    assert alice.aliases == ("al@example.test",)


def test_each_change_of_the_people_moves_their_number(world: World) -> None:
    def number() -> int:
        return world.read(world.bob, lambda tx: tx.people_at())

    seen = [number()]
    for work in (
        lambda tx: tx.update_account("alice@example.test", name="Alicia"),
        lambda tx: tx.put_setting("publishContactInfo", False, world.alice.account),
        lambda tx: tx.put_account(NewAccount("new@example.test")),
        lambda tx: tx.put_alias("new@example.test", "newer@example.test"),
        lambda tx: tx.drop_account("new@example.test"),
    ):
        world.house.write(work)
        seen.append(number())
    assert seen == sorted(set(seen))
