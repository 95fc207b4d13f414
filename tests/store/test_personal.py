"""What each person has of a shared object, beside it: theirs alone, with the object wherever it goes."""

from __future__ import annotations

import pytest

from groupware.model.errors import NoRight, NotFound, Refused
from groupware.model.ids import FolderId, ModSeq, Uid
from groupware.model.item import Kind
from groupware.model.principal import OPERATOR, Principal
from tests.store.test_objects import event, put
from tests.store.world import World

DAY = 86_400


@pytest.fixture
def calendar(world: World) -> FolderId:
    at = world.write(world.alice, lambda tx: tx.create_folder("Plans", Kind.CALENDAR)).id
    world.grant(at, world.bob, "lrs")
    put(world, at, event("a", DAY), event("b", 2 * DAY))
    return at


def keep(world: World, who: Principal, at: FolderId, uid: int, octets: bytes) -> ModSeq:
    return world.write(who, lambda tx: tx.put_personal(at, Uid(uid), octets))


def kept(world: World, who: Principal, at: FolderId) -> dict[Uid, bytes]:
    return dict(world.read(who, lambda tx: tx.personal(at)))


def changed(world: World, who: Principal, at: FolderId, since: ModSeq) -> list[Uid]:
    return [each.uid for each in world.read(who, lambda tx: tx.delta(at, since)).changed]


def test_only_who_has_put_it_there_sees_it(world: World, calendar: FolderId) -> None:
    keep(world, world.bob, calendar, 1, b"x")
    assert kept(world, world.bob, calendar) == {1: b"x"}
    assert world.read(world.bob, lambda tx: tx.personal(calendar, Uid(2))) == {}
    assert kept(world, world.alice, calendar) == {}


def test_it_is_a_change_for_nobody_else(world: World, calendar: FolderId) -> None:
    since = world.folder(world.alice, calendar).modseq
    keep(world, world.bob, calendar, 2, b"x")
    assert changed(world, world.bob, calendar, since) == [2]
    assert changed(world, world.alice, calendar, since) == []
    assert world.folder(world.alice, calendar).modseq > since


def test_it_goes_with_the_next_version(world: World, calendar: FolderId) -> None:
    keep(world, world.bob, calendar, 1, b"x")
    world.write(world.alice, lambda tx: tx.replace(calendar, "a", event("a", 5 * DAY)))
    assert kept(world, world.bob, calendar) == {3: b"x"}


def test_it_goes_to_another_folder_and_stays_where_it_is_copied(world: World, calendar: FolderId) -> None:
    there = world.write(world.alice, lambda tx: tx.create_folder("Other", Kind.CALENDAR)).id
    world.grant(there, world.bob, "lrs")
    keep(world, world.bob, calendar, 1, b"x")
    keep(world, world.bob, calendar, 2, b"y")
    world.write(world.alice, lambda tx: tx.move(calendar, [(Uid(1), Uid(1))], there))
    world.write(world.alice, lambda tx: tx.copy(calendar, [(Uid(2), Uid(2))], there))
    assert kept(world, world.bob, there) == {1: b"x"}
    assert kept(world, world.bob, calendar) == {2: b"y"}


def test_it_goes_with_the_object(world: World, calendar: FolderId) -> None:
    keep(world, world.bob, calendar, 1, b"x")
    world.write(world.alice, lambda tx: tx.expunge(calendar, [(Uid(1), Uid(1))], deleted_only=False))
    assert kept(world, world.bob, calendar) == {}
    found = world.house.store.database.readers.connect()
    with found as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM personal").scalar() == 0


def test_it_takes_the_right_to_read(world: World, calendar: FolderId) -> None:
    world.grant(calendar, world.bob, "l9")
    with pytest.raises(NoRight):
        keep(world, world.bob, calendar, 1, b"x")
    with pytest.raises(NoRight):
        kept(world, world.bob, calendar)


def test_what_is_private_has_none(world: World, calendar: FolderId) -> None:
    [uid] = put(world, calendar, event("c", DAY, private=True))
    with pytest.raises(NotFound):
        keep(world, world.bob, calendar, uid, b"x")


def test_what_became_private_is_not_told(world: World, calendar: FolderId) -> None:
    keep(world, world.bob, calendar, 1, b"x")
    world.write(world.alice, lambda tx: tx.replace(calendar, "a", event("a", DAY, private=True)))
    assert kept(world, world.bob, calendar) == {}


def test_the_operator_and_what_is_too_long_are_refused(world: World, calendar: FolderId) -> None:
    with pytest.raises(Refused, match="operator"):
        keep(world, OPERATOR, calendar, 1, b"x")
    with pytest.raises(Refused, match="at most"):
        keep(world, world.bob, calendar, 1, b"x" * 262_145)
