"""Sessions of browsers: until when they last, what ends them, and who sees them."""

from __future__ import annotations

import asyncio
from itertools import count

import pytest

from groupware.model.browser import BrowserSession, NewBrowserSession
from groupware.model.errors import NoRight, NotFound, Refused
from groupware.model.principal import Principal
from groupware.store import upkeep
from groupware.store.sql import browsers
from tests.store.world import World

HOUR = 3600
_numbers = count(1)


class Clock:
    """Microseconds as the store reads them."""

    def __init__(self) -> None:
        self.now = 1_800_000_000_000_000

    def later(self, seconds: float) -> None:
        self.now += int(seconds * 1_000_000)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(browsers, "now_micros", lambda: made.now)
    return made


def begin(world: World, who: Principal, *, seconds: int = HOUR, idle: int = 0, agent: str = "Firefox") -> str:
    """The digest of a session that begins now."""
    digest = f"{next(_numbers):064x}"
    world.write(who, lambda tx: tx.put_browser_session(NewBrowserSession(digest, seconds, idle, "192.0.2.7", agent)))
    return digest


def found(world: World, digest: str) -> BrowserSession | None:
    try:
        return world.house.read(lambda tx: tx.browser_session(digest))
    except NotFound:
        return None


def there(world: World, digest: str) -> int:
    """The number of a session that has not ended."""
    return world.house.read(lambda tx: tx.browser_session(digest)).number


def test_a_session_is_found_by_its_digest(world: World) -> None:
    here = found(world, begin(world, world.alice))
    assert here is not None
    assert (here.account, here.peer, here.agent) == (world.alice.account, "192.0.2.7", "Firefox")
    assert found(world, "f" * 64) is None


def test_it_ends_after_its_time_however_much_it_is_used(world: World, clock: Clock) -> None:
    digest = begin(world, world.alice, seconds=HOUR, idle=HOUR)
    clock.later(HOUR - 1)
    number = there(world, digest)
    world.house.write(lambda tx: tx.use_browser_session(number, "::1"))
    assert found(world, digest) is not None
    clock.later(1)
    assert found(world, digest) is None


def test_it_ends_when_nobody_uses_it_and_use_puts_that_off(world: World, clock: Clock) -> None:
    used, left = (begin(world, world.alice, idle=60) for _ in range(2))
    clock.later(59)
    here = found(world, used)
    assert here is not None
    world.house.write(lambda tx: tx.use_browser_session(here.number, "::1"))
    clock.later(59)
    assert found(world, left) is None
    again = found(world, used)
    assert again is not None and again.peer == "::1" and again.used > here.used


def test_a_use_does_not_bring_back_what_has_ended(world: World, clock: Clock) -> None:
    digest = begin(world, world.alice, idle=60)
    number = there(world, digest)
    clock.later(61)
    world.house.write(lambda tx: tx.use_browser_session(number, "::1"))
    assert found(world, digest) is None


def test_one_sees_and_ends_ones_own(world: World) -> None:
    digest = begin(world, world.alice)
    (mine,) = world.read(world.alice, lambda tx: tx.browser_sessions())
    assert world.read(world.bob, lambda tx: tx.browser_sessions()) == []
    with pytest.raises(NotFound):
        world.write(world.bob, lambda tx: tx.drop_browser_session(mine.number))
    with pytest.raises(NoRight):
        world.write(world.bob, lambda tx: tx.drop_browser_session(mine.number, world.alice.account))
    world.write(world.alice, lambda tx: tx.drop_browser_session(mine.number))
    assert found(world, digest) is None


def test_who_administers_the_domain_sees_and_ends_them(world: World) -> None:
    digest = begin(world, world.alice)
    (one,) = world.house.read(lambda tx: tx.browser_sessions(world.alice.name))
    world.house.write(lambda tx: tx.drop_browser_session(one.number, world.alice.name))
    assert found(world, digest) is None


def test_another_password_ends_them_and_the_same_in_another_form_does_not(world: World) -> None:
    digest, others = begin(world, world.alice), begin(world, world.bob)
    world.house.write(lambda tx: tx.put_credential(world.alice.name, "password", "x", same=True))
    world.house.write(lambda tx: tx.put_credential(world.alice.name, "app", "y", "phone"))
    assert found(world, digest) is not None
    world.house.write(lambda tx: tx.put_credential(world.alice.name, "password", "z"))
    assert found(world, digest) is None
    assert found(world, others) is not None


def test_a_password_that_is_taken_away_ends_them(world: World) -> None:
    number = world.house.write(lambda tx: tx.put_credential(world.alice.name, "password", "x"))
    digest = begin(world, world.alice)
    world.house.write(lambda tx: tx.drop_credential(world.alice.name, number))
    assert found(world, digest) is None


def test_they_go_with_the_account(world: World) -> None:
    digest = begin(world, world.carol)
    world.house.write(lambda tx: tx.drop_account(world.carol.name))
    assert found(world, digest) is None


def test_the_least_used_makes_room(world: World, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    monkeypatch.setattr(browsers, "MOST", 2)
    first = begin(world, world.alice)
    clock.later(1)
    second = begin(world, world.alice)
    clock.later(1)
    number = there(world, first)
    world.house.write(lambda tx: tx.use_browser_session(number, "::1"))
    third = begin(world, world.alice)
    assert [found(world, each) is not None for each in (first, second, third)] == [True, False, True]


def test_the_upkeep_forgets_what_has_ended(world: World, clock: Clock) -> None:
    digest, lasting = begin(world, world.alice, seconds=1), begin(world, world.alice)
    clock.later(2)
    assert asyncio.run(upkeep.forget_unused(world.house.store)) == 1
    clock.later(-2)
    assert found(world, digest) is None
    assert found(world, lasting) is not None


def test_what_is_no_digest_or_lasts_no_time_is_refused(world: World) -> None:
    for new in (NewBrowserSession("x", 9, 0, "", ""), NewBrowserSession("a" * 64, 0, 0, "", "")):
        with pytest.raises(Refused):
            world.write(world.alice, lambda tx, new=new: tx.put_browser_session(new))  # type: ignore[misc]
    with pytest.raises(Refused):
        world.house.write(lambda tx: tx.put_browser_session(NewBrowserSession("a" * 64, 9, 0, "", "")))


def test_what_a_browser_calls_itself_is_cut_off(world: World) -> None:
    here = found(world, begin(world, world.alice, agent="x" * 5000))
    assert here is not None and len(here.agent) == browsers.LONGEST_AGENT
