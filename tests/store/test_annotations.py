"""Annotations: whose they are, who may, what has changed; and what there is no room for."""

from __future__ import annotations

import pytest

from groupware.model.annotation import LONGEST_VALUE, MOST_ENTRIES, TooManyEntries
from groupware.model.errors import NoRight, NotFound, Refused
from groupware.model.ids import FolderId, ModSeq
from groupware.model.principal import OPERATOR, Principal
from tests.store.world import World

COMMENT, MINE = "/shared/comment", "/private/comment"


def said(world: World, who: Principal, at: FolderId | None = None) -> dict[str, bytes]:
    where = world.work if at is None else at
    return dict(world.read(who, lambda tx: tx.annotations(where)))


def say(world: World, who: Principal, **values: bytes | None) -> ModSeq:
    entries = {name.replace("_", "/"): value for name, value in values.items()}
    return world.write(who, lambda tx: tx.annotate(world.work, entries))


def test_shared_ones_are_one_for_all_and_private_ones_each_persons_own(world: World) -> None:
    world.grant(world.work, world.bob, "lr")
    say(world, world.alice, _shared_comment=b"all", _private_comment=b"alice")
    say(world, world.bob, _private_comment=b"bob\0")
    assert said(world, world.alice) == {COMMENT: b"all", MINE: b"alice"}
    assert said(world, world.bob) == {COMMENT: b"all", MINE: b"bob\0"}
    say(world, world.bob, _private_comment=None)
    assert said(world, world.bob) == {COMMENT: b"all"}


@pytest.mark.parametrize("rights", ["lr", "ls", "lw", "li", "lp"])
def test_one_right_on_the_items_lets_one_read_and_have_private_ones(world: World, rights: str) -> None:
    world.grant(world.work, world.bob, rights)
    say(world, world.bob, _private_comment=b"x")
    assert said(world, world.bob) == {MINE: b"x"}


@pytest.mark.parametrize(("rights", "error"), [("", NotFound), ("r", NotFound), ("l", NoRight), ("lkxte", NoRight)])
def test_without_one_there_is_nothing(world: World, rights: str, error: type[Exception]) -> None:
    world.grant(world.work, world.bob, rights)
    with pytest.raises(error):
        said(world, world.bob)
    with pytest.raises(error):
        say(world, world.bob, _private_comment=b"x")


def test_a_shared_one_takes_w_and_then_all_or_none_is_written(world: World) -> None:
    world.grant(world.work, world.bob, "lrs")
    with pytest.raises(NoRight):
        say(world, world.bob, _private_comment=b"x", _shared_comment=b"y")
    assert said(world, world.bob) == {}
    world.grant(world.work, world.bob, "lrsw")
    say(world, world.bob, _shared_comment=b"y")
    assert said(world, world.alice) == {COMMENT: b"y"}


def test_what_has_changed_since(world: World) -> None:
    world.grant(world.work, world.bob, "lr")
    first = say(world, world.alice, _shared_comment=b"1", _private_comment=b"alice")
    names, now = world.read(world.bob, lambda tx: tx.annotated(world.work, ModSeq(0)))
    assert (names, now) == ([], first)
    say(world, world.alice, _shared_comment=None)
    say(world, world.alice, _private_comment=b"alice again")
    say(world, world.alice, _shared_vendor_x=b"2")
    names, after = world.read(world.bob, lambda tx: tx.annotated(world.work, now))
    assert names == [COMMENT, "/shared/vendor/x"]
    assert after > now
    assert world.read(world.bob, lambda tx: tx.annotated(world.work, after)) == ([], after)


def test_what_has_changed_of_the_server(world: World) -> None:
    _, now = world.read(world.bob, lambda tx: tx.annotated(None, ModSeq(0)))
    assert world.read(world.bob, lambda tx: tx.annotated(None, now)) == ([], now)
    first = world.write(OPERATOR, lambda tx: tx.annotate(None, {COMMENT: b"1"}))
    world.write(world.alice, lambda tx: tx.annotate(None, {MINE: b"alice"}))
    assert world.read(world.bob, lambda tx: tx.annotated(None, now)) == ([COMMENT], first)
    own = world.write(world.bob, lambda tx: tx.annotate(None, {MINE: b"bob"}))
    assert world.read(world.bob, lambda tx: tx.annotated(None, first)) == ([MINE], own)


def test_from_where_to_ask_on_in_all_folders_that_one_may_read(world: World) -> None:
    world.grant(world.work, world.bob, "l")
    world.grant(world.deep, world.bob, "lr")
    before = world.read(world.bob, lambda tx: tx.all_annotated())
    assert world.work not in before
    at = world.write(world.alice, lambda tx: tx.annotate(world.deep, {COMMENT: b"x"}))
    world.write(world.alice, lambda tx: tx.annotate(world.work, {COMMENT: b"x"}))
    world.write(world.alice, lambda tx: tx.annotate(world.deep, {MINE: b"alice"}))
    now = world.read(world.bob, lambda tx: tx.all_annotated())
    assert now == {**before, world.deep: at}
    assert world.read(world.bob, lambda tx: tx.annotated(world.deep, before[world.deep])) == ([COMMENT], at)
    assert world.deep not in world.read(world.carol, lambda tx: tx.all_annotated())


def test_only_so_many_and_only_so_long(world: World) -> None:
    many = {f"/private/vendor/x/{number}": b"" for number in range(MOST_ENTRIES)}
    world.write(world.alice, lambda tx: tx.annotate(world.work, many))
    with pytest.raises(TooManyEntries):
        say(world, world.alice, _private_comment=b"x")
    say(world, world.alice, _shared_comment=b"x")
    with pytest.raises(Refused):
        say(world, world.alice, _shared_comment=b"x" * (LONGEST_VALUE + 1))
    world.write(world.alice, lambda tx: tx.annotate(world.work, dict.fromkeys(many, None)))
    say(world, world.alice, _private_comment=b"x")
    assert said(world, world.alice) == {COMMENT: b"x", MINE: b"x"}


def test_names_of_what_is_gone_do_not_pile_up(world: World) -> None:
    for start in range(0, 5 * MOST_ENTRIES, MOST_ENTRIES):
        many = {f"/private/vendor/x/{start + number}": None for number in range(MOST_ENTRIES)}
        world.write(world.alice, lambda tx, many=many: tx.annotate(world.work, many))  # type: ignore[misc]
    names, _ = world.read(world.alice, lambda tx: tx.annotated(world.work, ModSeq(1)))
    assert len(names) <= 2 * MOST_ENTRIES


@pytest.mark.parametrize("name", ["comment", "/comment", "/shared", "/shared/", "/shared//x", "/private/a*",
                                  "/shared/%", "/shared/\x00", "/private/ü", "/private/" + "x" * 300])  # fmt: skip
def test_names_that_cannot_be(world: World, name: str) -> None:
    with pytest.raises(Refused):
        world.write(world.alice, lambda tx: tx.annotate(world.work, {name: b"x"}))


def test_names_are_the_same_in_any_case(world: World) -> None:
    world.write(world.alice, lambda tx: tx.annotate(world.work, {"/Shared/Comment": b"1"}))
    world.write(world.alice, lambda tx: tx.annotate(world.work, {"/SHARED/COMMENT": b"2"}))
    assert said(world, world.alice) == {COMMENT: b"2"}


def test_of_the_server_shared_ones_are_the_administrators(world: World) -> None:
    world.write(world.alice, lambda tx: tx.annotate(None, {MINE: b"alice"}))
    with pytest.raises(NoRight):
        world.write(world.alice, lambda tx: tx.annotate(None, {COMMENT: b"x"}))
    world.write(OPERATOR, lambda tx: tx.annotate(None, {COMMENT: b"welcome"}))
    assert dict(world.read(world.alice, lambda tx: tx.annotations(None))) == {COMMENT: b"welcome", MINE: b"alice"}
    assert dict(world.read(world.carol, lambda tx: tx.annotations(None))) == {COMMENT: b"welcome"}


def test_all_at_once_are_those_of_folders_that_one_may_read(world: World) -> None:
    world.grant(world.work, world.bob, "l")
    world.grant(world.deep, world.bob, "lr")
    for at in (world.work, world.deep):
        world.write(world.alice, lambda tx, at=at: tx.annotate(at, {COMMENT: b"x", MINE: b"y"}))  # type: ignore[misc]
    assert world.read(world.bob, lambda tx: tx.all_annotations()) == {world.deep: [(COMMENT, b"x")]}
    assert world.read(world.alice, lambda tx: tx.all_annotations()).keys() == {world.work, world.deep}
    assert world.read(world.carol, lambda tx: tx.all_annotations()) == {}


def test_they_go_with_the_folder_and_with_the_account(world: World) -> None:
    world.grant(world.work, world.bob, "lr")
    say(world, world.bob, _private_comment=b"x")
    world.write(world.alice, lambda tx: tx.annotate(world.deep, {COMMENT: b"x"}))
    world.write(world.alice, lambda tx: tx.delete_folder(world.deep))
    world.write(OPERATOR, lambda tx: tx.drop_account("bob@example.test"))
    assert world.read(world.alice, lambda tx: tx.all_annotations()) == {}


def test_the_operator_has_no_private_ones(world: World) -> None:
    with pytest.raises(Refused, match="a person's own"):
        world.write(OPERATOR, lambda tx: tx.annotate(world.work, {MINE: b"x"}))
