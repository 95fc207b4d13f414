"""Write locks of WebDAV (RFC 4918 §6). They bind WebDAV alone (decision 196): nothing else of the store asks for them.

One that has expired is as if it were not there; the next one that is taken, of whomever, takes it away.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import bindparam, delete, func, insert, select, update

from groupware.model.errors import Locked, NoRight, NotFound, Refused
from groupware.model.ids import FolderId
from groupware.model.item import Item
from groupware.model.lock import MOST_LOCKS, WriteLock, in_the_way
from groupware.model.rights import Right
from groupware.model.times import now_micros

from . import items, schema
from .guard import Opened
from .tx import Tx

_SECOND: Final = 1_000_000
_CHANGE: Final = Right.INSERT | Right.TRASH | Right.EXPUNGE
_l = schema.write_lock.c
_THERE: Final = (
    select(_l.token, _l.name, _l.deep, _l.shared, _l.account_id, _l.owner, _l.seconds, _l.expires)
    .where(_l.folder_id == bindparam("at"), _l.expires > bindparam("now"))
    .order_by(_l.expires, _l.token)
)
_COUNT: Final = select(func.count()).where(_l.account_id == bindparam("who"), _l.expires > bindparam("now"))
_PUT: Final = insert(schema.write_lock).values(
    folder_id=bindparam("at"),
    token=bindparam("which"),
    name=bindparam("called"),
    deep=bindparam("whole"),
    shared=bindparam("with_others"),
    account_id=bindparam("who"),
    owner=bindparam("said"),
    seconds=bindparam("long"),
    expires=bindparam("until"),
)
_ONE: Final = (_l.folder_id == bindparam("at"), _l.token == bindparam("which"))
_RENEW: Final = update(schema.write_lock).values(seconds=bindparam("long"), expires=bindparam("until")).where(*_ONE)
_DROP: Final = delete(schema.write_lock).where(*_ONE)
_CLEAR: Final = delete(schema.write_lock).where(_l.folder_id == bindparam("at"), _l.name == bindparam("called"))
_EXPIRE: Final = delete(schema.write_lock).where(_l.expires <= bindparam("now"))


def there(tx: Tx, at: FolderId) -> Sequence[WriteLock]:
    """See `ReadTx.write_locks`."""
    here = tx.open(at, Right.LOOKUP)
    return [WriteLock(*row) for row in tx.sql.rows(_THERE, {"at": here.id, "now": now_micros()})]


def put(tx: Tx, at: FolderId, lock: WriteLock) -> None:
    """See `WriteTx.put_write_lock`."""
    here = tx.open(at, Right.LOOKUP)
    _permit(tx, here, lock.name)
    names = [each.name for each in there(tx, at) if in_the_way(lock, each)]
    if names:
        raise Locked("somebody has locked it already: try again later", names)
    now = now_micros()
    tx.sql.change(_EXPIRE, {"now": now})
    [(held,)] = tx.sql.rows(_COUNT, {"who": tx.who.account, "now": now})
    if held >= MOST_LOCKS:
        raise Refused(f"you hold {held} locks, and {MOST_LOCKS} are the most: let go of some")
    values = {"at": here.id, "which": lock.token, "called": lock.name, "whole": lock.deep, "with_others": lock.shared}
    until = {"long": lock.seconds, "until": now + lock.seconds * _SECOND}
    tx.sql.change(_PUT, {**values, **until, "who": tx.who.account, "said": lock.owner})


def _permit(tx: Tx, here: Opened, name: str) -> None:
    """`NoRight` for who may not write there."""
    if _CHANGE in here.rights:
        return
    row = items.named(tx, here, name) if name else None
    if name and row is None and Right.INSERT in here.rights:
        return
    mine = row is not None and Item(*row).author == tx.who.account
    if not (mine and Right.EDIT_OWN in here.rights):
        raise NoRight("a lock is for who may write there: insert, delete and expunge; ask the owner")


def renew(tx: Tx, at: FolderId, token: str, seconds: int) -> WriteLock:
    """See `WriteTx.renew_write_lock`."""
    found = _one(tx, at, token)
    if found.account != tx.who.account:
        raise NoRight("only who has taken a lock renews it")
    until = now_micros() + seconds * _SECOND
    tx.sql.change(_RENEW, {"at": at, "which": token, "long": seconds, "until": until})
    return _one(tx, at, token)


def drop(tx: Tx, at: FolderId, token: str) -> None:
    """See `WriteTx.drop_write_lock`."""
    if _one(tx, at, token).account != tx.who.account and Right.ADMIN not in tx.open(at, Right.LOOKUP).rights:
        raise NoRight("somebody else has taken this lock; they, or the owner of the folder, let go of it")
    tx.sql.change(_DROP, {"at": at, "which": token})


def _one(tx: Tx, at: FolderId, token: str) -> WriteLock:
    found = next((each for each in there(tx, at) if each.token == token), None)
    if found is None:
        raise NotFound(f"{token[:80]!r}: there is no such lock here, or its time is over")
    return found


def clear(tx: Tx, at: FolderId, name: str) -> None:
    """See `WriteTx.clear_write_locks`."""
    here = tx.open(at, Right.LOOKUP)
    if Right.TRASH | Right.EXPUNGE not in here.rights and Right.DELETE_OWN not in here.rights:
        raise NoRight("letting go of the locks of others is for who may take objects away")
    tx.sql.change(_CLEAR, {"at": here.id, "called": name})
