"""A whole server in one file, while it runs; and a server made from such a file.

The file is a tar archive: `postroom.json`, the rows of each table, the large bodies, the files of the data folder. It
does not say which database it came from: a server moves from SQLite to PostgreSQL by a backup and a restore.

1. The rows are one snapshot; the large bodies are read after it, and a body lives longer than what refers to it.
2. A restore takes everything in with one COMMIT, after bodies and files are safe: what was interrupted is begun again.
"""

from __future__ import annotations

import io
import json
import os
import tarfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Final

import zstandard

from groupware.model.errors import NotFound, Refused, TryAgain
from groupware.model.ids import BlobId

from .frames import unpacked
from .objects import Objects, sync_folder
from .sql.dump import Loader, away, last_numbers, page, pages, tables
from .sql.engine import DATABASE, Database, open_database
from .sql.history import NewerSchema, head, revisions

FORMAT: Final = 1
ABOUT: Final = "postroom.json"
NUMBERS: Final = "numbers.json"
OMITTED: Final = frozenset({"run", "log"})
"""Folders in the data folder that say nothing of tomorrow."""

Step = Callable[[str], None]


@dataclass(slots=True)
class Report:
    """What was copied, and what could not be read."""

    rows: int = 0
    bodies: int = 0
    files: int = 0
    problems: list[str] = field(default_factory=list)


def files_of(data: Path, omit: Iterable[Path] = ()) -> Iterator[Path]:
    """What belongs to a server in its data folder beside database and bodies, which `omit` names: keys, settings."""
    left_out = {data / name for name in OMITTED} | {path.absolute() for path in omit}
    for path in sorted(data.rglob("*")):
        if path.is_symlink() or not path.is_file() or path.name.startswith(DATABASE):
            continue
        if not any(parent.absolute() in left_out or parent in left_out for parent in (path, *path.parents)):
            yield path


def backup(
    database: Database,
    objects: Objects,
    to: Path,
    *,
    data: Path,
    files: Iterable[Path] = (),
    step: Step = lambda done: None,
) -> Report:
    """Writes everything into the new file `to`; `files` are some of the data folder. Blocks. `Refused`, `TryAgain`.

    `step` hears the name of each table and body as it is done.
    """
    if to.exists():
        raise Refused(f"{to}: there is a file already; name a new one")
    report = Report()
    part = to.with_name(f".{to.name}.part")
    try:
        with part.open("xb") as file:
            os.fchmod(file.fileno(), 0o600)
            with tarfile.open(fileobj=file, mode="w|", format=tarfile.PAX_FORMAT) as archive:
                _write(archive, database, objects, report, step)
                for path in files:
                    _add_file(archive, path, data, report)
            file.flush()
            os.fsync(file.fileno())
        part.rename(to)
        sync_folder(to.absolute().parent)
    except OSError as error:
        raise TryAgain(f"{to}: the backup cannot be written ({error.strerror})") from error
    finally:
        with suppress(OSError):
            part.unlink()
    return report


def _write(archive: tarfile.TarFile, database: Database, objects: Objects, report: Report, step: Step) -> None:
    _add(archive, ABOUT, json.dumps({"format": FORMAT, "schema": head(), "at": int(time.time())}).encode())
    with database.readers.connect() as connection, connection.begin():
        for table in tables():
            for number, (count, octets) in enumerate(pages(connection, table)):
                _add(archive, f"tables/{table.name}/{number:08}.json.zst", _zipped(octets))
                report.rows += count
            step(table.name)
        _add(archive, NUMBERS, json.dumps(dict(last_numbers(connection))).encode())
        bodies = list(away(connection))
    for blob in bodies:
        try:
            _add(archive, f"bodies/{blob}", objects.get(blob))
            report.bodies += 1
        except (NotFound, TryAgain) as error:
            report.problems.append(str(error))
        step(blob)


def _add(archive: tarfile.TarFile, name: str, octets: bytes) -> None:
    about = tarfile.TarInfo(name)
    about.size, about.mode, about.mtime = len(octets), 0o600, int(time.time())
    archive.addfile(about, io.BytesIO(octets))


def _add_file(archive: tarfile.TarFile, path: Path, data: Path, report: Report) -> None:
    try:
        octets = path.read_bytes()
    except OSError as error:
        report.problems.append(f"{path}: {error.strerror}")
        return
    _add(archive, f"files/{path.relative_to(data).as_posix()}", octets)
    report.files += 1


# --- back -----------------------------------------------------------------------------------------------------------


def restore(
    archive: Path, data: Path, url: str, objects: Objects, *, moved: bool = False, step: Step = lambda done: None
) -> Report:  # fmt: skip
    """Makes a server from a backup, in an empty database. Blocks; the server must not run.

    `moved`: nothing has happened there since the backup was made. Otherwise clients may have seen what is lost: UIDs,
    ids and positions go on far behind those that are in the backup, so nothing new is taken for what they have.

    `Refused` when the file is no whole backup or the place is in use; then nothing was changed but bodies were added.
    `TryAgain` when a file cannot be written: the database is empty as before.
    """
    report = Report()
    database = open_database(data, url)
    try:
        with _opened(archive) as file, database.writers.begin() as connection:
            members = iter(file)
            loader = Loader(connection, _about(file, members)["schema"], moved=moved)
            numbers = None
            kept: list[tuple[PurePosixPath, bytes]] = []
            for member in members:
                octets = _octets(file, member)
                kind, _, rest = member.name.partition("/")
                if kind == "tables":
                    rows = page(_unzipped(octets))
                    loader.take(rest.partition("/")[0], rows)
                    report.rows += len(rows)
                elif kind == "bodies":
                    _body(objects, BlobId(rest), octets, report)
                elif kind == "files":
                    kept.append((_inside(rest), octets))
                elif member.name == NUMBERS:
                    numbers = json.loads(octets)
                step(member.name)
            if numbers is None:
                raise Refused(f"{archive}: it ends too early; this is no whole backup")
            loader.finish(numbers)
            for path, octets in kept:
                _put_file(data / path, octets)
                report.files += 1
    finally:
        database.dispose()
    return report


@contextmanager
def _opened(archive: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(archive, mode="r|") as file:
            yield file
    except OSError as error:
        raise Refused(f"{archive}: it cannot be read ({error.strerror})") from error
    except (tarfile.TarError, zstandard.ZstdError, json.JSONDecodeError, EOFError, KeyError) as error:
        raise Refused(f"{archive}: this is no whole backup of Postroom ({error})") from error


def _about(file: tarfile.TarFile, members: Iterator[tarfile.TarInfo]) -> dict[str, Any]:
    first = next(members, None)
    if first is None or first.name != ABOUT:
        raise Refused(f"{file.name!r}: this is no backup of Postroom")
    about: dict[str, Any] = json.loads(_octets(file, first))
    if about["format"] != FORMAT or about["schema"] not in revisions():
        raise NewerSchema("this backup was made by a newer program than this one: use that one")
    return about


def _octets(file: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    found = file.extractfile(member)
    octets = found.read() if found is not None else b""
    if len(octets) != member.size:
        raise EOFError(f"{member.name} is cut off")
    return octets


def _zipped(octets: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=3, write_checksum=True).compress(octets)


def _unzipped(octets: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompress(octets)


def _body(objects: Objects, blob: BlobId, octets: bytes, report: Report) -> None:
    try:
        unpacked(blob, octets)
    except NotFound as error:
        report.problems.append(str(error))
        return
    objects.put(blob, octets)
    report.bodies += 1


def _inside(name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise Refused(f"{name}: this file does not belong into the data folder; the backup was tampered with")
    return path


def _put_file(path: Path, octets: bytes) -> None:
    try:
        path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(octets)
            file.flush()
            os.fsync(file.fileno())
        sync_folder(path.parent)
    except OSError as error:
        raise TryAgain(f"{path}: it cannot be written ({error.strerror})") from error
