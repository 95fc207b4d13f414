"""What is remembered of accounts for a time, and what puts back what rules did to stored messages.

Who delivers (`p` everywhere) remembers for anybody: it is what runs the rules of accounts. A row that has expired is as
if it were not there; the upkeep takes it away.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from sqlalchemy import bindparam, delete, insert, select

from groupware.model.errors import NoRight, NotFound
from groupware.model.ids import AccountId
from groupware.model.memory import Memory, Undo
from groupware.model.rights import Right
from groupware.model.times import now_micros

from . import schema
from .principals import by_id, permit
from .tx import Tx
from .upserts import Upsert

_SECOND: Final = 1_000_000
UNDO_KEPT: Final = 30 * 24 * 3600 * _SECOND
"""Microseconds for which rules can be taken back."""
_m, _u = schema.memory.c, schema.undo.c
_ONE: Final = (_m.account_id == bindparam("account"), _m.kind == bindparam("what"), _m.key == bindparam("which"))
_THERE: Final = select(_m.expires).where(*_ONE, _m.expires > bindparam("now"))


def _put(dialect: Any, *, renew: bool) -> Any:
    new = dialect.insert(schema.memory).values(
        account_id=bindparam("account"), kind=bindparam("what"), key=bindparam("which"), expires=bindparam("until")
    )
    over = None if renew else _m.expires <= bindparam("now")
    values = {"expires": new.excluded.expires}
    there = ["account_id", "kind", "key"]
    return new.on_conflict_do_update(index_elements=there, set_=values, where=over).returning(_m.expires)


_PUT: Final = Upsert(partial(_put, renew=False))
_RENEW: Final = Upsert(partial(_put, renew=True))
_OLD: Final = (
    select(_m.account_id, _m.kind, _m.key)
    .where(_m.expires <= bindparam("now"))
    .order_by(_m.expires)
    .limit(bindparam("most"))
)
_DROP: Final = delete(schema.memory).where(*_ONE, _m.expires <= bindparam("now"))
_ADD_UNDO: Final = (
    insert(schema.undo)
    .values(account_id=bindparam("account"), at=bindparam("now"), facts=bindparam("text"))
    .returning(_u.id)
)
_UNDOS: Final = select(_u.id, _u.at, _u.facts).where(_u.account_id == bindparam("account")).order_by(_u.id.desc())
_DROP_UNDO: Final = delete(schema.undo).where(_u.id == bindparam("number"), _u.account_id == bindparam("account"))
_DROP_OLD_UNDO: Final = delete(schema.undo).where(_u.at <= bindparam("before"))


def remembered(tx: Tx, of: AccountId, kind: str, key: str) -> bool:
    """See `ReadTx.remembered`."""
    _mine(tx, of)
    return tx.sql.row(_THERE, {"account": of, "what": kind, "which": key, "now": now_micros()}) is not None


def remember(tx: Tx, of: AccountId, what: Memory) -> bool:
    """See `WriteTx.remember`."""
    _mine(tx, of)
    now = now_micros()
    values = {"account": of, "what": what.kind, "which": what.key, "now": now, "until": now + what.seconds * _SECOND}
    if what.renew:
        there = tx.sql.row(_THERE, values)
        tx.sql.returning(_RENEW[tx.sql.postgres], values)
        return there is None
    return tx.sql.returning(_PUT[tx.sql.postgres], values) is not None


def put_undo(tx: Tx, of: AccountId, facts: str) -> int:
    """See `WriteTx.put_undo`."""
    _own(tx, of)
    row = tx.sql.returning(_ADD_UNDO, {"account": of, "now": now_micros(), "text": facts})
    assert row is not None
    return int(row[0])


def undos(tx: Tx, of: AccountId) -> Sequence[Undo]:
    """See `ReadTx.undos`."""
    _own(tx, of)
    return [Undo(*row) for row in tx.sql.rows(_UNDOS, {"account": of})]


def drop_undo(tx: Tx, of: AccountId, number: int) -> None:
    """See `WriteTx.drop_undo`."""
    _own(tx, of)
    if not tx.sql.change(_DROP_UNDO, {"account": of, "number": number}):
        raise NotFound(f"there is nothing to take back under the number {number}")


def forget(tx: Tx, most: int) -> int:
    """Takes up to so many memories away that have expired, and what can be undone no more; how many memories."""
    tx.administer(None)
    now = now_micros()
    rows = tx.sql.rows(_OLD, {"now": now, "most": most})
    tx.sql.many(_DROP, [{"account": of, "what": kind, "which": key, "now": now} for of, kind, key in rows])
    tx.sql.change(_DROP_OLD_UNDO, {"before": now - UNDO_KEPT})
    return len(rows)


def _mine(tx: Tx, of: AccountId) -> None:
    if Right.POST not in tx.who.floor and of != tx.who.account:
        raise NoRight("what is remembered of an account is its own affair")


def _own(tx: Tx, of: AccountId) -> None:
    if of != tx.who.account:
        permit(tx, by_id(tx.sql, of), "", f"number {of}")
