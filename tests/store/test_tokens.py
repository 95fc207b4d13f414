"""What programs may do in somebody's name: how long it lasts, what ends it, and who sees it."""

from __future__ import annotations

from itertools import count

import pytest

from groupware.model.errors import NotFound, Refused
from groupware.model.principal import OPERATOR, Principal
from groupware.model.token import By, Grant, NewGrant, NewTokens
from groupware.store import upkeep
from groupware.store.sql import tokens
from tests.store.test_browsers import Clock
from tests.store.world import World

HOUR = 3600
_numbers = count(1)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(tokens, "now_micros", lambda: made.now)
    return made


def digest() -> str:
    return f"{next(_numbers):064x}"


def consent(world: World, who: Principal, label: str = "Mailer") -> str:
    """The digest of a code that has just been given out."""
    code = digest()
    new = NewGrant("c" * 64, label, "mail", code, "challenge", "http://127.0.0.1/", 60, "192.0.2.7")
    world.write(who, lambda tx: tx.put_oauth_grant(new))
    return code


def found(world: World, by: By, secret: str) -> Grant | None:
    try:
        return world.house.read(lambda tx: tx.oauth_grant(by, secret))
    except NotFound:
        return None


def turn(world: World, known: Grant) -> NewTokens | None:
    new = NewTokens(digest(), digest(), HOUR, 24 * HOUR)
    return new if world.house.write(lambda tx: tx.turn_oauth_grant(known, new, "::1")) else None


def granted(world: World, who: Principal) -> NewTokens:
    known = found(world, "code", consent(world, who))
    assert known is not None
    made = turn(world, known)
    assert made is not None
    return made


def test_a_code_becomes_tokens_once(world: World) -> None:
    code = consent(world, world.alice)
    known = found(world, "code", code)
    assert known is not None and not known.active and not known.stale
    assert world.read(world.alice, lambda tx: tx.oauth_grants()) == []
    new = turn(world, known)
    assert new is not None
    assert turn(world, known) is None
    again = found(world, "code", code)
    assert again is not None and again.stale
    here = found(world, "access", new.access)
    assert here is not None
    assert (here.account, here.label, here.peer) == (world.alice.account, "Mailer", "::1")


def test_a_code_that_nobody_redeems_is_gone(world: World, clock: Clock) -> None:
    code = consent(world, world.alice)
    clock.later(60)
    assert found(world, "code", code) is None


def test_each_refresh_takes_the_place_of_the_one_before(world: World) -> None:
    first = granted(world, world.alice)
    known = found(world, "refresh", first.refresh)
    assert known is not None and not known.stale
    second = turn(world, known)
    assert second is not None
    old = found(world, "refresh", first.refresh)
    assert old is not None and old.stale
    assert found(world, "access", first.access) is None
    assert found(world, "access", second.access) is not None


def test_tokens_end_and_use_puts_off_the_end_of_the_grant(world: World, clock: Clock) -> None:
    first = granted(world, world.alice)
    clock.later(HOUR)
    assert found(world, "access", first.access) is None
    clock.later(22 * HOUR)
    known = found(world, "refresh", first.refresh)
    assert known is not None
    second = turn(world, known)
    assert second is not None
    clock.later(23 * HOUR)
    assert found(world, "refresh", second.refresh) is not None
    clock.later(HOUR)
    assert found(world, "refresh", second.refresh) is None
    assert world.read(world.alice, lambda tx: tx.oauth_grants()) == []


async def test_what_has_ended_is_forgotten(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    granted(world, world.alice)
    later = Clock()
    later.now = 3_000_000_000_000_000
    monkeypatch.setattr(tokens, "now_micros", lambda: later.now)
    assert world.house.write(lambda tx: tokens.forget(tx, 100)) == 1  # type: ignore[arg-type]
    assert upkeep.tokens is tokens


def test_one_sees_and_takes_back_ones_own(world: World) -> None:
    new = granted(world, world.alice)
    (mine,) = world.read(world.alice, lambda tx: tx.oauth_grants())
    assert world.read(world.bob, lambda tx: tx.oauth_grants()) == []
    assert world.refusal(world.bob, lambda tx: tx.oauth_grants(world.alice.account)).startswith("NoRight")
    with pytest.raises(NotFound):
        world.write(world.bob, lambda tx: tx.drop_oauth_grant(mine.number))
    world.write(world.alice, lambda tx: tx.drop_oauth_grant(mine.number))
    assert found(world, "access", new.access) is None


def test_who_administers_the_domain_takes_them_back(world: World) -> None:
    new = granted(world, world.alice)
    (one,) = world.house.read(lambda tx: tx.oauth_grants(world.alice.name))
    world.house.write(lambda tx: tx.drop_oauth_grant(one.number, world.alice.name))
    assert found(world, "refresh", new.refresh) is None


def test_another_password_ends_them(world: World) -> None:
    new, others = granted(world, world.alice), granted(world, world.bob)
    world.house.write(lambda tx: tx.put_credential(world.alice.name, "password", "x", same=True))
    assert found(world, "access", new.access) is not None
    world.house.write(lambda tx: tx.put_credential(world.alice.name, "password", "z"))
    assert found(world, "access", new.access) is None
    assert found(world, "access", others.access) is not None


def test_the_least_used_makes_room(world: World, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "MOST", 2)
    kept: list[NewTokens] = []
    for _ in range(3):
        kept.append(granted(world, world.alice))
        clock.later(1)
    assert [found(world, "access", each.access) is not None for each in kept] == [False, True, True]


def test_digests_alone_are_taken_and_of_accounts_alone(world: World) -> None:
    with pytest.raises(Refused):
        world.write(world.alice, lambda tx: tx.put_oauth_grant(NewGrant("x", "x", "mail", "code", "c", "r", 60, "")))
    with pytest.raises(Refused):
        new = NewGrant("c" * 64, "x", "mail", "d" * 64, "c", "r", 60, "")
        world.write(OPERATOR, lambda tx: tx.put_oauth_grant(new))
