"""Whose turn it is: what is carried, and what is leased and waits for that, by destination.

1. A destination never has more than its share at once, and all together never more than the lanes allow.
2. Where a share is used up, some attempts wait at hand, so that the next begins without a look at the queue.
3. Destinations take turns: one with a long backlog does not keep another waiting.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from groupware.model.event import Attempt

MOST_DESTINATIONS: Final = 1000
"""Destinations, and domains of one, that are remembered; of more, what runs now is enough."""


@dataclass(frozen=True, slots=True)
class Lanes:
    """What is carried at once, and for how long."""

    local: bool
    at_once: int = 20
    per_domain: int = 0
    """0: no limit but `at_once`."""
    ahead: int = 0
    """Attempts of one destination that are leased before there is a place for them."""
    destination: Callable[[Attempt], tuple[str, int]] | None = None
    """Where an attempt goes, and how many may go there at once; None: to its domain, `per_domain`."""
    lease: float = 60.0
    """Seconds that an attempt is leased for; the lease is renewed while it waits and while its courier carries it."""
    patience: float = 0.0
    """Seconds that what another host of the site has leased is left to it once its lease has run out."""
    carrying: float = 120.0
    """Seconds that a courier gets."""
    most_received: int = 30
    """Received headers beyond which a message goes in a circle."""


@dataclass(slots=True)
class _Destination:
    most: int
    """At once."""
    running: int = 0
    waiting: deque[Attempt] = field(default_factory=deque)

    @property
    def held(self) -> int:
        return self.running + len(self.waiting)


class Turns:
    """The attempts that one scheduler has leased."""

    __slots__ = ("_at", "_domains", "_lanes", "_running", "_waiting")

    def __init__(self, lanes: Lanes) -> None:
        self._lanes = lanes
        self._at: dict[str, _Destination] = {}
        self._domains: dict[str, set[str]] = {}  # of each destination, as far as they were seen
        self._running = self._waiting = 0

    def add(self, attempts: Sequence[Attempt]) -> None:
        """They were leased, and wait for their turn."""
        for attempt in attempts:
            where, most = self._share(attempt)
            self._at.setdefault(where, _Destination(most or self._lanes.at_once)).waiting.append(attempt)
        self._waiting += len(attempts)

    def begin(self) -> Iterator[tuple[str, Attempt]]:
        """Those whose turn it is, with where they go: each is carried from now on, until `end`."""
        while self._waiting and self._running < self._lanes.at_once:
            free = [(where, at) for where, at in self._at.items() if at.waiting and at.running < at.most]
            if not free:
                return
            where, at = min(free, key=lambda each: each[1].running)
            at.running += 1
            self._running, self._waiting = self._running + 1, self._waiting - 1
            yield where, at.waiting.popleft()

    def end(self, where: str) -> bool:
        """One that went there has been carried; whether there is room for more of that destination."""
        at = self._at[where]
        at.running, self._running = at.running - 1, self._running - 1
        if not at.held:
            del self._at[where]
        return not self._full(at)

    def room(self) -> tuple[Sequence[str], int]:
        """The domains of which enough is held already, and how many attempts of others may be leased."""
        lanes = self._lanes
        free = lanes.at_once - self._running + lanes.ahead * lanes.at_once - self._waiting
        full = [where for where, at in self._at.items() if self._full(at)]
        usual = lanes.per_domain + lanes.ahead if lanes.per_domain else free
        rooms = (at.most + lanes.ahead - at.held for at in self._at.values() if not self._full(at))
        domains = [domain for where in full for domain in self._domains.get(where, ())]
        return domains, min(free, min(rooms, default=usual))

    def _full(self, at: _Destination) -> bool:
        """Whether more of it is not to be leased yet: what waits is filled up when half of it has gone."""
        return at.held + self._lanes.ahead // 2 >= at.most + self._lanes.ahead

    @property
    def waiting(self) -> Sequence[Attempt]:
        """What has not begun."""
        return [attempt for at in self._at.values() for attempt in at.waiting]

    def renewed(self, by_id: dict[int, Attempt]) -> None:
        """The leases of those that wait hold longer: each by `id` of the attempt as it was."""
        for at in self._at.values():
            at.waiting = deque(by_id.get(id(attempt), attempt) for attempt in at.waiting)

    def clear(self) -> Sequence[Attempt]:
        """Gives what has not begun, and does not know it any more."""
        found = self.waiting
        for where, at in list(self._at.items()):
            at.waiting.clear()
            if not at.running:
                del self._at[where]
        self._waiting = 0
        return found

    def _share(self, attempt: Attempt) -> tuple[str, int]:
        lanes = self._lanes
        where, most = lanes.destination(attempt) if lanes.destination else (attempt.domain, lanes.per_domain)
        if len(self._domains) >= MOST_DESTINATIONS and where not in self._domains:
            self._domains = {each: domains for each, domains in self._domains.items() if each in self._at}
        domains = self._domains.setdefault(where, set())
        if len(domains) >= MOST_DESTINATIONS:
            domains.clear()
        domains.add(attempt.domain)
        return where, most
