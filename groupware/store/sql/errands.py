"""What is done for people again and again, by whichever process has leased it: when it is due, and who is at it.

A table of such errands has `due`, `enabled`, `begun` and `lease` (microseconds). Who does one claims it first, and what
is written of it is written under that lease: whoever has lost it changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Table, bindparam, func, select, update
from sqlalchemy.sql import Select
from sqlalchemy.sql.dml import ReturningUpdate, Update

from groupware.model.times import now_micros

from .engine import Row
from .tx import Tx

SOONEST: Final = 60
"""Seconds between two times, when somebody asks for it."""
SECOND: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Leases:
    """The statements of one table."""

    due: Select[Any]
    following: Select[Any]
    freed: Select[Any]
    hasten: Update
    claim: ReturningUpdate[Any]
    held: tuple[Any, ...]
    """What holds of a row while its lease is the one that its bearer got."""


def leases(table: Table, key: Any, rows: Select[Any]) -> Leases:
    """Those of a table by its key; `rows` selects what a row is told as."""
    c = table.c
    due = rows.where(c.enabled, c.due <= bindparam("now"), c.lease <= bindparam("now"))
    one = key == bindparam("number")
    return Leases(
        due=due.order_by(c.due).limit(bindparam("most")),
        following=select(func.min(c.due)).where(c.enabled, c.lease <= bindparam("now")),
        freed=select(func.min(c.lease)).where(c.enabled, c.lease > bindparam("now")),
        hasten=update(table).where(one).values(due=bindparam("when")),
        claim=update(table)
        .where(one, c.enabled, c.due <= bindparam("now"), c.lease <= bindparam("now"))
        .values(lease=bindparam("until"), begun=bindparam("now"))
        .returning(key),
        held=(one, c.lease == bindparam("held")),
    )


def soon(begun: int) -> int:
    """The first moment at which it may be done again."""
    return max(now_micros(), begun + SOONEST * SECOND)


def due(tx: Tx, of: Leases, most: int) -> Sequence[Row]:
    """What is to be done now and nobody is at, who waits longest first. `a` on the server."""
    tx.administer(None)
    return tx.sql.rows(of.due, {"now": now_micros(), "most": most})


def following(tx: Tx, of: Leases) -> int | None:
    """When the next is due (microseconds), or nobody is at it any more. `a` on the server."""
    tx.administer(None)
    found = [tx.sql.value(each, {"now": now_micros()}) for each in (of.following, of.freed)]
    return min((int(each) for each in found if each is not None), default=None)


def claim(tx: Tx, of: Leases, number: int, until: int) -> bool:
    """Whether nobody else touches it until then (microseconds); False: it is not due. `a` on the server."""
    tx.administer(None)
    return tx.sql.returning(of.claim, {"number": number, "now": now_micros(), "until": until}) is not None
