"""How much people send: counted in intervals of their own, to the message, whatever process counts it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, select, update

from groupware.model.errors import NoRight, NotFound
from groupware.model.ids import AccountId
from groupware.model.policy import SendUse
from groupware.model.times import micros, moment, now_micros

from . import schema
from .guard import SERVER
from .principals import by_id, permit
from .settings import effective
from .tx import Tx
from .upserts import Upsert

_u = schema.send_usage.c
_USE: Final = select(_u.until, _u.messages, _u.recipients, _u.octets).where(_u.account_id == bindparam("account"))


def _begin(dialect: Any) -> Any:
    new = dialect.insert(schema.send_usage).values(
        account_id=bindparam("account"), until=bindparam("end"), messages=0, recipients=0, octets=0, told=False
    )
    values = {name: new.excluded[name] for name in ("until", "messages", "recipients", "octets", "told")}
    return new.on_conflict_do_update(index_elements=["account_id"], set_=values, where=_u.until <= bindparam("now"))


_BEGIN: Final = Upsert(_begin)
"""Begins another interval where none runs; else it only waits for who counts just now."""
_LOCK: Final = _USE.with_for_update()
_COUNT: Final = (
    update(schema.send_usage)
    .where(_u.account_id == bindparam("account"))
    .values(
        messages=_u.messages + bindparam("one"),
        recipients=_u.recipients + bindparam("many"),
        octets=_u.octets + bindparam("size"),
    )
)
_GIVE_BACK: Final = _COUNT.where(_u.until == bindparam("end"))
_TOLD: Final = update(schema.send_usage).where(_u.account_id == bindparam("account"), ~_u.told).values(told=True)


def use(tx: Tx, of: AccountId | None) -> SendUse:
    """See `ReadTx.send_use`."""
    account = tx.who.account if of is None else of
    found = by_id(tx.sql, account)
    if account != tx.who.account or account == SERVER:
        found = permit(tx, found, "", f"number {account}")
    if found is None:
        raise NotFound(f"there is nobody with the number {account}")
    return _as_used(tx.sql.row(_USE, {"account": account}), _limits(tx, account, found.settings))


def spend(tx: Tx, of: AccountId, recipients: int, octets: int) -> tuple[SendUse, bool]:
    """See `WriteTx.spend`."""
    _operator(tx)
    found = by_id(tx.sql, of)
    if found is None:
        raise NotFound(f"there is nobody with the number {of}")
    limits = _limits(tx, of, found.settings)
    if not limits.limited:
        return limits, True
    seconds = int(effective(tx, "sendQuotaInterval", of, found.settings).value)
    now = now_micros()
    tx.sql.change(_BEGIN[tx.sql.postgres], {"account": of, "end": now + seconds * 1_000_000, "now": now})
    used = _as_used(tx.sql.row(_LOCK, {"account": of}), limits)
    if used.lacks(1, recipients, octets):
        return used, False
    tx.sql.change(_COUNT, {"account": of, "one": 1, "many": recipients, "size": octets})
    return _as_used(tx.sql.row(_USE, {"account": of}), limits), True


def give_back(tx: Tx, of: AccountId, recipients: int, octets: int, until: datetime) -> None:
    """See `WriteTx.give_back`."""
    _operator(tx)
    values = {"account": of, "one": -1, "many": -recipients, "size": -octets, "end": micros(until)}
    tx.sql.change(_GIVE_BACK, values)


def told(tx: Tx, of: AccountId) -> bool:
    """See `WriteTx.told_of_sending`."""
    _operator(tx)
    return tx.sql.change(_TOLD, {"account": of}) > 0


def _limits(tx: Tx, account: AccountId, epoch: int) -> SendUse:
    messages, recipients, size = (
        int(effective(tx, f"sendQuota{name}", account, epoch).value) for name in ("Messages", "Recipients", "Size")
    )
    exempt = str(effective(tx, "sendQuotaExceptions", account, epoch).value)
    return SendUse(most_messages=messages, most_recipients=recipients, most_octets=size * 1024, exempt=exempt)


def _as_used(row: Any, limits: SendUse) -> SendUse:
    if row is None or row[0] <= now_micros():
        return limits
    until, messages, recipients, octets = row
    return replace(limits, messages=messages, recipients=recipients, octets=octets, until=moment(until))


def _operator(tx: Tx) -> None:
    if tx.who.account != SERVER:
        raise NoRight("the server alone counts what people send")
