"""Items put in, replaced, taken away; UIDs, counters, quotas, ranges, and what a client hears of it all."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from groupware.model.errors import AlreadyExists, Conflict, NoRight, NotFound, OverQuota, Refused
from groupware.model.flags import FlagChange, Flags
from groupware.model.ids import BEGINNING, EVERY, ModSeq, Uid, Uids
from groupware.model.item import Delta
from groupware.model.principal import DELIVERY, OPERATOR
from groupware.store.upkeep import purge
from tests.store.world import World, deliver, letter, setting

ALL_BUT = {letter: "lrswipkxteq".replace(letter, "").replace("q", "") for letter in "lrswipkxte"}


def one(uid: int) -> Uids:
    return [(Uid(uid), Uid(uid))]


def test_uids_are_never_given_out_again(world: World) -> None:
    world.put(letter(), letter())
    world.write(world.alice, lambda tx: tx.expunge(world.work, EVERY, deleted_only=False))
    assert [each.uid for each in world.put()] == [3]


def test_the_counters_say_what_is_there(world: World) -> None:
    world.put(letter(100), letter(50, Flags.SEEN), letter(7, Flags.DELETED))
    found = world.folder(world.alice)
    assert (found.total, found.unseen, found.deleted, found.bytes, found.uidnext) == (3, 2, 1, 157, 4)
    world.write(world.alice, lambda tx: tx.expunge(world.work, EVERY))
    found = world.folder(world.alice)
    assert (found.total, found.unseen, found.deleted, found.bytes, found.uidnext) == (2, 1, 0, 150, 4)


@pytest.mark.parametrize("flag", list(Flags))
def test_flags_that_one_may_not_set_are_left_off_at_append(world: World, flag: Flags) -> None:
    world.grant("Work", world.bob, "lri")
    made = world.put(letter(100, flag, "$Word"), who=world.bob)
    assert (made[0].flags, made[0].keywords) == (Flags.NONE, frozenset())


def test_append_takes_i(world: World) -> None:
    world.grant("Work", world.bob, ALL_BUT["i"])
    with pytest.raises(NoRight, match="'i'"):
        world.put(who=world.bob)


def test_deliver_takes_p(world: World) -> None:
    world.grant("Work", world.bob, ALL_BUT["p"])
    with pytest.raises(NoRight, match="'p'"):
        world.write(world.bob, lambda tx: deliver(tx, world.work, letter()))
    world.grant("Work", world.bob, "lp")
    assert world.write(world.bob, lambda tx: deliver(tx, world.work, letter())).folder == world.work


def test_nothing_is_put_into_the_root(world: World) -> None:
    root = world.read(world.alice, lambda tx: tx.locate(world.alice.account, "")).id
    with pytest.raises(Refused, match="root"):
        world.put(at=root)


def test_expunge_takes_only_what_is_marked(world: World) -> None:
    world.put(letter(1, Flags.DELETED), letter())
    assert world.write(world.alice, lambda tx: tx.expunge(world.work, EVERY)) == [1]


def test_expunge_of_what_nobody_marked_takes_t(world: World) -> None:
    world.put(letter())
    world.grant("Work", world.bob, ALL_BUT["t"])
    with pytest.raises(NoRight):
        world.write(world.bob, lambda tx: tx.expunge(world.work, EVERY, deleted_only=False))
    world.grant("Work", world.bob, "lrte")
    assert world.write(world.bob, lambda tx: tx.expunge(world.work, EVERY, deleted_only=False)) == [1]


def test_expunge_takes_e(world: World) -> None:
    world.put(letter(1, Flags.DELETED))
    world.grant("Work", world.bob, ALL_BUT["e"])
    with pytest.raises(NoRight):
        world.write(world.bob, lambda tx: tx.expunge(world.work, EVERY))


def test_delete_own_takes_ones_own_items_away_and_no_others(world: World) -> None:
    world.put(letter())
    world.grant("Work", world.bob, "lri4")
    world.put(letter(), who=world.bob)
    assert world.write(world.bob, lambda tx: tx.expunge(world.work, EVERY, deleted_only=False)) == [2]


def test_edit_own_replaces_ones_own_item_and_no_other(world: World) -> None:
    world.put(letter(name="a.ics"))
    world.grant("Work", world.bob, "lri6")
    world.put(letter(name="b.ics"), who=world.bob)
    assert world.write(world.bob, lambda tx: tx.replace(world.work, "b.ics", letter(5))).uid == 3
    with pytest.raises(NoRight, match=r"a\.ics"):
        world.write(world.bob, lambda tx: tx.replace(world.work, "a.ics", letter()))


@pytest.mark.parametrize("missing", "ite")
def test_replacing_what_others_made_takes_i_t_and_e(world: World, missing: str) -> None:
    world.put(letter(name="a.ics"))
    world.grant("Work", world.bob, ALL_BUT[missing])
    with pytest.raises(NoRight):
        world.write(world.bob, lambda tx: tx.replace(world.work, "a.ics", letter()))


def test_a_replaced_item_keeps_its_id_name_and_author(world: World) -> None:
    old = world.put(letter(100, Flags.FLAGGED, name="a.ics"))[0]
    new = world.write(world.alice, lambda tx: tx.replace(world.work, "a.ics", letter(30)))
    found = world.folder(world.alice)
    assert (new.id, new.name, new.author, new.flags) == (old.id, "a.ics", world.alice.account, Flags.FLAGGED)
    assert (found.total, found.bytes, new.uid) == (1, 30, 2)


def test_a_replaced_item_tells_nobody_of_the_owners_seen(world: World) -> None:
    world.put(letter(100, Flags.SEEN, name="a.ics"))
    world.grant("Work", world.bob, "lrsite")
    assert world.write(world.bob, lambda tx: tx.replace(world.work, "a.ics", letter())).flags == Flags.NONE


def test_replace_is_a_conflict_when_it_changed_since(world: World) -> None:
    old = world.put(letter(name="a.ics"))[0]
    world.mark(world.alice, Flags.FLAGGED)
    with pytest.raises(Conflict):
        world.write(world.alice, lambda tx: tx.replace(world.work, "a.ics", letter(), old.modseq))


def test_a_name_is_held_by_one_item(world: World) -> None:
    world.put(letter(name="a.ics"))
    for new in ([letter(name="a.ics")], [letter(name="b.ics"), letter(name="b.ics")]):
        with pytest.raises(AlreadyExists):
            world.put(*new)


def test_a_name_too_long_to_be_stored_is_refused(world: World) -> None:
    with pytest.raises(Refused, match="255"):
        world.put(letter(name="x" * 256))


def test_the_item_of_a_name_that_nobody_has_is_not_found(world: World) -> None:
    with pytest.raises(NotFound, match=r"b\.ics"):
        world.read(world.alice, lambda tx: tx.item(world.work, "b.ics"))


# --- quotas ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "value"), [("mailboxSize", 1), ("mailboxMessageCount", 1)])
def test_what_does_not_fit_the_owners_quota_is_not_stored(world: World, name: str, value: int) -> None:
    setting(world, name, value)
    world.put(letter(1000))
    with pytest.raises(OverQuota, match="mailbox of alice@"):
        world.put(letter(1000))
    assert world.folder(world.alice).total == 1


@pytest.mark.parametrize("quota", ["quota_items", "quota_bytes"])
def test_what_does_not_fit_the_folders_quota_comes_in_by_no_way(world: World, quota: str) -> None:
    values = {"quota_items": 1, "quota_bytes": 150}
    world.write(world.alice, lambda tx: tx.set_folder("Work", **{quota: values[quota]}))
    world.put(letter(100))
    inbox = world.folder(world.alice, "INBOX").id
    world.put(letter(100), at=inbox)
    for work in (
        lambda tx: tx.append(world.work, [letter(100)]),
        lambda tx: deliver(tx, world.work, letter(100)),
        lambda tx: tx.copy(inbox, EVERY, world.work),
        lambda tx: tx.move(inbox, EVERY, world.work),
    ):
        with pytest.raises(OverQuota, match="folder Work"):
            world.write(world.alice, work)


def test_who_is_over_quota_may_still_move_and_shrink(world: World) -> None:
    world.put(letter(5000, name="a.ics"))
    setting(world, "mailboxSize", 1)
    world.write(world.alice, lambda tx: tx.move(world.work, EVERY, world.deep))
    assert world.write(world.alice, lambda tx: tx.replace(world.deep, "a.ics", letter(4000))).size == 4000


def test_the_owners_account_says_what_its_tree_holds(world: World) -> None:
    world.put(letter(10), letter(20))
    world.put(letter(5), at=world.deep)
    account = world.read(OPERATOR, lambda tx: tx.account(world.alice.account))
    assert (account.bytes, account.items) == (35, 3)


# --- ranges ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [1, 2, 3])
def test_many_ranges_hold_what_they_name_and_nothing_else(world: World, step: int) -> None:
    world.put(*(letter() for _ in range(120)))
    uids = [(Uid(each), Uid(each)) for each in range(1, 121, step)]
    wanted = [low for low, _ in uids]
    assert [each.uid for each in world.read(world.alice, lambda tx: tx.items(world.work, uids))] == wanted
    changed, _ = world.write(world.alice, lambda tx: tx.update_flags(world.work, uids, FlagChange(add=Flags.DELETED)))
    assert [each.uid for each in changed] == wanted
    assert list(world.write(world.alice, lambda tx: tx.expunge(world.work, uids))) == wanted


@pytest.mark.parametrize("limit", [1, 3, 4, 7, 100])
def test_a_limit_over_several_ranges_is_filled(world: World, limit: int) -> None:
    world.put(*(letter() for _ in range(12)))
    ranges = [(Uid(1), Uid(3)), (Uid(5), Uid(7)), (Uid(9), Uid(11))]
    found = world.read(world.alice, lambda tx: tx.items(world.work, ranges, limit=limit))
    assert [each.uid for each in found] == [1, 2, 3, 5, 6, 7, 9, 10, 11][:limit]


def test_no_ranges_hold_nothing(world: World) -> None:
    world.put()
    assert world.read(world.alice, lambda tx: list(tx.items(world.work, []))) == []
    assert world.write(world.alice, lambda tx: list(tx.expunge(world.work, []))) == []
    assert world.write(world.alice, lambda tx: list(tx.copy(world.work, [], world.deep))) == []


# --- what changed ---------------------------------------------------------------------------------------------------


def test_a_delta_tells_what_came_changed_and_went(world: World) -> None:
    world.put(letter(name="a"), letter(), letter(), letter())
    since = world.folder(world.alice).modseq
    world.mark(world.alice, Flags.FLAGGED, one(2))
    world.write(world.alice, lambda tx: tx.expunge(world.work, one(1), deleted_only=False))
    world.put()
    found = world.read(world.alice, lambda tx: tx.delta(world.work, since))
    assert [each.uid for each in found.changed] == [2, 5]
    assert (found.vanished, found.truncated, found.reset) == ([(1, "a")], False, False)
    assert found.modseq == world.folder(world.alice).modseq


def test_what_vanished_since_is_told_and_forgotten_things_are_not_made_up(world: World) -> None:
    world.put(letter(), letter(), letter())
    world.write(world.alice, lambda tx: tx.expunge(world.work, one(3), deleted_only=False))
    since = world.folder(world.alice).modseq
    world.write(world.alice, lambda tx: tx.expunge(world.work, one(1), deleted_only=False))

    def vanished(modseq: int) -> object:
        return world.read(world.alice, lambda tx: tx.vanished(world.work, ModSeq(modseq)))

    assert vanished(since) == [1]
    assert vanished(since - 1) == [1, 3]
    assert vanished(since + 1) == []
    assert vanished(1 << 40) is None


def test_a_delta_of_the_future_starts_over(world: World) -> None:
    assert world.read(world.alice, lambda tx: tx.delta(world.work, ModSeq(1 << 40))).reset is True


def test_a_limited_delta_leads_on_to_the_rest(world: World) -> None:
    for _ in range(5):
        world.put()
    first = world.read(world.alice, lambda tx: tx.delta(world.work, ModSeq(0), 2))
    rest = world.read(world.alice, lambda tx: tx.delta(world.work, first.modseq, 100))
    assert ([each.uid for each in first.changed], first.truncated) == ([1, 2], True)
    assert ([each.uid for each in rest.changed], rest.truncated) == ([3, 4, 5], False)


def test_a_first_synchronisation_in_pages_reaches_its_end_after_retention(world: World) -> None:
    for _ in range(6):
        world.put()
    world.write(world.alice, lambda tx: tx.expunge(world.work, [(Uid(5), Uid(5))], deleted_only=False))
    end_retention(world)
    known: set[Uid] = set()
    page = Delta((), (), BEGINNING, truncated=True)
    while page.truncated:
        since, began = page.modseq, page.began
        page = world.read(world.alice, lambda tx: tx.delta(world.work, since, 1, began))  # noqa: B023
        assert not page.reset
        known |= {each.uid for each in page.changed}
    assert (known, page.began) == ({1, 2, 3, 4, 6}, 0)


def test_a_first_synchronisation_starts_over_when_retention_ends_in_its_midst(world: World) -> None:
    for _ in range(3):
        world.put()
    page = world.read(world.alice, lambda tx: tx.delta(world.work, BEGINNING, 1))
    world.write(world.alice, lambda tx: tx.expunge(world.work, [(Uid(1), Uid(1))], deleted_only=False))
    end_retention(world)
    assert world.read(world.alice, lambda tx: tx.delta(world.work, page.modseq, 1, page.began)).reset


def end_retention(world: World) -> None:
    later = datetime.now(UTC) + timedelta(days=40)
    assert asyncio.run(purge(world.house.store, now=later)) == 1


def test_somebody_elses_seen_is_no_change_of_mine(world: World) -> None:
    world.put()
    world.grant("Work", world.bob, "lrs")
    world.grant("Work", world.carol, "lrs")
    since = world.folder(world.carol).modseq
    world.mark(world.bob, Flags.SEEN)
    assert world.read(world.carol, lambda tx: tx.delta(world.work, since)).changed == []
    assert [each.flags for each in world.read(world.bob, lambda tx: tx.delta(world.work, since)).changed] == [
        Flags.SEEN
    ]


def test_sharing_seen_makes_clients_start_over(world: World) -> None:
    world.put()
    since = world.folder(world.alice).modseq
    world.write(world.alice, lambda tx: tx.set_folder("Work", shared_seen=True))
    assert world.read(world.alice, lambda tx: tx.delta(world.work, since)).reset is True


def test_mail_that_is_delivered_has_no_author(world: World) -> None:
    world.write(DELIVERY, lambda tx: deliver(tx, world.work, letter()))
    assert world.read(world.alice, lambda tx: tx.items(world.work, EVERY))[0].author is None
