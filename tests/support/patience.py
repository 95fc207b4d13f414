"""Waiting in tests for what comes to be so behind an answer, or in another program."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable
from typing import Any, Final, TypeVar

T = TypeVar("T")

PATIENCE: Final = 90.0
"""Seconds: what takes longer, on however busy a machine, does not happen."""
_EVERY: Final = 0.02


def until(look: Callable[[], T | None], said: Callable[[], object] = lambda: "it did not come to be so") -> T:
    """What `look` gives once that is something; AssertionError with what is `said` when it takes too long."""
    end = time.monotonic() + PATIENCE
    while not (found := look()):
        assert time.monotonic() < end, said()
        time.sleep(_EVERY)
    return found


def until_listens(port: int, process: subprocess.Popen[Any] | None = None) -> None:
    """Comes back when somebody listens at the port of this machine; AssertionError when the process ends before."""

    def tried() -> bool:
        assert process is None or process.poll() is None, f"it ended with {process.returncode}"
        return listens(port)

    until(tried, lambda: f"nobody listens at port {port}")


def listens(port: int) -> bool:
    """Whether somebody listens at the port of this machine."""
    with socket.socket() as probe:
        probe.settimeout(PATIENCE)
        return probe.connect_ex(("127.0.0.1", port)) == 0
