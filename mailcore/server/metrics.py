"""Measures for Prometheus: how often, how long, how much now.

    COMMANDS = metrics.counter("imap_commands_total", "Commands by name.", ("command",))
    COMMANDS("FETCH")

Names are declared once, at the top of a module. A label takes a bounded number of values: what a stranger may choose
(a command's name, a domain) cannot grow the memory, further values count as "other".
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Final, Protocol, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.registry import Collector

T = TypeVar("T")
MAX_CHILDREN: Final = 500
CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics(Protocol):
    """What a module needs to declare its measures."""

    def counter(self, name: str, help: str, labels: Sequence[str] = ()) -> Callable[..., None]:
        """A function that counts one more, under the given label values; `by` counts several."""

    def timer(self, name: str, help: str, labels: Sequence[str] = ()) -> Callable[..., AbstractContextManager[None]]:
        """A function that gives a context manager measuring how long its block took."""

    def gauge(self, name: str, help: str, read: Callable[[], float]) -> None:
        """Show the value that `read` gives at the time of asking; the last declaration of a name counts."""

    def expose(self) -> bytes:
        """All measures in Prometheus' text form."""


class PrometheusMetrics:
    """Metrics over prometheus-client, in a registry of its own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._gauges: dict[str, Gauge] = {}

    def counter(self, name: str, help: str, labels: Sequence[str] = ()) -> Callable[..., None]:
        """A function that counts; ValueError when the name is taken."""
        counter = Counter(name, help, labels, registry=self._registry)
        child = _children(counter.labels, counter, labels)

        def count(*values: str, by: float = 1) -> None:
            child(values).inc(by)

        return count

    def timer(self, name: str, help: str, labels: Sequence[str] = ()) -> Callable[..., AbstractContextManager[None]]:
        """A function that measures; ValueError when the name is taken."""
        histogram = Histogram(name, help, labels, registry=self._registry, buckets=_BUCKETS)
        child = _children(histogram.labels, histogram, labels)

        @contextmanager
        def measure(*values: str) -> Iterator[None]:
            begun = time.perf_counter()
            try:
                yield
            finally:
                child(values).observe(time.perf_counter() - begun)

        return measure

    def gauge(self, name: str, help: str, read: Callable[[], float]) -> None:
        """Show what `read` gives; ValueError when the name is taken by another kind."""
        if name not in self._gauges:
            self._gauges[name] = Gauge(name, help, registry=self._registry)
        self._gauges[name].set_function(read)

    def add(self, collector: Collector) -> None:
        """Show what another collector gives too."""
        self._registry.register(collector)

    def expose(self) -> bytes:
        """All measures in Prometheus' text form."""
        return generate_latest(self._registry)


def _children(make: Callable[..., T], alone: T, labels: Sequence[str]) -> Callable[[tuple[str, ...]], T]:
    """A look-up of the measure for label values: bounded, and without prometheus-client's lock once it is known."""
    known: dict[tuple[str, ...], T] = {}
    if not labels:
        known[()] = alone

    def find(values: tuple[str, ...]) -> T:
        child = known.get(values)
        if child is None:
            if len(values) != len(labels):
                raise ValueError(f"{len(values)} values were given for the labels {', '.join(labels) or '(none)'}.")
            if len(known) >= MAX_CHILDREN:
                values = ("other",) * len(labels)
            child = known[values] = make(*values)
        return child

    return find


metrics: Final = PrometheusMetrics()
