"""What a client keeps of an item that no other protocol has a place for: MAPI properties, as octets beside the item.

1. They go by the item's id: through a change of its content, and with it into another folder. A copy has none.
2. They go with the item; those of items that went with their folder or owner are forgotten by and by.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import bindparam, delete, select, text, update

from groupware.model.errors import NoRight, NotFound, OverQuota
from groupware.model.ids import FolderId, ItemId, ModSeq, Uid, ranges
from groupware.model.rights import Right

from . import items, schema
from .tx import Tx
from .upserts import Upsert

LONGEST: Final = 256 * 1024
"""Octets of one item."""
_p, _i = schema.item_property.c, schema.item.c
_OF: Final[Mapping[bool, Any]] = {
    True: select(_p.item_id, _p.octets).where(text("item_property.item_id = ANY(:ids)")),
    False: select(_p.item_id, _p.octets).where(text("item_property.item_id IN (SELECT value FROM json_each(:ids))")),
}
_DROP: Final = delete(schema.item_property).where(_p.item_id == bindparam("number"))
_ANY: Final = select(_p.item_id).limit(1)
_TOUCH: Final = (
    update(schema.item)
    .where(_i.folder_id == bindparam("at"), _i.uid == bindparam("number"))
    .values(modseq=bindparam("now"))
)
_LOST: Final = select(_p.item_id).where(~select(_i.id).where(_i.id == _p.item_id).exists()).limit(bindparam("most"))


def _put(dialect: Any) -> Any:
    statement = dialect.insert(schema.item_property).values(item_id=bindparam("number"), octets=bindparam("octets"))
    return statement.on_conflict_do_update(index_elements=["item_id"], set_={"octets": statement.excluded.octets})


_PUT: Final = Upsert(_put)


def of(tx: Tx, at: FolderId, uids: Sequence[Uid]) -> Mapping[Uid, bytes]:
    """See `ReadTx.item_properties`. Takes `r`."""
    tx.open(at, Right.READ)
    if not uids or tx.sql.row(_ANY) is None:
        return {}
    there = {each.id: each.uid for each in items.items(tx, at, ranges(uids), summary=False, limit=0)}
    ids = list(there) if tx.sql.postgres else json.dumps(list(there))
    return {there[ItemId(item)]: bytes(octets) for item, octets in tx.sql.rows(_OF[tx.sql.postgres], {"ids": ids})}


def put(tx: Tx, at: FolderId, uid: Uid, octets: bytes) -> ModSeq:
    """See `WriteTx.put_item_properties`. `w`, or edit-own and the like on one's own item."""
    from . import item_changes  # which has this module forget what is beside an item that goes

    here = tx.open(at, Right.READ)
    found = items.items(tx, at, [(uid, uid)], summary=False, limit=1)
    if not found:
        raise NotFound(f"item {uid}: it is not there any more")
    mine = found[0].author == tx.who.account and bool(here.rights & (Right.EDIT_OWN | Right.INSERT))
    if Right.WRITE not in here.rights and not mine:
        raise NoRight(f"item {uid}: properties of it take the right to write here, or to have made it; ask the owner")
    if len(octets) > LONGEST:
        raise OverQuota(f"{len(octets)} octets of properties of one item: {LONGEST} are kept at most")
    modseq = tx.bump(here.owner)
    item_changes.count(tx, here, modseq)
    tx.sql.change(
        _PUT[tx.sql.postgres] if octets else _DROP,
        {"number": found[0].id, "octets": octets} if octets else {"number": found[0].id},
    )
    tx.sql.change(_TOUCH, {"at": here.id, "number": uid, "now": modseq})
    tx.journal_row("item.properties", here, modseq, {"uid": uid})
    return modseq


def drop(tx: Tx, ids: Iterable[int]) -> None:
    """Forgets what is beside items that are gone."""
    if tx.sql.row(_ANY) is not None:
        tx.sql.many(_DROP, [{"number": item} for item in ids])


def forget(tx: Tx, most: int) -> int:
    """Forgets what is beside items that went with their folders; how many these were."""
    tx.administer(None)
    lost = [row[0] for row in tx.sql.rows(_LOST, {"most": most})]
    tx.sql.many(_DROP, [{"number": item} for item in lost])
    return len(lost)
