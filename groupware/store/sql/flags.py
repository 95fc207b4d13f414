"""Flags changed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import bindparam, update
from sqlalchemy.dialects import postgresql, sqlite

from groupware.model.errors import NoRight
from groupware.model.flags import FLAGS, FlagChange, Flags, apply, permitted_mask, words_in
from groupware.model.ids import FolderId, ModSeq, Uid, Uids
from groupware.model.item import Entry
from groupware.model.rights import Right

from . import items, schema
from .engine import Row
from .guard import Opened
from .item_changes import DELETED, count
from .items import SEEN
from .tx import Tx

_i, _s = schema.item.c, schema.seen.c
_SET: Final = (
    update(schema.item)
    .where(_i.folder_id == bindparam("at"))
    .where(_i.uid == bindparam("number"))
    .values(flags=bindparam("new_flags"), keywords=bindparam("new_words"), modseq=bindparam("now"))
)


_SET_RANGE: Final = (
    update(schema.item)
    .where(_i.folder_id == bindparam("at"))
    .where(_i.uid.between(bindparam("low"), bindparam("high")))
    .where(_i.flags == bindparam("old_flags"))
    .where(_i.keywords == bindparam("old_words"))
    .values(flags=bindparam("new_flags"), keywords=bindparam("new_words"), modseq=bindparam("now"))
)
WORTH_A_RANGE: Final = 4  # items that one statement over a range has to spare the others


def _set_seen(dialect: Any) -> Any:
    statement = dialect.insert(schema.seen).values(
        account_id=bindparam("account"),
        folder_id=bindparam("at"),
        uid=bindparam("number"),
        modseq=bindparam("now"),
        seen=bindparam("seen"),
    )
    new = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=["account_id", "folder_id", "uid"], set_={"modseq": new.modseq, "seen": new.seen}
    )


_SET_SEEN: Final = {True: _set_seen(postgresql), False: _set_seen(sqlite)}

After = tuple[Row, Flags, frozenset[str]]


def update_flags(tx: Tx, at: FolderId, uids: Uids, change: FlagChange) -> tuple[Sequence[Entry], Sequence[Uid]]:
    """Changes flags; gives back the entries that changed and the UIDs too new for `unchanged_since`.

    Each flag has its own right (RFC 4314 §4): `s` for SEEN, `t` for DELETED, `w` for the rest. Flags that the
    principal may not touch stay as they are; with none left to change it is `NoRight`.
    """
    here = tx.open(at, Right.READ)
    _check(here, change)
    limit = change.unchanged_since
    found = list(items.rows_in(tx, here, uids))
    stale = [Uid(row[0]) for row in found if limit is not None and row[1] > limit]
    changed = _changed([row for row in found if limit is None or row[1] <= limit], change, here.rights)
    if not changed:
        return [], stale
    modseq = tx.bump(here.owner)
    if limit is None and not here.reader and _by_range(tx, here, uids, changed, modseq):
        _count(tx, here, changed, modseq)
    else:
        _store(tx, here, changed, modseq)
    tx.journal_row("item.flags", here, modseq, {"count": len(changed), "first": changed[0][0][0]})
    return [Entry(row[0], modseq, flags.value, _stored(keywords)) for row, flags, keywords in changed], stale


def _check(here: Opened, change: FlagChange) -> None:
    """`NoRight` when there is nothing in the change that the principal may do."""
    mask, may_words = permitted_mask(here.rights)
    asks_words = bool(change.add_words or change.remove_words)
    asked = change.add | change.remove
    if change.replace and (mask or may_words):
        return
    if asked & mask or (asks_words and may_words) or not (asked or asks_words or change.replace):
        return
    raise NoRight(f"folder {here.tree.path(here.id)}: you may not change these flags here; ask its owner")


def _changed(rows: Sequence[Row], change: FlagChange, rights: Right) -> list[After]:
    """The rows that become different, with what they become; equal ones are worked out once."""
    known: dict[tuple[int, str], tuple[Flags, frozenset[str]] | None] = {}
    out: list[After] = []
    for row in rows:
        key = (row[2], row[3])
        if key not in known:
            before = (FLAGS[row[2]], words_in(row[3]))
            after = apply(change, rights, *before)
            known[key] = after if after != before else None
        new = known[key]
        if new is not None:
            out.append((row, *new))
    return out


def _store(tx: Tx, here: Opened, changed: Sequence[After], modseq: ModSeq) -> None:
    """Write the new flags: \\Seen of somebody who has rows of his own goes there, all else into the item."""
    keep = ~SEEN if here.reader else ~0
    shared = [
        (row, flags, keywords)
        for row, flags, keywords in changed
        if (flags.value ^ row[2]) & keep or keywords != words_in(row[3])
    ]
    bits = _bits(tx, here, [row[0] for row, _, _ in shared]) if here.reader else {}
    tx.sql.many(
        _SET,
        [
            {
                "at": here.id,
                "number": row[0],
                "new_flags": (flags.value & keep) | bits.get(row[0], 0),
                "new_words": _stored(keywords),
                "now": modseq,
            }
            for row, flags, keywords in shared
        ],
    )
    if here.reader:
        own = [(row[0], bool(flags.value & SEEN)) for row, flags, _ in changed if (flags.value ^ row[2]) & SEEN]
        values = [
            {"account": here.reader, "at": here.id, "number": uid, "now": modseq, "seen": seen} for uid, seen in own
        ]
        tx.sql.many(_SET_SEEN[tx.sql.postgres], values)
    _count(tx, here, changed, modseq)


def _by_range(tx: Tx, here: Opened, uids: Uids, changed: Sequence[After], modseq: ModSeq) -> bool:
    """Whether it was done by one statement for each range and each old state in it, which few of both are worth.

    What is alike before is alike after, and every item of a range is meant: so the old state names the items.
    """
    states = {(row[2], row[3]): (flags, keywords) for row, flags, keywords in changed}
    if len(states) * len(uids) * WORTH_A_RANGE > len(changed):
        return False
    for low, high in uids:
        for (old_flags, old_words), (flags, keywords) in states.items():
            values = {"old_flags": old_flags, "old_words": old_words, "new_flags": flags.value, "now": modseq}
            words_now = _stored(keywords)
            top = min(high, here.uidnext)
            tx.sql.change(_SET_RANGE, {"at": here.id, "low": low, "high": top, "new_words": words_now, **values})
    return True


@lru_cache(maxsize=4096)
def _stored(keywords: frozenset[str]) -> str:
    return " ".join(sorted(keywords))


def _count(tx: Tx, here: Opened, changed: Sequence[After], modseq: ModSeq) -> None:
    """Move the folder's counters."""
    unseen = 0 if here.reader else sum((not flags.value & SEEN) - (not row[2] & SEEN) for row, flags, _ in changed)
    deleted = sum(bool(flags.value & DELETED) - bool(row[2] & DELETED) for row, flags, _ in changed)
    count(tx, here, modseq, unseen=unseen, deleted=deleted)


def _bits(tx: Tx, here: Opened, uids: Sequence[int]) -> dict[int, int]:
    """The owner's own \\Seen bit of these items, which the change of another person leaves as it is."""
    return {uid: tx.sql.value(_BIT, {"at": here.id, "number": uid}) & SEEN for uid in uids}


_BIT: Final = (
    schema.item.select()
    .with_only_columns(_i.flags)
    .where(_i.folder_id == bindparam("at"))
    .where(_i.uid == bindparam("number"))
)
