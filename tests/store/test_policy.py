"""The rules of SMTP are kept as a list, in their order, and two who change it lose nothing of each other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import cycle

import pytest

from groupware.model.errors import NoRight, NotFound, Refused
from groupware.model.policy import LONGEST_RULE, MOST_RULES, StoredRule
from groupware.model.principal import OPERATOR, Domain
from groupware.store import open_store
from groupware.store.api import WriteTx
from groupware.store.bus import LocalBus
from tests.store.conftest import Place
from tests.store.world import World


def rule(name: str, text: str = "{}") -> StoredRule:
    return StoredRule(name, "rcpt", True, text)


def kept(world: World) -> list[str]:
    return [each.name for each in world.read(OPERATOR, lambda tx: tx.policy())]


def test_rules_come_back_as_they_were_put_in_their_order(world: World) -> None:
    rules = [rule("b"), StoredRule("a", "data", False, '{"then":["x ä"]}'), rule("c")]
    world.write(OPERATOR, lambda tx: tx.put_policy(rules))
    assert world.read(OPERATOR, lambda tx: tx.policy()) == rules
    world.write(OPERATOR, lambda tx: tx.put_policy([rules[2], rules[0]]))
    assert kept(world) == ["c", "b"]


def test_nobody_but_the_servers_administrator_sees_or_changes_them(world: World) -> None:
    world.write(OPERATOR, lambda tx: tx.put_policy([rule("a")]))
    with pytest.raises(NoRight):
        world.read(world.alice, lambda tx: tx.policy())
    with pytest.raises(NoRight):
        world.write(world.alice, lambda tx: tx.put_policy([]))
    assert kept(world) == ["a"]


@pytest.mark.parametrize(
    "rules", [[rule(f"r{number}") for number in range(MOST_RULES + 1)], [rule("long", "x" * (LONGEST_RULE + 1))]]
)
def test_too_much_changes_nothing(world: World, rules: list[StoredRule]) -> None:
    world.write(OPERATOR, lambda tx: tx.put_policy([rule("a")]))
    with pytest.raises(Refused):
        world.write(OPERATOR, lambda tx: tx.put_policy(rules))
    assert kept(world) == ["a"]


async def test_several_processes_that_add_rules_at_once_add_them_all(place: Place) -> None:
    def adding(name: str) -> Callable[[WriteTx], None]:
        def work(tx: WriteTx) -> None:
            tx.put_policy([*tx.policy(), rule(name)])

        return work

    stores = [open_store(place.data, place.url, bus=LocalBus()) for _ in range(3)]
    names = [f"r{number}" for number in range(30)]
    waiting = (store.write(OPERATOR, adding(name)) for store, name in zip(cycle(stores), names, strict=False))
    await asyncio.gather(*waiting)
    found = await stores[0].read(OPERATOR, lambda tx: tx.policy())
    for store in stores:
        await store.close()
    assert sorted(each.name for each in found) == sorted(names)


def test_a_domain_has_rules_of_its_own_which_who_administers_it_edits(world: World) -> None:
    postmaster = world.house.who("postmaster@example.test")
    world.write(OPERATOR, lambda tx: tx.put_policy([rule("a")]))
    world.write(postmaster, lambda tx: tx.put_policy([rule("b"), rule("a")], "Example.test"))
    assert [each.name for each in world.read(postmaster, lambda tx: tx.policy("example.test"))] == ["b", "a"]
    assert kept(world) == ["a"]
    found = world.read(OPERATOR, lambda tx: tx.domain_policies())
    assert {name: [each.name for each in of] for name, of in found.items()} == {
        name: ["b", "a"] for name in ("example.test", "alias.test") if name in found
    }
    world.write(postmaster, lambda tx: tx.put_policy([], "example.test"))
    assert world.read(OPERATOR, lambda tx: tx.domain_policies()) == {}


def test_nobody_else_does(world: World) -> None:
    for who in (world.alice, world.carol, world.house.who("postmaster@other.test")):
        with pytest.raises(NoRight):
            world.write(who, lambda tx: tx.put_policy([], "example.test"))
        with pytest.raises(NoRight):
            world.read(who, lambda tx: tx.policy("example.test"))
        with pytest.raises(NoRight):
            world.read(who, lambda tx: tx.policy("nowhere.test"))
    with pytest.raises(NotFound):
        world.read(OPERATOR, lambda tx: tx.policy("nowhere.test"))


def test_they_go_with_their_domain(world: World) -> None:
    world.write(OPERATOR, lambda tx: tx.put_domain(Domain("short.test")))
    world.write(OPERATOR, lambda tx: tx.put_policy([rule("a")], "short.test"))
    world.write(OPERATOR, lambda tx: tx.drop_domain("short.test"))
    assert world.read(OPERATOR, lambda tx: tx.domain_policies()) == {}
