"""A table of counts that several processes share: who is connected, and who was lately, over the server as a whole.

It lives in memory that is mapped before the processes part, with a column of open places for each of them.

Invariants
1. A process writes into its own column alone; the column of one that died is cleared, so its places are given back.
2. Whoever asks and then counts holds the lock meanwhile. The lock is the system's: it does not outlive its holder.
3. Memory is bounded: where the table is full, the entry with nothing open that was longest unseen goes first.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from hashlib import blake2b
from typing import Final

from groupware.model.times import now_micros
from mailcore.server.claims import MOST
from mailcore.server.gate import Seen, broken
from mailcore.server.rules import Limits

ENTRIES: Final = 1 << 17
PROBES: Final = 64
NONE: Final = -1  # no place


class SharedTable:
    """Entries by name: a window with its count, and for each process how many are open."""

    __slots__ = ("_began", "_fd", "_keys", "_mask", "_open", "_recent", "_secret", "_whole", "processes", "slot")

    def __init__(self, processes: int, entries: int = ENTRIES) -> None:
        """`entries`: a power of two. The maker is process 0; the others say which they are by `slot`."""
        self.processes, self.slot = processes, 0
        self._mask = entries - 1
        self._secret = secrets.token_bytes(16)  # so that nobody can choose names that meet at one place
        self._fd = os.memfd_create("postroom-table")
        octets = memoryview(mmap.mmap(-1, 8 + entries * (8 + 8 + 4 + 4 * processes)))
        self._whole, octets = octets[:8].cast("Q"), octets[8:]
        self._whole[0] = now_micros()
        self._keys = octets[: entries * 8].cast("Q")
        self._began = octets[entries * 8 : entries * 16].cast("d")
        self._recent = octets[entries * 16 : entries * 20].cast("I")
        columns = octets[entries * 20 :]
        self._open = [columns[at * entries * 4 : (at + 1) * entries * 4].cast("I") for at in range(processes)]

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Nobody else counts meanwhile."""
        fcntl.lockf(self._fd, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.lockf(self._fd, fcntl.LOCK_UN)

    @property
    def whole_since(self) -> int:
        """Since when no entry had to go for another: microseconds since 1970."""
        return self._whole[0]

    def place(self, name: str, *, make: bool = False) -> int:
        """Where the entry of that name is; NONE: it has none, and none was made."""
        digest = blake2b(name.encode(errors="surrogateescape"), digest_size=8, key=self._secret).digest()
        key = int.from_bytes(digest, "little") or 1
        keys, mask = self._keys, self._mask
        for step in range(PROBES):
            at = (key + step) & mask
            found = keys[at]
            if found == key:
                return at
            if not found:
                return self._fresh(at, key) if make else NONE
        if not make:
            return NONE
        self._whole[0] = now_micros()
        return self._fresh(self._longest_unseen(key), key)

    def count(self, at: int) -> int:
        """How many are open there, over all processes."""
        return sum([column[at] for column in self._open]) if at != NONE else 0

    def counts(self, at: int) -> list[int]:
        """How many are open there, by process."""
        return [column[at] for column in self._open] if at != NONE else [0] * self.processes

    def enter(self, at: int) -> None:
        """One more of this process is open there."""
        if at != NONE:
            self._open[self.slot][at] += 1

    def leave(self, at: int) -> None:
        """One less."""
        column = self._open[self.slot]
        if at != NONE and column[at]:
            column[at] -= 1

    def seen(self, at: int, now: float, interval: float) -> int:
        """How many were let in during the interval that runs now."""
        return self._recent[at] if at != NONE and now - self._began[at] < interval else 0

    def note(self, at: int, now: float, interval: float) -> None:
        """One more was let in."""
        if at != NONE:
            if now - self._began[at] >= interval:
                self._began[at], self._recent[at] = now, 0
            self._recent[at] += 1

    def left(self, at: int, now: float, interval: float) -> float:
        """For how long the interval runs that began there with the last first one; 0: none does."""
        return max(self._began[at] + interval - now, 0.0) if at != NONE and self._recent[at] else 0.0

    def number(self, at: int) -> int:
        """What `keep` has put there; 0: nothing."""
        return self._recent[at] if at != NONE else 0

    def keep(self, at: int, number: int, now: float) -> None:
        """Put a number there instead of a count."""
        if at != NONE:
            self._began[at], self._recent[at] = now, number

    def clear(self, slot: int) -> None:
        """A process is no more: nothing of it is open."""
        column = self._open[slot]
        octets = column.cast("B")
        octets[:] = bytes(len(octets))

    def _fresh(self, at: int, key: int) -> int:
        if at != NONE:
            self._began[at], self._recent[at] = 0.0, 0
            self._keys[at] = key
        return at

    def _longest_unseen(self, key: int) -> int:
        places = [(key + step) & self._mask for step in range(PROBES)]
        idle = [at for at in places if not any(column[at] for column in self._open)]
        return min(idle, key=lambda at: self._began[at], default=NONE)


class SharedTally:
    """As `gate.Tally`, over all processes."""

    __slots__ = ("_name", "_table")

    def __init__(self, table: SharedTable, name: str) -> None:
        self._table, self._name = table, name

    def over(self, peer: str, limits: Limits, now: float) -> str:
        """The limit that one more connection of `peer` would break, in words; "" if none. Inside `locked`."""
        table = self._table
        every, one = table.place(self._name), table.place(f"{self._name} {peer}")
        seen = Seen(table.count(every), table.seen(every, now, limits.interval))
        return broken(peer, limits, seen, Seen(table.count(one), table.seen(one, now, limits.peer_interval)))

    def enter(self, peer: str, limits: Limits, now: float) -> None:
        """Count one connection. Inside `locked`."""
        table = self._table
        for name, interval in ((self._name, limits.interval), (f"{self._name} {peer}", limits.peer_interval)):
            at = table.place(name, make=True)
            table.note(at, now, interval)
            table.enter(at)

    def leave(self, peer: str) -> None:
        """Uncount one connection."""
        self._table.leave(self._table.place(self._name))
        self._table.leave(self._table.place(f"{self._name} {peer}"))

    @property
    def open(self) -> int:
        """Connections open now."""
        return self._table.count(self._table.place(self._name))


class SharedTallies:
    """Makes the tallies of one process over the table."""

    __slots__ = ("_table",)

    def __init__(self, table: SharedTable) -> None:
        self._table = table

    def locked(self) -> AbstractContextManager[None]:
        """See `gate.Tallies`."""
        return self._table.locked()

    def of(self, name: str) -> SharedTally:
        """See `gate.Tallies`."""
        return SharedTally(self._table, f"gate {name}")


class SharedSeats:
    """As `seats.LocalSeats`, over all processes."""

    __slots__ = ("_table",)

    def __init__(self, table: SharedTable) -> None:
        self._table = table

    def take(self, what: str, limit: int) -> bool:
        """See `seats.Seats`. With a limit, also False where the table has no room to keep it."""
        table = self._table
        with table.locked():
            at = table.place(f"seat {what}", make=True)
            if limit and (at == NONE or table.count(at) >= limit):
                return False
            table.enter(at)
            return True

    def give(self, what: str) -> None:
        """See `seats.Seats`."""
        self._table.leave(self._table.place(f"seat {what}"))

    def taken(self, what: str) -> int:
        """See `seats.Seats`."""
        return self._table.count(self._table.place(f"seat {what}"))

    def by_process(self, what: str) -> list[int]:
        """How many each process has taken."""
        return self._table.counts(self._table.place(f"seat {what}"))


class SharedRates:
    """As `rates.LocalRates`, over all processes: their monotonic clock is one."""

    __slots__ = ("_table",)

    def __init__(self, table: SharedTable) -> None:
        self._table = table

    def note(self, what: str, interval: float) -> int:
        """See `rates.Rates`. Where the table is full of what is open, one is all that is known of."""
        table, now = self._table, time.monotonic()
        with table.locked():
            at = table.place(f"rate {what}", make=True)
            table.note(at, now, interval)
            return max(table.seen(at, now, interval), 1)

    def left(self, what: str, interval: float) -> float:
        """See `rates.Rates`."""
        return self._table.left(self._table.place(f"rate {what}"), time.monotonic(), interval)


class SharedClaims:
    """As `claims.LocalClaims`, over all processes, in a table of its own. What a process has claimed stays claimed."""

    __slots__ = ("_table",)

    def __init__(self, table: SharedTable) -> None:
        self._table = table

    @property
    def since(self) -> int:
        """See `claims.Claims`."""
        return self._table.whole_since

    def reached(self, what: str) -> int | None:
        """See `claims.Claims`."""
        return self._table.number(self._table.place(what)) or None

    def claim(self, what: str, end: int, start: int) -> int:
        """See `claims.Claims`."""
        table, end = self._table, min(end, MOST)
        first = table.number(table.place(what))
        if first >= end:  # what was claimed once stays so, and most who ask find nothing new
            return first
        with table.locked():
            at = table.place(what, make=True)
            first = table.number(at) or start
            table.keep(at, max(first, end), time.monotonic())
            return first


class SharedDoor:
    """As `service.Share`: one service's connections, by process."""

    __slots__ = ("_open", "_serving", "_table")

    def __init__(self, table: SharedTable, service: str) -> None:
        self._table, self._open, self._serving = table, f"open {service}", f"serving {service}"

    def more_than_others(self) -> bool:
        """Whether another process that accepts has fewer."""
        table = self._table
        counts, serving = table.counts(table.place(self._open)), table.counts(table.place(self._serving))
        mine = counts[table.slot]
        return any(count < mine for count, there in zip(counts, serving, strict=True) if there)

    def enter(self) -> None:
        """See `service.Share`."""
        self._enter(self._open)

    def leave(self, ended: object = None) -> None:
        """See `service.Share`."""
        self._table.leave(self._table.place(self._open))

    @contextmanager
    def serving(self) -> Iterator[None]:
        """See `service.Share`."""
        self._enter(self._serving)
        try:
            yield
        finally:
            self._table.leave(self._table.place(self._serving))

    def _enter(self, name: str) -> None:
        """Count one more. The place is looked up each time: while nothing is open, a full table gives it to others."""
        with self._table.locked():
            self._table.enter(self._table.place(name, make=True))
