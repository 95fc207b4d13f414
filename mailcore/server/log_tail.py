"""The end of a log file, and what is added to it, across rotations."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Final

_BLOCK: Final = 64 * 1024


def last_lines(path: Path, count: int = 10) -> list[str]:
    """The last lines of a file, oldest first. FileNotFoundError when there is none."""
    with path.open("rb") as file:
        return _last_lines(file, count)


def _last_lines(file: BinaryIO, count: int) -> list[str]:
    """The last whole lines, and the file left standing behind them; what has no line end yet is not a line."""
    position = file.seek(0, os.SEEK_END)
    tail = b""
    while position and tail.count(b"\n") <= count:
        step = min(_BLOCK, position)
        position = file.seek(position - step)
        tail = file.read(step) + tail
    whole, end, _ = tail.rpartition(b"\n")
    file.seek(position + len(whole) + len(end))
    lines = whole.decode(errors="replace").split("\n") if end else []
    return lines[-count:] if count else []


def tail(path: Path, count: int = 10, *, follow: bool = False, wait: Callable[[], bool] | None = None) -> Iterator[str]:
    """The last lines; with `follow` also each new one, for as long as `wait` says so (by default for ever).

    `wait` is called when there is nothing new: it pauses and gives False to stop. A rotated file is read to its end
    before the new one is begun, a file that was emptied is read from its start.
    """
    pause = wait or _half_a_second
    file = path.open("rb")
    try:
        yield from _last_lines(file, count)
        while follow:
            moved = _moved(path, file.fileno())
            yield from _new_lines(file)
            if moved:
                file.close()
                file = path.open("rb")
            elif not pause():
                return
    finally:
        file.close()


def _new_lines(file: BinaryIO) -> Iterator[str]:
    """The whole lines from here to the end; the file is left behind the last one."""
    if os.fstat(file.fileno()).st_size < file.tell():
        file.seek(0)
    while (line := file.readline()).endswith(b"\n"):
        yield line[:-1].decode(errors="replace")
    file.seek(-len(line), os.SEEK_CUR)


def _half_a_second() -> bool:
    time.sleep(0.5)
    return True


def _moved(path: Path, fd: int) -> bool:
    """Whether another file has taken the name; while there is none, ours may still grow."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return False
    ours = os.fstat(fd)
    return (ours.st_dev, ours.st_ino) != (status.st_dev, status.st_ino)
