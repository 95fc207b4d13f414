"""What a folder says of itself: octets as sent, what EXPUNGE would free, limits by root, one folder a role."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import Executable

from groupware.model.errors import NoRight, NotFound, OverQuota, Refused, RoleTaken
from groupware.model.event import Target
from groupware.model.flags import Flags
from groupware.model.folder import Role
from groupware.model.ids import EVERY, Uid
from groupware.model.item import Kind
from groupware.model.principal import OPERATOR, Principal
from groupware.model.rights import ALL, Right, parse_rights
from groupware.store.sql.engine import Sql
from tests.store.world import World, letter


def sent(world: World, who: Principal | None = None) -> int:
    found = world.folder(who or world.alice)
    return found.bytes + found.extra


def test_octets_as_sent_follow_every_change(world: World) -> None:
    world.put(replace(letter(100), extra=7), replace(letter(50), extra=1), letter(10))
    assert sent(world) == 168
    listed = world.read(world.alice, lambda tx: {each.id: each.bytes + each.extra for each in tx.folders()})
    assert listed[world.work] == 168
    world.write(world.alice, lambda tx: tx.copy(world.work, ((Uid(1), Uid(1)),), world.deep))
    world.write(world.alice, lambda tx: tx.move(world.work, ((Uid(2), Uid(2)),), world.deep))
    assert sent(world) == 117
    assert world.folder(world.alice, world.deep).extra == 8
    world.write(world.alice, lambda tx: tx.expunge(world.work, EVERY, deleted_only=False))
    assert sent(world) == 0
    world.write(world.alice, lambda tx: tx.append(world.work, [replace(letter(10, name="a"), extra=3)]))
    world.write(world.alice, lambda tx: tx.replace(world.work, "a", replace(letter(20), extra=1)))
    assert sent(world) == 21


def test_what_expunge_would_free(world: World) -> None:
    world.put(letter(100), letter(50), letter(10))
    world.mark(world.alice, Flags.DELETED, ((Uid(1), Uid(2)),))
    assert world.read(world.alice, lambda tx: tx.reclaimable([world.work, world.deep])) == {
        world.work: 150,
        world.deep: 0,
    }
    world.grant(world.work, world.bob, "l")
    with pytest.raises(NoRight):
        world.read(world.bob, lambda tx: tx.reclaimable([world.work]))


def test_arrival_is_another_than_the_date_that_was_given(world: World) -> None:
    [first] = world.put(letter())
    world.write(world.alice, lambda tx: tx.move(world.work, EVERY, world.deep))
    [moved] = world.read(world.alice, lambda tx: tx.items(world.deep, EVERY))
    assert moved.arrived > first.arrived
    assert moved.saved == first.saved


def test_octets_as_sent_of_what_is_delivered(world: World) -> None:
    target = Target("account", account=world.alice.account)
    world.write(OPERATOR, lambda tx: tx.deliver([target], replace(letter(100), extra=7)))
    inbox = world.read(world.alice, lambda tx: tx.folder("INBOX"))
    assert (inbox.bytes, inbox.extra) == (100, 7)


# --- limits ---------------------------------------------------------------------------------------------------------


def test_limits_of_a_tree_are_the_administrators(world: World) -> None:
    postmaster = world.house.who("postmaster@example.test")
    with pytest.raises(NoRight):
        world.write(world.alice, lambda tx: tx.put_quota("", {"STORAGE": 1}))
    words = {world.refusal(world.bob, lambda tx, root=root: tx.put_quota(root, {})).replace(root, "ROOT")  # type: ignore[misc]
             for root in ("Other Users/alice@example.test", "Other Users/nobody@example.test")}  # fmt: skip
    assert len(words) == 1
    root = "Other Users/alice@example.test"
    told = world.write(postmaster, lambda tx: tx.put_quota(root, {"STORAGE": 1, "MESSAGE": 5, "MAILBOX": 100}))
    assert [row[1:] for row in told][:2] == [("STORAGE", 0, 1), ("MESSAGE", 0, 5)]
    with pytest.raises(OverQuota):
        world.put(letter(2000))
    assert world.write(postmaster, lambda tx: tx.put_quota(root, {"MESSAGE": 1})) == [(root, "MESSAGE", 0, 1)]
    world.put(letter(2000))
    assert world.write(postmaster, lambda tx: tx.put_quota(root, {})) == []


def test_who_sets_the_limits_of_a_tree_is_told_them_and_nobody_else(world: World) -> None:
    postmaster, root = world.house.who("postmaster@example.test"), "Other Users/alice@example.test"
    world.write(postmaster, lambda tx: tx.put_quota(root, {"MESSAGE": 5}))
    world.put(letter(2000))
    assert world.read(postmaster, lambda tx: tx.tree_quota(root)) == [(root, "MESSAGE", 1, 5)]
    world.grant(world.work, world.bob, "lr")
    for path in (root, "Other Users/nobody@example.test", f"{root}/Work"):
        with pytest.raises(NotFound, match="there is no such root"):
            world.read(world.bob, lambda tx, path=path: tx.tree_quota(path))  # type: ignore[misc]


def test_limits_of_a_folder_are_those_of_who_administers_it(world: World) -> None:
    assert world.write(world.alice, lambda tx: tx.put_quota("Work", {"STORAGE": 1})) == [("Work", "STORAGE", 0, 1)]
    with pytest.raises(OverQuota):
        world.put(letter(2000))
    path = "Other Users/alice@example.test/Work"
    world.grant(world.work, world.bob, "lr")
    with pytest.raises(NoRight):
        world.write(world.bob, lambda tx: tx.put_quota(path, {}))
    world.grant(world.work, world.bob, "lra")
    assert world.write(world.bob, lambda tx: tx.put_quota(path, {"MESSAGE": 2})) == [(path, "MESSAGE", 0, 2)]
    with pytest.raises(NotFound):
        world.write(world.carol, lambda tx: tx.put_quota(path, {}))


@pytest.mark.parametrize("most", [{"MAILBOX": 1}, {"X": 1}, {"STORAGE": 1 << 62}])
def test_limits_that_cannot_be(world: World, most: dict[str, int]) -> None:
    with pytest.raises(Refused):
        world.write(world.alice, lambda tx: tx.put_quota("Work", most))


# --- roles ----------------------------------------------------------------------------------------------------------


def test_one_folder_has_a_role(world: World) -> None:
    with pytest.raises(RoleTaken):
        world.write(world.alice, lambda tx: tx.create_folder("Second", Kind.MAIL, Role.SENT))
    with pytest.raises(NotFound):
        world.read(world.alice, lambda tx: tx.folder("Second"))
    with pytest.raises(RoleTaken):
        world.write(world.alice, lambda tx: tx.set_folder(world.work, role="sent"))
    world.write(world.alice, lambda tx: tx.set_folder("Sent", role=None))
    made = world.write(world.alice, lambda tx: tx.create_folder("Second", Kind.MAIL, Role.SENT))
    assert made.role == "sent"


def test_a_role_in_somebody_elses_tree_takes_a(world: World) -> None:
    world.grant(world.work, world.bob, "lrk")
    path = "Other Users/alice@example.test/Work/New"
    world.write(world.alice, lambda tx: tx.set_folder("Junk", role=None))
    with pytest.raises(NoRight):
        world.write(world.bob, lambda tx: tx.create_folder(path, Kind.MAIL, Role.JUNK))
    world.grant(world.work, world.bob, "lrka")
    world.write(world.bob, lambda tx: tx.create_folder(path, Kind.MAIL, Role.JUNK))


def test_inbox_keeps_its_role(world: World) -> None:
    with pytest.raises(Refused):
        world.write(world.alice, lambda tx: tx.set_folder("INBOX", role=None))


# --- rights ---------------------------------------------------------------------------------------------------------


def test_what_somebody_has_without_a_row_here(world: World) -> None:
    world.grant(world.work, world.bob, "lrs", "t")
    world.grant(world.work, "group:staff@example.test", "i")
    world.grant(world.deep, world.bob, "wt")

    def inherited(actor: str) -> Right:
        return world.read(world.alice, lambda tx: tx.inherited(world.deep, actor))

    assert inherited("bob@example.test") == parse_rights("lrsi")
    assert inherited("carol@other.test") == Right.NONE
    assert inherited("alice@example.test") == ALL
    assert inherited("anyone") == Right.NONE


def test_a_hidden_folder_costs_the_statements_of_one_that_is_not_there(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    prepare = Sql._prepare

    def note(sql: Sql, statement: Executable) -> object:
        asked.append(str(statement))
        return prepare(sql, statement)

    monkeypatch.setattr(Sql, "_prepare", note)
    counted = {}
    for path in ("Work", "Work", "Work/Deep", "Nothing", "Work/Nothing"):
        asked.clear()
        with pytest.raises(NotFound):
            world.read(world.bob, lambda tx, path=path: tx.folder(f"Other Users/alice@example.test/{path}"))  # type: ignore[misc]
        counted[path] = tuple(asked)  # of the first look, that learns the tree, nothing is kept
    assert len(counted["Work"]) > 1
    assert set(counted.values()) == {counted["Work"]}


def test_the_operator_is_nobodys_owner(world: World) -> None:
    with pytest.raises((NotFound, Refused, NoRight)):
        world.write(OPERATOR, lambda tx: tx.put_quota("Other Users/nobody@example.test", {}))
