"""What the sessions of one IMAP service have in common."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

from groupware.mime.threads import Threads
from mailcore.imap.lines import Lines
from mailcore.imap.snapshot import Snapshots
from mailcore.imap.wire import Limits, limits_of
from mailcore.server.events import EventLog
from mailcore.server.parts import Parts
from mailcore.server.sections import ServiceSection
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
    jmap: str = ""
    """The session of JMAP, for RFC 9698; "" where there is none."""
    jmap_section: ServiceSection | None = None
    """How one signs in there."""
    snapshots: Snapshots = field(default_factory=Snapshots)
    lines: Lines = field(default_factory=Lines)
    threads: Threads = field(default_factory=Threads)
    limits: tuple[Limits, Limits, Limits] = field(init=False)

    def __post_init__(self) -> None:
        self.limits = limits_of(self.section.max_message_size * 1024)
