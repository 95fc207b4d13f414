"""A list of folders that is kept says of each what is said of it alone, whatever has happened since it was made."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from groupware.model.errors import NotFound
from groupware.model.flags import Flags
from groupware.model.folder import Folder
from groupware.model.item import Kind
from groupware.model.principal import OPERATOR, Principal
from groupware.model.rights import Right
from groupware.model.times import moment, now_micros
from groupware.store.api import ReadTx
from groupware.store.sql import folders as single
from groupware.store.sql import listings, tree
from tests.store.world import World, letter

THERE = "Other Users/alice@example.test"


def one_by_one(world: World, who: Principal) -> dict[str, Folder]:
    """Every folder that there is, as far as `who` may look it up, each asked for alone."""
    there = world.read(OPERATOR, lambda tx: tx.folders(of=world.alice.account))
    every = [each.id for each in there if each.parent is not None]

    def work(tx: ReadTx) -> dict[str, Folder]:
        found = {}
        for at in every:
            try:
                folder = tx.folder(at, Right.LOOKUP)
            except NotFound:
                continue
            found[folder.path] = folder
        return found

    return world.read(who, work)


def listed(world: World, who: Principal, kind: Kind | None = None) -> dict[str, Folder]:
    found = world.read(who, lambda tx: tx.folders(kind))
    return {each.path: each for each in found if each.exists and each.owner == world.alice.account}


def same(world: World) -> None:
    for who in (world.alice, world.bob, world.carol):
        expected = one_by_one(world, who)
        assert listed(world, who) == expected
        assert listed(world, who, Kind.MAIL) == {path: at for path, at in expected.items() if at.kind is Kind.MAIL}


HAPPENINGS: list[Callable[[World], object]] = [
    lambda world: world.grant("Work", world.bob, "lrs"),
    lambda world: world.put(letter(), letter()),
    lambda world: world.mark(world.bob, Flags.SEEN),
    lambda world: world.write(world.bob, lambda tx: tx.subscribe(f"{THERE}/Work", on=True)),
    lambda world: world.write(world.bob, lambda tx: tx.subscribe(f"{THERE}/Work", on=False)),
    lambda world: world.grant("Work/Deep", world.bob, "", "l"),
    lambda world: world.put(letter(), at=world.deep),
    lambda world: world.grant("Work/Deep", "anyone", "lr"),
    lambda world: world.write(world.alice, lambda tx: tx.set_folder("Work", shared_seen=True)),
    lambda world: world.mark(world.alice, Flags.DELETED),
    lambda world: world.write(world.alice, lambda tx: tx.create_folder("Work/Deep/More", Kind.TASKS)),
    lambda world: world.write(world.alice, lambda tx: tx.create_folder("Work/Deep/More/Still")),
    lambda world: world.write(world.alice, lambda tx: tx.rename_folder("Work", "Play")),
    lambda world: world.grant("Play/Deep", world.bob, "lr"),
    lambda world: world.write(OPERATOR, lambda tx: tx.drop_member("staff@example.test", "sales@example.test")),
    lambda world: world.write(world.alice, lambda tx: tx.delete_folder("Play/Deep/More/Still")),
]


def test_what_is_kept_is_what_is_there(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listings, "LARGE", 1)
    same(world)
    for happens in HAPPENINGS:
        happens(world)
        same(world)


def test_a_grant_that_ends_leaves_the_list(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listings, "LARGE", 1)
    ends = moment(now_micros()) + timedelta(hours=1)
    world.write(world.alice, lambda tx: tx.grant("Work", world.bob.name, Right.LOOKUP | Right.READ, expires=ends))
    before = listed(world, world.bob)
    assert list(before) == [f"{THERE}/Work", f"{THERE}/Work/Deep"]
    for module in (tree, listings):
        monkeypatch.setattr(module, "now_micros", lambda: before[f"{THERE}/Work"].until)
    assert listed(world, world.bob) == {}


def test_a_list_is_made_of_what_has_changed_alone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listings, "LARGE", 1)
    made: list[str] = []
    path_of = single.view_path
    monkeypatch.setattr(listings, "view_path", lambda *given: made.append(path_of(*given)) or made[-1])
    listed(world, world.alice)
    assert "Work/Deep" in made
    made.clear()
    listed(world, world.alice)
    assert made == []
    world.put(letter(), at=world.deep)
    listed(world, world.alice)
    assert made == ["Work/Deep"]
