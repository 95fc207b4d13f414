"""How often something has happened lately, by name, over the server as a whole: a peer's unknown recipients, say."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final, Protocol

from mailcore.server.clock import Clock, SystemClock

REMEMBERED: Final = 40_000


class Rates(Protocol):
    """Counts under names, each in an interval that begins with the first and ends by itself. Seconds."""

    def note(self, what: str, interval: float) -> int:
        """Count one more; how many there were in the interval that runs now, this one included."""
        ...

    def left(self, what: str, interval: float) -> float:
        """For how long the interval runs that began with the last first one; 0: none does."""
        ...


@dataclass(slots=True)
class _Interval:
    began: float
    count: int = 0


class LocalRates:
    """Those of a server that is one process, in bounded memory: the name longest untouched goes first."""

    __slots__ = ("_clock", "_known")

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._known: OrderedDict[str, _Interval] = OrderedDict()

    def note(self, what: str, interval: float) -> int:
        """See `Rates`."""
        now = self._clock.monotonic()
        found = self._known.setdefault(what, _Interval(now))
        self._known.move_to_end(what)
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        if now - found.began >= interval:
            found.began, found.count = now, 0
        found.count += 1
        return found.count

    def left(self, what: str, interval: float) -> float:
        """See `Rates`."""
        found = self._known.get(what)
        return max(found.began + interval - self._clock.monotonic(), 0.0) if found is not None else 0.0
