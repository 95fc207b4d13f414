"""Messages that wait in a folder of their own until a moment, and come back then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from .ids import FolderId, ItemId

NEW: Final = "$new"
"""The keyword of what has come back, until somebody has read it: it stands on top of lists."""
PINNED: Final = "$pinned"
"""The keyword of what stands on top of lists for as long as somebody wants it there."""
FARTHEST: Final = 5 * 366 * 24 * 3600 * 1_000_000
"""Microseconds from now, at most."""


@dataclass(frozen=True, slots=True)
class Snooze:
    """One message that waits."""

    item: ItemId
    due: int
    """Microseconds since 1970."""
    to: FolderId | None = None
    """Where it comes back to; None, or a folder that is there no more: the inbox."""
