"""A tree that a change has made of the one before is the tree that would be read; and nothing reads it all again."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from groupware.model.errors import Conflict, GroupwareError, NotFound
from groupware.model.folder import OTHERS, Role
from groupware.model.ids import FolderId
from groupware.model.item import Kind
from groupware.model.rights import ALL, Right, parse_rights
from groupware.store.api import ReadTx, WriteTx
from groupware.store.sql import engine, tree
from groupware.store.sql.tx import Tx
from tests.store.world import World

NAMES = st.sampled_from(["A", "A/B", "A/B/C", "D", "D/E", "Work", "Work/Deep", "Work/Deep/F"])
RIGHTS = st.sampled_from(["", "lr", "lrswit", "lrsa"])


def same(world: World) -> None:
    """What is known of Alice's tree is what is stored."""

    def look(tx: ReadTx) -> None:
        assert isinstance(tx, Tx)
        known, stored = tx.tree(world.alice.account), tree._load_tree(tx.sql, world.alice.account)
        assert known.nodes == stored.nodes
        assert known.grants == stored.grants
        assert replace(known, decided={}) == replace(stored, decided={})
        for who in (world.alice, world.bob):
            assert [known.rights(who, at) for at in stored.nodes] == [stored.rights(who, at) for at in stored.nodes]

    world.read(world.alice, look)


def change(kind: str, one: str, other: str, rights: str) -> Callable[[WriteTx], object]:
    """A change, which may be refused."""
    return {
        "create": lambda tx: tx.create_folder(one, Kind.MAIL),
        "use": lambda tx: tx.create_folder(one, Kind.MAIL, Role.ARCHIVE),
        "rename": lambda tx: tx.rename_folder(one, other),
        "drop": lambda tx: tx.delete_folder(one),
        "grant": lambda tx: tx.grant(one, "bob@example.test", parse_rights(rights), parse_rights("")),
        "deny": lambda tx: tx.grant(one, "bob@example.test", parse_rights(""), parse_rights(rights)),
        "set": lambda tx: tx.set_folder(one, shared_seen=bool(rights)),
    }[kind]


CHANGES = st.builds(
    change, st.sampled_from(["create", "use", "rename", "drop", "grant", "deny", "set"]), NAMES, NAMES, RIGHTS
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(CHANGES, min_size=1, max_size=3), min_size=1, max_size=12))
def test_a_tree_is_always_what_is_stored(world: World, batches: list[list[Callable[[WriteTx], object]]]) -> None:
    for batch in batches:

        def work(tx: WriteTx, batch: list[Callable[[WriteTx], object]] = batch) -> None:
            for each in batch:
                each(tx)

        with suppress(GroupwareError):
            world.write(world.alice, work)
        same(world)


def test_what_is_rolled_back_is_known_to_nobody(world: World) -> None:
    def work(tx: WriteTx) -> None:
        tx.create_folder("Gone", Kind.MAIL)
        tx.rename_folder("Work", "Gone/Work")
        tx.delete_folder("NoSuch")

    with pytest.raises(GroupwareError):
        world.write(world.alice, work)
    same(world)


def test_a_number_that_was_rolled_back_brings_no_rights_to_the_next_folder_that_has_it(world: World) -> None:
    world.write(world.alice, lambda tx: tx.create_folder("Shared", Kind.MAIL))
    world.write(world.alice, lambda tx: tx.grant("Shared", "bob@example.test", ALL, Right.NONE))
    numbers: list[FolderId] = []

    def work(tx: WriteTx) -> None:
        made = tx.create_folder(f"{OTHERS}/alice@example.test/Shared/New", Kind.MAIL)
        numbers.append(tx.folder(made.id).id)
        raise Conflict("and nothing of it stays")

    with pytest.raises(Conflict):
        world.write(world.bob, work)
    private = world.write(world.alice, lambda tx: tx.create_folder("Private", Kind.MAIL))
    assert private.id >= numbers[0]
    with pytest.raises(NotFound):
        world.read(world.bob, lambda tx: tx.folder(private.id))
    same(world)


@pytest.mark.parametrize("many", [50, 400])
def test_a_change_reads_as_many_rows_whatever_else_is_there(
    world: World, monkeypatch: pytest.MonkeyPatch, many: int
) -> None:
    def fill(tx: WriteTx) -> None:
        for number in range(many):
            tx.create_folder(f"Many/{number}", Kind.MAIL)

    world.write(world.alice, fill)
    found, rows = [], engine.Sql.rows

    def counted(*given: object, **named: object) -> object:
        answer = rows(*given, **named)  # type: ignore[arg-type]
        found.append(len(answer))
        return answer

    monkeypatch.setattr(engine.Sql, "rows", counted)
    for work in (
        lambda tx: tx.create_folder("Many/New", Kind.MAIL),
        lambda tx: tx.rename_folder("Many/New", "Many/Other"),
        lambda tx: tx.grant("Many/Other", "bob@example.test", parse_rights("lr"), parse_rights("")),
        lambda tx: tx.delete_folder("Many/Other"),
    ):
        world.write(world.alice, work)
        world.read(world.alice, lambda tx: tx.folder("INBOX").modseq)
    assert sum(found) < 20
