"""What other servers have confirmed and the queue does not know yet: a file beside the database, for each process one.

1. A recipient is written here with the one call that follows the peer's 250, before anything else can happen, and is
   done with once the queue has it. Whatever the kernel has taken outlives the process, however it ends.
2. What is written here is never sent again: not by this process, whatever becomes of its attempt (`sure`), and not by
   the next, which tells the queue (`recover`) before it takes anything from it.
3. A file is locked by its process. One that can be locked is of a process that is no more.
4. A number of the queue may be given again; the message id beside it is not.
5. The processes of one data folder are one holder of leases, and its name stays: they can read each other's files.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from groupware.model.event import Attempt, Recipient
from groupware.model.ids import QueueId
from mailcore.queue.courier import Result
from mailcore.server.storage import HOLDER

FOLDER: Final = "confirmed"
LARGEST: Final = 256 * 1024
"""Octets from which on a file begins anew once nothing in it is waited for."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What a peer has confirmed of one message."""

    queue: QueueId
    message: str
    results: Sequence[Result]
    """Of recipients that are named by their address alone."""


class Journal:
    """The file of this process. `note` and `settled` are for its event loop alone."""

    __slots__ = ("_file", "_folder", "_path", "_size", "_waiting", "holder")

    def __init__(self, data: Path) -> None:
        self.holder = holder_of(data)
        self._folder = data / FOLDER
        self._waiting: dict[tuple[QueueId, str], dict[str, Result]] = {}
        self._file: int | None = None
        self._path = self._folder / f"{os.getpid()}-{secrets.token_hex(4)}"
        self._size = 0

    # --- while messages are sent

    def note(self, attempt: Attempt, results: Iterable[Result]) -> None:
        """Writes down what the peer has taken. OSError: the disk is full or broken, and it is kept in memory alone."""
        sent = [each for each in results if each.verdict == "sent"]
        if not sent:
            return
        key = (attempt.queue, attempt.envelope.message)
        self._waiting.setdefault(key, {}).update({each.recipient.address: each for each in sent})
        line = _line(attempt, sent)
        os.write(self._open(), line)
        self._size += len(line)

    def sure(self, attempt: Attempt, results: Sequence[Result]) -> Sequence[Result]:
        """The results, but for recipients that were confirmed what was said then."""
        known = self._waiting.get((attempt.queue, attempt.envelope.message))
        if known is None:
            return results
        return [replace(known.get(to, each), recipient=each.recipient) for each in results for to in [_address(each)]]

    def of(self, attempt: Attempt) -> Sequence[Result]:
        """What was confirmed of this attempt's recipients before it began."""
        known = self._waiting.get((attempt.queue, attempt.envelope.message), {})
        return [
            replace(known[each.address], recipient=each)
            for each in attempt.envelope.recipients
            if each.address in known
        ]

    def settled(self, attempt: Attempt, addresses: Iterable[str]) -> None:
        """The queue knows of these."""
        key = (attempt.queue, attempt.envelope.message)
        known = self._waiting.get(key)
        if known is None:
            return
        for each in addresses:
            known.pop(each, None)
        if not known:
            del self._waiting[key]
        if not self._waiting and self._file is not None and self._size >= LARGEST:
            os.ftruncate(self._file, 0)
            self._size = 0

    def sync(self) -> None:
        """Waits until it is on the disk: for when the queue cannot be told."""
        if self._file is not None:
            os.fdatasync(self._file)

    def close(self) -> None:
        """The file goes, unless the queue does not know all that is in it."""
        if self._file is None:
            return
        if not self._waiting:
            self._path.unlink(missing_ok=True)
        os.close(self._file)
        self._file = None

    def _open(self) -> int:
        while self._file is None:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            found = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            fcntl.flock(found, fcntl.LOCK_EX)
            if os.fstat(found).st_nlink:
                self._file = found
            else:
                os.close(found)  # another process that began just then has taken it for a dead one's
        return self._file

    # --- when a process begins

    def left(self) -> Iterator[tuple[Path, Sequence[Confirmed]]]:
        """The files of processes that are no more, with what is in them; the caller drops each (`drop`)."""
        for path in sorted(self._folder.iterdir()) if self._folder.is_dir() else ():
            if path == self._path:
                continue
            try:
                found = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                continue  # another process that begins has been faster
            try:
                fcntl.flock(found, fcntl.LOCK_EX | fcntl.LOCK_NB)
                yield path, read(path.read_bytes())
            except BlockingIOError:
                continue
            finally:
                os.close(found)


def holder_of(data: Path) -> str:
    """Under which name the processes of a data folder lease: made once, at random. Empty: it cannot be kept."""
    path = data / HOLDER
    fresh = path.with_suffix(f".{secrets.token_hex(4)}")
    try:
        if not path.exists():
            fresh.write_text(secrets.token_hex(16))
            with contextlib.suppress(FileExistsError):
                os.link(fresh, path)  # whole, and never over another's
            fresh.unlink()
        return path.read_text().strip()[:32]
    except OSError:
        return ""


def read(octets: bytes) -> Sequence[Confirmed]:
    """What is in a file. A line that is not whole was being written, and what no line can be is left out."""
    found = []
    for line in octets.split(b"\n")[:-1]:
        try:
            queue, message, host, recipients = json.loads(line)
            results = [Result(Recipient(to), "sent", code, text, host, bool(on)) for to, code, text, on in recipients]
            found.append(Confirmed(QueueId(int(queue)), str(message), results))
        except (ValueError, TypeError):
            continue
    return found


def _line(attempt: Attempt, sent: Sequence[Result]) -> bytes:
    recipients = [(each.recipient.address, each.code, each.text, each.handed_on) for each in sent]
    facts = (int(attempt.queue), attempt.envelope.message, sent[0].remote, recipients)
    return json.dumps(facts, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"


def _address(result: Result) -> str:
    return result.recipient.address
