"""The end of what was removed: tombstones, and with them the contents that they kept, go when their time is over."""

from __future__ import annotations

from typing import Final

from sqlalchemy import bindparam, case, delete, select, update

from groupware.model.ids import FolderId
from groupware.model.rights import Right

from . import contents, schema
from .tx import Tx

_t, _f = schema.tombstone.c, schema.folder.c
_FOLDERS: Final = (
    select(_t.folder_id).where(_t.folder_id > bindparam("after"), _t.removed < bindparam("before")).limit(1)
).order_by(_t.folder_id)
_OLD: Final = (
    select(_t.uid, _t.modseq, _t.content_id)
    .where(_t.folder_id == bindparam("at"), _t.removed < bindparam("before"))
    .order_by(_t.modseq)
    .limit(bindparam("most"))
)
_DROP: Final = delete(schema.tombstone).where(_t.folder_id == bindparam("at"), _t.uid == bindparam("number"))
_RAISE: Final = (
    update(schema.folder)
    .where(_f.id == bindparam("at"))
    .values(compacted=case((_f.compacted > bindparam("up_to"), _f.compacted), else_=bindparam("up_to")))
)


def next_folder(tx: Tx, after: FolderId, before: int) -> FolderId | None:
    """The first folder behind `after` with tombstones from before a moment; None: there is none."""
    tx.administer(None)
    row = tx.sql.row(_FOLDERS, {"after": after, "before": before})
    return FolderId(row[0]) if row is not None else None


def purge(tx: Tx, at: FolderId, before: int, most: int) -> int:
    """Takes up to so many tombstones of a folder away; how many these were. `a` on the server.

    A client that last asked before the newest of them starts over.
    """
    tx.administer(None)
    tx.open(at, Right.ADMIN)
    rows = tx.sql.rows(_OLD, {"at": at, "before": before, "most": most})
    if not rows:
        return 0
    tx.sql.many(_DROP, [{"at": at, "number": uid} for uid, _, _ in rows])
    contents.release_all(tx, [content for _, _, content in rows if content is not None])
    tx.sql.change(_RAISE, {"at": at, "up_to": rows[-1][1]})
    return len(rows)
