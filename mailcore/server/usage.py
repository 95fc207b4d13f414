"""The gauges of what is stored, what is queued and who is signed in: read from the store when they are asked for."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from groupware.model.event import Backlog
from groupware.model.principal import OPERATOR, PrincipalKind
from groupware.model.usage import Usage
from groupware.store.api import Store
from mailcore.server.counters import MAX_KEPT, Counters, Sample, Scope

KEPT_SECONDS: Final = 5.0
"""For so long what was seen is good enough."""
LATELY_SECONDS: Final = 900.0
_STORED: Final = "STORAGE_UsedBytes", "STORAGE_MessageCount", "STORAGE_FreeBytes", "STORAGE_OverQuotaAccount"
_SESSIONS: Final = "WEBMAIL_ActiveSession"


def watch_usage(counters: Counters, store: Store) -> None:
    """Let the gauges STORAGE, QUEUE and WEBMAIL_ActiveSession show what the store says."""
    counters.source("usage", _Seen(store).samples)


class _Seen:
    """What was seen last."""

    __slots__ = ("_at", "_lock", "_samples", "_store")

    def __init__(self, store: Store) -> None:
        self._store, self._lock = store, threading.Lock()
        self._at, self._samples = float("-inf"), list[Sample]()

    def samples(self) -> Sequence[Sample]:
        """The gauges, not older than `KEPT_SECONDS`. Blocks; TryAgain."""
        with self._lock:
            if time.monotonic() - self._at > KEPT_SECONDS:
                with self._store.snapshot(OPERATOR) as tx:
                    found, queue = tx.usage(), tx.backlog()
                now = datetime.now(UTC)
                self._samples = [*samples_of(found), *queue_samples(queue, now)]
                self._at = time.monotonic()
            return self._samples


def samples_of(found: Iterable[Usage]) -> Iterator[Sample]:
    """The gauges of all owners together, of each domain and of each account."""
    sums: dict[tuple[Scope, str], dict[str, float]] = defaultdict(lambda: dict.fromkeys((*_STORED, _SESSIONS), 0.0))
    for each in found:
        own: Sequence[tuple[Scope, str]] = [("server", ""), ("domain", each.domain)]
        if each.kind is PrincipalKind.ACCOUNT:
            own = [*own, ("account", each.name)]
        for key in own:
            values = sums[key]
            values["STORAGE_UsedBytes"] += each.octets
            values["STORAGE_MessageCount"] += each.items
            values["STORAGE_FreeBytes"] += max(0, each.most_octets - each.octets)
            values["STORAGE_OverQuotaAccount"] += each.over
            values[_SESSIONS] += each.sessions
    for (scope, name), values in sums.items():
        for counter, value in values.items():
            yield Sample(counter, scope, name, value)


def queue_samples(queue: Backlog, now: datetime) -> Iterator[Sample]:
    """The gauges of the queue."""
    age = 0.0 if queue.oldest is None else max(0.0, (now - queue.oldest).total_seconds())
    shown = {"Size": queue.messages, "Bytes": queue.octets, "Deferred": queue.deferred, "OldestAge": age}
    for name, value in shown.items():
        yield Sample(f"QUEUE_{name}", "server", "", value)


class Lately:
    """Who has used something lately; for several threads. Memory is bounded: the one longest ago makes room."""

    __slots__ = ("_clock", "_lock", "_seen")

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._seen: OrderedDict[str, float] = OrderedDict()

    def saw(self, account: str) -> None:
        """It is used now."""
        with self._lock:
            self._seen[account] = self._clock()
            self._seen.move_to_end(account)
            if len(self._seen) > MAX_KEPT:
                self._seen.popitem(last=False)

    def samples(self, counter: str) -> Iterator[Sample]:
        """How many accounts, of the server and of each domain; and 1 for each of them."""
        limit = self._clock() - LATELY_SECONDS
        with self._lock:
            while self._seen and next(iter(self._seen.values())) < limit:
                self._seen.popitem(last=False)
            names = list(self._seen)
        domains: dict[str, int] = defaultdict(int)
        for each in names:
            domains[each.rpartition("@")[2]] += 1
            yield Sample(counter, "account", each, 1)
        yield from (Sample(counter, "domain", domain, count) for domain, count in domains.items())
        yield Sample(counter, "server", "", len(names))
