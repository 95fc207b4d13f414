"""What the sessions of one IMAP service have in common."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

from groupware.mime.threads import Threads
from groupware.model.ids import FolderId
from mailcore.imap.lines import Lines
from mailcore.imap.snapshot import Snapshots
from mailcore.imap.wire import Limits, limits_of
from mailcore.server.events import EventLog
from mailcore.server.parts import Parts
from mailcore.server.sections_mail import ImapSection
from mailcore.server.signin import Desk
from mailcore.server.spool import Spool


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
    snapshots: Snapshots = field(default_factory=Snapshots)
    lines: Lines = field(default_factory=Lines)
    threads: Threads = field(default_factory=Threads)
    limits: tuple[Limits, Limits, Limits] = field(init=False)

    def recent(self, folder: FolderId) -> int | None:
        """The first UID that no session has been told of as recent; None: what is there is recent to nobody.

        What was there when the server started is (decision 050).
        """
        return self.parts.claims.reached(f"recent {folder}")

    def claim(self, folder: FolderId, uidnext: int, *, read_only: bool) -> int:
        """From which UID on messages are recent to whoever asks now; unless it only reads, to nobody after it."""
        if read_only:
            return self.recent(folder) or uidnext
        return self.parts.claims.claim(f"recent {folder}", uidnext)

    def __post_init__(self) -> None:
        self.limits = limits_of(self.section.max_message_size * 1024)
