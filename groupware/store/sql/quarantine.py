"""What `check` took out of folders because it could not be served, and its way back.

1. A row holds on to its content as an item does, so a body that is found again is enough to bring the item back.
2. What comes back has a new UID, for its old one has been told to be gone.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, delete, select, text, update

from groupware.model.errors import AlreadyExists, NotFound, Refused
from groupware.model.ids import BlobId, FolderId, Uid
from groupware.model.rights import Right
from groupware.model.times import moment, now_micros
from groupware.store.api import Where

from . import contents, item_changes, items, schema
from .engine import Row, Sql
from .guard import Opened
from .tx import Tx
from .verify import refer_blob

_q, _c = schema.quarantine.c, schema.content.c
_ALL: Final = (
    select(_q.id, _q.at, _q.why, _q.place, _q.folder_id, _q.uid, _q.content_id, _q.facts, _c.blob, _c.size)
    .select_from(schema.quarantine.outerjoin(schema.content, _c.id == _q.content_id))
    .order_by(_q.id)
)
_ONE: Final = _ALL.where(_q.id == bindparam("number"))
_DROP: Final = delete(schema.quarantine).where(_q.id == bindparam("number"))
_BODY: Final = (
    update(schema.blob)
    .where(schema.blob.c.hash == bindparam("blob"))
    .values(size=bindparam("octets"), body=bindparam("stored"))
)
_HAS_BODY: Final = select(schema.blob.c.size).where(schema.blob.c.hash == bindparam("blob"))
_AUTHOR: Final = text("SELECT max(id) FROM principal WHERE id = :author")


@dataclass(frozen=True, slots=True)
class Quarantined:
    """One item in quarantine. `blob` None: its content is lost too, and it cannot come back."""

    id: int
    at: datetime
    why: str
    place: str
    folder: FolderId
    uid: Uid
    size: int
    saved: datetime
    blob: BlobId | None


def listed(sql: Sql, number: int | None = None) -> Sequence[Quarantined]:
    """All of it, or the one of that number."""
    rows = sql.rows(_ALL) if number is None else sql.rows(_ONE, {"number": number})
    return [_told(row) for row in rows]


def _told(row: Row) -> Quarantined:
    facts = json.loads(row[7])
    blob = BlobId(row[8]) if row[8] is not None else None
    size, saved = facts["size"], moment(facts["saved"])
    return Quarantined(row[0], moment(row[1]), row[2], row[3], FolderId(row[4]), Uid(row[5]), size, saved, blob)


def restore(tx: Tx, number: int, to: Where | None) -> Uid:
    """Puts one back into its folder, or into another one; its UID there. `a` on that folder. `NotFound`, `Refused`."""
    row = _row(tx, number)
    if row[8] is None:
        raise Refused(f"number {number}: its content is lost as well as its body, so it cannot come back; drop it")
    try:
        here = tx.open(FolderId(row[4]) if to is None else to, Right.ADMIN)
    except NotFound as error:
        raise NotFound(f"number {number}: {error}; name another folder with --to") from error
    if here.parent is None:
        raise Refused("the root of a tree holds folders only; choose a folder in it")
    facts = json.loads(row[7])
    name = _free_name(tx, here, facts["name"])
    flags, size = facts["flags"], facts["size"]
    modseq = tx.bump(here.owner, size, 1)
    unseen, deleted = int(not flags & items.SEEN), int(bool(flags & item_changes.DELETED))
    extra = facts.get("extra", 0)
    origin = facts.get("origin")
    counted = {"items": 1, "unseen": unseen, "deleted": deleted, "octets": size, "extra": extra}
    counted["copies"] = int(origin is not None)
    uid = item_changes.count(tx, here, modseq, uids=1, **counted)
    values: dict[str, Any] = {
        **{each: facts[each] for each in ("flags", "keywords", "size", "saved")},
        "folder_id": here.id,
        "uid": uid,
        "id": here.id << 32 | uid,
        "modseq": modseq,
        "arrived": now_micros(),
        "content_id": row[6],
        "name": name,
        "extra": extra,
        "created": modseq,
        "origin": origin,
        "author_id": tx.sql.value(_AUTHOR, {"author": facts["author"]}),
    }
    tx.sql.many(item_changes.INSERT, [values])
    tx.sql.change(_DROP, {"number": number})
    tx.journal_row("item.restored", here, modseq, {"uid": uid, "quarantined": number})
    return uid


def _free_name(tx: Tx, here: Opened, name: str | None) -> str | None:
    if name is not None and items.named(tx, here, name) is not None:
        raise AlreadyExists(f"{name!r}: there is an item of that name in the folder; name another one with --to")
    return name


def drop(tx: Tx, number: int) -> None:
    """Forgets one for good, with its hold on its content. The administrator's right. `NotFound`."""
    tx.administer(None)
    row = _row(tx, number)
    tx.sql.change(_DROP, {"number": number})
    if row[8] is not None:
        contents.release(tx, row[6])
    tx.note_administration("quarantine.dropped", tx.who.account, {"quarantined": number, "place": row[3]})


def mend(tx: Tx, blob: BlobId, size: int, body: bytes | None) -> None:
    """The body with this hash is what is given here (None: in the object store). The administrator's right."""
    tx.administer(None)
    if tx.sql.row(_HAS_BODY, {"blob": blob}) is None:
        contents.hold_blob(tx, blob, size, body)
    else:
        tx.sql.change(_BODY, {"blob": blob, "octets": size, "stored": body})
    refer_blob(tx, blob)


def _row(tx: Tx, number: int) -> Row:
    row = tx.sql.row(_ONE, {"number": number})
    if row is None:
        raise NotFound(f"there is no number {number} set aside")
    return row
