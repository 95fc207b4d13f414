"""Where large bodies are: a folder of this machine, or a bucket (`s3://`, `gs://`, `az://`; `memory://` for tests).

An object is written once, whole, under the hash of what it holds; `put` returns when it is safe, and `keep` finds only
what is. Plain blocking calls; what does not answer is `TryAgain`, what is not there `NotFound`.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Final, Protocol

import obstore
from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import ObjectStore, from_url

from groupware.model.errors import DiskFull, NotFound, TryAgain
from groupware.model.ids import BlobId

if TYPE_CHECKING:
    from obstore import ObjectMeta

FRESH_SECONDS: Final = 1800.0
"""So long an object counts as just written: a sweep looks only at those that are older than twice this."""
SWEPT_SECONDS: Final = 2 * FRESH_SECONDS
ANSWER_SECONDS: Final = 30
MOST_SYNCED: Final = 10_000
"""Of so many it is remembered that they are on the disk."""


@dataclass(frozen=True, slots=True)
class Stat:
    """One object that is there. `written`: seconds since 1970."""

    blob: BlobId
    size: int
    written: float


@dataclass(frozen=True, slots=True)
class Access:
    """How a bucket is reached. What is empty comes from the environment, as the cloud's own programs read it."""

    endpoint: str = ""
    region: str = ""
    key_id: str = ""
    secret: str = field(default="", repr=False)


class Objects(Protocol):
    """Large bodies in their stored form."""

    def probe(self) -> None:
        """Nothing, if it can be used. `ValueError`: what is set is wrong. `TryAgain`: it does not answer just now."""
        ...

    def keep(self, blob: BlobId) -> bool:
        """Whether it is there already, and safe; if so, no sweep takes it away in the next half hour."""
        ...

    def put(self, blob: BlobId, octets: bytes | Iterable[bytes]) -> None:
        """Writes it, synced; pieces one after the other."""
        ...

    def get(self, blob: BlobId) -> bytes:
        """What was put. `NotFound`."""
        ...

    def range(self, blob: BlobId, start: int, length: int) -> bytes:
        """Some of what was put. `NotFound`."""
        ...

    def tail(self, blob: BlobId, length: int) -> bytes:
        """The end of what was put, at most so many octets. `NotFound`."""
        ...

    def drop(self, blob: BlobId) -> None:
        """Takes it away, unless it was put again a moment ago."""
        ...

    def stats(self) -> Iterator[Stat]:
        """Everything that is there, in no order."""
        ...


def open_objects(data: Path, place: str, access: Access | None = None) -> Objects:
    """The object store at a URL or in a folder, which is below the data folder unless it is absolute. `ValueError`."""
    scheme, colon, _ = place.partition("://")
    if not colon:
        return FolderObjects(data / (place or "blobs"))
    if scheme == "file":
        return FolderObjects(Path(place.removeprefix("file://")))
    given = access or Access()
    options: dict[str, object] = {"timeout": f"{ANSWER_SECONDS}s", "connect_timeout": "5s"}
    if _endpoint(given).startswith("http://"):  # whoever writes that means it
        options["allow_http"] = True
    retry = {"max_retries": 3, "retry_timeout": timedelta(seconds=ANSWER_SECONDS)}
    try:
        config = _s3(given) if scheme == "s3" else None
        store = from_url(place, config=config, client_options=options, retry_config=retry)  # type: ignore[call-overload]
    except (BaseError, ValueError, TypeError) as error:
        raise ValueError(f"server.blob_store {place!r} cannot be used: {_short(str(error))}") from error
    return RemoteObjects(store)


def _endpoint(access: Access) -> str:
    return access.endpoint or os.environ.get("AWS_ENDPOINT_URL") or os.environ.get("AWS_ENDPOINT") or ""


def _s3(access: Access) -> dict[str, str]:
    named = {
        "endpoint": access.endpoint,
        "region": access.region,
        "access_key_id": access.key_id,
        "secret_access_key": access.secret,
    }
    return {name: value for name, value in named.items() if value}


def lost(blob: BlobId) -> NotFound:
    """What is said of a body that is not there or not whole."""
    return NotFound(f"body {blob}: its octets are lost or damaged; 'postroom check' tells which item they belong to")


_REFUSED: Final = (
    "the store of large bodies refuses this server: server.blob_store_key_id and server.blob_store_secret (or the"
    " variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY) are not right, or may not do this there"
)
_FORBIDDEN: Final = "403 Forbidden"  # a listing that is refused has no error class of its own
_SILENT: Final = "the store of large bodies does not answer as it should"
_NO_PLACE: Final = "the store of large bodies is not where server.blob_store says: there is no such folder or bucket"


@contextmanager
def _answering(blob: BlobId | None = None) -> Iterator[None]:
    """What goes wrong inside, in our words: `NotFound` only for a body that is not in a place that is there."""
    try:
        yield
    except FileNotFoundError as error:
        if blob is None or "NoSuchBucket" in str(error):
            raise TryAgain(_NO_PLACE) from error
        raise lost(blob) from error
    except OSError as error:
        raise _unwritten(error, _SILENT) from error
    except BaseError as error:
        said = str(error)
        if isinstance(error, PermissionDeniedError | UnauthenticatedError) or _FORBIDDEN in said:
            raise TryAgain(_REFUSED) from error
        if "NoSuchBucket" in said:
            raise TryAgain(_NO_PLACE) from error
        raise TryAgain(f"{_SILENT} ({_short(said)}); try again later") from error


def _unwritten(error: OSError, said: str) -> TryAgain:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull()
    return TryAgain(f"{said} ({error.strerror}); try again later")


def _short(said: str) -> str:
    """The end of the first line: before it stand times and addresses that say nothing to whoever reads this."""
    return said.partition("\n")[0].rpartition(" - ")[2].strip()


class FolderObjects:
    """Objects as files, in 256 folders by the first octet of the hash.

    A file or folder that another thread or process has just made may be there without being on the disk yet: each is
    synced once by every process that relies on it.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._synced: set[str] = set()
        """The folders and objects whose entries are known to be on the disk, by their paths."""

    def probe(self) -> None:
        """See `Objects`. A folder is made when it is needed."""

    def keep(self, blob: BlobId) -> bool:
        """See `Objects`."""
        path = self._path(blob)
        try:
            os.utime(path)
            self._sync(path)
        except OSError:
            return False
        return True

    def put(self, blob: BlobId, octets: bytes | Iterable[bytes]) -> None:
        """See `Objects`."""
        path = self._path(blob)
        with _answering(blob):
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_name(f".{blob[:16]}.{token_hex(8)}")
            try:
                with part.open("wb") as file:
                    file.writelines([octets] if isinstance(octets, bytes) else octets)
                    file.flush()
                    os.fsync(file.fileno())
                self._synced.discard(str(path))
                part.rename(path)
            except BaseException:
                with suppress(OSError):
                    part.unlink()
                raise
            self._sync(path)

    def _sync(self, path: Path) -> None:
        """Waits until the entry of an object is on the disk, and those of the folders that lead to it."""
        if len(self._synced) > MOST_SYNCED:
            self._synced.clear()
        for each in (self._root, path.parent, path):
            if str(each) not in self._synced:
                elsewhere = suppress(PermissionError) if each is self._root else nullcontext()
                with elsewhere:  # what the root stands in may be for others to read
                    sync_folder(each.parent)
                self._synced.add(str(each))

    def get(self, blob: BlobId) -> bytes:
        """See `Objects`."""
        with _answering(blob if self._root.is_dir() else None):
            return self._path(blob).read_bytes()

    def range(self, blob: BlobId, start: int, length: int) -> bytes:
        """See `Objects`."""
        with _answering(blob), self._path(blob).open("rb") as file:
            file.seek(start)
            return file.read(length)

    def tail(self, blob: BlobId, length: int) -> bytes:
        """See `Objects`."""
        with _answering(blob), self._path(blob).open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - length))
            return file.read()

    def drop(self, blob: BlobId) -> None:
        """Moves it aside first, so that one who writes it at this very moment does not lose it."""
        path = self._path(blob)
        aside = path.with_name(f".{blob[:16]}.{token_hex(8)}")
        self._synced.discard(str(path))
        with suppress(FileNotFoundError), _answering_as_is():
            if _is_fresh(path):
                return
            path.rename(aside)
            if _is_fresh(aside):
                aside.rename(path)
                sync_folder(path.parent)
            else:
                aside.unlink()

    def stats(self) -> Iterator[Stat]:
        """See `Objects`. What a crash left half written goes on the way."""
        for path in self._root.glob("[0-9a-f][0-9a-f]/*"):
            try:
                found = path.stat()
                if not path.name.startswith("."):
                    yield Stat(BlobId(path.name), found.st_size, found.st_mtime)
                elif found.st_mtime < time.time() - SWEPT_SECONDS:
                    path.unlink()
            except FileNotFoundError:
                continue

    def _path(self, blob: BlobId) -> Path:
        return self._root / blob[:2] / blob


def _is_fresh(path: Path) -> bool:
    return path.stat().st_mtime > time.time() - FRESH_SECONDS


@contextmanager
def _answering_as_is() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise _unwritten(error, "the store of large bodies cannot be changed just now") from error


def sync_folder(folder: Path) -> None:
    """Waits until what has been made in a folder, or renamed there, is on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class RemoteObjects:
    """Objects in a bucket."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def probe(self) -> None:
        """See `Objects`."""
        try:
            for _ in self._listed("probe/"):
                break
        except TryAgain as error:
            if str(error) in (_REFUSED, _NO_PLACE):
                raise ValueError(str(error)) from error
            raise

    def keep(self, blob: BlobId) -> bool:
        """See `Objects`. A bucket cannot touch an object: an older one is written again."""
        try:
            with _answering(blob):
                return obstore.head(self._store, _name(blob))["last_modified"].timestamp() > time.time() - FRESH_SECONDS
        except NotFound:
            return False

    def put(self, blob: BlobId, octets: bytes | Iterable[bytes]) -> None:
        """See `Objects`."""
        with _answering():
            obstore.put(self._store, _name(blob), octets if isinstance(octets, bytes) else b"".join(octets))

    def get(self, blob: BlobId) -> bytes:
        """See `Objects`."""
        with _answering(blob):
            return bytes(obstore.get(self._store, _name(blob)).bytes())

    def range(self, blob: BlobId, start: int, length: int) -> bytes:
        """See `Objects`."""
        with _answering(blob):
            return bytes(obstore.get_range(self._store, _name(blob), start=start, length=length))

    def tail(self, blob: BlobId, length: int) -> bytes:
        """See `Objects`."""
        with _answering(blob):
            size = obstore.head(self._store, _name(blob))["size"]
            start = max(0, size - length)
            return bytes(obstore.get_range(self._store, _name(blob), start=start, length=size - start))

    def drop(self, blob: BlobId) -> None:
        """See `Objects`."""
        if not self.keep(blob):
            with _answering(), suppress(FileNotFoundError):
                obstore.delete(self._store, _name(blob))

    def stats(self) -> Iterator[Stat]:
        """See `Objects`. What is not named as a body is somebody else's."""
        for each in self._listed():
            name = each["path"].rpartition("/")[2]
            if each["path"] == _name(BlobId(name)):
                yield Stat(BlobId(name), each["size"], each["last_modified"].timestamp())

    def _listed(self, prefix: str | None = None) -> Iterator[ObjectMeta]:
        with _answering():
            for chunk in obstore.list(self._store, prefix):
                yield from chunk


def _name(blob: BlobId) -> str:
    return f"{blob[:2]}/{blob}"
