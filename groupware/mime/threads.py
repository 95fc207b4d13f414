"""Which thread each message of a folder is in: worked out once for each, for its references never change.

What is kept is by folder and UID, which is never given out again; what has come since is read when somebody asks, and
what has gone is not among the UIDs that the folder, opened for the one who asks, has now.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from functools import lru_cache
from hashlib import blake2b
from typing import Final, NamedTuple

from groupware.model.ids import LAST_UID, FolderId, ItemId, Uid
from groupware.store.api import ReadTx

MOST: Final = 400_000
"""Messages that are kept in all."""


@lru_cache(maxsize=1 << 14)
def digest(root: str) -> str:
    """What a thread is called, by the Message-ID of its first message. Those of one are mostly asked for together."""
    return f"T{blake2b(root.encode('utf-8', 'replace'), digest_size=16).hexdigest()}"


def thread_id(email: ItemId, message_id: str, references: str) -> str:
    """By the first message of the thread that is known by its Message-ID (decision 106); else it stands alone."""
    root = references.split("\n", 1)[0] or message_id
    return digest(root) if root else f"TM{email}"


class Placed(NamedTuple):
    """A message in its thread."""

    thread: str
    email: int
    """As in `Item`."""
    saved: int


class Threads:
    """What is known of the threads of one store."""

    def __init__(self) -> None:
        self._kept: OrderedDict[FolderId, tuple[Uid, dict[int, Placed]]] = OrderedDict()
        self._lock = threading.Lock()

    def placed_in(self, tx: ReadTx, at: FolderId) -> Mapping[int, Placed]:
        """The messages of a folder by UID; some of them may have gone. Takes `r`."""
        folder = tx.folder(at)
        with self._lock:
            last, known = self._kept.get(at, (Uid(0), {}))
        if last + 1 < folder.uidnext:
            known = dict(known)
            for uid, email, message, references, saved in tx.columns(
                at, ("email", "message_id", "ids", "saved"), ((Uid(last + 1), LAST_UID),)
            ):
                known[uid] = Placed(thread_id(ItemId(email), message, references), email, saved)
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
