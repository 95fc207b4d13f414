"""Policies of other domains, and what came of TLS to them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from groupware.model.principal import OPERATOR
from groupware.model.tls import StsPolicy, TlsResult
from groupware.store.sql.door import SqlTx
from groupware.store.sql.engine import Database, Sql
from groupware.store.sql.tree import Memory

DAY = "2027-01-31"


@pytest.fixture
def tx(database: Database) -> Iterator[SqlTx]:
    with database.writers.begin() as connection:
        yield SqlTx(Sql(connection), Memory(), OPERATOR, locks=True)


def result(domain: str = "a.test", day: str = DAY, *, end: str = "success", count: int = 1) -> TlsResult:
    return TlsResult(domain, day, "sts", "mx.a.test", end, ("version: STSv1", "mx: mx.a.test"), count)


def test_a_policy_is_kept_instead_of_the_one_before(tx: SqlTx) -> None:
    assert tx.sts_policy("a.test") is None
    tx.put_sts_policy(StsPolicy("a.test", "1", "testing", ("mx.a.test",), 2**40))
    newer = StsPolicy("a.test", "2", "enforce", ("mx.a.test", "*.b.test"), 2**41)
    tx.put_sts_policy(newer)
    assert tx.sts_policy("a.test") == newer


def test_what_is_counted_twice_is_added_up(tx: SqlTx) -> None:
    tx.count_tls([result(count=3), result(end="certificate-expired")])
    tx.count_tls([result(count=4)])
    assert [(each.result, each.count) for each in tx.tls_results("a.test", DAY)] == [
        ("certificate-expired", 1),
        ("success", 7),
    ]
    assert tx.tls_results("a.test", DAY)[0].said == ("version: STSv1", "mx: mx.a.test")


def test_a_report_is_claimed_once(tx: SqlTx) -> None:
    tx.count_tls([result(), result("b.test"), result("c.test", "2027-02-01")])
    assert tx.unreported_tls(DAY) == ["a.test", "b.test"]
    assert (tx.claim_tls_report("a.test", DAY), tx.claim_tls_report("a.test", DAY)) == (True, False)
    assert tx.unreported_tls(DAY) == ["b.test"]


def test_old_results_go(tx: SqlTx) -> None:
    tx.count_tls([result(day="2027-01-01"), result()])
    assert tx.forget_tls("2027-01-31") == 1
    assert (tx.tls_results("a.test", "2027-01-01"), len(tx.tls_results("a.test", DAY))) == ([], 1)
