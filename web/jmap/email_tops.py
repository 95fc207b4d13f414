"""A mailbox from its newest email on, with those first that stand on top: pinned, or just come back (decision 309).

These are found by an index of their own; the rest is the page of the index by date without them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from groupware.model.folder import Folder
from groupware.model.ids import FolderId, ItemId, Uid, ranges
from groupware.model.snooze import NEW, PINNED
from groupware.store.api import ReadTx
from web.jmap.email_sort import NEWEST, Criterion
from web.jmap.ids import email_id

_TOPS: Final = frozenset({NEW, PINNED})


def is_topped(sort: Sequence[Criterion]) -> bool:
    """Whether that is the order: by one or both of the keywords, then the newest first."""
    *tops, last = sort
    known = all(each.by == "hasKeyword" and not each.ascending and each.keyword in _TOPS for each in tops)
    return bool(tops) and known and last == NEWEST[0]


def tops_of(tx: ReadTx, at: FolderId, keywords: Sequence[str]) -> list[tuple[Uid, ItemId, set[str], int]]:
    """(UID, id, keywords, saved) of those that stand on top, in order."""
    rows = [(uid, item, set(words.lower().split()), saved) for uid, item, words, saved in tx.on_top(at)]
    tops = [row for row in rows if not row[2].isdisjoint(keywords)]
    tops.sort(key=lambda row: tuple(word not in row[2] for word in keywords))
    return tops


def with_tops(tx: ReadTx, at: Folder, keywords: Sequence[str], position: int, limit: int) -> Sequence[str]:
    """The ids from a position on, so many at most."""
    found = _from(tx, at.id, keywords, position, limit)
    if not at.copies:
        return [email_id(item) for _, item in found]
    emails = dict(tx.columns(at.id, ("email",), ranges([uid for uid, _ in found])))
    return [email_id(ItemId(emails[uid])) for uid, _ in found]


def _from(tx: ReadTx, at: FolderId, keywords: Sequence[str], position: int, limit: int) -> Sequence[tuple[Uid, ItemId]]:
    tops = tops_of(tx, at, keywords)
    ids = [(uid, item) for uid, item, _, _ in tops[position : position + limit]]
    skip, left = max(0, position - len(tops)), limit - len(ids)
    if left <= 0:
        return ids
    # Of those on top some stand before the place by date where the rest goes on, and some in what is read from there.
    page = tx.latest(at, skip, left + 2 * len(tops))
    if not page:
        return ids
    first = page[0][0]
    [(_, saved)] = tx.columns(at, ("saved",), ranges([first]))
    before = sum((row[3], row[0]) > (saved, first) for row in tops)
    there = {row[0] for row in tops}
    rest = [(uid, item) for uid, item in page if uid not in there]
    return [*ids, *rest[before : before + left]]
