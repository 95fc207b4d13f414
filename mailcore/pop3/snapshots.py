"""Mailboxes as they were when they were opened last: who opens one that has not changed since reads nothing of it.

A snapshot is kept under the mailbox's modseq, which every change moves on; so it needs no looking after.
"""

from __future__ import annotations

from array import array
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from groupware.model.folder import Folder
from groupware.model.ids import FolderId

REMEMBERED: Final = 200_000  # messages, in all mailboxes together


@dataclass(slots=True)
class Snapshot:
    """What is in a mailbox. Shared by sessions: `lines` is made by the first that wants it, nothing else changes."""

    uidvalidity: int
    modseq: int
    uids: array[int]
    lines: bytes = b""
    """Number and unique id of each message, a line each."""

    def unique_lines(self) -> bytes:
        """`lines`, made when nobody has asked for them before."""
        if not self.lines:
            prefix = self.uidvalidity
            self.lines = "".join([f"{n} {prefix}.{uid}\r\n" for n, uid in enumerate(self.uids, 1)]).encode()
        return self.lines


class Snapshots:
    """The last snapshot of each mailbox; those of mailboxes longest unseen are forgotten first."""

    __slots__ = ("_count", "_kept", "_limit")

    def __init__(self, limit: int = REMEMBERED) -> None:
        self._limit, self._count = limit, 0
        self._kept: OrderedDict[FolderId, Snapshot] = OrderedDict()

    def of(self, folder: Folder) -> Snapshot | None:
        """The snapshot of the mailbox as it is now; None when it has changed since, or is not known."""
        found = self._kept.get(folder.id)
        if found is None or (found.uidvalidity, found.modseq) != (folder.uidvalidity, folder.modseq):
            return None
        self._kept.move_to_end(folder.id)
        return found

    def keep(self, folder: Folder, uids: array[int]) -> Snapshot:
        """Remembers what is in the mailbox."""
        old = self._kept.pop(folder.id, None)
        made = self._kept[folder.id] = Snapshot(folder.uidvalidity, folder.modseq, uids)
        self._count += len(uids) - (len(old.uids) if old is not None else 0)
        while self._count > self._limit and len(self._kept) > 1:
            _, forgotten = self._kept.popitem(last=False)
            self._count -= len(forgotten.uids)
        return made
