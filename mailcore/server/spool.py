"""Large messages that are still coming in, kept in files without a name in the data folder instead of in memory.

1. All that come in at one time share a bound; who would pass it is put off.
2. A file has no name: whatever becomes of the process, nothing of it is left.
3. The disk is written off the event loop, a piece at a time.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterable
from mmap import ACCESS_READ
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, cast

from groupware.model.octets import Mapped
from mailcore.server.connection import Connection

FROM: Final = 1 << 20
"""Octets from which on a message is kept in a file."""
FOLDER: Final = "spool"
MOST: Final = 4 << 30
"""Octets in files at one time, of one service in one process."""
FULL: Final = "too many large messages are coming in just now; try again later"
_PIECE: Final = 1 << 20


class NoRoom(Exception):
    """There is no room for it just now; the text says why."""


class Spool:
    """The files of one service in one process."""

    __slots__ = ("_folder", "held", "most")

    def __init__(self, data: Path, most: int = MOST) -> None:
        self._folder, self.most = data / FOLDER, most
        self.held = 0

    def take(self, size: int) -> Spooled:
        """A file for so many octets. `NoRoom`."""
        if self.held + size > self.most:
            raise NoRoom(FULL)
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            file = cast(BinaryIO, tempfile.TemporaryFile(dir=self._folder))  # noqa: SIM115 - `Spooled` closes it
        except OSError as error:
            raise NoRoom(f"large messages cannot be taken just now ({error.strerror}); try again later") from error
        self.held += size
        return Spooled(self, file, size)


class Spooled:
    """One file. Used as a context it gives its place back at the end; what was `mapped` lives as long as it is used."""

    __slots__ = ("_file", "_size", "_spool")

    def __init__(self, spool: Spool, file: BinaryIO, size: int) -> None:
        self._spool, self._file, self._size = spool, file, size

    async def fill(self, connection: Connection) -> None:
        """Take the octets off the connection. `NoRoom` when the disk is full: so many were read all the same."""
        left, full = self._size, ""
        while left:
            pieces, held = [], 0
            while left and held < _PIECE:
                pieces.append(await connection.read(min(left, _PIECE - held)))
                held += len(pieces[-1])
                left -= len(pieces[-1])
            full = full or await asyncio.to_thread(self._write, pieces)
        if full:
            raise NoRoom(f"the message cannot be kept just now ({full}); try again later")

    def grow(self, octets: int) -> None:
        """Take place for so many more. `NoRoom`."""
        if self._spool.held + octets > self._spool.most:
            raise NoRoom(FULL)
        self._spool.held += octets
        self._size += octets

    async def add(self, pieces: Iterable[bytes | bytearray]) -> None:
        """Write octets that are here already. `NoRoom`."""
        if full := await asyncio.to_thread(self._write, pieces):
            raise NoRoom(f"the message cannot be kept just now ({full}); try again later")

    def _write(self, pieces: Iterable[bytes | bytearray]) -> str:
        """Writes; the reason why it cannot."""
        try:
            self._file.writelines(pieces)
        except OSError as error:
            return error.strerror or "the disk does not take it"
        return ""

    def mapped(self) -> Mapped:
        """The octets, once they are all there. `NoRoom`."""
        try:
            self._file.flush()
            return Mapped(self._file.fileno(), 0, access=ACCESS_READ)
        except OSError as error:
            raise NoRoom(f"the message cannot be kept just now ({error.strerror}); try again later") from error

    async def whole(self) -> bytes:
        """The octets in memory, once they are all there. `NoRoom`."""
        try:
            return await asyncio.to_thread(self._read)
        except OSError as error:
            raise NoRoom(f"the message cannot be read just now ({error.strerror}); try again later") from error

    def _read(self) -> bytes:
        self._file.seek(0)
        return self._file.read()

    def close(self) -> None:
        """Give the place back."""
        self._spool.held -= self._size
        self._size = 0
        self._file.close()

    def __enter__(self) -> Spooled:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
