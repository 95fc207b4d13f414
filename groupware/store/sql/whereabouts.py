"""Items by the ids that survive a move: where they are, which are the newest, and what came and went.

What is private of others is left out, as everywhere (`objects`).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Column, Table, and_, bindparam, false, func, select, text, true, tuple_
from sqlalchemy.sql import Select
from sqlalchemy.sql.elements import TextClause

from groupware.model.ids import AccountId, FolderId, ItemId, ModSeq, Uid
from groupware.model.item import CALENDARS, Left, Turned, Turnover
from groupware.model.rights import Right

from . import objects, schema, tombstones
from .engine import Row
from .guard import Opened, absent
from .tx import Tx

_f, _i, _s, _t, _o = schema.folder.c, schema.item.c, schema.seen.c, schema.tombstone.c, schema.personal.c
_WHERE: Final[Mapping[bool, Select[Any]]] = {
    True: select(_i.uid, _i.folder_id, _i.id).where(text("item.id = ANY(:ids)")),
    False: select(_i.uid, _i.folder_id, _i.id).where(text("item.id IN (SELECT value FROM json_each(:ids))")),
}
_LATEST: Final = (
    select(_i.uid, _i.id)
    .where(_i.folder_id == bindparam("at"))
    .order_by(_i.saved.desc(), _i.uid.desc())
    .limit(bindparam("most"))
    .offset(bindparam("skip"))
)
_TURNED: Final = (
    select(_i.uid, _i.id, _i.modseq, _i.created)
    .where(_i.folder_id == bindparam("at"))
    .where(_i.modseq > bindparam("since"))
)
_SEEN_TURNED: Final = (
    select(_i.uid, _i.id, _s.modseq, _i.created)
    .select_from(schema.seen.join(schema.item, and_(_i.folder_id == _s.folder_id, _i.uid == _s.uid)))
    .where(_s.account_id == bindparam("reader"))
    .where(_s.folder_id == bindparam("at"))
    .where(_s.modseq > bindparam("since"))
)
_OWN_TURNED: Final = (
    select(_i.uid, _i.id, _o.modseq, _i.created)
    .select_from(schema.personal.join(schema.item, and_(_i.folder_id == _o.folder_id, _i.uid == _o.uid)))
    .where(_o.account_id == bindparam("account"))
    .where(_o.folder_id == bindparam("at"))
    .where(_o.modseq > bindparam("since"))
)


def _paged(statement: Select[Any], modseq: Column[Any], uid: Column[Any]) -> Select[Any]:
    """At most so many rows behind a place in the change sequence."""
    behind = statement.where(tuple_(modseq, uid) > tuple_(bindparam("modseq"), bindparam("number")))
    return behind.order_by(modseq, uid).limit(bindparam("most"))


_TURNED_NEXT: Final = _paged(
    select(_i.uid, _i.modseq, _i.id, _i.created, false()).where(_i.folder_id == bindparam("at")), _i.modseq, _i.uid
)


def _beside_next(kept: Table, whose: str) -> Select[Any]:
    """What somebody has beside items and has changed since they did."""
    own = kept.c
    found = (
        select(_i.uid, own.modseq, _i.id, _i.created, true())
        .select_from(kept.join(schema.item, and_(_i.folder_id == own.folder_id, _i.uid == own.uid)))
        .where(own.account_id == bindparam(whose), own.folder_id == bindparam("at"), own.modseq > _i.modseq)
    )
    return _paged(found, own.modseq, own.uid)


_SEEN_NEXT: Final = _beside_next(schema.seen, "reader")
_OWN_NEXT: Final = _beside_next(schema.personal, "account")
_LEFT_NEXT: Final = _paged(
    select(_t.uid, _t.modseq, _t.item_id).where(_t.folder_id == bindparam("at")), _t.modseq, _t.uid
)
_OF: Final[Mapping[bool, TextClause]] = {
    True: text("tombstone.item_id = ANY(:ids)"),
    False: text("tombstone.item_id IN (SELECT value FROM json_each(:ids))"),
}
_LEFT_ALL: Final = {False: _LEFT_NEXT, True: _LEFT_NEXT.where(~tombstones.PRIVATE)}
_LEFT_OF: Final = {
    (unseen, dialect): statement.where(of) for unseen, statement in _LEFT_ALL.items() for dialect, of in _OF.items()
}
_BURIED: Final = (
    select(func.coalesce(_t.origin, _t.item_id), schema.sort_key.c.message_id, schema.sort_key.c.ids)
    .select_from(schema.tombstone.outerjoin(schema.sort_key, schema.sort_key.c.content_id == _t.content_id))
    .where(_t.folder_id == bindparam("at"))
    .where(_t.modseq > bindparam("since"))
)
_BURIED_SEEN: Final = _BURIED.where(~tombstones.PRIVATE)
_TOLD: Final = Right.READ | Right.FREEBUSY
"""Who has one of these is told when something changes in the folder."""
_FOLDERS_REACHED: Final = select(_f.id, _f.modseq, _f.created_modseq).where(_f.owner_id == bindparam("owner"))
_REACHED: Final = select(schema.principal.c.modseq).where(schema.principal.c.id == bindparam("owner"))


def placed(tx: Tx, ids: Sequence[ItemId]) -> Mapping[ItemId, tuple[FolderId, Uid]]:
    """Where these items are, as far as the asking principal may read them."""
    wanted = list(ids) if tx.sql.postgres else json.dumps(list(ids))
    rows = tx.sql.rows(_WHERE[tx.sql.postgres], {"ids": wanted}) if ids else []
    folders = tx.open_each([FolderId(at) for at in sorted({at for _, at, _ in rows})])
    readable = {at: here for at, here in folders.items() if Right.READ in here.rights}
    hidden = {at: objects.hidden(tx, here) for at, here in readable.items()}
    return {
        ItemId(number): (FolderId(at), Uid(uid)) for uid, at, number in rows if at in hidden and uid not in hidden[at]
    }


def latest(tx: Tx, at: FolderId, skip: int, most: int) -> Sequence[tuple[Uid, ItemId]]:
    """The items with the newest `saved` first, without the first `skip` of them. Takes `r`."""
    here = tx.open(at, Right.READ)
    rows = tx.sql.rows(_LATEST, {"at": here.id, "skip": skip, "most": most})
    return [(Uid(uid), ItemId(number)) for uid, number in objects.shown(tx, here, rows)]


def turnover(tx: Tx, at: FolderId, since: ModSeq) -> Turnover | None:
    """What came, changed and went after `since`; None: it is no longer known. Takes `r`.

    What could not be read at `since`, and can be now, has come when that changed.
    """
    here = tx.open(at, Right.READ)
    if since < here.compacted:
        return None
    if since >= here.modseq:
        return Turnover((), ())
    values = {"at": here.id, "since": since, "reader": here.reader, "account": tx.who.account}
    changed: dict[int, tuple[ItemId, ModSeq, ModSeq]] = {}
    for statement in _beside(here):
        for uid, number, modseq, created in objects.shown(tx, here, tx.sql.rows(statement, values)):
            known = changed[uid][1] if uid in changed else 0
            changed[uid] = (ItemId(number), ModSeq(max(modseq, known)), ModSeq(created))
    left = tombstones.left(tx, here, since)
    if left is None:
        return None
    fresh = {*_hidden_at(tx, here, since, left), *tombstones.elsewhere_at(tx, here, since)} if changed else ()
    told = [(item, modseq, modseq if item in fresh else came) for item, modseq, came in changed.values()]
    return Turnover(told, [(each.item, each.modseq) for each in left])


def _hidden_at(tx: Tx, here: Opened, since: ModSeq, left: Sequence[tombstones.Left]) -> Collection[ItemId]:
    """Which items were there at `since` for others alone: those that went for the first time unseen."""
    unseen = tombstones.unseen(tx, here, since)
    seen: dict[ItemId, ModSeq] = {}
    for each in left if unseen else ():
        seen[each.item] = min(each.modseq, seen.get(each.item, each.modseq))
    return {each.item for each in unseen if each.item not in seen or each.modseq < seen[each.item]}


def _beside(here: Opened) -> list[Select[Any]]:
    """What tells of the items, and of what the asking principal alone has beside them."""
    seen = [_SEEN_TURNED] if here.reader else []
    return [_TURNED, *seen, *([_OWN_TURNED] if here.kind in CALENDARS else [])]


def turned(tx: Tx, at: FolderId, behind: tuple[int, int], most: int, since: ModSeq) -> Sequence[Turned] | None:
    """See `ReadTx.turned`: what is beside an item that has changed since is told with the item."""
    here = tx.open(at, Right.READ)
    if behind[0] < here.compacted:
        return None
    fresh: Collection[ItemId] = ()
    if not tombstones.all_seen(here):
        gone = tombstones.left(tx, here, since)
        if gone is None:
            return None
        fresh = _hidden_at(tx, here, since, gone)
    return [each._replace(came=each.modseq) if each.item in fresh else each for each in _turned(tx, here, behind, most)]


def _turned(tx: Tx, here: Opened, behind: tuple[int, int], most: int) -> Sequence[Turned]:
    values = {"at": here.id, "reader": here.reader, "account": tx.who.account, "most": most}
    beside = [_SEEN_NEXT] if here.reader else []
    beside += [_OWN_NEXT] if here.kind in CALENDARS else []
    found: list[Row] = []
    more = True
    while more and len(found) < most:
        values |= {"modseq": behind[0], "number": behind[1]}
        rows = [row for statement in (_TURNED_NEXT, *beside) for row in tx.sql.rows(statement, values)]
        some = sorted(rows, key=lambda row: (row[1], row[0], row[4]))[:most]
        more = len(some) == most
        behind = (some[-1][1], some[-1][0]) if some else behind
        found += objects.shown(tx, here, some)
    return [
        Turned(ModSeq(modseq), Uid(uid), ItemId(number), ModSeq(came), bool(own))
        for uid, modseq, number, came, own in found[:most]
    ]


def left(tx: Tx, at: FolderId, behind: tuple[int, int], most: int, of: Sequence[ItemId]) -> Sequence[Left] | None:
    """See `ReadTx.left`."""
    here = tx.open(at, Right.READ)
    if behind[0] < here.compacted or tombstones.unknown(tx, here, behind[0]):
        return None
    unseen = not tombstones.all_seen(here)
    statement = _LEFT_OF[unseen, tx.sql.postgres] if of else _LEFT_ALL[unseen]
    wanted = list(of) if tx.sql.postgres else json.dumps(list(of))
    values = {"at": here.id, "modseq": behind[0], "number": behind[1], "most": most, "account": tx.who.account}
    rows = tx.sql.rows(statement, {**values, "ids": wanted} if of else values)
    return [Left(ModSeq(modseq), Uid(uid), ItemId(number)) for uid, modseq, number in rows]


def buried(tx: Tx, at: FolderId, since: ModSeq) -> Mapping[ItemId, tuple[str, str] | None]:
    """Message-ID and references of emails that went after `since`; None: no longer kept. Takes `r`."""
    here = tx.open(at, Right.READ)
    values = {"at": here.id, "since": since, "account": tx.who.account}
    rows = tx.sql.rows(_BURIED if tombstones.all_seen(here) else _BURIED_SEEN, values)
    found: dict[ItemId, tuple[str, str] | None] = {}
    for number, message, ids in rows:  # what was moved away has left nothing here, and may have come back
        if message is not None or number not in found:
            found[ItemId(number)] = (message, ids) if message is not None else None
    return found


def reached(tx: Tx, owner: AccountId) -> ModSeq:
    """See `ReadTx.reached`."""
    tree = tx.tree(owner)
    rights = {at: tree.rights(tx.who, at) for at in tree.nodes}
    if not any(Right.LOOKUP in each for each in rights.values()):
        raise absent(owner)
    if all(Right.READ in each for each in rights.values()):
        return ModSeq(int(tx.sql.value(_REACHED, {"owner": owner})))
    moments = [
        modseq if rights[at] & _TOLD else born
        for at, modseq, born in tx.sql.rows(_FOLDERS_REACHED, {"owner": owner})
        if at in rights and Right.LOOKUP in rights[at]
    ]
    return ModSeq(max(moments, default=0))
