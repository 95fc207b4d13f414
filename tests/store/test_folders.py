"""Folders: names, namespaces, making, renaming, taking away; and that what is hidden is as good as absent."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from groupware.model.errors import AlreadyExists, NoRight, NotFound, OverQuota, Refused
from groupware.model.folder import MAX_DEPTH, Role
from groupware.model.ids import EVERY, FolderId
from groupware.model.item import Kind
from groupware.model.principal import DELIVERY, OPERATOR
from groupware.model.rights import Right
from groupware.store.api import WriteTx
from tests.store.world import World, deliver, letter, setting

THERE = "Other Users/alice@example.test"


def test_a_shared_folder_is_seen_under_its_owners_address(world: World) -> None:
    world.grant("Work", world.bob, "lr")
    paths = [each.path for each in world.read(world.bob, lambda tx: tx.folders()) if not each.own and each.exists]
    assert paths == [f"{THERE}/Work", f"{THERE}/Work/Deep"]


def test_parents_that_may_not_be_seen_are_listed_as_not_existing(world: World) -> None:
    world.grant("Work/Deep", world.bob, "lr")
    found = {each.path: each.exists for each in world.read(world.bob, lambda tx: tx.folders()) if not each.own}
    assert found == {"Other Users": False, THERE: False, f"{THERE}/Work": False, f"{THERE}/Work/Deep": True}


def test_the_public_tree_is_seen_as_public_and_from_elsewhere_under_its_domain(world: World) -> None:
    def work(tx: WriteTx) -> FolderId:
        public = next(each.account for each in tx.domains() if each.name == "example.test")
        assert public is not None
        news = tx.add_folder(public, "News")
        tx.grant(news.id, "carol@other.test", Right.LOOKUP | Right.READ)
        return news.id

    news = world.write(OPERATOR, work)
    assert world.folder(world.bob, "Public/News").id == news
    assert world.folder(world.carol, "Public/example.test/News").id == news


@pytest.mark.parametrize("path", ["INBOX", "inbox", "InBox", "Other Users/ALICE@example.test/inbox"])
def test_inbox_is_found_in_any_letter_case(world: World, path: str) -> None:
    assert world.folder(world.alice, path).role == Role.INBOX


def test_a_name_is_the_same_however_its_letters_are_composed(world: World) -> None:
    made = world.write(world.alice, lambda tx: tx.create_folder("Entwu\u0308rfe/Neue"))
    assert made.path == "Entw\u00fcrfe/Neue"
    assert {world.folder(world.alice, path).id for path in ("Entwu\u0308rfe/Neue", "Entw\u00fcrfe/Neue")} == {made.id}


def test_below_inbox_only_the_first_level_is_spelled_in_any_case(world: World) -> None:
    world.write(world.alice, lambda tx: tx.create_folder("inbox/Sub"))
    assert world.folder(world.alice, "iNbOx/Sub").path == "INBOX/Sub"
    with pytest.raises(NotFound):
        world.folder(world.alice, "INBOX/sub")


def test_making_a_folder_makes_the_parents_that_are_missing(world: World) -> None:
    world.write(world.alice, lambda tx: tx.create_folder("A/B/C"))
    assert world.folder(world.alice, "A/B").exists


@pytest.mark.parametrize("path", ["Work", "inbox", "Work/Deep"])
def test_what_is_there_is_not_made_again(world: World, path: str) -> None:
    with pytest.raises(AlreadyExists):
        world.write(world.alice, lambda tx: tx.create_folder(path))


@pytest.mark.parametrize("path", ["", "a//b", " a", "a%", "a*", "a\x00b", "x" * 251, "/".join("x" * 51), "a\ud800"])
def test_names_that_cannot_be_are_refused(world: World, path: str) -> None:
    with pytest.raises(Refused):
        world.write(world.alice, lambda tx: tx.create_folder(path))


def test_a_folder_below_somebody_elses_takes_k_there(world: World) -> None:
    world.grant("Work", world.bob, "lr")
    with pytest.raises(NoRight, match="'k'"):
        world.write(world.bob, lambda tx: tx.create_folder(f"{THERE}/Work/New"))
    world.grant("Work", world.bob, "lrk")
    assert world.write(world.bob, lambda tx: tx.create_folder(f"{THERE}/Work/New")).own is False


@pytest.mark.parametrize("root_rights", ["", "l", "lr"])
def test_making_a_folder_tells_nothing_of_hidden_ones(world: World, root_rights: str) -> None:
    root = world.read(world.alice, lambda tx: tx.locate(world.alice.account, "")).id
    if root_rights:
        world.grant(root, world.bob, root_rights)
    world.grant("Work", world.bob, deny="l")
    for below in ("", "/x"):
        there, absent = (_refused_below(world, name, below) for name in ("Work", "Nope"))
        assert there == absent


def _refused_below(world: World, name: str, below: str) -> str:
    said = world.refusal(world.bob, lambda tx: tx.create_folder(f"{THERE}/{name}{below}"))
    return said.replace(name, "NAME")


def test_a_hidden_folder_is_told_of_as_an_absent_one_in_every_way_to_ask(world: World) -> None:
    def asked(path: str, role: str) -> list[str]:
        number = {"Work": world.work}.get(path, FolderId(999_999))
        owner = world.alice.account
        ways = (
            lambda tx: tx.folder(f"{THERE}/{path}"),
            lambda tx: tx.folder(number),
            lambda tx: tx.locate(owner, path),
            lambda tx: tx.role(owner, role),
            lambda tx: tx.grants(f"{THERE}/{path}"),
            lambda tx: tx.rename_folder(f"{THERE}/{path}", "x"),
            lambda tx: tx.delete_folder(f"{THERE}/{path}"),
            lambda tx: tx.append(number, [letter()]),
        )
        said = [world.refusal(world.bob, each) for each in ways]
        return [each.replace(path, "NAME").replace(str(number), "NUMBER").replace(role, "ROLE") for each in said]

    assert asked("Work", "inbox") == asked("Nope", "nothing")


def test_a_renamed_folder_takes_what_is_below_along(world: World) -> None:
    world.write(world.alice, lambda tx: tx.rename_folder("Work", "Old/Work"))
    assert world.folder(world.alice, "Old/Work/Deep").id == world.deep


def test_a_renamed_folder_is_not_too_deep_nor_what_is_below_it(world: World) -> None:
    deep = "/".join("d" * (MAX_DEPTH - 2))
    world.write(world.alice, lambda tx: tx.create_folder(deep))
    with pytest.raises(Refused, match=f"more than {MAX_DEPTH} levels deep"):
        world.write(world.alice, lambda tx: tx.rename_folder("Work", f"{deep}/Else/Work"))
    assert world.folder(world.alice, "Work/Deep").id == world.deep
    world.write(world.alice, lambda tx: tx.rename_folder("Work", f"{deep}/Work"))
    assert world.folder(world.alice, f"{deep}/Work/Deep").id == world.deep


def test_a_folder_does_not_move_below_itself(world: World) -> None:
    with pytest.raises(Refused, match="below itself"):
        world.write(world.alice, lambda tx: tx.rename_folder("Work", "Work/Deep/Work"))


def test_a_folder_is_not_renamed_to_a_name_that_is_taken(world: World) -> None:
    with pytest.raises(AlreadyExists):
        world.write(world.alice, lambda tx: tx.rename_folder("Work", "Drafts"))


def test_renaming_inbox_moves_its_items_only(world: World) -> None:
    inbox = world.folder(world.alice, "INBOX").id
    world.put(at=inbox)
    made = world.write(world.alice, lambda tx: tx.rename_folder("INBOX", "Old mail"))
    assert (made.total, world.folder(world.alice, inbox).total) == (1, 0)
    assert world.folder(world.alice, "INBOX").id == inbox


@pytest.mark.parametrize("path", ["Mine", "Other Users/carol@other.test/x", "Other Users/nobody@x.test/x"])
def test_a_folder_stays_in_its_owners_tree(world: World, path: str) -> None:
    world.grant("Work", world.bob, "lrkx")
    assert "Refused: " in world.refusal(world.bob, lambda tx: tx.rename_folder(world.work, path))


def test_renaming_takes_x_here_and_k_on_the_new_parent(world: World) -> None:
    world.grant("Work", world.bob, "lrk")
    with pytest.raises(NoRight, match="'x'"):
        world.write(world.bob, lambda tx: tx.rename_folder(world.deep, f"{THERE}/Work/New"))
    world.grant("Work", world.bob, "lrx")
    with pytest.raises(NoRight, match="'k'"):
        world.write(world.bob, lambda tx: tx.rename_folder(world.deep, f"{THERE}/Work/New"))


def test_a_folder_with_others_below_is_not_deleted(world: World) -> None:
    with pytest.raises(Refused, match="below"):
        world.write(world.alice, lambda tx: tx.delete_folder("Work"))


@pytest.mark.parametrize("path", ["INBOX", "inbox"])
def test_inbox_is_not_deleted(world: World, path: str) -> None:
    with pytest.raises(Refused):
        world.write(world.alice, lambda tx: tx.delete_folder(path))


def test_a_deleted_folder_gives_its_room_back(world: World) -> None:
    world.put(at=world.deep)
    world.write(world.alice, lambda tx: tx.delete_folder(world.deep))
    account = world.read(OPERATOR, lambda tx: tx.account(world.alice.account))
    assert (account.items, account.bytes) == (0, 0)


def test_a_folder_made_again_has_a_greater_uidvalidity(world: World) -> None:
    before = world.folder(world.alice, world.deep).uidvalidity
    world.write(world.alice, lambda tx: tx.delete_folder(world.deep))
    after = world.write(world.alice, lambda tx: tx.create_folder("Work/Deep"))
    assert (after.uidvalidity > before, after.id > world.deep) == (True, True)


def test_renaming_keeps_uidvalidity(world: World) -> None:
    before = world.folder(world.alice).uidvalidity
    assert world.write(world.alice, lambda tx: tx.rename_folder("Work", "New")).uidvalidity == before


def test_the_count_of_folders_is_limited(world: World) -> None:
    setting(world, "mailboxFolderCount", 14)
    world.write(world.alice, lambda tx: tx.create_folder("A"))
    for work in (lambda tx: tx.create_folder("B"), lambda tx: tx.rename_folder("A", "B/A")):
        with pytest.raises(OverQuota):
            world.write(world.alice, work)
    world.write(world.alice, lambda tx: tx.rename_folder("A", "B"))


def test_a_role_is_held_by_one_folder(world: World) -> None:
    with pytest.raises(AlreadyExists, match="Sent"):
        world.write(world.alice, lambda tx: tx.set_folder("Work", role="sent"))


def test_the_role_of_a_folder_is_told_to_its_owner_alone(world: World) -> None:
    world.grant("Sent", world.bob, "lr")
    assert world.folder(world.bob, f"{THERE}/Sent").role is None


def test_subscriptions_are_of_paths_whether_or_not_something_is_there(world: World) -> None:
    world.write(world.alice, lambda tx: tx.subscribe("Nope", True))
    world.write(world.alice, lambda tx: tx.subscribe("Work", True))
    assert world.read(world.alice, lambda tx: tx.subscriptions()) == ["Nope", "Work"]
    assert world.folder(world.alice).subscribed is True
    world.write(world.alice, lambda tx: [tx.subscribe(path, False) for path in ("Nope", "Work")])
    assert world.read(world.alice, lambda tx: tx.subscriptions()) == []
    assert world.folder(world.alice).subscribed is False


def test_what_one_has_said_nothing_of_is_subscribed_to(world: World) -> None:
    world.grant("Work", world.bob, "lr")
    for which, expected in (("all", [True, True]), ("own", [True, False]), ("none", [False, False])):
        world.write(OPERATOR, lambda tx, which=which: tx.put_setting("subscribeByDefault", which))
        assert [world.folder(world.bob, path).subscribed for path in ("INBOX", f"{THERE}/Work")] == expected
        listed = {each.path: each.subscribed for each in world.read(world.bob, lambda tx: tx.folders())}
        assert [listed["INBOX"], listed[f"{THERE}/Work"]] == expected


def test_what_one_wants_no_more_stays_away_until_one_wants_it(world: World) -> None:
    for _ in range(2):
        world.write(world.alice, lambda tx: tx.subscribe("Work", False))
        assert not world.folder(world.alice).subscribed
    world.write(world.alice, lambda tx: tx.subscribe("Work", True))
    assert world.folder(world.alice).subscribed


def test_a_subscription_too_long_to_be_stored_is_refused(world: World) -> None:
    with pytest.raises(Refused, match="2000"):
        world.write(world.alice, lambda tx: tx.subscribe("x" * 2001, True))


@pytest.mark.parametrize(
    ("den", "deny", "open_"), [("lrswipkxte", "r", "lrk"), ("lkx", "", "lrkx"), ("lrx", "", "lrswk")]
)
def test_nobody_gains_rights_by_moving_a_folder(world: World, den: str, deny: str, open_: str) -> None:
    world.write(world.alice, lambda tx: tx.create_folder("Den/Sec/Below"))
    sec = world.folder(world.alice, "Den/Sec")
    world.write(world.alice, lambda tx: tx.create_folder("Open"))
    world.grant("Den", "everyone", den)
    if deny:
        world.grant("Den", world.bob, deny=deny)
    world.grant("Open", world.bob, open_)
    had = world.rights(world.bob, sec.id)
    with pytest.raises(NoRight):
        world.write(world.bob, lambda tx: tx.rename_folder(sec.id, f"{THERE}/Open/Sec"))
    assert world.folder(world.alice, sec.id).path == "Den/Sec"
    assert world.rights(world.bob, sec.id) == had
    assert world.write(world.alice, lambda tx: tx.rename_folder(sec.id, "Open/Sec")).path == "Open/Sec"


def test_a_folder_moves_to_where_one_has_no_more_rights_on_it(world: World) -> None:
    sec = world.write(world.alice, lambda tx: tx.create_folder("Den/Sec"))
    world.write(world.alice, lambda tx: tx.create_folder("Open"))
    world.grant("Den", world.bob, "lrswipkxte")
    world.grant("Open", world.bob, "lrk")
    assert world.write(world.bob, lambda tx: tx.rename_folder(sec.id, f"{THERE}/Open/Sec")).path == f"{THERE}/Open/Sec"


@pytest.mark.parametrize("kind", [Kind.CALENDAR, Kind.CONTACTS, Kind.TASKS, Kind.NOTES, Kind.JOURNAL])
def test_no_message_gets_where_nobody_would_see_it(world: World, kind: Kind) -> None:
    there = world.write(world.alice, lambda tx: tx.create_folder("There", kind))
    world.put()

    def refused(work: Callable[[WriteTx], object]) -> None:
        with pytest.raises(Refused, match="this is a message"):
            world.write(world.alice, work)

    refused(lambda tx: tx.append(there.id, [letter()]))
    refused(lambda tx: tx.copy(world.work, EVERY, there.id))
    refused(lambda tx: tx.move(world.work, EVERY, there.id))
    with pytest.raises(Refused, match="this is a message"):
        world.write(OPERATOR, lambda tx: deliver(tx, there.id, letter()))
    assert world.folder(world.alice, there.id).total == 0
    assert world.folder(world.alice).total == 1


# --- what a folder is called ----------------------------------------------------------------------------------------


def test_a_refusal_calls_a_folder_as_who_asks_knows_it(world: World) -> None:
    world.grant(world.work, world.bob, "lra")
    world.write(world.alice, lambda tx: tx.grant(world.work, "anyone", Right.NONE, Right.POST))

    def drop(tx: WriteTx) -> None:
        tx.delete_folder(world.work)

    theirs = f"{THERE}/Work"
    assert f"folder {theirs}: you lack the right 'x'" in world.refusal(world.bob, drop)
    assert f"folder {theirs}: there are folders below it" in world.refusal(OPERATOR, drop)
    assert "folder Work: there are folders below it" in world.refusal(world.alice, drop)
    assert "folder Work: you lack the right" in world.refusal(DELIVERY, drop)  # whose it is may be news out there


def test_a_role_that_is_taken_names_no_folder_that_one_may_not_look_up(world: World) -> None:
    world.grant(world.work, world.bob, "lrak")
    said = world.refusal(world.bob, lambda tx: tx.create_folder(f"{THERE}/Work/Mine", role="sent"))
    assert said == "RoleTaken: another folder is 'sent' already; ask its owner"
