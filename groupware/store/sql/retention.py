"""The end of what was removed: tombstones, and with them the contents that they kept, go when their time is over."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy import bindparam, case, delete, select, update

from groupware.model.ids import FolderId
from groupware.model.rights import Right

from . import contents, schema, settings
from .guard import Opened
from .tx import Tx

DAY: Final = timedelta(days=1) // timedelta(microseconds=1)
_t, _f = schema.tombstone.c, schema.folder.c
_NEXT: Final = (
    select(_t.folder_id).where(_t.folder_id > bindparam("after")).order_by(_t.folder_id).limit(1)
)  # fmt: skip
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


def next_folder(tx: Tx, after: FolderId, now: int) -> FolderId | None:
    """The first folder behind `after` with something whose time is over; None: there is none. `a` on the server."""
    tx.administer(None)
    row = tx.sql.row(_NEXT, {"after": after})
    while row is not None:
        at = FolderId(row[0])
        before = _before(tx, tx.open(at, Right.ADMIN), now)
        if before is not None and tx.sql.row(_OLD, {"at": at, "before": before, "most": 1}) is not None:
            return at
        row = tx.sql.row(_NEXT, {"after": at})
    return None


def purge(tx: Tx, at: FolderId, now: int, most: int) -> int:
    """Takes up to so many tombstones of a folder away whose time is over; how many these were. `a` on the server.

    A client that last asked before the newest of them starts over.
    """
    tx.administer(None)
    before = _before(tx, tx.open(at, Right.ADMIN), now)
    rows = tx.sql.rows(_OLD, {"at": at, "before": before, "most": most}) if before is not None else []
    if rows:
        tx.sql.many(_DROP, [{"at": at, "number": uid} for uid, _, _ in rows])
        contents.release_all(tx, [content for _, _, content in rows if content is not None])
        tx.sql.change(_RAISE, {"at": at, "up_to": rows[-1][1]})
    return len(rows)


def _before(tx: Tx, here: Opened, now: int) -> int | None:
    """What was removed before this moment goes; None: the owner keeps everything."""
    days = int(settings.effective(tx, "removedItemsRetention", here.owner, here.settings).value)
    return now - days * DAY if days else None
