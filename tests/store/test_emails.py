"""Messages by the email that they are: the same one for a message and its copies."""

from __future__ import annotations

from groupware.model.flags import Flags
from groupware.model.ids import EVERY, FolderId, ItemId, ModSeq, Uid
from groupware.model.principal import OPERATOR, Principal
from groupware.store.sql.verify import folders as counted
from tests.store.world import World, letter

ALL = "lrswipkxte"


def emails_in(world: World, at: FolderId, who: Principal | None = None) -> list[ItemId]:
    return [each.email for each in world.read(who or world.alice, lambda tx: tx.items(at, EVERY))]


def copies_in(world: World, *places: FolderId) -> list[int]:
    return [world.folder(world.alice, at).copies for at in places]


def test_a_copy_of_a_copy_is_the_email_that_was_there_first(world: World) -> None:
    [first] = world.put()
    assert first.email == first.id
    world.write(world.alice, lambda tx: tx.copy(world.work, EVERY, world.deep))
    world.write(world.alice, lambda tx: tx.expunge(world.work, EVERY, deleted_only=False))
    world.write(world.alice, lambda tx: tx.copy(world.deep, EVERY, world.work))
    assert emails_in(world, world.work) == emails_in(world, world.deep) == [first.id]
    assert world.read(world.alice, lambda tx: tx.columns(world.work, ("email",), EVERY)) == [(2, first.id)]


def test_a_move_keeps_the_email_also_to_another_owner(world: World) -> None:
    [first] = world.put()
    world.write(world.alice, lambda tx: tx.copy(world.work, EVERY, world.deep))
    world.grant(world.work, world.bob, ALL)
    world.grant(world.deep, world.bob, ALL)
    inbox = world.folder(world.bob, "INBOX").id
    world.write(world.bob, lambda tx: tx.move(world.work, EVERY, inbox))
    world.write(world.bob, lambda tx: tx.move(world.deep, EVERY, inbox))
    assert emails_in(world, inbox, world.bob) == [first.id, first.id]


def test_another_message_in_the_place_of_one_is_another_email(world: World) -> None:
    [first] = world.put()
    new = world.write(world.alice, lambda tx: tx.rewrite(world.work, Uid(1), letter()))
    assert (new.id, new.email == first.id) == (first.id, False)
    assert emails_in(world, world.work) == [new.email]
    assert world.read(world.alice, lambda tx: tx.instances([first.email], [world.work])) == []
    again = world.write(world.alice, lambda tx: tx.rewrite(world.work, Uid(2), letter()))
    assert again.email not in (first.email, new.email)


def test_a_folder_counts_what_is_there_as_a_copy(world: World) -> None:
    world.put(letter(), letter())
    world.write(world.alice, lambda tx: tx.copy(world.work, EVERY, world.deep))
    assert copies_in(world, world.work, world.deep) == [0, 2]
    world.write(world.alice, lambda tx: tx.move(world.deep, ((Uid(1), Uid(1)),), world.work))
    world.write(world.alice, lambda tx: tx.rewrite(world.deep, Uid(2), letter()))
    world.write(world.alice, lambda tx: tx.rewrite(world.work, Uid(1), letter()))
    assert copies_in(world, world.work, world.deep) == [2, 1]
    world.write(world.alice, lambda tx: tx.expunge(world.deep, EVERY, deleted_only=False))
    assert copies_in(world, world.work, world.deep) == [2, 0]
    assert world.write(OPERATOR, lambda tx: list(counted(tx.sql))) == []  # type: ignore[attr-defined]


def test_instances_are_those_that_one_may_read(world: World) -> None:
    [first] = world.put()
    world.write(world.alice, lambda tx: tx.copy(world.work, EVERY, world.deep))
    inbox = world.folder(world.alice, "INBOX").id
    world.write(world.alice, lambda tx: tx.copy(world.work, EVERY, inbox))
    among = [world.work, world.deep, inbox]

    def seen(who: Principal, of: list[ItemId] | None) -> set[FolderId]:
        found = world.read(who, lambda tx: tx.instances(of, among))
        assert {each.email for each in found} <= {first.id}
        return {each.folder for each in found}

    assert seen(world.alice, [first.id]) == seen(world.alice, None) == {world.work, world.deep, inbox}
    world.grant(world.deep, world.bob, "lr")
    assert seen(world.bob, [first.id]) == seen(world.bob, None) == {world.deep}
    assert seen(world.carol, [first.id]) == seen(world.carol, None) == set()


def test_a_copy_has_no_email_of_its_own(world: World) -> None:
    world.put()
    world.write(world.alice, lambda tx: tx.copy(world.work, EVERY, world.deep))
    [copied] = world.read(world.alice, lambda tx: tx.items(world.deep, EVERY))
    assert world.read(world.alice, lambda tx: tx.instances([copied.id], [world.work, world.deep])) == []


def test_turnover_tells_which_email_came_changed_and_went(world: World) -> None:
    [first] = world.put()
    since = world.folder(world.alice).modseq
    world.write(world.alice, lambda tx: tx.copy(world.work, EVERY, world.deep))
    world.mark(world.alice, Flags.FLAGGED, EVERY)
    found = world.read(world.alice, lambda tx: tx.email_turnover(world.deep, since))
    assert found is not None
    assert [(each.email, each.came > since) for each in found.changed] == [(first.id, True)]
    world.write(world.alice, lambda tx: tx.expunge(world.deep, EVERY, deleted_only=False))
    world.write(world.alice, lambda tx: tx.expunge(world.work, EVERY, deleted_only=False))
    for at, came in ((world.work, False), (world.deep, True)):
        found = world.read(world.alice, lambda tx, at=at: tx.email_turnover(at, since))  # type: ignore[misc]
        assert found is not None and not found.changed
        assert [(each.email, each.came > since) for each in found.gone] == [(first.id, came)]
    assert world.read(world.alice, lambda tx: tx.buried(world.deep, since)).keys() == {first.id}


def test_somebody_elses_reading_of_a_shared_folder_is_no_turn_for_the_owner(world: World) -> None:
    world.grant(world.work, world.bob, "lrs")
    [one] = world.put()
    since = world.folder(world.alice).modseq
    world.mark(world.bob, Flags.SEEN, EVERY)
    found = [world.read(who, lambda tx: tx.email_turnover(world.work, since)) for who in (world.alice, world.bob)]
    assert [each and [turn.email for turn in each.changed] for each in found] == [[], [one.id]]
    assert found[1] is not None and found[1].changed[0].modseq > ModSeq(since)
