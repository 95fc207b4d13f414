"""Who is on mail lists, and how far messages to them have come.

Who runs a list has `a` on its root; so has who administers its domain, without a row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import and_, bindparam, delete, insert, or_, select, update

from groupware.model.addresses import MAX_LOCAL, normal
from groupware.model.errors import AlreadyExists, NotFound, Refused
from groupware.model.folder import Role
from groupware.model.ids import AccountId, FolderId, ModSeq, Uid
from groupware.model.mailinglist import APPROVED, DELIVERIES, DIGEST, INBOX, STATES, ListWork, Progress, Subscriber
from groupware.model.principal import PrincipalKind
from groupware.model.rights import Right
from groupware.model.times import micros, moment, now_micros

from ..api import LISTS
from . import schema
from .engine import Row
from .guard import Opened
from .principals import Known, administered, named
from .tx import Tx
from .upserts import Upsert

_s, _l, _p = schema.list_subscriber.c, schema.list_letter.c, schema.principal.c
_MOST: Final = 1_000_000_000
_CHANGING: Final = ("name", "state", "delivery", "moderated", "bounces", "bounced")

_f: Final = schema.folder.c
_PLACES: Final = or_(
    _f.role == Role.INBOX.value, and_(_f.parent_id == _p.root_id, or_(_f.name == APPROVED, _f.name == DIGEST))
)
_LISTS: Final = (
    select(_p.id, _f.id, _f.role, _f.name, _f.total)
    .select_from(schema.principal.outerjoin(schema.folder, and_(_f.owner_id == _p.id, _PLACES)))
    .where(_p.kind == PrincipalKind.LIST.value, _p.enabled)
    .order_by(_p.id)
)
_COLUMNS: Final = (
    _s.address,
    _s.name,
    _s.state,
    _s.delivery,
    _s.moderated,
    _s.bounces,
    _s.bounced,
    _s.joined,
    _s.id,
)
_PAGE: Final = (
    select(*_COLUMNS)
    .where(_s.list_id == bindparam("list"), _s.id > bindparam("beyond"))
    .order_by(_s.id)
    .limit(bindparam("most"))
)
_BY_ADDRESS: Final = select(*_COLUMNS).where(_s.list_id == bindparam("list"), _s.address == bindparam("which"))
_BY_NUMBER: Final = select(*_COLUMNS).where(_s.list_id == bindparam("list"), _s.id == bindparam("number"))
_ADD: Final = (
    insert(schema.list_subscriber)
    .values({name: bindparam(name) for name in ("address", "joined", *_CHANGING)} | {"list_id": bindparam("list")})
    .returning(_s.id)
)
_CHANGE: Final = (
    update(schema.list_subscriber)
    .where(_s.list_id == bindparam("list"), _s.id == bindparam("number"))
    .values({name: bindparam("new_" + name) for name in _CHANGING})
)
_DROP: Final = delete(schema.list_subscriber).where(_s.list_id == bindparam("list"), _s.address == bindparam("which"))
_THIS: Final = (_l.folder_id == bindparam("at"), _l.uid == bindparam("number"))
_PROGRESS: Final = select(_l.tag, _l.after).where(*_THIS)
_FORGET: Final = delete(schema.list_letter).where(*_THIS)


_UNCONFIRMED: Final = (
    select(_s.id)
    .where(_s.state == "unconfirmed", _s.joined < bindparam("before"))
    .order_by(_s.id)
    .limit(bindparam("most"))
)
_DROP_ASKED: Final = delete(schema.list_subscriber).where(_s.id == bindparam("number"))


def forget_unconfirmed(tx: Tx, before: int, most: int) -> int:
    """Takes up to so many away who were asked before that moment whether they want to be on a list, and never said."""
    tx.administer(None)
    rows = tx.sql.rows(_UNCONFIRMED, {"before": before, "most": most})
    tx.sql.many(_DROP_ASKED, [{"number": number} for (number,) in rows])
    return len(rows)


def _note(dialect: Any) -> Any:
    new = dialect.insert(schema.list_letter).values(
        folder_id=bindparam("at"), uid=bindparam("number"), tag=bindparam("way"), after=bindparam("beyond")
    )
    return new.on_conflict_do_update(index_elements=["folder_id", "uid"], set_={"after": new.excluded.after})


_NOTE: Final = Upsert(_note)


# --- who is on a list -----------------------------------------------------------------------------------------------


def lists(tx: Tx) -> Sequence[ListWork]:
    """See `ReadTx.mail_lists`. One statement over an index of lists."""
    tx.administer(None)
    found: dict[int, dict[str, tuple[int, int]]] = {}
    for of, at, role, name, total in tx.sql.rows(_LISTS):
        there = found.setdefault(of, {})
        if at is not None:
            there[INBOX if role == Role.INBOX.value else name] = at, total
    return [_waiting(of, there) for of, there in found.items()]


def _waiting(of: int, there: Mapping[str, tuple[int, int]]) -> ListWork:
    inbox, approved = (FolderId(there[name][0]) if name in there else None for name in (INBOX, APPROVED))
    letters = sum(there[name][1] for name in (INBOX, APPROVED) if name in there)
    return ListWork(AccountId(of), inbox, approved, letters, there[DIGEST][1] if DIGEST in there else 0)


def page(tx: Tx, of: AccountId | str, after: int, limit: int) -> Sequence[Subscriber]:
    """See `ReadTx.subscribers`."""
    found = _list(tx, of)
    rows = tx.sql.rows(_PAGE, {"list": found.id, "beyond": after, "most": limit or _MOST})
    return [_read(row) for row in rows]


def one(tx: Tx, of: AccountId | str, key: int | str) -> Subscriber | None:
    """See `ReadTx.subscriber`."""
    return _one(tx, _list(tx, of), key)


def _one(tx: Tx, of: Known, key: int | str) -> Subscriber | None:
    if isinstance(key, int):
        row = tx.sql.row(_BY_NUMBER, {"list": of.id, "number": key})
    else:
        row = tx.sql.row(_BY_ADDRESS, {"list": of.id, "which": normal(key)})
    return _read(row) if row is not None else None


def put(tx: Tx, of: AccountId | str, new: Subscriber) -> Subscriber:
    """See `WriteTx.put_subscriber`. One that is there already is changed."""
    found = _list(tx, of)
    tx.bump(found.id)  # the lock: two that put the same address come one after the other
    new = _checked(replace(new, address=_address(found, new.address)))
    there = _one(tx, found, new.address)
    values: dict[str, object] = {name: getattr(new, name) for name in _CHANGING}
    values["bounced"] = None if new.bounced is None else micros(new.bounced)
    if there is not None:
        changed = {f"new_{name}": value for name, value in values.items()}
        tx.sql.change(_CHANGE, {"list": found.id, "number": there.number, **changed})
        made = replace(new, number=there.number, joined=there.joined)
    else:
        joined = now_micros() if new.joined is None else micros(new.joined)
        row = tx.sql.returning(_ADD, {"list": found.id, "address": new.address, "joined": joined, **values})
        assert row is not None
        made = replace(new, number=int(row[0]), joined=moment(joined))
    tx.note_administration("subscriber.put", found.id, {"address": made.address, "state": made.state})
    return made


def drop(tx: Tx, of: AccountId | str, address: str) -> None:
    """See `WriteTx.drop_subscriber`."""
    found = _list(tx, of)
    if not tx.sql.change(_DROP, {"list": found.id, "which": normal(address)}):
        raise NotFound(f"{address[:80]}: it is not on {found.address}")
    tx.note_administration("subscriber.dropped", found.id, {"address": normal(address)})


def _checked(new: Subscriber) -> Subscriber:
    if new.state not in STATES or new.delivery not in DELIVERIES:
        raise Refused(f"{new.address}: a subscriber is {', '.join(STATES)}, and gets {', '.join(DELIVERIES)}")
    return replace(new, name=new.name[:320])


def _address(of: Known, address: str) -> str:
    plain = normal(address)
    local, at, domain = plain.rpartition("@")
    good = at and local and domain and len(plain) <= 254 and len(local.encode()) <= MAX_LOCAL
    if not good or not plain.isprintable() or any(sign in plain for sign in ' <>,;"'):
        raise Refused(f"{address[:80]!r}: this is no address that mail can be sent to; write it as name@domain")
    if plain == of.address:
        raise AlreadyExists(f"{plain}: a list cannot be on itself")
    return plain


def _list(tx: Tx, key: AccountId | str) -> Known:
    """The list, for who runs it or administers its domain. `NoRight`, `NotFound`, `Refused`."""
    found = named(tx, key)
    if found is not None and found.kind is PrincipalKind.LIST and _runs(tx, found):
        return found
    found = administered(tx, key)
    if found.kind is not PrincipalKind.LIST:
        raise Refused(f"{found.address}: this is no mail list")
    return found


def _runs(tx: Tx, of: Known) -> bool:
    return of.root is not None and Right.ADMIN in tx.tree(of.id).rights(tx.who, of.root)


def _read(row: Row) -> Subscriber:
    address, name, state, delivery, moderated, bounces, bounced, joined, number = row
    last = None if bounced is None else moment(bounced)
    return Subscriber(address, name, state, delivery, bool(moderated), bounces, last, moment(joined), number)


# --- how far a message has come -------------------------------------------------------------------------------------


def progress(tx: Tx, at: FolderId, uid: Uid) -> Progress:
    """See `ReadTx.list_progress`."""
    tx.open(at, Right.READ)
    row = tx.sql.row(_PROGRESS, {"at": at, "number": uid})
    return Progress(*row) if row is not None else Progress()


def note_progress(tx: Tx, at: FolderId, uid: Uid, after: int | None) -> None:
    """See `WriteTx.note_list_progress`."""
    tx.open(at, Right.ADMIN)
    if after is None:
        tx.sql.change(_FORGET, {"at": at, "number": uid})
    else:
        tx.sql.change(_NOTE[tx.sql.postgres], _row(at, uid, "", after))


def arrived(tx: Tx, at: Opened, uid: Uid, tag: str) -> None:
    """Tells that a message has just been put into a list's INBOX, and keeps by which address of the list it came."""
    if tag:
        tx.sql.change(_NOTE[tx.sql.postgres], _row(at.id, uid, tag[:320], 0))
    tx.marks[LISTS] = ModSeq(now_micros())
    tx.note_change("list.letter", at.owner, LISTS, tx.marks[LISTS], {})


def _row(at: int, uid: int, way: str, after: int) -> Mapping[str, object]:
    return {"at": at, "number": uid, "way": way, "beyond": after}
