"""Mail as files to take along: a folder or some emails as a ZIP of .eml files, or as an mbox. Decision 310.

It goes out while it is read, a few messages at a time, so a folder may be of any size. What cannot be read is told at
the end of it, and the rest is there.
"""

from __future__ import annotations

import asyncio
import io
import re
import zipfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote

from groupware.mime.summary import decode
from groupware.model.errors import NotFound
from groupware.model.flags import FLAGS, Flags, words_in
from groupware.model.ids import LAST_UID, BlobId, FolderId, Uid, Uids, ranges
from groupware.model.rights import Right
from groupware.store.api import ReadTx
from web.jmap.ids import email_of, folder_of
from web.jmap.instances import by_folder, instances_of
from web.jmap.turn import Turn, owner_in, readable

FORMS: Final = ("zip", "mbox")
MOST_IDS: Final = 500
AT_ONCE: Final = 100
AT_ONCE_OCTETS: Final = 8 << 20
_COLUMNS: Final = ("id", "bits", "words", "blob", "saved", "octets", "summary")
_ODD: Final = re.compile(r"[^\w .,()+-]+")
_FROM: Final = re.compile(rb"^(>*From )", re.MULTILINE)
_LETTERS: Final = {Flags.SEEN: "R", Flags.ANSWERED: "A", Flags.FLAGGED: "F", Flags.DRAFT: "T"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to go out: of a folder everything, or these messages of it."""

    name: str
    places: Sequence[tuple[FolderId, Uids]]


@dataclass(frozen=True, slots=True)
class _One:
    octets: bytes
    bits: int
    words: str
    saved: datetime
    subject: str
    sender: str


def wanted(tx: ReadTx, account: str, mailbox: str, ids: Sequence[str]) -> Wanted:
    """What is asked for, as far as one may read it. `NotFound`, `MethodError`."""
    folders = readable(tx, owner_in(tx, account))
    if mailbox:
        at = folder_of(mailbox)
        if at is None or at not in folders:
            raise NotFound("there is no such folder, or it is not shared with you")
        return Wanted(folders[at].path.rpartition("/")[2], [(at, [(Uid(1), LAST_UID)])])
    emails = [number for each in ids[:MOST_IDS] if (number := email_of(each)) is not None]
    found = by_folder(some[0] for some in instances_of(tx, folders, emails).values())
    if not found:
        raise NotFound("there are no such emails, or they are not shared with you")
    return Wanted("mail", [(at, ranges([each.uid for each in some])) for at, some in found.items()])


def disposition(name: str, form: str) -> str:
    """The header that names the file."""
    file = f"{_plain(name, 80) or 'mail'}.{form}"
    return f"attachment; filename*=UTF-8''{quote(file)}"


async def stream(turn: Turn, asked: Wanted, form: str) -> AsyncIterator[bytes]:
    """The file, piece by piece."""
    lost: list[str] = []
    written: _Zip | _Mbox = _Zip() if form == "zip" else _Mbox()
    async for page in _pages(turn, asked, lost):
        yield await asyncio.to_thread(written.add, page)
    yield await asyncio.to_thread(written.end, lost)


async def _pages(turn: Turn, asked: Wanted, lost: list[str]) -> AsyncIterator[Sequence[_One]]:
    for at, uids in asked.places:
        for low, high in uids:
            after = low
            while True:
                rows = await turn.read(_rows(at, [(after, high)]))
                if not rows:
                    break
                rows = _bounded(rows)
                bodies = await turn.parts.blobs.read_many([row[4] for row in rows])
                yield [_one(row, bodies[row[4]]) for row in rows if row[4] in bodies]
                lost += [f"UID {row[0]} of {asked.name}" for row in rows if row[4] not in bodies]
                after = Uid(rows[-1][0] + 1)


Row = tuple[Uid, int, int, str, BlobId, int, int, bytes]


def _rows(at: FolderId, uids: Uids) -> Callable[[ReadTx], Sequence[Row]]:
    def work(tx: ReadTx) -> Sequence[Row]:
        if Right.READ not in tx.folder(at).rights:
            return ()
        return tx.columns(at, _COLUMNS, uids, AT_ONCE)

    return work


def _bounded(rows: Sequence[Row]) -> Sequence[Row]:
    """The first of them, as many as memory is to hold; at least one."""
    size = 0
    for number, row in enumerate(rows):
        size += row[6]
        if number and size > AT_ONCE_OCTETS:
            return rows[:number]
    return rows


def _one(row: Row, octets: bytes) -> _One:
    summary = decode(row[7])
    sender = summary.from_[0].address if summary.from_ else ""
    return _One(octets, row[2], row[3], datetime.fromtimestamp(row[5] / 1_000_000, UTC), summary.subject or "", sender)


def _plain(text: str, most: int) -> str:
    """What every system takes for a part of a file's name."""
    return _ODD.sub(" ", text).strip(" .")[:most].strip(" .")


class _Sink(io.RawIOBase):
    """What a ZIP is written into: it is only ever added to, and taken away as it goes out."""

    def __init__(self) -> None:
        self._held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, octets: object) -> int:
        self._held += memoryview(octets)  # type: ignore[arg-type]
        return len(memoryview(octets))  # type: ignore[arg-type]

    def taken(self) -> bytes:
        found, self._held = bytes(self._held), bytearray()
        return found


@dataclass(slots=True)
class _Zip:
    sink: _Sink = field(default_factory=_Sink)
    number: int = 0
    file: zipfile.ZipFile = field(init=False)

    def __post_init__(self) -> None:
        self.file = zipfile.ZipFile(self.sink, "w", zipfile.ZIP_DEFLATED, compresslevel=3)

    def add(self, page: Sequence[_One]) -> bytes:
        for each in page:
            self.number += 1
            name = f"{self.number:05} {each.saved:%Y-%m-%d} {_plain(each.subject, 60) or 'message'}.eml"
            self._put(name, each.octets, each.saved)
        return self.sink.taken()

    def _put(self, name: str, octets: bytes, saved: datetime) -> None:
        year = min(max(saved.year, 1980), 2107)  # what a ZIP has room for
        made = zipfile.ZipInfo(name, (year, saved.month, saved.day, saved.hour, saved.minute, saved.second))
        made.compress_type = zipfile.ZIP_DEFLATED
        self.file.writestr(made, octets)

    def end(self, lost: Sequence[str]) -> bytes:
        if lost:
            self._put("not-readable.txt", "\n".join(lost).encode(), datetime.now(UTC))
        self.file.close()
        return self.sink.taken()


class _Mbox:
    """mboxrd, with Status and X-Status as mail programs write them."""

    def add(self, page: Sequence[_One]) -> bytes:
        return b"".join(piece for each in page for piece in _in_mbox(each))

    def end(self, lost: Sequence[str]) -> bytes:
        if not lost:
            return b""
        text = f"Subject: {len(lost)} messages could not be read\r\n\r\n" + "\r\n".join(lost) + "\r\n"
        return b"".join(_in_mbox(_One(text.encode(), 0, "", datetime.now(UTC), "", "")))


def _in_mbox(each: _One) -> Iterator[bytes]:
    sender = re.sub(r"[^!-~]", "", each.sender) or "MAILER-DAEMON"
    yield f"From {sender} {each.saved:%a %b %d %H:%M:%S %Y}\n".encode()
    flags = FLAGS[each.bits]
    status = "RO" if Flags.SEEN in flags else "O"
    marks = "".join(letter for flag, letter in _LETTERS.items() if flag in flags and flag != Flags.SEEN)
    words = " ".join(words_in(each.words))
    yield f"Status: {status}\n".encode()
    if marks:
        yield f"X-Status: {marks}\n".encode()
    if words:
        yield f"X-Keywords: {words}\n".encode("ascii", "replace")
    yield _FROM.sub(rb">\1", each.octets.replace(b"\r\n", b"\n"))
    yield b"\n" if each.octets.endswith(b"\n") else b"\n\n"
