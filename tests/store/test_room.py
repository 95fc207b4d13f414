"""Who is told how full a mailbox is: whoever may read the whole of it, and nobody else."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from groupware.model.errors import OverQuota
from groupware.model.ids import FolderId
from groupware.model.principal import DELIVERY
from groupware.store.api import WriteTx
from tests.store.world import World, deliver, letter


@pytest.fixture
def full(world: World) -> World:
    """Alice's mailbox, and her folder `Work`, hold what they may; she shares that one folder."""

    def limit(tx: WriteTx) -> None:
        for name, most in (("mailboxSize", 1), ("mailboxMessageCount", 1), ("mailboxFolderCount", 1)):
            tx.put_setting(name, most, world.alice.account)

    world.put(letter(1000))
    world.house.write(limit)
    world.grant(world.work, world.bob, "lrik")
    return world


def home(world: World) -> FolderId:
    """The root of Alice's mailbox."""
    return world.read(world.alice, lambda tx: tx.home())


def roots(world: World) -> set[str]:
    """The quotas that Bob is told of."""
    return {root for root, *_ in world.read(world.bob, lambda tx: tx.quota(world.work))}


def test_who_reads_a_folder_is_told_of_its_own_quota_alone(full: World) -> None:
    assert roots(full) == set()
    full.write(full.alice, lambda tx: tx.set_folder(full.work, quota_items=7))
    assert roots(full) == {"Other Users/alice@example.test/Work"}


def test_who_reads_all_of_a_mailbox_is_told_of_its_quota(full: World) -> None:
    full.grant(home(full), full.bob, "lr")
    assert roots(full) == {"Other Users/alice@example.test"}


Work = Callable[[WriteTx], object]


@pytest.mark.parametrize("name", ["octets", "items", "folders"])
def test_a_refusal_says_how_much_there_is_to_who_may_know_it(full: World, name: str) -> None:
    if name == "octets":
        full.house.write(lambda tx: tx.put_setting("mailboxMessageCount", 9, full.alice.account))
    work: Work = lambda tx: tx.append(full.work, [letter(1000)])  # noqa: E731
    if name == "folders":
        work = lambda tx: tx.create_folder("Other Users/alice@example.test/Work/New")  # noqa: E731
    with pytest.raises(OverQuota) as refused:
        full.write(full.bob, work)
    assert not any(each.isdigit() for each in str(refused.value))
    full.grant(home(full), full.bob, "lr")
    with pytest.raises(OverQuota, match=r"\b(1|1024)\b"):
        full.write(full.bob, work)


def test_a_stranger_whose_mail_does_not_fit_is_told_neither_numbers_nor_paths(full: World) -> None:
    full.house.write(lambda tx: tx.put_setting("mailboxMessageCount", 9, full.alice.account))
    with pytest.raises(OverQuota, match=r"mailbox of alice@example\.test: it is full"):
        full.write(DELIVERY, lambda tx: deliver(tx, full.work, letter(1000)))
    full.house.write(lambda tx: tx.put_setting("mailboxSize", 1000, full.alice.account))
    full.write(full.alice, lambda tx: tx.set_folder(full.work, quota_items=1))
    with pytest.raises(OverQuota) as refused:
        full.write(DELIVERY, lambda tx: deliver(tx, full.work, letter(10)))
    assert "Work" not in str(refused.value) and "1" not in str(refused.value)
