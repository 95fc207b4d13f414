"""What is told of objects that went: of those that one could see, and in pages of a size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from sqlalchemy import text

from groupware.model.ids import BEGINNING, EVERY, LAST_UID, NO_UID, BlobId, FolderId, ItemId, ModSeq, Uid
from groupware.model.item import ALWAYS, Kind, NewItem
from groupware.model.principal import Principal
from tests.store.test_objects import event
from tests.store.world import World, letter

OPEN, SECRET = event("open", 0), event("secret", 0, private=True)


@pytest.fixture
def calendar(world: World) -> FolderId:
    at = world.write(world.alice, lambda tx: tx.create_folder("Plans", Kind.CALENDAR)).id
    world.grant(at, world.bob, "lrswipkxte")
    return at


def other(new: NewItem, *, private: bool) -> NewItem:
    """Another version of it."""
    assert new.object is not None
    blob = BlobId(new.blob[1:] + ("f" if private else "e"))
    return replace(new, blob=blob, object=replace(new.object, private=private))


def moment(world: World, at: FolderId) -> ModSeq:
    return world.folder(world.alice, at).modseq


def gone(world: World, who: Principal, at: FolderId, since: ModSeq) -> Sequence[str]:
    """The names of what somebody is told went; all ways to ask have to say the same."""
    delta = world.read(who, lambda tx: tx.delta(at, since))
    uids = [int(uid) for uid, _ in delta.vanished]
    assert list(world.read(who, lambda tx: tx.changes(at, since)).vanished) == uids
    assert world.read(who, lambda tx: tx.vanished(at, since)) == uids
    turned = world.read(who, lambda tx: tx.turnover(at, since))
    assert turned is not None and len(turned.gone) == len(uids)
    left = world.read(who, lambda tx: tx.left(at, (since, LAST_UID), 99))
    assert left is not None and sorted(each.uid for each in left) == uids
    assert len(world.read(who, lambda tx: tx.lapsed(at, since, ALWAYS))) == len(uids)
    return [name for _, name in delta.vanished]


def paged(world: World, at: FolderId, since: ModSeq) -> Sequence[tuple[ItemId, ModSeq, ModSeq]]:
    """What somebody who may not read all is told changed, page by page."""
    turned = world.read(world.bob, lambda tx: tx.turned(at, (since, LAST_UID), 9, since))
    assert turned is not None
    return [(each.item, each.modseq, each.came) for each in turned]


def test_what_was_private_goes_unseen(world: World, calendar: FolderId) -> None:
    world.put(OPEN, SECRET, at=calendar)
    since = moment(world, calendar)
    world.write(world.alice, lambda tx: tx.expunge(calendar, EVERY, deleted_only=False))
    assert gone(world, world.alice, calendar, since) == ["open", "secret"]
    assert gone(world, world.bob, calendar, since) == ["open"]
    world.grant(calendar, world.bob, "lr5")
    assert gone(world, world.bob, calendar, since) == ["open", "secret"]


def test_what_was_private_moves_away_unseen(world: World, calendar: FolderId) -> None:
    there = world.write(world.alice, lambda tx: tx.create_folder("Other", Kind.CALENDAR)).id
    world.put(OPEN, SECRET, at=calendar)
    since = moment(world, calendar)
    world.write(world.alice, lambda tx: tx.move(calendar, EVERY, there))
    assert gone(world, world.bob, calendar, since) == ["open"]


def test_a_change_of_what_is_private_is_not_told(world: World, calendar: FolderId) -> None:
    world.put(SECRET, at=calendar)
    since = moment(world, calendar)
    world.write(world.alice, lambda tx: tx.replace(calendar, "secret", other(SECRET, private=True)))
    assert gone(world, world.bob, calendar, since) == []
    assert world.read(world.bob, lambda tx: tx.delta(calendar, since, 1)).truncated is False


def test_what_one_has_put_in_oneself_goes_for_oneself(world: World, calendar: FolderId) -> None:
    world.put(SECRET, at=calendar, who=world.bob)
    since = moment(world, calendar)
    world.write(world.alice, lambda tx: tx.expunge(calendar, EVERY, deleted_only=False))
    assert gone(world, world.bob, calendar, since) == ["secret"]


def test_what_becomes_private_has_gone_and_comes_again(world: World, calendar: FolderId) -> None:
    [item] = world.put(OPEN, at=calendar)
    since = moment(world, calendar)
    world.write(world.alice, lambda tx: tx.replace(calendar, "open", other(OPEN, private=True)))
    assert gone(world, world.bob, calendar, since) == ["open"]
    assert world.read(world.bob, lambda tx: tx.delta(calendar, since)).changed == []
    hidden = moment(world, calendar)
    world.write(world.alice, lambda tx: tx.replace(calendar, "open", other(OPEN, private=False)))
    shown = moment(world, calendar)
    assert gone(world, world.bob, calendar, hidden) == []
    assert [each.name for each in world.read(world.bob, lambda tx: tx.delta(calendar, hidden)).changed] == ["open"]
    turned = world.read(world.bob, lambda tx: tx.turnover(calendar, hidden))
    assert turned is not None and turned.changed == [(item.id, shown, shown)]
    assert paged(world, calendar, hidden) == [(item.id, shown, shown)]
    seen = world.read(world.bob, lambda tx: tx.turnover(calendar, since))
    assert seen is not None and seen.changed == [(item.id, shown, item.modseq)]
    assert paged(world, calendar, since) == [(item.id, shown, item.modseq)]


def test_who_sees_what_is_private_is_told_of_another_version(world: World, calendar: FolderId) -> None:
    [item] = world.put(SECRET, at=calendar)
    since = moment(world, calendar)
    world.write(world.alice, lambda tx: tx.replace(calendar, "secret", other(SECRET, private=False)))
    turned = world.read(world.alice, lambda tx: tx.turnover(calendar, since))
    assert turned is not None and turned.changed == [(item.id, moment(world, calendar), item.modseq)]


def test_who_may_not_see_all_begins_again_where_it_is_not_known_what_went(world: World, calendar: FolderId) -> None:
    world.put(OPEN, at=calendar)
    since = moment(world, calendar)
    world.write(world.alice, lambda tx: tx.expunge(calendar, EVERY, deleted_only=False))
    with world.house.store.database.writers.begin() as connection:
        connection.execute(text("UPDATE tombstone SET private = NULL"))
    assert gone(world, world.alice, calendar, since) == ["open"]
    assert world.read(world.bob, lambda tx: tx.delta(calendar, since)).reset
    assert world.read(world.bob, lambda tx: tx.changes(calendar, since)).reset
    assert world.read(world.bob, lambda tx: tx.vanished(calendar, since)) is None
    assert world.read(world.bob, lambda tx: tx.turnover(calendar, since)) is None
    assert world.read(world.bob, lambda tx: tx.turned(calendar, (since, LAST_UID), 9, since)) is None
    assert world.read(world.bob, lambda tx: tx.left(calendar, (since, LAST_UID), 9)) is None
    assert gone(world, world.bob, calendar, moment(world, calendar)) == []


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 9])
@pytest.mark.parametrize("first", [True, False])
def test_a_page_holds_no_more_than_is_asked_for_of_one_change_of_many(world: World, limit: int, first: bool) -> None:
    world.put(*(letter(name=f"old{number}") for number in range(4)))
    before = moment(world, world.work)
    world.put(*(letter(name=f"new{number}") for number in range(5)))
    world.write(world.alice, lambda tx: tx.expunge(world.work, [(Uid(1), Uid(3))], deleted_only=False))
    changed, vanished = list[str](), list[str]()
    since, began, past, more = BEGINNING if first else before, BEGINNING, NO_UID, True
    while more:
        page = world.read(world.alice, lambda tx: tx.delta(world.work, since, limit, began, past))  # noqa: B023
        assert 0 < len(page.changed) + len(page.vanished) <= limit
        changed += [each.name for each in page.changed]
        vanished += [name for _, name in page.vanished]
        since, began, past, more = page.modseq, page.began, page.past, page.truncated
    assert (since, began, past) == (moment(world, world.work), 0, 0)
    assert sorted(changed) == [f"new{number}" for number in range(5)] + (["old3"] if first else [])
    assert sorted(vanished) == ([] if first else ["old0", "old1", "old2"])
