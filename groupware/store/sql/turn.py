"""Whose turn it is to write into an SQLite database that several processes have open.

SQLite's own way of waiting is to look again after ever longer pauses; a lock of the system wakes who waits at once.

Invariant: first come, first served. Whoever waits holds the second lock, so the one who has just written, and would
write again, has to queue up behind.
"""

from __future__ import annotations

import fcntl
import os
import threading
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType


class Turn(AbstractContextManager[None]):
    """Inside, no other `Turn` on the same database has its turn, in this process or another."""

    __slots__ = ("_database", "_files", "_here")

    def __init__(self, database: Path) -> None:
        """The lock files, beside the database, are opened at the first turn, and made where they are missing."""
        self._database = database
        self._here = threading.Lock()
        self._files: tuple[int, int] | None = None

    def __enter__(self) -> None:
        self._here.acquire()
        try:
            now, following = self._files = self._files or self._opened()
            fcntl.flock(following, fcntl.LOCK_EX)
            try:
                fcntl.flock(now, fcntl.LOCK_EX)
            finally:
                fcntl.flock(following, fcntl.LOCK_UN)
        except BaseException:
            self._here.release()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        assert self._files is not None
        fcntl.flock(self._files[0], fcntl.LOCK_UN)
        self._here.release()

    def close(self) -> None:
        """Let go of the files."""
        files, self._files = self._files, None
        for each in files or ():
            os.close(each)

    def _opened(self) -> tuple[int, int]:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        name = self._database.name
        now = os.open(self._database.with_name(f"{name}-turn"), flags, 0o640)
        return now, os.open(self._database.with_name(f"{name}-next"), flags, 0o640)
