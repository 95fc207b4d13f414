"""Items copied and moved.

1. A copy shares the content, and takes one more reference to it; a move takes the reference along.
2. A moved item keeps its id. A copy has one of its own, and as its origin the email that both are (decision 387).
3. It keeps its name too, unless another item there has it; that is an error only where a name is asked for.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

from groupware.model.errors import Refused
from groupware.model.flags import permitted_mask
from groupware.model.ids import AccountId, FolderId, ModSeq, Uid, Uids, ranges
from groupware.model.rights import Right
from groupware.model.times import now_micros

from . import contents, items, lessons, objects, occasions, personal, tombstones
from .engine import Row
from .guard import SERVER, Opened
from .item_changes import (
    DELETED,
    INSERT,
    INSERT_SEEN,
    MAX_ITEM_NAME,
    check_name,
    count,
    leave,
    name_taken,
    removable,
    whole,
)
from .items import SEEN
from .room import check_room
from .tx import Tx

LONGEST_UIDS = 2000


def copy(tx: Tx, at: FolderId, uids: Uids, to: FolderId, *, anew: bool = False) -> Sequence[tuple[Uid, Uid]]:
    """See `WriteTx.copy`. `r` here, `i` there. `OverQuota`."""
    here, there = tx.open(at, Right.READ), tx.open(to, Right.INSERT)
    rows = whole(tx, here, uids)
    if not rows:
        return []
    objects.check_mail(there, here.kind)
    octets = sum(row[5] for row in rows)
    check_room(tx, there, len(rows), octets)
    modseq = tx.bump(there.owner, octets, len(rows))
    contents.hold_more(tx, [row[7] for row in rows])
    keys = [objects.copied(tx, here, row[0]) for row in rows]
    pairs = _place(tx, here, there, rows, modseq, same=False, anew=anew)
    for (_, uid), key in zip(pairs, keys, strict=True):
        objects.place(tx, there, uid, key)
    lessons.noted(tx, here, there, rows)
    occasions.put_in(tx, there, [uid for _, uid in pairs], "COPY")
    tx.journal_row("item.copied", there, modseq, {"from": here.id, "first": pairs[0][1], "count": len(rows)})
    return pairs


def move(tx: Tx, at: FolderId, uids: Uids, to: FolderId, name: str | None = None) -> Sequence[tuple[Uid, Uid]]:
    """See `WriteTx.move`. `r`, `t` and `e` here (or delete-own), `i` there."""
    here, there = tx.open(at, Right.READ), tx.open(to, Right.INSERT)
    if here.id == there.id and name is None:
        raise Refused("these items are in that folder already")
    rows = removable(tx, here, uids, Right.TRASH | Right.EXPUNGE)
    if not rows:
        return []
    if name is not None:
        if len(rows) > 1:
            raise Refused(f"{name!r}: {len(rows)} items cannot have one name")
        check_name(tx, there, name)
    objects.check_mail(there, here.kind)
    octets = sum(row[5] for row in rows)
    own = here.owner == there.owner
    check_room(tx, there, len(rows), octets, moved=own)
    for owner, sign in sorted({here.owner: -1, there.owner: 1}.items()) if not own else ():
        tx.bump(AccountId(owner), sign * octets, sign * len(rows))
    modseq, left = tx.bump(there.owner), tx.bump(here.owner)
    as_read = _read_by(tx, here, rows)
    leave(tx, here, rows, left)
    keys = [objects.copied(tx, here, row[0]) for row in rows]
    tombstones.bury(tx, here, rows, left, keep=False)
    pairs = _place(tx, here, there, rows, modseq, same=True, as_read=as_read, name=name)
    personal.follow(tx, here, there, pairs, modseq)
    for (_, uid), key in zip(pairs, keys, strict=True):
        objects.place(tx, there, uid, key)
    lessons.noted(tx, here, there, rows)
    occasions.put_in(tx, there, [uid for _, uid in pairs], "COPY")
    tx.journal_row("item.left", here, left, {"to": there.id, "count": len(rows), **_followed(pairs)})
    tx.journal_row("item.arrived", there, modseq, {"from": here.id, "first": pairs[0][1], "count": len(rows)})
    return pairs


def _followed(pairs: Sequence[tuple[Uid, Uid]]) -> Mapping[str, object]:
    """What the journal keeps so that each item can be followed: the UIDs here, and the first of those there."""
    uids = ",".join(f"{low}:{high}" if low != high else str(low) for low, high in ranges(uid for uid, _ in pairs))
    return {"uids": uids, "first": pairs[0][1]} if len(uids) <= LONGEST_UIDS else {}


def _read_by(tx: Tx, here: Opened, rows: Sequence[Row]) -> Mapping[int, int]:
    """The flags of these items as the asking principal has them, by UID."""
    ranges = [(Uid(row[0]), Uid(row[0])) for row in rows] if len(rows) < 30 else [(Uid(rows[0][0]), Uid(rows[-1][0]))]
    return {row[0]: row[2] for row in items.rows_in(tx, here, ranges)}


def _place(
    tx: Tx,
    here: Opened,
    there: Opened,
    rows: Sequence[Row],
    modseq: ModSeq,
    *,
    same: bool,
    anew: bool = False,
    as_read: Mapping[int, int] | None = None,
    name: str | None = None,
) -> Sequence[tuple[Uid, Uid]]:
    """Put rows of one folder into another; `same`: they are the same items, else copies. RFC 9051 §6.4.7.

    Flags come along as far as the principal may set them there; \\Seen is as the principal has it here.
    `name`: what the one of them is called there.
    """
    mask, may_words = permitted_mask(there.rights)
    mine = as_read if as_read is not None else _read_by(tx, here, rows)
    flags = [mine.get(row[0], row[2]) & mask.value for row in rows]
    stored = [value & ~SEEN if there.reader else value for value in flags]
    origins = [_origin(row, same=same, anew=anew) for row in rows]
    first = count(
        tx,
        there,
        modseq,
        uids=len(rows),
        items=len(rows),
        unseen=sum(not value & SEEN for value in stored),
        deleted=sum(bool(value & DELETED) for value in stored),
        octets=sum(row[5] for row in rows),
        extra=sum(row[11] for row in rows),
        copies=sum(each is not None for each in origins),
    )
    now, author = now_micros(), tx.who.account if tx.who.account != SERVER else None
    called = [name] if name is not None else names(tx, there, [row[8] for row in rows], first)
    tx.sql.many(
        INSERT,
        [
            {
                "folder_id": there.id,
                "uid": first + number,
                "id": row[4] if same else there.id << 32 | (first + number),
                "modseq": modseq,
                "flags": value,
                "keywords": row[3] if may_words else "",
                "size": row[5],
                "saved": row[6],
                "arrived": now,
                "content_id": row[7],
                "name": called[number],
                "author_id": row[9] if same else author,
                "extra": row[11],
                "created": row[12] if same and here.owner == there.owner else modseq,
                "origin": origins[number],
            }
            for number, (row, value) in enumerate(zip(rows, stored, strict=True))
        ],
    )
    if there.reader:
        seen = [first + number for number, value in enumerate(flags) if value & SEEN]
        values = [{"account": there.reader, "at": there.id, "number": uid, "now": modseq} for uid in seen]
        tx.sql.many(INSERT_SEEN, values)
    return [(Uid(row[0]), Uid(first + number)) for number, row in enumerate(rows)]


def _origin(row: Row, *, same: bool, anew: bool) -> int | None:
    if same:
        return row[13]  # type: ignore[no-any-return]
    return None if anew else row[4] if row[13] is None else row[13]


def names(tx: Tx, there: Opened, wanted: Sequence[str | None], first: int) -> Sequence[str | None]:
    """What items with these names are called there: so, or where that is taken with their UID there behind it."""
    found: list[str | None] = []
    for uid, name in enumerate(wanted, first):
        if name is not None and (name in found or name_taken(tx, there, name)):
            name = _free_name(tx, there, name, uid, found)
        found.append(name)
    return found


def _free_name(tx: Tx, there: Opened, name: str, uid: int, others: Sequence[str | None]) -> str:
    stem, dot, suffix = name.rpartition(".")
    stem, end = (stem, dot + suffix) if stem and len(suffix) < 10 else (name, "")
    for number in itertools.count():
        mark = f"-{uid}-{number}" if number else f"-{uid}"
        tried = stem[: MAX_ITEM_NAME - len(mark) - len(end)] + mark + end
        if tried not in others and not name_taken(tx, there, tried):
            return tried
    raise AssertionError("numbers have no end")
