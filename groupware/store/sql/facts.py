"""What filters ask of objects, as it stands beside them (`groupware.calendar.facts`, `groupware.contacts.facts`).

What was stored before there were any waits for them, and is asked itself until then.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from sqlalchemy import and_, bindparam, func, select, update

from groupware.model.ids import BlobId, FolderId, Uid, Uids
from groupware.model.rights import Right

from . import items, schema
from .tx import Tx

_k, _i, _c = schema.object_key.c, schema.item.c, schema.content.c


class Waiting(NamedTuple):
    """An object whose facts are to be made."""

    folder: FolderId
    uid: Uid
    blob: BlobId
    size: int
    component: str
    """As in `ObjectKeys`."""


_FACTS: Final = (
    select(_k.uid, func.coalesce(_k.facts, ""))
    .where(_k.folder_id == bindparam("at"))
    .where(_k.uid.between(bindparam("low"), bindparam("high")))
    .order_by(_k.uid)
    .limit(bindparam("most"))
)
_WAITING: Final = (
    select(_k.folder_id, _k.uid, _c.blob, _c.size, _k.component)
    .select_from(
        schema.object_key.join(schema.item, and_(_i.folder_id == _k.folder_id, _i.uid == _k.uid)).join(
            schema.content, _c.id == _i.content_id
        )
    )
    .where(schema.FACTS_WAIT)
    .limit(bindparam("most"))
)
_PUT: Final = (
    update(schema.object_key)
    .values(facts=bindparam("said"))
    .where(_k.folder_id == bindparam("at"), _k.uid == bindparam("number"), schema.FACTS_WAIT)
)


def facts(tx: Tx, at: FolderId, uids: Uids, limit: int) -> Sequence[tuple[Uid, str]]:
    """See `ReadTx.facts`. Takes `r`."""
    here = tx.open(at, Right.READ)
    return [(Uid(uid), said) for uid, said in items.rows_between(tx, here, _FACTS, uids, limit)]


def waiting(tx: Tx, limit: int) -> Sequence[Waiting]:
    """Some of what waits."""
    return [Waiting(*row) for row in tx.sql.rows(_WAITING, {"most": limit})]


def put(tx: Tx, said: Sequence[tuple[Waiting, str]]) -> None:
    """Puts the facts of objects beside them, as far as they still wait. Safe in several processes."""
    tx.sql.many(_PUT, [{"at": each.folder, "number": each.uid, "said": text} for each, text in said])
