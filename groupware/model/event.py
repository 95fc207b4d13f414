"""What happened, and what is on its way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from .ids import AccountId, BlobId, FolderId, ItemId, QueueId, Uid


@dataclass(frozen=True, slots=True)
class Event:
    """One row of the mail trace or the audit, under the message id that ties a message's rows together."""

    name: str
    account: AccountId | None
    facts: Mapping[str, str | int]
    message: str = ""
    parties: Mapping[str, Mapping[str, str | int]] = field(default_factory=dict, compare=False)
    """The addresses that it is about, each with facts of its own: it is kept once for each, and found by them."""
    letter: str = field(default="", compare=False)
    """The Message-ID in the header of the message, to find it by."""
    at: int = field(default=0, compare=False)
    """When it happened, in microseconds; 0: when it is written down."""


@dataclass(frozen=True, slots=True)
class TraceRow:
    """An `Event` as it was kept."""

    id: int
    at: datetime
    event: Event


@dataclass(frozen=True, slots=True)
class TraceFilter:
    """Which rows of the trace are meant; "" and None mean any."""

    party: str = ""
    """The address of a sender or recipient."""
    letter: str = ""
    """The Message-ID in the header, without < and >."""
    peer: str = ""
    """The address of the other side."""
    names: tuple[str, ...] = ()
    """What happened: names of events."""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class JournalRow:
    """One change: when, who, with which client, what, where."""

    id: int
    at: datetime
    actor: str
    client: str
    what: str
    folder: FolderId | None
    path: str
    facts: str


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody else did to one event of a calendar."""

    number: int
    """Of the journal's row."""
    at: datetime
    by: str
    """Who did it, as the journal has it; "": the server, for somebody who is elsewhere."""
    name: str
    """What people call them."""
    what: Literal["created", "updated", "destroyed"]
    uid: Uid
    """What it had there afterwards; of one that went, the last."""
    item: ItemId
    before: BlobId | None
    """Its octets as they were; None for what is new."""
    after: BlobId | None
    """As they were then; None for what went."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """The mail queue at one moment, in figures."""

    messages: int = 0
    octets: int = 0
    deferred: int = 0
    """Messages of which a recipient has been tried without success."""
    oldest: datetime | None = None


@dataclass(frozen=True, slots=True)
class QuotaWarning:
    """A mailbox that has passed `quotaLimitThreshold`, whose owner is yet to be told."""

    account: AccountId
    address: str
    resource: Literal["STORAGE", "MESSAGE"]
    used: int
    """Octets, or messages."""
    most: int


@dataclass(frozen=True, slots=True)
class Recipient:
    """One recipient of an envelope, with the DSN parameters of RFC 3461."""

    address: str
    notify: str = ""
    """NOTIFY= as given, upper case: `NEVER`, or some of `SUCCESS,FAILURE,DELAY`."""
    orcpt: str = ""


@dataclass(frozen=True, slots=True)
class Envelope:
    """A message on its way. `sender` "" is <>."""

    sender: str
    recipients: tuple[Recipient, ...]
    blob: BlobId
    size: int
    body: bytes | None = None
    """As in `NewItem`: stored octets, when the blob lives in the database and is not there yet."""
    by: AccountId | None = None
    """The account that submitted it; None for mail from outside."""
    message: str = ""
    """The one message id from connect to delivery, as the log and the trace write it."""
    utf8: bool = False
    body_type: str = "8BITMIME"
    ret: str = ""
    envid: str = ""
    cleared: bool = False
    """Somebody has released it from quarantine: it is not judged again whether it is wanted."""
    require_tls: bool = False
    """It goes over connections that are protected, or not at all (REQUIRETLS, RFC 8689)."""
    own: bool = False
    """Submitted by somebody here, or written by this server, and changed by nobody since: it may be signed."""
    due: datetime | None = None
    """When it comes into the queue, if that is later than now: nobody is tried before. RFC 4865."""


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """A queued message, and how each recipient that is not settled stands."""

    id: QueueId
    envelope: Envelope
    queued: datetime
    recipients: tuple[QueuedRecipient, ...]


@dataclass(frozen=True, slots=True)
class QueuedRecipient:
    """`state` is `ready`, `waiting`, `leased`, `held`, `sent` or `failed`; times in UTC."""

    recipient: Recipient
    domain: str
    state: str
    tries: int
    next_try: datetime
    lease_until: datetime | None = None
    code: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One domain's share of a queued message, leased until `until`."""

    queue: QueueId
    envelope: Envelope
    """Its recipients are only this attempt's."""
    domain: str
    tries: int
    until: datetime
    queued: datetime
    released: bool = False
    """It was held before, and somebody has released it: it is not held again."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one recipient. `code` is an enhanced status code (RFC 3463)."""

    queue: QueueId
    recipient: str
    verdict: str
    """`sent`, `later` or `failed`."""
    code: str = ""
    text: str = ""
    next_try: datetime | None = None
    """For `later`."""
    remote: str = ""
    """The host that said so; empty for this server."""
    hold: bool = False
    """For `later`: until somebody releases it; it is no try."""


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """Which messages of the queue are meant; "" and None mean any. What is asked of a recipient is asked of one."""

    sender: str = ""
    """An address, or <>."""
    recipient: str = ""
    domain: str = ""
    state: Literal["", "ready", "waiting", "leased", "held", "deferred"] = ""
    """`deferred`: it was tried, and is not held."""
    text: str = ""
    """Something in what was said last."""
    before: datetime | None = None
    """Queued before then."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits in the queue for one domain."""

    domain: str
    messages: int
    octets: int
    held: int
    deferred: int
    oldest: datetime
    code: str = ""
    text: str = ""
    """What was said there last, as far as something waits that it was said to."""


@dataclass(frozen=True, slots=True, order=True)
class Landing:
    """Where a delivery has put a message."""

    folder: FolderId
    uid: Uid


@dataclass(frozen=True, slots=True)
class Target:
    """Where an address leads: a folder (`folder`), the INBOX of an account or of a list (`account`, `list`), or away
    (`remote`)."""

    kind: str
    account: AccountId | None = None
    folder: FolderId | None = None
    address: str = ""
    tag: str = ""
    """The sub-address of `user+tag@`, if any."""
    group: AccountId | None = field(default=None, compare=False)
    """The group whose address it was."""
    ruled: bool | None = field(default=None, compare=False)
    """Whether an active script (also of its domain or the server) awaits the mail, or it is forwarded; None: it was not
    looked."""
    screened: bool | None = field(default=None, compare=False)
    """Whether it has something to say of senders (`Screening`); None: it was not looked."""
    takes_from: tuple[str, str] = field(default=("anyDomain", ""), compare=False)
    """`receiveRestriction` and `receiveExceptions` of a single account or list."""
    room: int | None = field(default=None, compare=False)
    """Octets that still fit into the mailbox of a single account or list, all its folders together; None: there is no
    limit, or nobody can say before the mail is here (`ruled`)."""
