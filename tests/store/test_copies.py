"""Items copied and moved."""

from __future__ import annotations

import pytest

from groupware.model.errors import NoRight, OverQuota, Refused
from groupware.model.flags import Flags
from groupware.model.ids import EVERY, Uid
from groupware.model.principal import OPERATOR
from groupware.model.rights import parse_rights
from tests.store.world import World, letter, setting

ALL = "lrswipkxte"


def test_a_copy_is_another_item_with_the_same_content(world: World) -> None:
    old = world.put(letter(7, Flags.FLAGGED, "$Word"))[0]
    assert world.write(world.alice, lambda tx: tx.copy(world.work, EVERY, world.deep)) == [(1, 1)]
    new = world.read(world.alice, lambda tx: tx.items(world.deep, EVERY))[0]
    assert (new.blob, new.flags, new.keywords, new.saved) == (old.blob, old.flags, old.keywords, old.saved)
    assert new.id != old.id


def test_a_moved_item_keeps_its_id_and_its_author(world: World) -> None:
    old = world.put()[0]
    world.write(world.alice, lambda tx: tx.move(world.work, EVERY, world.deep))
    new = world.read(world.alice, lambda tx: tx.items(world.deep, EVERY))[0]
    assert (new.id, new.author, world.folder(world.alice).total) == (old.id, world.alice.account, 0)


def test_a_copy_may_go_into_the_same_folder(world: World) -> None:
    world.put(letter(), letter())
    assert world.write(world.alice, lambda tx: tx.copy(world.work, EVERY, world.work)) == [(1, 3), (2, 4)]


def test_a_move_into_the_same_folder_is_refused(world: World) -> None:
    world.put()
    with pytest.raises(Refused):
        world.write(world.alice, lambda tx: tx.move(world.work, EVERY, world.work))


@pytest.mark.parametrize(("here", "there"), [("r", ""), ("", "i")])
def test_copy_takes_r_here_and_i_there(world: World, here: str, there: str) -> None:
    world.put()
    inbox = world.folder(world.alice, "INBOX").id
    world.grant("Work", world.bob, ALL.replace("r", "") if here else ALL)
    world.grant(inbox, world.bob, ALL.replace("i", "") if there else ALL)
    with pytest.raises(NoRight, match=f"'{here or there}'"):
        world.write(world.bob, lambda tx: tx.copy(world.work, EVERY, inbox))


@pytest.mark.parametrize("missing", "rte")
def test_move_takes_r_t_and_e_here(world: World, missing: str) -> None:
    world.put()
    world.grant("Work", world.bob, ALL.replace(missing, ""))
    inbox = world.folder(world.bob, "INBOX").id
    with pytest.raises(NoRight):
        world.write(world.bob, lambda tx: tx.move(world.work, EVERY, inbox))
    assert (world.folder(world.alice).total, world.folder(world.bob, inbox).total) == (1, 0)


def test_delete_own_moves_ones_own_items_only(world: World) -> None:
    world.put()
    world.grant("Work", world.bob, "lri4")
    world.put(who=world.bob)
    inbox = world.folder(world.bob, "INBOX").id
    assert world.write(world.bob, lambda tx: tx.move(world.work, EVERY, inbox)) == [(2, 1)]


def test_flags_come_along_as_far_as_they_may_be_set_there(world: World) -> None:
    world.put(letter(1, Flags.SEEN | Flags.FLAGGED | Flags.DELETED, "$Word"))
    bobs = world.folder(world.bob, "INBOX").id
    world.write(world.bob, lambda tx: tx.grant(bobs, "alice@example.test", parse_rights("lrit")))
    world.write(world.alice, lambda tx: tx.copy(world.work, EVERY, bobs))
    found = world.read(world.bob, lambda tx: tx.items(bobs, EVERY))[0]
    assert (found.flags, found.keywords) == (Flags.DELETED, frozenset())


def test_seen_comes_along_as_the_mover_has_it(world: World) -> None:
    world.put(letter(1, Flags.SEEN), letter())
    world.grant("Work", world.bob, "lrste")
    world.mark(world.bob, Flags.SEEN, [(Uid(2), Uid(2))])
    inbox = world.folder(world.bob, "INBOX").id
    world.write(world.bob, lambda tx: tx.move(world.work, EVERY, inbox))
    assert world.flags(world.bob, inbox) == [Flags.NONE, Flags.SEEN]
    assert world.folder(world.bob, inbox).unseen == 1


def test_a_move_between_owners_moves_the_room_too(world: World) -> None:
    world.put(letter(10), letter(20))
    world.grant("Work", world.bob, "lrte")
    inbox = world.folder(world.bob, "INBOX").id
    world.write(world.bob, lambda tx: tx.move(world.work, EVERY, inbox))
    held = [world.read(OPERATOR, lambda tx, who=who: tx.account(who.account)) for who in (world.alice, world.bob)]  # type: ignore[misc]
    assert [(each.bytes, each.items) for each in held] == [(0, 0), (30, 2)]


def test_a_copy_has_to_fit_the_owners_quota(world: World) -> None:
    world.put(letter(700))
    setting(world, "mailboxSize", 1)
    with pytest.raises(OverQuota):
        world.write(world.alice, lambda tx: tx.copy(world.work, EVERY, world.deep))
    assert world.folder(world.alice, world.deep).total == 0


def test_what_was_moved_away_vanishes_with_its_name(world: World) -> None:
    world.put(letter(name="a.ics"))
    since = world.folder(world.alice).modseq
    world.write(world.alice, lambda tx: tx.move(world.work, EVERY, world.deep))
    assert world.read(world.alice, lambda tx: tx.delta(world.work, since)).vanished == [(1, "a.ics")]
