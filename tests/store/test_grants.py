"""Grants: whom they reach, how they add up, when they end; and that what changed is seen at once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import pytest

from groupware.model.errors import BadCredentials, NoRight, NotFound, Refused
from groupware.model.principal import OPERATOR
from groupware.model.rights import ALL, Right, letters, parse_rights
from groupware.model.times import moment, now_micros
from groupware.store import open_store
from groupware.store.sql import grants, tree
from tests.store.conftest import Place
from tests.store.house import House, Silent
from tests.store.world import World


@pytest.fixture
def elsewhere(place: Place, world: World) -> Iterator[House]:
    """The same database, opened by another process."""
    store = open_store(place.data, place.url, bus=Silent())  # type: ignore[arg-type]
    yield House(store)
    asyncio.run(store.close())


GRANTEES = [
    ("bob@example.test", True),
    ("group:sales@example.test", True),
    ("group:staff@example.test", True),
    ("domain:example.test", True),
    ("domain:other.test", False),
    ("everyone", True),
    ("anyone", True),
    ("carol@other.test", False),
]


@pytest.mark.parametrize(("grantee", "reaches"), GRANTEES)
def test_whom_a_grant_reaches(world: World, grantee: str, reaches: bool) -> None:
    world.grant("Work", grantee, "lr")
    assert letters(world.rights(world.bob)) == ("lr" if reaches else "")


def test_an_owner_has_every_right_and_cannot_lose_one(world: World) -> None:
    world.grant("Work", "everyone", deny="lra")
    assert world.rights(world.alice) == ALL
    with pytest.raises(Refused, match="owns"):
        world.grant("Work", world.alice, deny="l")


def test_rights_are_inherited_and_add_up(world: World) -> None:
    world.grant("Work", world.bob, "l")
    world.grant("Work/Deep", "group:staff@example.test", "r")
    assert letters(world.rights(world.bob, world.deep)) == "lr"


def test_a_deny_on_an_ancestor_wins_over_an_allow_below(world: World) -> None:
    world.grant("Work", "group:staff@example.test", "l", deny="r")
    world.grant("Work/Deep", world.bob, "lr")
    assert letters(world.rights(world.bob, world.deep)) == "l"


def test_a_grant_of_nothing_takes_the_row_away(world: World) -> None:
    world.grant("Work", world.bob, "lr")
    world.grant("Work", world.bob)
    assert (world.read(world.alice, lambda tx: list(tx.grants("Work"))), world.rights(world.bob)) == ([], Right.NONE)


def test_what_a_writer_cannot_express_stays(world: World) -> None:
    world.grant("Work", world.bob, "lr96", "5")
    keep = parse_rights("9654321")
    world.write(world.alice, lambda tx: tx.grant("Work", world.bob.name, parse_rights("lrs"), keep=keep))
    row = world.read(world.alice, lambda tx: tx.grants("Work"))[0]
    assert (letters(row.allow), letters(row.deny)) == ("lrs96", "5")


def test_the_same_right_is_not_both_allowed_and_denied(world: World) -> None:
    with pytest.raises(Refused, match="both"):
        world.grant("Work", world.bob, "lr", "r")


@pytest.mark.parametrize(
    "name", ["nobody@example.test", "group:nobody@example.test", "", "operator", "public:example.test"]
)
def test_a_grantee_that_is_nobody_is_not_found(world: World, name: str) -> None:
    with pytest.raises(NotFound, match="nobody of that name"):
        world.grant("Work", name, "l")


@pytest.mark.parametrize("missing", ["lrswipkxte"])
def test_grants_take_a(world: World, missing: str) -> None:
    world.grant("Work", world.bob, missing)
    for work in (
        lambda tx: tx.grants("Other Users/alice@example.test/Work"),
        lambda tx: tx.explain(world.work, "bob@example.test"),
        lambda tx: tx.grant(world.work, "bob@example.test", ALL),
        lambda tx: tx.set_folder(world.work, shared_seen=True),
    ):
        with pytest.raises(NoRight, match="'a'"):
            world.write(world.bob, work)


# --- ends -----------------------------------------------------------------------------------------------------------


def test_a_grant_ends_with_what_was_decided_from_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ends = moment(now_micros()) + timedelta(hours=1)
    world.write(world.alice, lambda tx: tx.grant("Work", world.bob.name, parse_rights("lr"), expires=ends))
    assert letters(world.rights(world.bob)) == "lr"
    monkeypatch.setattr(tree, "now_micros", lambda: now_micros() + 3_601_000_000)
    assert world.rights(world.bob) == Right.NONE


def test_a_deny_that_ends_gives_back_what_it_took(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ends = moment(now_micros()) + timedelta(hours=1)
    world.grant("Work", world.bob, "lr")
    deny = parse_rights("r")
    world.write(world.alice, lambda tx: tx.grant("Work", "everyone", Right.NONE, deny, ends))
    assert letters(world.rights(world.bob)) == "l"
    monkeypatch.setattr(tree, "now_micros", lambda: now_micros() + 3_601_000_000)
    assert letters(world.rights(world.bob)) == "lr"


def test_a_grant_that_has_ended_already_is_refused(world: World) -> None:
    with pytest.raises(Refused, match="ended already"):
        world.write(world.alice, lambda tx: tx.grant("Work", world.bob.name, Right.LOOKUP, expires=moment(1)))


# --- why ------------------------------------------------------------------------------------------------------------


def test_explain_names_each_row_that_decides(world: World) -> None:
    world.grant("Work", "group:staff@example.test", "lr")
    world.grant("Work/Deep", world.bob, "s", "r")
    told = world.read(world.alice, lambda tx: tx.explain("Work/Deep", world.bob.name))
    assert letters(told.rights) == "ls"
    assert [(each.path, each.grantee, each.text) for each in told.reasons] == [
        ("Work/Deep", "bob@example.test", "allows s and denies r"),
        ("Work", "group:staff@example.test", "allows lr"),
    ]


def test_explain_says_that_a_grant_has_expired(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ends = moment(now_micros()) + timedelta(hours=1)
    world.write(world.alice, lambda tx: tx.grant("Work", world.bob.name, Right.LOOKUP, expires=ends))
    for module in (tree, grants):
        monkeypatch.setattr(module, "now_micros", lambda: now_micros() + 3_601_000_000)
    told = world.read(world.alice, lambda tx: tx.explain("Work", world.bob.name))
    assert (told.rights, told.reasons[0].text.split()[0]) == (Right.NONE, "expired")


def test_explain_says_that_an_account_is_disabled(world: World) -> None:
    world.grant("Work", world.bob, "lr")
    world.write(OPERATOR, lambda tx: tx.update_account(world.bob.name, enabled=False))
    told = world.read(world.alice, lambda tx: tx.explain("Work", world.bob.name))
    assert (told.rights, "disabled" in told.reasons[0].text) == (Right.NONE, True)


def test_anyone_is_not_everyone(world: World) -> None:
    world.grant("Work", "everyone", "lr")
    assert world.read(world.alice, lambda tx: tx.explain("Work", "anyone")).rights == Right.NONE


# --- the public tree ------------------------------------------------------------------------------------------------


def test_members_read_their_public_tree_and_its_postmaster_has_all_of_it(world: World) -> None:
    public = next(each.account for each in world.read(OPERATOR, lambda tx: tx.domains()) if each.name == "example.test")
    assert public is not None
    news = world.write(OPERATOR, lambda tx: tx.add_folder(public, "News")).id
    master = world.house.who("postmaster@example.test")
    assert (letters(world.rights(world.bob, news)), world.rights(master, news)) == ("lrs", ALL)
    assert world.rights(world.carol, news) == Right.NONE


# --- at once --------------------------------------------------------------------------------------------------------


def test_a_disabled_account_does_nothing_any_more(world: World) -> None:
    world.write(OPERATOR, lambda tx: tx.update_account(world.bob.name, enabled=False))
    for ask in (world.read, world.write):
        with pytest.raises(BadCredentials):
            ask(world.bob, lambda tx: tx.subscriptions())


def test_a_grant_of_another_process_is_seen_at_once(world: World, elsewhere: House) -> None:
    assert world.rights(world.bob) == Right.NONE
    elsewhere.write(lambda tx: tx.grant(world.work, "everyone", parse_rights("lr")), world.alice)
    assert letters(world.rights(world.bob)) == "lr"
    elsewhere.write(lambda tx: tx.grant(world.work, "everyone", Right.NONE), world.alice)
    assert world.rights(world.bob) == Right.NONE


def test_a_membership_of_another_process_is_seen_at_once(world: World, elsewhere: House) -> None:
    world.grant("Work", "group:staff@example.test", "lr")
    assert letters(world.rights(world.bob)) == "lr"
    elsewhere.write(lambda tx: tx.drop_member("staff@example.test", "sales@example.test"))
    assert world.rights(world.bob) == Right.NONE


def test_a_grant_is_seen_by_the_transaction_that_made_it(world: World) -> None:
    def work(tx: object) -> str:
        tx.grant("Work", world.bob.name, parse_rights("lr"))  # type: ignore[attr-defined]
        return letters(tx.explain("Work", world.bob.name).rights)  # type: ignore[attr-defined]

    assert world.write(world.alice, work) == "lr"
