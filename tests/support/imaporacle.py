r"""What IMAP sessions on shared folders have to show, as simply as it can be said.

Folders are dictionaries. Every command looks at what others have done; what vanished stays where it stood while
numbers are in use (RFC 3501 §7.4.1). \Seen is each person's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

SEEN, DELETED = "\\Seen", "\\Deleted"


@dataclass
class Message:
    """A message in a folder; `flags` without \\Seen, `seen` whose it is."""

    flags: frozenset[str] = frozenset()
    seen: frozenset[str] = frozenset()

    def shown(self, who: str) -> frozenset[str]:
        return self.flags | ({SEEN} if who in self.seen else set())

    def with_flags(self, who: str, flags: frozenset[str]) -> Message:
        seen = self.seen | {who} if SEEN in flags else self.seen - {who}
        return Message(flags - {SEEN}, seen)


@dataclass
class Folder:
    """A folder as it is."""

    messages: dict[int, Message] = field(default_factory=dict)
    uidnext: int = 1

    def add(self, message: Message) -> int:
        self.messages[self.uidnext] = message
        self.uidnext += 1
        return self.uidnext - 1


@dataclass
class Told:
    """One message as a client knows it."""

    uid: int
    flags: frozenset[str]


@dataclass
class Sitting:
    """A session in a folder: what its client has been told."""

    who: str
    folder: Folder
    read_only: bool
    told: list[Told] = field(default_factory=list)

    def look(self, *, expunges: bool) -> None:
        """Catch up, as behind every command."""
        there = self.folder.messages
        if expunges:
            self.told = [each for each in self.told if each.uid in there]
        last = self.told[-1].uid if self.told else 0
        self.told += [Told(uid, frozenset()) for uid in sorted(there) if uid > last]
        for each in self.told:
            if each.uid in there:
                each.flags = self.flags_of(each.uid)

    def enter(self) -> None:
        """SELECT or EXAMINE."""
        self.told = []
        self.look(expunges=True)

    def flags_of(self, uid: int) -> frozenset[str]:
        return self.folder.messages[uid].shown(self.who)

    # --- what commands do

    def alive(self, uids: Iterable[int]) -> list[int]:
        return [uid for uid in uids if uid in self.folder.messages]

    def store(self, uids: Iterable[int], change: Callable[[frozenset[str]], frozenset[str]]) -> None:
        for uid in self.alive(uids):
            message = self.folder.messages[uid]
            self.folder.messages[uid] = message.with_flags(self.who, change(message.shown(self.who)))

    def copy(self, uids: Iterable[int], to: Folder) -> list[tuple[int, int]]:
        pairs = []
        for uid in self.alive(uids):
            shown = self.folder.messages[uid].shown(self.who)
            pairs.append((uid, to.add(Message().with_flags(self.who, shown))))
        return pairs

    def expunge(self, uids: Iterable[int]) -> None:
        for uid in self.alive(uids):
            if DELETED in self.folder.messages[uid].flags:
                del self.folder.messages[uid]

    def search(self, fits: Callable[[frozenset[str]], bool]) -> list[int]:
        """The places, from 1, of those that are there and fit."""
        there = self.folder.messages
        return [
            at for at, each in enumerate(self.told, 1) if each.uid in there and fits(there[each.uid].shown(self.who))
        ]
