"""Where the rules of an account put its mail, and what a delivery has to know of its owner."""

from __future__ import annotations

import pytest

from groupware.model.errors import NoRight, NotFound, OverQuota, Refused
from groupware.model.event import Target
from groupware.model.folder import Destination, Role
from groupware.model.ids import FolderId
from groupware.model.item import Kind
from groupware.model.principal import DELIVERY, OPERATOR
from groupware.model.rights import Right, parse_rights
from groupware.model.script import ActiveScript
from tests.store.world import World, letter, setting


def find(world: World, wanted: Destination) -> FolderId:
    return world.read(DELIVERY, lambda tx: tx.destination(world.alice.account, wanted))


def make(world: World, path: str) -> FolderId:
    return world.write(DELIVERY, lambda tx: tx.make_destination(world.alice.account, path))


def own(world: World, path: str) -> FolderId:
    return world.read(world.alice, lambda tx: tx.folder(path).id)


def share(world: World, theirs: FolderId, rights: str) -> None:
    world.write(world.bob, lambda tx: tx.grant(theirs, world.alice.name, parse_rights(rights)))


def test_a_folder_is_found_by_path_role_and_number(world: World) -> None:
    assert find(world, Destination("Work")) == world.work
    assert find(world, Destination("inbox")) == own(world, "INBOX")
    assert find(world, Destination("Nowhere", role=Role.JUNK)) == own(world, "Junk")
    assert find(world, Destination("Nowhere", number=world.work)) == world.work


def test_what_is_not_there_by_number_or_role_is_looked_for_by_path(world: World) -> None:
    assert find(world, Destination("Work", number=10**9)) == world.work
    world.write(world.alice, lambda tx: tx.set_folder("Archive", role=None))
    assert find(world, Destination("Work", role=Role.ARCHIVE)) == world.work


@pytest.mark.parametrize(
    ("path", "error"), [("Nowhere", NotFound), ("Calendar", Refused), ("", NotFound), ("Other Users/nobody", NotFound)]
)
def test_what_takes_no_mail_is_no_destination(world: World, path: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        find(world, Destination(path))


def test_a_folder_of_somebody_else_takes_it_if_the_owner_of_the_rules_may_insert_there(world: World) -> None:
    theirs = world.write(world.bob, lambda tx: tx.create_folder("Shared").id)
    path = f"Other Users/{world.bob.name}/Shared"
    with pytest.raises(NotFound):
        find(world, Destination(path))
    with pytest.raises(NotFound):
        find(world, Destination(number=theirs))
    share(world, theirs, "lr")
    with pytest.raises(NoRight):
        find(world, Destination(path))
    share(world, theirs, "lri")
    assert find(world, Destination(path)) == theirs
    assert find(world, Destination(number=theirs)) == theirs


def test_a_path_is_made_with_all_its_levels_and_once(world: World) -> None:
    made = make(world, "Lists/2026/Python")
    assert own(world, "Lists/2026/Python") == made
    assert make(world, "Lists/2026/Python") == made
    assert world.read(world.alice, lambda tx: tx.folder("Lists/2026").kind) == Kind.MAIL


def test_what_was_made_is_subscribed_to(world: World) -> None:
    world.write(world.alice, lambda tx: tx.subscribe("Lists", True))
    make(world, "Lists/New")
    assert list(world.read(world.alice, lambda tx: tx.subscriptions())) == ["Lists", "Lists/New"]


def test_no_more_folders_are_made_than_the_owner_may_have(world: World) -> None:
    count = len(world.read(world.alice, lambda tx: tx.folders(of=world.alice.account)))
    setting(world, "mailboxFolderCount", count)
    with pytest.raises(OverQuota):
        make(world, "One/Two")
    assert len(world.read(world.alice, lambda tx: tx.folders(of=world.alice.account))) == count


@pytest.mark.parametrize("path", ["", "a//b", "a/\x07", "x" * 300])
def test_a_path_that_cannot_be_is_not_made(world: World, path: str) -> None:
    with pytest.raises(Refused):
        make(world, path)


def test_nothing_is_made_in_the_tree_of_somebody_else_without_the_right(world: World) -> None:
    theirs = world.write(world.bob, lambda tx: tx.create_folder("Shared").id)
    share(world, theirs, "lri")
    with pytest.raises(NoRight):
        make(world, f"Other Users/{world.bob.name}/Shared/New")
    with pytest.raises(NotFound):
        make(world, f"Other Users/{world.bob.name}/New")
    share(world, theirs, "lrik")
    make(world, f"Other Users/{world.bob.name}/Shared/New")
    assert world.read(world.bob, lambda tx: tx.folder("Shared/New").total) == 0


def test_nobody_asks_for_the_destinations_of_another(world: World) -> None:
    with pytest.raises(NoRight):
        world.read(world.bob, lambda tx: tx.destination(world.alice.account, Destination("Work")))
    with pytest.raises(NoRight):
        world.write(world.bob, lambda tx: tx.make_destination(world.alice.account, "New"))
    assert world.read(world.alice, lambda tx: tx.destination(world.alice.account, Destination("Work"))) == world.work


def test_who_has_an_active_script_is_told_at_once_for_all(world: World) -> None:
    both = [world.alice.account, world.bob.account]
    assert world.read(DELIVERY, lambda tx: tx.active_scripts(both)) == []
    world.write(world.alice, lambda tx: (tx.put_script("a", b"keep;"), tx.activate_script("a")))
    world.write(world.bob, lambda tx: tx.put_script("b", b"stop;"))
    found = world.read(DELIVERY, lambda tx: tx.active_scripts(both))
    assert found == [ActiveScript(world.alice.account, world.alice.name, found[0].owner, "a", b"keep;")]
    with pytest.raises(NoRight):
        world.read(world.bob, lambda tx: tx.active_scripts(both))


def test_who_forwards_is_told_in_the_same_breath(world: World) -> None:
    both = [world.alice.account, world.bob.account]
    world.write(OPERATOR, lambda tx: tx.put_setting("forwardTo", "a@far.test b@far.test", world.bob.account))
    world.write(OPERATOR, lambda tx: tx.put_setting("forwardKeepCopy", False))
    [found] = world.read(DELIVERY, lambda tx: tx.active_scripts(both))
    assert (found.account, found.name, found.forward) == (world.bob.account, "", ("a@far.test", "b@far.test"))
    assert not found.keeps
    world.write(OPERATOR, lambda tx: tx.put_setting("forwardTo", None, world.bob.account))
    assert world.read(DELIVERY, lambda tx: tx.active_scripts(both)) == []


@pytest.mark.parametrize(
    "where", ["alice@example.test", "Alice+tag@example.test", "x@far.test info@example.test", "alice@alias.test"]
)
def test_nobody_forwards_to_himself(world: World, where: str) -> None:
    world.write(OPERATOR, lambda tx: tx.put_alias(world.alice.name, "info@example.test"))
    said = world.refusal(OPERATOR, lambda tx: tx.put_setting("forwardTo", where, world.alice.account))
    assert "is an address of the account itself" in said


def test_forwarding_is_of_accounts_alone(world: World) -> None:
    assert "is set on account" in world.refusal(OPERATOR, lambda tx: tx.put_setting("forwardTo", "a@far.test"))


def test_the_addresses_of_an_account_are_also_those_by_the_aliases_of_its_domain(world: World) -> None:
    world.write(OPERATOR, lambda tx: tx.put_alias(world.alice.name, "info@example.test"))
    found = world.read(DELIVERY, lambda tx: tx.addresses(world.alice.account))
    local = world.alice.name.partition("@")[0]
    assert found[0] == world.alice.name
    assert set(found) == {world.alice.name, "info@example.test", f"{local}@alias.test", "info@alias.test"}
    with pytest.raises(NoRight):
        world.read(world.bob, lambda tx: tx.addresses(world.alice.account))


def test_a_closed_folder_is_a_destination_that_delivery_finds_closed(world: World) -> None:
    world.write(world.alice, lambda tx: tx.grant(world.work, "anyone", Right.NONE, Right.POST))
    at = find(world, Destination("Work"))
    (said,) = world.write(DELIVERY, lambda tx: tx.deliver([Target("folder", folder=at)], letter()))
    assert isinstance(said, NoRight)
