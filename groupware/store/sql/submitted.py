"""What somebody has submitted: how it stands in the queue, taking it back, and that it was sent once."""

from __future__ import annotations

from typing import Final

from sqlalchemy import bindparam, delete, insert, select

from groupware.model.errors import AlreadyExists, Conflict, NoRight, NotFound
from groupware.model.event import Event, QueueEntry
from groupware.model.ids import AccountId, BlobId, QueueId
from groupware.model.times import now_micros

from . import contents, mailqueue, schema, trace
from .engine import Row
from .guard import SERVER
from .mailqueue import HELD
from .tx import Tx

_r = schema.queue_recipient.c
_o = schema.sent_once.c
_ONE: Final = select(_o.at).where(_o.account_id == bindparam("account"), _o.key == bindparam("name"))
_CLAIM: Final = insert(schema.sent_once).values(
    account_id=bindparam("account"), key=bindparam("name"), at=bindparam("now")
)
_FORGET: Final = delete(schema.sent_once).where(_o.account_id == bindparam("account"), _o.at < bindparam("before"))
REMEMBERED: Final = 30 * 86_400 * 1_000_000
"""Microseconds for which it is known that something was sent."""
_DROP_RECIPIENTS: Final = delete(schema.queue_recipient).where(_r.queue_id == bindparam("queue"))


def submitted(tx: Tx, queue: QueueId) -> QueueEntry | None:
    """See `ReadTx.submitted`."""
    message = _mine(tx, queue)
    if message is None:
        return None
    rows = tx.sql.rows(mailqueue.RECIPIENTS_OF[False], {"queue": queue})
    return mailqueue.entries([message], rows, now_micros())[0]


def was_sent(tx: Tx, key: str) -> bool:
    """See `ReadTx.was_sent`."""
    return tx.sql.row(_ONE, {"account": tx.who.account, "name": key}) is not None


def claim(tx: Tx, account: AccountId, key: str) -> None:
    """See `WriteTx.claim_sending`. The server itself for anybody, others for themselves."""
    if tx.who.account not in (SERVER, account):
        raise NoRight("mail can only be submitted in one's own name")
    now = now_micros()
    values = {"account": account, "name": key, "now": now}
    if tx.sql.row(_ONE, values) is not None:
        raise AlreadyExists("that message has been sent")
    tx.sql.change(_FORGET, {"account": account, "before": now - REMEMBERED})
    tx.sql.change(_CLAIM, values)


def _mine(tx: Tx, queue: QueueId) -> Row | None:
    row = tx.sql.row(mailqueue.MESSAGE, {"queue": queue})
    by = mailqueue.MESSAGE_NAMES.index("by_id") + 1
    return row if row is not None and row[by] == tx.who.account else None


def withdraw(tx: Tx, queue: QueueId) -> None:
    """See `WriteTx.withdraw`."""
    message = _mine(tx, queue)
    if message is None:
        raise NotFound("this message is not in the queue any more, or it is not yours")
    now = now_micros()
    rows = tx.sql.rows(mailqueue.RECIPIENTS_OF[tx.sql.postgres], {"queue": queue})
    names = [column.name for column in mailqueue.STANDING]
    standing = [dict(zip(names, row, strict=True)) for row in rows]
    if not rows or any(each["due"] <= now or each["tries"] or each["held"] == HELD for each in standing):
        raise Conflict("this message is on its way already")
    tx.sql.change(_DROP_RECIPIENTS, {"queue": queue})
    gone = tx.sql.returning(mailqueue.DROP, {"queue": queue})
    if gone is not None:
        contents.let_go(tx, BlobId(gone[0]))
    parties: dict[str, dict[str, str | int]] = {str(each["address"]): {} for each in standing}
    to = " ".join(list(parties)[:100])
    trace.note(tx, Event("withdrawn", tx.who.account, {"queue": int(queue), "to": to}, str(message[1]), parties))
