"""What items are sorted and threaded by, and the numbers that search compares: read without the contents themselves.

The keys of a content are written with it and never change. An item whose content has none (it is no mail) has its own
sizes and dates, and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import bindparam, delete, func, insert, select
from sqlalchemy.sql import Select

from groupware.model.ids import FolderId, Uid, Uids
from groupware.model.item import Keys
from groupware.model.rights import Right

from . import schema
from .engine import Row
from .items import narrowed, only
from .tx import Tx

_i, _k = schema.item.c, schema.sort_key.c
_TEXTS: Final = ("subject", "from_box", "to_box", "cc_box", "from_name", "to_name", "message_id", "ids")
_COLUMNS: Final = {
    "saved": _i.saved,
    "arrived": _i.arrived,
    "octets": _i.size + _i.extra,
    "sent": _k.sent,
    "day": _k.day,
    "reply": func.coalesce(_k.reply, False),
    **{name: func.coalesce(_k[name], "") for name in _TEXTS},
}
_OWN: Final = frozenset({"saved", "arrived", "octets"})
_MOST: Final = 1 << 62

_PUT: Final = insert(schema.sort_key).values({column.name: bindparam(column.name) for column in schema.sort_key.c})
_DROP: Final = delete(schema.sort_key).where(_k.content_id == bindparam("content"))


def put(tx: Tx, content: int, keys: Keys) -> None:
    """Makes the items of a content sortable."""
    values = {name: getattr(keys, name) for name in (*_TEXTS[:-1], "sent", "day", "reply")}
    tx.sql.change(_PUT, {**values, "content_id": content, "ids": "\n".join(keys.references)})


def drop(tx: Tx, content: int) -> None:
    """Forgets the keys of a content."""
    tx.sql.change(_DROP, {"content": content})


@lru_cache(maxsize=256)
def _selection(names: tuple[str, ...]) -> Select[Any]:
    source: Any = schema.item
    if not _OWN.issuperset(names):
        source = source.outerjoin(schema.sort_key, _k.content_id == _i.content_id)
    wanted = [_i.uid, *[_COLUMNS[name].label(name) for name in names]]
    between = _i.uid.between(bindparam("low"), bindparam("high"))
    return select(*wanted).select_from(source).where(_i.folder_id == bindparam("at"), between).order_by(_i.uid)


@lru_cache(maxsize=16)
def _range(name: str) -> Select[Any]:
    column = _COLUMNS[name]
    source: Any = schema.item
    if name not in _OWN:
        source = source.outerjoin(schema.sort_key, _k.content_id == _i.content_id)
    inside = column.between(bindparam("low"), bindparam("high"))
    return select(_i.uid).select_from(source).where(_i.folder_id == bindparam("at"), inside).order_by(_i.uid)


def keys(tx: Tx, at: FolderId, names: Sequence[str], uids: Uids) -> Sequence[Row]:
    """See `ReadTx.keys`. Takes `r`."""
    here = tx.open(at, Right.READ)
    asked = narrowed(uids, here)
    statement = _selection(tuple(names))
    found: list[Row] = []
    for low, high in asked:
        found.extend(tx.sql.rows(statement, {"at": here.id, "low": low, "high": high}))
    return found if len(asked) > 1 or len(uids) == 1 else list(only(found, uids))


def within(tx: Tx, at: FolderId, name: str, low: int | None, high: int | None) -> Sequence[Uid]:
    """See `ReadTx.within`. Takes `r`."""
    here = tx.open(at, Right.READ)
    ends = {"low": -_MOST if low is None else low, "high": _MOST if high is None else high}
    return [uid for (uid,) in tx.sql.rows(_range(name), {"at": here.id, **ends})]
