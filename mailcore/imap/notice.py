"""What a session has asked to be told of without asking again, and what it has been told. RFC 5465.

Invariants
1. A mailbox that may not be looked up is not told of; of one that may not be read only its name is.
2. The bus says that something has changed; what, is read then, for the mailboxes with a mark alone.
3. The first group that fits a mailbox decides; the selected one has groups of its own.
4. Annotations are asked for where somebody wants to hear of them, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Flag
from typing import TYPE_CHECKING, Final

from groupware.model.folder import SEPARATOR, Folder
from groupware.model.ids import FolderId, ModSeq, Uids
from groupware.model.rights import Right
from groupware.model.times import NEVER, seconds_until
from groupware.store.api import SERVER_ENTRIES, Bus, Watch

if TYPE_CHECKING:
    from mailcore.imap.commands.fetch_items import Fetching
    from mailcore.imap.session import Session
    from mailcore.imap.view import View

MOST_WATCHED: Final = 20_000
"""Mailboxes that one session may watch."""


class Happening(Flag):
    """What can happen; RFC 5465 §5."""

    NEW = 1
    EXPUNGE = 2
    FLAGS = 4
    NAME = 8
    SUBSCRIPTION = 16
    METADATA = 32
    SERVER = 64
    """Metadata of the server: whatever mailboxes the group is about."""


NOTHING: Final = Happening(0)
OF_MESSAGES: Final = Happening.NEW | Happening.EXPUNGE | Happening.FLAGS


@dataclass(frozen=True, slots=True)
class Group:
    """Some mailboxes, and what is told of them."""

    which: bytes
    """PERSONAL, INBOXES, SUBSCRIBED, SUBTREE or MAILBOXES."""
    events: Happening
    paths: tuple[str, ...] = ()

    def fits(self, folder: Folder, subscribed: frozenset[str]) -> bool:
        """Whether the folder is one of them. Mail may be delivered to any own mailbox, so INBOXES is PERSONAL."""
        match self.which:
            case b"PERSONAL" | b"INBOXES":
                return folder.own
            case b"SUBSCRIBED":
                return folder.path in subscribed
            case b"SUBTREE":
                return any(folder.path == path or folder.path.startswith(path + SEPARATOR) for path in self.paths)
        return folder.path in self.paths


@dataclass(frozen=True, slots=True)
class OfSelected:
    """What is told of the selected mailbox while no command is at work."""

    events: Happening
    delayed: bool
    """EXPUNGE waits for a command that allows it: numbers hold until then."""
    items: Fetching | None = None
    """What is told of each new message."""


@dataclass(frozen=True, slots=True)
class Wish:
    """NOTIFY SET's arguments."""

    groups: tuple[Group, ...]
    selected: OfSelected | None
    status: bool

    @property
    def of_server(self) -> bool:
        """Whether the server's annotations are told of."""
        return any(Happening.SERVER in group.events for group in self.groups)

    @property
    def of_entries(self) -> bool:
        """Whether any annotations are told of."""
        return any(group.events & (Happening.METADATA | Happening.SERVER) for group in self.groups)


@dataclass(frozen=True, slots=True)
class Stand:
    """What was last known of a mailbox."""

    path: str
    readable: bool
    events: Happening
    counts: tuple[int, int] = (0, 0)
    """Messages, and the next UID."""
    modseq: int = 0
    settings: tuple[bool, str | None] = (False, None)
    """Whether \\Seen is one for all, and what an own mailbox is used for: they are annotations to clients."""


def standing(folder: Folder, events: Happening) -> Stand:
    """A mailbox as it is now."""
    readable = Right.READ in folder.rights
    settings = (folder.shared_seen, folder.role if folder.own else None)
    return Stand(folder.path, readable, events, (folder.total, folder.uidnext), folder.modseq, settings)


class TooMany(Exception):
    """More mailboxes than one session may watch."""


@dataclass(frozen=True, slots=True)
class Renewed:
    """What a look at all mailboxes brought up, in path order."""

    made: Sequence[Folder]
    gone: Sequence[str]
    renamed: Sequence[tuple[Folder, str]]
    closed: Sequence[Folder]
    """May no longer be read, or may be again."""
    subscribed: Sequence[tuple[str, bool]]
    moved: Sequence[Folder]
    """Messages came, went or have other flags."""


Tell = Callable[["Session", Mapping[FolderId, ModSeq]], Awaitable[None]]
TellNew = Callable[["Session", "View", Uids], Awaitable[None]]


class Notices:
    """The state of NOTIFY in one session."""

    __slots__ = (
        "_bus", "_roots", "_subscribed", "_until", "_watch", "_watched", "entries", "known", "stale", "tell",
        "tell_new", "wish",
    )  # fmt: skip

    def __init__(self, bus: Bus, wish: Wish, tell: Tell, tell_new: TellNew) -> None:
        self._bus, self.wish, self.tell, self.tell_new = bus, wish, tell, tell_new
        self.known: dict[FolderId, Stand] = {}
        self.entries: dict[FolderId, ModSeq] = {}
        """Up to where the annotations are known, of mailboxes and of the server."""
        self._roots: frozenset[FolderId] = frozenset()
        self._subscribed: frozenset[str] = frozenset()
        self._watch: Watch | None = None
        self._watched: set[FolderId] = set()
        self._until = NEVER
        self.stale = False
        """What was taken over was read before it was watched: a look at all mailboxes has to follow."""

    def events_of(self, folder: Folder, subscribed: frozenset[str]) -> Happening:
        """What is told of a mailbox: the first group that it fits."""
        found = next((group.events for group in self.wish.groups if group.fits(folder, subscribed)), NOTHING)
        return found & ~Happening.SERVER

    # --- all mailboxes

    def take(self, folders: Iterable[Folder], subscribed: frozenset[str], until: int) -> Renewed:
        """Take all mailboxes over as they are now, watch them, and say what is different. `TooMany`.

        `until`: when they become others by themselves (`ReadTx.folders_until`).
        """
        shown = [folder for folder in folders if folder.exists]
        self._until = until
        before, self.known = self.known, {}
        new = {folder.id for folder in shown} - before.keys()
        made: list[Folder] = []
        closed: list[Folder] = []
        renamed: list[tuple[Folder, str]] = []
        for folder in shown:
            events = self.events_of(folder, subscribed)
            old = before.pop(folder.id, None)
            now = standing(folder, events)
            self.known[folder.id] = now if old is None else replace(now, counts=old.counts, modseq=old.modseq)
            named = Happening.NAME in (events | old.events if old is not None else events)
            if not named:
                continue
            if old is None:
                made.append(folder)
            elif old.path != folder.path:
                renamed.append((folder, old.path))
            elif old.readable != now.readable:
                closed.append(folder)
        gone = sorted(stand.path for stand in before.values() if Happening.NAME in stand.events)
        told = {folder.id for folder in made} | {folder.id for folder, _ in renamed}
        changed = self._subscriptions(subscribed, {each.path: each for each in shown if each.id not in told})
        self._watch_over(shown)
        moved = [folder for folder in shown if folder.id not in new and self.moved(folder)]
        return Renewed(made, gone, renamed, closed, changed, moved)

    def _subscriptions(self, now: frozenset[str], folders: Mapping[str, Folder]) -> list[tuple[str, bool]]:
        """What has been subscribed to, or no longer is, of these mailboxes, as far as they are told of."""
        before, self._subscribed = self._subscribed, now
        found = []
        for path in sorted(before ^ now):
            folder = folders.get(path)
            groups = [group for group in self.wish.groups if Happening.SUBSCRIPTION in group.events]
            either = before | now
            if folder is not None and any(group.fits(folder, either) for group in groups):
                found.append((path, path in now))
        return found

    def _watch_over(self, shown: Sequence[Folder]) -> None:
        ids = {folder.id for folder in shown}
        self._roots = frozenset({folder.parent for folder in shown if folder.parent is not None} - ids)
        # what is made, renamed or deleted marks the root of its tree; whose rights change is marked itself
        told = {at for at, stand in self.known.items() if stand.events}
        wanted = told | self._roots if self.wish.groups else set()
        if self.wish.of_server:
            wanted = wanted | {SERVER_ENTRIES}
        if len(wanted) > MOST_WATCHED:
            raise TooMany
        self.stale = self._watch is None or wanted != self._watched
        if self.stale:  # else the marks that wait in the watch stay
            self.close()
            self._watch, self._watched = self._bus.watch(wanted), wanted

    # --- marks

    async def marked(self, within: float) -> Mapping[FolderId, ModSeq]:
        """The mailboxes in which something may have changed; waits up to `within` seconds, or until a right ends."""
        return await self._watch.changed(min(within, seconds_until(self._until))) if self._watch is not None else {}

    def tree_changed(self, marks: Iterable[FolderId]) -> bool:
        """Whether the list of mailboxes may be another."""
        return not self._roots.isdisjoint(marks)

    def counted(self, at: FolderId) -> bool:
        """Whether the messages of a mailbox are told of."""
        stand = self.known.get(at)
        return stand is not None and stand.readable and bool(stand.events & OF_MESSAGES)

    def tells_entries(self, at: FolderId) -> bool:
        """Whether the annotations of a mailbox, or of the server, are told of."""
        if at == SERVER_ENTRIES:
            return self.wish.of_server
        stand = self.known.get(at)
        return stand is not None and Happening.METADATA in stand.events

    def set_anew(self, folder: Folder) -> tuple[bool, bool]:
        """Take over how a mailbox is set; whether sharing \\Seen and whether its use is another, where that is told."""
        old = self.known.get(folder.id)
        if old is None or Happening.METADATA not in old.events:
            return False, False
        now = standing(folder, old.events).settings
        self.known[folder.id] = replace(old, settings=now)
        return old.settings[0] != now[0], old.settings[1] != now[1]

    def elsewhere(self, at: FolderId, folder: Folder | None) -> bool:
        """Whether a mailbox is not what it was: gone, renamed, or another right to read."""
        old = self.known[at]
        return folder is None or folder.path != old.path or (Right.READ in folder.rights) != old.readable

    def moved(self, folder: Folder) -> bool:
        """Take a mailbox over as it is now; whether what happened is something that is told."""
        old = self.known[folder.id]
        now = standing(folder, old.events)
        if not now.readable:
            return False
        self.known[folder.id] = now
        if old.counts != now.counts:
            return bool(old.events & (Happening.NEW | Happening.EXPUNGE))
        return old.modseq != now.modseq and Happening.FLAGS in old.events

    def close(self) -> None:
        """No more marks."""
        if self._watch is not None:
            self._watch.close()
        self._watch = None
