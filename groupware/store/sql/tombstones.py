"""What items leave behind: tombstones in their place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import bindparam, delete, select, text

from groupware.model.ids import ModSeq, ranges
from groupware.model.times import now_micros

from . import objects, schema
from .engine import Row
from .guard import Opened
from .tx import Tx

_i, _s = schema.item.c, schema.seen.c
_BURY: Final = text(
    "INSERT INTO tombstone (folder_id, uid, modseq, item_id, name, flags, keywords, saved, removed, content_id)"
    " SELECT folder_id, uid, :modseq, id, name, flags, keywords, saved, :removed,"
    " CASE WHEN :keep = 1 THEN content_id END FROM item WHERE folder_id = :at AND uid BETWEEN :low AND :high"
)
_DROP: Final = delete(schema.item).where(
    _i.folder_id == bindparam("at"), _i.uid.between(bindparam("low"), bindparam("high"))
)
_DROP_SEEN: Final = delete(schema.seen).where(
    _s.folder_id == bindparam("at"), _s.uid.between(bindparam("low"), bindparam("high"))
)
_HAS_SEEN_ROWS: Final = select(_s.uid).where(_s.folder_id == bindparam("at")).limit(1)


def bury(tx: Tx, here: Opened, rows: Sequence[Row], modseq: ModSeq, *, keep: bool) -> None:
    """Tombstones in the place of items; `keep`: they hold on to the content until retention ends.

    UIDs that follow each other go together, by one statement.
    """
    spans = [{"at": here.id, "low": low, "high": high} for low, high in ranges(row[0] for row in rows)]
    now = now_micros()
    tx.sql.many(_BURY, [{**each, "modseq": modseq, "removed": now, "keep": int(keep)} for each in spans])
    tx.sql.many(_DROP, spans)
    objects.drop(tx, here, [row[0] for row in rows])
    if tx.sql.row(_HAS_SEEN_ROWS, {"at": here.id}) is not None:
        tx.sql.many(_DROP_SEEN, spans)
