"""Registrations for push: one's own, until they expire. Who sends claims one for a time, so that nobody sends twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import bindparam, delete, func, insert, select, update

from groupware.model.errors import NotFound, OverQuota
from groupware.model.ids import AccountId, FolderId, ModSeq
from groupware.model.push import PushTarget
from groupware.model.rights import Right
from groupware.model.times import now_micros

from ..api import PUSH
from . import schema
from .engine import Row
from .tx import Tx

MOST: Final = 200
"""Registrations of one account."""
_p = schema.push_target.c
_NAMES: Final = (
    _p.id, _p.account_id, _p.kind, _p.folder_id, _p.url, _p.facts, _p.expires, _p.told, _p.due, _p.tries,
)  # fmt: skip
_LIVE: Final = _p.expires > bindparam("now")
_OWN: Final = select(*_NAMES).where(_p.account_id == bindparam("account"), _p.kind == bindparam("what"), _LIVE)
_ALL: Final = select(*_NAMES).where(_LIVE, _p.id > bindparam("after")).order_by(_p.id).limit(bindparam("most"))
_ONE: Final = select(*_NAMES).where(_p.id == bindparam("number"), _LIVE)
_COUNT: Final = select(func.count()).where(_p.account_id == bindparam("account"), _LIVE)
_ADD: Final = (
    insert(schema.push_target)
    .values(
        account_id=bindparam("account"),
        kind=bindparam("what"),
        folder_id=bindparam("at"),
        url=bindparam("where"),
        facts=bindparam("text"),
        expires=bindparam("until"),
        told=bindparam("said"),
        due=0,
        tries=0,
    )
    .returning(_p.id)
)
_SET: Final = (
    update(schema.push_target)
    .where(_p.id == bindparam("number"))
    .values(facts=bindparam("text"), expires=bindparam("until"), told=bindparam("said"), due=0, tries=0)
)
_DROP: Final = delete(schema.push_target).where(_p.id == bindparam("number"))
_CLAIM: Final = (
    update(schema.push_target)
    .where(_p.id == bindparam("number"), _p.due <= bindparam("now"), _p.told == bindparam("said"))
    .values(due=bindparam("until"))
    .returning(_p.id)
)
_SETTLE: Final = (
    update(schema.push_target)
    .where(_p.id == bindparam("number"))
    .values(told=bindparam("said"), due=bindparam("until"), tries=bindparam("count"))
)
_EXPIRED: Final = select(_p.id).where(_p.expires <= bindparam("now")).limit(bindparam("most"))


def _target(row: Row) -> PushTarget:
    at = FolderId(row[3]) if row[3] is not None else None
    return PushTarget(row[0], AccountId(row[1]), row[2], at, *row[4:])


def own(tx: Tx, kind: str) -> Sequence[PushTarget]:
    """See `ReadTx.push_targets`."""
    rows = tx.sql.rows(_OWN, {"account": tx.who.account, "what": kind, "now": now_micros()})
    return sorted(map(_target, rows), key=lambda each: each.number)


def every(tx: Tx, after: int, most: int) -> Sequence[PushTarget]:
    """See `ReadTx.all_push_targets`."""
    tx.administer(None)
    return [_target(row) for row in tx.sql.rows(_ALL, {"now": now_micros(), "after": after, "most": most})]


def put(tx: Tx, new: PushTarget) -> PushTarget:
    """See `WriteTx.put_push_target`."""
    if new.folder is not None:
        tx.open(new.folder, Right.READ)
    account = tx.who.account
    same = [each for each in own(tx, new.kind) if _is_same(each, new)]
    values = {"text": new.facts, "until": new.expires, "said": new.told}
    if same:
        tx.sql.change(_SET, {**values, "number": same[0].number})
        number = same[0].number
    else:
        if new.number:
            raise NotFound("there is no such registration; it may have expired")
        if int(tx.sql.value(_COUNT, {"account": account, "now": now_micros()}) or 0) >= MOST:
            raise OverQuota(f"an account has {MOST} registrations for push at most; take others away first")
        place = {"account": account, "what": new.kind, "at": new.folder, "where": new.url}
        row = tx.sql.returning(_ADD, {**values, **place})
        assert row is not None
        number = int(row[0])
    _mark(tx)
    found = tx.sql.row(_ONE, {"number": number, "now": 0})
    assert found is not None
    return _target(found)


def _is_same(known: PushTarget, new: PushTarget) -> bool:
    """RFC-wise one registration: that of a number, or the same place for the same folder."""
    if new.number:
        return known.number == new.number
    return new.folder is not None and (known.folder, known.url) == (new.folder, new.url)


def shared(tx: Tx, account: int) -> None:
    """Something is shared with an account: who tells its clients looks anew, at what it could not see before."""
    if tx.sql.row(_COUNT, {"account": account, "now": now_micros()})[0]:  # type: ignore[index]
        _mark(tx)


def _mark(tx: Tx) -> None:
    """Whoever sends looks at the registrations anew."""
    tx.marks[PUSH] = ModSeq(now_micros())
    tx.note_change("push.registered", tx.who.account, PUSH, tx.marks[PUSH], {})


def drop(tx: Tx, number: int) -> None:
    """See `WriteTx.drop_push_target`."""
    row = tx.sql.row(_ONE, {"number": number, "now": now_micros()})
    if row is None or (row[1] != tx.who.account and Right.ADMIN not in tx.who.floor):
        raise NotFound("there is no such registration; it may have expired")
    tx.sql.change(_DROP, {"number": number})
    _mark(tx)


def claim(tx: Tx, number: int, told: str, until: int) -> bool:
    """See `WriteTx.claim_push_target`."""
    tx.administer(None)
    return tx.sql.returning(_CLAIM, {"number": number, "said": told, "now": now_micros(), "until": until}) is not None


def settle(tx: Tx, number: int, told: str, due: int, tries: int) -> None:
    """See `WriteTx.settle_push_target`."""
    tx.administer(None)
    tx.sql.change(_SETTLE, {"number": number, "said": told, "until": due, "count": tries})


def forget(tx: Tx, most: int) -> int:
    """Forgets up to so many that have expired; how many these were."""
    tx.administer(None)
    rows = tx.sql.rows(_EXPIRED, {"now": now_micros(), "most": most})
    tx.sql.many(_DROP, [{"number": row[0]} for row in rows])
    return len(rows)
