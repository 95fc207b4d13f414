"""Where tests write: in memory where there is room, since every COMMIT of the store waits for the disk otherwise."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")
ROOM = 4 << 30
"""Octets that have to be free. What a test wrote goes when it has passed, so that a run stays far below."""


def in_memory() -> None:
    """From now on temporary files of this process and of those that it starts are in memory; TMPDIR says otherwise."""
    if "TMPDIR" in os.environ or not _fits():
        return
    os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)


def _fits() -> bool:
    """Whether files in memory can be written and run, and neither that place nor the machine is short of it."""
    try:
        about = os.statvfs(MEMORY)
        lines = (line.split() for line in Path("/proc/meminfo").read_text().splitlines())
        available = next(int(line[1]) << 10 for line in lines if line[0] == "MemAvailable:")
    except (OSError, StopIteration):
        return False
    writable = os.access(MEMORY, os.W_OK) and not about.f_flag & (os.ST_NOEXEC | os.ST_RDONLY)
    return writable and min(about.f_bavail * about.f_frsize, available) >= ROOM
