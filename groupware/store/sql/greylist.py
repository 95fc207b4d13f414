"""Greylisting: who was asked to come again, and who has. Kept for all processes, and over a restart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import bindparam, delete, select, update

from groupware.model.errors import NoRight
from groupware.model.times import now_micros

from . import schema
from .guard import SERVER
from .tx import Tx
from .upserts import Upsert

_DAY: Final = 86_400_000_000
_g = schema.greylist.c
_ONE: Final = (
    _g.network == bindparam("net"), _g.sender == bindparam("who"), _g.recipient == bindparam("to")
)  # fmt: skip
_FIND: Final = select(_g.first, _g.until).where(*_ONE)


def _put(dialect: Any) -> Any:
    new = dialect.insert(schema.greylist).values(
        network=bindparam("net"),
        sender=bindparam("who"),
        recipient=bindparam("to"),
        first=bindparam("now"),
        passed=bindparam("in"),
        until=bindparam("end"),
    )
    values = {name: new.excluded[name] for name in ("first", "passed", "until")}
    return new.on_conflict_do_update(index_elements=["network", "sender", "recipient"], set_=values)


_PUT: Final = Upsert(_put)
_PROLONG: Final = update(schema.greylist).where(*_ONE).values(until=bindparam("end"))
_DROP: Final = delete(schema.greylist).where(*_ONE)
_SWEEP: Final = delete(schema.greylist).where(_g.until <= bindparam("now"))


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds."""

    delay: float
    waiting: float
    passed: float


def seconds(tx: Tx, network: str, sender: str, recipient: str, times: Times) -> int:
    """See `WriteTx.greylist`."""
    if tx.who.account != SERVER:
        raise NoRight("the server alone keeps the greylist")
    now = now_micros()
    friend = {"net": network, "who": f"@{sender.rpartition('@')[2].lower()}"[:320], "to": ""}
    if not sender:  # reports: only the recipient tells one from the other
        friend["to"] = recipient.lower()[:320]
    known = tx.sql.row(_FIND, friend)
    end = now + round(times.passed * 1_000_000)
    if known is not None and known[1] > now:
        if end - known[1] > _DAY:
            tx.sql.change(_PROLONG, {**friend, "end": end})
        return 0
    triplet = {"net": network, "who": sender.lower()[:320], "to": recipient.lower()[:320]}
    found = tx.sql.row(_FIND, triplet)
    put = _PUT[tx.sql.postgres]
    if found is None or found[1] <= now:
        tx.sql.change(put, {**triplet, "now": now, "in": False, "end": now + round(times.waiting * 1_000_000)})
        return max(round(times.delay), 1)
    left = found[0] + round(times.delay * 1_000_000) - now
    if left > 0:
        return int(-(-left // 1_000_000))
    tx.sql.change(_DROP, triplet)
    tx.sql.change(put, {**friend, "now": now, "in": True, "end": end})
    return 0


def sweep(tx: Tx) -> int:
    """Forgets whose time is over; how many these were."""
    tx.administer(None)
    return tx.sql.change(_SWEEP, {"now": now_micros()})
