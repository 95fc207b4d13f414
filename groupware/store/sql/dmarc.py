"""What others were seen to send in the name of a domain, for DMARC's reports. The operator alone."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import bindparam, delete, select

from groupware.model.dmarc import DmarcSeen

from . import schema
from .tx import Tx
from .upserts import Upsert

MOST: Final = 10_000
"""Rows of one day and domain that are read."""
_s, _r = schema.dmarc_seen.c, schema.dmarc_reported.c


def _put(dialect: Any) -> Any:
    new = dialect.insert(schema.dmarc_seen).values(
        day=bindparam("on"), domain=bindparam("whose"), digest=bindparam("key"), facts=bindparam("said"),
        count=bindparam("times"),
    )  # fmt: skip
    return new.on_conflict_do_update(
        index_elements=["day", "domain", "digest"], set_={"count": _s.count + new.excluded.count}
    )


def _mark(dialect: Any) -> Any:
    new = dialect.insert(schema.dmarc_reported).values(day=bindparam("on"), domain=bindparam("whose"))
    return new.on_conflict_do_nothing(index_elements=["day", "domain"]).returning(_r.day)


_PUT: Final = Upsert(_put)
_MARK: Final = Upsert(_mark)
_OF: Final = (
    select(_s.facts, _s.count)
    .where(_s.day == bindparam("on"), _s.domain == bindparam("whose"))
    .order_by(_s.digest)
    .limit(MOST)
)
_DAYS: Final = (
    select(_s.day, _s.domain)
    .distinct()
    .outerjoin(schema.dmarc_reported, (_r.day == _s.day) & (_r.domain == _s.domain))
    .where(_s.day < bindparam("before"), _r.day.is_(None))
    .order_by(_s.day, _s.domain)
    .limit(bindparam("most"))
)
_DROP: Final = (
    delete(schema.dmarc_seen).where(_s.day < bindparam("before")),
    delete(schema.dmarc_reported).where(_r.day < bindparam("before")),
)


def put(tx: Tx, seen: Sequence[DmarcSeen]) -> None:
    """Adds to what was seen. `a` on the server."""
    tx.administer(None)
    for each in sorted(seen, key=lambda one: (one.day, one.domain, one.facts)):  # one order, so that nobody waits
        key = hashlib.sha256(each.facts.encode()).hexdigest()
        values = {"on": each.day, "whose": each.domain, "key": key, "said": each.facts, "times": each.count}
        tx.sql.change(_PUT[tx.sql.postgres], values)


def seen(tx: Tx, day: int, domain: str) -> Sequence[DmarcSeen]:
    """What was seen of a domain on a day. `a` on the server."""
    tx.administer(None)
    rows = tx.sql.rows(_OF, {"on": day, "whose": domain})
    return [DmarcSeen(day, domain, facts, int(count)) for facts, count in rows]


def unreported(tx: Tx, before: int, limit: int) -> Sequence[tuple[int, str]]:
    """Days before that one, and domains, of which nobody was told. `a` on the server."""
    tx.administer(None)
    return [(int(day), str(domain)) for day, domain in tx.sql.rows(_DAYS, {"before": before, "most": limit})]


def mark(tx: Tx, day: int, domain: str) -> bool:
    """The domain is told of the day in this very write; False when it had been told. `a` on the server."""
    tx.administer(None)
    return tx.sql.returning(_MARK[tx.sql.postgres], {"on": day, "whose": domain}) is not None


def drop(tx: Tx, before: int) -> None:
    """Forgets what was seen before a day. `a` on the server."""
    tx.administer(None)
    for each in _DROP:
        tx.sql.change(each, {"before": before})
