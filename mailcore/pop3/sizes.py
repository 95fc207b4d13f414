"""How large messages are when sent: remembered, for it never changes, and clients ask at every login."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from groupware.model.ids import FolderId, Uid

REMEMBERED: Final = 200_000  # messages, in all mailboxes together


class Sizes:
    """Sizes by UID for each mailbox; the mailboxes longest unseen are forgotten first."""

    __slots__ = ("_count", "_known", "_limit")

    def __init__(self, limit: int = REMEMBERED) -> None:
        self._limit, self._count = limit, 0
        self._known: OrderedDict[tuple[FolderId, int], dict[Uid, int]] = OrderedDict()

    def of(self, folder: FolderId, uidvalidity: int) -> dict[Uid, int]:
        """What is known of a mailbox; to be read only."""
        key = (folder, uidvalidity)
        known = self._known.get(key)
        if known is None:
            return {}
        self._known.move_to_end(key)
        return known

    def learn(self, folder: FolderId, uidvalidity: int, sizes: dict[Uid, int], alive: set[Uid]) -> dict[Uid, int]:
        """Adds sizes and forgets those of messages that are gone; gives all that is known of the mailbox."""
        key = (folder, uidvalidity)
        old = self._known.pop(key, {})
        known = {uid: size for uid, size in old.items() if uid in alive} | sizes
        self._known[key] = known
        self._count += len(known) - len(old)
        while self._count > self._limit and len(self._known) > 1:
            _, forgotten = self._known.popitem(last=False)
            self._count -= len(forgotten)
        return known
