"""What items leave behind: tombstones in their place.

Who may not read what is private is told that something went only of what they could have seen: of what was private
others' tombstones are not there. So what becomes private has gone, and comes again when it is public again.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, and_, bindparam, delete, or_, select, text

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
    " (folder_id, uid, modseq, item_id, name, flags, keywords, saved, removed, author_id, origin, created,"
    " content_id, last, private)"
    " SELECT i.folder_id, i.uid, :modseq, i.id, i.name, i.flags, i.keywords, i.saved, :removed, i.author_id, i.origin,"
    " i.created, CASE WHEN :keep = 1 THEN i.content_id END, CASE WHEN k.component = 'VEVENT' THEN k.last END,"
    " coalesce(k.private, false)"
    " FROM item i LEFT JOIN object_key k ON :mail = 0 AND k.folder_id = i.folder_id AND k.uid = i.uid"
    " WHERE i.folder_id = :at AND i.uid BETWEEN :low AND :high"
)
PRIVATE: Final[ColumnElement[Any]] = or_(
    _t.private.is_(None), and_(_t.private, or_(_t.author_id.is_(None), _t.author_id != bindparam("account")))
)
"""Of what was private to somebody else than `account`, or nothing says that it was not."""
_LEFT: Final = (
    select(_t.uid, _t.modseq, _t.name, _t.item_id)
    .where(_t.folder_id == bindparam("at"))
    .where(_t.modseq > bindparam("since"))
)
_LEFT_SEEN: Final = _LEFT.where(~PRIVATE)
_each: Final = select(_t.item_id, _t.folder_id, _t.modseq).where(_t.modseq > bindparam("since"))
_LEFT_EACH: Final = {
    True: _each.where(text("tombstone.folder_id = ANY(:places)")),
    False: _each.where(text("tombstone.folder_id IN (SELECT value FROM json_each(:places))")),
}
_LEFT_UNSEEN: Final = _LEFT.where(PRIVATE)
_UNKNOWN: Final = _LEFT.where(_t.private.is_(None)).limit(1)
_LAPSED: Final = (
    select(_t.uid, _t.item_id)
    .where(_t.folder_id == bindparam("at"))
    .where(_t.modseq > bindparam("since"))
    .where(_t.last <= bindparam("by"))
)
_LAPSED_SEEN: Final = _LAPSED.where(~PRIVATE)
_DROP: Final = delete(schema.item).where(
    _i.folder_id == bindparam("at"), _i.uid.between(bindparam("low"), bindparam("high"))
)
_DROP_SEEN: Final = delete(schema.seen).where(
    _s.folder_id == bindparam("at"), _s.uid.between(bindparam("low"), bindparam("high"))
)
_HAS_SEEN_ROWS: Final = select(_s.uid).where(_s.folder_id == bindparam("at")).limit(1)


class Left(NamedTuple):
    """What went from a folder, of what one could see there."""

    uid: Uid
    modseq: ModSeq
    name: str | None
    item: ItemId


def bury(tx: Tx, here: Opened, rows: Sequence[Row], modseq: ModSeq, *, keep: bool) -> None:
    """Tombstones in the place of items; `keep`: they hold on to the content until retention ends.

    UIDs that follow each other go together, by one statement.
    """
    spans = [{"at": here.id, "low": low, "high": high} for low, high in ranges(row[0] for row in rows)]
    told = {"modseq": modseq, "removed": now_micros(), "keep": int(keep), "mail": int(here.kind == Kind.MAIL)}
    tx.sql.many(_BURY, [{**each, **told} for each in spans])
    tx.sql.many(_DROP, spans)
    objects.drop(tx, here, [row[0] for row in rows])
    if tx.sql.row(_HAS_SEEN_ROWS, {"at": here.id}) is not None:
        tx.sql.many(_DROP_SEEN, spans)


def left(tx: Tx, here: Opened, since: ModSeq) -> Sequence[Left] | None:
    """What went after `since`; None: of some of it it is not known whether the principal could see it."""
    values = {"at": here.id, "since": since, "account": tx.who.account}
    if unknown(tx, here, since):
        return None
    return [Left(*row) for row in tx.sql.rows(_LEFT if all_seen(here) else _LEFT_SEEN, values)]


def unknown(tx: Tx, here: Opened, since: int) -> bool:
    """Whether of something that went after `since` it is not known whether the principal could see it."""
    return not all_seen(here) and tx.sql.row(_UNKNOWN, {"at": here.id, "since": since}) is not None


def unseen(tx: Tx, here: Opened, since: ModSeq) -> Sequence[Left]:
    """What went after `since` and the principal could not see."""
    if all_seen(here):
        return ()
    return [Left(*row) for row in tx.sql.rows(_LEFT_UNSEEN, {"at": here.id, "since": since, "account": tx.who.account})]


def elsewhere_at(tx: Tx, here: Opened, since: ModSeq) -> Collection[ItemId]:
    """Which items of the owner were at `since` in a folder that the principal may not read, and left it."""
    hidden = {at for at in here.tree.nodes if Right.READ not in here.tree.rights(tx.who, at)}
    first: dict[ItemId, tuple[ModSeq, FolderId]] = {}
    places = list(here.tree.nodes) if hidden else []
    values = {"places": places if tx.sql.postgres else json.dumps(places), "since": since}
    for item, at, modseq in tx.sql.rows(_LEFT_EACH[tx.sql.postgres], values) if hidden else ():
        if item not in first or modseq < first[item][0]:
            first[item] = modseq, at
    return {item for item, (_, at) in first.items() if at in hidden}


def all_seen(here: Opened) -> bool:
    """Whether who asks could see all that went from a folder that may be read."""
    return here.kind == Kind.MAIL or Right.PRIVATE in here.rights


def lapsed(tx: Tx, at: FolderId, since: ModSeq, by: int) -> Sequence[tuple[Uid, ItemId]]:
    """See `ReadTx.lapsed`. Takes `r`."""
    here = tx.open(at, Right.READ)
    values = {"at": here.id, "since": since, "by": by, "account": tx.who.account}
    rows = tx.sql.rows(_LAPSED if all_seen(here) else _LAPSED_SEEN, values)
    return [(Uid(uid), ItemId(item)) for uid, item in rows]
