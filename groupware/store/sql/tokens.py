"""What programs may do in somebody's name: grants of OAuth, by the digests of their code and tokens, until they end.

1. A grant has one refresh token and one access token; the refresh token before is known still, so that its use by
   somebody else is noticed.
2. One that has ended is as if it were not there, and the upkeep forgets it.
3. All of an account end when its password becomes another one (`credentials`) or the account goes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import bindparam, delete, insert, or_, select, update
from sqlalchemy.sql import Select

from groupware.model.errors import NotFound, Refused
from groupware.model.ids import AccountId
from groupware.model.times import micros, moment, now_micros
from groupware.model.token import By, Grant, NewGrant, NewTokens

from . import schema, standing
from .engine import Row
from .guard import SERVER
from .principals import oneself_or
from .tx import Tx

MOST: Final = 100
"""Grants of one account; the one that was used least lately makes room."""
_SECOND: Final = 1_000_000
_g = schema.oauth_grant.c
_NAMES: Final = (
    _g.id,
    _g.account_id,
    _g.client,
    _g.label,
    _g.scope,
    _g.challenge,
    _g.redirect,
    _g.refresh,
    _g.changed,
    _g.access_until,
    _g.made,
    _g.used,
    _g.ends,
    _g.peer,
)
_LIVE: Final = _g.ends > bindparam("now")
_OF: Final = select(*_NAMES).where(_g.account_id == bindparam("account"), _LIVE).order_by(_g.used, _g.id)
_BY: Final[Mapping[By, Select[Any]]] = {
    "code": select(*_NAMES).where(_g.code == bindparam("secret"), _LIVE),
    "refresh": select(*_NAMES).where(or_(_g.refresh == bindparam("secret"), _g.former == bindparam("secret")), _LIVE),
    "access": select(*_NAMES).where(_g.access == bindparam("secret"), _g.access_until > bindparam("now"), _LIVE),
}
_ADD: Final = (
    insert(schema.oauth_grant)
    .values(
        account_id=bindparam("account"),
        client=bindparam("whose"),
        label=bindparam("called"),
        scope=bindparam("may"),
        code=bindparam("secret"),
        challenge=bindparam("proof"),
        redirect=bindparam("back"),
        changed=bindparam("now"),
        made=bindparam("now"),
        used=bindparam("now"),
        ends=bindparam("end"),
        peer=bindparam("where"),
    )
    .returning(_g.id)
)
_TURN: Final = (
    update(schema.oauth_grant)
    .where(_g.id == bindparam("number"), _g.changed == bindparam("before"))
    .values(
        former=_g.refresh,
        refresh=bindparam("new_refresh"),
        access=bindparam("new_access"),
        access_until=bindparam("until"),
        changed=bindparam("now"),
        used=bindparam("now"),
        ends=bindparam("end"),
        peer=bindparam("where"),
    )
    .returning(_g.id)
)
_USE: Final = (
    update(schema.oauth_grant)
    .where(_g.id == bindparam("number"))
    .values(used=bindparam("now"), peer=bindparam("where"))
)
_DROP: Final = delete(schema.oauth_grant).where(_g.id == bindparam("number"))
_DROP_ALL: Final = delete(schema.oauth_grant).where(_g.account_id == bindparam("account"))
_ENDED: Final = select(_g.id).where(_g.ends <= bindparam("now")).order_by(_g.ends).limit(bindparam("most"))


def _grant(row: Row, secret: str = "", by: By = "access") -> Grant:
    refresh, access_until = row[7], row[9]
    active = refresh is not None
    stale = active if by == "code" else by == "refresh" and refresh != secret
    return Grant(
        row[0],
        AccountId(row[1]),
        row[2],
        row[3],
        row[4],
        row[5],
        row[6],
        active,
        stale,
        moment(row[8]),
        moment(access_until) if access_until is not None else None,
        moment(row[10]),
        moment(row[11]),
        moment(row[12]),
        row[13],
    )


def grants(tx: Tx, of: AccountId | str | None) -> Sequence[Grant]:
    """See `ReadTx.oauth_grants`."""
    rows = tx.sql.rows(_OF, {"account": oneself_or(tx, of), "now": now_micros()})
    return [each for each in map(_grant, rows) if each.active]


def grant(tx: Tx, by: By, digest: str) -> Grant:
    """See `ReadTx.oauth_grant`. Takes `a` on the server."""
    tx.administer(None)
    row = tx.sql.row(_BY[by], {"secret": digest, "now": now_micros()})
    if row is None:
        raise NotFound("there is no such code or token, or it has ended")
    return _grant(row, digest, by)


def put(tx: Tx, new: NewGrant) -> int:
    """See `WriteTx.put_oauth_grant`."""
    account, now = tx.who.account, now_micros()
    if any(len(each) != 64 for each in (new.client, new.code)) or new.seconds < 1:
        raise Refused("a grant has the SHA-256 of its client and of its code, and lasts for a second at least")
    if account == SERVER:
        raise Refused("only an account lets programs act in its name")
    there = tx.sql.rows(_OF, {"account": account, "now": now})
    for row in there[: max(len(there) - MOST + 1, 0)]:
        tx.sql.change(_DROP, {"number": row[0]})
        standing.moved(tx, account, {"token": row[0]})
    values = {
        "account": account,
        "whose": new.client,
        "called": new.label,
        "may": new.scope,
        "secret": new.code,
        "proof": new.challenge,
        "back": new.redirect,
        "now": now,
        "end": now + new.seconds * _SECOND,
        "where": new.peer,
    }
    made = tx.sql.returning(_ADD, values)
    assert made is not None
    return int(made[0])


def turn(tx: Tx, known: Grant, new: NewTokens, peer: str) -> bool:
    """See `WriteTx.turn_oauth_grant`. `a` on the server."""
    tx.administer(None)
    now, before = now_micros(), micros(known.changed)
    values = {
        "number": known.number,
        "before": before,
        "new_refresh": new.refresh,
        "new_access": new.access,
        "until": now + new.access_seconds * _SECOND,
        "now": max(now, before + 1),
        "end": now + new.seconds * _SECOND,
        "where": peer,
    }
    return tx.sql.returning(_TURN, values) is not None


def use(tx: Tx, number: int, peer: str) -> None:
    """See `WriteTx.use_oauth_grant`. `a` on the server."""
    tx.administer(None)
    tx.sql.change(_USE, {"number": number, "now": now_micros(), "where": peer})


def drop(tx: Tx, number: int, of: AccountId | str | None) -> None:
    """See `WriteTx.drop_oauth_grant`."""
    rows = tx.sql.rows(_OF, {"account": oneself_or(tx, of), "now": now_micros()})
    if all(row[0] != number for row in rows):
        raise NotFound(f"there is no program of the number {number}, or its time has ended")
    tx.sql.change(_DROP, {"number": number})
    standing.moved(tx, AccountId(rows[0][1]), {"token": number})


def stands(tx: Tx, account: AccountId, number: int) -> bool:
    """Whether a grant of the account has not ended, whoever asks."""
    return any(row[0] == number for row in tx.sql.rows(_OF, {"account": account, "now": now_micros()}))


def end_all(tx: Tx, account: AccountId) -> None:
    """Ends every grant of an account, whoever asks."""
    tx.sql.change(_DROP_ALL, {"account": account})


def forget(tx: Tx, most: int) -> int:
    """Forgets up to so many that have ended; how many these were."""
    tx.administer(None)
    rows = tx.sql.rows(_ENDED, {"now": now_micros(), "most": most})
    for row in rows:
        tx.sql.change(_DROP, {"number": row[0]})
    return len(rows)
