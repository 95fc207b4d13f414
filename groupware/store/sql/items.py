"""Items, read. In a folder that others share each person's \\Seen is a row beside the item (decision 002).

Every statement is there twice: for those whose \\Seen is the bit of the item, and for those whose it is a row of their
own; the modseq of an item is then the greater of the two.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import starmap
from typing import Any, Final

from sqlalchemy import ColumnElement, FromClause, and_, bindparam, case, func, literal, literal_column, select, text
from sqlalchemy.sql import Select

from groupware.model.errors import NotFound
from groupware.model.flags import Flags
from groupware.model.ids import BEGINNING, BlobId, FolderId, ModSeq, Uid, Uids
from groupware.model.item import Changes, Delta, Entry, Item
from groupware.model.rights import Right

from . import objects, personal, schema, tombstones
from .engine import Row
from .guard import Opened
from .tx import Tx

SEEN: Final = Flags.SEEN.value
_MANY_RANGES: Final = 30
_MOST_SINGLE: Final = 1000

_i, _s, _c = schema.item.c, schema.seen.c, schema.content.c
_own_seen = case((_s.seen, literal(SEEN)), else_=literal(0))


def _from(what: Iterable[Any], *, own: bool, content: bool) -> Select[Any]:
    """A selection over the items of a folder, with the reader's own rows of \\Seen and with the content."""
    return select(*what).select_from(source(own=own, content=content)).where(_i.folder_id == bindparam("at"))


def source(*, own: bool, content: bool) -> FromClause:
    """The items, with what of a reader's own and of their contents stands beside them."""
    rows: FromClause = schema.item
    if own:
        mine = and_(_s.account_id == bindparam("reader"), _s.folder_id == _i.folder_id, _s.uid == _i.uid)
        rows = rows.outerjoin(schema.seen, mine)
    if content:
        rows = rows.join(schema.content, _c.id == _i.content_id)
    return rows


OWN_BITS: ColumnElement[Any] = _i.flags.op("&")(literal(31 - SEEN)).op("|")(_own_seen)
OWN_MODSEQ: ColumnElement[Any] = case((_s.modseq > _i.modseq, _s.modseq), else_=_i.modseq)
_NARROW: Final = (_i.uid, _i.modseq, _i.flags, _i.keywords)
_NARROW_OWN: Final = (_i.uid, OWN_MODSEQ, OWN_BITS, _i.keywords)
_NAME: Final = func.coalesce(_i.name, literal_column("''"))
EMAIL: Final[ColumnElement[Any]] = func.coalesce(_i.origin, _i.id)
"""Which email it is: the same for a message and its copies."""
_REST: Final = (_i.id, _i.size, _i.saved, _c.blob, _NAME, _i.author_id, _i.arrived, _i.extra, EMAIL)
_BETWEEN: Final = _i.uid.between(bindparam("low"), bindparam("high"))


_ENTRIES: Final = {
    own: _from(_NARROW_OWN if own else _NARROW, own=own, content=False).where(_BETWEEN).order_by(_i.uid)
    for own in (False, True)
}
_WIDE: Final = {
    (own, summary): _from(
        (*(_NARROW_OWN if own else _NARROW), *_REST, *((_c.summary,) if summary else ())), own=own, content=True
    )
    for own in (False, True)
    for summary in (False, True)
}
_ITEMS: Final = {
    how: statement.where(_BETWEEN).order_by(_i.uid).limit(bindparam("most")) for how, statement in _WIDE.items()
}
_NAMED: Final = {own: _WIDE[own, True].where(_i.name == bindparam("name")) for own in (False, True)}
_AMONG: Final = {  # the names as one value: the statement is the same for any number of them
    True: text("item.name = ANY(:names)"),
    False: text("item.name IN (SELECT value FROM json_each(:names))"),
}
_ALL_NAMED: Final = {
    (own, postgres): _WIDE[own, False].where(_AMONG[postgres]).order_by(_i.uid)
    for own in (False, True)
    for postgres in (False, True)
}
_AMONG_UIDS: Final = {
    True: text("item.uid = ANY(:uids)"),
    False: text("item.uid IN (SELECT value FROM json_each(:uids))"),
}
_ALL_OF: Final = {
    (own, summary, postgres): _WIDE[own, summary].where(_AMONG_UIDS[postgres]).order_by(_i.uid)
    for own in (False, True)
    for summary in (False, True)
    for postgres in (False, True)
}
_UIDS: Final = select(_i.uid).where(_i.folder_id == bindparam("at")).order_by(_i.uid)
_CHANGED: Final = _from((_i.uid, _i.modseq), own=False, content=False).where(_i.modseq > bindparam("since"))
_ENTRIES_CHANGED: Final = _from(_NARROW, own=False, content=False).where(_i.modseq > bindparam("since"))
_SEEN_CHANGED: Final = (
    select(_s.uid, _s.modseq)
    .where(_s.account_id == bindparam("reader"))
    .where(_s.folder_id == bindparam("at"))
    .where(_s.modseq > bindparam("since"))
)
_BODY: Final = select(schema.blob.c.body).where(schema.blob.c.hash == bindparam("blob"))


# --- values ---------------------------------------------------------------------------------------------------------


def narrowed(uids: Uids, at: Opened) -> Uids:
    """The ranges that can hold anything here; one that spans them all where there are too many to ask for each."""
    inside = [(low, min(high, at.uidnext)) for low, high in uids if low < at.uidnext and low <= high]
    if len(inside) > _MANY_RANGES and len(inside) * 20 > at.total:
        return [(inside[0][0], inside[-1][1])]
    return inside


def rows_in(tx: Tx, at: Opened, uids: Uids) -> Iterator[Row]:
    """The narrow rows (uid, modseq, flags, keywords) of the items in these ranges, in UID order."""
    asked = narrowed(uids, at)
    statement = _ENTRIES[bool(at.reader)]
    for low, high in asked:
        found = objects.shown(
            tx, at, tx.sql.rows(statement, {"at": at.id, "reader": at.reader, "low": low, "high": high})
        )
        yield from found if len(asked) > 1 or len(uids) == 1 else only(found, uids)


def only(rows: Iterable[Row], uids: Uids) -> Iterator[Row]:
    """Those of the rows, in UID order, that are in the ranges."""
    ranges = iter(uids)
    low, high = next(ranges, (Uid(1), Uid(0)))
    for row in rows:
        while row[0] > high:
            following = next(ranges, None)
            if following is None:
                return
            low, high = following
        if row[0] >= low:
            yield row


# --- reading --------------------------------------------------------------------------------------------------------


def entries(tx: Tx, at: FolderId) -> Sequence[Entry]:
    """UID, modseq, flags and keywords of every item, in UID order. Takes `r`."""
    here = tx.open(at, Right.READ)
    return _everything(tx, here)


def _everything(tx: Tx, here: Opened) -> Sequence[Entry]:
    with tx.sql.page_by_page():
        return list(starmap(Entry, rows_in(tx, here, [(Uid(1), Uid(here.uidnext))])))


def uids(tx: Tx, at: FolderId) -> Sequence[Uid]:
    """The UIDs there are, in order. Takes `r`."""
    here = tx.open(at, Right.READ)
    return [uid for (uid,) in objects.shown(tx, here, tx.sql.rows(_UIDS, {"at": here.id}))]


def items(tx: Tx, at: FolderId, uids: Uids, *, summary: bool, limit: int) -> Sequence[Item]:
    """The items in these ranges, in UID order, at most `limit` (0: all). Takes `r`."""
    here = tx.open(at, Right.READ)
    if 1 < len(uids) <= _MOST_SINGLE and not limit and all(low == high for low, high in uids):
        return list(starmap(Item, _single_rows(tx, here, [low for low, _ in uids], summary=summary)))
    return list(starmap(Item, _wide_rows(tx, here, uids, summary=summary, limit=limit)))


def _single_rows(tx: Tx, here: Opened, uids: Sequence[Uid], *, summary: bool) -> Sequence[Row]:
    """The rows of items that are asked for one by one: in one statement."""
    asked = list(uids) if tx.sql.postgres else json.dumps(list(uids))
    statement = _ALL_OF[bool(here.reader), summary, tx.sql.postgres]
    return objects.shown(tx, here, tx.sql.rows(statement, {"at": here.id, "reader": here.reader, "uids": asked}))


def _wide_rows(tx: Tx, here: Opened, uids: Uids, *, summary: bool, limit: int) -> Sequence[Row]:
    return rows_between(tx, here, _ITEMS[bool(here.reader), summary], uids, limit)


def rows_between(tx: Tx, here: Opened, statement: Select[Any], uids: Uids, limit: int) -> Sequence[Row]:
    """What the statement (of `at`, `reader`, `low`, `high` and `most`) finds in these ranges, at most `limit` (0: all).

    The UID stands first in its rows, and they are in its order.
    """
    asked, unseen = narrowed(uids, here), objects.hidden(tx, here)
    entire = len(asked) > 1 or len(uids) == 1
    found: list[Row] = []
    most = limit if limit and entire else 1 << 60
    for low, high in asked:
        since = low
        while len(found) < most:
            values = {"at": here.id, "reader": here.reader, "low": since, "high": high, "most": most}
            rows = tx.sql.rows(statement, values)
            found.extend([row for row in rows if row[0] not in unseen] if unseen else rows)
            if len(rows) < most:
                break
            since = Uid(rows[-1][0] + 1)  # some of them were not to be seen: others take their places
    if not entire:
        found = list(only(found, uids))
    return found[:limit] if limit else found


def item(tx: Tx, at: FolderId, name: str) -> Item:
    """The item of that name. Takes `r`."""
    here = tx.open(at, Right.READ)
    row = named(tx, here, name)
    if row is None:
        raise NotFound(f"{name!r}: there is no item of that name in {here.path}")
    return Item(*row)


def named(tx: Tx, here: Opened, name: str) -> Row | None:
    """The wide row of that name."""
    row = tx.sql.row(_NAMED[bool(here.reader)], {"at": here.id, "reader": here.reader, "name": name})
    return None if row is not None and row[0] in objects.hidden(tx, here) else row


def items_named(tx: Tx, at: FolderId, names: Sequence[str]) -> Sequence[Item]:
    """See `ReadTx.items_named`. Takes `r`."""
    here = tx.open(at, Right.READ)
    all_names = list(names) if tx.sql.postgres else json.dumps(list(names))
    values = {"at": here.id, "reader": here.reader, "names": all_names}
    found = tx.sql.rows(_ALL_NAMED[bool(here.reader), tx.sql.postgres], values)
    return list(starmap(Item, objects.shown(tx, here, found)))


def body(tx: Tx, blob: BlobId) -> bytes | None:
    """The stored form of a blob that lives in the database; None when it lives in the object store."""
    row = tx.sql.row(_BODY, {"blob": blob})
    if row is None:
        raise NotFound(f"body {blob}: it is not there any more")
    return row[0]  # type: ignore[no-any-return]


# --- what changed ---------------------------------------------------------------------------------------------------


def delta(tx: Tx, at: FolderId, since: ModSeq, limit: int, began: ModSeq, past: Uid) -> Delta:
    """What changed after `since`. Takes `r`.

    A first synchronisation needs no tombstones of what went before it began, however far its pages have come.
    """
    here = tx.open(at, Right.READ)
    first = not since and not past
    if since > here.modseq or (since and (began or since) < here.compacted):
        return Delta((), (), here.modseq, reset=True)
    if since == here.modseq:
        return Delta((), (), here.modseq)
    left = [] if first else tombstones.left(tx, here, ModSeq(max(since, began)))
    if left is None:
        return Delta((), (), here.modseq, reset=True)
    changed = _changed(tx, here, since)
    for uid, modseq in personal.changed(tx, here, since).items() if since else ():
        changed[uid] = max(modseq, changed.get(uid, 0))
    for uid in objects.hidden(tx, here):
        changed.pop(uid, None)
    places = sorted([*((modseq, uid) for uid, modseq in changed.items()), *((each.modseq, each.uid) for each in left)])
    told = [each for each in places if each > (since + 1, past)] if past else places
    page = told[:limit] if limit else told
    end, truncated = (int(here.modseq), 0), len(page) < len(told)
    if truncated:
        end = page[-1] if told[limit][0] == page[-1][0] else (page[-1][0] + 1, 0)
        end = (end[0] - 1, end[1])
    known = {uid for _, uid in page}
    ranges = [(Uid(uid), Uid(uid)) for uid in sorted(known.intersection(changed))]
    found = _wide_rows(tx, here, ranges, summary=True, limit=0) if ranges else []
    gone = sorted((each.uid, each.name or "") for each in left if each.uid in known)
    start = (here.modseq if first else began) if truncated else BEGINNING
    return Delta([Item(*row) for row in found], gone, ModSeq(end[0]), truncated, began=start, past=Uid(end[1]))


def _changed(tx: Tx, here: Opened, since: ModSeq) -> dict[int, int]:
    """The modseq of each item that changed after `since`, by its UID."""
    values = {"at": here.id, "since": since, "reader": here.reader}
    changed: dict[int, int] = dict(tx.sql.rows(_CHANGED, values))
    if here.reader:
        for uid, modseq in tx.sql.rows(_SEEN_CHANGED, values):
            changed[uid] = max(modseq, changed.get(uid, 0))
    return changed


def changes(tx: Tx, at: FolderId, since: ModSeq) -> Changes:
    """What changed after `since`, as far as a view keeps it. Takes `r`."""
    here = tx.open(at, Right.READ)
    if since == here.modseq and since:
        return Changes((), (), here.modseq)
    known = since and since <= here.modseq and since >= here.compacted
    left = tombstones.left(tx, here, since) if known else None
    if left is None:
        return Changes(_everything(tx, here), (), here.modseq, reset=True)
    found: Iterable[Row] = ()
    if not here.reader:
        found = objects.shown(tx, here, sorted(tx.sql.rows(_ENTRIES_CHANGED, {"at": here.id, "since": since})))
    elif changed := sorted(_changed(tx, here, since)):
        found = rows_in(tx, here, [(Uid(uid), Uid(uid)) for uid in changed])
    return Changes(list(starmap(Entry, found)), sorted(each.uid for each in left), here.modseq)


def vanished(tx: Tx, at: FolderId, since: ModSeq) -> Sequence[Uid] | None:
    """The UIDs that were taken away after `since`; None when that is not known any more. Takes `r`."""
    here = tx.open(at, Right.READ)
    if since > here.modseq or since < here.compacted:
        return None
    left = tombstones.left(tx, here, since)
    return None if left is None else sorted(each.uid for each in left)
