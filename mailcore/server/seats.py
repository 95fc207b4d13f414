"""How many hold something at once, by name, over the server as a whole: the sessions of one account, for instance."""

from __future__ import annotations

from collections import Counter
from typing import Protocol


class Seats(Protocol):
    """Places under names. A process that dies gives back what it had taken."""

    def take(self, what: str, limit: int) -> bool:
        """Take one more place, unless `limit` of them are taken already; 0: as many as there are."""
        ...

    def give(self, what: str) -> None:
        """Give one place back."""
        ...

    def taken(self, what: str) -> int:
        """How many are taken now."""
        ...


class LocalSeats:
    """The seats of a server that is one process."""

    __slots__ = ("_taken",)

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()

    def take(self, what: str, limit: int) -> bool:
        """Take one more place, unless `limit` of them are taken already; 0: as many as there are."""
        if limit and self._taken[what] >= limit:
            return False
        self._taken[what] += 1
        return True

    def give(self, what: str) -> None:
        """Give one place back."""
        self._taken[what] -= 1
        if self._taken[what] <= 0:
            del self._taken[what]

    def taken(self, what: str) -> int:
        """How many are taken now."""
        return self._taken.get(what, 0)


class AtWork:
    """Names of services whose own work runs, in whichever process."""

    __slots__ = ("_seats",)

    def __init__(self, seats: Seats | None = None) -> None:
        self._seats: Seats = seats or LocalSeats()

    def add(self, name: str) -> None:
        """It works now."""
        if name not in self:
            self._seats.take(f"work {name}", 0)

    def discard(self, name: str) -> None:
        """It works no longer."""
        if name in self:
            self._seats.give(f"work {name}")

    def __contains__(self, name: object) -> bool:
        return self._seats.taken(f"work {name}") > 0
