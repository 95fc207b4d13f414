"""The server's counters, each declared once (`counter_table`), counted for the server, a domain and an account.

1. `add` costs well under a microsecond and never waits for anything but a short lock: any thread may count.
2. Memory is bounded: domains have `MAX_KEPT` figures at most, and accounts as many. What does not fit counts under "*".
3. A connection's counters move when it closes; that is the caller's part.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from mailcore.server import log
from mailcore.server.counter_table import BY_NAME, COUNTERS

Scope = Literal["server", "domain", "account"]
MAX_KEPT: Final = 100_000
OTHERS: Final = "*"

_IN: Final = {
    "domain": frozenset(each.name for each in COUNTERS if "D" in each.scopes),
    "account": frozenset(each.name for each in COUNTERS if "A" in each.scopes),
}
_LOG: Final = log.get("REPORTING")


@dataclass(frozen=True, slots=True)
class Sample:
    """What one counter gained since the sample before, or what a gauge shows now. `name` is the domain or account."""

    counter: str
    scope: Scope
    name: str
    value: float
    part: str = ""


Source = Callable[[], Iterable[Sample]]


class Counters:
    """All counters of one process."""

    def __init__(self, *, domains: bool = True, accounts: bool = True) -> None:
        self._lock = threading.Lock()
        self._totals: dict[str, float] = {c.name: 0 for c in COUNTERS if c.kind == "counter"}
        self._reported: dict[str, float] = dict(self._totals)
        self._moved = _nothing()
        self._kept = _nothing()
        self._gauges: dict[tuple[str, Scope, str, str], Callable[[], float]] = {}
        self._sources: dict[str, Source] = {}
        self._domains, self._accounts, self._labelled = domains, accounts, False

    def collect_for(self, *, domains: bool, accounts: bool, labelled: bool = False) -> None:
        """Count for domains and accounts too from now on, or no longer (DomainEnable, DomainObjectEnable).

        `labelled`: accounts are labels of what Prometheus sees.
        """
        self._domains, self._accounts, self._labelled = domains, accounts, labelled

    # --- counting

    def add(self, counter: str, by: float = 1, *, domain: str = "", account: str = "") -> None:
        """Count for the server; for domain and account too, if wanted and declared so. KeyError: no such counter."""
        with self._lock:
            self._totals[counter] += by
            if domain and self._domains and counter in _IN["domain"]:
                self._move("domain", counter, domain, by)
            if account and self._accounts and counter in _IN["account"]:
                self._move("account", counter, account, by)

    def count(self, values: Mapping[str, float], domains: Iterable[str] = (), accounts: Iterable[str] = ()) -> None:
        """Count several at once: each for the server once, and for each of these domains and accounts. KeyError."""
        domains, accounts = domains if self._domains else (), accounts if self._accounts else ()
        with self._lock:
            for counter, by in values.items():
                self._totals[counter] += by
                if counter in _IN["domain"]:
                    for name in domains:
                        self._move("domain", counter, name, by)
                if counter in _IN["account"]:
                    for name in accounts:
                        self._move("account", counter, name, by)

    def share(self, counter: str, by: float = 1, *, domains: Iterable[str] = (), accounts: Iterable[str] = ()) -> None:
        """Count once more for each of these domains and accounts, of what `add` has counted for the server."""
        with self._lock:
            for name in domains if self._domains and counter in _IN["domain"] else ():
                self._move("domain", counter, name, by)
            for name in accounts if self._accounts and counter in _IN["account"] else ():
                self._move("account", counter, name, by)

    def gauge(
        self, counter: str, read: Callable[[], float], *, scope: Scope = "server", name: str = "", part: str = ""
    ) -> None:
        """Let `read` say the value at each sample; `part` tells values of one gauge apart, as services' threads."""
        if BY_NAME[counter].kind != "gauge":
            raise ValueError(f"{counter} is counted, not read; use add.")
        with self._lock:
            self._gauges[(counter, scope, name, part)] = read

    def drop_gauge(self, counter: str, *, scope: Scope = "server", name: str = "", part: str = "") -> None:
        """Forget a gauge, as when its service stops or its account goes."""
        with self._lock:
            self._gauges.pop((counter, scope, name, part), None)

    def source(self, name: str, read: Source) -> None:
        """Let `read` give values of gauges at each sample, of whatever scope; the last one of a name counts."""
        self._sources[name] = read

    # --- what was counted

    def total(self, counter: str) -> float:
        """What the server has counted since it started. KeyError: no such name, or a gauge."""
        return self._totals[counter]

    def now(self, scope: Scope, name: str = "") -> Sequence[Sample]:
        """Every counter of the scope since the server started, and every gauge as it is; blocks on their sources."""
        with self._lock:
            if scope == "server":
                found = dict(self._totals)
            else:
                found = {each: 0.0 for each in self._totals if each in _IN[scope]}
                for (counter, whose), value in self._both(scope):
                    if whose == name:
                        found[counter] += value
        gauges = [each for each in self._read_gauges() if each.scope == scope and each.name == name]
        return [*(Sample(counter, scope, name, value) for counter, value in found.items()), *gauges]

    def samples(self) -> Sequence[Sample]:
        """What moved since the last call: every server counter, the domains and accounts that moved, and all gauges."""
        return [*self.gains(), *self._read_gauges()]

    def gains(self, *, keep: bool = True) -> Sequence[Sample]:
        """`samples` without the gauges. Without `keep` the totals of domains and accounts begin anew: another process
        has them from now on."""
        with self._lock:
            gained = [Sample(key, "server", "", now - self._reported[key]) for key, now in self._totals.items()]
            self._reported.update(self._totals)
            moved, self._moved = self._moved, _nothing()
            for scope, values in moved.items() if keep else ():
                kept = self._kept[scope]
                for key, value in values.items():
                    kept[key] = kept.get(key, 0) + value
        parts = (
            Sample(counter, scope, name, value)
            for scope, values in moved.items()
            for (counter, name), value in values.items()
        )
        return [*gained, *parts]

    def merge(self, samples: Iterable[Sample]) -> None:
        """Count what another process of this server has gained."""
        with self._lock:
            for each in samples:
                if each.scope == "server" and each.counter in self._totals:
                    self._totals[each.counter] += each.value
                elif each.counter in self._totals:
                    self._move(each.scope, each.counter, each.name, each.value)

    def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
        """For Prometheus: `postroom_NAME` of the server, `postroom_domain_NAME` by domain, and by account if wanted."""
        for name, value in list(self._totals.items()):
            yield CounterMetricFamily(f"postroom_{name}", BY_NAME[name].help, value=value)
        scopes: tuple[Scope, ...] = ("domain", "account") if self._labelled else ("domain",)
        for scope in scopes:
            with self._lock:
                found = list(self._both(scope))
            yield from _labelled(scope, found)
        gauges: dict[tuple[str, Scope], GaugeMetricFamily] = {}
        for sample in self._read_gauges():
            if sample.scope != "server" and sample.scope not in scopes:
                continue
            key = (sample.counter, sample.scope)
            if key not in gauges:
                label = "part" if sample.scope == "server" else sample.scope
                gauges[key] = GaugeMetricFamily(
                    _exposed(sample.scope, sample.counter), BY_NAME[sample.counter].help, labels=(label,)
                )
            gauges[key].add_metric((sample.part if sample.scope == "server" else sample.name,), sample.value)
        yield from gauges.values()

    def _move(self, scope: Scope, counter: str, name: str, by: float) -> None:
        key = (counter, name)
        moved, kept = self._moved[scope], self._kept[scope]
        if key not in moved and key not in kept and len(moved) + len(kept) >= MAX_KEPT:
            key = (counter, OTHERS)
        moved[key] = moved.get(key, 0) + by

    def _both(self, scope: Scope) -> Iterator[tuple[tuple[str, str], float]]:
        moved, kept = self._moved[scope], self._kept[scope]
        yield from ((key, value + kept.get(key, 0)) for key, value in moved.items())
        yield from ((key, value) for key, value in kept.items() if key not in moved)

    def _read_gauges(self) -> list[Sample]:
        with self._lock:
            gauges, sources = list(self._gauges.items()), list(self._sources.items())
        samples = []
        for (counter, scope, name, part), read in gauges:
            try:
                samples.append(Sample(counter, scope, name, read(), part))
            except Exception:  # one gauge that fails must not hide the others
                _LOG.exception("gauge_failed", counter=counter, name=name, part=part)
        for source, values in sources:
            try:
                samples += values()
            except Exception:
                _LOG.exception("gauge_failed", source=source)
        return samples


def _nothing() -> dict[Scope, dict[tuple[str, str], float]]:
    return {"domain": {}, "account": {}}


def _exposed(scope: Scope, counter: str) -> str:
    return f"postroom_{counter}" if scope == "server" else f"postroom_{scope}_{counter}"


def _labelled(scope: Scope, found: Iterable[tuple[tuple[str, str], float]]) -> Iterable[CounterMetricFamily]:
    families: dict[str, CounterMetricFamily] = {}
    for (counter, name), value in found:
        if counter not in families:
            families[counter] = CounterMetricFamily(_exposed(scope, counter), BY_NAME[counter].help, labels=(scope,))
        families[counter].add_metric((name,), value)
    return families.values()
