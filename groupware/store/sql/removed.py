"""What was taken out of folders, while its retention lasts: found, brought back, or forgotten before its time.

1. A tombstone that holds on to a content is what an item was when it went. Of an item that is still there, or was
   changed before it went, the older contents are no items that were removed.
2. What comes back is a new item: whoever has heard that the old one is gone has heard the truth.
3. It takes `a` besides `r`: a folder may have been shared after something was taken out of it. What was private to
   others is there for who may read that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy import and_, bindparam, exists, func, not_, null, select, update

from groupware.model.errors import NotFound, Refused
from groupware.model.flags import FLAGS, Flags, permitted_mask, words_in
from groupware.model.ids import BlobId, FolderId, ItemId, ModSeq, Uid
from groupware.model.item import Item, NewItem, Removed
from groupware.model.rights import Right
from groupware.model.times import moment

from . import contents, item_changes, item_copies, occasions, schema, tombstones
from .engine import Row
from .guard import SERVER, Opened, admit
from .tx import Tx

AT_ONCE: Final = 500
"""Rows that are looked at in one query."""
_t, _c, _k, _i = schema.tombstone.c, schema.content.c, schema.sort_key.c, schema.item.c
_KEPT: Final = (
    select(
        _t.uid,
        _t.item_id,
        _t.modseq,
        _t.flags,
        _t.keywords,
        _c.blob,
        _t.saved,
        _c.size,
        func.coalesce(_t.name, ""),
        _c.summary,
        func.coalesce(_k.message_id, ""),
        func.coalesce(_k.ids, ""),
        _t.removed,
        _t.content_id,
        tombstones.PRIVATE.label("hidden"),
    )
    .select_from(
        schema.tombstone.join(schema.content, _c.id == _t.content_id).outerjoin(
            schema.sort_key, _k.content_id == _t.content_id
        )
    )
    .where(_t.folder_id == bindparam("at"), not_(exists(select(_i.id).where(_i.id == _t.item_id))))
)
_NEWEST: Final = _KEPT.order_by(_t.modseq.desc(), _t.uid.desc()).limit(bindparam("most")).offset(bindparam("skip"))
_ONE: Final = _KEPT.where(_t.uid == bindparam("number"))
_LET_GO: Final = (
    update(schema.tombstone)
    .where(and_(_t.folder_id == bindparam("at"), _t.uid == bindparam("number")))
    .values(content_id=null())
)


def removed(tx: Tx, at: FolderId, limit: int = 0, uid: Uid | None = None) -> Sequence[Removed]:
    """See `ReadTx.removed`. Takes `r` and `a`."""
    here = tx.open(at, Right.READ | Right.ADMIN)
    if uid is not None:
        row = _one(tx, here, uid)
        return [] if row is None else [_removed(row)]
    known, found = set[int](), list[Removed]()
    for row in _rows(tx, here):
        if row[1] not in known:
            known.add(row[1])
            if _shown(here, row):
                found.append(_removed(row))
                if len(found) == limit:
                    break
    return found


def _rows(tx: Tx, here: Opened) -> Iterator[Row]:
    """All that is kept of a folder, the last to go first."""
    skip = 0
    while True:
        values = {"at": here.id, "most": AT_ONCE, "skip": skip, "account": tx.who.account}
        rows = tx.sql.rows(_NEWEST, values)
        yield from rows
        if len(rows) < AT_ONCE:
            return
        skip += AT_ONCE


def recover(tx: Tx, at: FolderId, uid: Uid, to: FolderId, new: NewItem) -> Item:
    """See `WriteTx.recover`. `r` and `a` here, `i` there."""
    here, there = tx.open(at, Right.READ | Right.ADMIN), tx.open(to, Right.INSERT)
    row = _kept(tx, here, uid)
    if row[5] != new.blob:
        raise Refused("what is brought back is what was removed, octet by octet")
    if there.kind != here.kind:
        raise Refused(f"what was in a folder for {here.kind} does not come back to one for {there.kind}")
    mask, may_words = permitted_mask(there.rights)
    name = item_copies.names(tx, there, [row[8] or None], there.uidnext)[0]
    again = replace(new, name=name, saved=moment(row[6]))
    words = words_in(row[4]) if may_words else frozenset[str]()
    author = tx.who.account if tx.who.account != SERVER else None
    item = item_changes.put(tx, there, [(again, FLAGS[row[3]] & mask & ~Flags.DELETED, words)], author)[0]
    occasions.put_in(tx, there, [item.uid], "COPY")
    _forget(tx, here, [row])
    return item


def forget(tx: Tx, at: FolderId, uids: Sequence[Uid]) -> None:
    """See `WriteTx.forget`. Takes `r`, `a`, `t` and `e`."""
    here = admit(tx.open(at, Right.READ | Right.ADMIN), Right.TRASH | Right.EXPUNGE)
    _forget(tx, here, [_kept(tx, here, uid) for uid in uids])


def _forget(tx: Tx, here: Opened, rows: Sequence[Row]) -> None:
    tx.sql.many(_LET_GO, [{"at": here.id, "number": row[0]} for row in rows])
    contents.release_all(tx, [row[13] for row in rows])


def _one(tx: Tx, here: Opened, uid: Uid) -> Row | None:
    row = tx.sql.row(_ONE, {"at": here.id, "number": uid, "account": tx.who.account})
    return row if row is not None and _shown(here, row) else None


def _shown(here: Opened, row: Row) -> bool:
    return tombstones.all_seen(here) or not row[14]


def _kept(tx: Tx, here: Opened, uid: Uid) -> Row:
    row = _one(tx, here, uid)
    if row is None:
        raise NotFound("this is not kept any more: its time is over, or it has been brought back already")
    return row


def _removed(row: Row) -> Removed:
    uid, item, modseq, bits, words, blob, *rest, _, _ = row
    return Removed(Uid(uid), ItemId(item), ModSeq(modseq), bits, words, BlobId(blob), *rest)
