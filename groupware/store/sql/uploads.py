"""What was uploaded and is not used yet: one's own, for a time. Each row holds one reference to its body."""

from __future__ import annotations

from typing import Final

from sqlalchemy import bindparam, delete, insert, or_, select

from groupware.model.errors import NotFound, OverQuota
from groupware.model.ids import AccountId, BlobId
from groupware.model.record import Upload, UploadRoom
from groupware.model.times import now_micros
from groupware.store.api import Stored

from . import contents, schema, whereabouts
from .tx import Tx

_u = schema.upload.c
_ADD: Final = (
    insert(schema.upload)
    .values({name: bindparam(name) for name in ("account_id", "owner_id", "blob", "size", "media", "created")})
    .returning(_u.id)
)
_ONE: Final = select(_u.owner_id, _u.blob, _u.size, _u.media).where(
    _u.id == bindparam("number"), _u.account_id == bindparam("account")
)
_OF: Final = select(_u.id, _u.size).where(_u.account_id == bindparam("account")).order_by(_u.id)
_DROP: Final = delete(schema.upload).where(_u.id == bindparam("number")).returning(_u.blob)
_OLD: Final = select(_u.id).where(_u.created < bindparam("before")).limit(bindparam("most"))
_ABOUT: Final = select(_u.id).where(or_(_u.account_id == bindparam("account"), _u.owner_id == bindparam("account")))


def put(tx: Tx, owner: AccountId, stored: Stored, media: str, room: UploadRoom) -> Upload:
    """See `WriteTx.put_upload`."""
    whereabouts.reached(tx, owner)
    if stored.size > room.octets:
        raise OverQuota(f"{stored.size} octets are more than the {room.octets} that one may have uploaded")
    _make_room(tx, room, stored.size)
    contents.hold_blob(tx, stored.blob, stored.size, stored.body)
    row = tx.sql.returning(
        _ADD,
        {
            "account_id": tx.who.account,
            "owner_id": owner,
            "blob": stored.blob,
            "size": stored.size,
            "media": media[:255],
            "created": now_micros(),
        },
    )
    assert row is not None
    return Upload(int(row[0]), owner, stored.blob, stored.size, media[:255])


def _make_room(tx: Tx, room: UploadRoom, size: int) -> None:
    """The oldest go first. RFC 8620 §6."""
    rows = tx.sql.rows(_OF, {"account": tx.who.account})
    octets, count = sum(row[1] for row in rows) + size, len(rows) + 1
    for number, held in rows:
        if octets <= room.octets and count <= room.count:
            break
        _drop(tx, number)
        octets, count = octets - held, count - 1


def _drop(tx: Tx, number: int) -> bool:
    row = tx.sql.returning(_DROP, {"number": number})
    if row is not None:
        contents.let_go(tx, BlobId(row[0]))
    return row is not None


def get(tx: Tx, number: int) -> Upload:
    """See `ReadTx.uploaded`."""
    row = tx.sql.row(_ONE, {"number": number, "account": tx.who.account})
    if row is None:
        raise NotFound("there is no such upload; what is not used is forgotten after a time")
    return Upload(number, AccountId(row[0]), BlobId(row[1]), row[2], row[3])


def forget(tx: Tx, before: int, most: int) -> int:
    """Forgets up to so many that were brought before a moment; how many these were."""
    tx.administer(None)
    return sum(_drop(tx, row[0]) for row in tx.sql.rows(_OLD, {"before": before, "most": most}))


def erase(tx: Tx, account: AccountId) -> None:
    """Forgets all of an account, and for one, whoever asks: for those who take its owner away."""
    for row in tx.sql.rows(_ABOUT, {"account": account}):
        _drop(tx, row[0])
