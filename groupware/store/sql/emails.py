"""Messages by the email that they are: the same one for a message and for its copies (decision 387).

1. An email is called by the number of the item that has no origin; copies have that number as their origin.
2. What has an origin is counted in its folder (`copies`): where nothing is, nobody has to look for copies.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import and_, bindparam, func, select, text
from sqlalchemy.sql import Select

from groupware.model.ids import FolderId, ItemId, ModSeq
from groupware.model.item import EmailTurn, EmailTurnover, Instance
from groupware.model.rights import Right

from . import schema, tombstones
from .engine import Row
from .items import EMAIL, OWN_BITS
from .tx import Tx

_i, _s, _t = schema.item.c, schema.seen.c, schema.tombstone.c
_mine: Final = and_(_s.account_id == bindparam("reader"), _s.folder_id == _i.folder_id, _s.uid == _i.uid)
_INSTANCE: Final = select(EMAIL, _i.folder_id, _i.uid, _i.id, _i.created, _i.flags, _i.keywords, OWN_BITS).select_from(
    schema.item.outerjoin(schema.seen, _mine)
)
_ORIGINALS: Final[Select[Any]] = _INSTANCE.where(_i.origin.is_(None))
_COPIES: Final[Select[Any]] = _INSTANCE.where(_i.origin.is_not(None))


_ORIGINALS_OF: Final = {
    True: _ORIGINALS.where(text("item.id = ANY(:ids)")),
    False: _ORIGINALS.where(text("item.id IN (SELECT value FROM json_each(:ids))")),
}
_TWINS_IN: Final = {
    kind: text(
        f"""
    SELECT i.origin FROM item i JOIN item o ON o.id = i.origin WHERE i.folder_id {places} AND i.origin IS NOT NULL
    UNION SELECT origin FROM item WHERE folder_id {places} AND origin IS NOT NULL
    GROUP BY origin HAVING count(*) > 1"""  # noqa: S608
    )
    for kind, places in ((True, "= ANY(:places)"), (False, "IN (SELECT value FROM json_each(:places))"))
}
"""The emails of copies that are not alone: what was moved by copying it is the only one of its email."""
_COPIES_OF: Final = {
    True: _COPIES.where(text("item.folder_id = ANY(:places) AND item.origin = ANY(:ids)")),
    False: _COPIES.where(
        text(
            "item.folder_id IN (SELECT value FROM json_each(:places))"
            " AND item.origin IN (SELECT value FROM json_each(:ids))"
        )
    ),
}
_TURNED: Final = (
    select(_i.uid, _i.id, EMAIL, _i.modseq, _i.created)
    .where(_i.folder_id == bindparam("at"))
    .where(_i.modseq > bindparam("since"))
)
_SEEN_TURNED: Final = (
    select(_i.uid, _i.id, EMAIL, _s.modseq, _i.created)
    .select_from(schema.seen.join(schema.item, and_(_i.folder_id == _s.folder_id, _i.uid == _s.uid)))
    .where(_s.account_id == bindparam("reader"))
    .where(_s.folder_id == bindparam("at"))
    .where(_s.modseq > bindparam("since"))
)
_GONE: Final = (
    select(_t.item_id, func.coalesce(_t.origin, _t.item_id), _t.modseq, _t.created)
    .where(_t.folder_id == bindparam("at"))
    .where(_t.modseq > bindparam("since"))
)


def instances(tx: Tx, emails: Sequence[ItemId] | None, among: Sequence[FolderId]) -> Sequence[Instance]:
    """See `ReadTx.instances`."""
    kind, rows = tx.sql.postgres, list[Row]()
    values = {"places": _numbers(tx, among), "reader": tx.who.account}
    if emails is None:
        emails = [ItemId(email) for (email,) in tx.sql.rows(_TWINS_IN[kind], values)] if among else []
    if emails and among:
        rows += tx.sql.rows(_COPIES_OF[kind], {**values, "ids": _numbers(tx, emails)})
    if emails:
        rows += tx.sql.rows(_ORIGINALS_OF[kind], {"ids": _numbers(tx, emails), "reader": tx.who.account})
    opened = tx.open_each(sorted({FolderId(row[1]) for row in rows}))
    own = {at: bool(here.reader) for at, here in opened.items() if Right.READ in here.rights}
    return sorted([_instance(row, own=own[row[1]]) for row in rows if row[1] in own])


def _instance(row: Row, *, own: bool) -> Instance:
    email, at, uid, item, came, bits, words, mine = row
    return Instance(email, at, uid, item, came, mine if own else bits, words)


def _numbers(tx: Tx, some: Sequence[int]) -> list[int] | str:
    return list(some) if tx.sql.postgres else json.dumps(list(some))


def turnover(tx: Tx, at: FolderId, since: ModSeq) -> EmailTurnover | None:
    """See `ReadTx.email_turnover`. Takes `r`."""
    here = tx.open(at, Right.READ)
    if since < here.compacted:
        return None
    if since >= here.modseq:
        return EmailTurnover((), ())
    values = {"at": here.id, "since": since, "reader": here.reader}
    changed: dict[int, EmailTurn] = {}
    for statement in (_TURNED, _SEEN_TURNED) if here.reader else (_TURNED,):
        for uid, item, email, modseq, came in tx.sql.rows(statement, values):
            latest = max(modseq, changed[uid].modseq) if uid in changed else modseq
            changed[uid] = EmailTurn(ItemId(item), ItemId(email), ModSeq(latest), ModSeq(came))
    gone = [
        EmailTurn(ItemId(item), ItemId(email), ModSeq(modseq), ModSeq(came))
        for item, email, modseq, came in tx.sql.rows(_GONE, values)
    ]
    fresh = tombstones.elsewhere_at(tx, here, since)

    def told(turn: EmailTurn) -> EmailTurn:
        return turn._replace(came=turn.modseq) if turn.item in fresh else turn

    return EmailTurnover([told(each) for each in changed.values()], [told(each) for each in gone])
