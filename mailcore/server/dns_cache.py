"""What the resolver remembers: per type of query, for as long as the answer allows, never more than so many."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Generic, TypeVar

T = TypeVar("T")
MAX_SECONDS: Final = 86_400.0
MAX_NEGATIVE_SECONDS: Final = 10_800.0  # RFC 2308 §5: one to three hours are enough


class Cache(Generic[T]):
    """Answers by type and name. Each type has its own room, so that many TXT answers push out no MX."""

    def __init__(self, size: int = 1000, clock: Callable[[], float] = time.monotonic) -> None:
        self._size, self._clock = size, clock
        self._types: dict[str, OrderedDict[str, tuple[float, T]]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._types.values()))

    def get(self, kind: str, name: str) -> tuple[T, float] | None:
        """The answer and how many seconds it is still good; None when it is unknown or too old."""
        room = self._types.get(kind)
        entry = room.get(name) if room else None
        if room is None or entry is None:
            return None
        until, value = entry
        left = until - self._clock()
        if left <= 0:
            del room[name]
            return None
        room.move_to_end(name)
        return value, left

    def put(self, kind: str, name: str, value: T, seconds: float, *, negative: bool = False) -> None:
        """Remember an answer; the one of its type that was not asked for the longest gives way."""
        seconds = min(seconds, MAX_NEGATIVE_SECONDS if negative else MAX_SECONDS)
        if seconds <= 0:
            return
        room = self._types.setdefault(kind, OrderedDict())
        room[name] = (self._clock() + seconds, value)
        room.move_to_end(name)
        while len(room) > self._size:
            room.popitem(last=False)

    def clear(self) -> None:
        """Forget everything."""
        self._types.clear()
