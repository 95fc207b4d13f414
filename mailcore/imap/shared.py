"""What the sessions of one IMAP service have in common."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Final

from groupware.mime.threads import Threads
from groupware.model.ids import FolderId
from mailcore.imap.snapshot import Snapshots
from mailcore.imap.wire import Limits, limits_of
from mailcore.server.events import EventLog
from mailcore.server.parts import Parts
from mailcore.server.sections_mail import ImapSection
from mailcore.server.signin import Desk
from mailcore.server.spool import Spool

MOST_RECENT: Final = 100_000  # folders that are remembered


@dataclass(slots=True)
class Shared:
    """What the sessions of one service have in common."""

    parts: Parts
    desk: Desk
    section: ImapSection
    greeting: str
    """%D stands for the server's name, %U for something that no other greeting has."""
    host: str
    slot: Callable[[], AbstractAsyncContextManager[None]]
    log: EventLog
    spool: Spool
    scripts: str = ""
    """Where the scripts of folders are edited, for the capability IMAPSIEVE; "" where nobody can."""
    recent: dict[FolderId, int] = field(default_factory=dict)
    """The first UID of each folder that no session has been told of as recent."""
    snapshots: Snapshots = field(default_factory=Snapshots)
    threads: Threads = field(default_factory=Threads)
    limits: tuple[Limits, Limits, Limits] = field(init=False)

    def claim(self, folder: FolderId, uidnext: int, *, read_only: bool) -> int:
        """From which UID on messages are recent to whoever asks now; unless it only reads, to nobody after it.

        What was there when the server started is recent to nobody (decision 050).
        """
        first = self.recent.get(folder, uidnext)
        if not read_only:
            self.recent.pop(folder, None)
            self.recent[folder] = max(first, uidnext)
            if len(self.recent) > MOST_RECENT:
                self.recent.pop(next(iter(self.recent)))
        return first

    def __post_init__(self) -> None:
        self.limits = limits_of(self.section.max_message_size * 1024)
