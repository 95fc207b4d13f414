"""Single columns of many items: a listing, a sorting and a search read no more of a row than they tell or compare."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import FromClause, bindparam, func, select
from sqlalchemy.sql import Select

from groupware.model.ids import FolderId, Uid, Uids
from groupware.model.rights import Right

from . import objects, schema
from .engine import Row
from .items import EMAIL, OWN_BITS, OWN_MODSEQ, rows_between, source
from .sortkeys import TEXTS
from .tx import Tx

_i, _c, _k = schema.item.c, schema.content.c, schema.sort_key.c
_COLUMNS: Final = {
    "modseq": _i.modseq,
    "bits": _i.flags,
    "words": _i.keywords,
    "id": _i.id,
    "email": EMAIL,
    "saved": _i.saved,
    "arrived": _i.arrived,
    "octets": _i.size + _i.extra,
    "size": _i.size,
    "name": func.coalesce(_i.name, ""),
    "blob": _c.blob,
    "summary": _c.summary,
    "sent": _k.sent,
    "day": _k.day,
    "reply": func.coalesce(_k.reply, False),
    **{name: func.coalesce(_k[name], "") for name in TEXTS},
}
_OWN: Final = {"modseq": OWN_MODSEQ, "bits": OWN_BITS}
_CONTENT: Final = frozenset({"blob", "summary"})
_KEYS: Final = frozenset({"sent", "day", "reply", *TEXTS})
_MOST: Final = 1 << 62
Marks = tuple[int, int]
"""Flags that are asked for, and those of them that an item has."""


def _source(names: Sequence[str], *, own: bool) -> FromClause:
    rows = source(own=own, content=not _CONTENT.isdisjoint(names))
    return rows if _KEYS.isdisjoint(names) else rows.outerjoin(schema.sort_key, _k.content_id == _i.content_id)


@lru_cache(maxsize=512)
def _selection(names: tuple[str, ...], own: bool, marks: Marks | None = None) -> Select[Any]:
    own = own and (marks is not None or not _OWN.keys().isdisjoint(names))
    known = {**_COLUMNS, **_OWN} if own else _COLUMNS
    wanted = [_i.uid, *[known[name].label(name) for name in names]]
    between = _i.uid.between(bindparam("low"), bindparam("high"))
    found = select(*wanted).select_from(_source(names, own=own)).where(_i.folder_id == bindparam("at"), between)
    if marks is not None:
        asked, wanted_bits = marks
        found = found.where(known["bits"].op("&")(asked) == wanted_bits)
    return found.order_by(_i.uid).limit(bindparam("most"))


@lru_cache(maxsize=16)
def _range(name: str) -> Select[Any]:
    inside = _COLUMNS[name].between(bindparam("low"), bindparam("high"))
    rows = _source((name,), own=False)
    return select(_i.uid).select_from(rows).where(_i.folder_id == bindparam("at"), inside).order_by(_i.uid)


def columns(
    tx: Tx, at: FolderId, names: Sequence[str], uids: Uids, limit: int, marks: Marks | None = None
) -> Sequence[Row]:
    """See `ReadTx.columns`. Takes `r`."""
    here = tx.open(at, Right.READ)
    return rows_between(tx, here, _selection(tuple(names), bool(here.reader), marks), uids, limit)


def within(tx: Tx, at: FolderId, name: str, low: int | None, high: int | None) -> Sequence[Uid]:
    """See `ReadTx.within`. Takes `r`."""
    here = tx.open(at, Right.READ)
    ends = {"low": -_MOST if low is None else low, "high": _MOST if high is None else high}
    return [uid for (uid,) in objects.shown(tx, here, tx.sql.rows(_range(name), {"at": here.id, **ends}))]
