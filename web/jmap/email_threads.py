"""A mailbox with one email of each thread: the one that comes first in its order.

Which thread an email is in is known (`groupware.mime.threads`), so that nothing is read of it. What was worked out is
kept for as long as nothing changes in the mailbox: who pages on, or comes back, waits for nothing.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final
from weakref import WeakKeyDictionary

from groupware.mime.threads import Threads
from groupware.model.folder import Folder
from groupware.model.ids import FolderId, ItemId, ModSeq
from groupware.store.api import ReadTx
from web.jmap.email_tops import tops_of
from web.jmap.ids import email_id

Kept = OrderedDict[tuple[FolderId, ModSeq, tuple[str, ...]], Sequence[str]]
MOST: Final = 500_000
"""Ids that are kept of one store."""
_lock = threading.Lock()
_of_stores: WeakKeyDictionary[Threads, Kept] = WeakKeyDictionary()


def first_of_threads(tx: ReadTx, threads: Threads, at: Folder, keywords: Sequence[str]) -> Sequence[str]:
    """The ids of all of them: those with one of the keywords first, then the newest. Takes `r`."""
    placed = threads.placed_in(tx, at.id)
    key = (at.id, at.modseq, tuple(keywords))
    with _lock:
        kept = _of_stores.setdefault(threads, OrderedDict())
        found = kept.get(key)
    if found is None:
        tops = [uid for uid, *_ in tops_of(tx, at.id, keywords)]
        newest = [(placed[uid].saved, uid) for uid in tx.uids(at.id)]
        newest.sort(reverse=True)
        first: dict[str, int] = {}
        for uid in (*tops, *[uid for _, uid in newest]):
            first.setdefault(placed[uid].thread, placed[uid].email)
        found = [email_id(ItemId(email)) for email in first.values()]
        with _lock:
            kept[key] = found
            while len(kept) > 1 and sum(map(len, kept.values())) > MOST:
                kept.popitem(last=False)
    return found
