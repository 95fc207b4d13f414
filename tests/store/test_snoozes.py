"""Messages that wait until a moment, and what stands on top of lists (decision 309)."""

from __future__ import annotations

import asyncio

import pytest

from groupware.model.errors import NoRight, Refused
from groupware.model.flags import FlagChange, Flags
from groupware.model.folder import Role
from groupware.model.ids import EVERY, FolderId, Uid
from groupware.model.principal import OPERATOR
from groupware.model.snooze import FARTHEST, Snooze
from groupware.model.times import now_micros
from groupware.store.waking import wake_due
from tests.store.world import World, letter

HOUR = 3_600_000_000


@pytest.fixture
def waiting(world: World) -> FolderId:
    at = world.write(world.alice, lambda tx: tx.create_folder("Snoozed", role=Role.SNOOZED)).id
    world.put(letter(100, Flags.SEEN, "work"), letter(), at=at)
    return at


def snooze(world: World, at: FolderId, until: int | None, uid: int = 1, to: FolderId | None = None) -> None:
    world.write(world.alice, lambda tx: tx.snooze(at, Uid(uid), until, to))


def entries(world: World, at: FolderId) -> list[tuple[Flags, frozenset[str]]]:
    return [(each.flags, each.keywords) for each in world.read(world.alice, lambda tx: tx.entries(at))]


def inbox(world: World) -> FolderId:
    return world.folder(world.alice, "INBOX").id


def woken(world: World) -> tuple[int, float | None]:
    return asyncio.run(wake_due(world.house.store))


def test_what_is_due_comes_back_unread_and_new_and_the_rest_waits(world: World, waiting: FolderId) -> None:
    since = world.folder(world.alice, waiting).modseq
    later = now_micros() + HOUR
    snooze(world, waiting, later, 2)
    assert world.folder(world.alice, waiting).modseq > since
    snooze(world, waiting, now_micros() - 1)
    count, within = woken(world)
    assert count == 1 and within is not None and 3500 < within <= 3600
    assert entries(world, inbox(world)) == [(Flags.NONE, frozenset({"work", "$new"}))]
    [(uid, left)] = world.read(world.alice, lambda tx: tx.snoozed(waiting, tx.uids(waiting))).items()
    assert (uid, left.due, left.to) == (2, later, None)
    assert woken(world)[0] == 0


def test_it_comes_back_where_it_was_said_and_to_the_inbox_when_that_is_gone(world: World, waiting: FolderId) -> None:
    gone = world.write(world.alice, lambda tx: tx.create_folder("Gone")).id
    snooze(world, waiting, 1, 1, world.work)
    snooze(world, waiting, 1, 2, gone)
    world.write(world.alice, lambda tx: tx.delete_folder(gone))
    assert woken(world) == (2, None)
    assert len(entries(world, world.work)) == len(entries(world, inbox(world))) == 1


def test_where_there_is_no_room_it_comes_to_the_inbox_and_else_waits_on(world: World, waiting: FolderId) -> None:
    world.put(letter())
    world.write(world.alice, lambda tx: tx.set_folder("Work", quota_items=1))
    snooze(world, waiting, 1, 1, world.work)
    assert woken(world) == (1, None)
    assert len(entries(world, inbox(world))) == 1
    world.write(world.alice, lambda tx: tx.set_folder("INBOX", quota_items=1))
    snooze(world, waiting, 1, 2)
    count, within = woken(world)
    assert count == 0 and within is not None and within > 3500
    assert len(entries(world, waiting)) == 1


def test_who_takes_it_out_or_thinks_again_has_it(world: World, waiting: FolderId) -> None:
    snooze(world, waiting, now_micros() + HOUR)
    snooze(world, waiting, None)
    snooze(world, waiting, 1, 2)
    world.write(world.alice, lambda tx: tx.move(waiting, [(Uid(2), Uid(2))], world.work))
    assert woken(world) == (0, None)
    assert [len(entries(world, at)) for at in (waiting, world.work, inbox(world))] == [1, 1, 0]


def test_two_that_wake_it_wake_it_once(world: World, waiting: FolderId) -> None:
    snooze(world, waiting, 1)
    [which] = world.read(OPERATOR, lambda tx: tx.waking(10))
    assert [world.write(OPERATOR, lambda tx: tx.wake(which)) for _ in range(2)] == [True, False]
    snooze_again = Snooze(which.item, which.due + 1)
    assert not world.write(OPERATOR, lambda tx: tx.wake(snooze_again))
    assert len(entries(world, inbox(world))) == 1


def test_it_is_for_a_folder_of_ones_own_that_is_for_that(world: World, waiting: FolderId) -> None:
    world.grant(waiting, world.bob, "lrswite")
    with pytest.raises(Refused, match="of one's own"):
        world.write(world.bob, lambda tx: tx.snooze(waiting, Uid(1), 1))
    world.put()
    with pytest.raises(Refused, match="of one's own"):
        snooze(world, world.work, 1)
    for to in (waiting, world.folder(world.alice, "Calendar").id):
        with pytest.raises(Refused):
            world.write(world.alice, lambda tx, to=to: tx.snooze(waiting, Uid(1), 1, to))  # type: ignore[misc]
    with pytest.raises(Refused, match="five years"):
        snooze(world, waiting, now_micros() + FARTHEST + HOUR)
    with pytest.raises(NoRight):
        world.read(world.alice, lambda tx: tx.waking(1))


def test_what_is_pinned_or_new_is_found_by_an_index(world: World) -> None:
    world.put(letter(), letter(100, Flags.NONE, "$Pinned"), letter(100, Flags.NONE, "$new"), letter())
    found = world.read(world.alice, lambda tx: tx.on_top(world.work))
    assert {each[2].lower() for each in found} == {"$pinned", "$new"}
    lost = FlagChange(remove_words=frozenset({"$Pinned", "$new"}))
    world.write(world.alice, lambda tx: tx.update_flags(world.work, EVERY, lost))
    assert world.read(world.alice, lambda tx: tx.on_top(world.work)) == []
