"""Bodies and contents: what items, kept tombstones and queued messages refer to.

1. `content.refs` counts the items and kept tombstones of a content; with the last one the content goes.
2. `blob.refs` counts the contents and queued messages of a body; at 0 it stays until the sweep.
3. A write brings a small body along even when it is stored already: what a sweep took a moment ago is put in again.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import bindparam, delete, exists, func, insert, not_, select, text, update

from groupware.model.ids import AccountId, BlobId
from groupware.model.item import NewItem
from groupware.model.times import now_micros

from . import attachments, header_texts, schema, search, sortkeys
from .engine import Sql
from .tx import Tx
from .upserts import Upsert

_b, _c = schema.blob.c, schema.content.c


def _new_blob(dialect: Any) -> Any:
    names = ("hash", "size", "refs", "body", "created")
    statement = dialect.insert(schema.blob).values({name: bindparam(name) for name in names})
    return statement.on_conflict_do_nothing(index_elements=["hash"]).returning(_b.hash)


_NEW_BLOB: Final = Upsert(_new_blob)
_MORE_BLOB: Final = update(schema.blob).where(_b.hash == bindparam("blob")).values(refs=_b.refs + bindparam("more"))
_NEW_CONTENT: Final = (
    insert(schema.content)
    .values({name: bindparam(name) for name in ("blob", "size", "refs", "summary")})
    .returning(_c.id)
)
_SAME_CONTENT: Final = (
    update(schema.content)
    .where(_c.blob == bindparam("at"), _c.summary == bindparam("same"))
    .where(not_(exists(select(schema.attached.c.content_id).where(schema.attached.c.content_id == _c.id))))
    .values(refs=_c.refs + bindparam("more"))
    .returning(_c.id)
)
_MORE_CONTENT: Final = update(schema.content).where(_c.id == bindparam("at")).values(refs=_c.refs + bindparam("more"))
_LESS_CONTENT: Final = _MORE_CONTENT.returning(_c.refs, _c.blob)
_DROP_CONTENT: Final = delete(schema.content).where(_c.id == bindparam("at"))
_BODIES: Final = {  # the names as one value: the statement is the same for any number of them
    True: text("SELECT hash, body FROM blob WHERE hash = ANY(:blobs)"),
    False: text("SELECT hash, body FROM blob WHERE hash IN (SELECT value FROM json_each(:blobs))"),
}
_UNREFERRED: Final = text("refs <= 0")  # as the index says it: a bound value would not find it
_SWEEP: Final = (
    delete(schema.blob)
    .where(_b.hash.in_(select(_b.hash).where(_UNREFERRED, _b.created < bindparam("before")).limit(bindparam("most"))))
    .where(_UNREFERRED)
    .returning(_b.hash, func.length(_b.body))  # SQLite 3.40 answers IS NULL wrongly here
)
AT_ONCE: Final = 500


def hold(tx: Tx, new: NewItem, copies: int = 1, owner: AccountId | None = None) -> int:
    """The number of the content for `copies` new items; the same octets with the same summary share one.

    A fresh message takes three statements (its texts for search go in as well), one that is there already two, and one
    that this transaction has put in a single one. `owner`: whose folder it goes to, for what is attached. `NotFound`.
    """
    if new.attached:  # a content of its own: who writes it is asked about what it refers to
        hold_blob(tx, new.blob, new.size, new.body)
        content = _add_content(tx, new, copies)
        attachments.refer(tx, content, new.attached, owner)
        return content
    known = tx.held.get(new.blob)
    if known is not None and known[1] == new.summary:
        tx.sql.change(_MORE_CONTENT, {"at": known[0], "more": copies})
        return known[0]
    content = _hold(tx, new, copies)
    tx.held[new.blob] = (content, new.summary)
    return content


def _hold(tx: Tx, new: NewItem, copies: int) -> int:
    sql = tx.sql
    if _add_blob(sql, new.blob, new.size, new.body):
        return _add_content(tx, new, copies)
    same = sql.returning(_SAME_CONTENT, {"at": new.blob, "same": new.summary, "more": copies})
    if same is not None:
        return int(same[0])
    hold_blob(tx, new.blob, new.size, new.body)
    return _add_content(tx, new, copies)


def hold_more(tx: Tx, contents: Iterable[int]) -> None:
    """One more reference for each number of a content (as often as it is named): for copies."""
    tx.sql.many(_MORE_CONTENT, [{"at": at, "more": more} for at, more in sorted(Counter(contents).items())])


def release(tx: Tx, content: int, copies: int = 1) -> None:
    """Takes back `copies` references; with the last one the content goes, and its hold on the body."""
    left = tx.sql.returning(_LESS_CONTENT, {"at": content, "more": -copies})
    if left is not None and left[0] <= 0:
        tx.sql.change(_DROP_CONTENT, {"at": content})
        tx.held.pop(BlobId(left[1]), None)
        search.drop(tx, content)
        header_texts.drop(tx, content)
        sortkeys.drop(tx, content)
        let_go(tx, BlobId(left[1]))


def release_all(tx: Tx, contents: Iterable[int]) -> None:
    """The same for many, one reference as often as each is named."""
    for content, copies in sorted(Counter(contents).items()):
        release(tx, content, copies)


def hold_blob(tx: Tx, blob: BlobId, size: int, body: bytes | None) -> None:
    """One reference to a body, which is put in when it is not there yet. `body` None: it is in the object store."""
    while not tx.sql.change(_MORE_BLOB, {"blob": blob, "more": 1}):
        if _add_blob(tx.sql, blob, size, body):
            return


def let_go(tx: Tx, blob: BlobId) -> None:
    """Takes one reference to a body back."""
    tx.sql.change(_MORE_BLOB, {"blob": blob, "more": -1})


def _add_blob(sql: Sql, blob: BlobId, size: int, body: bytes | None) -> bool:
    """Whether the body was new, and is there now with one reference."""
    row = {"hash": blob, "size": size, "refs": 1, "body": body, "created": now_micros()}
    return sql.returning(_NEW_BLOB[sql.postgres], row) is not None


def _add_content(tx: Tx, new: NewItem, copies: int) -> int:
    row = {"blob": new.blob, "size": new.size, "refs": copies, "summary": new.summary}
    found = tx.sql.returning(_NEW_CONTENT, row)
    assert found is not None
    search.put(tx, found[0], new.index)
    if new.keys is not None:
        sortkeys.put(tx, found[0], new.keys)
        if not new.index:  # else they follow behind its words
            header_texts.wait(tx, [found[0]])
    return int(found[0])


def bodies(sql: Sql, blobs: Sequence[BlobId]) -> Mapping[BlobId, bytes | None]:
    """The stored form of those that are known; None for one that is in the object store."""
    names = list(blobs) if sql.postgres else json.dumps(blobs)
    return dict(sql.rows(_BODIES[sql.postgres], {"blobs": names}))


def sweep(sql: Sql, before: int) -> Sequence[tuple[BlobId, bool]]:
    """Takes away some bodies that nothing refers to and that came in before a moment; none: there are no more.

    Each with whether it is in the object store.
    """
    sql.changed()
    return [(BlobId(row[0]), row[1] is None) for row in sql.rows(_SWEEP, {"before": before, "most": AT_ONCE})]
