"""What each person has of an item that others share, beside it: alarms of their own (decision 237).

1. It follows the item: to its next version, and to another folder.
2. It goes with the item, with the folder and with the person.
3. A change of it has a modseq of its own, which only the person whose it is meets.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import bindparam, delete, select, update

from groupware.model.errors import NotFound, Refused
from groupware.model.ids import FolderId, ModSeq, Uid
from groupware.model.item import Kind
from groupware.model.rights import Right

from . import objects, schema
from .guard import SERVER, Opened
from .tx import Tx
from .upserts import Upsert

LONGEST: Final = 256 * 1024
_m = schema.personal.c
_MINE: Final = (_m.account_id == bindparam("account"), _m.folder_id == bindparam("at"))
_OF: Final = select(_m.uid, _m.octets).where(*_MINE)
_ONE: Final = _OF.where(_m.uid == bindparam("number"))
_THERE: Final = select(schema.item.c.uid).where(
    schema.item.c.folder_id == bindparam("at"), schema.item.c.uid == bindparam("number")
)
_CHANGED: Final = select(_m.uid, _m.modseq).where(*_MINE, _m.modseq > bindparam("since"))
_HERE: Final = (_m.folder_id == bindparam("at"), _m.uid == bindparam("number"))
_ANY: Final = select(_m.uid).where(_m.folder_id == bindparam("at")).limit(1)
_DROP: Final = delete(schema.personal).where(*_HERE)
_FOLLOW: Final = (
    update(schema.personal)
    .where(*_HERE)
    .values(folder_id=bindparam("there"), uid=bindparam("now"), modseq=bindparam("new_modseq"))
)


def _put(dialect: Any) -> Any:
    names = ("account_id", "folder_id", "uid", "modseq", "octets")
    statement = dialect.insert(schema.personal).values({name: bindparam(name) for name in names})
    new = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=["account_id", "folder_id", "uid"], set_={"modseq": new.modseq, "octets": new.octets}
    )


_PUT: Final = Upsert(_put)


def personal(tx: Tx, at: FolderId, only: Uid | None) -> Mapping[Uid, bytes]:
    """See `ReadTx.personal`. Takes `r`."""
    here = tx.open(at, Right.READ)
    values = {"account": tx.who.account, "at": here.id, "number": only}
    found = tx.sql.rows(_OF if only is None else _ONE, values)
    return {Uid(uid): bytes(octets) for uid, octets in objects.shown(tx, here, found)}


def put(tx: Tx, at: FolderId, uid: Uid, octets: bytes) -> ModSeq:
    """See `WriteTx.put_personal`. `r`."""
    from . import item_changes  # which has this module keep what is beside an item with it

    here = tx.open(at, Right.READ)
    if tx.who.account == SERVER:
        raise Refused("what is personal is a person's own, and the operator is none: act as the person it is for")
    if len(octets) > LONGEST:
        raise Refused(f"{len(octets)} octets of alarms of one's own: {LONGEST} are kept at most")
    if not objects.shown(tx, here, tx.sql.rows(_THERE, {"at": here.id, "number": uid})):
        raise NotFound(f"item {uid}: it is not there any more")
    modseq = tx.bump(here.owner)
    item_changes.count(tx, here, modseq)
    row = {"account_id": tx.who.account, "folder_id": here.id, "uid": uid, "modseq": modseq, "octets": octets}
    tx.sql.change(_PUT[tx.sql.postgres], row)
    tx.journal_row("item.personal", here, modseq, {"uid": uid})
    return modseq


# --- beside the items -------------------------------------------------------------------------------------------------


def changed(tx: Tx, here: Opened, since: ModSeq) -> Mapping[int, int]:
    """The modseq of each item of which one's own has changed after `since`, by its UID."""
    if here.kind == Kind.MAIL:
        return {}
    return dict(tx.sql.rows(_CHANGED, {"account": tx.who.account, "at": here.id, "since": since}))


def follow(tx: Tx, here: Opened, there: Opened, pairs: Iterable[tuple[int, int]], modseq: ModSeq) -> None:
    """What is beside items goes where they have gone: (UID here, UID there)."""
    if here.kind != Kind.MAIL and tx.sql.row(_ANY, {"at": here.id}) is not None:
        values = {"at": here.id, "there": there.id, "new_modseq": modseq}
        tx.sql.many(_FOLLOW, [{**values, "number": uid, "now": new} for uid, new in pairs])


def drop(tx: Tx, here: Opened, uids: Iterable[int]) -> None:
    """Forgets what is beside items that are gone."""
    if here.kind != Kind.MAIL and tx.sql.row(_ANY, {"at": here.id}) is not None:
        tx.sql.many(_DROP, [{"at": here.id, "number": uid} for uid in uids])
