"""What is attached to calendar objects: one row for the octets, one for each content that refers to it.

1. Whoever may read an item that refers to an attachment may read that, and nobody else; who has just brought it may,
   as long as nothing refers to it.
2. A content refers to an attachment when it is written, by who has brought it or may read it, or into a folder of
   somebody whose objects refer to it already. Keys that are none of this server's are links like others.
3. An attachment counts in the quota of the calendar's owner; it goes some time after the last that refers to it.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import and_, bindparam, delete, exists, insert, not_, select, update
from sqlalchemy.sql import Select

from groupware.model.attachment import Attachment
from groupware.model.errors import NotFound
from groupware.model.ids import AccountId, BlobId, FolderId
from groupware.model.rights import Right
from groupware.model.times import now_micros
from groupware.store.api import Stored

from . import objects, principals, schema
from .engine import Row
from .room import check_room
from .tx import Tx

MOST_LOOKED_AT: Final = 2_000
"""Items that refer to one attachment and are asked whether one may read them."""
LONGEST_NAME: Final = 255
_a, _r, _i, _f = schema.attachment.c, schema.attached.c, schema.item.c, schema.folder.c
_ADD: Final = insert(schema.attachment).values(
    {name: bindparam(name) for name in ("key", "owner_id", "by_id", "blob", "size", "media", "name", "touched")}
)
_ONE: Final = select(_a.id, _a.by_id, _a.key, _a.owner_id, _a.blob, _a.size, _a.media, _a.name).where(
    _a.key == bindparam("key")
)
_REFERRING: Final[Select[Any]] = (
    select(_i.uid, _i.folder_id)
    .select_from(schema.attached.join(schema.item, _i.content_id == _r.content_id))
    .where(_r.attachment_id == bindparam("number"))
    .limit(MOST_LOOKED_AT)
)
_USED: Final = select(_r.content_id).where(_r.attachment_id == bindparam("number")).limit(1)
_OWNED: Final = (
    select(_i.uid)
    .select_from(
        schema.attached.join(schema.item, _i.content_id == _r.content_id).join(schema.folder, _f.id == _i.folder_id)
    )
    .where(_r.attachment_id == bindparam("number"), _f.owner_id == bindparam("owner"))
    .limit(1)
)
_TOUCH: Final = update(schema.attachment).where(_a.id == bindparam("number")).values(touched=bindparam("now"))
_REFER: Final = insert(schema.attached).values(content_id=bindparam("content"), attachment_id=bindparam("number"))
_UNREFERRED: Final = and_(
    _a.touched < bindparam("before"),
    not_(exists(select(_r.content_id).where(_r.attachment_id == _a.id))),
)
_OLD: Final = select(_a.id, _a.owner_id).where(_UNREFERRED).order_by(_a.owner_id, _a.id).limit(bindparam("most"))
_DROP: Final = delete(schema.attachment).where(_a.id == bindparam("number"), _UNREFERRED).returning(_a.blob, _a.size)


def put(tx: Tx, at: FolderId, stored: Stored, media: str, name: str) -> Attachment:
    """See `WriteTx.put_attachment`."""
    from . import contents  # which asks this module what a content refers to

    here = tx.open(at, Right.INSERT)
    check_room(tx, here, 0, stored.size)
    tx.bump(here.owner, stored.size, 0)
    contents.hold_blob(tx, stored.blob, stored.size, stored.body)
    key = secrets.token_hex(16)
    row = {
        "key": key,
        "owner_id": here.owner,
        "by_id": tx.who.account,
        "blob": stored.blob,
        "size": stored.size,
        "media": media[:255],
        "name": name[:LONGEST_NAME],
        "touched": now_micros(),
    }
    tx.sql.change(_ADD, row)
    return Attachment(key, here.owner, stored.blob, stored.size, media[:255], name[:LONGEST_NAME])


def get(tx: Tx, key: str) -> Attachment:
    """See `ReadTx.attachment`."""
    row = tx.sql.row(_ONE, {"key": key})
    if row is None or not _readable(tx, row):
        raise NotFound(f"attachment {key[:40]!r}: there is none of that name, or it is not yours to read")
    return Attachment(row[2], AccountId(row[3]), BlobId(row[4]), row[5], row[6], row[7])


def _readable(tx: Tx, row: Row) -> bool:
    number = row[0]
    places: dict[int, list[Row]] = {}
    for uid, at in tx.sql.rows(_REFERRING, {"number": number}):
        places.setdefault(at, []).append((uid,))
    for at, opened in tx.open_each([FolderId(each) for each in places]).items():
        if Right.READ in opened.rights and list(objects.shown(tx, opened, places[at])):
            return True
    return bool(row[1] == tx.who.account and tx.sql.row(_USED, {"number": number}) is None)


def refer(tx: Tx, content: int, keys: Sequence[str], owner: AccountId | None) -> None:
    """The new content refers to these. `NotFound` for one that is not to be given on; unknown keys are left alone."""
    numbers = set()
    for key in keys:
        row = tx.sql.row(_ONE, {"key": key})
        if row is None:
            continue
        if not (row[1] == tx.who.account or _readable(tx, row) or _owned(tx, row, owner)):
            raise NotFound(f"attachment {key[:40]!r}: there is none of that name, or it is not yours to read")
        numbers.add(row[0])
    for number in sorted(numbers):
        tx.sql.change(_TOUCH, {"number": number, "now": now_micros()})
        tx.sql.change(_REFER, {"content": content, "number": number})


def _owned(tx: Tx, row: Row, owner: AccountId | None) -> bool:
    return owner is not None and tx.sql.row(_OWNED, {"number": row[0], "owner": owner}) is not None


def forget(tx: Tx, before: int, most: int) -> int:
    """Forgets up to so many that nothing refers to and that nobody has used since a moment; how many these were."""
    from . import contents

    tx.administer(None)
    rows = tx.sql.rows(_OLD, {"before": before, "most": most})
    for number, owner in rows:
        known = principals.by_id(tx.sql, AccountId(owner)) is not None
        if known:
            tx.bump(AccountId(owner))  # the owner is locked before the row, as by those who write there
        gone = tx.sql.returning(_DROP, {"number": number, "before": before})
        if gone is not None and known:
            tx.bump(AccountId(owner), -gone[1], 0)
        if gone is not None:
            contents.let_go(tx, BlobId(gone[0]))
    return len(rows)
