"""What happens to messages of a folder is kept for its script, and nothing else is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from groupware.model.errors import NoRight, Refused
from groupware.model.flags import FlagChange, Flags
from groupware.model.ids import EVERY, FolderId, Uid
from groupware.model.occasion import ENTRY, Occasion
from groupware.model.principal import DELIVERY, OPERATOR
from tests.store.world import World, letter


def at(world: World, role: str) -> FolderId:
    return world.read(world.alice, lambda tx: tx.role(world.alice.account, role).id)


def waiting(world: World) -> Sequence[Occasion]:
    return world.read(OPERATOR, lambda tx: tx.occasions())


def told(world: World) -> list[tuple[str, str, str]]:
    return [(each.cause, each.script, each.by) for each in waiting(world)]


@pytest.fixture
def inbox(world: World) -> FolderId:
    """Alice's INBOX, which has a script."""
    here = at(world, "inbox")
    world.write(world.alice, lambda tx: tx.annotate(here, {ENTRY: b"sorter"}))
    return here


ALICE = "alice@example.test"


def test_message_put_in_is_kept_for_the_script(world: World, inbox: FolderId) -> None:
    world.write(world.alice, lambda tx: tx.append(inbox, [letter(), letter()]))
    (found,) = waiting(world)
    assert (found.owner, found.folder, found.cause, found.script, found.by) == (
        world.alice.account,
        inbox,
        "APPEND",
        "sorter",
        ALICE,
    )
    assert list(found.uids) == [(1, 2)]


@pytest.mark.parametrize("how", ["copy", "move"])
def test_copy_and_move_count_where_they_lead(world: World, inbox: FolderId, how: str) -> None:
    archive = at(world, "archive")
    world.write(world.alice, lambda tx: tx.append(archive, [letter()]))
    world.write(world.alice, lambda tx: getattr(tx, how)(archive, EVERY, inbox))
    assert told(world) == [("COPY", "sorter", ALICE)]


def test_flags_that_changed_are_told_by_message(world: World, inbox: FolderId) -> None:
    archive = at(world, "archive")
    world.write(world.alice, lambda tx: tx.append(archive, [letter(), letter()]))
    world.write(world.alice, lambda tx: tx.update_flags(archive, [(Uid(1), Uid(1))], FlagChange(add=Flags.SEEN)))
    world.write(world.alice, lambda tx: tx.annotate(archive, {ENTRY: b"flags"}))
    change = FlagChange(add=Flags.SEEN | Flags.FLAGGED, add_words=frozenset({"$Work"}))
    world.write(world.alice, lambda tx: tx.update_flags(archive, EVERY, change))
    found = {tuple(each.uids): set(each.changed) for each in waiting(world)}
    assert found == {((1, 1),): {"\\Flagged", "$Work"}, ((2, 2),): {"\\Seen", "\\Flagged", "$Work"}}


def test_flags_that_stay_are_no_occasion(world: World, inbox: FolderId) -> None:
    archive = at(world, "archive")
    world.write(world.alice, lambda tx: tx.append(archive, [letter(flags=Flags.SEEN)]))
    world.write(world.alice, lambda tx: tx.annotate(archive, {ENTRY: b"flags"}))
    world.write(world.alice, lambda tx: tx.update_flags(archive, EVERY, FlagChange(add=Flags.SEEN)))
    assert told(world) == []


def test_delivery_is_no_occasion(world: World, inbox: FolderId) -> None:
    target = world.read(OPERATOR, lambda tx: tx.resolve(ALICE))
    world.write(DELIVERY, lambda tx: tx.deliver(target, letter()))
    assert told(world) == []


def test_what_a_script_does_is_no_occasion(world: World, inbox: FolderId) -> None:
    world.write(replace(world.alice, by_script=True), lambda tx: tx.append(inbox, [letter()]))
    assert told(world) == []


def test_folder_without_a_script_is_no_occasion(world: World, inbox: FolderId) -> None:
    archive = at(world, "archive")
    world.write(world.alice, lambda tx: tx.append(archive, [letter()]))
    assert told(world) == []


def test_script_of_the_settings_is_for_folders_without_their_own(world: World, inbox: FolderId) -> None:
    world.write(OPERATOR, lambda tx: tx.put_setting("scriptOnChange", "global", OPERATOR.account))
    archive = at(world, "archive")
    world.write(world.alice, lambda tx: tx.append(archive, [letter()]))
    world.write(world.alice, lambda tx: tx.append(inbox, [letter()]))
    assert told(world) == [("APPEND", "global", ALICE), ("APPEND", "sorter", ALICE)]


def test_empty_entry_says_that_there_is_none(world: World, inbox: FolderId) -> None:
    world.write(OPERATOR, lambda tx: tx.put_setting("scriptOnChange", "global", OPERATOR.account))
    world.write(world.alice, lambda tx: tx.annotate(inbox, {ENTRY: b""}))
    world.write(world.alice, lambda tx: tx.append(inbox, [letter()]))
    assert told(world) == []


def test_entry_taken_away_ends_it(world: World, inbox: FolderId) -> None:
    world.write(world.alice, lambda tx: tx.annotate(inbox, {ENTRY: None}))
    world.write(world.alice, lambda tx: tx.append(inbox, [letter()]))
    assert told(world) == []


def test_who_may_only_write_attaches_no_script(world: World, inbox: FolderId) -> None:
    world.grant(inbox, world.bob, "lrswite")
    with pytest.raises(NoRight):
        world.write(world.bob, lambda tx: tx.annotate(inbox, {ENTRY: b"other"}))


def test_name_that_no_script_has_is_refused(world: World, inbox: FolderId) -> None:
    with pytest.raises(Refused, match="name of a script"):
        world.write(world.alice, lambda tx: tx.annotate(inbox, {ENTRY: b"a\r\nb"}))


def test_who_did_it_is_named(world: World, inbox: FolderId) -> None:
    world.grant(inbox, world.bob, "lrswi")
    world.write(world.bob, lambda tx: tx.append(inbox, [letter()]))
    assert told(world) == [("APPEND", "sorter", "bob@example.test")]


def test_message_is_settled_once(world: World, inbox: FolderId) -> None:
    world.write(world.alice, lambda tx: tx.append(inbox, [letter(), letter()]))
    (first,) = waiting(world)
    assert world.write(world.alice, lambda tx: tx.settle_occasion(first, Uid(1)))
    assert not world.write(world.alice, lambda tx: tx.settle_occasion(first, Uid(1)))
    (second,) = waiting(world)
    assert list(second.uids) == [(2, 2)]
    assert world.write(world.alice, lambda tx: tx.settle_occasion(second, Uid(2)))
    assert waiting(world) == []


def test_only_who_has_the_folder_settles(world: World, inbox: FolderId) -> None:
    world.write(world.alice, lambda tx: tx.append(inbox, [letter()]))
    (found,) = waiting(world)
    world.grant(inbox, world.bob, "lrswite")
    with pytest.raises(NoRight):
        world.write(world.bob, lambda tx: tx.settle_occasion(found, Uid(1)))


def test_dropped_occasion_is_gone(world: World, inbox: FolderId) -> None:
    world.write(world.alice, lambda tx: tx.append(inbox, [letter()]))
    (found,) = waiting(world)
    world.write(OPERATOR, lambda tx: tx.drop_occasion(found.number))
    assert waiting(world) == []


def test_folder_takes_its_occasions_along(world: World, inbox: FolderId) -> None:
    made = world.write(world.alice, lambda tx: tx.create_folder("Ideas")).id
    world.write(world.alice, lambda tx: tx.annotate(made, {ENTRY: b"sorter"}))
    world.write(world.alice, lambda tx: tx.append(made, [letter()]))
    world.write(world.alice, lambda tx: tx.delete_folder(made))
    assert waiting(world) == []
