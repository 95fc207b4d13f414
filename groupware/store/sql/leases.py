"""Leases of what is on its way: who sends what, and for how long nobody else does.

1. `due` says when a recipient is offered next, for one that is leased when its lease runs out: one index finds both.
2. `local` is what the address table said when the message came in, and is made right when a lease comes across it.
3. A lease that has run out without a word is for a while its holder's alone: what a peer has confirmed may be known
   there and nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Update, bindparam, false, null, or_, select, text, true, update

from groupware.model.event import Attempt, Recipient
from groupware.model.ids import QueueId
from groupware.model.times import micros, moment, now_micros

from . import schema
from .engine import Row
from .mailqueue import MESSAGE, RELEASED, envelope_of, is_local, mark
from .tx import Tx

_r = schema.queue_recipient.c
_NEXT_DUE: Final = select(_r.due).where(_r.local == bindparam("here")).order_by(_r.due).limit(1)
_MOVE: Final = (
    update(schema.queue_recipient)
    .where(_r.domain == bindparam("at"), _r.local != bindparam("here"))
    .values(local=bindparam("here"))
)
_due: Final = (
    select(_r.queue_id, _r.domain, _r.leased_until, _r.holder)
    .where(_r.local == bindparam("here"), _r.due <= bindparam("now"))
    .order_by(_r.due)
    .limit(bindparam("most"))
)
_DUE: Final = {False: _due, True: _due.with_for_update(skip_locked=True)}
_due_share: Final = (
    select(_r.address)
    .where(_r.queue_id == bindparam("queue"), _r.domain == bindparam("to"))
    .where(_r.due <= bindparam("now"), _r.local == bindparam("here"))
    .with_for_update(skip_locked=True)
)
_take: Final = (
    update(schema.queue_recipient)
    .where(_r.queue_id == bindparam("queue"))
    .values(leased_until=bindparam("until"), due=bindparam("until"), holder=bindparam("by"))
    .returning(_r.address, _r.notify, _r.orcpt, _r.tries, _r.held)
)
_TAKE: Final = {
    # The plus keeps SQLite from the index of due times: it would go through all that is due for one message.
    False: _take.where(text("+domain = :to AND +due <= :now AND +local = :here")),
    True: _take.where(_r.address.in_(_due_share)),
}
"""Leases one domain's share of one message; gives the recipients back."""
_LEAVE: Final = (
    update(schema.queue_recipient)
    .where(_r.queue_id == bindparam("queue"), _r.domain == bindparam("to"))
    .where(_r.holder == bindparam("whose"), _r.leased_until == bindparam("until"))
    .values(due=bindparam("next"))
)
"""What somebody else had leased is offered to everybody later."""
PAGES: Final = (4, 64, 4096)
"""A page of due recipients, as a multiple of the attempts that are wanted: a message may have many in one domain."""


def lease(
    tx: Tx,
    limit: int,
    seconds: float,
    *,
    local: bool,
    busy: Sequence[str] = (),
    holder: str = "",
    patience: float = 0.0,
) -> Sequence[Attempt]:
    """See `WriteTx.lease`."""
    tx.administer(None)
    now = now_micros()
    until = now + round(seconds * 1_000_000)
    found: list[Attempt] = []
    others = _Others(holder, round(patience * 1_000_000))
    for queue, domain in _shares(tx, limit, local, frozenset(busy), now, others):
        values = {"queue": queue, "to": domain, "here": local, "now": now, "until": until, "by": holder or None}
        tx.sql.changed()
        rows = tx.sql.rows(_TAKE[tx.sql.postgres], values)
        message = tx.sql.row(MESSAGE, {"queue": queue}) if rows else None
        if message is not None:
            recipients = tuple(Recipient(*row[:3]) for row in sorted(rows))
            envelope = envelope_of(message, recipients)
            tries = max(row[3] for row in rows)
            released = any(row[4] == RELEASED for row in rows)
            found.append(Attempt(QueueId(queue), envelope, domain, tries, moment(until), moment(message[10]), released))
    return found


@dataclass(frozen=True, slots=True)
class _Others:
    """How long what others have leased is left to them."""

    holder: str
    patience: int
    """Microseconds from the end of their lease."""

    def left_until(self, until: int | None, holder: str | None) -> int:
        """Till when a lease that has run out is its holder's; 0: it is anybody's."""
        return until + self.patience if until is not None and holder and holder != self.holder else 0


def _shares(
    tx: Tx, limit: int, local: bool, busy: frozenset[str], now: int, others: _Others
) -> Sequence[tuple[int, str]]:
    """Up to `limit` pairs of a message and a domain that are due, oldest first, of domains that are `local` indeed."""
    shares: dict[tuple[int, str], None] = {}
    real: dict[str, bool] = {}
    for page in PAGES:
        rows = _due_page(tx, limit * page, local, busy, now)
        for queue, domain, until, holder in rows:
            if (left := others.left_until(until, holder)) > now:
                tx.sql.change(_LEAVE, {"queue": queue, "to": domain, "whose": holder, "until": until, "next": left})
                continue
            if domain not in real:
                real[domain] = is_local(tx, domain)
                if real[domain] != local:
                    tx.sql.change(_MOVE, {"at": domain, "here": real[domain]})
                    mark(tx)
            if real[domain] == local:
                shares[queue, domain] = None
        if len(shares) >= limit or len(rows) < limit * page:
            break
    return list(shares)[:limit]


def _due_page(tx: Tx, most: int, local: bool, busy: frozenset[str], now: int) -> Sequence[Row]:
    values = {"here": local, "now": now, "most": most}
    statement = _DUE[tx.sql.postgres]
    if not busy:
        return tx.sql.rows(statement, values)
    found = tx.sql.execute(statement.where(_r.domain.not_in(sorted(busy))), values)
    return [tuple(row) for row in found]


_RENEW: Final = (
    update(schema.queue_recipient)
    .where(_r.queue_id == bindparam("queue"), _r.domain == bindparam("to"), _r.leased_until == bindparam("held"))
    .values(leased_until=bindparam("until"), due=bindparam("until"))
)


_UNLEASE: Final = (
    update(schema.queue_recipient)
    .where(_r.queue_id == bindparam("queue"), _r.domain == bindparam("to"), _r.leased_until == bindparam("held"))
    .values(leased_until=null(), due=bindparam("until"))
)
# `local` is either, for the sake of the index of due times, which begins with it: nearly all of a backlog is due.
_RECLAIM: Final = (
    update(schema.queue_recipient)
    .where(or_(_r.local == false(), _r.local == true()))
    .where(_r.holder == bindparam("whose"), _r.leased_until <= bindparam("now"), _r.due > bindparam("now"))
    .values(due=bindparam("now"))
)


def renew(tx: Tx, attempts: Sequence[Attempt], seconds: float) -> datetime:
    """See `WriteTx.renew`."""
    return _change_leases(tx, _RENEW, attempts, now_micros() + round(seconds * 1_000_000))


def unlease(tx: Tx, attempts: Sequence[Attempt]) -> None:
    """See `WriteTx.unlease`."""
    _change_leases(tx, _UNLEASE, attempts, now_micros())


def _change_leases(tx: Tx, statement: Update, attempts: Sequence[Attempt], until: int) -> datetime:
    tx.administer(None)
    tx.sql.many(
        statement,
        [{"queue": each.queue, "to": each.domain, "held": micros(each.until), "until": until} for each in attempts],
    )
    return moment(until)


def reclaim(tx: Tx, holder: str) -> int:
    """See `WriteTx.reclaim`."""
    tx.administer(None)
    count = tx.sql.change(_RECLAIM, {"whose": holder, "now": now_micros()})
    if count:
        mark(tx)
    return count


def next_due(tx: Tx, *, local: bool) -> datetime | None:
    """See `ReadTx.next_due`."""
    tx.administer(None)
    row = tx.sql.row(_NEXT_DUE, {"here": local})
    return moment(row[0]) if row is not None else None
