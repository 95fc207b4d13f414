"""Keys that a domain's mail is signed with: whose they are, and what becomes of them."""

from __future__ import annotations

import pytest

from groupware.model.errors import AlreadyExists, NoRight, NotFound, Refused
from groupware.model.principal import Domain
from groupware.store.api import WriteTx
from tests.store.house import House


def put(house: House, selector: str, domain: str = "example.test", algorithm: str = "ed25519") -> None:
    house.write(lambda tx: tx.put_signing_key(domain, selector, algorithm, "sealed", "public"))


def states(house: House, domain: str = "example.test") -> dict[str, str]:
    return {each.selector: each.state for each in house.read(lambda tx: tx.signing_keys(domain))}


def test_a_new_key_does_not_sign_yet(house: House) -> None:
    put(house, "S1")
    assert states(house) == {"s1": "published"}


def test_keys_are_rotated(house: House) -> None:
    put(house, "old")
    put(house, "new", algorithm="rsa-2048")
    for selector, state in (("old", "active"), ("NEW", "active"), ("old", "retired")):
        house.write(lambda tx, selector=selector, state=state: tx.turn_signing_key("example.test", selector, state))  # type: ignore[misc]
    assert states(house) == {"old": "retired", "new": "active"}
    house.write(lambda tx: tx.drop_signing_key("example.test", "old"))
    assert states(house) == {"new": "active"}


def test_an_alias_of_a_domain_has_keys_of_its_own(house: House) -> None:
    house.write(lambda tx: tx.put_domain(Domain("example.test", aliases=("other.test",))))
    put(house, "s", "other.test")
    assert states(house) == {}
    assert states(house, "other.test") == {"s": "published"}


@pytest.mark.parametrize("selector", ["", "-x", "x-", "a b", "ü", "x" * 64, "a..b", 'x"'])
def test_what_is_no_selector(house: House, selector: str) -> None:
    with pytest.raises(Refused):
        put(house, selector)


def test_what_is_refused(house: House) -> None:
    put(house, "s")
    with pytest.raises(AlreadyExists):
        put(house, "s")
    with pytest.raises(Refused):
        put(house, "t", algorithm="rot13")
    with pytest.raises(NotFound):
        put(house, "s", "nowhere.test")
    with pytest.raises(NotFound):
        house.write(lambda tx: tx.turn_signing_key("example.test", "t", "active"))
    with pytest.raises(Refused):
        house.write(lambda tx: tx.turn_signing_key("example.test", "s", "lost"))
    with pytest.raises(NotFound):
        house.write(lambda tx: tx.drop_signing_key("example.test", "t"))


def test_a_domain_has_so_many_keys_at_most(house: House) -> None:
    def work(tx: WriteTx) -> None:
        for number in range(51):
            tx.put_signing_key("example.test", f"s{number}", "ed25519", "sealed", "public")

    with pytest.raises(Refused, match="50 keys"):
        house.write(work)


def test_who_does_not_administer_the_domain_sees_none(house: House) -> None:
    who = house.who(house.add("alice@example.test"))
    put(house, "s")
    with pytest.raises(NoRight):
        house.read(lambda tx: tx.signing_keys("example.test"), who)
    with pytest.raises(NoRight):
        house.read(lambda tx: tx.signing_keys("nowhere.test"), who)


def test_the_keys_go_with_their_domain(house: House) -> None:
    put(house, "s")
    house.write(lambda tx: tx.drop_domain("example.test"))
    house.domain("example.test")
    assert states(house) == {}
