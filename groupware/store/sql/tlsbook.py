"""TLS to other domains: the policies that hold, and what came of connections, counted by day."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import bindparam, delete, insert, select, update

from groupware.model.times import moment, now_micros
from groupware.model.tls import StsPolicy, TlsResult

from . import schema
from .engine import Row
from .tx import Tx
from .upserts import Upsert

_p, _t = schema.mta_sts.c, schema.tls_result.c
_KEY: Final = ("domain", "day", "policy", "host", "result")
_POLICY: Final = select(_p.domain, _p.id, _p.mode, _p.hosts, _p.until).where(_p.domain == bindparam("of"))
_FORGET: Final = delete(schema.mta_sts).where(_p.domain == bindparam("of"))
_KEEP: Final = insert(schema.mta_sts).values(
    {name: bindparam(name) for name in ("domain", "id", "mode", "hosts", "until")}
)
_OF_DAY: Final = select(*_t).where(_t.domain == bindparam("of"), _t.day == bindparam("on")).order_by(*_t)
_UNREPORTED: Final = (
    select(_t.domain)
    .where(_t.day == bindparam("on"), _t.reported.is_(None))
    .group_by(_t.domain)
    .order_by(_t.domain)
    .limit(bindparam("most"))
)
_REPORTED: Final = (
    update(schema.tls_result)
    .where(_t.domain == bindparam("of"), _t.day == bindparam("on"), _t.reported.is_(None))
    .values(reported=bindparam("now"))
)
_OLD: Final = delete(schema.tls_result).where(_t.day < bindparam("before"))


def _counting(dialect: Any) -> Any:
    names = (*_KEY, "said", "count")
    made = dialect.insert(schema.tls_result).values({name: bindparam(name) for name in names})
    more = {"count": _t["count"] + made.excluded["count"], "said": made.excluded.said}
    return made.on_conflict_do_update(index_elements=[_t[name] for name in _KEY], set_=more)


_COUNT: Final = Upsert(_counting)


def sts_policy(tx: Tx, domain: str) -> StsPolicy | None:
    """See `ReadTx.sts_policy`."""
    tx.administer(None)
    row = tx.sql.row(_POLICY, {"of": domain})
    return StsPolicy(row[0], row[1], row[2], tuple(row[3].split()), row[4]) if row is not None else None


def put_sts_policy(tx: Tx, policy: StsPolicy) -> None:
    """See `WriteTx.put_sts_policy`."""
    tx.administer(None)
    tx.sql.change(_FORGET, {"of": policy.domain})
    values = {"domain": policy.domain, "id": policy.id, "mode": policy.mode, "until": policy.until}
    tx.sql.change(_KEEP, {**values, "hosts": " ".join(policy.hosts)})


def count_tls(tx: Tx, results: Sequence[TlsResult]) -> None:
    """See `WriteTx.count_tls`."""
    tx.administer(None)
    rows = [
        {**{name: getattr(each, name) for name in _KEY}, "said": "\n".join(each.said), "count": each.count}
        for each in sorted(results, key=lambda each: tuple(getattr(each, name) for name in _KEY))
    ]
    tx.sql.many(_COUNT[tx.sql.postgres], rows)


def tls_results(tx: Tx, domain: str, day: str) -> Sequence[TlsResult]:
    """See `ReadTx.tls_results`."""
    tx.administer(None)
    return [_result(row) for row in tx.sql.rows(_OF_DAY, {"of": domain, "on": day})]


def unreported_tls(tx: Tx, day: str, limit: int) -> Sequence[str]:
    """See `ReadTx.unreported_tls`."""
    tx.administer(None)
    return [row[0] for row in tx.sql.rows(_UNREPORTED, {"on": day, "most": limit})]


def claim_tls_report(tx: Tx, domain: str, day: str) -> bool:
    """See `WriteTx.claim_tls_report`."""
    tx.administer(None)
    return tx.sql.change(_REPORTED, {"of": domain, "on": day, "now": now_micros()}) > 0


def forget_tls(tx: Tx, before: str) -> int:
    """See `WriteTx.forget_tls`."""
    tx.administer(None)
    return tx.sql.change(_OLD, {"before": before})


def _result(row: Row) -> TlsResult:
    domain, day, policy, host, result, said, count, reported = row
    when = moment(reported) if reported is not None else None
    return TlsResult(domain, day, policy, host, result, tuple(said.splitlines()), count, when)
