"""Calendar and contact objects: found by the UID that their maker gave them, and by when they take place.

1. One of a UID in a folder.
2. `object_key` and `occurrence` change with the item that they belong to.
3. What is private is not there for who has not the right to read it; that it takes time is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final

from sqlalchemy import and_, bindparam, case, delete, exists, func, insert, or_, select
from sqlalchemy.sql import Select

from groupware.model.errors import IdentTaken, Refused
from groupware.model.ids import BlobId, FolderId, Uid
from groupware.model.item import ALWAYS, Kind, ObjectKeys, Placed, Span
from groupware.model.rights import Right

from . import schema
from .engine import Row
from .guard import Opened
from .tx import Tx

SHORT: Final = 32 * 86_400
"""Seconds: what takes longer is looked for by itself."""
_k, _o, _i, _c = schema.object_key.c, schema.occurrence.c, schema.item.c, schema.content.c
_SAID: Final = ("ident", "component", "private", "first", "last", "schedule_tag", "facts")
_KEY_NAMES: Final = tuple(column.name for column in schema.object_key.c)
_SPAN_NAMES: Final = tuple(column.name for column in schema.occurrence.c)
_PUT: Final = insert(schema.object_key).values({name: bindparam(name) for name in _KEY_NAMES})
_PUT_SPAN: Final = insert(schema.occurrence).values({name: bindparam(name) for name in _SPAN_NAMES})
_DROP: Final = tuple(
    delete(table).where(table.c.folder_id == bindparam("at")).where(table.c.uid == bindparam("number"))
    for table in (schema.object_key, schema.occurrence)
)
_OF: Final[tuple[Select[Any], Select[Any]]] = (
    select(*schema.object_key.c).where(_k.folder_id == bindparam("at")).where(_k.uid == bindparam("number")),
    select(*schema.occurrence.c).where(_o.folder_id == bindparam("at")).where(_o.uid == bindparam("number")),
)
_KNOWN: Final = (
    select(_k.uid, _i.name)
    .select_from(schema.object_key.join(schema.item, and_(_i.folder_id == _k.folder_id, _i.uid == _k.uid)))
    .where(_k.folder_id == bindparam("at"))
    .where(_k.ident == bindparam("ident"))
)
_PRIVATE: Final = (
    select(_k.uid)
    .select_from(schema.object_key.join(schema.item, and_(_i.folder_id == _k.folder_id, _i.uid == _k.uid)))
    .where(_k.folder_id == bindparam("at"))
    .where(schema.PRIVATE_OBJECT)
    .where(or_(_i.author_id.is_(None), _i.author_id != bindparam("reader")))
)
_WITHHELD: Final = (
    select(
        func.count(),
        func.coalesce(func.sum(case((_i.flags.op("&")(1) == 0, 1), else_=0)), 0),
        func.coalesce(func.sum(case((_i.flags.op("&")(8) != 0, 1), else_=0)), 0),
        func.coalesce(func.sum(_i.size), 0),
        func.coalesce(func.sum(_i.extra), 0),
    )
    .select_from(schema.object_key.join(schema.item, and_(_i.folder_id == _k.folder_id, _i.uid == _k.uid)))
    .where(_k.folder_id == bindparam("at"))
    .where(schema.PRIVATE_OBJECT)
    .where(or_(_i.author_id.is_(None), _i.author_id != bindparam("reader")))
)
_BY_COMPONENT: Final = (
    select(_k.uid).where(_k.folder_id == bindparam("at")).where(_k.component == bindparam("component")).order_by(_k.uid)
)
_SPANS: Final = (
    select(_o.uid, _o.start, _o.end, _o.floating, _o.busy)
    .where(_o.folder_id == bindparam("at"))
    .where(_o.end > bindparam("low"))
    .where(
        or_(
            and_(_o.long.is_(False), _o.start >= bindparam("since"), _o.start < bindparam("high")),
            and_(_o.long.is_(True), _o.start < bindparam("high")),
        )
    )
)
_ENDED: Final = (
    select(_k.uid, _k.last)
    .where(_k.folder_id == bindparam("at"))
    .where(_k.component == "VEVENT")
    .where(_k.last > bindparam("low"))
    .where(_k.last <= bindparam("high"))
    .where(_k.uid >= bindparam("since"))
    .order_by(_k.last.desc(), _k.uid)
)
_REST: Final = (
    select(_k.uid, _c.blob, _k.exact_from, _k.exact_to)
    .select_from(
        schema.object_key.join(schema.item, and_(_i.folder_id == _k.folder_id, _i.uid == _k.uid)).join(
            schema.content, _c.id == _i.content_id
        )
    )
    .where(_k.folder_id == bindparam("at"))
    .where(schema.INEXACT_OBJECT)
    .where(_k.first < bindparam("high"))
    .where(_k.last > bindparam("low"))
    .where(or_(_k.exact_from > bindparam("low"), _k.exact_to < bindparam("high")))
)

_SPANS_OF: Final = _SPANS.where(
    exists().where(_k.folder_id == _o.folder_id, _k.uid == _o.uid, _k.component == bindparam("component"))
)
_REST_OF: Final = _REST.where(_k.component == bindparam("component"))


# --- beside the items -------------------------------------------------------------------------------------------------


def check(tx: Tx, here: Opened, keys: ObjectKeys, *, but: int = 0) -> None:
    """`IdentTaken` when another item here than `but` has the UID."""
    for uid, name in tx.sql.rows(_KNOWN, {"at": here.id, "ident": keys.ident}):
        if uid != but:
            shown_name = "" if uid in hidden(tx, here) else name or ""
            raise IdentTaken(f"UID {keys.ident[:60]!r}: there is an object of this UID here already", shown_name)


def check_new(tx: Tx, here: Opened, new: Sequence[ObjectKeys]) -> None:
    """The same for several that come together. `IdentTaken`, `Refused`."""
    idents = set[str]()
    for keys in new:
        check_kind(here, keys)
        check(tx, here, keys)
        if keys.ident in idents:
            raise IdentTaken(f"UID {keys.ident[:60]!r}: two of these objects have it")
        idents.add(keys.ident)


def check_kind(here: Opened, keys: ObjectKeys | None) -> None:
    """`Refused` for what has no place in a folder of that kind."""
    if keys is not None and here.kind == Kind.MAIL:
        raise Refused(f"folder {here.path} is for mail, and this is no message")


def check_mail(here: Opened, kind: str) -> None:
    """`Refused` for messages where nobody would see them."""
    if kind == Kind.MAIL and here.kind != Kind.MAIL:
        raise Refused(f"folder {here.path} is for {here.kind}, and this is a message: it would not be seen")


def put(tx: Tx, here: Opened, uid: int, keys: ObjectKeys) -> None:
    """Makes an item of the folder findable."""
    exact = keys.exact_from == -ALWAYS and keys.exact_to == ALWAYS
    row = {name: getattr(keys, name) for name in _SAID}
    ends = {"exact_from": keys.exact_from, "exact_to": keys.exact_to, "exact": exact}
    tx.sql.change(_PUT, {"folder_id": here.id, "uid": uid, **row, **ends})
    tx.sql.many(_PUT_SPAN, [_span_row(here, uid, number, each) for number, each in enumerate(keys.spans)])


def _span_row(here: Opened, uid: int, number: int, span: Span) -> dict[str, Any]:
    values = {"start": span.start, "end": span.end, "floating": span.floating, "busy": span.busy}
    return {"folder_id": here.id, "uid": uid, "number": number, "long": span.end - span.start > SHORT, **values}


def drop(tx: Tx, here: Opened, uids: Iterable[int]) -> None:
    """Forgets what items of the folder are found by."""
    if here.kind != Kind.MAIL:
        numbers = [{"at": here.id, "number": uid} for uid in uids]
        for statement in _DROP:
            tx.sql.many(statement, numbers)


def copied(tx: Tx, here: Opened, uid: int) -> tuple[Row | None, list[Row]]:
    """What an item of the folder is found by, for `place`."""
    if here.kind == Kind.MAIL:
        return None, []
    values = {"at": here.id, "number": uid}
    return tx.sql.row(_OF[0], values), tx.sql.rows(_OF[1], values)


def place(tx: Tx, there: Opened, uid: int, found: tuple[Row | None, list[Row]]) -> None:
    """Makes a copy of an item findable where it is now. `IdentTaken`, `Refused`."""
    if found[0] is None:
        return
    key = dict(zip(_KEY_NAMES, found[0], strict=True))
    keys = ObjectKeys(key["ident"], key["component"])
    check_kind(there, keys)
    check(tx, there, keys)
    tx.sql.change(_PUT, {**key, "folder_id": there.id, "uid": uid})
    spans = [dict(zip(_SPAN_NAMES, row, strict=True)) for row in found[1]]
    tx.sql.many(_PUT_SPAN, [{**each, "folder_id": there.id, "uid": uid} for each in spans])


# --- what is private --------------------------------------------------------------------------------------------------


def hidden(tx: Tx, here: Opened) -> Collection[int]:
    """The UIDs of what is private here, for who may not read it; what one has put in oneself one may."""
    if here.kind == Kind.MAIL or Right.PRIVATE in here.rights:
        return ()
    return frozenset(uid for (uid,) in tx.sql.rows(_PRIVATE, {"at": here.id, "reader": tx.who.account}))


def withheld(tx: Tx, at: int, kind: str, rights: Right) -> tuple[int, int, int, int, int]:
    """How many objects of a folder one is not told of with these rights; unseen, deleted, and their octets."""
    if kind == Kind.MAIL or Right.PRIVATE in rights:
        return 0, 0, 0, 0, 0
    many, unseen, deleted, octets, extra = tx.sql.rows(_WITHHELD, {"at": at, "reader": tx.who.account})[0]
    return many, int(unseen), int(deleted), int(octets), int(extra)


def shown(tx: Tx, here: Opened, rows: list[Row]) -> list[Row]:
    """Those of the rows, of which the UID stands first, that the principal may read."""
    unseen = hidden(tx, here)
    return [row for row in rows if row[0] not in unseen] if unseen else rows


# --- finding ----------------------------------------------------------------------------------------------------------


def identified(tx: Tx, at: FolderId, ident: str) -> Sequence[str]:
    """See `ReadTx.identified`. Takes `r`."""
    here = tx.open(at, Right.READ)
    return [name or "" for _, name in shown(tx, here, tx.sql.rows(_KNOWN, {"at": here.id, "ident": ident}))]


def objects(tx: Tx, at: FolderId, component: str) -> Sequence[Uid]:
    """See `ReadTx.objects`. Takes `r`."""
    here = tx.open(at, Right.READ)
    rows = tx.sql.rows(_BY_COMPONENT, {"at": here.id, "component": component})
    return [Uid(uid) for (uid,) in shown(tx, here, rows)]


def spans(tx: Tx, at: FolderId, low: int, high: int, component: str) -> Placed:
    """See `ReadTx.spans`. Takes `r`."""
    here = tx.open(at, Right.READ)
    return _placed(tx, here, low, high, hidden(tx, here), component)


def ended(tx: Tx, at: FolderId, low: int, high: int, since: int) -> Sequence[tuple[Uid, int]]:
    """See `ReadTx.ended`. Takes `r`."""
    here = tx.open(at, Right.READ)
    rows = tx.sql.rows(_ENDED, {"at": here.id, "low": low, "high": high, "since": since})
    return [(Uid(uid), last) for uid, last in shown(tx, here, rows)]


def busy(tx: Tx, at: FolderId, low: int, high: int) -> Placed:
    """See `ReadTx.busy`. Takes `9`, `8` or `r`."""
    return _placed(tx, tx.open_times(at), low, high, ())


def outline(tx: Tx, at: FolderId) -> None:
    """See `ReadTx.outline`. Takes `8`, or `r`."""
    tx.open_outline(at)


def times(tx: Tx, here: Opened, low: int, high: int) -> Placed:
    """The same of a folder that has been opened for that."""
    return _placed(tx, here, low, high, ())


def _placed(tx: Tx, here: Opened, low: int, high: int, unseen: Collection[int], component: str = "") -> Placed:
    values = {"at": here.id, "low": low, "high": high, "since": low - SHORT, "component": component}
    inside, more = (_SPANS_OF, _REST_OF) if component else (_SPANS, _REST)
    found = [(Uid(row[0]), Span(*row[1:])) for row in tx.sql.rows(inside, values) if row[0] not in unseen]
    rest = [(Uid(row[0]), BlobId(row[1])) for row in tx.sql.rows(more, values) if row[0] not in unseen]
    return Placed(found, rest)
