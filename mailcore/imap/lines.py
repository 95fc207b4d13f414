"""What FETCH has told of messages and what never changes, as it was sent: a mailbox listed again costs its flags alone.

1. It is kept by folder and UID, which never stand for another message. Nothing here says who may read what: the UIDs
   come from a transaction that opens the folder for the one who asks.
2. All of it together has a bound. What of a folder does not fit is made anew each time, and the folder that was listed
   longest ago goes first.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from groupware.model.ids import FolderId

MOST_OCTETS: Final = 32 << 20
MOST_LISTS: Final = 10_000
OF_A_LINE: Final = 120
"""Octets that keeping a line takes besides its own."""

Key = tuple[FolderId, tuple[bytes, ...], bool]
"""Of which folder, for which words of FETCH, and whether the client knows UTF-8."""
Pieces = dict[int, bytes]
"""Pieces of lines by UID."""


@dataclass(slots=True)
class _Kept:
    pieces: Pieces = field(default_factory=dict)
    octets: int = 0


class Lines:
    """Those of the folders that were listed last."""

    __slots__ = ("_kept", "_lock", "_most", "_octets")

    def __init__(self, most: int = MOST_OCTETS) -> None:
        self._kept: OrderedDict[Key, _Kept] = OrderedDict()
        self._lock = threading.Lock()
        self._octets, self._most = 0, most

    def of(self, key: Key) -> Pieces:
        """What is known, for reading alone; `keep` adds to it."""
        with self._lock:
            kept = self._kept.setdefault(key, _Kept())
            self._kept.move_to_end(key)
            while len(self._kept) > MOST_LISTS:
                self._drop_oldest()
        return kept.pieces

    def keep(self, key: Key, uids: Sequence[int], pieces: Sequence[bytes]) -> None:
        """Remember these for the next time, as far as there is room."""
        with self._lock:
            kept = self._kept.get(key)
            if kept is None:
                return
            new = dict(zip(uids, pieces, strict=True))
            for uid in kept.pieces.keys() & new.keys():
                del new[uid]
            octets = sum(map(len, new.values())) + len(new) * OF_A_LINE
            if kept.octets + octets > self._most:
                return
            kept.pieces.update(new)
            kept.octets += octets
            self._octets += octets
            self._kept.move_to_end(key)
            while self._octets > self._most:
                self._drop_oldest()

    def _drop_oldest(self) -> None:
        _, oldest = self._kept.popitem(last=False)
        self._octets -= oldest.octets
