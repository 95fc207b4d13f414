"""What people send is counted to the message; greylisting knows who has come before."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from groupware.model.errors import NoRight
from groupware.model.ids import AccountId
from groupware.model.policy import SendUse
from groupware.model.principal import OPERATOR, Domain, NewAccount
from groupware.store import open_store
from groupware.store.api import WriteTx
from groupware.store.bus import LocalBus
from groupware.store.sql import greylist, schema, sending
from tests.store.conftest import Place
from tests.store.world import World

SECOND = 1_000_000


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The time, to be moved."""
    time = [1_800_000_000 * SECOND]
    for module in (sending, greylist):
        monkeypatch.setattr(module, "now_micros", lambda: time[0])
    return time


def limit(world: World, **values: int) -> None:
    def work(tx: WriteTx) -> None:
        for name, value in values.items():
            tx.put_setting(f"sendQuota{name}", value, of=world.alice.account)

    world.write(OPERATOR, work)


def spend(world: World, recipients: int = 1, octets: int = 100) -> bool:
    return world.write(OPERATOR, lambda tx: tx.spend(world.alice.account, recipients, octets))[1]


def use(world: World) -> SendUse:
    return world.read(world.alice, lambda tx: tx.send_use())


def test_without_a_limit_nothing_is_kept(world: World) -> None:
    assert all(spend(world) for _ in range(5))
    assert use(world) == SendUse() and not use(world).limited


@pytest.mark.parametrize(
    ("limits", "sent", "fits"),
    [
        ({"Messages": 2}, [(9, 9), (9, 9), (1, 1)], [True, True, False]),
        ({"Recipients": 5}, [(3, 1), (3, 1), (2, 1), (1, 1)], [True, False, True, False]),
        ({"Size": 1}, [(1, 1000), (1, 25), (1, 24), (1, 1)], [True, False, True, False]),
    ],
)
def test_each_limit_holds_to_the_last_one(
    world: World, limits: dict[str, int], sent: list[tuple[int, int]], fits: list[bool]
) -> None:
    limit(world, **limits)
    assert [spend(world, *each) for each in sent] == fits


def test_another_interval_begins_at_nothing(world: World, now: list[int]) -> None:
    limit(world, Messages=1, Interval=60)
    assert [spend(world), spend(world)] == [True, False]
    end = use(world).until
    assert end is not None and round(end.timestamp()) == 1_800_000_060
    now[0] += 60 * SECOND
    assert use(world) == replace(SendUse(most_messages=1))
    assert [spend(world), spend(world)] == [True, False]


def test_what_was_not_sent_is_given_back_to_its_own_interval(world: World, now: list[int]) -> None:
    limit(world, Messages=1, Interval=60)
    spend(world, 2, 50)
    end = use(world).until
    assert end is not None
    world.write(OPERATOR, lambda tx: tx.give_back(world.alice.account, 2, 50, end))
    assert (use(world).messages, use(world).recipients, use(world).octets) == (0, 0, 0)
    spend(world)
    now[0] += 60 * SECOND
    spend(world)
    world.write(OPERATOR, lambda tx: tx.give_back(world.alice.account, 1, 100, end))
    assert use(world).messages == 1


def test_people_are_told_once_in_an_interval(world: World, now: list[int]) -> None:
    limit(world, Messages=1, Interval=60)
    alice = world.alice.account
    spend(world)
    assert [world.write(OPERATOR, lambda tx: tx.told_of_sending(alice)) for _ in range(2)] == [True, False]
    now[0] += 60 * SECOND
    spend(world)
    assert world.write(OPERATOR, lambda tx: tx.told_of_sending(alice))


def test_nobody_counts_for_themselves(world: World) -> None:
    for work in (
        lambda tx: tx.spend(world.alice.account, 1, 1),
        lambda tx: tx.told_of_sending(world.alice.account),
        lambda tx: tx.greylist("n", "a@b", "c@d", delay=1, waiting=1, passed=1),
    ):
        with pytest.raises(NoRight):
            world.write(world.alice, work)


async def test_several_processes_never_let_more_through_than_there_may_be(place: Place) -> None:
    def furnish(tx: WriteTx) -> AccountId:
        tx.put_domain(Domain("example.test"))
        account = tx.put_account(NewAccount("ann@example.test")).id
        tx.put_setting("sendQuotaMessages", 7, of=account)
        tx.put_setting("sendQuotaRecipients", 20, of=account)
        return account

    stores = [open_store(place.data, place.url, bus=LocalBus()) for _ in range(3)]
    account = await stores[0].write(OPERATOR, furnish)
    spent = await asyncio.gather(
        *(
            stores[number % 3].write(OPERATOR, lambda tx, many=number % 4 + 1: tx.spend(account, many, 1))  # type: ignore[misc]
            for number in range(40)
        )
    )
    use = await stores[1].read(OPERATOR, lambda tx: tx.send_use(account))
    for store in stores:
        await store.close()
    assert use.messages == sum(fits for _, fits in spent) <= 7
    assert 16 < use.recipients <= 20 or use.messages == 7


# --- greylisting ----------------------------------------------------------------------------------------------------


def wait(world: World, sender: str = "a@far.test", to: str = "b@example.test", network: str = "192.0.2.0/24") -> int:
    return world.write(
        OPERATOR, lambda tx: tx.greylist(network, sender, to, delay=300, waiting=3600, passed=10 * 86400)
    )


def test_who_comes_again_in_time_is_let_in(world: World, now: list[int]) -> None:
    assert wait(world) == 300
    now[0] += 100 * SECOND
    assert wait(world, "A@FAR.test") == 200
    now[0] += 200 * SECOND
    assert wait(world) == 0


def test_who_has_passed_passes_with_all_of_the_domain(world: World, now: list[int]) -> None:
    wait(world)
    now[0] += 300 * SECOND
    wait(world)
    assert wait(world, "other@far.test", "c@example.test") == 0
    assert wait(world, "a@far.test", network="198.51.100.0/24") == 300
    assert wait(world, "a@near.test") == 300


def test_who_comes_too_late_begins_anew(world: World, now: list[int]) -> None:
    wait(world)
    now[0] += 3601 * SECOND
    assert wait(world) == 300


def test_whoever_goes_on_to_write_stays_known(world: World, now: list[int]) -> None:
    wait(world)
    now[0] += 300 * SECOND
    for _ in range(4):
        assert wait(world) == 0
        now[0] += 9 * 86400 * SECOND
    now[0] += 2 * 86400 * SECOND
    assert wait(world) == 300


def test_reports_pass_for_their_recipient_alone(world: World, now: list[int]) -> None:
    wait(world, "")
    now[0] += 300 * SECOND
    assert (wait(world, ""), wait(world, "", "c@example.test")) == (0, 300)


def test_what_is_over_is_swept(world: World, now: list[int]) -> None:
    def rows() -> int:
        with world.house.store.database.readers.connect() as connection:
            return connection.scalar(select(func.count()).select_from(schema.greylist)) or 0

    wait(world)
    now[0] += 300 * SECOND
    wait(world, "x@y.test")
    wait(world)
    now[0] += 4000 * SECOND
    assert (rows(), world.write(OPERATOR, lambda tx: greylist.sweep(tx)), rows()) == (2, 1, 1)  # type: ignore[arg-type]
