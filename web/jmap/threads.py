"""Which thread each email of a folder is in: worked out once for each email, for its references never change.

What is kept is by folder and UID, which is never given out again; what has come since is read when somebody asks, and
what has gone is not among the UIDs that the folder, opened for the one who asks, has now.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Final, NamedTuple

from groupware.model.ids import LAST_UID, FolderId, ItemId, Uid
from groupware.store.api import ReadTx
from web.jmap.ids import thread_id

MOST: Final = 400_000
"""Emails that are kept in all."""


class Placed(NamedTuple):
    """An email in its thread."""

    thread: str
    item: int
    saved: int


class Threads:
    """What is known of the threads of one store."""

    def __init__(self) -> None:
        self._kept: OrderedDict[FolderId, tuple[Uid, dict[int, Placed]]] = OrderedDict()
        self._lock = threading.Lock()

    def placed_in(self, tx: ReadTx, at: FolderId) -> Mapping[int, Placed]:
        """The emails of a folder by UID; some of them may have gone. Takes `r`."""
        folder = tx.folder(at)
        with self._lock:
            last, known = self._kept.get(at, (Uid(0), {}))
        if last + 1 < folder.uidnext:
            known = dict(known)
            for uid, number, message, references, saved in tx.columns(
                at, ("id", "message_id", "ids", "saved"), ((Uid(last + 1), LAST_UID),)
            ):
                known[uid] = Placed(thread_id(ItemId(number), message, references), number, saved)
            self._keep(at, Uid(folder.uidnext - 1), known)
        if len(known) > 2 * folder.total + 100:
            there = set(tx.uids(at))
            known = {uid: each for uid, each in known.items() if uid in there}
            self._keep(at, Uid(folder.uidnext - 1), known)
        return known

    def _keep(self, at: FolderId, last: Uid, known: dict[int, Placed]) -> None:
        with self._lock:
            self._kept[at] = (last, known)
            self._kept.move_to_end(at)
            while len(self._kept) > 1 and sum(len(each) for _, each in self._kept.values()) > MOST:
                self._kept.popitem(last=False)
