"""What each owner of folders uses of the server, and may."""

from __future__ import annotations

import pytest

from groupware.model.browser import NewBrowserSession
from groupware.model.errors import NoRight
from groupware.model.principal import PrincipalKind
from groupware.model.times import now_micros
from groupware.model.usage import Usage
from groupware.store.api import WriteTx
from groupware.store.sql import usage as store
from tests.store.world import World, letter

ALICE, DOMAIN = "alice@example.test", "example.test"


def usage(world: World, name: str = ALICE) -> Usage:
    (found,) = [each for each in world.house.read(lambda tx: tx.usage()) if each.name == name]
    return found


def put(world: World, name: str, value: int, of: str | None) -> None:
    def work(tx: WriteTx) -> None:
        if of is None:
            tx.put_setting(name, value)
        elif "@" in of:
            tx.put_setting(name, value, tx.account(of).id)
        else:
            tx.put_setting(name, value, next(each.id for each in tx.domains() if each.name == of))

    world.house.write(work)


def begin(world: World, new: NewBrowserSession) -> None:
    world.write(world.alice, lambda tx: tx.put_browser_session(new))


def test_what_is_stored_counts_for_its_owner(world: World) -> None:
    before = usage(world)
    world.put(letter(), letter(), letter())
    found = usage(world)
    assert found.items == before.items + 3
    assert found.octets > before.octets
    assert (found.kind, found.domain) == (PrincipalKind.ACCOUNT, DOMAIN)


def test_the_nearest_quota_is_the_one_that_holds(world: World) -> None:
    assert usage(world).most_octets == 0
    for of, value in ((None, 5), (DOMAIN, 4), (ALICE, 3)):
        put(world, "mailboxSize", value, of)
        assert usage(world).most_octets == value * 1024
    put(world, "mailboxMessageCount", 7, DOMAIN)
    assert usage(world).most_items == 7


def test_a_public_tree_has_no_quota_of_its_domain(world: World) -> None:
    put(world, "mailboxSize", 4, DOMAIN)
    found = usage(world, DOMAIN)
    assert (found.kind, found.most_octets) == (PrincipalKind.PUBLIC, 0)


def test_browsers_are_counted_while_their_session_lasts(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, seconds in enumerate((3600, 3600, 60)):
        begin(world, NewBrowserSession(f"{number:064x}", seconds, 0, "192.0.2.7", "Firefox"))
    assert usage(world).sessions == 3
    monkeypatch.setattr(store, "now_micros", lambda: now_micros() + 61_000_000)
    assert usage(world).sessions == 2


def test_it_is_for_who_administers_the_server(world: World) -> None:
    with pytest.raises(NoRight):
        world.read(world.alice, lambda tx: tx.usage())
