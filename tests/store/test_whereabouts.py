"""Items by the ids that survive a move."""

from __future__ import annotations

from dataclasses import replace

from groupware.model.flags import Flags
from groupware.model.ids import EVERY, LAST_UID, ItemId, ModSeq
from groupware.model.item import Keys
from tests.store.world import World, letter


def test_an_item_is_found_where_it_went_by_who_may_read_it(world: World) -> None:
    [one, two] = [world.put()[0] for _ in range(2)]
    world.write(world.alice, lambda tx: tx.move(world.work, [(one.uid, one.uid)], world.deep))
    asked = [one.id, two.id, ItemId(999_999)]
    found = world.read(world.alice, lambda tx: tx.placed(asked))
    assert {item: at for item, (at, _) in found.items()} == {one.id: world.deep, two.id: world.work}
    assert world.read(world.bob, lambda tx: tx.placed(asked)) == {}
    world.grant(world.deep, world.bob, "lr")
    assert list(world.read(world.bob, lambda tx: tx.placed(asked))) == [one.id]
    assert world.read(world.alice, lambda tx: tx.placed([])) == {}


def test_the_newest_come_first_and_a_page_goes_on_behind_the_last(world: World) -> None:
    put = [world.put()[0].id for _ in range(5)]
    newest = put[::-1]
    assert [item for _, item in world.read(world.alice, lambda tx: tx.latest(world.work, 0, 2))] == newest[:2]
    assert [item for _, item in world.read(world.alice, lambda tx: tx.latest(world.work, 2, 9))] == newest[2:]


def test_turnover_tells_what_came_from_what_changed_and_what_went(world: World) -> None:
    old, moved, gone = [world.put()[0] for _ in range(3)]
    since = world.read(world.alice, lambda tx: tx.reached(world.alice.account))
    assert since == world.folder(world.alice).modseq
    [new] = world.put()
    world.mark(world.alice, Flags.FLAGGED, [(old.uid, old.uid)])
    world.write(world.alice, lambda tx: tx.move(world.work, [(moved.uid, moved.uid)], world.deep))
    world.write(world.alice, lambda tx: tx.expunge(world.work, [(gone.uid, gone.uid)], deleted_only=False))
    here = world.read(world.alice, lambda tx: tx.turnover(world.work, since))
    there = world.read(world.alice, lambda tx: tx.turnover(world.deep, since))
    assert here is not None and there is not None
    assert {item: came > since for item, _, came in here.changed} == {old.id: False, new.id: True}
    assert {item for item, _ in here.gone} == {moved.id, gone.id}
    assert [(item, came > since) for item, _, came in there.changed] == [(moved.id, False)]


def test_what_comes_from_where_one_may_not_read_is_new_for_who_may_not(world: World) -> None:
    world.grant(world.work, world.bob, "lr")
    inbox = world.folder(world.alice, "INBOX").id
    [known], [hidden] = world.put(), world.put(at=inbox)
    since = world.folder(world.alice, inbox).modseq
    world.write(world.alice, lambda tx: tx.move(world.work, EVERY, inbox))
    world.write(world.alice, lambda tx: tx.move(inbox, EVERY, world.work))
    for who, new in ((world.alice, set[ItemId]()), (world.bob, {hidden.id})):
        items = world.read(who, lambda tx: tx.turnover(world.work, since))
        emails = world.read(who, lambda tx: tx.email_turnover(world.work, since))
        assert items is not None
        assert emails is not None
        assert {item for item, _, _ in items.changed} == {each.item for each in emails.changed} == {known.id, hidden.id}
        assert {item for item, _, came in items.changed if came > since} == new
        assert {each.item for each in emails.changed if each.came > since} == new


def test_changes_come_page_by_page_in_their_order_and_each_once(world: World) -> None:
    put = [world.put()[0] for _ in range(5)]
    since = world.folder(world.alice).modseq
    world.mark(world.alice, Flags.FLAGGED)
    world.mark(world.alice, Flags.ANSWERED, [(put[0].uid, put[0].uid)])
    found, behind = [], (int(since), int(LAST_UID))
    while rows := world.read(world.alice, lambda tx: tx.turned(world.work, behind, 2, since)):  # noqa: B023
        assert len(rows) <= 2
        found += rows
        behind = (rows[-1].modseq, rows[-1].uid)
    assert [row.item for row in found] == [each.id for each in (*put[1:], put[0])]
    assert not any(row.came > since or row.beside for row in found)


def test_what_left_comes_page_by_page_and_can_be_asked_for_by_its_ids(world: World) -> None:
    put = [world.put()[0] for _ in range(4)]
    since = (int(world.folder(world.alice).modseq), int(LAST_UID))
    world.write(world.alice, lambda tx: tx.expunge(world.work, [(put[0].uid, put[2].uid)], deleted_only=False))
    [first, second] = world.read(world.alice, lambda tx: tx.left(world.work, since, 2)) or ()
    [third] = world.read(world.alice, lambda tx: tx.left(world.work, second[:2], 2)) or ()
    assert [row.item for row in (first, second, third)] == [each.id for each in put[:3]]
    of = [put[1].id, put[3].id]
    assert [row.item for row in world.read(world.alice, lambda tx: tx.left(world.work, since, 9, of)) or ()] == of[:1]


def test_what_a_reader_has_beside_an_item_is_a_change_until_the_item_changes(world: World) -> None:
    world.grant(world.work, world.bob, "lrs")
    [one, two] = [world.put()[0] for _ in range(2)]
    since = world.folder(world.bob).modseq
    world.mark(world.bob, Flags.SEEN)
    world.mark(world.alice, Flags.FLAGGED, [(one.uid, one.uid)])
    bobs, alices = (
        world.read(who, lambda tx: tx.turned(world.work, (since, LAST_UID), 9, since)) or ()
        for who in (world.bob, world.alice)
    )
    assert [(row.item, row.beside) for row in bobs] == [(two.id, True), (one.id, False)]
    assert [row.item for row in alices] == [one.id]


def test_what_has_gone_keeps_its_references(world: World) -> None:
    keys = Keys(None, None, "", False, "", "", "", "", "", "2@x", ("0@x", "1@x"))
    [known, bare] = world.put(replace(letter(), keys=keys), letter())
    since = world.folder(world.alice).modseq
    world.write(world.alice, lambda tx: tx.expunge(world.work, [(known.uid, bare.uid)], deleted_only=False))
    found = world.read(world.alice, lambda tx: tx.buried(world.work, since))
    assert found == {known.id: ("2@x", "0@x\n1@x"), bare.id: None}
    assert world.refusal(world.bob, lambda tx: tx.buried(world.work, since)).startswith("NotFound")


def test_somebody_elses_reading_is_no_change_for_the_owner(world: World) -> None:
    world.grant(world.work, world.bob, "lrs")
    [one] = world.put()
    since = world.folder(world.alice).modseq
    world.mark(world.bob, Flags.SEEN)
    for who, changed in ((world.alice, []), (world.bob, [one.id])):
        found = world.read(who, lambda tx: tx.turnover(world.work, since))
        assert found is not None
        assert [item for item, _, _ in found.changed] == changed


def test_how_far_a_sequence_has_come_is_for_who_sees_something_of_its_owner(world: World) -> None:
    refusal = world.refusal(world.bob, lambda tx: tx.reached(world.alice.account))
    assert refusal.startswith("NotFound")
    world.grant(world.work, world.bob, "l")
    assert world.read(world.bob, lambda tx: tx.reached(world.alice.account)) > ModSeq(0)
