"""Where worker processes come from: a small process that forks one for each request.

It is forked itself before its parent has threads or an event loop, and stays so; what was imported by then is shared.

Invariants
1. It lives as long as the lead's end of its channel is open, and no longer; whoever it made sees its own channel end.
2. It gives up root before it makes anybody, and holds nothing but what all processes share.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, NoReturn

from mailcore.server.control import ControlError
from mailcore.server.privileges import become
from mailcore.server.shared import SharedTable

ANSWER_SECONDS: Final = 10.0
_REQUEST_MAX: Final = 1024

Pair = tuple[socket.socket, socket.socket]


@dataclass(frozen=True, slots=True)
class Commons:
    """What the processes of one server share; made before they part."""

    table: SharedTable
    claims: SharedTable
    """Of `SharedClaims` alone: as many as there may be, they are not to drive out who is connected."""
    marks: tuple[Pair, ...]
    """For each process where it hears change marks, and where the others say them."""
    lines: Pair
    """Where the lead takes the log lines of the others, and where these say them."""

    @property
    def processes(self) -> int:
        """How many there are, the lead included."""
        return self.table.processes


def commons(processes: int) -> Commons:
    """What so many processes share."""
    pairs = [socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET) for _ in range(processes + 1)]
    for hears, _ in pairs:
        hears.setblocking(False)
    return Commons(SharedTable(processes), SharedTable(1), tuple(pairs[1:]), pairs[0])


Work = Callable[[int, socket.socket, Commons], None]
"""What a worker does from its first to its last instant: its number, its channel, what it shares."""


class Spawner:
    """The lead's side."""

    __slots__ = ("_channel", "_number", "_pid")

    def __init__(self, pid: int, channel: socket.socket) -> None:
        self._pid, self._channel, self._number = pid, channel, 0

    def spawn(self, slot: int, user: str) -> tuple[int, socket.socket]:
        """The process id of a new worker and the channel to it. ControlError when there can be none. Blocks."""
        ours, theirs = socket.socketpair()
        self._number += 1
        try:
            with theirs:
                request = json.dumps({"number": self._number, "slot": slot, "user": user}).encode()
                socket.send_fds(self._channel, [request], [theirs.fileno()])
                said = self._answer()
        except OSError as error:
            ours.close()
            raise ControlError(f"no worker process can be made: {error}") from None
        if "pid" not in said:
            ours.close()
            raise ControlError(f"no worker process can be made: {said['error']}")
        return said["pid"], ours

    def _answer(self) -> dict[str, Any]:
        """The answer to the last request, behind those that came too late for the ones before."""
        while octets := self._channel.recv(_REQUEST_MAX):
            said: dict[str, Any] = json.loads(octets)
            if said["number"] == self._number:
                return said
        return {"error": "what makes them has gone"}

    def close(self) -> None:
        """Let it end, and wait until it has. Blocks a moment."""
        self._channel.close()
        with suppress(ChildProcessError):
            os.waitpid(self._pid, 0)


def begin(shared: Commons, work: Work) -> Spawner:
    """Fork the spawner. To be called with one thread and no event loop."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if not pid:
        ours.close()
        _ending(partial(_serve, theirs, shared, work))
    theirs.close()
    ours.settimeout(ANSWER_SECONDS)
    return Spawner(pid, ours)


def _serve(channel: socket.socket, shared: Commons, work: Work) -> None:
    """Fork until the lead has gone."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the lead says when it is over; the workers inherit this
    signal.signal(signal.SIGCHLD, _reap)
    while True:
        octets, fds, _, _ = socket.recv_fds(channel, _REQUEST_MAX, 1)
        if not octets:
            return
        asked = json.loads(octets)
        try:
            become(asked["user"])
            pid = os.fork()
        except Exception as error:  # it is the lead's to say
            answer: dict[str, object] = {"error": str(error)}
        else:
            if not pid:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                channel.close()
                _ending(partial(work, asked["slot"], socket.socket(fileno=fds[0]), shared))
            answer = {"pid": pid}
        os.close(fds[0])
        channel.send(json.dumps({"number": asked["number"], **answer}).encode())


def _reap(number: int, frame: object) -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _ending(work: Callable[[], None]) -> NoReturn:
    """Do this, and end the process: a child never goes back into what its parent was doing."""
    status = 1
    try:
        work()
        status = 0
    except BaseException:
        sys.stderr.write(traceback.format_exc())
    finally:
        with suppress(Exception):
            sys.stderr.flush()
        os._exit(status)
