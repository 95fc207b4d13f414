"""The processes of one running server: which there are, and which of them serves a connection."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from mailcore.server.control import client
from tests.support.patience import PATIENCE
from tests.support.server import RunningServer

T = TypeVar("T")


def processes(server: RunningServer, service: str = "imap") -> tuple[int, ...]:
    """Those that serve, the lead first."""
    return processes_of(server.data, service)


def processes_of(data: Path, service: str = "imap") -> tuple[int, ...]:
    """As `processes`, of the server on a data folder."""
    with client(data) as control:
        found = next(each for each in control.ask("service.list") if each["name"] == service)
    return tuple(found["processes"])


def served_by(server: RunningServer, connected: socket.socket) -> int:
    """The process that has the other end of a TCP connection over IPv4."""
    here, there = connected.getsockname()[1], connected.getpeername()[1]
    ends = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
    wanted = (f"{there:04X}", f"{here:04X}")
    inode = next(end[9] for end in ends if (end[1][-4:], end[2][-4:]) == wanted)
    for process in processes(server):
        for fd in Path(f"/proc/{process}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):
                if str(fd.readlink()) == f"socket:[{inode}]":
                    return process
    raise LookupError(f"nobody serves port {here}")


def one_each(server: RunningServer, connect: Callable[[], T], socket_of: Callable[[T], socket.socket]) -> list[T]:
    """A connection to each process, the lead's first; the others that it took to get them are left to the collector."""
    found: dict[int, T] = {}
    spare = []
    wanted = processes(server)
    end = time.monotonic() + PATIENCE
    while set(found) != set(wanted):
        assert time.monotonic() < end, f"connections reach {set(found)} alone"
        made = connect()
        if found.setdefault(served_by(server, socket_of(made)), made) is not made:
            spare.append(made)
    for each in spare:
        socket_of(each).close()
    return [found[process] for process in wanted]


def alive(process: int) -> bool:
    """Whether there is such a process, not counting one that is dead and not yet waited for."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
