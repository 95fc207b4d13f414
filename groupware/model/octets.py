"""Octets in memory, or in a file that is looked at as if they were: a large message is nowhere held whole."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from typing import TypeAlias

PIECE = 1 << 20


class Mapped(mmap.mmap):
    """The octets of a file, for reading; slices of it are bytes. What a message is asked for that a file cannot tell
    by itself is told piece by piece."""

    def pieces(self, size: int = PIECE) -> Iterator[bytes]:
        """All of it, in order, so many octets at a time."""
        return (self[at : at + size] for at in range(0, len(self), size))

    def count(self, sub: bytes, start: int = 0, end: int | None = None) -> int:
        """As of bytes, for what does not overlap itself."""
        end, found, more = len(self) if end is None else min(end, len(self)), 0, len(sub) - 1
        for at in range(start, end, PIECE):
            found += self[at : min(at + PIECE + more, end)].count(sub)
        return found

    def startswith(self, starts: bytes | tuple[bytes, ...], at: int = 0) -> bool:
        """As of bytes."""
        longest = len(starts) if isinstance(starts, bytes) else max(map(len, starts))
        return self[at : at + longest].startswith(starts)

    def isascii(self) -> bool:
        """As of bytes."""
        return all(piece.isascii() for piece in self.pieces())

    def __contains__(self, sub: object) -> bool:
        if isinstance(sub, bytes) and len(sub) == 1:
            return any(sub in piece for piece in self.pieces())
        return isinstance(sub, bytes) and self.find(sub) >= 0


Octets: TypeAlias = bytes | Mapped
