"""Mail on its way: the queue, what became of each message, what is known of the domains of others and of our own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from groupware.model.dmarc import DmarcSeen
from groupware.model.event import (
    Attempt,
    Backlog,
    Deed,
    Envelope,
    Event,
    JournalRow,
    Outcome,
    QueueEntry,
    QueueFilter,
    TraceFilter,
    TraceRow,
    Waiting,
)
from groupware.model.ids import AccountId, FolderId, QueueId, Uid
from groupware.model.signing import SigningKey
from groupware.model.tls import StsPolicy, TlsResult


class ReadPost(Protocol):
    def changed_at(self, at: FolderId) -> int:
        """When something last happened to a folder, to what is in it, or to rights above it; 0: long ago.

        In microseconds since 1970. Takes `r`.
        """
        ...

    def journal(self, at: FolderId, after: int = 0, limit: int = 1000) -> Sequence[JournalRow]:
        """What was done in a folder, oldest first. Takes `a`."""
        ...

    def deeds(self, at: FolderId, since: int, limit: int) -> Sequence[Deed]:
        """What others did to events of a calendar after a moment, the newest first. Takes `r`.

        Up to `limit`, of the last changes of that calendar; moves within its tree are none. What is private is only
        told to who may read that, and nothing whose octets are kept no longer.
        """
        ...

    def movements(self, at: FolderId, uid: Uid) -> Sequence[JournalRow]:
        """Where an item went that was in a folder: each time it was moved or removed, by whom. Takes `a`.

        It ends where the item is, is gone, or went where one has not that right.
        """
        ...

    def trace(self, message: str, limit: int = 1000) -> Sequence[TraceRow]:
        """The trace of one message id: all of it with `a` on the server, or of what one has submitted.

        Else what is about one's own addresses, or of a domain where one has `a`. `NotFound`.
        """
        ...

    def find_trace(self, wanted: TraceFilter, limit: int = 100) -> Sequence[TraceRow]:
        """Rows of the trace that fit, the newest first. One sees those that `trace` shows.

        `NoRight` for the address of somebody else.
        """
        ...

    def backlog(self) -> Backlog:
        """The queue in figures, without a look at each message. The administrator's right."""
        ...

    def queued(self, key: QueueId | None = None) -> Sequence[QueueEntry]:
        """What waits in the queue. Takes `a` on the server."""
        ...

    def submitted(self, queue: QueueId) -> QueueEntry | None:
        """A message that the asking principal itself has submitted, while it is in the queue."""
        ...

    def was_sent(self, key: str) -> bool:
        """Whether the asking principal itself has sent, in the last 30 days, what is sent once by that name."""
        ...

    def find_queued(self, wanted: QueueFilter, after: QueueId | None = None, limit: int = 100) -> Sequence[QueueEntry]:
        """A page of what waits in the queue and fits, in the order it came, behind the message `after`, if any.

        Each comes with all its recipients. Takes `a` on the server.
        """
        ...

    def waiting(self, limit: int = 1000) -> Sequence[Waiting]:
        """What waits for each domain, the most messages first. Takes `a` on the server."""
        ...

    def next_due(self, *, local: bool) -> datetime | None:
        """When the next attempt is due (or its lease runs out); None when nothing waits. Takes `a` on the server."""
        ...

    def sts_policy(self, domain: str) -> StsPolicy | None:
        """What the domain said of TLS to its hosts when it was last asked (RFC 8461). Takes `a` on the server."""
        ...

    def tls_results(self, domain: str, day: str) -> Sequence[TlsResult]:
        """What came of TLS to a domain on a day (`2027-01-31`, UTC). Takes `a` on the server."""
        ...

    def unreported_tls(self, day: str, limit: int = 100) -> Sequence[str]:
        """Domains of that day's results that no report was made of yet. Takes `a` on the server."""
        ...

    def signing_keys(self, domain: str) -> Sequence[SigningKey]:
        """The keys that a domain's mail is signed with, the oldest first. Takes `a` on the domain. `NotFound`."""
        ...

    def dmarc_seen(self, day: int, domain: str) -> Sequence[DmarcSeen]:
        """What others sent in the name of a domain on a day (since 1970, UTC). Takes `a` on the server."""
        ...

    def dmarc_unreported(self, before: int, limit: int = 100) -> Sequence[tuple[int, str]]:
        """Days before that one, and domains, of which nobody was told yet. Takes `a` on the server."""
        ...


class WritePost(Protocol):
    def enqueue(self, envelope: Envelope) -> QueueId:
        """Puts a message in the queue, every recipient ready now. Any principal that may send."""
        ...

    def lease(
        self,
        limit: int,
        seconds: float,
        *,
        local: bool,
        busy: Sequence[str] = (),
        holder: str = "",
        patience: float = 0.0,
    ) -> Sequence[Attempt]:
        """Takes up to `limit` attempts that are due, oldest first; a lease that runs out is offered again.

        `local`: those for domains of this server, or else those for elsewhere. None for a domain in `busy`. `a` on the
        server. An attempt is one domain's share of one message. What another `holder` had leased is left to that one
        for `patience` seconds longer.
        """
        ...

    def renew(self, attempts: Sequence[Attempt], seconds: float) -> datetime:
        """Holds leases for so many seconds from now; gives their new `until`. `a` on the server.

        A lease is known by its `until`: say the newest. One that somebody else has taken over stays lost.
        """
        ...

    def unlease(self, attempts: Sequence[Attempt]) -> None:
        """Leases end of which nothing was carried: anybody may take them now. `a` on the server."""
        ...

    def reclaim(self, holder: str) -> int:
        """What is left to a holder is due now; how many recipients. Its own confirmations are settled before. `a` on
        the server."""
        ...

    def settle(self, outcomes: Sequence[Outcome]) -> None:
        """Writes down what became of recipients; a message with none left leaves the queue. `a` on the server."""
        ...

    def hasten(self, domain: str | None = None, queue: QueueId | None = None) -> int:
        """Makes what waits (for a domain, or one message) due now; gives back how many. `a` on the server."""
        ...

    def hold_queued(self, queue: QueueId, domain: str = "") -> int:
        """Holds a message until it is released; how many recipients that are. What is under way is left alone.

        With a domain only what goes there. `a` on the server.
        """
        ...

    def release_queued(self, queue: QueueId, domain: str = "") -> int:
        """Makes due now what is held; how many recipients that are. `a` on the server."""
        ...

    def withdraw(self, queue: QueueId) -> None:
        """Takes back a message of the asking principal's own that waits for its time. `NotFound`.

        `Conflict` once its time has come.
        """
        ...

    def claim_sending(self, account: AccountId, key: str) -> None:
        """Writes down, in the write that takes a message, that the account has sent it: once by that name.

        `AlreadyExists` when that was done before. For oneself; the server itself for anybody.
        """
        ...

    def drop_queued(self, queue: QueueId) -> None:
        """Takes a message out of the queue without a word to anybody. `a` on the server."""
        ...

    def note(self, event: Event) -> None:
        """Keeps one row of the mail trace."""
        ...

    def put_sts_policy(self, policy: StsPolicy) -> None:
        """Keeps it instead of the one before. `a` on the server."""
        ...

    def count_tls(self, results: Sequence[TlsResult]) -> None:
        """Adds to what was counted. `a` on the server."""
        ...

    def claim_tls_report(self, domain: str, day: str) -> bool:
        """The report of a domain's day is the caller's to send; False when somebody had it. `a` on the server."""
        ...

    def forget_tls(self, before: str) -> int:
        """Drops the results of the days before; how many these were. `a` on the server."""
        ...

    def put_signing_key(self, domain: str, selector: str, algorithm: str, sealed: str, public: str) -> None:
        """Keeps a new key of a domain, which does not sign yet. `a` on the domain. `AlreadyExists`, `Refused`."""
        ...

    def turn_signing_key(self, domain: str, selector: str, state: str) -> None:
        """Makes a key `active` or `retired`, or only `published` again. `a` on the domain. `NotFound`, `Refused`."""
        ...

    def drop_signing_key(self, domain: str, selector: str) -> None:
        """Takes a key of a domain away for good. `a` on the domain. `NotFound`."""
        ...

    def note_dmarc(self, seen: Sequence[DmarcSeen]) -> None:
        """Adds to what others were seen to send in the name of domains. `a` on the server."""
        ...

    def reported_dmarc(self, day: int, domain: str) -> bool:
        """The domain is told of that day in this very write; False when it had been told. `a` on the server."""
        ...

    def forget_dmarc(self, before: int) -> None:
        """Forgets what was seen before a day. `a` on the server."""
        ...
