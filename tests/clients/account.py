"""An account as a test looks at it from the side: over IMAP, with Python's own client."""

from __future__ import annotations

import imaplib
import re
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from tests.support.patience import until
from tests.support.server import Person, RunningServer

WAIT = 40.0
_FETCHED = re.compile(rb"UID (\d+) FLAGS \(([^)]*)\)")


@dataclass(frozen=True, slots=True)
class Message:
    """One message in a folder."""

    uid: int
    flags: frozenset[str]
    octets: bytes


class Account:
    """A person, and a session that sees what is in the person's folders."""

    def __init__(self, server: RunningServer, person: Person) -> None:
        self.person, self.address, self.password = person, person.address, person.password
        self._imap = imaplib.IMAP4("127.0.0.1", server.port("imap"), timeout=WAIT)

    def __enter__(self) -> Self:
        self._imap.login(self.address, self.password)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._imap.logout()

    def create(self, folder: str) -> None:
        """A new folder."""
        self._done(self._imap.create(_quoted(folder)))

    def put(self, *messages: bytes, folder: str = "INBOX", flags: str = "") -> None:
        """Messages into a folder, octet for octet."""
        for octets in messages:
            # imaplib's append would put the line ends right; it must not
            self._imap.literal = octets
            self._done(self._imap._simple_command("APPEND", _quoted(folder), f"({flags})"))

    def flag(self, uid: int, flags: str, folder: str = "INBOX") -> None:
        """Add flags to a message."""
        self._done(self._imap.select(_quoted(folder)))
        self._done(self._imap.uid("STORE", str(uid), "+FLAGS", f"({flags})"))

    def expunge(self, folder: str = "INBOX") -> None:
        """Remove what is marked as deleted."""
        self._done(self._imap.select(_quoted(folder)))
        self._done(self._imap.expunge())

    def folders(self) -> set[str]:
        """The names of all folders that the person sees."""
        lines = self._done(self._imap.list())
        return {line.decode().split(' "/" ')[1].strip('"') for line in lines if isinstance(line, bytes)}

    def messages(self, folder: str = "INBOX") -> list[Message]:
        """What is in a folder now, by UID."""
        self._done(self._imap.select(_quoted(folder), readonly=True))
        rows = self._done(self._imap.fetch("1:*", "(UID FLAGS BODY.PEEK[])")) if self._count() else []
        found = []
        for row in rows:
            if isinstance(row, tuple):
                told = _FETCHED.search(row[0])
                assert told, row[0]
                flags = frozenset(told[2].decode().split()) - {"\\Recent"}
                found.append(Message(int(told[1]), flags, row[1]))
        return found

    def until(self, count: int, folder: str = "INBOX") -> list[Message]:
        """The messages of a folder once there are so many: delivery comes after the answer to the sender."""

        def enough() -> list[Message] | None:
            found = self.messages(folder)
            return found if len(found) >= count else None

        said = f"{count} messages were to come into {folder}"
        return until(enough, lambda: f"{said}, not {len(self.messages(folder))}")

    def _count(self) -> int:
        return int(self._imap.untagged_responses.get("EXISTS", [b"0"])[-1])

    def _done(self, answer: tuple[str, list[object]]) -> list[object]:
        status, data = answer
        assert status == "OK", data
        return data


def _quoted(folder: str) -> str:
    return '"' + folder.replace("\\", "\\\\").replace('"', '\\"') + '"'
