"""Records: what clients keep of an account beside its folders. One's own, with tombstones, in the account's sequence.

1. A record that has expired is as if it were not there; the upkeep makes a tombstone of it, and later forgets that.
2. When tombstones are forgotten, a row of the kind `floor` says up to which modseq: before it nothing is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, delete, func, insert, or_, select, update

from groupware.model.errors import NotFound, OverQuota
from groupware.model.ids import AccountId, ModSeq
from groupware.model.record import Record, RecordChanges, RecordKind
from groupware.model.times import micros, now_micros

from . import schema
from .engine import Row
from .tx import Tx

MOST: Final = 10_000
"""Records of one kind that an account may have."""
LONGEST: Final = 1 << 20
TOMBSTONES_KEPT: Final = 60 * 24 * 3600 * 1_000_000
"""Microseconds."""
FLOOR: Final = "floor"
_r = schema.record.c
_OF: Final = (_r.account_id == bindparam("account"), _r.kind == bindparam("what"))
_THERE: Final = (_r.gone.is_(False), or_(_r.expires.is_(None), _r.expires > bindparam("now")))
_NAMES: Final = (_r.id, _r.came, _r.changed, _r.facts)
_ALL: Final = select(*_NAMES).where(*_OF, *_THERE).order_by(_r.id)
_ONE: Final = select(*_NAMES).where(*_OF, *_THERE, _r.id == bindparam("number"))
_SINCE: Final = (
    select(*_NAMES, _r.gone, _r.expires).where(*_OF, _r.changed > bindparam("since")).order_by(_r.changed, _r.id)
)
_LAST: Final = select(func.max(_r.changed)).where(*_OF)
_FLOOR: Final = select(_r.id, _r.changed).where(*_OF, _r.facts == bindparam("of"))
_RESTORED: Final = select(schema.folder.c.compacted).where(
    schema.folder.c.owner_id == bindparam("account"), schema.folder.c.parent_id.is_(None)
)
"""Of the top folder, in which nothing ever is: until when a restore has forgotten all."""
_COUNT: Final = select(func.count()).where(*_OF, _r.gone.is_(False))
_ADD: Final = (
    insert(schema.record)
    .values(
        account_id=bindparam("account"),
        kind=bindparam("what"),
        came=bindparam("now"),
        changed=bindparam("now"),
        gone=False,
        expires=bindparam("until"),
        facts=bindparam("text"),
    )
    .returning(_r.id)
)
_SET: Final = (
    update(schema.record)
    .where(_r.account_id == bindparam("account"), _r.id == bindparam("number"))
    .values(changed=bindparam("now"), expires=bindparam("until"), facts=bindparam("text"), gone=bindparam("dead"))
)
_RAISE: Final = update(schema.record).where(_r.id == bindparam("number")).values(changed=bindparam("now"))
_OLD: Final = (
    select(_r.id, _r.account_id, _r.kind, _r.changed, _r.gone)
    .where(_r.expires <= bindparam("now"))
    .order_by(_r.expires)
    .limit(bindparam("most"))
)
_DROP: Final = delete(schema.record).where(_r.id == bindparam("number"))


def _record(row: Row) -> Record:
    return Record(row[0], ModSeq(row[1]), ModSeq(row[2]), row[3])


def every(tx: Tx, kind: RecordKind) -> Sequence[Record]:
    """See `ReadTx.records`."""
    rows = tx.sql.rows(_ALL, {"account": tx.who.account, "what": kind.value, "now": now_micros()})
    return [_record(row) for row in rows]


def state(tx: Tx, kind: RecordKind) -> ModSeq:
    """See `ReadTx.records_at`."""
    last = int(tx.sql.value(_LAST, {"account": tx.who.account, "what": kind.value}) or 0)
    return ModSeq(max(last, _restored(tx)))


def _restored(tx: Tx) -> int:
    """What was before is not known: a restore has lost what came after the backup."""
    row = tx.sql.row(_RESTORED, {"account": tx.who.account})
    return int(row[0] or 0) if row is not None else 0


def changes(tx: Tx, kind: RecordKind, since: ModSeq) -> RecordChanges | None:
    """See `ReadTx.records_since`."""
    account, now = tx.who.account, now_micros()
    floor = tx.sql.row(_FLOOR, {"account": account, "what": FLOOR, "of": kind.value})
    if since > state(tx, kind) or since < _restored(tx) or (floor is not None and since < floor[1]):
        return None
    rows = tx.sql.rows(_SINCE, {"account": account, "what": kind.value, "since": since})
    gone = [row for row in rows if row[4] or (row[5] is not None and row[5] <= now)]
    there = [_record(row) for row in rows if row not in gone]
    return RecordChanges(there, [(row[0], ModSeq(row[1])) for row in gone])


def put(tx: Tx, kind: RecordKind, facts: str, number: int | None, expires: datetime | None) -> Record:
    """See `WriteTx.put_record`."""
    account = tx.who.account
    if len(facts) > LONGEST:
        raise OverQuota(f"that is more than the {LONGEST} characters that are kept of one {kind.value}")
    values = {
        "account": account,
        "what": kind.value,
        "text": facts,
        "until": None if expires is None else micros(expires),
    }
    if number is None:
        if tx.sql.value(_COUNT, {"account": account, "what": kind.value}) >= MOST:
            raise OverQuota(f"an account has up to {MOST} of a kind: take others away first")
        modseq = _turn(tx, kind)
        row = tx.sql.returning(_ADD, {**values, "now": modseq})
        assert row is not None
        return Record(int(row[0]), modseq, modseq, facts)
    known = _one(tx, kind, number)
    modseq = _turn(tx, kind)
    del values["what"]
    tx.sql.change(_SET, {**values, "number": number, "now": modseq, "dead": False})
    return Record(number, known.came, modseq, facts)


def drop(tx: Tx, kind: RecordKind, number: int) -> None:
    """See `WriteTx.drop_record`."""
    _one(tx, kind, number)
    _bury(tx, tx.who.account, number, _turn(tx, kind))


def _bury(tx: Tx, account: AccountId, number: int, modseq: ModSeq) -> None:
    until = now_micros() + TOMBSTONES_KEPT
    values = {"account": account, "number": number, "now": modseq, "until": until, "text": "", "dead": True}
    tx.sql.change(_SET, values)


def _one(tx: Tx, kind: RecordKind, number: int) -> Record:
    values = {"account": tx.who.account, "what": kind.value, "number": number, "now": now_micros()}
    row = tx.sql.row(_ONE, values)
    if row is None:
        raise NotFound(f"there is no {kind.value} of the number {number}")
    return _record(row)


def _turn(tx: Tx, kind: RecordKind) -> ModSeq:
    """The modseq of a change."""
    if kind is RecordKind.PHOTO:
        tx.move_people()
    return tx.note_own(f"{kind.value}.kept", tx.who.account, {})


def forget(tx: Tx, most: int) -> int:
    """Makes tombstones of up to so many that have expired, and forgets old tombstones; how many these were."""
    tx.administer(None)
    rows = sorted(tx.sql.rows(_OLD, {"now": now_micros(), "most": most}), key=lambda row: (row[1], row[0]))
    for number, owner, kind, changed, gone in rows:
        account = AccountId(owner)
        if not gone:
            _bury(tx, account, number, tx.bump(account))
            continue
        tx.sql.change(_DROP, {"number": number})
        floor = tx.sql.row(_FLOOR, {"account": account, "what": FLOOR, "of": kind})
        if floor is None:
            tx.sql.returning(_ADD, {"account": account, "what": FLOOR, "text": kind, "until": None, "now": changed})
        elif floor[1] < changed:
            tx.sql.change(_RAISE, {"number": floor[0], "now": changed})
    return len(rows)
