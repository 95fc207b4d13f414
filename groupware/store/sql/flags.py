"""Flags changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import bindparam, update

from groupware.model.errors import NoRight, Refused
from groupware.model.flags import FLAGS, MOST_KEYWORDS, FlagChange, apply, permitted_mask, words_in
from groupware.model.ids import FolderId, ModSeq, Uid, Uids
from groupware.model.item import Entry
from groupware.model.rights import Right

from . import items, objects, occasions, schema
from .engine import Row
from .guard import Opened
from .item_changes import DELETED, count
from .items import SEEN
from .tx import Tx
from .upserts import Upsert

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


_SET_SEEN: Final = Upsert(_set_seen)

State = tuple[int, str]
"""Flags and keywords as they are stored."""
After = tuple[Row, int, str]
"""A row as it was, and its flags and keywords from now on."""


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
    occasions.flagged(tx, here, changed)
    tx.journal_row("item.flags", here, modseq, {"count": len(changed), "first": changed[0][0][0]})
    return [Entry(row[0], modseq, bits, words) for row, bits, words in changed], stale


def _check(here: Opened, change: FlagChange) -> None:
    """`NoRight` when there is nothing in the change that the principal may do."""
    mask, may_words = permitted_mask(here.rights)
    asks_words = bool(change.add_words or change.remove_words)
    asked = change.add | change.remove
    if change.replace and (mask or may_words):
        return
    if asked & mask or (asks_words and may_words) or not (asked or asks_words or change.replace):
        return
    raise NoRight(f"folder {here.path}: you may not change these flags here; ask its owner")


def _changed(rows: Sequence[Row], change: FlagChange, rights: Right) -> list[After]:
    """The rows that become different, with what they become; equal ones are worked out once."""
    states = {(row[2], row[3]) for row in rows}
    after = {state: _after(state, change, rights) for state in states}
    different = {state: new for state, new in after.items() if new != state}
    if len(states) == 1:  # by far the most often
        return [(row, *new) for new in different.values() for row in rows]
    return [(row, *different[row[2], row[3]]) for row in rows if (row[2], row[3]) in different]


def _after(state: State, change: FlagChange, rights: Right) -> State:
    before = words_in(state[1])
    flags, keywords = apply(change, rights, FLAGS[state[0]], before)
    if len(keywords) > max(MOST_KEYWORDS, len(before)):
        raise Refused(f"a message has up to {MOST_KEYWORDS} keywords; take some off first")
    return flags.value, state[1] if keywords == before else " ".join(sorted(keywords))


def _store(tx: Tx, here: Opened, changed: Sequence[After], modseq: ModSeq) -> None:
    """Write the new flags: \\Seen of somebody who has rows of his own goes there, all else into the item."""
    keep = ~SEEN if here.reader else ~0
    shared = [(row, flags, words) for row, flags, words in changed if (flags ^ row[2]) & keep or words != row[3]]
    bits = _bits(tx, here, [row[0] for row, _, _ in shared]) if here.reader else {}
    tx.sql.many(
        _SET,
        [
            {
                "at": here.id,
                "number": row[0],
                "new_flags": (flags & keep) | bits.get(row[0], 0),
                "new_words": words,
                "now": modseq,
            }
            for row, flags, words in shared
        ],
    )
    if here.reader:
        own = [(row[0], bool(flags & SEEN)) for row, flags, _ in changed if (flags ^ row[2]) & SEEN]
        values = [
            {"account": here.reader, "at": here.id, "number": uid, "now": modseq, "seen": seen} for uid, seen in own
        ]
        tx.sql.many(_SET_SEEN[tx.sql.postgres], values)
    _count(tx, here, changed, modseq)


def _by_range(tx: Tx, here: Opened, uids: Uids, changed: Sequence[After], modseq: ModSeq) -> bool:
    """Whether it was done by one statement for each range and each old state in it, which few of both are worth.

    What is alike before is alike after, and every item of a range is meant: so the old state names the items.
    """
    if objects.hidden(tx, here):
        return False  # not every item of a range is meant
    states = {(row[2], row[3]): (flags, words) for row, flags, words in changed}
    if len(states) * len(uids) * WORTH_A_RANGE > len(changed):
        return False
    for low, high in uids:
        for (old_flags, old_words), (flags, words) in states.items():
            values = {"old_flags": old_flags, "old_words": old_words, "new_flags": flags, "now": modseq}
            top = min(high, here.uidnext)
            tx.sql.change(_SET_RANGE, {"at": here.id, "low": low, "high": top, "new_words": words, **values})
    return True


def _count(tx: Tx, here: Opened, changed: Sequence[After], modseq: ModSeq) -> None:
    """Move the folder's counters."""
    turned = Counter([(row[2], flags) for row, flags, _ in changed])
    unseen = sum(many * ((not flags & SEEN) - (not before & SEEN)) for (before, flags), many in turned.items())
    deleted = sum(many * (bool(flags & DELETED) - bool(before & DELETED)) for (before, flags), many in turned.items())
    count(tx, here, modseq, unseen=0 if here.reader else unseen, deleted=deleted)


def _bits(tx: Tx, here: Opened, uids: Sequence[int]) -> dict[int, int]:
    """The owner's own \\Seen bit of these items, which the change of another person leaves as it is."""
    return {uid: tx.sql.value(_BIT, {"at": here.id, "number": uid}) & SEEN for uid in uids}


_BIT: Final = (
    schema.item.select()
    .with_only_columns(_i.flags)
    .where(_i.folder_id == bindparam("at"))
    .where(_i.uid == bindparam("number"))
)
