"""Domains: what one is born with, changed by, and when it may go."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from groupware.model.errors import AlreadyExists, NoRight, NotFound, Refused
from groupware.model.principal import DELIVERY, OPERATOR, Domain, Principal, PrincipalKind
from groupware.model.rights import ALL, LEVELS, Right
from groupware.store.api import WriteTx
from tests.store.house import House


def domain_of(house: House, name: str) -> Domain:
    return next(each for each in house.read(lambda tx: tx.domains()) if each.name == name)


def test_a_new_domain_has_a_public_tree_and_a_postmaster_with_folders(house: House) -> None:
    made = domain_of(house, "example.test")
    assert made.aliases == ("alias.test",)
    postmaster = house.read(lambda tx: tx.account("postmaster@example.test"))
    assert postmaster.kind is PrincipalKind.ACCOUNT
    who = house.who(postmaster)
    assert "INBOX" in [each.path for each in house.read(lambda tx: tx.folders(), who)]
    assert house.read(lambda tx: tx.locate(made.account, ""), who).rights == ALL  # type: ignore[arg-type]


def test_members_of_the_domain_read_its_public_tree_and_others_do_not_see_it(house: House) -> None:
    public = domain_of(house, "example.test").account
    assert public is not None
    house.write(lambda tx: tx.add_folder(public, "News"))
    house.domain("other.test")
    alice, eve = house.who(house.add("alice@example.test")), house.who(house.add("eve@other.test"))
    assert house.read(lambda tx: tx.folder("Public/News"), alice).rights == LEVELS["viewer"]
    with pytest.raises(NotFound):
        house.read(lambda tx: tx.locate(public, "News", Right.LOOKUP), eve)


def test_aliases_are_set_as_given_and_one_in_use_stays(house: House) -> None:
    house.write(lambda tx: tx.put_domain(Domain("example.test", aliases=("new.test", "alias.test"))))
    assert domain_of(house, "example.test").aliases == ("alias.test", "new.test")
    house.add("alice@example.test")
    house.write(lambda tx: tx.put_alias("alice@example.test", "info@new.test"))
    with pytest.raises(Refused, match=r"info@new\.test"):
        house.write(lambda tx: tx.put_domain(Domain("example.test")))
    house.write(lambda tx: tx.drop_alias("info@new.test"))
    house.write(lambda tx: tx.put_domain(Domain("example.test")))
    assert domain_of(house, "example.test").aliases == ()


@pytest.mark.parametrize("name", ["", "no space.test", "-a.test", "a..test", "a" * 64 + ".test", "a/b.test", "x" * 300])
def test_a_name_that_is_no_domain_is_refused(house: House, name: str) -> None:
    with pytest.raises(Refused, match="domain"):
        house.write(lambda tx: tx.put_domain(Domain(name)))


def test_an_international_name_is_kept_in_its_ascii_form(house: House) -> None:
    assert house.domain("Bücher.Test").name == "xn--bcher-kva.test"
    house.add("anna@bücher.test")
    assert house.read(lambda tx: tx.resolve("anna@xn--bcher-kva.test"))[0].address == "anna@xn--bcher-kva.test"


def test_a_domain_cannot_take_the_name_of_an_alias(house: House) -> None:
    with pytest.raises(AlreadyExists, match=r"alias\.test"):
        house.domain("alias.test")
    with pytest.raises(AlreadyExists, match=r"example\.test"):
        house.domain("other.test", "example.test")
    assert [each.name for each in house.read(lambda tx: tx.domains())] == ["example.test"]


def test_a_domain_goes_only_when_it_is_empty(house: House) -> None:
    house.add("alice@example.test")
    with pytest.raises(Refused, match="alice@example"):
        house.write(lambda tx: tx.drop_domain("example.test"))
    house.write(lambda tx: tx.drop_account("alice@example.test"))
    house.write(lambda tx: tx.drop_domain("example.test"))
    assert house.read(lambda tx: tx.domains()) == ()
    with pytest.raises(NotFound):
        house.write(lambda tx: tx.drop_domain("example.test"))
    house.domain("example.test")
    assert house.read(lambda tx: tx.account("postmaster@example.test")).enabled


def test_a_domain_with_somebody_else_s_alias_stays(house: House) -> None:
    house.domain("other.test")
    house.add("eve@other.test")
    for alias in ("zeta@example.test", "zeta@alias.test"):
        house.write(lambda tx, alias=alias: tx.put_alias("eve@other.test", alias))  # type: ignore[misc]
        with pytest.raises(Refused, match="zeta@"):
            house.write(lambda tx: tx.drop_domain("example.test"))
        house.write(lambda tx, alias=alias: tx.drop_alias(alias))  # type: ignore[misc]
    house.write(lambda tx: tx.put_alias("postmaster@example.test", "info@example.test"))
    house.write(lambda tx: tx.drop_domain("example.test"))
    assert [each.name for each in house.read(lambda tx: tx.domains())] == ["other.test"]


def test_a_disabled_domain_lets_nobody_in_and_takes_no_mail(house: House) -> None:
    alice = house.add("alice@example.test")
    house.write(lambda tx: tx.put_domain(Domain("example.test", aliases=("alias.test",), enabled=False)))
    with pytest.raises(NotFound):
        house.read(lambda tx: tx.identity(alice.id))
    with pytest.raises(NotFound):
        house.read(lambda tx: tx.resolve("alice@example.test"))


def test_only_the_server_s_administrator_makes_and_lists_domains(house: House) -> None:
    postmaster = house.who("postmaster@example.test")
    for who in (postmaster, DELIVERY):
        with pytest.raises(NoRight):
            house.write(lambda tx: tx.put_domain(Domain("mine.test")), who)
        with pytest.raises(NoRight):
            house.read(lambda tx: tx.domains(), who)


def test_each_administers_the_domains_where_it_has_the_right(house: House) -> None:
    house.domain("other.test")
    postmaster = house.who(house.read(lambda tx: tx.account("postmaster@example.test")))
    alice, root = house.who(house.add("alice@example.test")), house.who(house.add("root@example.test"))
    public = domain_of(house, "other.test").account
    assert public is not None

    def of(who: Principal) -> tuple[list[str], bool]:
        return house.read(lambda tx: ([each.name for each in tx.administered()], tx.administers()), who)

    assert of(postmaster) == (["example.test"], False)
    assert of(alice) == ([], False)
    house.write(lambda tx: tx.grant(tx.locate(public, "").id, "domain:example.test", LEVELS["editor"]))
    assert of(alice) == ([], False)
    house.write(lambda tx: tx.grant(tx.locate(public, "").id, "alice@example.test", Right.ADMIN))
    assert of(alice) == (["other.test"], False)
    house.write(lambda tx: tx.grant(tx.locate(OPERATOR.account, "").id, "root@example.test", Right.ADMIN))
    assert of(root) == (["example.test", "other.test"], True)


def test_who_is_denied_the_right_administers_the_domain_no_longer(house: House) -> None:
    alice = house.who(house.add("alice@example.test"))
    root = house.read(lambda tx: tx.locate(domain_of(house, "example.test").account, "").id)  # type: ignore[arg-type]
    house.write(lambda tx: tx.grant(root, "alice@example.test", Right.ADMIN))
    assert house.read(lambda tx: tx.administers("example.test"), alice)
    assert not house.read(lambda tx: tx.administers("nowhere.test"), alice)
    house.write(lambda tx: tx.grant(root, "everyone", Right.NONE, Right.ADMIN))
    assert not house.read(lambda tx: tx.administers("example.test"), alice)
    assert house.read(lambda tx: tx.administered(), alice) == ()


@pytest.mark.parametrize("by", ["boss@example.test", "group:rulers@example.test"])
def test_who_administers_a_domain_gets_no_hold_of_who_administers_the_server(house: House, by: str) -> None:
    boss, clerk = house.add("boss@example.test"), house.who(house.add("clerk@example.test"))
    house.add("rulers@example.test", kind=PrincipalKind.GROUP)
    house.write(lambda tx: tx.put_member("rulers@example.test", "boss@example.test"))
    public, root = domain_of(house, "example.test").account, house.read(lambda tx: tx.locate(OPERATOR.account, "").id)
    assert public is not None
    house.write(lambda tx: tx.grant(tx.locate(public, "").id, "clerk@example.test", Right.ADMIN | Right.LOOKUP))
    house.write(lambda tx: tx.put_credential("boss@example.test", "app", "x", "by the clerk"), clerk)
    house.write(lambda tx: tx.grant(root, by, Right.ADMIN))
    attempts: list[Callable[[WriteTx], object]] = [
        lambda tx: tx.put_credential("boss@example.test", "password", "x"),
        lambda tx: tx.update_account("boss@example.test", enabled=False),
        lambda tx: tx.drop_account("boss@example.test"),
        lambda tx: tx.identity(boss.id),
        lambda tx: tx.put_alias("boss@example.test", "me@example.test"),
    ]
    if by.startswith("group:"):
        attempts.append(lambda tx: tx.put_member("rulers@example.test", "clerk@example.test"))
    for attempt in attempts:
        with pytest.raises(NoRight):
            house.write(attempt, clerk)
    house.write(lambda tx: tx.put_credential("clerk@example.test", "app", "x", "own"), clerk)
    house.write(lambda tx: tx.put_credential("boss@example.test", "app", "y", "own"), house.who(boss))
