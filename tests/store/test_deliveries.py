"""`deliver`: where the targets lead, who is held up by whom, and what it counts."""

from __future__ import annotations

import pytest

from groupware.model.errors import NotFound, OverQuota
from groupware.model.event import Landing, Target
from groupware.model.folder import Role
from groupware.model.ids import EVERY, AccountId, FolderId
from groupware.model.item import Kind
from groupware.model.principal import DELIVERY, OPERATOR, Principal
from tests.store.world import World, letter


def inbox(world: World, who: Principal) -> FolderId:
    return world.read(OPERATOR, lambda tx: tx.role(who.account, Role.INBOX)).id


def to(who: Principal, tag: str = "") -> Target:
    return Target("account", who.account, tag=tag)


def delivered(world: World, *targets: Target) -> list[object]:
    """The folder of each target, or the class of what it says."""
    new = letter(100)
    found = world.write(DELIVERY, lambda tx: tx.deliver(targets, new))
    return [each.folder if isinstance(each, Landing) else type(each) for each in found]


def test_a_message_lies_once_in_each_folder_that_a_target_leads_to(world: World) -> None:
    alice, bob = inbox(world, world.alice), inbox(world, world.bob)
    work = Target("folder", world.alice.account, world.work)
    assert delivered(world, to(world.bob), work, to(world.alice), to(world.bob)) == [bob, world.work, alice, bob]
    for who, at in ((world.alice, alice), (world.alice, world.work), (world.bob, bob)):
        folder = world.folder(who, at)
        assert (folder.total, folder.unseen, folder.bytes, int(folder.uidnext)) == (1, 1, 100, 2)
        assert [(item.uid, item.size) for item in world.read(who, lambda tx, at=at: tx.items(at, EVERY))] == [(1, 100)]  # type: ignore[misc]
    assert world.read(OPERATOR, lambda tx: tx.account(world.alice.account)).bytes == 200


@pytest.mark.parametrize(("tag", "leads"), [("Work", "Work"), ("Work/Deep", "Work/Deep"), ("Nowhere", "INBOX")])
def test_a_tag_names_a_folder_of_the_account_or_nothing(world: World, tag: str, leads: str) -> None:
    for _ in range(2):  # by what was looked up, and by what is known
        assert delivered(world, to(world.alice, tag)) == [world.folder(world.alice, leads).id]


def test_a_tag_that_names_a_calendar_means_the_inbox(world: World) -> None:
    world.write(world.alice, lambda tx: tx.create_folder("Dates", Kind.CALENDAR))
    assert delivered(world, to(world.alice, "Dates")) == [inbox(world, world.alice)]


def test_a_full_folder_and_one_that_has_gone_hold_up_nobody(world: World) -> None:
    world.write(world.alice, lambda tx: tx.set_folder("Work", quota_items=1))
    world.put()
    world.write(world.alice, lambda tx: tx.delete_folder(world.deep))
    full, gone, nobody = (Target("folder", folder=each) for each in (world.work, world.deep, FolderId(9999)))
    found = delivered(world, full, to(world.bob), gone, nobody, Target("account", AccountId(9999)))
    assert found == [OverQuota, inbox(world, world.bob), NotFound, NotFound, NotFound]
    assert world.folder(world.alice).total == 1


def test_two_folders_of_one_owner_do_not_both_take_the_last_octets(world: World) -> None:
    world.write(OPERATOR, lambda tx: tx.put_setting("mailboxMessageCount", 1, of=world.alice.account))
    work, deep = (Target("folder", folder=each) for each in (world.work, world.deep))
    found = delivered(world, work, deep)
    assert sorted(map(str, found)) == sorted([str(min(world.work, world.deep)), str(OverQuota)])


def test_an_inbox_that_was_moved_since_the_last_delivery_is_found_again(world: World) -> None:
    before = delivered(world, to(world.bob))
    world.write(world.bob, lambda tx: tx.create_folder("Other"))
    assert delivered(world, to(world.bob)) == before == [inbox(world, world.bob)]


def test_one_transaction_may_deliver_twice(world: World) -> None:
    first, second = letter(100), letter(50)

    def work(tx):  # type: ignore[no-untyped-def]
        return tx.deliver([to(world.bob)], first), tx.deliver([to(world.bob), to(world.alice)], second)

    world.write(DELIVERY, work)
    at = inbox(world, world.bob)
    items = world.read(world.bob, lambda tx: tx.items(at, EVERY))
    assert [(item.uid, item.size) for item in items] == [(1, 100), (2, 50)]
    assert (world.folder(world.bob, at).total, world.folder(world.bob, at).bytes) == (2, 150)
