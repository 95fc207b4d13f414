"""What others were seen to send in the name of domains, as the store keeps it for reports."""

from __future__ import annotations

import pytest

from groupware.model.dmarc import DmarcSeen
from groupware.model.errors import NoRight
from tests.store.house import House


def test_what_fares_alike_is_counted_together(house: House) -> None:
    for _ in range(2):
        house.write(lambda tx: tx.note_dmarc([DmarcSeen(5, "a.test", "x", 2), DmarcSeen(5, "a.test", "y")]))
    found = house.read(lambda tx: tx.dmarc_seen(5, "a.test"))
    assert sorted((each.facts, each.count) for each in found) == [("x", 4), ("y", 2)]
    assert house.read(lambda tx: tx.dmarc_seen(6, "a.test")) == []


def test_a_domain_is_told_once_of_a_day(house: House) -> None:
    house.write(
        lambda tx: tx.note_dmarc([DmarcSeen(day, name, "x") for day in (5, 6) for name in ("a.test", "b.test")])
    )
    assert house.read(lambda tx: tx.dmarc_unreported(6)) == [(5, "a.test"), (5, "b.test")]
    assert house.write(lambda tx: tx.reported_dmarc(5, "a.test"))
    assert not house.write(lambda tx: tx.reported_dmarc(5, "a.test"))
    assert house.read(lambda tx: tx.dmarc_unreported(7)) == [(5, "b.test"), (6, "a.test"), (6, "b.test")]


def test_old_days_are_forgotten(house: House) -> None:
    house.write(lambda tx: tx.note_dmarc([DmarcSeen(5, "a.test", "x"), DmarcSeen(6, "a.test", "x")]))
    house.write(lambda tx: (tx.reported_dmarc(5, "a.test"), tx.forget_dmarc(6)))
    assert house.read(lambda tx: tx.dmarc_unreported(99)) == [(6, "a.test")]
    assert house.write(lambda tx: tx.reported_dmarc(5, "a.test"))


def test_it_is_the_operators_alone(house: House) -> None:
    who = house.who(house.add("alice@example.test"))
    with pytest.raises(NoRight):
        house.read(lambda tx: tx.dmarc_seen(5, "a.test"), who)
