"""Who passes the threshold of a quota is to be told once, whoever put in what made it pass."""

from __future__ import annotations

from contextlib import suppress

import pytest

from groupware.model.errors import NoRight, OverQuota
from groupware.model.event import QuotaWarning, Target
from groupware.model.ids import EVERY
from groupware.model.principal import OPERATOR
from groupware.store.sql import warnings
from tests.store.world import World, letter

KB = 1024


def limited(world: World, *, size: int = 0, messages: int = 0) -> None:
    def work(tx):  # type: ignore[no-untyped-def]
        tx.put_setting("mailboxSize", size, of=world.alice.account)
        tx.put_setting("mailboxMessageCount", messages, of=world.alice.account)
        tx.put_setting("quotaLimitThreshold", 80, of=world.alice.account)

    world.write(OPERATOR, work)


def put(world: World, octets: int, many: int = 1) -> None:
    world.write(world.alice, lambda tx: tx.append(world.work, [letter(octets) for _ in range(many)]))


def due(world: World) -> list[tuple[str, int, int]]:
    found = world.read(OPERATOR, lambda tx: tx.quota_warnings())
    return [(each.resource, each.used, each.most) for each in found]


def test_below_the_threshold_nobody_is_told(world: World) -> None:
    limited(world, size=10)
    put(world, 8 * KB - 1)
    assert due(world) == []


def test_who_passes_it_is_to_be_told_with_what_there_is(world: World) -> None:
    limited(world, size=10)
    put(world, 8 * KB)
    told = world.read(OPERATOR, lambda tx: tx.quota_warnings())
    assert told == [QuotaWarning(world.alice.account, world.alice.name, "STORAGE", 8 * KB, 10 * KB)]


def test_the_number_of_messages_counts_as_well(world: World) -> None:
    limited(world, messages=5)
    put(world, 1, many=4)
    assert due(world) == [("MESSAGE", 4, 5)]


def test_mail_that_comes_in_counts_as_what_the_owner_puts_in(world: World) -> None:
    limited(world, size=10)
    new = letter(9 * KB)
    world.write(OPERATOR, lambda tx: tx.deliver([Target("folder", folder=world.work)], new))
    assert due(world) == [("STORAGE", 9 * KB, 10 * KB)]


def test_what_did_not_fit_warns_of_nothing(world: World) -> None:
    limited(world, size=10)
    with suppress(OverQuota):
        put(world, 11 * KB)
    assert due(world) == []


def test_mail_that_comes_in_and_does_not_fit_has_its_owner_told(world: World) -> None:
    limited(world, size=10)
    put(world, 5 * KB)
    target = Target("account", account=world.alice.account)
    [verdict] = world.write(OPERATOR, lambda tx: tx.deliver([target], letter(6 * KB)))
    assert isinstance(verdict, OverQuota)
    assert due(world) == [("STORAGE", 5 * KB, 10 * KB)]


def test_mail_that_was_sent_away_for_lack_of_room_has_its_owner_told(world: World) -> None:
    put(world, 5 * KB)
    limited(world, size=5)
    world.write(OPERATOR, lambda tx: tx.mailbox_full(world.alice.account, 1))
    assert due(world) == [("STORAGE", 5 * KB, 5 * KB)]


def test_nobody_else_may_have_an_owner_told(world: World) -> None:
    with pytest.raises(NoRight):
        world.write(world.alice, lambda tx: tx.mailbox_full(world.alice.account, 1))


def test_the_letter_gets_into_a_mailbox_that_is_full(world: World) -> None:
    limited(world, messages=2)
    put(world, 1, many=2)
    landed = world.write(OPERATOR, lambda tx: tx.tell_of_quota(world.alice.account, letter(100)))
    assert landed is not None
    found = world.read(world.alice, lambda tx: tx.items(landed.folder, EVERY))
    assert [(each.uid, each.size) for each in found] == [(landed.uid, 100)]
    assert world.read(world.alice, lambda tx: tx.folder("INBOX")).total == 1


def test_one_is_told_once(world: World) -> None:
    limited(world, size=10)
    put(world, 8 * KB)
    told = [world.write(OPERATOR, lambda tx: tx.tell_of_quota(world.alice.account, letter(100))) for _ in range(2)]
    assert [each is not None for each in told] == [True, False]
    put(world, KB)
    assert due(world) == []


@pytest.mark.parametrize(("pause", "expected"), [(warnings.AGAIN_AFTER, []), (-1, [("STORAGE", 8 * KB, 10 * KB)])])
def test_who_passes_it_again_is_told_again_but_not_the_same_day(
    world: World, monkeypatch: pytest.MonkeyPatch, pause: int, expected: list[tuple[str, int, int]]
) -> None:
    limited(world, size=10)
    put(world, 8 * KB)
    world.write(OPERATOR, lambda tx: tx.tell_of_quota(world.alice.account, letter(0)))
    monkeypatch.setattr(warnings, "AGAIN_AFTER", pause)
    world.write(world.alice, lambda tx: tx.expunge(world.work, EVERY, deleted_only=False))
    put(world, 8 * KB)
    assert due(world) == expected


def test_nobody_but_the_server_sees_whose_mailbox_is_full(world: World) -> None:
    limited(world, size=10)
    put(world, 8 * KB)
    with pytest.raises(NoRight):
        world.read(world.bob, lambda tx: tx.quota_warnings())
    with pytest.raises(NoRight):
        world.write(world.bob, lambda tx: tx.tell_of_quota(world.alice.account, letter(100)))
