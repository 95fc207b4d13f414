"""Sessions of browsers: by the digest of their token, until they end.

1. One that has ended is as if it were not there, and the upkeep forgets it.
2. What lasts under one that is ended is told so at once (`standing`).
3. All of an account end when its password becomes another one (`credentials.store`) or the account goes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import bindparam, delete, insert, select, update

from groupware.model.browser import BrowserSession, NewBrowserSession
from groupware.model.errors import NotFound, Refused
from groupware.model.ids import AccountId
from groupware.model.times import moment, now_micros

from . import schema, standing
from .engine import Row
from .guard import SERVER
from .principals import oneself_or
from .tx import Tx

MOST: Final = 100
"""Sessions of one account; the one that was used least lately makes room."""
LONGEST_AGENT: Final = 300
_SECOND: Final = 1_000_000
_s = schema.browser_session.c
_NAMES: Final = (_s.id, _s.account_id, _s.made, _s.used, _s.until, _s.peer, _s.agent)
_LIVE: Final = _s.until > bindparam("now")
_OF: Final = select(*_NAMES).where(_s.account_id == bindparam("account"), _LIVE).order_by(_s.used, _s.id)
_ONE: Final = select(*_NAMES).where(_s.digest == bindparam("secret"), _LIVE)
_ENDS: Final = select(_s.ends, _s.idle).where(_s.id == bindparam("number"), _LIVE)
_ADD: Final = (
    insert(schema.browser_session)
    .values(
        account_id=bindparam("account"),
        digest=bindparam("secret"),
        made=bindparam("now"),
        used=bindparam("now"),
        ends=bindparam("end"),
        idle=bindparam("pause"),
        until=bindparam("due"),
        peer=bindparam("where"),
        agent=bindparam("what"),
    )
    .returning(_s.id)
)
_USE: Final = (
    update(schema.browser_session)
    .where(_s.id == bindparam("number"))
    .values(used=bindparam("now"), until=bindparam("due"), peer=bindparam("where"))
)
_DROP: Final = delete(schema.browser_session).where(_s.id == bindparam("number"))
_DROP_ALL: Final = delete(schema.browser_session).where(
    _s.account_id == bindparam("account"), _s.id != bindparam("staying")
)
_ENDED: Final = select(_s.id).where(_s.until <= bindparam("now")).order_by(_s.until).limit(bindparam("most"))


def _session(row: Row) -> BrowserSession:
    return BrowserSession(row[0], AccountId(row[1]), moment(row[2]), moment(row[3]), moment(row[4]), row[5], row[6])


def sessions(tx: Tx, of: AccountId | str | None) -> Sequence[BrowserSession]:
    """See `ReadTx.browser_sessions`."""
    return [_session(row) for row in tx.sql.rows(_OF, {"account": oneself_or(tx, of), "now": now_micros()})]


def session(tx: Tx, digest: str) -> BrowserSession:
    """See `ReadTx.browser_session`. Takes `a` on the server."""
    tx.administer(None)
    row = tx.sql.row(_ONE, {"secret": digest, "now": now_micros()})
    if row is None:
        raise NotFound("there is no such session, or it has ended")
    return _session(row)


def put(tx: Tx, new: NewBrowserSession) -> int:
    """See `WriteTx.put_browser_session`."""
    account, now = tx.who.account, now_micros()
    if len(new.digest) != 64 or new.seconds < 1 or new.idle < 0:
        raise Refused("a session has the SHA-256 of its token, and lasts for a second at least")
    if account == SERVER:
        raise Refused("only an account has sessions of browsers")
    there = tx.sql.rows(_OF, {"account": account, "now": now})
    for row in there[: max(len(there) - MOST + 1, 0)]:
        _end(tx, account, row[0])
    end = now + new.seconds * _SECOND
    values = {
        "account": account,
        "secret": new.digest,
        "now": now,
        "end": end,
        "pause": new.idle,
        "due": _until(now, end, new.idle),
        "where": new.peer,
        "what": new.agent[:LONGEST_AGENT],
    }
    made = tx.sql.returning(_ADD, values)
    assert made is not None
    return int(made[0])


def use(tx: Tx, number: int, peer: str) -> None:
    """See `WriteTx.use_browser_session`. `a` on the server."""
    tx.administer(None)
    now = now_micros()
    found = tx.sql.row(_ENDS, {"number": number, "now": now})
    if found is not None:
        tx.sql.change(_USE, {"number": number, "now": now, "due": _until(now, found[0], found[1]), "where": peer})


def drop(tx: Tx, number: int, of: AccountId | str | None) -> None:
    """See `WriteTx.drop_browser_session`."""
    account = oneself_or(tx, of)
    if all(row[0] != number for row in tx.sql.rows(_OF, {"account": account, "now": now_micros()})):
        raise NotFound(f"there is no session of the number {number}, or it has ended")
    _end(tx, account, number)


def _end(tx: Tx, account: AccountId, number: int) -> None:
    tx.sql.change(_DROP, {"number": number})
    standing.moved(tx, account, {"session": number})


def end_all(tx: Tx, account: AccountId, staying: int | None = None) -> None:
    """Ends every session of an account but the one of that number, whoever asks."""
    tx.sql.change(_DROP_ALL, {"account": account, "staying": staying or 0})
    standing.moved(tx, account, {"sessions": "all"})


def forget(tx: Tx, most: int) -> int:
    """Forgets up to so many that have ended; how many these were."""
    tx.administer(None)
    rows = tx.sql.rows(_ENDED, {"now": now_micros(), "most": most})
    for row in rows:
        tx.sql.change(_DROP, {"number": row[0]})
    return len(rows)


def _until(now: int, end: int, idle: int) -> int:
    return min(end, now + idle * _SECOND) if idle else end
