"""What happened: the journal of a folder, and the trace of a message on its way."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from sqlalchemy import bindparam, select

from groupware.model.event import Event, JournalRow, TraceRow
from groupware.model.ids import AccountId, FolderId
from groupware.model.rights import Right
from groupware.model.times import moment, now_micros

from . import schema
from .paths import view_path
from .tx import Tx

_j, _t = schema.journal.c, schema.trace.c
_JOURNAL: Final = (
    select(_j.id, _j.at, _j.actor, _j.client, _j.what, _j.facts)
    .where(_j.folder_id == bindparam("folder"), _j.id > bindparam("after"))
    .order_by(_j.id)
    .limit(bindparam("most"))
)
_TRACE: Final = (
    select(_t.id, _t.at, _t.name, _t.account_id, _t.facts)
    .where(_t.message == bindparam("of"))
    .order_by(_t.id)
    .limit(bindparam("most"))
)


def journal(tx: Tx, at: FolderId, after: int, limit: int) -> Sequence[JournalRow]:
    """See `ReadTx.journal`."""
    opened = tx.open(at, Right.ADMIN)
    if tx.locks:
        tx.finish()
    path = view_path(opened.tree, at, tx.who)
    return [
        JournalRow(id, moment(when), actor, client, what, at, path, facts)
        for id, when, actor, client, what, facts in tx.sql.rows(_JOURNAL, {"folder": at, "after": after, "most": limit})
    ]


def trace(tx: Tx, message: str, limit: int) -> Sequence[TraceRow]:
    """See `ReadTx.trace`."""
    tx.administer(None)
    if tx.locks:
        tx.finish()
    return [
        TraceRow(id, moment(when), Event(name, AccountId(of) if of is not None else None, json.loads(facts), message))
        for id, when, name, of, facts in tx.sql.rows(_TRACE, {"of": message, "most": limit})
    ]


def note(tx: Tx, event: Event) -> None:
    """See `WriteTx.note`."""
    tx.trace_row(
        {
            "at": now_micros(),
            "message": event.message,
            "name": event.name,
            "account_id": event.account,
            "facts": json.dumps(dict(event.facts), separators=(",", ":"), ensure_ascii=False),
        }
    )
