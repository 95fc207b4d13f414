"""Lessons for scanners: what people have moved into their Junk, and out of it.

A lesson names the content, not the item: whatever becomes of the item meanwhile, it is learned once, or not any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import bindparam, delete, insert, select

from groupware.model.folder import Role
from groupware.model.ids import BlobId
from groupware.model.item import Kind
from groupware.model.memory import Lesson

from . import schema
from .engine import Row
from .guard import SERVER, Opened
from .settings import setting
from .tx import Tx

MOST_AT_ONCE: Final = 200
"""Messages of one move that teach something; who moves thousands at once cleans up."""
_SAYS_NOTHING: Final = (Role.TRASH, Role.DRAFTS, Role.SENT)
_l, _c, _p = schema.lesson.c, schema.content.c, schema.principal.c
_ADD: Final = insert(schema.lesson).values(
    account_id=bindparam("account"), content_id=bindparam("content"), spam=bindparam("is_spam")
)
_NEXT: Final = (
    select(_l.id, _p.key, _l.spam, _c.blob)
    .join(schema.principal, _p.id == _l.account_id)
    .join(schema.content, _c.id == _l.content_id, isouter=True)
    .order_by(_l.id)
    .limit(bindparam("most"))
)
_DROP: Final = delete(schema.lesson).where(_l.id <= bindparam("number"))


def noted(tx: Tx, here: Opened, there: Opened, rows: Sequence[Row]) -> None:
    """Keeps what a move or copy says: into one's own Junk, or out of it to where mail is read."""
    spam = there.role == Role.JUNK
    if spam == (here.role == Role.JUNK) or tx.who.account == SERVER or here.kind != Kind.MAIL.value:
        return
    junk, other = (there, here) if spam else (here, there)
    if junk.owner != tx.who.account or other.role in _SAYS_NOTHING:
        return
    if setting(tx, "learnFromJunk", tx.who.account).value:
        tx.sql.many(_ADD, [{"account": junk.owner, "content": row[7], "is_spam": spam} for row in rows[:MOST_AT_ONCE]])


def lessons(tx: Tx, limit: int) -> Sequence[Lesson]:
    """See `ReadTx.lessons`."""
    tx.administer(None)
    return [
        Lesson(number, who, bool(spam), BlobId(blob) if blob is not None else None)
        for number, who, spam, blob in tx.sql.rows(_NEXT, {"most": limit})
    ]


def drop_lessons(tx: Tx, number: int) -> int:
    """See `WriteTx.drop_lessons`."""
    tx.administer(None)
    return tx.sql.change(_DROP, {"number": number})
