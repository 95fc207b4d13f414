"""Log lines for tests: made, said, and kept."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from hypothesis import strategies as st

from mailcore.server import log
from mailcore.server.log import Settings
from mailcore.server.log_line import Level, Line

Moment = tuple[int, int, int, int, int]
TIME = 1_235_561_100.0


DATAGRAMS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.dictionaries(
        st.sampled_from(["at", "level", "host", "module", "session", "message", "facts", "event"]), inner, max_size=8
    ),
).map(lambda found: json.dumps(found).encode())


class Kept:
    """An outlet that keeps the lines; it can be held up, and can fail."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.broken = False
        self.go = threading.Event()
        self.go.set()
        self.reached = threading.Event()

    def write(self, lines: Sequence[Line]) -> None:
        self.reached.set()
        self.go.wait(10)
        if self.broken:
            raise OSError(28, "No space left on device")
        self.lines += lines

    def close(self) -> None:
        self.go.set()


@contextmanager
def running(settings: Settings | None = None) -> Iterator[tuple[log.Log, Kept]]:
    kept = Kept()
    running_log = log.start(settings or Settings(host="mx1"), kept)
    try:
        yield running_log, kept
    finally:
        running_log.stop()


def said(settings: Settings | None, *speak: tuple[str, str, dict[str, object]], module: str = "IMAP") -> list[Line]:
    with running(settings) as (running_log, kept):
        for level, event, about in speak:
            getattr(log.get(module), level)(event, **about)
        assert running_log.pipe.flush()
        return list(kept.lines)


def line(event: str = "said", level: Level = Level.INFO, **change: object) -> Line:
    values: dict[str, object] = {"time": TIME, "level": level, "host": "mx1", "module": "IMAP", "event": event}
    values |= {"session": "0000012A", "message": ""}
    return Line(**(values | change))  # type: ignore[arg-type]  # the values are those of a Line
