"""From those who speak to those who write: a bounded queue and one thread, so that no event loop waits for a disk.

When the queue fills up, protocol lines are dropped first, then info, then warnings; errors last. What was dropped is
counted and said in the log as soon as there is room.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

from mailcore.server.log_line import Level, Line, as_datagram, as_text, said

_SHARES: Final = {Level.PROTOCOL: 0.7, Level.INFO: 0.85, Level.WARNING: 0.95}
_BATCH: Final = 1000
_GATHER_SECONDS: Final = 0.05
"""A line waits so long for others: to wake the thread for each costs those who speak more than the line itself."""
_SYSLOG_MAIL: Final = 2 << 3
_MAX_SYSLOG: Final = 8192
_PRIORITIES: Final = {Level.CRITICAL: 2, Level.ERROR: 3, Level.WARNING: 4, Level.INFO: 6, Level.PROTOCOL: 7}


class Outlet(Protocol):
    """Where lines go. Used by the writing thread alone."""

    def write(self, lines: Sequence[Line]) -> None:
        """Write them all; OSError when that is not possible now."""

    def close(self) -> None:
        """Let go of files and sockets."""


class Pipe:
    """The queue and its thread. `put` never blocks; what an outlet cannot take goes to `fallback`."""

    def __init__(self, fallback: Outlet, host: str, limit: int = 20_000) -> None:
        self._fallback, self._host, self._limit = fallback, host, limit
        self._lines: deque[tuple[Line, Outlet] | threading.Event] = deque()
        self._dropped: Counter[Level] = Counter()
        self._wake, self._urgent, self._closing = threading.Event(), threading.Event(), False
        self._counting = threading.Lock()
        self._complained = -60.0
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)
        self._thread.start()

    def put(self, line: Line, outlet: Outlet) -> None:
        """Queue a line, or count it as dropped. Any thread."""
        if len(self._lines) >= self._limit * _SHARES.get(line.level, 1):
            with self._counting:
                self._dropped[line.level] += 1
        else:
            self._lines.append((line, outlet))
        if line.level <= Level.ERROR:
            self._urgent.set()
        if not self._wake.is_set():
            self._wake.set()

    def flush(self, timeout: float = 5) -> bool:
        """Wait until everything that was put is written; False when that took too long."""
        reached = threading.Event()
        self._lines.append(reached)
        self._hurry()
        return reached.wait(timeout)

    def close(self, timeout: float = 5) -> bool:
        """Write what is queued and end the thread; False when that took too long."""
        self._closing = True
        self._hurry()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _hurry(self) -> None:
        self._urgent.set()
        self._wake.set()

    def _run(self) -> None:
        while True:
            self._wake.wait()
            self._urgent.wait(_GATHER_SECONDS)
            self._urgent.clear()
            self._wake.clear()
            while self._lines:
                self._write_batch()
            if self._closing and not self._lines:
                return

    def _write_batch(self) -> None:
        batches: dict[int, tuple[Outlet, list[Line]]] = {}
        reached = []
        for _ in range(min(_BATCH, len(self._lines))):
            queued = self._lines.popleft()
            if isinstance(queued, threading.Event):
                reached.append(queued)
            else:
                batches.setdefault(id(queued[1]), (queued[1], []))[1].append(queued[0])
        for outlet, lines in batches.values():
            self._write(outlet, lines)
        if self._dropped:
            self._tell_dropped()
        for marker in reached:
            marker.set()

    def _write(self, outlet: Outlet, lines: Sequence[Line]) -> None:
        try:
            outlet.write(lines)
        except Exception as error:  # whatever it is, this thread must go on, and say it elsewhere
            if outlet is self._fallback:
                self._complain(error, lines)
                return
            told = self._note("outlet_failed", (("outlet", type(outlet).__name__), ("reason", repr(error))))
            self._write(self._fallback, [told, *lines])

    def _complain(self, error: Exception, lines: Sequence[Line]) -> None:
        """The log itself cannot be written: count its lines, and say so on standard error at most once a minute."""
        with self._counting:
            self._dropped.update(line.level for line in lines)
        now = time.monotonic()
        if now - self._complained < 60:
            return
        self._complained = now
        weighty = [as_text(line) for line in lines if line.level <= Level.ERROR][:20]
        told = (f"The log cannot be written ({error}); free the disk or mend its path.", *weighty)
        sys.stderr.write("".join(f"{text}\n" for text in told))

    def _tell_dropped(self) -> None:
        """Say how many lines were lost; when that cannot be written either, they stay counted."""
        with self._counting:
            lost = dict(self._dropped)
            self._dropped.clear()
        counts = tuple((str(level.name).lower(), str(count)) for level, count in sorted(lost.items()))
        try:
            self._fallback.write([self._note("lines_dropped", counts)])
        except Exception:  # told by `_complain` when it happened to the lines themselves
            with self._counting:
                self._dropped.update(lost)

    def _note(self, event: str, about: tuple[tuple[str, str], ...]) -> Line:
        return Line(time.time(), Level.WARNING, self._host, "LOG", "", "", event, about)


class SocketOutlet:
    """Datagrams through one socket, which is opened when it is needed and anew after an error."""

    def __init__(self, connected: Callable[[], socket.socket], form: Callable[[Line], bytes]) -> None:
        """`connected` opens the socket and leaves none behind when it fails; `form` is a line's datagram."""
        self._connected, self._form = connected, form
        self._socket: socket.socket | None = None

    def write(self, lines: Sequence[Line]) -> None:
        """Send each line; OSError when the other side is not there or its name is unknown."""
        if self._socket is None:
            self._socket = self._connected()
        try:
            for line in lines:
                self._socket.send(self._form(line))
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        """Close the socket; the next write opens another and asks for the address again."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def udp_outlet(host: str, port: int) -> SocketOutlet:
    """Another server's log service, over UDP."""

    def connected() -> socket.socket:
        family, kind, proto, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
        return _connected(socket.socket(family, kind, proto), address)

    return SocketOutlet(connected, as_datagram)


def syslog_outlet(path: str = "/dev/log") -> SocketOutlet:
    """The system's log: facility LOG_MAIL, the priority after the level."""

    def connected() -> socket.socket:
        return _connected(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM), path)

    return SocketOutlet(connected, _syslog_form)


def _connected(opened: socket.socket, address: Any) -> socket.socket:
    opened.settimeout(1)
    try:
        opened.connect(address)
    except OSError:
        opened.close()
        raise
    return opened


def _syslog_form(line: Line) -> bytes:
    """RFC 3164 as local syslogs read it: priority, time, name with process id, text."""
    when = time.strftime("%b %e %H:%M:%S", time.localtime(line.time))
    session = f":{line.session}" if line.session else ""
    text = f"{line.module}{session}: {said(line)}"
    return f"<{_SYSLOG_MAIL | _PRIORITIES[line.level]}>{when} postroom[{os.getpid()}]: {text}".encode()[:_MAX_SYSLOG]


class ConsoleOutlet:
    """Standard error, for a server in the foreground and for the system's journal."""

    def write(self, lines: Sequence[Line]) -> None:
        """Write them as text."""
        sys.stderr.write("".join(f"{as_text(line)}\n" for line in lines))
        sys.stderr.flush()

    def close(self) -> None:
        """Standard error stays open."""
