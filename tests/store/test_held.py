"""Folders where mail is held back: who sees them, who does not, and how long it lies there."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from groupware.model.errors import NotFound
from groupware.model.folder import Role
from groupware.model.ids import EVERY, AccountId, FolderId
from groupware.model.principal import DELIVERY, OPERATOR
from groupware.model.rights import ALL, Right, parse_rights
from groupware.store.upkeep import expire_held
from tests.store.world import World, deliver, letter


def public(world: World) -> AccountId:
    found = next(each for each in world.read(OPERATOR, lambda tx: tx.domains()) if each.name == "example.test")
    assert found.account is not None
    return found.account


def held(world: World, owner: AccountId | None = None) -> FolderId:
    """A folder with one message that is held back."""
    of = public(world) if owner is None else owner

    def work(tx):  # type: ignore[no-untyped-def]
        at = tx.quarantine(of)
        deliver(tx, at, letter())
        return at

    found: FolderId = world.write(DELIVERY, work)
    return found


def test_a_domain_has_one_folder_for_it(world: World) -> None:
    assert held(world) == held(world)
    [(at, owner)] = world.read(OPERATOR, lambda tx: tx.quarantines())
    folder = world.read(OPERATOR, lambda tx: tx.folder(at))
    assert (owner, folder.role, folder.total) == (public(world), Role.QUARANTINE, 2)
    assert folder.path == "Public/example.test/Quarantine"


def test_members_of_the_domain_see_nothing_of_it_though_they_read_all_else_there(world: World) -> None:
    at = held(world)
    world.write(OPERATOR, lambda tx: tx.add_folder(public(world), "News"))
    assert world.rights(world.alice, at) == Right.NONE
    assert [each.path for each in world.read(world.alice, lambda tx: tx.folders()) if "Public" in each.path] == [
        "Public",
        "Public/News",
    ]


def test_the_postmaster_sees_it(world: World) -> None:
    at = held(world)
    assert world.rights(world.house.who("postmaster@example.test"), at) == ALL


def test_what_is_shared_above_is_shared_down_to_there_and_not_beyond(world: World) -> None:
    at = held(world)
    root = world.read(OPERATOR, lambda tx: tx.locate(public(world), "")).id
    world.write(OPERATOR, lambda tx: tx.grant(root, world.bob.name, parse_rights("editor")))
    assert world.rights(world.bob, at) == Right.NONE
    told = world.read(OPERATOR, lambda tx: tx.explain(at, world.bob.name))
    assert told.rights == Right.NONE
    world.write(OPERATOR, lambda tx: tx.grant(at, world.bob.name, parse_rights("viewer")))
    assert world.rights(world.bob, at) == parse_rights("lrs")


def test_who_administers_the_domain_sees_it(world: World) -> None:
    at = held(world)
    root = world.read(OPERATOR, lambda tx: tx.locate(public(world), "")).id
    world.write(OPERATOR, lambda tx: tx.grant(root, world.bob.name, parse_rights("master")))
    assert Right.READ | Right.EXPUNGE | Right.ADMIN in world.rights(world.bob, at)


def test_what_is_denied_above_is_denied_there(world: World) -> None:
    at = held(world)
    root = world.read(OPERATOR, lambda tx: tx.locate(public(world), "")).id
    world.write(OPERATOR, lambda tx: tx.grant(root, world.bob.name, Right.NONE, parse_rights("r")))
    world.write(OPERATOR, lambda tx: tx.grant(at, world.bob.name, parse_rights("lr")))
    assert world.rights(world.bob, at) == Right.LOOKUP


def test_people_may_have_one_of_their_own(world: World) -> None:
    at = held(world, world.alice.account)
    assert world.rights(world.alice, at) == ALL
    root = world.read(world.alice, lambda tx: tx.locate(world.alice.account, "")).id
    world.grant(root, world.bob, "lrs")
    assert world.rights(world.bob, at) == Right.NONE


def test_nobody_gives_that_role_to_a_folder_or_takes_it_away(world: World) -> None:
    at = held(world, world.alice.account)
    said = "Refused: what is held back has a folder that the server makes"
    assert said in world.refusal(world.alice, lambda tx: tx.set_folder(world.work, role="quarantine"))
    assert said in world.refusal(world.alice, lambda tx: tx.set_folder(at, role=None))
    assert said in world.refusal(world.alice, lambda tx: tx.create_folder("Mine", role="quarantine"))


def test_a_folder_of_that_name_is_left_alone(world: World) -> None:
    world.write(world.alice, lambda tx: tx.create_folder("Quarantine"))
    at = held(world, world.alice.account)
    assert world.folder(world.alice, at).path == "Quarantine 2"


def test_it_is_kept_for_as_long_as_is_set(world: World) -> None:
    at, own = held(world), held(world, world.alice.account)
    world.write(OPERATOR, lambda tx: tx.put_setting("quarantineRetention", 5, world.alice.account))
    store, now = world.house.store, datetime.now(UTC)

    def left() -> list[int]:
        return [len(world.read(OPERATOR, lambda tx, at=at: tx.uids(at))) for at in (at, own)]  # type: ignore[misc]

    assert asyncio.run(expire_held(store, now=now + timedelta(days=4))) == 0
    assert asyncio.run(expire_held(store, now=now + timedelta(days=6))) == 1
    assert left() == [1, 0]
    assert asyncio.run(expire_held(store, now=now + timedelta(days=29))) == 0
    assert asyncio.run(expire_held(store, now=now + timedelta(days=31))) == 1
    assert left() == [0, 0]


def test_or_for_ever(world: World) -> None:
    held(world)
    world.write(OPERATOR, lambda tx: tx.put_setting("quarantineRetention", 0))
    assert asyncio.run(expire_held(world.house.store, now=datetime.now(UTC) + timedelta(days=3000))) == 0


def test_it_teaches_scanners_where_its_recipient_lets_it(world: World) -> None:
    at = held(world)
    [item] = world.read(OPERATOR, lambda tx: tx.items(at, EVERY))
    alice = world.alice.account
    assert world.write(OPERATOR, lambda tx: tx.teach(at, item.uid, alice, spam=False))
    [lesson] = world.read(OPERATOR, lambda tx: tx.lessons())
    assert (lesson.account, lesson.spam, lesson.blob) == (world.alice.name, False, item.blob)
    world.write(OPERATOR, lambda tx: tx.put_setting("learnFromJunk", False, alice))
    assert not world.write(OPERATOR, lambda tx: tx.teach(at, item.uid, alice, spam=False))


def test_who_may_not_see_it_is_told_that_nothing_is_there(world: World) -> None:
    held(world)
    assert world.refusal(world.alice, lambda tx: tx.role(public(world), "quarantine")).startswith(NotFound.__name__)


def test_it_takes_mail_though_the_tree_above_is_closed_to_it(world: World) -> None:
    root = world.read(OPERATOR, lambda tx: tx.locate(public(world), "")).id
    world.write(OPERATOR, lambda tx: tx.grant(root, "anyone", Right.NONE, parse_rights("p")))
    at = held(world)
    assert world.read(OPERATOR, lambda tx: tx.folder(at)).total == 1
