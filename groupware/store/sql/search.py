"""Which items have certain texts in them.

1. The texts of a content go into `search_text` with the write, and that is all the write pays. Some time later
   `index_some` puts them into an index of trigrams: FTS5 on SQLite, pg_trgm on PostgreSQL.
2. What waits for that is looked through as it is, so a search is exact at any time.
3. Only folders that were opened are searched.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Select,
    bindparam,
    delete,
    func,
    insert,
    literal_column,
    or_,
    select,
    text,
    union_all,
)

from groupware.model.collation import caseless
from groupware.model.ids import FolderId, ItemId, Uid
from groupware.model.item import LONGEST_TEXT, Found, Query
from groupware.model.rights import Right

from . import objects, schema
from .engine import Row
from .guard import Opened
from .items import EMAIL
from .tx import Tx

_s, _i = schema.search_text.c, schema.item.c
_EMAIL: Final = EMAIL.label("email")
BEGIN, BETWEEN = "\x1e", "\x1f"
"""A head is `BEGIN name BETWEEN text` for each header that is searched by name, and BEGIN at its end.

The letters of a name are moved to a private plane, so that no text that somebody looks for is found in a name.
"""
_NAMES: Final = 0xF0000
_UNSEARCHED: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\U000f0000-\U000f00ff]")
_UNSEARCHED_OCTETS: Final = bytes(set(range(32)) - set(b"\t\n\r"))
BODY: Final = "body"
TRIGRAM: Final = 3
MOST_TRIGRAMS: Final = 40
"""So many of a text are asked the index for; what it finds is looked at anyway."""
FEW_ITEMS: Final = 1000
"""Folders with fewer items than this are looked through one by one."""
FOLDERS_AT_ONCE: Final = 500

_PUT: Final = insert(schema.search_text).values(
    content_id=bindparam("content"), indexed=False, head=bindparam("texts"), body=bindparam("long")
)
_INDEXED: Final = select(_s.head, _s.body).where(_s.content_id == bindparam("content"), text("indexed"))
_UNINDEX: Final = text(
    "INSERT INTO search_index (search_index, rowid, head, body) VALUES ('delete', :content, :texts, :long)"
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
    known = None if tx.sql.postgres else tx.sql.row(_INDEXED, {"content": content})
    if known is not None:
        tx.sql.change(_UNINDEX, {"content": content, "texts": reduced(known[0]), "long": reduced(known[1])})
    tx.sql.change(_DROP, {"content": content})


def folded(value: str) -> str:
    """A text as it is compared: letter case aside, and without what no database takes."""
    if value.isascii():  # by far the quickest way over octets
        return value.encode().translate(None, _UNSEARCHED_OCTETS).lower().decode()
    return caseless(_UNSEARCHED.sub("", value).encode("utf-8", "replace").decode())


def reduced(value: str) -> str:
    """What the index takes of a folded text: each word once, and no names. What has no gap in it is found in it."""
    return " ".join([word for word in dict.fromkeys(value.split()) if not _NAMES <= ord(word[0]) < _NAMES + 256])


def _named(name: str) -> str:
    return BEGIN + "".join(chr(_NAMES + ord(letter) % 256) for letter in name) + BETWEEN


# --- the index ------------------------------------------------------------------------------------------------------

_WAITING: Final = select(_s.content_id).where(text("NOT indexed")).limit(bindparam("most"))
_SO_MANY: Final = _WAITING.limit(1).offset(bindparam("most"))
_LOCKED: Final = _WAITING.with_for_update(skip_locked=True)
_TEXTS: Final = select(_s.content_id, _s.head, _s.body).where(text("NOT indexed")).limit(bindparam("most"))
_INDEX: Final = text("INSERT INTO search_index (rowid, head, body) VALUES (:content, :texts, :long)")
_EMPTY: Final = text("INSERT INTO search_index (search_index) VALUES ('delete-all')")
_ALL_WAIT: Final = text("UPDATE search_text SET indexed = :no")
_DONE: Final = text("UPDATE search_text SET indexed = :yes WHERE content_id = :content")


def index_some(tx: Tx, limit: int) -> Sequence[int]:
    """Puts up to so many contents that wait into the index; which these were. Safe in several processes."""
    if tx.sql.postgres:
        waiting = [row[0] for row in tx.sql.rows(_LOCKED, {"most": limit})]
    else:
        texts = tx.sql.rows(_TEXTS, {"most": limit})
        waiting = [row[0] for row in texts]
        values = [{"content": content, "texts": reduced(head), "long": reduced(body)} for content, head, body in texts]
        tx.sql.many(_INDEX, values)
    tx.sql.many(_DONE, [{"content": content, "yes": True} for content in waiting])
    return waiting


def index_anew(tx: Tx) -> None:
    """Empties the index: everything waits for it again."""
    if not tx.sql.postgres:
        tx.sql.change(_EMPTY)
        tx.sql.change(_ALL_WAIT, {"no": False})


def more_waiting(tx: Tx, than: int) -> bool:
    """Whether more contents than so many wait for the index."""
    return tx.sql.row(_SO_MANY, {"most": than}) is not None


# --- looking --------------------------------------------------------------------------------------------------------


def find(tx: Tx, at: Sequence[FolderId], query: Query) -> Sequence[Found]:
    """See `ReadTx.find`. Takes `r` on each folder."""
    found = {(at_, uid): Found(FolderId(at_), Uid(uid), saved) for at_, uid, _, saved, _ in _found(tx, at, query)}
    return [found[each] for each in sorted(found)]


def find_latest(tx: Tx, at: Sequence[FolderId], query: Query) -> Sequence[ItemId]:
    """See `ReadTx.find_latest`. Takes `r` on each folder."""
    opened = [tx.open(each, Right.READ) for each in dict.fromkeys(at)]
    plain = all(name == BODY for name, _ in query.fields) and not any(objects.hidden(tx, each) for each in opened)
    if plain and opened and not tx.sql.postgres and len(opened) <= FOLDERS_AT_ONCE:
        return _in_order(tx, opened, query)
    found = sorted([(saved, uid, number) for _, uid, number, saved, _ in _found(tx, at, query)], reverse=True)
    return [ItemId(number) for _, _, number in found]


def _in_order(tx: Tx, at: Sequence[Opened], query: Query) -> Sequence[ItemId]:
    """The same, put in order and together by SQLite: one text is given rather than a row for each item."""
    few = sum(each.total for each in at) <= FEW_ITEMS
    shape, values = _asked(tx, at, _anywhere(query), _named_texts(query), few=few)
    found: list[ItemId] = json.loads(tx.sql.execute(_ordered(*shape), values).scalar_one())
    return found


def _found(tx: Tx, at: Sequence[FolderId], query: Query) -> Iterator[Row]:
    """The rows of what is found. Takes `r` on each folder."""
    opened = [tx.open(each, Right.READ) for each in dict.fromkeys(at)]
    anywhere, named = _anywhere(query), _named_texts(query)
    for start in range(0, len(opened), FOLDERS_AT_ONCE):
        some = opened[start : start + FOLDERS_AT_ONCE]
        few = sum(each.total for each in some) <= FEW_ITEMS
        unseen = {each.id: hidden for each in some if (hidden := objects.hidden(tx, each))}
        rows = _rows(tx, some, anywhere, named, few=few)
        if not unseen and not named:
            yield from rows
        else:
            yield from (
                row for row in rows if row[1] not in unseen.get(row[0], ()) and (not named or _has(row[4], named))
            )


def _anywhere(query: Query) -> Sequence[str]:
    return [folded(each) for each in query.text if each]


def _named_texts(query: Query) -> Sequence[tuple[str, str]]:
    return [(name, folded(value)) for name, value in query.fields]


def has_line(tx: Tx, here: Opened, name: str, value: str) -> bool:
    """Whether an item of the folder has this very text as a line of what is kept by that name."""
    wanted = folded(value)
    rows = _rows(tx, [here], [], [(name, wanted)], few=here.total <= FEW_ITEMS)
    unseen = objects.hidden(tx, here)
    return any(uid not in unseen and wanted in _lines(head, name) for _, uid, _, _, head in rows)


def _lines(head: str, name: str) -> Sequence[str]:
    sections = head.split(_named(name))[1:]
    return [line.strip() for section in sections for line in section.partition(BEGIN)[0].split("\n")]


def _rows(
    tx: Tx, at: Sequence[Opened], anywhere: Sequence[str], named: Sequence[tuple[str, str]], *, few: bool
) -> Iterator[Row]:
    """Folder, UID, email, date and perhaps head of each item that has the texts.

    By the index and among what waits for it, or one by one.
    """
    shape, values = _asked(tx, at, anywhere, named, few=few)
    for statement in _statements(*shape):
        if len(at) == 1:
            yield from tx.sql.rows(statement, values)
        else:
            yield from map(tuple, tx.sql.execute(statement, values).all())


def _asked(
    tx: Tx, at: Sequence[Opened], anywhere: Sequence[str], named: Sequence[tuple[str, str]], *, few: bool
) -> tuple[Shape, dict[str, object]]:
    """Which statements find them, and the values of those."""
    texts = [*anywhere, *[value for _, value in named if value]]
    bodies = tuple(name == BODY for name, value in named if value)
    match = "" if few or tx.sql.postgres else fts_query(anywhere, named)
    values: dict[str, object] = {f"text{number}": pattern(tx, value) for number, value in enumerate(texts)}
    values |= {"match": match} if match else {}
    values |= {"at": at[0].id} if len(at) == 1 else {"places": [each.id for each in at]}
    by_index = bool(match) or tx.sql.postgres
    heads = any(name != BODY for name, _ in named)
    return (tx.sql.postgres, len(at) == 1, len(anywhere), bodies, by_index, heads), values


def unindexed(tx: Tx, at: FolderId) -> Sequence[Uid]:
    """See `ReadTx.unindexed`. Takes `r`."""
    here = tx.open(at, Right.READ)
    rows = tx.sql.rows(_UNINDEXED, {"at": here.id, "half": LONGEST_TEXT // 2})
    return [uid for (uid,) in objects.shown(tx, here, rows)]


_UNINDEXED: Final = (
    select(_i.uid)
    .select_from(schema.item.join(schema.search_text, _s.content_id == _i.content_id))
    .where(_i.folder_id == bindparam("at"), schema.LONG, func.length(_s.body) > bindparam("half"))
    .order_by(_i.uid)
)
"""Half: what is compared may be shorter than what was cut, for signs that nobody looks for are taken out."""


def _has(head: str, named: Iterable[tuple[str, str]]) -> bool:
    """Whether each header that is asked for by name has its text."""
    for name, value in named:
        if name == BODY:
            continue
        sections = head.split(_named(name))[1:]
        if not any(value in section.partition(BEGIN)[0] for section in sections):
            return False
    return True


Shape = tuple[bool, bool, int, tuple[bool, ...], bool, bool]
"""The arguments of `_statements`."""


@lru_cache(maxsize=512)
def _ordered(*shape: Any) -> Select[Any]:
    """What finds their emails, the newest first, as one text of JSON."""
    found = union_all(*[each.with_only_columns(_EMAIL, _i.saved, _i.uid) for each in _statements(*shape)]).subquery()
    newest = select(found.c.email).order_by(found.c.saved.desc(), found.c.uid.desc()).subquery()
    return select(func.json_group_array(newest.c.email))


@lru_cache(maxsize=512)
def _statements(
    postgres: bool, alone: bool, anywhere: int, bodies: tuple[bool, ...], by_index: bool, heads: bool
) -> Sequence[Select[Any]]:
    """What finds them: so many texts anywhere, the others in the body or else in the head."""
    columns = [(_s.head, _s.body)] * anywhere + [(_s.body if body else _s.head,) for body in bodies]
    conditions = [
        or_(*[contains(column, f"text{number}", postgres=postgres) for column in either])
        for number, either in enumerate(columns)
    ]
    # The plus keeps SQLite from going through a folder for what the index has found: hits come first, then their items.
    where: ColumnElement[int] = _i.folder_id if postgres or not by_index else literal_column("+item.folder_id")
    there = where == bindparam("at") if alone else where.in_(bindparam("places", expanding=True))
    everything = (
        select(_i.folder_id, _i.uid, _EMAIL, _i.saved, _s.head if heads else literal_column("''").label("head"))
        .select_from(schema.item.join(schema.search_text, _s.content_id == _i.content_id))
        .where(there, *conditions)
    )
    if not by_index:
        return [everything]
    waiting = everything.where(_i.content_id.in_(_ALL_WAITING))
    if postgres:
        return [everything.where(text("indexed")), waiting]
    rowid: ColumnElement[int] = literal_column("rowid")
    hits = select(rowid).select_from(text("search_index")).where(text("search_index MATCH :match"))
    return [everything.where(text("indexed"), _s.content_id.in_(hits)), waiting]


_ALL_WAITING: Final = select(schema.search_text.alias("waiting").c.content_id).where(text("NOT waiting.indexed"))


def contains(column: ColumnElement[str], name: str, *, postgres: bool) -> ColumnElement[bool]:
    """Whether a column has the text of that name (`pattern`) in it."""
    if postgres:
        return column.like(bindparam(name), escape="/")
    return func.instr(column, bindparam(name)) > 0


def pattern(tx: Tx, value: str) -> str:
    """What `contains` takes."""
    if not tx.sql.postgres:
        return value
    return "%" + value.replace("/", "//").replace("%", "/%").replace("_", "/_") + "%"


def fts_query(anywhere: Iterable[str], named: Iterable[tuple[str, str]]) -> str:
    """What to ask FTS5 for: all the trigrams of the texts, wherever they are. "" when none of them has any."""
    parts = []
    for column, value in [("", value) for value in anywhere] + [_column(*each) for each in named]:
        words = value.split()
        found = dict.fromkeys(word[at : at + TRIGRAM] for word in words for at in range(len(word) - TRIGRAM + 1))
        if found:
            parts.append(column + "(" + " AND ".join([_quoted(each) for each in list(found)[:MOST_TRIGRAMS]]) + ")")
    return " AND ".join(parts)


def _column(name: str, value: str) -> tuple[str, str]:
    return ("body : " if name == BODY else "head : "), value


def _quoted(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'
