"""What pyftpdlib takes for a file system: the tree of `shelf` and `restore`, for one session, in its thread."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from tempfile import SpooledTemporaryFile
from typing import Any, Final, TypeVar

from pyftpdlib.exceptions import FilesystemError  # type: ignore[import-untyped]
from pyftpdlib.filesystems import AbstractedFS  # type: ignore[import-untyped]

from groupware.model.errors import GroupwareError, NotFound, TryAgain
from groupware.model.octets import Mapped, Octets
from mailcore.ftp import restore, shelf
from mailcore.ftp.desk import Desk
from mailcore.ftp.names import Spot, spot_of
from mailcore.ftp.shelf import Entry
from mailcore.server.spool import FROM

T = TypeVar("T")

PIECE: Final = 256 * 1024
UPLOAD_MAX: Final = 1 << 30
NO_ROOM: Final = "452 There is no room for it just now ({why}); nothing was put back."
BUG: Final = "The server made a mistake; its log says more."


def told(work: Callable[[], T]) -> T:
    """What `work` gives back; what the store raises becomes what pyftpdlib answers 550 with."""
    try:
        return work()
    except GroupwareError as error:
        raise FilesystemError(_line(error)) from None


def _line(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".")


class Files(AbstractedFS):  # type: ignore[misc]
    """The tree, as who has signed in sees it."""

    def __init__(self, root: str, cmd_channel: Any) -> None:
        super().__init__(root, cmd_channel)
        self.hall = cmd_channel.hall
        self.desk: Desk = cmd_channel.hall.desk
        self._claims = restore.Claims()
        self._directory, self._listed = "", dict[str, Entry]()

    # --- paths are what they look like

    def ftp2fs(self, ftppath: str) -> str:
        """A path of the client as one of the tree."""
        return str(self.ftpnorm(ftppath))

    def fs2ftp(self, fspath: str) -> str:
        """The same the other way."""
        return fspath

    def validpath(self, path: str) -> bool:
        """There is nothing outside of the tree."""
        return True

    def realpath(self, path: str) -> str:
        """There are no links."""
        return path

    def islink(self, path: str) -> bool:
        """There are no links."""
        return False

    # --- looking

    def chdir(self, path: str) -> None:
        """Go to a directory."""
        told(lambda: shelf.check(self.desk, _directory(path)))
        self.cwd = path

    def isdir(self, path: str) -> bool:
        """Whether the path is that of a directory, whether or not it is there."""
        try:
            return not spot_of(path).file
        except NotFound:
            return False

    def isfile(self, path: str) -> bool:
        """Whether the path is that of a file, whether or not it is there."""
        return not self.isdir(path)

    def listdir(self, path: str) -> list[str]:
        """The names in a directory; what they are is remembered for the lines of the listing."""
        self._listed = {each.name: each for each in told(lambda: shelf.listed(self.desk, spot_of(path)))}
        self._directory = path
        return list(self._listed)

    def lstat(self, path: str) -> os.stat_result:
        """Size and time of what is there."""
        folder, name = os.path.split(path)
        entry = self._listed.get(name) if folder == self._directory else None
        entry = entry or self._entry(path)
        mode = stat.S_IFDIR | 0o755 if entry.directory else stat.S_IFREG | 0o644
        return os.stat_result((mode, 0, 0, 1, 0, 0, entry.size, *[int(entry.modified)] * 3))

    stat = lstat

    def getsize(self, path: str) -> int:
        """Octets of a file."""
        return self._entry(path).size

    def getmtime(self, path: str) -> float:
        """When it was saved."""
        return self._entry(path).modified

    def _entry(self, path: str) -> Entry:
        return told(lambda: shelf.found(self.desk, spot_of(path)))

    def get_user_by_uid(self, uid: int) -> str:
        """Everything is the server's."""
        return "postroom"

    def get_group_by_gid(self, gid: int) -> str:
        """Everything is the server's."""
        return "postroom"

    # --- taking and putting back

    def open(self, filename: str, mode: str) -> Reading | Upload:
        """A file to be read, or one that comes back whole."""
        if mode == "rb":
            return Reading(self.desk, filename, self._entry(filename))
        if mode != "wb":
            raise FilesystemError("Files are put back whole")
        self._forget()
        spot = told(lambda: spot_of(filename))
        told(lambda: restore.check_target(self.desk, spot))
        return Upload(self.hall, spot, filename, self._claims)

    def mkdir(self, path: str) -> None:
        """A directory that comes back."""
        self._forget()
        told(lambda: restore.make_directory(self.desk, spot_of(path)))

    def chmod(self, path: str, mode: int) -> None:
        """Nothing: clients give the modes of their own files, and there are none here."""

    def _forget(self) -> None:
        self._directory, self._listed = "", {}


def _directory(path: str) -> Spot:
    spot = spot_of(path)
    if spot.file:
        raise FilesystemError("This is a file")
    return spot


class Reading:
    """The octets of a file, piece by piece."""

    def __init__(self, desk: Desk, name: str, entry: Entry) -> None:
        self.name, self.closed = name, False
        self._desk, self._entry, self._at = desk, entry, 0

    def seek(self, at: int) -> None:
        """Go on from there."""
        self._at = at

    def read(self, size: int) -> bytes:
        """The next octets; b"" at the end. OSError when they are lost."""
        blob, at = self._entry.blob, self._at
        if blob is None:
            piece = self._entry.octets[at : at + size]
        elif at >= self._entry.size:
            piece = b""
        else:
            try:
                piece = bytes(self._desk.run(self._desk.blobs.read(blob, at, min(PIECE, self._entry.size - at))))
            except GroupwareError as error:
                raise OSError(errno.EIO, str(error)) from error
        self._at += len(piece)
        return piece

    def close(self) -> None:
        """No more."""
        self.closed = True


class Upload:
    """Octets that come in: in memory, or in a file without a name when they are many."""

    def __init__(self, hall: Any, spot: Spot, name: str, claims: restore.Claims) -> None:
        self.name, self.closed = name, False
        self._hall, self._spot, self._claims = hall, spot, claims
        self._file = SpooledTemporaryFile(FROM, dir=hall.spool)  # noqa: SIM115 - `close` closes it
        self._size = 0
        self._refused = ""
        """The reply to what is too much; the rest of it is read all the same, or the client would not see why."""

    def write(self, piece: bytes) -> None:
        """Some more."""
        self._size += len(piece)
        if self._size > UPLOAD_MAX:
            self._refused = f"552 a file has at most {UPLOAD_MAX} octets; nothing was put back."
        if self._refused:
            return
        try:
            self._file.write(piece)
        except OSError as error:
            self._refused = NO_ROOM.format(why=error.strerror)

    def commit(self) -> str:
        """Puts the file back; gives the reply."""
        if self._refused:
            return self._refused
        try:
            octets = self._octets()
        except OSError as error:
            return NO_ROOM.format(why=error.strerror)
        try:
            restore.put_file(self._hall.desk, self._spot, octets, self._claims)
        except TryAgain as error:
            return f"451 {_line(error)}."
        except GroupwareError as error:
            return f"550 {_line(error)}."
        except Exception:
            self._hall.crashed()
            return f"550 {BUG}"
        return "226 Put back."

    def _octets(self) -> Octets:
        self._file.seek(0)
        if self._size <= FROM:
            return self._file.read()
        self._file.flush()
        return Mapped(self._file.fileno(), 0, access=1)

    def close(self) -> None:
        """Let go of the octets."""
        self.closed = True
        self._file.close()
