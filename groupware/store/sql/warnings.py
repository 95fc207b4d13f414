"""Who is to be told that a mailbox fills up: when it passes the threshold or mail does not fit, once a day at most."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import bindparam, null, or_, select, update

from groupware.model.errors import NoRight
from groupware.model.event import QuotaWarning
from groupware.model.ids import AccountId
from groupware.model.principal import PrincipalKind
from groupware.model.times import now_micros

from . import schema
from .guard import SERVER
from .tx import Tx
from .upserts import Upsert

AGAIN_AFTER: Final = 24 * 3600 * 1_000_000
"""Microseconds: a mailbox that is emptied a little and fills up again all day is told of once a day."""
_w, _p = schema.quota_warning.c, schema.principal.c


def _put(dialect: Any) -> Any:
    new = dialect.insert(schema.quota_warning).values(
        principal_id=bindparam("owner"), resource=bindparam("what"), used=bindparam("there"), most=bindparam("limit")
    )
    return new.on_conflict_do_update(
        index_elements=["principal_id"],
        set_={"resource": new.excluded.resource, "used": new.excluded.used, "most": new.excluded.most, "told": null()},
        where=or_(_w.told.is_(None), _w.told < bindparam("before")),
    )


_PUT: Final = Upsert(_put)
_DUE: Final = (
    select(_p.id, _p.key, _w.resource, _w.used, _w.most)
    .select_from(schema.quota_warning.join(schema.principal, _p.id == _w.principal_id))
    .where(_w.told.is_(None), _p.kind == PrincipalKind.ACCOUNT.value)
    .order_by(_w.principal_id)
    .limit(bindparam("most_rows"))
)
_TOLD: Final = (
    update(schema.quota_warning)
    .where(_w.principal_id == bindparam("owner"), _w.told.is_(None))
    .values(told=bindparam("now"))
)


def passed(tx: Tx, owner: AccountId, resource: str, used: int, most: int) -> None:
    """Note that this owner is to be told how full the mailbox is; for those who write into it."""
    values = {"owner": owner, "what": resource, "there": used, "limit": most, "before": now_micros() - AGAIN_AFTER}
    tx.sql.change(_PUT[tx.sql.postgres], values)


def due(tx: Tx, limit: int) -> Sequence[QuotaWarning]:
    """See `ReadTx.quota_warnings`. The operator alone."""
    _operator(tx)
    return [QuotaWarning(AccountId(row[0]), *row[1:]) for row in tx.sql.rows(_DUE, {"most_rows": limit})]


def told(tx: Tx, owner: AccountId) -> bool:
    """The owner is told in this very write; False when that was done already. The operator alone."""
    _operator(tx)
    return tx.sql.change(_TOLD, {"owner": owner, "now": now_micros()}) > 0


def _operator(tx: Tx) -> None:
    if tx.who.account != SERVER:
        raise NoRight("the server alone tells people of their quotas")
