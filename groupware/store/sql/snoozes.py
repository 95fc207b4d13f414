"""Messages that wait in the folder `snoozed` until a moment, and what stands on top of lists. Decision 309.

1. A row goes by the item's id. It says nothing while the item is in another folder: who takes a message out has it.
2. Who wakes one takes its row away first, and all that happens to it in the same write: it comes back once, whoever is
   at it, and either wholly or not yet.
3. Which is due next is the first entry of an index; a mark on the bus says that another one waits.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import bindparam, delete, select, text, update

from groupware.model.errors import NotFound, OverQuota, Refused
from groupware.model.flags import FlagChange, Flags
from groupware.model.folder import Role
from groupware.model.ids import AccountId, FolderId, ItemId, ModSeq, Uid, ranges
from groupware.model.rights import Right
from groupware.model.snooze import FARTHEST, NEW, Snooze
from groupware.model.times import now_micros

from ..api import SNOOZES
from . import flags, item_copies, items, objects, schema
from .tx import Tx
from .upserts import Upsert

AGAIN: Final = 3600 * 1_000_000
"""Microseconds until what finds no room is tried again."""
_s, _i = schema.snooze.c, schema.item.c
_OF: Final[Mapping[bool, Any]] = {
    True: select(_s.item_id, _s.due, _s.to_id).where(text("snooze.item_id = ANY(:ids)")),
    False: select(_s.item_id, _s.due, _s.to_id).where(text("snooze.item_id IN (SELECT value FROM json_each(:ids))")),
}
_NEXT: Final = select(_s.item_id, _s.due, _s.to_id).order_by(_s.due).limit(bindparam("most"))
_TAKE: Final = delete(schema.snooze).where(_s.item_id == bindparam("number"), _s.due == bindparam("then"))
_DROP: Final = delete(schema.snooze).where(_s.item_id == bindparam("number"))
_WHERE: Final = select(_i.folder_id, _i.uid).where(_i.id == bindparam("number"))
_TOUCH: Final = (
    update(schema.item)
    .where(_i.folder_id == bindparam("at"), _i.uid == bindparam("number"))
    .values(modseq=bindparam("now"))
)
_ON_TOP: Final[Mapping[bool, Any]] = {
    postgres: select(_i.uid, _i.id, _i.keywords, _i.saved)
    .where(_i.folder_id == bindparam("at"), on_top)
    .order_by(_i.saved.desc(), _i.uid.desc())
    for postgres, on_top in ((True, schema.ON_TOP_POSTGRES), (False, schema.ON_TOP))
}


def _put(dialect: Any) -> Any:
    names = ("item_id", "account_id", "due", "to_id")
    statement = dialect.insert(schema.snooze).values({name: bindparam(name) for name in names})
    new = statement.excluded
    return statement.on_conflict_do_update(index_elements=["item_id"], set_={"due": new.due, "to_id": new.to_id})


_PUT: Final = Upsert(_put)


def of(tx: Tx, at: FolderId, uids: Sequence[Uid]) -> Mapping[Uid, Snooze]:
    """See `ReadTx.snoozed`. Takes `r`."""
    here = tx.open(at, Right.READ)
    if not uids or here.role != Role.SNOOZED:
        return {}
    there = {each.id: each.uid for each in items.items(tx, at, ranges(uids), summary=False, limit=0)}
    ids = list(there) if tx.sql.postgres else json.dumps(list(there))
    rows = tx.sql.rows(_OF[tx.sql.postgres], {"ids": ids})
    return {there[ItemId(item)]: _snooze(item, due, to) for item, due, to in rows}


def put(tx: Tx, at: FolderId, uid: Uid, until: int | None, to: FolderId | None) -> ModSeq:
    """See `WriteTx.snooze`."""
    from . import item_changes  # which has other modules keep what is beside an item with it

    here = tx.open(at, Right.READ | Right.TRASH | Right.EXPUNGE)
    if here.role != Role.SNOOZED or here.owner != tx.who.account:
        raise Refused("a message waits in the folder of one's own that is for that alone: it has the use \\Snoozed")
    found = items.items(tx, at, [(uid, uid)], summary=False, limit=1)
    if not found:
        raise NotFound(f"item {uid}: it is not there any more")
    if until is None:
        tx.sql.change(_DROP, {"number": found[0].id})
    else:
        if until > now_micros() + FARTHEST:
            raise Refused("a message waits for five years at most", "tooFar")
        if to is not None:
            there = tx.open(to, Right.INSERT)
            if there.owner != here.owner or there.id == here.id:
                raise Refused("a message comes back to another folder of the same account")
            objects.check_mail(there, here.kind)
        row = {"item_id": found[0].id, "account_id": here.owner, "due": until, "to_id": to}
        tx.sql.change(_PUT[tx.sql.postgres], row)
        tx.marks[SNOOZES] = ModSeq(now_micros())
        tx.note_change("item.waits", here.owner, SNOOZES, tx.marks[SNOOZES], {})
    modseq = tx.bump(here.owner)
    item_changes.count(tx, here, modseq)
    tx.sql.change(_TOUCH, {"at": here.id, "number": uid, "now": modseq})
    tx.journal_row("item.snoozed", here, modseq, {"uid": uid})
    return modseq


def waking(tx: Tx, limit: int) -> Sequence[Snooze]:
    """See `ReadTx.waking`."""
    tx.administer(None)
    return [_snooze(*row) for row in tx.sql.rows(_NEXT, {"most": limit})]


def wake(tx: Tx, which: Snooze) -> bool:
    """See `WriteTx.wake`."""
    tx.administer(None)
    if not tx.sql.change(_TAKE, {"number": which.item, "then": which.due}):
        return False
    where = tx.sql.row(_WHERE, {"number": which.item})
    if where is None:
        return False
    here = tx.open(FolderId(where[0]), Right.READ)
    if here.role != Role.SNOOZED:
        return False
    for to in _back(tx, here.owner, which.to):
        try:
            [(_, uid)] = item_copies.move(tx, here.id, [(Uid(where[1]), Uid(where[1]))], to)
        except OverQuota:  # of the folder alone, for its owner has no more than before; said before anything is written
            continue
        flags.update_flags(tx, to, [(uid, uid)], FlagChange(Flags.NONE, Flags.SEEN, frozenset({NEW}), frozenset()))
        return True
    row = {"item_id": which.item, "account_id": here.owner, "due": now_micros() + AGAIN, "to_id": which.to}
    tx.sql.change(_PUT[tx.sql.postgres], row)
    return False


def _back(tx: Tx, owner: AccountId, to: FolderId | None) -> list[FolderId]:
    """Where it comes back to: the first of these that has room."""
    nodes = tx.tree(owner).nodes
    inbox = [each.id for each in nodes.values() if each.role == Role.INBOX and each.id != to]
    return [to, *inbox] if to is not None and to in nodes else inbox


def on_top(tx: Tx, at: FolderId) -> Sequence[tuple[Uid, ItemId, str, int]]:
    """See `ReadTx.on_top`. Takes `r`."""
    here = tx.open(at, Right.READ)
    rows = tx.sql.rows(_ON_TOP[tx.sql.postgres], {"at": here.id})
    return [(Uid(uid), ItemId(item), words, saved) for uid, item, words, saved in objects.shown(tx, here, rows)]


def _snooze(item: int, due: int, to: int | None) -> Snooze:
    return Snooze(ItemId(item), int(due), None if to is None else FolderId(to))
