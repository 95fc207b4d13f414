"""Mail as other programs keep it on disk: mbox files, Maildirs, folders of .eml files. Octets stay as they are."""

from __future__ import annotations

import email.utils
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final

from groupware.mime.headers import date, fields
from groupware.model.errors import NotFound, Refused
from groupware.model.flags import Flags

MAILDIR_FLAGS: Final = {
    "S": Flags.SEEN,
    "R": Flags.ANSWERED,
    "F": Flags.FLAGGED,
    "T": Flags.DELETED,
    "D": Flags.DRAFT,
}
MBOX_FLAGS: Final = {
    b"R": Flags.SEEN,
    b"A": Flags.ANSWERED,
    b"F": Flags.FLAGGED,
    b"D": Flags.DELETED,
    b"T": Flags.DRAFT,
}
_FROM: Final = re.compile(rb"From .*\d:\d\d")  # a separator has a time; a sentence that begins with From has none
_QUOTED: Final = re.compile(rb"^>(>*From )", re.MULTILINE)
_HEADER_END: Final = re.compile(rb"\n\r?\n")
_HEADER_MAX: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class Found:
    """One message of a source."""

    octets: bytes
    flags: Flags
    keywords: frozenset[str]
    saved: datetime | None
    name: str
    """Where it is, for people."""


@dataclass(frozen=True, slots=True)
class Source:
    """One folder's worth of messages. `below` is where it belongs under the folder that is imported into."""

    path: Path
    kind: str
    """`mbox`, `maildir` or `eml`."""
    below: str = ""


def sources(path: Path) -> list[Source]:
    """What there is at a path: one folder, or a Maildir with its subfolders. `NotFound`, `Refused`."""
    if path.is_file():
        return [Source(path, "eml" if path.suffix.lower() == ".eml" else "mbox")]
    if not path.is_dir():
        raise NotFound(f"{path}: there is nothing")
    if _is_maildir(path):
        return [Source(path, "maildir"), *_maildirs_below(path)]
    if any(_is_maildir(each) for each in path.iterdir()):
        return _maildirs_below(path)
    if next(_eml_files(path), None) is None:
        raise Refused(f"{path}: no mbox file, no Maildir, and no .eml file in it")
    return [Source(path, "eml")]


def count(source: Source) -> int:
    """How many messages a source has, for a progress bar."""
    if source.kind == "maildir":
        return sum(1 for _ in _maildir_files(source.path))
    if source.kind == "eml":
        return sum(1 for _ in _eml_files(source.path))
    with source.path.open("rb") as file:
        return sum(1 for _ in _mbox_parts(file))


def messages(source: Source) -> Iterator[Found | OSError]:
    """The messages of a source, in their order; an error stands for one that cannot be read."""
    if source.kind == "mbox":
        yield from _mbox(source.path)
        return
    words = _keywords(source.path) if source.kind == "maildir" else {}
    for path in _maildir_files(source.path) if source.kind == "maildir" else _eml_files(source.path):
        try:
            octets = path.read_bytes()
            modified = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        except OSError as error:
            yield error
            continue
        if source.kind == "eml":
            yield Found(octets, Flags.NONE, frozenset(), _dated(octets) or modified, str(path))
        else:
            letters = path.name.rpartition(":2,")[2] if ":2," in path.name else ""
            flags = _flags({letter: flag for letter, flag in MAILDIR_FLAGS.items() if letter in letters})
            keywords = frozenset(words[letter] for letter in letters if letter in words)
            yield Found(octets, flags, keywords, modified, str(path))


def _flags(held: Mapping[str, Flags] | Mapping[bytes, Flags]) -> Flags:
    found = Flags.NONE
    for flag in held.values():
        found |= flag
    return found


def _header(octets: bytes) -> bytes:
    end = _HEADER_END.search(octets, 0, _HEADER_MAX)
    return octets[: end.end()] if end is not None else octets[:_HEADER_MAX]


# --- Maildirs


def _is_maildir(path: Path) -> bool:
    return (path / "cur").is_dir() and (path / "new").is_dir()


def _maildirs_below(path: Path) -> list[Source]:
    """The subfolders of a Maildir: `.Work.2026` of Maildir++, or folders in folders."""
    found = []
    for folder, names, _ in os.walk(path):
        here = Path(folder)
        names[:] = sorted(name for name in names if name not in {"cur", "new", "tmp"})
        if here == path or not _is_maildir(here):
            continue
        below = [level for part in here.relative_to(path).parts for level in _levels(part)]
        found.append(Source(here, "maildir", "/".join(below)))
    return found


def _levels(part: str) -> list[str]:
    return [level for level in part.split(".") if level] if part.startswith(".") else [part]


def _maildir_files(path: Path) -> Iterator[Path]:
    for name in ("cur", "new"):
        folder = path / name
        yield from sorted((each for each in folder.iterdir() if each.name[0] != "."), key=_by_delivery)


def _by_delivery(path: Path) -> tuple[float, str]:
    seconds = path.name.partition(".")[0]
    return (float(seconds) if seconds.isdecimal() else 0.0, path.name)


def _keywords(path: Path) -> Mapping[str, str]:
    """Dovecot's names for the letters a to z, where it has left them."""
    try:
        lines = (path / "dovecot-keywords").read_text(errors="replace").splitlines()
    except OSError:
        return {}
    pairs = [line.partition(" ")[::2] for line in lines]
    return {chr(ord("a") + int(number)): word for number, word in pairs if number.isdecimal() and int(number) < 26}


# --- .eml files


def _eml_files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
        return
    yield from sorted(each for each in path.rglob("*") if each.suffix.lower() == ".eml" and each.is_file())


def _dated(octets: bytes) -> datetime | None:
    """When a message came here (its topmost Received), else when it says that it was written."""
    dates: dict[bytes, bytes] = {}
    for name, value in fields(_header(octets)):
        dates.setdefault(name.lower(), value)
    received = dates.get(b"received", b"").rpartition(b";")[2]
    for value in (received, dates.get(b"date", b"")):
        found = date(value) if value.strip() else None
        if found is not None:
            return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    return None


# --- mbox


def _mbox(path: Path) -> Iterator[Found]:
    with path.open("rb") as file:
        for number, (line, octets) in enumerate(_mbox_parts(file), 1):
            octets = _QUOTED.sub(rb"\1", octets)
            flags, keywords = _mbox_marks(octets)
            yield Found(octets, flags, keywords, _separator_date(line) or _dated(octets), f"{path}, message {number}")


def _mbox_parts(file: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    """Each separator line with the octets up to the next, without the blank line that ends a message."""
    head, held, blank = b"", list[bytes](), True
    for line in file:
        if blank and line.startswith(b"From ") and (_FROM.match(line) or not head):
            if head:
                yield head, _without_last_blank(held)
            head, held = line, []
        elif head:
            held.append(line)
        elif line.strip():
            raise Refused(f"{file.name}: no mbox file, for it does not begin with a From line")
        blank = line in (b"\n", b"\r\n")
    if head:
        yield head, _without_last_blank(held)


def _without_last_blank(lines: list[bytes]) -> bytes:
    if lines and lines[-1] in (b"\n", b"\r\n"):
        lines = lines[:-1]
    return b"".join(lines)


def _separator_date(line: bytes) -> datetime | None:
    """`From alice@example.org Thu Nov 26 10:00:00 2026`, in UTC unless a zone says otherwise."""
    words = line.decode("ascii", "replace").split()
    try:
        parsed = email.utils.parsedate_tz(" ".join(words[2:]))
        return None if parsed is None else datetime.fromtimestamp(email.utils.mktime_tz(parsed), UTC)
    except (ValueError, OverflowError):
        return None


def _mbox_marks(octets: bytes) -> tuple[Flags, frozenset[str]]:
    """Status, X-Status and X-Keywords, as mail programs write them into an mbox."""
    letters, words = b"", set[str]()
    for name, value in fields(_header(octets)):
        if name.lower() in (b"status", b"x-status"):
            letters += value
        elif name.lower() == b"x-keywords":
            words |= {word for word in value.decode("ascii", "replace").replace(",", " ").split() if word.isascii()}
    return _flags({letter: flag for letter, flag in MBOX_FLAGS.items() if letter in letters}), frozenset(words)
