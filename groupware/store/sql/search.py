"""Which items have certain texts in them.

1. The texts of a content go into `search_text` with the write, and that is all the write pays. Some time later
   `index_some` puts them into an index of trigrams: FTS5 on SQLite, pg_trgm on PostgreSQL.
2. What waits for that is looked through as it is, so a search is exact at any time.
3. Only folders that were opened are searched.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, bindparam, delete, func, insert, literal_column, or_, select, text

from groupware.model.ids import FolderId, Uid
from groupware.model.item import Found, Query
from groupware.model.rights import Right

from . import schema
from .engine import Row
from .tx import Tx

_s, _i = schema.search_text.c, schema.item.c
BEGIN, BETWEEN = "\x1e", "\x1f"
"""A head is `BEGIN name BETWEEN text` for each header that is searched by name, and BEGIN at its end.

The letters of a name are moved to a private plane, so that no text that somebody looks for is found in a name.
"""
_NAMES: Final = 0xF0000
_UNSEARCHED: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\U000f0000-\U000f00ff]")
_UNSEARCHED_OCTETS: Final = bytes(set(range(32)) - set(b"\t\n\r"))
BODY: Final = "body"
TRIGRAM: Final = 3
FEW_ITEMS: Final = 1000
"""Folders with fewer items than this are looked through one by one."""
FOLDERS_AT_ONCE: Final = 500

_PUT: Final = insert(schema.search_text).values(
    content_id=bindparam("content"), indexed=False, head=bindparam("texts"), body=bindparam("long")
)
_UNINDEX: Final = text(
    "INSERT INTO search_index (search_index, rowid, head, body)"
    " SELECT 'delete', content_id, head, body FROM search_text WHERE content_id = :content AND indexed"
)
_DROP: Final = delete(schema.search_text).where(_s.content_id == bindparam("content"))


def put(tx: Tx, content: int, texts: Mapping[str, str]) -> None:
    """Makes a content findable by these texts: `body`, and others by name."""
    if texts:
        head = "".join(_named(name) + folded(value) for name, value in texts.items() if name != BODY)
        values = {"content": content, "texts": head + BEGIN, "long": folded(texts.get(BODY, ""))}
        tx.sql.change(_PUT, values)


def drop(tx: Tx, content: int) -> None:
    """Forgets the texts of a content."""
    if not tx.sql.postgres:
        tx.sql.change(_UNINDEX, {"content": content})
    tx.sql.change(_DROP, {"content": content})


def folded(value: str) -> str:
    """A text as it is compared: letter case aside, and without what no database takes."""
    if value.isascii():  # by far the quickest way over octets
        return value.encode().translate(None, _UNSEARCHED_OCTETS).lower().decode()
    return _UNSEARCHED.sub("", value).encode("utf-8", "replace").decode().casefold()


def _named(name: str) -> str:
    return BEGIN + "".join(chr(_NAMES + ord(letter) % 256) for letter in name) + BETWEEN


# --- the index ------------------------------------------------------------------------------------------------------

_WAITING: Final = select(_s.content_id).where(text("NOT indexed")).limit(bindparam("most"))
_SO_MANY: Final = _WAITING.limit(1).offset(bindparam("most"))
_LOCKED: Final = _WAITING.with_for_update(skip_locked=True)
_INDEX: Final = text(
    "INSERT INTO search_index (rowid, head, body) SELECT content_id, head, body FROM search_text"
    " WHERE content_id = :content AND NOT indexed"
)
_DONE: Final = text("UPDATE search_text SET indexed = :yes WHERE content_id = :content")


def index_some(tx: Tx, limit: int) -> int:
    """Puts up to so many contents that wait into the index; how many these were. Safe in several processes."""
    waiting = [row[0] for row in tx.sql.rows(_LOCKED if tx.sql.postgres else _WAITING, {"most": limit})]
    if not tx.sql.postgres:
        tx.sql.many(_INDEX, [{"content": content} for content in waiting])
    tx.sql.many(_DONE, [{"content": content, "yes": True} for content in waiting])
    return len(waiting)


def more_waiting(tx: Tx, than: int) -> bool:
    """Whether more contents than so many wait for the index."""
    return tx.sql.row(_SO_MANY, {"most": than}) is not None


# --- looking --------------------------------------------------------------------------------------------------------


def find(tx: Tx, at: Sequence[FolderId], query: Query) -> Sequence[Found]:
    """See `ReadTx.find`. Takes `r` on each folder."""
    opened = [tx.open(each, Right.READ) for each in dict.fromkeys(at)]
    anywhere = [folded(each) for each in query.text if each]
    named = [(name, folded(value)) for name, value in query.fields]
    found: list[Found] = []
    for start in range(0, len(opened), FOLDERS_AT_ONCE):
        some = opened[start : start + FOLDERS_AT_ONCE]
        few = sum(each.total for each in some) <= FEW_ITEMS
        for statement in _statements(tx, anywhere, named, few=few):
            result = tx.sql.execute(statement.where(_i.folder_id.in_([each.id for each in some])))
            rows: list[Row] = [tuple(row) for row in result]
            found.extend(Found(FolderId(at_), Uid(uid)) for at_, uid, head in rows if _has(head, named))
    return sorted(set(found), key=lambda each: (each.folder, each.uid))


def _has(head: str, named: Iterable[tuple[str, str]]) -> bool:
    """Whether each header that is asked for by name has its text."""
    for name, value in named:
        if name == BODY:
            continue
        sections = head.split(_named(name))[1:]
        if not any(value in section.partition(BEGIN)[0] for section in sections):
            return False
    return True


def _statements(
    tx: Tx, anywhere: Sequence[str], named: Sequence[tuple[str, str]], *, few: bool
) -> Sequence[Select[Any]]:
    """What finds the items: by the index and among what waits for it, or one by one."""
    conditions = [or_(_contains(tx, _s.head, each), _contains(tx, _s.body, each)) for each in anywhere]
    conditions += [_contains(tx, _s.body if name == BODY else _s.head, value) for name, value in named if value]
    everything = (
        select(_i.folder_id, _i.uid, _s.head)
        .select_from(schema.item.join(schema.search_text, _s.content_id == _i.content_id))
        .where(*conditions)
    )
    if tx.sql.postgres:
        return [everything.where(text("indexed")), everything.where(text("NOT indexed"))]
    match = " AND ".join(_match(anywhere, named))
    if few or not match:
        return [everything]
    rowid: ColumnElement[int] = literal_column("rowid")
    hits = select(rowid).select_from(text("search_index")).where(text("search_index MATCH :match"))
    return [
        everything.where(text("indexed"), _s.content_id.in_(hits.params(match=match))),
        everything.where(text("NOT indexed")),
    ]


def _contains(tx: Tx, column: ColumnElement[str], value: str) -> ColumnElement[bool]:
    if tx.sql.postgres:
        return column.contains(value, autoescape=True)
    return func.instr(column, value) > 0


def _match(anywhere: Iterable[str], named: Iterable[tuple[str, str]]) -> Iterable[str]:
    """The parts of an FTS5 query for the texts that are long enough for one."""
    for value in anywhere:
        if len(value) >= TRIGRAM:
            yield _quoted(value)
    for name, value in named:
        if len(value) >= TRIGRAM:
            yield f"{'body' if name == BODY else 'head'} : {_quoted(value)}"


def _quoted(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'
