"""Mailboxes of other servers in the store: who may have them, how many, and what is remembered of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import pytest

from groupware.model.errors import GroupwareError, NoRight, NotFound, OverQuota, Refused, TryAgain
from groupware.model.principal import Principal
from groupware.model.remote import RemoteBox
from groupware.store.sql import errands, remotes
from tests.store.test_browsers import Clock
from tests.store.world import World

DAY = 86400 * 1_000_000


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    for module in (errands, remotes):
        monkeypatch.setattr(module, "now_micros", lambda: made.now)
    return made


def box(world: World, **more: object) -> RemoteBox:
    new = RemoteBox(0, world.alice.account, "pop.far.test", 995, "implicit", "me", "sealed", None, 10, True)
    return replace(new, **more)  # type: ignore[arg-type]


def put(world: World, new: RemoteBox, who: Principal | None = None) -> int:
    return world.write(who or world.alice, lambda tx: tx.put_remote_box(new))


def known(world: World, number: int) -> RemoteBox:
    return next(each for each in world.read(world.alice, lambda tx: tx.remote_boxes()) if each.number == number)


def claimed(world: World, number: int, until: int) -> RemoteBox | None:
    return world.house.write(lambda tx: tx.claim_remote_box(number, until))


def fetched(world: World, held: RemoteBox, *uids: str, stays: bool = False) -> None:
    for uid in uids:
        world.house.write(lambda tx, uid=uid: tx.remember_remote_letter(held, uid, stays=stays))  # type: ignore[misc]


def listed(world: World, held: RemoteBox, uids: Collection[str]) -> set[str]:
    """What is remembered after that is there."""
    world.house.write(lambda tx: tx.note_remote_listing(held, uids))
    return set(world.house.read(lambda tx: tx.remote_letters(held.number)))


def test_what_one_has_is_seen_by_nobody_else_but_who_administers(world: World) -> None:
    number = put(world, box(world))
    assert world.read(world.bob, lambda tx: tx.remote_boxes()) == []
    for ask in (
        lambda tx: tx.remote_boxes(world.alice.account),
        lambda tx: tx.drop_remote_box(number),
        lambda tx: tx.hasten_remote_box(number),
        lambda tx: tx.put_remote_box(box(world, number=number)),
    ):
        with pytest.raises((NoRight, NotFound)):
            world.write(world.bob, ask)
    (seen,) = world.house.read(lambda tx: tx.remote_boxes(world.alice.name))
    assert seen.number == number and "sealed" not in repr(seen)


def test_a_setting_says_how_many_there_may_be(world: World) -> None:
    world.house.write(lambda tx: tx.put_setting("rpopConnectionCount", 1, world.alice.account))
    number = put(world, box(world))
    with pytest.raises(OverQuota, match="rpopConnectionCount"):
        put(world, box(world, host="pop.other.test"))
    put(world, box(world, number=number, minutes=20))
    assert known(world, number).minutes == 20


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"host": "pop far"}, Refused),
        ({"host": "-x.test"}, Refused),
        ({"host": ""}, Refused),
        ({"port": 0}, Refused),
        ({"tls": "none"}, Refused),
        ({"user": "me\r\nQUIT"}, Refused),
        ({"user": ""}, Refused),
        ({"secret": ""}, Refused),
        ({"minutes": 9}, Refused),
        ({"minutes": 10_081}, Refused),
        ({"number": 77}, NotFound),
    ],
)
def test_what_cannot_be_changes_nothing(world: World, more: dict[str, object], error: type[GroupwareError]) -> None:
    with pytest.raises(error):
        put(world, box(world, **more))
    assert world.read(world.alice, lambda tx: tx.remote_boxes()) == []


@pytest.mark.parametrize("host", ["pop.far.test", "192.0.2.1", "2001:db8::1", "POP.far.test"])
def test_a_host_is_a_name_or_an_address(world: World, host: str) -> None:
    assert known(world, put(world, box(world, host=host))).host == host.lower()


def test_its_mail_goes_to_a_folder_of_mail_of_ones_own(world: World) -> None:
    world.grant(world.work, world.bob, "lrp")
    with pytest.raises(Refused, match="folder"):
        put(world, box(world, folder=world.work), world.bob)
    calendar = world.read(world.alice, lambda tx: tx.folder("Calendar")).id
    with pytest.raises(Refused, match="folder"):
        put(world, box(world, folder=calendar))
    assert known(world, put(world, box(world, folder=world.work))).folder == world.work


def test_nobody_else_is_at_it_until_the_lease_ends(world: World, clock: Clock) -> None:
    number = put(world, box(world))
    first = claimed(world, number, clock.now + 100)
    assert first is not None and claimed(world, number, clock.now + 200) is None
    assert world.house.read(lambda tx: tx.due_remote_boxes(9)) == []
    clock.now += 100
    assert [each.number for each in world.house.read(lambda tx: tx.due_remote_boxes(9))] == [number]
    second = claimed(world, number, clock.now + 100)
    assert second is not None
    with pytest.raises(TryAgain):
        fetched(world, first, "u1")
    assert world.house.write(lambda tx: tx.settle_remote_box(first, clock.now, 1, "x")) is False
    fetched(world, second, "u1")
    assert world.house.write(lambda tx: tx.settle_remote_box(second, clock.now + 500, 0, ""))
    assert claimed(world, number, clock.now + 100) is None
    assert world.house.read(lambda tx: tx.next_remote_box()) == clock.now + 500


def test_another_server_or_user_is_another_mailbox(world: World, clock: Clock) -> None:
    number = put(world, box(world))
    held = claimed(world, number, clock.now + 100)
    assert held is not None
    fetched(world, held, "u1")
    put(world, box(world, number=number, minutes=30, secret=""))
    assert world.house.read(lambda tx: tx.remote_letters(number)) == {"u1": False}
    with pytest.raises(Refused, match="password"):
        put(world, box(world, number=number, user="other", secret=""))
    put(world, box(world, number=number, user="other"))
    assert world.house.read(lambda tx: tx.remote_letters(number)) == {}
    with pytest.raises(TryAgain):  # who was at it is not any more
        fetched(world, held, "u2")


def test_what_is_gone_there_is_remembered_for_a_month(world: World, clock: Clock) -> None:
    number = put(world, box(world))
    held = claimed(world, number, clock.now + 100 * DAY)
    assert held is not None
    fetched(world, held, "u1", "u2")
    fetched(world, held, "u3", stays=True)
    assert listed(world, held, ["u1"]) == {"u1", "u2", "u3"}
    clock.now += 20 * DAY
    assert listed(world, held, ["u1", "u2"]) == {"u1", "u2", "u3"}  # u2 is there again
    clock.now += 11 * DAY
    assert listed(world, held, ["u1"]) == {"u1", "u2"}
    clock.now += 31 * DAY
    assert listed(world, held, ["u1"]) == {"u1"}


def test_it_goes_with_its_account(world: World) -> None:
    put(world, box(world))
    world.house.write(lambda tx: tx.drop_account(world.alice.name))
    assert world.house.read(lambda tx: tx.due_remote_boxes(9)) == []
