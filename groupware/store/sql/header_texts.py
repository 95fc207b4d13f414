"""In whose header lines certain texts are.

1. The lines of mail are made from its octets some time after the write, behind the index of its words (`search`), so
   that a write pays nothing for them. Until then the message is one that is not known yet, and whoever searches reads
   its octets.
2. What the index of trigrams finds is looked at in the lines themselves, so what is found is exact.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Select, bindparam, delete, insert, literal_column, select, text

from groupware.model.collation import caseless
from groupware.model.ids import BlobId, FolderId, Uid
from groupware.model.item import Kind
from groupware.model.rights import Right

from . import items, schema, search
from .engine import Row, Sql
from .guard import Opened
from .tx import Tx

_t, _w, _i, _c = schema.header_text.c, schema.header_waiting.c, schema.item.c, schema.content.c
LINE, PART = "\n", "\x1e"
"""What stands before each line, and before the lines of each part. No line has either in it."""
FEW_WAITING: Final = 1000
"""So many that wait are looked up one by one; where there are more, a folder is gone through."""
_NAME: Final = re.compile(r"[!-9;-~]+")


class Headed(NamedTuple):
    """A content whose header lines are to be made."""

    content: int
    blob: BlobId
    size: int
    summary: bytes


def joined(headers: Iterable[Sequence[str]]) -> str:
    """The lines of each header, that of the message first, as they are kept."""
    kept = PART.join(["".join([LINE + line for line in lines]) for lines in headers])
    return kept if kept.isascii() else _storable(kept)


def _storable(value: str) -> str:
    return value.encode("utf-8", "replace").decode()


# --- the index ------------------------------------------------------------------------------------------------------

_WAIT: Final = text(
    "INSERT INTO header_waiting (content_id) SELECT content_id FROM sort_key WHERE content_id = :content"
    " AND NOT EXISTS (SELECT 1 FROM header_text h WHERE h.content_id = :content) ON CONFLICT DO NOTHING"
)
_ALL_WAIT: Final = text("INSERT INTO header_waiting (content_id) SELECT content_id FROM sort_key WHERE true")
_NONE_WAIT: Final = delete(schema.header_waiting)
_WAITING: Final = (
    select(_c.id, _c.blob, _c.size, _c.summary)
    .select_from(schema.header_waiting.join(schema.content, _c.id == _w.content_id))
    .limit(bindparam("most"))
)
_WAITS: Final = delete(schema.header_waiting).where(_w.content_id == bindparam("content"))
_NOW: Final = _WAITS.returning(_w.content_id)
_PUT: Final = insert(schema.header_text).values(content_id=bindparam("content"), lines=bindparam("texts"))
_INDEX: Final = text("INSERT INTO header_index (rowid, lines) VALUES (:content, :words)")
_DROP: Final = delete(schema.header_text).where(_t.content_id == bindparam("content")).returning(_t.lines)
_UNINDEX: Final = text("INSERT INTO header_index (header_index, rowid, lines) VALUES ('delete', :content, :words)")
_EMPTY: Final = text("INSERT INTO header_index (header_index) VALUES ('delete-all')")
_NONE: Final = delete(schema.header_text)


def wait(tx: Tx, contents: Iterable[int]) -> None:
    """Of these contents the mail waits for the index from now on."""
    tx.sql.many(_WAIT, [{"content": content} for content in contents])


def waiting(tx: Tx, limit: int) -> Sequence[Headed]:
    """Some of what waits."""
    return [Headed(*row) for row in tx.sql.rows(_WAITING, {"most": limit})]


def put(tx: Tx, lines: Mapping[int, str]) -> None:
    """Puts the lines of contents into the index, as far as they still wait. Safe in several processes."""
    for content, kept in lines.items():
        if tx.sql.returning(_NOW, {"content": content}) is None:
            continue
        tx.sql.change(_PUT, {"content": content, "texts": kept})
        if not tx.sql.postgres:
            tx.sql.change(_INDEX, {"content": content, "words": _words(kept)})


def drop(tx: Tx, content: int) -> None:
    """Forgets the lines of a content."""
    tx.sql.change(_WAITS, {"content": content})
    known = tx.sql.returning(_DROP, {"content": content})
    if known is not None and not tx.sql.postgres:
        tx.sql.change(_UNINDEX, {"content": content, "words": _words(known[0])})


def index_anew(sql: Sql) -> None:
    """Empties the index: all mail waits for it again."""
    sql.change(_NONE)
    sql.change(_NONE_WAIT)
    if not sql.postgres:
        sql.change(_EMPTY)
    sql.change(_ALL_WAIT)


def _words(lines: str) -> str:
    """What the index takes of lines: each word once. What has no gap in it is found in it."""
    return " ".join(dict.fromkeys(lines.split()))


# --- looking --------------------------------------------------------------------------------------------------------


def in_headers(tx: Tx, at: FolderId, sought: str, name: str) -> tuple[Sequence[Uid], Sequence[Uid]]:
    """See `ReadTx.in_headers`. Takes `r`."""
    here = tx.open(at, Right.READ)
    if here.kind != Kind.MAIL:
        return [], items.uids(tx, at)
    value, field = _storable(caseless(sought)), caseless(name)
    if any(sign < " " for sign in value) or (name and not _NAME.fullmatch(name)):
        return [], _unknown(tx, here)  # in no line that is kept
    texts = [value, *([f"{LINE}{field}: "] if name else [])]
    match = "" if tx.sql.postgres or here.total <= search.FEW_ITEMS else search.fts_query(texts, [])
    values: dict[str, object] = {f"text{number}": search.pattern(tx, each) for number, each in enumerate(texts)}
    values |= {"at": here.id} | ({"match": match} if match else {})
    rows = tx.sql.rows(_statement(tx.sql.postgres, bool(match), bool(name)), values)
    if name:
        rows = [row for row in rows if _has(row[1], f"{field}: ", value)]
    return sorted(Uid(row[0]) for row in rows), _unknown(tx, here)


def _has(lines: str, beginning: str, value: str) -> bool:
    """Whether one of the message's own lines begins so, and goes on with the text in it."""
    own = lines.partition(PART)[0].split(LINE)
    return any(line.startswith(beginning) and value in line[len(beginning) :] for line in own)


@lru_cache(maxsize=16)
def _statement(postgres: bool, by_index: bool, named: bool) -> Select[Any]:
    # The plus keeps SQLite from going through the folder for what the index has found.
    where: ColumnElement[int] = literal_column("+item.folder_id") if by_index else _i.folder_id
    found = (
        select(_i.uid, _t.lines if named else literal_column("''"))
        .select_from(schema.item.join(schema.header_text, _t.content_id == _i.content_id))
        .where(where == bindparam("at"))
        .where(*[search.contains(_t.lines, f"text{number}", postgres=postgres) for number in range(1 + named)])
    )
    if not by_index:
        return found
    rowid: ColumnElement[int] = literal_column("rowid")
    hits = select(rowid).select_from(text("header_index")).where(text("header_index MATCH :match"))
    return found.where(_t.content_id.in_(hits))


_SO_MANY: Final = select(_w.content_id).limit(1).offset(bindparam("most"))
_UNINDEXED: Final = "SELECT content_id FROM search_text WHERE NOT indexed"
_UNKNOWN: Final[Mapping[bool, Sequence[Any]]] = {
    True: (
        text(
            "SELECT uid FROM item WHERE +folder_id = :at AND content_id IN"  # noqa: S608
            f" (SELECT content_id FROM header_waiting UNION ALL {_UNINDEXED})"
        ),
    ),
    False: (
        text(f"SELECT uid FROM item WHERE +folder_id = :at AND content_id IN ({_UNINDEXED})"),  # noqa: S608
        text(
            "SELECT uid FROM item WHERE folder_id = :at"
            " AND EXISTS (SELECT 1 FROM header_waiting w WHERE w.content_id = item.content_id)"
        ),
    ),
}
"""Those of a folder that wait for either index; the first when few wait."""


def _unknown(tx: Tx, here: Opened) -> list[Uid]:
    few = tx.sql.row(_SO_MANY, {"most": FEW_WAITING}) is None
    found: set[Row] = set()
    for statement in _UNKNOWN[few]:
        found.update(tx.sql.rows(statement, {"at": here.id}))
    return sorted(Uid(uid) for (uid,) in found)
