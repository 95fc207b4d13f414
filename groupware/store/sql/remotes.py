"""Mailboxes on other servers, and what has been fetched from them.

1. Who fetches holds a lease. A message is remembered in the very write that delivers it, under that lease: who has lost
   it delivers nothing, so nothing comes twice, whatever is killed and however many are at it.
2. Another host or user is another mailbox: what was fetched of the former is forgotten, since its names of
   messages mean others there.
3. What is not there any more is remembered for `KEPT_DAYS` still: servers hide messages, and show them again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from sqlalchemy import bindparam, delete, insert, select, update

from groupware.model.errors import NotFound, OverQuota, Refused, TryAgain
from groupware.model.ids import AccountId, ModSeq
from groupware.model.item import Kind
from groupware.model.principal import PrincipalKind
from groupware.model.remote import LONGEST_MINUTES, RemoteBox, checked
from groupware.model.rights import Right
from groupware.model.times import now_micros

from ..api import REMOTES
from . import errands, schema
from .engine import Row
from .principals import by_id, oneself_or
from .settings import setting
from .tx import Tx

KEPT_DAYS: Final = 30
_b, _l = schema.remote_box.c, schema.remote_letter.c
_NAMES: Final = (
    _b.id, _b.account_id, _b.host, _b.port, _b.tls, _b.login, _b.secret, _b.folder_id, _b.minutes, _b.keep, _b.enabled,
    _b.due, _b.tries, _b.begun, _b.done, _b.fetched, _b.said, _b.lease,
)  # fmt: skip
_OF: Final = select(*_NAMES).where(_b.account_id == bindparam("account")).order_by(_b.id)
_ONE: Final = select(*_NAMES).where(_b.id == bindparam("number"))
_CHOSEN: Final = {
    "host": bindparam("where"),
    "port": bindparam("at_port"),
    "tls": bindparam("how"),
    "login": bindparam("name"),
    "secret": bindparam("sealed"),
    "folder_id": bindparam("at"),
    "minutes": bindparam("every"),
    "keep": bindparam("stays"),
    "enabled": bindparam("on"),
    "due": bindparam("when"),
    "tries": 0,
    "said": "",
    "lease": 0,
}
_ADD: Final = (
    insert(schema.remote_box)
    .values(account_id=bindparam("account"), begun=0, done=0, fetched=0, **_CHOSEN)
    .returning(_b.id)
)
_SET: Final = update(schema.remote_box).where(_b.id == bindparam("number")).values(**_CHOSEN)
_DROP: Final = delete(schema.remote_box).where(_b.id == bindparam("number"))
_LEASES: Final = errands.leases(schema.remote_box, _b.id, select(*_NAMES))
_COUNT: Final = (
    update(schema.remote_box).where(*_LEASES.held).values(fetched=_b.fetched + bindparam("more")).returning(_b.id)
)
_SETTLE: Final = (
    update(schema.remote_box)
    .where(*_LEASES.held)
    .values(
        lease=0,
        due=bindparam("when"),
        tries=bindparam("failures"),
        done=bindparam("ended"),
        said=bindparam("text"),
    )
    .returning(_b.id)
)
_LETTERS: Final = select(_l.uid, _l.stays, _l.gone).where(_l.box_id == bindparam("number"))
_REMEMBER: Final = insert(schema.remote_letter).values(
    box_id=bindparam("number"), uid=bindparam("which"), stays=bindparam("kept")
)
_MARK: Final = (
    update(schema.remote_letter)
    .where(_l.box_id == bindparam("number"), _l.uid == bindparam("which"))
    .values(gone=bindparam("since"))
)
_OLD: Final = delete(schema.remote_letter).where(_l.box_id == bindparam("number"), _l.gone < bindparam("before"))
_FORGET: Final = delete(schema.remote_letter).where(_l.box_id == bindparam("number"))


def _box(row: Row) -> RemoteBox:
    return RemoteBox(*[*row[:9], bool(row[9]), bool(row[10]), *row[11:]])


def boxes(tx: Tx, of: AccountId | str | None) -> Sequence[RemoteBox]:
    """See `ReadTx.remote_boxes`."""
    return [_box(row) for row in tx.sql.rows(_OF, {"account": oneself_or(tx, of)})]


def _limit(tx: Tx, name: str, account: AccountId) -> int:
    return int(setting(tx, name, account).value)


def put(tx: Tx, new: RemoteBox, of: AccountId | str | None) -> int:
    """See `WriteTx.put_remote_box`."""
    account = oneself_or(tx, of)
    new = checked(new)
    found = by_id(tx.sql, account)
    if found is None or found.kind is not PrincipalKind.ACCOUNT:
        raise Refused("only an account has mail of other servers fetched")
    if not _limit(tx, "rpop", account):
        raise Refused("fetching from other servers is switched off for this account (rpop)")
    least = max(1, _limit(tx, "rpopRetrievalInterval", account))
    if not least <= new.minutes <= LONGEST_MINUTES:
        raise Refused(f"minutes: {least} to {LONGEST_MINUTES} lie between two fetches (rpopRetrievalInterval)")
    if new.folder is not None:
        at = tx.open(new.folder, Right.POST)
        if at.owner != account or at.kind != Kind.MAIL or at.parent is None:
            raise Refused("folder: a folder of mail of the account itself is wanted")
    known = _known(tx, account, new.number) if new.number else None
    values = {
        "where": new.host,
        "at_port": new.port,
        "how": new.tls,
        "name": new.user,
        "sealed": new.secret or (known.secret if known is not None else ""),
        "at": new.folder,
        "every": new.minutes,
        "stays": new.keep,
        "on": new.enabled,
        "when": now_micros() if known is None else errands.soon(known.begun),
    }
    if not values["sealed"]:
        raise Refused("password: it is missing")
    if known is None:
        return _add(tx, account, values)
    if (known.host, known.user) != (new.host, new.user):
        if not new.secret:
            raise Refused("password: for another server or user it has to be given again")
        tx.sql.change(_FORGET, {"number": known.number})
    tx.sql.change(_SET, {**values, "number": known.number})
    _mark(tx, account, "remote.changed", new.host)
    return known.number


def _add(tx: Tx, account: AccountId, values: Mapping[str, object]) -> int:
    most = _limit(tx, "rpopConnectionCount", account)
    if len(tx.sql.rows(_OF, {"account": account})) >= most:
        raise OverQuota(f"an account may have {most} mailboxes of other servers fetched (rpopConnectionCount)")
    made = tx.sql.returning(_ADD, {**values, "account": account})
    assert made is not None
    _mark(tx, account, "remote.added", str(values["where"]))
    return int(made[0])


def _known(tx: Tx, account: AccountId, number: int) -> RemoteBox:
    row = tx.sql.row(_ONE, {"number": number})
    if row is None or row[1] != account:
        raise NotFound(f"there is no mailbox of another server of the number {number}")
    return _box(row)


def _mark(tx: Tx, account: AccountId, what: str, host: str) -> None:
    """Whoever fetches looks anew."""
    tx.marks[REMOTES] = ModSeq(now_micros())
    tx.note_change(what, account, REMOTES, tx.marks[REMOTES], {"host": host})


def drop(tx: Tx, number: int, of: AccountId | str | None) -> None:
    """See `WriteTx.drop_remote_box`."""
    account = oneself_or(tx, of)
    known = _known(tx, account, number)
    tx.sql.change(_DROP, {"number": number})
    _mark(tx, account, "remote.dropped", known.host)


def hasten(tx: Tx, number: int, of: AccountId | str | None) -> int:
    """See `WriteTx.hasten_remote_box`."""
    account = oneself_or(tx, of)
    known = _known(tx, account, number)
    if not known.enabled:
        raise Refused("this mailbox is switched off: switch it on first")
    when = errands.soon(known.begun)
    tx.sql.change(_LEASES.hasten, {"number": number, "when": when})
    _mark(tx, account, "remote.hastened", known.host)
    return when


# --- for who fetches ------------------------------------------------------------------------------------------------


def due(tx: Tx, most: int) -> Sequence[RemoteBox]:
    """See `ReadTx.due_remote_boxes`."""
    return [_box(row) for row in errands.due(tx, _LEASES, most)]


def next_due(tx: Tx) -> int | None:
    """See `ReadTx.next_remote_box`."""
    return errands.following(tx, _LEASES)


def letters(tx: Tx, number: int) -> Mapping[str, bool]:
    """See `ReadTx.remote_letters`."""
    tx.administer(None)
    return {uid: bool(stays) for uid, stays, _ in tx.sql.rows(_LETTERS, {"number": number})}


def claim(tx: Tx, number: int, until: int) -> RemoteBox | None:
    """See `WriteTx.claim_remote_box`."""
    if not errands.claim(tx, _LEASES, number, until):
        return None
    row = tx.sql.row(_ONE, {"number": number})
    return _box(row) if row is not None else None


def remember(tx: Tx, box: RemoteBox, uid: str, *, stays: bool) -> None:
    """See `WriteTx.remember_remote_letter`."""
    tx.administer(None)
    held = {"number": box.number, "held": box.lease, "more": int(not stays)}
    if tx.sql.returning(_COUNT, held) is None:
        raise TryAgain("somebody else fetches this mailbox now, or it has been changed")
    tx.sql.change(_REMEMBER, {"number": box.number, "which": uid, "kept": stays})


def listed(tx: Tx, box: RemoteBox, uids: Collection[str]) -> None:
    """See `WriteTx.note_remote_listing`."""
    tx.administer(None)
    there, now = frozenset(uids), now_micros()
    known = tx.sql.rows(_LETTERS, {"number": box.number})
    marks = [
        {"number": box.number, "which": uid, "since": None if uid in there else now}
        for uid, _, gone in known
        if (gone is None) != (uid in there)
    ]
    if marks:
        tx.sql.many(_MARK, marks)
    tx.sql.change(_OLD, {"number": box.number, "before": now - KEPT_DAYS * 86400 * errands.SECOND})


def settle(tx: Tx, box: RemoteBox, when: int, tries: int, said: str) -> bool:
    """See `WriteTx.settle_remote_box`."""
    tx.administer(None)
    values = {
        "number": box.number,
        "held": box.lease,
        "when": when,
        "failures": tries,
        "ended": box.done if tries else now_micros(),
        "text": said[:1000],
    }
    return tx.sql.returning(_SETTLE, values) is not None
