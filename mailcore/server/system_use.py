"""What the SYSTEM gauges read: the machine, and what this process uses of it."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from mailcore.server.counters import Counters


def own_use() -> Mapping[str, Callable[[], float]]:
    """What reads this process's share of the gauges that are sums over all processes of the server."""
    return {
        "SYSTEM_CPU": _CpuShare().read,
        "SYSTEM_Memory": _resident,
        "SYSTEM_OpenFiles": lambda: sum(1 for _ in Path("/proc/self/fd").iterdir()),
        "SYSTEM_Threads": threading.active_count,
    }


def watch_system(counters: Counters, data: Path, others: Callable[[str], float] = lambda gauge: 0) -> None:
    """Let the SYSTEM gauges show this process, with what the `others` of this server use, and the data's disk."""
    counters.gauge("SYSTEM_LoadAverage", lambda: os.getloadavg()[0])
    for name, read in own_use().items():
        counters.gauge(name, partial(_sum, read, partial(others, name)))
    counters.gauge("SYSTEM_DiskFree", lambda: shutil.disk_usage(data).free)


def _sum(*reads: Callable[[], float]) -> float:
    return sum(read() for read in reads)


class _CpuShare:
    """Processor time against real time, from one reading to the next."""

    def __init__(self) -> None:
        self._used, self._at = time.process_time(), time.monotonic()

    def read(self) -> float:
        """Percent of one processor since the last reading."""
        used, at = time.process_time(), time.monotonic()
        share = 100 * (used - self._used) / max(at - self._at, 1e-6)
        self._used, self._at = used, at
        return share


def _resident() -> float:
    pages = Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
