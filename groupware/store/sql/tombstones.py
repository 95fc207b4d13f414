"""What items leave behind: tombstones in their place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import bindparam, delete, select, text

from groupware.model.ids import FolderId, ItemId, ModSeq, Uid, ranges
from groupware.model.item import Kind
from groupware.model.rights import Right
from groupware.model.times import now_micros

from . import objects, schema
from .engine import Row
from .guard import Opened
from .tx import Tx

_i, _s, _t = schema.item.c, schema.seen.c, schema.tombstone.c
_BURY: Final = text(
    "INSERT INTO tombstone"
    " (folder_id, uid, modseq, item_id, name, flags, keywords, saved, removed, content_id, last)"
    " SELECT folder_id, uid, :modseq, id, name, flags, keywords, saved, :removed,"
    " CASE WHEN :keep = 1 THEN content_id END, CASE WHEN :mail = 0 THEN (SELECT k.last FROM object_key k"
    " WHERE k.folder_id = item.folder_id AND k.uid = item.uid AND k.component = 'VEVENT') END"
    " FROM item WHERE folder_id = :at AND uid BETWEEN :low AND :high"
)
_LAPSED: Final = (
    select(_t.uid, _t.item_id)
    .where(_t.folder_id == bindparam("at"))
    .where(_t.modseq > bindparam("since"))
    .where(_t.last <= bindparam("by"))
)
_DROP: Final = delete(schema.item).where(
    _i.folder_id == bindparam("at"), _i.uid.between(bindparam("low"), bindparam("high"))
)
_DROP_SEEN: Final = delete(schema.seen).where(
    _s.folder_id == bindparam("at"), _s.uid.between(bindparam("low"), bindparam("high"))
)
_HAS_SEEN_ROWS: Final = select(_s.uid).where(_s.folder_id == bindparam("at")).limit(1)


def bury(tx: Tx, here: Opened, rows: Sequence[Row], modseq: ModSeq, *, keep: bool) -> Mapping[str, str]:
    """Tombstones in the place of items; `keep`: they hold on to the content until retention ends.

    UIDs that follow each other go together, by one statement. What the journal is to know of them is given back: which
    were private, that what they were is told to nobody who may not read that.
    """
    known = {"private": objects.private_of(tx, here, [row[0] for row in rows])} if here.kind != Kind.MAIL else {}
    spans = [{"at": here.id, "low": low, "high": high} for low, high in ranges(row[0] for row in rows)]
    told = {"modseq": modseq, "removed": now_micros(), "keep": int(keep), "mail": int(here.kind == Kind.MAIL)}
    tx.sql.many(_BURY, [{**each, **told} for each in spans])
    tx.sql.many(_DROP, spans)
    objects.drop(tx, here, [row[0] for row in rows])
    if tx.sql.row(_HAS_SEEN_ROWS, {"at": here.id}) is not None:
        tx.sql.many(_DROP_SEEN, spans)
    return known


def lapsed(tx: Tx, at: FolderId, since: ModSeq, by: int) -> Sequence[tuple[Uid, ItemId]]:
    """See `ReadTx.lapsed`. Takes `r`."""
    here = tx.open(at, Right.READ)
    rows = tx.sql.rows(_LAPSED, {"at": here.id, "since": since, "by": by})
    return [(Uid(uid), ItemId(item)) for uid, item in rows]
