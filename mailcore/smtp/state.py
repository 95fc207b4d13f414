"""What one SMTP session knows, and what all sessions of the service share."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, ExitStack
from dataclasses import dataclass, field
from typing import Final

from groupware.model.event import Outcome, Recipient
from groupware.model.policy import SendUse
from groupware.model.principal import Principal
from mailcore.queue.intake import Intake
from mailcore.queue.plans import Ruled, Targets
from mailcore.queue.texts import Texts
from mailcore.server import log
from mailcore.server.config import Config
from mailcore.server.connection import Connection
from mailcore.server.parts import Parts
from mailcore.server.sections import ServiceSection
from mailcore.server.signin import Desk, SignIn
from mailcore.server.spool import Spool
from mailcore.smtp.authentication import checks
from mailcore.smtp.authentication.actions import Caused
from mailcore.smtp.authentication.verdicts import UNCHECKED, Verdicts
from mailcore.smtp.incoming import Incoming, Memory, Room
from mailcore.smtp.policy.book import Rulebook
from mailcore.smtp.policy.countries import Atlas
from mailcore.smtp.policy.engine import NO_RULES, Ruleset
from mailcore.smtp.policy.floods import Floods
from mailcore.smtp.policy.harvesting import Harvesting
from mailcore.smtp.policy.variables import Value
from mailcore.smtp.refusals import Refusals
from mailcore.smtp.reply import FAULT, Reply
from mailcore.smtp.wire import MailParams

MX: Final = "mx"
SUBMISSION: Final = "submission"
LMTP: Final = "lmtp"
MODULE: Final = "SMTP-IN"

Replies = Reply | list[Reply] | None
"""What a handler gives back; None when it has said everything itself."""


@dataclass(frozen=True, slots=True)
class Shared:
    """What every session of the service works with."""

    parts: Parts
    config: Config
    host: str
    """What this server calls itself."""
    section: ServiceSection
    desk: Desk
    intake: Intake
    book: Rulebook
    atlas: Atlas
    floods: Floods
    harvest: Harvesting
    """Who has tried out recipients."""
    memory: Memory
    room: Room
    spool: Spool
    authentication: checks.Desk
    place: Callable[[], AbstractAsyncContextManager[None]]
    """A place to work in, for what costs more than a moment."""
    refusals: Refusals
    texts: Callable[[], Texts] = Texts
    """The administrator's words."""

    @property
    def largest(self) -> int:
        """Octets of the largest message."""
        return self.config.smtp.max_message_size * 1024


@dataclass(slots=True)
class Transaction:
    """One message from MAIL to its end."""

    id: str
    sender: str
    params: MailParams
    recipients: dict[str, Recipient] = field(default_factory=dict)
    targets: dict[str, Targets] = field(default_factory=dict)
    incoming: Incoming | None = None
    """What DATA or BDAT has brought; None: neither was said yet."""
    limits: Mapping[str, Value] = field(default_factory=dict)
    """What rules have set for this message."""
    use: SendUse | None = None
    """What who signed in had sent when the message began; None: as much as they like."""
    footed: bool = False
    """It gets its footer at once, for people here as well."""
    forbidden: dict[str, Reply] = field(default_factory=dict)
    """Recipients that settings forbid."""
    discarded: set[str] = field(default_factory=set)
    """Recipients that were accepted and do not get it."""
    broken: Reply | None = None
    """Why no more BDAT is taken. RFC 3030 §2: until RSET."""
    checks: checks.Checks | None = None
    """What is found out about the sender while the content comes in."""
    early: Caused | None = None
    """What the envelope alone has caused; None: that was not asked."""
    verdicts: Verdicts = UNCHECKED
    """What was found, once all of the message is here."""
    once: str = ""
    """It is sent once by that name, whoever asks for it again; "": each time."""
    held: str = ""
    """Why it is held back for all recipients; "" when it is not."""
    ruled: list[Ruled] = field(default_factory=list)
    """The rules that fitted."""
    outcomes: Sequence[Outcome] = ()
    """What became of the recipients when the message was taken."""


class State:
    """One session. Handlers read and change it; they write to the connection only what cannot wait for their reply."""

    __slots__ = (
        "_scope",
        "brought",
        "connection",
        "errors",
        "extended",
        "front",
        "hello",
        "limits",
        "log",
        "looked_up",
        "opening",
        "role",
        "rules",
        "shared",
        "signin",
        "taken",
        "taken_octets",
        "talk",
        "transaction",
    )

    def __init__(self, shared: Shared, connection: Connection) -> None:
        self.shared, self.connection = shared, connection
        self.front = connection.peer  # who has connected, also when it speaks for somebody else (XCLIENT)
        self.role = connection.listener.role or MX
        self.signin = SignIn(shared.desk, connection)
        self.log = shared.parts.log(MODULE)
        self.hello = ""
        self.extended = False
        self.transaction: Transaction | None = None
        self.errors = 0  # wrong commands since the last message
        self.talk = 0  # commands since the last message that brought none nearer
        self.taken = self.taken_octets = 0  # messages, and their octets
        self.rules: Ruleset = NO_RULES  # renewed with every message
        self.opening: dict[str, Value] = {}  # what rules set when the client connected
        self.limits: dict[str, Value] = {}  # what they have set by now
        self.looked_up: dict[str, Value] = {}
        self.brought: dict[str, int] = {}  # messages and recipients of this peer in the interval, as last counted
        self._scope = ExitStack()

    @property
    def who(self) -> Principal | None:
        """Who signed in."""
        return self.signin.who

    @property
    def owner(self) -> tuple[str, str]:
        """Domain and account that counters count for."""
        name = self.who.name if self.who is not None else ""
        return name.rpartition("@")[2], name

    @property
    def may_require_tls(self) -> bool:
        """Whether a message may be brought that requires TLS: only where it has come so far with it. RFC 8689 §3."""
        return self.connection.secure and self.role != LMTP

    def limit(self, name: str, usual: Value) -> Value:
        """What rules have set a variable to, for the message that has begun or else for the session."""
        return (self.limits if self.transaction is None else self.transaction.limits).get(name, usual)

    @property
    def largest(self) -> int:
        """Octets of the largest message that may come now."""
        return self.most_octets(self.limits if self.transaction is None else self.transaction.limits)

    def most_octets(self, limits: Mapping[str, Value]) -> int:
        """Octets of the largest message under these limits."""
        kilobytes = limits.get("maxDataSize", 0)
        return int(kilobytes) * 1024 if isinstance(kilobytes, int) and kilobytes else self.shared.largest

    def incoming(self) -> Incoming:
        """A place for the octets of a message."""
        return Incoming(self.shared.memory, self.shared.spool)

    def begin(self, sender: str, params: MailParams) -> Transaction:
        """A transaction with a message id of its own; every log line says it from now on."""
        self.reset()
        self.transaction = Transaction(self._scope.enter_context(log.message()), sender, params, limits=self.limits)
        return self.transaction

    def reset(self) -> None:
        """Forget the transaction."""
        if self.transaction is not None and self.transaction.checks is not None:
            self.transaction.checks.cancel()
        if self.transaction is not None and self.transaction.incoming is not None:
            self.transaction.incoming.close()
        self.transaction = None
        self._scope.close()

    def restart(self) -> None:
        """Forget everything that was said: TLS has begun. RFC 3207 §4.2."""
        self.reset()
        self.hello, self.extended, self.signin.who = "", False, None
        self.signin.released()
        self.limits = dict(self.opening)

    def fault(self) -> Reply:
        """Note the exception that is being handled, a bug of ours; what the client is told of it."""
        self.log.error("command_failed", traceback=traceback.format_exc())
        return FAULT
