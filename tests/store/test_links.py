"""Links: who holds one has what its grant gives in its folder, and nothing anywhere else."""

from __future__ import annotations

from datetime import timedelta

import pytest

from groupware.model.errors import BadCredentials, NoRight, NotFound, OverQuota, Refused
from groupware.model.link import Bearer, Link, digest_of, new_secret
from groupware.model.principal import ANYONE
from groupware.model.rights import Right, letters, parse_rights
from groupware.model.times import moment, now_micros
from groupware.store.sql import links, tree
from tests.store.world import World

LRS, SECRET = parse_rights("lrs"), "a secret of a test"


def linked(world: World, rights: Right = LRS, secret: str = SECRET) -> Link:
    return world.write(world.alice, lambda tx: tx.put_link(world.work, digest_of(secret), rights, None, "the club"))


def came(world: World, secret: str = SECRET) -> Bearer:
    return world.house.read(lambda tx: tx.bearer(digest_of(secret)))


def test_who_comes_with_a_link_has_what_it_grants_there_and_below(world: World) -> None:
    linked(world)
    who = came(world).who
    assert came(world).folder == world.work
    assert (letters(world.rights(who)), letters(world.rights(who, world.deep))) == ("lrs", "lrs")
    other = world.read(world.alice, lambda tx: tx.folder("INBOX")).id
    assert world.rights(who, other) is Right.NONE


def test_a_link_is_not_of_those_who_have_an_account(world: World) -> None:
    linked(world)
    world.grant("Work", "everyone", "wi")
    world.grant("Work", "domain:example.test", "te")
    assert letters(world.rights(came(world).who)) == "lrs"
    world.grant("Work", ANYONE, "x")
    assert letters(world.rights(came(world).who)) == "lrsx"


def test_a_denial_to_anyone_counts_for_links(world: World) -> None:
    linked(world)
    world.grant("Work", ANYONE, deny="r")
    assert letters(world.rights(came(world).who)) == "ls"


def test_the_secret_is_stored_nowhere(world: World) -> None:
    link = linked(world)
    assert SECRET not in repr(world.read(world.alice, lambda tx: (tx.links("Work"), tx.grants("Work"))))
    assert link.ident == "link:" + digest_of(SECRET)[:12]


def test_a_secret_that_begins_alike_opens_nothing(world: World) -> None:
    linked(world)
    digest = digest_of(SECRET)[:-1] + "x"
    with pytest.raises(NotFound, match="no such link"):
        world.house.read(lambda tx: tx.bearer(digest))


def test_links_are_listed_with_what_they_grant(world: World) -> None:
    link = linked(world)
    found = world.read(world.alice, lambda tx: tx.links("Work"))
    assert [(each.ident, each.rights, each.label, each.by) for each in found] == [
        (link.ident, LRS, "the club", "alice@example.test")
    ]


def test_explain_tells_of_a_link_as_of_everybody(world: World) -> None:
    link = linked(world)
    world.grant("Work", ANYONE, deny="s")
    found = world.read(world.alice, lambda tx: tx.explain("Work", link.ident))
    assert (found.actor, letters(found.rights)) == (link.ident, "lr")
    assert [each.text for each in found.reasons] == ["denies s", "allows lrs"]


def test_a_link_that_is_withdrawn_leads_nowhere(world: World) -> None:
    link, who = linked(world), came(world).who
    world.write(world.alice, lambda tx: tx.drop_link("Work", link.ident))
    assert world.rights(who) is Right.NONE
    with pytest.raises(NotFound):
        came(world)
    assert world.read(world.alice, lambda tx: (tx.links("Work"), tx.grants("Work"))) == ([], ())


def test_a_link_without_its_grant_opens_nothing_and_is_still_listed(world: World) -> None:
    link = linked(world)
    world.grant("Work", link.ident)
    assert world.rights(came(world).who) is Right.NONE
    assert [each.rights for each in world.read(world.alice, lambda tx: tx.links("Work"))] == [Right.NONE]


def test_a_link_ends_when_it_was_said_to(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ends = moment(now_micros() + 60_000_000)
    world.write(world.alice, lambda tx: tx.put_link("Work", digest_of(SECRET), LRS, ends))
    who = came(world).who
    assert letters(world.rights(who)) == "lrs"
    later = now_micros() + 61_000_000
    monkeypatch.setattr(tree, "now_micros", lambda: later)
    assert world.rights(who) is Right.NONE


def test_a_link_cannot_end_before_it_begins(world: World) -> None:
    with pytest.raises(Refused, match="ended already"):
        past = moment(now_micros()) - timedelta(days=1)
        world.write(world.alice, lambda tx: tx.put_link("Work", digest_of(SECRET), LRS, past))
    with pytest.raises(NotFound):
        came(world)


def test_a_link_goes_with_its_folder(world: World) -> None:
    linked(world)
    who = came(world).who
    world.write(world.alice, lambda tx: tx.delete_folder(world.deep))
    world.write(world.alice, lambda tx: tx.delete_folder(world.work))
    with pytest.raises(NotFound):
        came(world)
    with pytest.raises((NotFound, BadCredentials)):
        world.read(who, lambda tx: tx.folder(world.work))


@pytest.mark.parametrize("what", ["alice@example.test", "domain"])
def test_a_link_leads_nowhere_while_its_owner_is_disabled(world: World, what: str) -> None:
    linked(world)
    if what == "domain":
        domain = next(each for each in world.house.read(lambda tx: tx.domains()) if each.name == "example.test")
        from dataclasses import replace

        world.house.write(lambda tx: tx.put_domain(replace(domain, enabled=False)))
    else:
        world.house.write(lambda tx: tx.update_account(what, enabled=False))
    with pytest.raises(NotFound):
        came(world)


def test_an_account_is_taken_away_with_its_links(world: World) -> None:
    linked(world)
    world.house.write(lambda tx: tx.drop_account("alice@example.test"))
    with pytest.raises(NotFound):
        came(world)


def test_a_link_takes_a(world: World) -> None:
    link = linked(world)
    world.grant("Work", world.bob, "lrswipkxte")
    for work in (
        lambda tx: tx.links(world.work),
        lambda tx: tx.put_link(world.work, digest_of("other"), LRS),
        lambda tx: tx.drop_link(world.work, link.ident),
    ):
        with pytest.raises(NoRight, match="'a'"):
            world.write(world.bob, work)


@pytest.mark.parametrize("rights", ["", "lra"])
def test_a_link_grants_something_and_never_a(world: World, rights: str) -> None:
    with pytest.raises(Refused, match="never the right 'a'"):
        linked(world, parse_rights(rights))


def test_a_link_of_another_folder_is_not_withdrawn_here(world: World) -> None:
    link = linked(world)
    with pytest.raises(NotFound, match="no such link"):
        world.write(world.alice, lambda tx: tx.drop_link(world.deep, link.ident))
    assert came(world).folder == world.work


def test_a_folder_has_so_many_links(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "MOST", 2)
    for secret in ("one", "two"):
        linked(world, secret=secret)
    with pytest.raises(OverQuota, match="2 links"):
        linked(world, secret="three")


def test_who_is_nobody_has_what_anybody_has(world: World) -> None:
    who = world.read(world.bob, lambda tx: tx.anyone())
    world.grant("Work", "everyone", "lrs")
    assert world.rights(who) is Right.NONE
    world.grant("Work", ANYONE, "lr")
    assert letters(world.rights(who)) == "lr"


def test_every_secret_is_another_one_of_160_bits() -> None:
    assert len({new_secret() for _ in range(100)}) == 100
    assert len(new_secret()) >= 27
