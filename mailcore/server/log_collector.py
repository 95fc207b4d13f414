"""The log service: rules say which file takes a line, files rotate, and other servers' lines come in over UDP.

The first rule that fits, by priority, takes the line; the last one, 1000, fits everything and writes default.txt.
Several processes of one server may write into the same directory: every write appends whole lines, and whoever
rotates holds a lock; the others notice that the file has moved and open the new one.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final, Literal

from mailcore.server import log
from mailcore.server.log_line import DEFAULT_MASK, Line, as_json, as_text, read_datagram
from mailcore.server.log_pipe import Outlet, Pipe

MAX_RULES: Final = 128
SECURITY_FILE: Final = "security.txt"
_TWO_GIGABYTES: Final = 2_097_151 * 1024
FILE_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
_STAMP: Final = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}")
_LOG: Final = log.get("LOG")


@dataclass(frozen=True, slots=True)
class Rule:
    """Lines that fit host, module and level go to `file`, which rotates by size, age or calendar.

    `size_kb` 0 means 2 GB, `age_seconds` 0 any age, `keep` 0 all old files. ValueError for what is out of range.
    """

    priority: int
    host: str = "*"
    module: str = "*"
    level: int = DEFAULT_MASK
    file: str = "default.txt"
    size_kb: int = 5120
    age_seconds: int = 86_400
    keep: int = 0
    period: Literal["none", "day", "week", "month"] = "none"
    origin: Literal["any", "local", "remote"] = "any"

    def __post_init__(self) -> None:
        for name, value, zero, low, high in (
            ("priority", self.priority, False, 1, 1000),
            ("level", self.level, False, 0, 31),
            ("size_kb", self.size_kb, True, 100, 2_097_151),
            ("age_seconds", self.age_seconds, True, 600, 2_592_000),
            ("keep", self.keep, False, 0, 1000),
        ):
            if not low <= value <= high and not (zero and value == 0):
                allowed = f"0 or {low} to {high}" if zero else f"{low} to {high}"
                raise ValueError(f"Log rule {self.priority}: {name} is {value}; it must be {allowed}.")
        if not FILE_NAME.fullmatch(self.file):
            raise ValueError(f"Log rule {self.priority}: {self.file!r} is no plain file name of at most 64 characters.")

    def fits(self, line: Line) -> bool:
        """Whether the line is for this rule. Names compare without regard to case; * and ? stand for others."""
        return (
            bool(self.level & line.level)
            and self.origin in {"any", line.origin}
            and (self.module == "*" or fnmatchcase(line.module.upper(), self.module.upper()))
            and (self.host == "*" or fnmatchcase(line.host.lower(), self.host.lower()))
        )


LAST_RULE: Final = Rule(1000, level=31)


@dataclass(frozen=True, slots=True)
class CollectorSettings:
    """Where the files are and which rules fill them. `security`: logins go to security.txt, one line each."""

    path: Path
    rules: tuple[Rule, ...] = ()
    security: bool = True
    form: Literal["text", "json"] = "text"

    def __post_init__(self) -> None:
        if len(self.rules) > MAX_RULES:
            raise ValueError(f"There are {len(self.rules)} log rules; use at most {MAX_RULES}.")
        numbers = [rule.priority for rule in self.rules]
        twice = sorted({number for number in numbers if numbers.count(number) > 1})
        if twice or 1000 in numbers:
            raise ValueError(f"Log rule priority {(*twice, 1000)[0]} is taken; give each rule its own, 1 to 999.")


class Collector:
    """The outlet that writes into files. Used by the writing thread alone, but for `configure`."""

    def __init__(self, settings: CollectorSettings, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._files: dict[str, RotatingFile] = {}
        self._settings = settings
        self._ordered = _ordered(settings)

    def configure(self, settings: CollectorSettings) -> None:
        """Take other rules from the next line on. Files that no rule names any more are closed by `close`."""
        self._settings, self._ordered = settings, _ordered(settings)

    def write(self, lines: Sequence[Line]) -> None:
        """Write each line to the file of the first rule that takes it; OSError when a file cannot be written."""
        form = as_text if self._settings.form == "text" else as_json
        batches: dict[str, tuple[Rule, list[str]]] = {}
        for line in lines:
            rule = self.rule_for(line)
            batches.setdefault(rule.file, (rule, []))[1].append(f"{form(line)}\n")
        for rule, texts in batches.values():
            self._file(rule).write([text.encode(errors="backslashreplace") for text in texts], rule, self._clock())

    def rule_for(self, line: Line) -> Rule:
        """The rule that takes this line."""
        if self._settings.security and line.module == "SECURITY" and line.origin == "local":
            return _SECURITY_RULE
        return next((rule for rule in self._ordered if rule.fits(line)), LAST_RULE)

    def close(self) -> None:
        """Close all files; a later write opens them again."""
        for file in self._files.values():
            file.close()

    def _file(self, rule: Rule) -> RotatingFile:
        path = self._settings.path / rule.file
        file = self._files.get(str(path))
        if file is None:
            file = self._files[str(path)] = RotatingFile(path)
        return file


_SECURITY_RULE: Final = Rule(1, module="SECURITY", level=31, file=SECURITY_FILE)


def _ordered(settings: CollectorSettings) -> tuple[Rule, ...]:
    return tuple(sorted(settings.rules, key=lambda rule: rule.priority))


# --- Files ----------------------------------------------------------------------------------------------------------


class RotatingFile:
    """A file that is appended to, and renamed with a date when it is too large, too old or of another day."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd = -1
        self._opened, self._size = 0.0, 0

    def write(self, lines: Sequence[bytes], rule: Rule, now: float) -> None:
        """Append whole lines, rotating before one that would be too much."""
        self._follow(now)
        limit = rule.size_kb * 1024 or _TWO_GIGABYTES
        waiting: list[bytes] = []
        for line in lines:
            if self._size and (self._size + len(line) > limit or _is_old(rule, self._opened, now)):
                self._append(waiting)
                waiting = []
                self._rotate(rule, now)
            waiting.append(line)
            self._size += len(line)
        self._append(waiting)

    def close(self) -> None:
        """Close it; a later write opens it again."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _append(self, lines: Sequence[bytes]) -> None:
        octets = memoryview(b"".join(lines))
        while octets:
            octets = octets[os.write(self._fd, octets) :]

    def _follow(self, now: float) -> None:
        """Open the file, or the new one when another process has renamed ours; know its size and when it began."""
        if self._fd >= 0 and _same_file(self._fd, self._path):
            self._size = os.fstat(self._fd).st_size
            return
        self.close()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._fd = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
        status = os.fstat(self._fd)
        self._size = status.st_size
        self._opened = _begun(os.pread(self._fd, 64, 0), status.st_mtime) if status.st_size else now

    def _rotate(self, rule: Rule, now: float) -> None:
        with _locked(self._path.parent / ".rotate.lock"):
            if _same_file(self._fd, self._path):
                self._path.rename(self._aside(now))
                for old in self._old_files()[: -rule.keep] if rule.keep else ():
                    old.unlink(missing_ok=True)
        self._follow(now)

    def _aside(self, now: float) -> Path:
        date = time.strftime("%Y%m%d-%H%M%S", time.localtime(now))
        names = (f"{self._path.stem}-{date}{number}{self._path.suffix}" for number in ("", *_NUMBERS))
        return next(path for name in names if not (path := self._path.with_name(name)).exists())

    def _old_files(self) -> list[Path]:
        """The files set aside, oldest first."""
        name = re.compile(rf"{re.escape(self._path.stem)}-(\d{{8}}-\d{{6}}(?:_\d{{4}})?){re.escape(self._path.suffix)}")
        found = [(match[1], path) for path in self._path.parent.iterdir() if (match := name.fullmatch(path.name))]
        return [path for _, path in sorted(found)]


_NUMBERS: Final = tuple(f"_{number:04d}" for number in range(1, 10_000))


def _is_old(rule: Rule, opened: float, now: float) -> bool:
    if rule.age_seconds and now - opened >= rule.age_seconds:
        return True
    then, today = time.localtime(opened), time.localtime(now)
    if rule.period == "day":
        return (then.tm_year, then.tm_yday) != (today.tm_year, today.tm_yday)
    if rule.period == "week":
        return time.strftime("%G-%V", then) != time.strftime("%G-%V", today)
    return rule.period == "month" and (then.tm_year, then.tm_mon) != (today.tm_year, today.tm_mon)


def _same_file(fd: int, path: Path) -> bool:
    try:
        status = path.stat()
    except FileNotFoundError:
        return False
    ours = os.fstat(fd)
    return (ours.st_dev, ours.st_ino) == (status.st_dev, status.st_ino)


def _begun(head: bytes, modified: float) -> float:
    """When a file was begun: the time of its first line, so that a restart does not make it young again."""
    found = _STAMP.search(head.decode(errors="replace"))
    if found is None:
        return modified
    return datetime.strptime(found[0], "%Y-%m-%d %H:%M:%S %z").timestamp()


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


# --- Lines of other servers -----------------------------------------------------------------------------------------


class RemoteLines(asyncio.DatagramProtocol):
    """Takes the datagrams of other servers whose address `admit` lets in, and puts their lines into the queue."""

    def __init__(self, pipe: Pipe, collector: Outlet, admit: Callable[[str], bool]) -> None:
        self._pipe, self._collector, self._admit = pipe, collector, admit
        self._complained: dict[str, float] = {}

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """One line, or nothing: a stranger's and a broken one are noted, for each address once a minute."""
        peer = addr[0]
        if not self._admit(peer):
            self._complain("remote_line_denied", peer, "the rules of the log service deny its address")
            return
        try:
            line = read_datagram(data, peer)
        except ValueError as error:
            self._complain("remote_line_broken", peer, str(error))
            return
        self._pipe.put(line, self._collector)

    def error_received(self, exc: Exception) -> None:
        """An answer that nobody asked for; there is nothing to send again."""
        _LOG.warning("remote_lines_error", reason=str(exc))

    def _complain(self, event: str, peer: str, reason: str) -> None:
        now = time.monotonic()
        if now - self._complained.get(peer, -60.0) < 60:
            return
        if len(self._complained) >= 1000:
            self._complained.clear()
        self._complained[peer] = now
        _LOG.warning(event, peer=peer, reason=reason)


async def listen(
    pipe: Pipe, collector: Outlet, admit: Callable[[str], bool], host: str = "127.0.0.1", port: int = 2000
) -> asyncio.DatagramTransport:
    """Take other servers' lines at this address until the transport is closed. OSError when the address is taken."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: RemoteLines(pipe, collector, admit), local_addr=(host, port)
    )
    return transport
