"""Where large bodies are: a folder of this machine, or a bucket (`s3://`, `gs://`, `az://`; `memory://` for tests).

An object is written once, whole, under the hash of what it holds; `put` returns when it is safe. Plain blocking calls;
what does not answer is `TryAgain`, what is not there `NotFound`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from secrets import token_hex
from typing import Final, Protocol

import obstore
from obstore.exceptions import BaseError
from obstore.store import ObjectStore, from_url

from groupware.model.errors import NotFound, TryAgain
from groupware.model.ids import BlobId

FRESH_SECONDS: Final = 1800.0
"""So long an object counts as just written: a sweep looks only at those that are older than twice this."""
SWEPT_SECONDS: Final = 2 * FRESH_SECONDS
ANSWER_SECONDS: Final = 30


@dataclass(frozen=True, slots=True)
class Stat:
    """One object that is there. `written`: seconds since 1970."""

    blob: BlobId
    size: int
    written: float


class Objects(Protocol):
    """Large bodies in their stored form."""

    def keep(self, blob: BlobId) -> bool:
        """Whether it is there already; if so, no sweep takes it away in the next half hour."""
        ...

    def put(self, blob: BlobId, octets: bytes) -> None:
        """Writes it, synced."""
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


def open_objects(data: Path, place: str) -> Objects:
    """The object store at a URL or in a folder, which is below the data folder unless it is absolute. `ValueError`."""
    scheme, colon, _ = place.partition("://")
    if not colon:
        return FolderObjects(data / (place or "blobs"))
    if scheme == "file":
        return FolderObjects(Path(place.removeprefix("file://")))
    try:
        options = {"timeout": f"{ANSWER_SECONDS}s", "connect_timeout": "5s"}
        retry = {"max_retries": 3, "retry_timeout": timedelta(seconds=ANSWER_SECONDS)}
        return RemoteObjects(from_url(place, client_options=options, retry_config=retry))  # type: ignore[call-overload]
    except (BaseError, ValueError, TypeError) as error:
        raise ValueError(f"server.blob_store {place!r} cannot be used: {error}") from error


def lost(blob: BlobId) -> NotFound:
    """What is said of a body that is not there or not whole."""
    return NotFound(f"body {blob}: its octets are lost or damaged; 'postroom check' tells which item they belong to")


@contextmanager
def _answering(blob: BlobId) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise lost(blob) from error
    except (OSError, BaseError) as error:
        said = error.strerror if isinstance(error, OSError) else type(error).__name__
        raise TryAgain(f"the store of large bodies does not answer as it should ({said}); try again later") from error


class FolderObjects:
    """Objects as files, in 256 folders by the first octet of the hash."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def keep(self, blob: BlobId) -> bool:
        """See `Objects`."""
        try:
            os.utime(self._path(blob))
        except FileNotFoundError:
            return False
        except OSError:
            return False
        return True

    def put(self, blob: BlobId, octets: bytes) -> None:
        """See `Objects`."""
        path = self._path(blob)
        with _answering(blob):
            if not path.parent.is_dir():
                path.parent.mkdir(parents=True, exist_ok=True)
                _sync_folder(self._root)
            part = path.with_name(f".{blob[:16]}.{token_hex(8)}")
            try:
                with part.open("wb") as file:
                    file.write(octets)
                    file.flush()
                    os.fsync(file.fileno())
                part.rename(path)
            except BaseException:
                with suppress(OSError):
                    part.unlink()
                raise
            _sync_folder(path.parent)

    def get(self, blob: BlobId) -> bytes:
        """See `Objects`."""
        with _answering(blob):
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
        with suppress(FileNotFoundError), _answering_as_is():
            path.rename(aside)
            if aside.stat().st_mtime > time.time() - FRESH_SECONDS:
                aside.rename(path)
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


@contextmanager
def _answering_as_is() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise TryAgain(f"the store of large bodies cannot be changed just now ({error.strerror})") from error


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class RemoteObjects:
    """Objects in a bucket."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def keep(self, blob: BlobId) -> bool:
        """See `Objects`. A bucket cannot touch an object: an older one is written again."""
        try:
            with _answering(blob):
                return obstore.head(self._store, _name(blob))["last_modified"].timestamp() > time.time() - FRESH_SECONDS
        except NotFound:
            return False

    def put(self, blob: BlobId, octets: bytes) -> None:
        """See `Objects`."""
        with _answering(blob):
            obstore.put(self._store, _name(blob), octets)

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
            with _answering(blob), suppress(FileNotFoundError):
                obstore.delete(self._store, _name(blob))

    def stats(self) -> Iterator[Stat]:
        """See `Objects`."""
        with _answering(BlobId("")):
            for chunk in obstore.list(self._store):
                for each in chunk:
                    name = each["path"].rpartition("/")[2]
                    yield Stat(BlobId(name), each["size"], each["last_modified"].timestamp())


def _name(blob: BlobId) -> str:
    return f"{blob[:2]}/{blob}"
