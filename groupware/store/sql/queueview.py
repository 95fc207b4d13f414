"""Looking into the queue as people do: by sender, destination, age and state, page by page; and holding mail there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, bindparam, func, select, text, update

from groupware.model.event import QueueEntry, QueueFilter, Waiting
from groupware.model.ids import QueueId
from groupware.model.times import micros, moment, now_micros

from . import mailqueue, schema
from .mailqueue import FOR_EVER, HELD, RELEASED, STANDING
from .tx import Tx

_m, _r = schema.queue_message.c, schema.queue_recipient.c
_COLUMNS: Final = (_m.id, *(_m[name] for name in mailqueue.MESSAGE_NAMES))
_DESTINATIONS: Final = text(
    "SELECT r.domain, count(DISTINCT r.queue_id), CAST(coalesce(sum(m.size), 0) AS BIGINT),"
    " sum(CASE WHEN r.held = 1 THEN 1 ELSE 0 END), sum(CASE WHEN r.tries > 0 AND r.held <> 1 THEN 1 ELSE 0 END),"
    " min(m.queued) FROM queue_recipient r JOIN queue_message m ON m.id = r.queue_id"
    " GROUP BY r.domain ORDER BY 2 DESC, 1 LIMIT :most"
)
_SAID: Final = (
    select(_r.code, _r.text)
    .where(_r.domain == bindparam("of"), _r.text != "")
    .order_by(_r.due.desc(), _r.queue_id)
    .limit(1)
)


def find_queued(tx: Tx, wanted: QueueFilter, after: QueueId | None, limit: int) -> Sequence[QueueEntry]:
    """See `ReadTx.find_queued`."""
    tx.administer(None)
    now = now_micros()
    page = page_of(wanted, after, limit, now)
    messages = [tuple(row) for row in tx.sql.execute(page)]
    if not messages:
        return []
    of = select(*STANDING).where(_r.queue_id.in_([row[0] for row in messages])).order_by(_r.queue_id, _r.address)
    return mailqueue.entries(messages, [tuple(row) for row in tx.sql.execute(of)], now)


def page_of(wanted: QueueFilter, after: QueueId | None, limit: int, now: int) -> Select[Any]:
    """The statement for a page of messages."""
    statement = select(*_COLUMNS).where(_m.id > (after or 0)).order_by(_m.id).limit(limit)
    if wanted.sender:
        statement = statement.where(func.lower(_m.sender) == ("" if wanted.sender == "<>" else wanted.sender.lower()))
    if wanted.before is not None:
        statement = statement.where(_m.queued < micros(wanted.before))
    asked = _asked(wanted, now)
    if asked:
        statement = statement.where(_m.id.in_(select(_r.queue_id).where(*asked)))
    return statement


def _asked(wanted: QueueFilter, now: int) -> list[ColumnElement[bool]]:
    """What is asked of a recipient. By an address its domain is asked for as well: there is an index of that."""
    found: list[ColumnElement[bool]] = []
    if wanted.recipient:
        found += [_r.domain == wanted.recipient.rpartition("@")[2].lower()]
        found += [func.lower(_r.address) == wanted.recipient.lower()]
    if wanted.domain:
        found.append(_r.domain == wanted.domain.lower())
    if wanted.text:
        found.append(func.lower(_r.text).contains(wanted.text.lower(), autoescape=True))
    return found + _in_state(wanted.state, now)


def _in_state(state: str, now: int) -> list[ColumnElement[bool]]:
    if state == "held":
        return [_r.held == HELD]
    if state == "leased":
        return [_r.leased_until > now]
    if state == "ready":
        return [_r.due <= now]
    if state == "waiting":
        return [_r.due > now, _r.held != HELD, (_r.leased_until.is_(None)) | (_r.leased_until <= now)]
    return [_r.tries > 0, _r.held != HELD] if state == "deferred" else []


def waiting(tx: Tx, limit: int) -> Sequence[Waiting]:
    """See `ReadTx.destinations`."""
    tx.administer(None)
    found = []
    for domain, messages, octets, held, deferred, oldest in tx.sql.rows(_DESTINATIONS, {"most": limit}):
        code, said = tx.sql.row(_SAID, {"of": domain}) or ("", "")
        found.append(Waiting(domain, messages, octets, held, deferred, moment(oldest), code, said))
    return found


def hold(tx: Tx, queue: QueueId, domain: str) -> int:
    """See `WriteTx.hold_queued`."""
    tx.administer(None)
    now = now_micros()
    free = (_r.leased_until.is_(None)) | (_r.leased_until <= now)
    return _change(tx, "queue.hold", queue, domain, _r.held != HELD, free, due=FOR_EVER, held=HELD, leased_until=None)


def release(tx: Tx, queue: QueueId, domain: str) -> int:
    """See `WriteTx.release_queued`."""
    tx.administer(None)
    return _change(tx, "queue.release", queue, domain, _r.held == HELD, due=now_micros(), held=RELEASED)


def _change(tx: Tx, what: str, queue: QueueId, domain: str, *which: ColumnElement[bool], **values: int | None) -> int:
    statement = update(schema.queue_recipient).where(_r.queue_id == queue, *which).values(**values)
    if domain:
        statement = statement.where(_r.domain == domain.lower())
    count = tx.sql.execute(statement).rowcount
    if count:
        tx.sql.changed()
        mailqueue.journal(tx, what, {"queue": queue, **({"domain": domain} if domain else {}), "count": count})
    return count
