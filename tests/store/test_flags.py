"""Flags: the right that each takes, and whose \\Seen it is."""

from __future__ import annotations

import pytest

from groupware.model.errors import NoRight
from groupware.model.flags import FlagChange, Flags
from groupware.model.ids import EVERY, Uid
from tests.store.world import World, letter

RIGHT_OF = [(Flags.SEEN, "s"), (Flags.DELETED, "t"), (Flags.FLAGGED, "w"), (Flags.ANSWERED, "w"), (Flags.DRAFT, "w")]


@pytest.mark.parametrize(("flag", "right"), RIGHT_OF)
@pytest.mark.parametrize("how", ["add", "remove"])
def test_each_flag_has_its_right(world: World, flag: Flags, right: str, how: str) -> None:
    world.write(world.alice, lambda tx: tx.set_folder("Work", shared_seen=True))
    world.put(letter(1, flag if how == "remove" else Flags.NONE))
    change = FlagChange(add=flag) if how == "add" else FlagChange(remove=flag)
    world.grant("Work", world.bob, "lr" + "stw".replace(right, ""))
    with pytest.raises(NoRight):
        world.write(world.bob, lambda tx: tx.update_flags(world.work, EVERY, change))
    world.grant("Work", world.bob, "lr" + right)
    world.write(world.bob, lambda tx: tx.update_flags(world.work, EVERY, change))
    assert (flag in world.flags(world.bob)[0]) is (how == "add")


def test_keywords_take_w(world: World) -> None:
    world.put()
    world.grant("Work", world.bob, "lrst")
    change = FlagChange(add_words=frozenset({"$Word"}))
    with pytest.raises(NoRight):
        world.write(world.bob, lambda tx: tx.update_flags(world.work, EVERY, change))
    world.grant("Work", world.bob, "lrw")
    changed, _ = world.write(world.bob, lambda tx: tx.update_flags(world.work, EVERY, change))
    assert changed[0].keywords == {"$Word"}


def test_of_a_mixed_change_what_is_allowed_is_done(world: World) -> None:
    world.put(letter(1, Flags.DRAFT, "$Old"))
    world.grant("Work", world.bob, "lrt")
    change = FlagChange(add=Flags.DELETED | Flags.FLAGGED, add_words=frozenset({"$New"}), replace=True)
    changed, _ = world.write(world.bob, lambda tx: tx.update_flags(world.work, EVERY, change))
    assert (changed[0].flags, changed[0].keywords) == (Flags.DRAFT | Flags.DELETED, {"$Old"})


def test_seen_is_each_persons_own(world: World) -> None:
    world.put(letter(), letter(1, Flags.SEEN))
    world.grant("Work", world.bob, "lrs")
    world.mark(world.bob, Flags.SEEN, [(Uid(1), Uid(1))])
    assert world.flags(world.bob) == [Flags.SEEN, Flags.NONE]
    assert world.flags(world.alice) == [Flags.NONE, Flags.SEEN]
    assert (world.folder(world.bob).unseen, world.folder(world.alice).unseen) == (1, 1)


def test_seen_is_everybodys_where_it_is_shared(world: World) -> None:
    world.put()
    world.write(world.alice, lambda tx: tx.set_folder("Work", shared_seen=True))
    world.grant("Work", world.bob, "lrs")
    world.mark(world.bob, Flags.SEEN)
    assert (world.flags(world.alice), world.folder(world.alice).unseen) == ([Flags.SEEN], 0)


def test_a_flag_of_another_person_leaves_the_owners_seen_as_it_is(world: World) -> None:
    world.put(letter(1, Flags.SEEN))
    world.grant("Work", world.bob, "lrsw")
    world.mark(world.bob, Flags.FLAGGED)
    assert world.flags(world.alice) == [Flags.SEEN | Flags.FLAGGED]


def test_a_change_that_changes_nothing_has_no_modseq(world: World) -> None:
    world.put(letter(1, Flags.FLAGGED))
    before = world.folder(world.alice).modseq
    world.mark(world.alice, Flags.FLAGGED)
    assert world.folder(world.alice).modseq == before


def test_what_changed_since_is_left_alone_and_named(world: World) -> None:
    old = world.put(letter(), letter())[0]
    world.mark(world.alice, Flags.FLAGGED, [(Uid(2), Uid(2))])
    change = FlagChange(add=Flags.DELETED, unchanged_since=old.modseq)
    changed, stale = world.write(world.alice, lambda tx: tx.update_flags(world.work, EVERY, change))
    assert ([each.uid for each in changed], stale) == ([1], [2])
    assert world.flags(world.alice) == [Flags.DELETED, Flags.FLAGGED]


def test_the_counters_follow_many_flags_at_once(world: World) -> None:
    world.put(*(letter(1, Flags(number % 32)) for number in range(64)))
    change = FlagChange(add=Flags.DELETED, remove=Flags.SEEN)
    world.write(world.alice, lambda tx: tx.update_flags(world.work, EVERY, change))
    found = world.folder(world.alice)
    assert (found.unseen, found.deleted) == (64, 64)
    assert world.flags(world.alice) == [Flags(number % 32) & ~Flags.SEEN | Flags.DELETED for number in range(64)]
