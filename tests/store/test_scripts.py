"""Sieve scripts as the store keeps them: whose they are, which one is active, and what does not fit."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from groupware.model.errors import AlreadyExists, Conflict, NoRight, NotFound, Refused
from groupware.model.ids import PrincipalId
from groupware.model.principal import DELIVERY, OPERATOR
from groupware.model.rights import Right
from groupware.model.script import ScriptTooLong, StoredScript, TooManyScripts
from groupware.store.api import WriteTx
from groupware.store.sql import schema
from tests.store.world import World, setting

KEEP, STOP = b"keep;\r\n", b"stop;\r\n"


def put(world: World, *names: str, octets: bytes = KEEP) -> None:
    def work(tx: WriteTx) -> None:
        for name in names:
            tx.put_script(name, octets)

    world.write(world.alice, work)


def listed(world: World) -> list[tuple[str, bool]]:
    return [(each.name, each.active) for each in world.read(world.alice, lambda tx: tx.scripts())]


def activate(world: World, name: str) -> None:
    world.write(world.alice, lambda tx: tx.activate_script(name))


def test_there_are_none_at_first(world: World) -> None:
    assert world.read(world.alice, lambda tx: (tx.scripts(), tx.active_script())) == ([], None)


def test_a_script_is_kept_octet_by_octet(world: World) -> None:
    octets = bytes(range(256))
    put(world, "odd", octets=octets)
    assert world.read(world.alice, lambda tx: tx.script("odd")) == octets
    assert world.read(world.alice, lambda tx: tx.scripts()) == [StoredScript("odd", 256, False)]


def test_another_text_under_the_name_takes_the_place_of_the_first_and_stays_active(world: World) -> None:
    put(world, "main", "b", "a")
    activate(world, "main")
    put(world, "main", octets=STOP)
    assert listed(world) == [("a", False), ("b", False), ("main", True)]
    assert world.read(world.alice, lambda tx: tx.active_script()) == ("main", STOP)


def test_one_is_active_at_most(world: World) -> None:
    put(world, "a", "b")
    activate(world, "a")
    activate(world, "b")
    assert listed(world) == [("a", False), ("b", True)]
    activate(world, "")
    assert listed(world) == [("a", False), ("b", False)]


def test_the_database_itself_takes_no_second_active_one(world: World) -> None:
    rows = [
        {"account_id": world.alice.account, "name": name, "octets": KEEP, "active": True, "changed": 1} for name in "ab"
    ]
    with pytest.raises(IntegrityError), world.house.store.database.writers.begin() as connection:
        connection.execute(insert(schema.sieve_script), rows)


def test_to_activate_what_is_not_there_leaves_the_other_active(world: World) -> None:
    put(world, "a")
    activate(world, "a")
    with pytest.raises(NotFound, match="'z'"):
        activate(world, "z")
    assert listed(world) == [("a", True)]


def test_the_active_one_is_not_dropped(world: World) -> None:
    put(world, "a", "b")
    activate(world, "a")
    with pytest.raises(Conflict, match="active"):
        world.write(world.alice, lambda tx: tx.drop_script("a"))
    world.write(world.alice, lambda tx: tx.drop_script("b"))
    assert listed(world) == [("a", True)]


def test_a_renamed_script_stays_active(world: World) -> None:
    put(world, "a", "b")
    activate(world, "a")
    world.write(world.alice, lambda tx: tx.rename_script("a", "c"))
    assert listed(world) == [("b", False), ("c", True)]
    assert world.read(world.alice, lambda tx: tx.active_script()) == ("c", KEEP)


@pytest.mark.parametrize(
    ("work", "error"),
    [
        (lambda tx: tx.rename_script("a", "b"), AlreadyExists),
        (lambda tx: tx.rename_script("a", "a"), AlreadyExists),
        (lambda tx: tx.rename_script("z", "y"), NotFound),
        (lambda tx: tx.rename_script("a", ""), Refused),
        (lambda tx: tx.drop_script("z"), NotFound),
        (lambda tx: tx.script("A"), NotFound),
    ],
)
def test_what_cannot_be_done_changes_nothing(
    world: World, work: Callable[[WriteTx], object], error: type[Exception]
) -> None:
    put(world, "a", "b")
    with pytest.raises(error):
        world.write(world.alice, work)
    assert listed(world) == [("a", False), ("b", False)]


@pytest.mark.parametrize(
    "name",
    [
        "",
        "x" * 129,
        "a\0",
        "a\r\n",
        "\x7f",
        "\x85",
        "a\u2028b",
        "\u2029",
        "\ud800",
        "e\u0301" * 129,
        "u\u0308\u0304" * 200,
    ],
)
def test_a_name_that_cannot_be(world: World, name: str) -> None:
    with pytest.raises(Refused, match="name of a script"):
        put(world, name)


@pytest.mark.parametrize(
    ("name", "kept"),
    [("e\u0301", "é"), ("x" * 128, "x" * 128), ("u\u0308\u0304" * 128, "\u01d6" * 128), ("\U0001f600", "\U0001f600")],
)
def test_a_name_is_kept_composed(world: World, name: str, kept: str) -> None:
    put(world, name)
    assert listed(world) == [(kept, False)]
    assert world.read(world.alice, lambda tx: tx.script(name)) == KEEP


def test_a_script_that_is_too_long(world: World) -> None:
    setting(world, "sieveScriptSize", 1)
    put(world, "a", octets=b"x" * 1024)
    with pytest.raises(ScriptTooLong, match="1 KB; this one has 1025 octets"):
        put(world, "a", octets=b"x" * 1025)
    assert len(world.read(world.alice, lambda tx: tx.script("a"))) == 1024


def test_one_script_too_many(world: World) -> None:
    setting(world, "sieveScripts", 2)
    put(world, "a", "b")
    with pytest.raises(TooManyScripts, match="2 scripts"):
        put(world, "c")
    put(world, "a", octets=STOP)
    assert listed(world) == [("a", False), ("b", False)]


@pytest.mark.parametrize(
    ("name", "size", "error"), [("b", 1025, ScriptTooLong), ("b", 1, TooManyScripts), ("", 1, Refused)]
)
def test_whether_there_is_room_is_what_putting_it_would_say(
    world: World, name: str, size: int, error: type[Exception]
) -> None:
    setting(world, "sieveScriptSize", 1)
    setting(world, "sieveScripts", 1)
    put(world, "a")
    with pytest.raises(error):
        world.read(world.alice, lambda tx: tx.room_for_script(name, size))
    world.read(world.alice, lambda tx: tx.room_for_script("a", 1024))


def test_each_has_its_own(world: World) -> None:
    put(world, "a")
    world.write(world.bob, lambda tx: tx.put_script("a", STOP))
    assert world.read(world.alice, lambda tx: tx.script("a")) == KEEP
    assert world.read(world.bob, lambda tx: tx.script("a")) == STOP


def test_who_administers_the_domain_edits_those_of_others(world: World) -> None:
    alice, boss = world.alice.account, world.bob

    def admin(tx: WriteTx) -> None:
        domain = next(each for each in tx.domains() if each.name == "example.test")
        assert domain.account is not None
        tx.grant(tx.locate(domain.account, "").id, boss.name, Right.LOOKUP | Right.ADMIN)

    world.write(OPERATOR, admin)
    world.write(boss, lambda tx: tx.put_script("a", KEEP, alice))
    world.write(boss, lambda tx: tx.rename_script("a", "b", alice))
    world.write(boss, lambda tx: tx.activate_script("b", alice))
    assert world.read(boss, lambda tx: tx.script("b", alice)) == KEEP
    assert listed(world) == [("b", True)]


def test_who_delivers_reads_scripts_to_run_them_and_does_nothing_else(world: World) -> None:
    put(world, "a", "b")
    activate(world, "a")
    alice = world.alice.account
    assert world.read(DELIVERY, lambda tx: tx.active_script(alice)) == ("a", KEEP)
    assert world.read(DELIVERY, lambda tx: tx.script("b", alice)) == KEEP
    with pytest.raises(NoRight):
        world.read(DELIVERY, lambda tx: tx.scripts(alice))
    with pytest.raises(NoRight):
        world.write(DELIVERY, lambda tx: tx.activate_script("", alice))


def test_groups_have_no_scripts_and_nobody_by_saying_nothing(world: World) -> None:
    with pytest.raises(Refused, match="only accounts"):
        world.write(OPERATOR, lambda tx: tx.put_script("a", KEEP))
    group = world.read(OPERATOR, lambda tx: tx.account("sales@example.test")).id
    with pytest.raises(Refused, match="only accounts"):
        world.write(OPERATOR, lambda tx: tx.put_script("a", KEEP, group))


def domain_of(world: World) -> PrincipalId:
    found = next(each for each in world.read(OPERATOR, lambda tx: tx.domains()) if each.name == "example.test")
    assert found.id is not None
    return found.id


def test_scripts_of_a_domain_are_for_who_administers_it_and_those_of_the_server_for_who_does_that(world: World) -> None:
    boss, domain = world.bob, domain_of(world)
    with pytest.raises(NoRight):
        world.write(boss, lambda tx: tx.put_script("a", KEEP, domain))

    def admin(tx: WriteTx) -> None:
        public = next(each.account for each in tx.domains() if each.name == "example.test")
        assert public is not None
        tx.grant(tx.locate(public, "").id, boss.name, Right.LOOKUP | Right.ADMIN)

    world.write(OPERATOR, admin)
    world.write(boss, lambda tx: tx.put_script("a", KEEP, domain))
    world.write(boss, lambda tx: tx.activate_script("a", domain))
    assert world.read(boss, lambda tx: tx.scripts(domain)) == [StoredScript("a", len(KEEP), True)]
    for work in (
        lambda tx: tx.put_script("a", KEEP, OPERATOR.account),
        lambda tx: tx.activate_script("", OPERATOR.account),
        lambda tx: tx.drop_script("a", OPERATOR.account),
        lambda tx: tx.scripts(OPERATOR.account),
        lambda tx: tx.script("a", OPERATOR.account),
    ):
        with pytest.raises(NoRight):
            world.write(boss, work)
    world.write(OPERATOR, lambda tx: tx.put_script("b", STOP, OPERATOR.account))
    assert world.read(OPERATOR, lambda tx: tx.scripts(OPERATOR.account)) == [StoredScript("b", len(STOP), False)]


def test_who_delivers_finds_the_scripts_above_an_account(world: World) -> None:
    alice, domain = world.alice.account, domain_of(world)
    assert world.read(DELIVERY, lambda tx: tx.scripts_above([alice])) == []

    def work(tx: WriteTx) -> None:
        for keeper, octets in ((domain, KEEP), (OPERATOR.account, STOP)):
            tx.put_script("a", octets, keeper)
            tx.activate_script("a", keeper)

    world.write(OPERATOR, work)
    found = world.read(DELIVERY, lambda tx: tx.scripts_above([alice]))
    assert {(each.level, each.octets, each.kept_by) for each in found} == {
        ("domain", KEEP, domain),
        ("server", STOP, OPERATOR.account),
    }
    assert {each.address for each in found} == {world.alice.name}
    with pytest.raises(NoRight):
        world.read(world.bob, lambda tx: tx.scripts_above([alice]))


def test_whose_domain_has_a_script_is_said_to_have_rules(world: World) -> None:
    domain = domain_of(world)

    def ruled() -> list[bool | None]:
        return [each.ruled for each in world.read(DELIVERY, lambda tx: tx.resolve(world.alice.name))]

    assert ruled() == [False]
    world.write(OPERATOR, lambda tx: tx.put_script("a", KEEP, domain))
    assert ruled() == [False]
    world.write(OPERATOR, lambda tx: tx.activate_script("a", domain))
    assert ruled() == [True]
