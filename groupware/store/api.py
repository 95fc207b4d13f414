"""The one door to the data.

A protocol hands the store a `Principal` and a plain function, `work`; the store runs it in one thread hop, in one
transaction, and every method inside first *opens* the folder with the right that it needs. Invariants:

1. Nothing is read or written without a folder opened for the asking principal; a folder that it may not look up is
   `NotFound`, with the words of one that does not exist.
2. `write` answers after COMMIT; what raised has changed nothing.
3. `work` may run twice and must have no side effects; nothing lazy leaves it.
4. Change marks go on the bus after COMMIT, and only then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Protocol, TypeVar

from groupware.model.attachment import Attachment
from groupware.model.dmarc import DmarcSeen
from groupware.model.errors import GroupwareError
from groupware.model.event import (
    Attempt,
    Backlog,
    Envelope,
    Event,
    JournalRow,
    Outcome,
    QueueEntry,
    QueueFilter,
    QuotaWarning,
    Target,
    TraceFilter,
    TraceRow,
    Waiting,
)
from groupware.model.flags import FlagChange
from groupware.model.folder import Destination, Folder
from groupware.model.ids import BEGINNING, AccountId, BlobId, FolderId, ItemId, ModSeq, PrincipalId, QueueId, Uid, Uids
from groupware.model.item import Changes, Delta, Entry, Found, Item, Kind, NewItem, Placed, Query, Turnover
from groupware.model.link import Bearer, Link
from groupware.model.lock import WriteLock
from groupware.model.mailinglist import ListWork, Progress, Subscriber
from groupware.model.meeting import Counted, Guest, Happening, Visit
from groupware.model.memory import Lesson, Memory, Undo
from groupware.model.occasion import Occasion
from groupware.model.policy import SendUse, StoredRule
from groupware.model.principal import Account, Credential, Domain, NewAccount, Person, Principal, PrincipalKind, Setting
from groupware.model.push import PushTarget
from groupware.model.record import Record, RecordChanges, RecordKind, Upload, UploadRoom
from groupware.model.rights import Explanation, Grant, Right
from groupware.model.script import ActiveScript, StoredScript
from groupware.model.sharing import Notice, ShareState
from groupware.model.signing import SigningKey
from groupware.model.tls import StsPolicy, TlsResult

from .beside import Blobs as Blobs
from .beside import Bus as Bus
from .beside import Stored as Stored
from .beside import Watch as Watch

T = TypeVar("T")

QUEUE = FolderId(0)
"""The mark on the bus for "something in the mail queue is due"; no folder has this number."""

SERVER_ENTRIES = FolderId(-1)
"""The mark on the bus for "an annotation of the server has changed"; no folder has this number."""

POLICY = FolderId(-2)
"""The mark on the bus for "the rules of SMTP have changed", with their epoch; no folder has this number."""

LISTS = FolderId(-3)
"""The mark on the bus for "something has come for a mail list"; no folder has this number."""

PUSH = FolderId(-4)
"""The mark on the bus for "another registration for push"; no folder has this number."""

OCCASIONS = FolderId(-5)
"""The mark on the bus for "a script waits for what happened to a message"; no folder has this number."""

Where = str | FolderId
"""A folder by its id, or by its path in the asking principal's own view."""


class ReadTx(Protocol):
    """One snapshot, one principal, one worker thread. Plain blocking calls; each opens its folder first."""

    @property
    def who(self) -> Principal:
        """The principal that asks, with its memberships as they are in this snapshot."""
        ...

    # --- folders -----------------------------------------------------------------------------------------------

    def folder(self, at: Where, need: Right = Right.READ) -> Folder:
        """The folder. `NotFound` when it is not there or `l` is missing; `NoRight` when only `need` is."""
        ...

    def folders(self, kind: Kind | None = None, *, of: AccountId | None = None) -> Sequence[Folder]:
        """Every folder that may be looked up: own, `Other Users/...`, `Public/...`, in path order.

        Parents that may not be looked up are there with `exists=False`. `of` confines it to one owner's tree.
        """
        ...

    def locate(self, owner: AccountId, path: str, need: Right = Right.LOOKUP) -> Folder:
        """The folder at a path in its owner's own tree ("" is the root)."""
        ...

    def role(self, owner: AccountId, role: str, need: Right = Right.LOOKUP) -> Folder:
        """The owner's folder with that role (`inbox`, `sent`, ...)."""
        ...

    def quarantines(self) -> Sequence[tuple[FolderId, AccountId]]:
        """Every folder where mail is held back, and whose it is. Takes `a` on the server."""
        ...

    def grants(self, at: Where) -> Sequence[Grant]:
        """The rows on this very folder. Takes `a`."""
        ...

    def explain(self, at: Where, actor: str) -> Explanation:
        """Which rows decide what `actor` (an address) may do here, in words. Takes `a`."""
        ...

    def links(self, at: Where) -> Sequence[Link]:
        """The links to this very folder, the oldest first. Takes `a`."""
        ...

    def bearer(self, digest: str) -> Bearer:
        """Who comes with the link whose secret has this digest (SHA-256, hexadecimal), and where it leads. `NotFound`.

        Takes `a` on the server: for the service that people come to with links.
        """
        ...

    def anyone(self) -> Principal:
        """Who has not signed in: what is granted to `anyone`, and nothing else."""
        ...

    def share_states(self) -> Mapping[FolderId, ShareState]:
        """What became of the invitations that the asking principal has had by name; only where there was one."""
        ...

    def delegations(self) -> Sequence[tuple[AccountId, str, Right]]:
        """Accounts, with their address, whose root names the asking principal or its groups, and what is allowed."""
        ...

    def notices(self) -> Sequence[Notice]:
        """What the asking principal is told of invitations and answers, the oldest first."""
        ...

    def inherited(self, at: Where, actor: str) -> Right:
        """What `actor` may do here whatever the rows of this very folder allow. Takes `a`."""
        ...

    def annotations(self, at: FolderId | None) -> Sequence[tuple[str, bytes]]:
        """(entry, value) of a folder, or with None of the server: the shared ones and the asking principal's own.

        Takes `l` and one of `r`, `s`, `w`, `i`, `p`; nothing for the server.
        """
        ...

    def all_annotations(self) -> Mapping[FolderId, Sequence[tuple[str, bytes]]]:
        """The same of every folder where the asking principal may read them."""
        ...

    def annotated_with(self, owner: AccountId, entry: str, value: bytes) -> FolderId | None:
        """The owner's folder whose shared entry has this value; None when there is none, or one may not look it up."""
        ...

    def annotated(self, at: FolderId | None, since: ModSeq) -> tuple[Sequence[str], ModSeq]:
        """The entries of a folder that were changed after `since` (0: none), and where to ask on from.

        With None those of the server. Only those that `annotations` gives, or gave while they were there.
        """
        ...

    def all_annotated(self) -> Mapping[FolderId, ModSeq]:
        """Where to ask `annotated` on from, of every folder where the asking principal may."""
        ...

    def subscriptions(self) -> Sequence[str]:
        """Paths that the asking principal subscribed to, whether or not something is there.

        What it has said nothing of is subscribed to as the setting `subscribeByDefault` says: see `Folder.subscribed`.
        """
        ...

    # --- items -------------------------------------------------------------------------------------------------

    def entries(self, at: FolderId) -> Sequence[Entry]:
        """UID, modseq, flags and keywords of every item, in UID order. Takes `r`."""
        ...

    def uids(self, at: FolderId) -> Sequence[Uid]:
        """The UIDs there are, in order. Takes `r`."""
        ...

    def items(self, at: FolderId, uids: Uids, *, summary: bool = False, limit: int = 0) -> Sequence[Item]:
        """The items in these ranges, in UID order, at most `limit` (0: all). Takes `r`."""
        ...

    def item(self, at: FolderId, name: str) -> Item:
        """The item of that name (DAV href). Takes `r`."""
        ...

    def items_named(self, at: FolderId, names: Sequence[str]) -> Sequence[Item]:
        """The items of these names that are there, in UID order. Takes `r`."""
        ...

    def identified(self, at: FolderId, ident: str) -> Sequence[str]:
        """The names of the objects that have this UID of their maker's. Takes `r`."""
        ...

    def objects(self, at: FolderId, component: str) -> Sequence[Uid]:
        """The calendar objects of one kind (`VEVENT`, ...), in UID order. Takes `r`."""
        ...

    def spans(self, at: FolderId, low: int, high: int) -> Placed:
        """What takes place from `low` to before `high`, in seconds since 1970. Takes `r`.

        What floats is there if it were UTC: who cares asks for 14 hours more on both sides.
        """
        ...

    def busy(self, at: FolderId, low: int, high: int) -> Placed:
        """The same with what is private, for the times alone. Takes `9`, or `r`."""
        ...

    def counted(self, account: AccountId) -> Counted:
        """What counts when somebody asks whether an account is busy: those of its calendars that one may ask about.

        Not those that it has set transparent. `NoRight` when one may ask about none of its calendars.
        """
        ...

    def guest(self, account: AccountId, ident: str) -> Guest:
        """An account or resource, for a meeting of that UID: its addresses, and what it has of the meeting.

        For scheduling alone. Anybody may invite, who is not denied `p` on the calendar. `NotFound`, `NoRight`.
        """
        ...

    def taken(self, account: AccountId, low: int, high: int) -> tuple[Placed, bytes]:
        """When a resource is taken, as `busy`, and the VCALENDAR of its availability: for who may book it.

        `Refused` for people.
        """
        ...

    def schedule_tags(self, at: FolderId, only: Uid | None = None) -> Mapping[Uid, str]:
        """The Schedule-Tag of each object (or of the only one) that is a meeting with others. Takes `r`."""
        ...

    def write_locks(self, at: FolderId) -> Sequence[WriteLock]:
        """What WebDAV clients have locked in a folder, the oldest first. Takes `l`."""
        ...

    def timeline(self, at: FolderId, ident: str) -> Sequence[Happening]:
        """What scheduling did to an object of this owner, oldest first. Takes `r` on the calendar where it is.

        Where one has `a`, the object may be gone.
        """
        ...

    def delta(self, at: FolderId, since: ModSeq, limit: int = 0, began: ModSeq = BEGINNING) -> Delta:
        """What changed after `since`. Takes `r`. `began`: of the page before, while a first synchronisation goes on."""
        ...

    def changes(self, at: FolderId, since: ModSeq) -> Changes:
        """What changed after `since`, as far as a view of the folder keeps it; 0: all there is. Takes `r`."""
        ...

    def vanished(self, at: FolderId, since: ModSeq) -> Sequence[Uid] | None:
        """The UIDs that were taken away after `since`; None when that is longer ago than is remembered. Takes `r`."""
        ...

    def find(self, at: Sequence[FolderId], query: Query) -> Sequence[Found]:
        """Where the query's texts are, in these folders. Takes `r` on each."""
        ...

    def unindexed(self, at: FolderId) -> Sequence[Uid]:
        """UIDs, in order, of the items whose text goes on where the index has ended. Takes `r`."""
        ...

    def columns(self, at: FolderId, names: Sequence[str], uids: Uids, limit: int = 0) -> Sequence[tuple[Any, ...]]:
        """(UID, and a value for each name) of the items in these ranges, in UID order, at most `limit`. Takes `r`.

        The names are those of `Keys`, with `ids` for the references, one a line; `modseq`, `bits`, `words`, `id`,
        `name`, `size`, `arrived`, `blob` and `summary` as in `Item`; `saved` (microseconds since 1970), `octets` (as
        sent). What an item has not is "" or None.
        """
        ...

    def within(self, at: FolderId, name: str, low: int | None = None, high: int | None = None) -> Sequence[Uid]:
        """UIDs, in order, of the items whose `saved`, `arrived`, `sent`, `day` or `octets` is in the range.

        See `columns` for the names. Takes `r`. None: no end on that side.
        """
        ...

    def latest(self, at: FolderId, skip: int, most: int) -> Sequence[tuple[Uid, ItemId]]:
        """The items with the newest `saved` first, without the first `skip` of them. Takes `r`."""
        ...

    def placed(self, ids: Sequence[ItemId]) -> Mapping[ItemId, tuple[FolderId, Uid]]:
        """Where these items are, as far as the asking principal may read them; the others are left out."""
        ...

    def turnover(self, at: FolderId, since: ModSeq) -> Turnover | None:
        """What came, changed and went in a folder after a moment of its owner's sequence. Takes `r`.

        None: that is longer ago than is remembered.
        """
        ...

    def reached(self, owner: AccountId) -> ModSeq:
        """How far the owner's change sequence has come. `NotFound` when one may look up nothing of the owner's."""
        ...

    def body(self, blob: BlobId) -> bytes | None:
        """The stored form of a blob that lives in the database; None when it lives in the object store."""
        ...

    # --- principals and settings -------------------------------------------------------------------------------

    def account(self, key: AccountId | str) -> Account:
        """An account, group, list or resource by id, any of its addresses or its key. Oneself, or `a` on the domain."""
        ...

    def accounts(self, domain: str, kind: PrincipalKind | None = None) -> Sequence[Account]:
        """Those of a domain, by address. Takes `a` on the domain."""
        ...

    def people(self, match: str, limit: int = 100) -> Sequence[Person]:
        """Who of the asking principal's own domain has this in the name or the address, by address; "" is everybody.

        Not those of whom the setting `publishContactInfo` says so.
        """
        ...

    def people_at(self) -> ModSeq:
        """Another number, and a greater one, after each change of who `people` finds. Of all domains together."""
        ...

    def domains(self) -> Sequence[Domain]:
        """Every domain. Takes `a` on the server."""
        ...

    def members(self, group: str) -> Sequence[str]:
        """The direct members of a group, by address. Takes `a` on the domain."""
        ...

    def group_takes(self, address: str, sender: str, *, proven: bool) -> bool:
        """Whether the group of this address takes mail from the sender (`receiveEmailFrom`); True for what is no group.

        `proven`: the sender has signed in. Anybody may ask who sends.
        """
        ...

    def mail_lists(self) -> Sequence[ListWork]:
        """Every mail list that is enabled, and what there is to be done. Takes `a` on the server."""
        ...

    def subscribers(self, of: AccountId | str, after: int = 0, limit: int = 0) -> Sequence[Subscriber]:
        """Who is on a list with a number above `after`, by number, at most `limit` (0: all).

        `a` on the list's root or domain, as for all that follows about subscribers.
        """
        ...

    def subscriber(self, of: AccountId | str, key: int | str) -> Subscriber | None:
        """Who is on a list under that number or address. `a` on its root or domain."""
        ...

    def list_progress(self, at: FolderId, uid: Uid) -> Progress:
        """How a message came into a list's folder, and how far it has been sent on. Takes `r`."""
        ...

    def credentials(self, key: AccountId | str) -> tuple[Account, Sequence[Credential]]:
        """An account and its stored secrets. Takes `a` on the domain, which an account has not on its own."""
        ...

    def identity(self, account: AccountId) -> Principal:
        """The account as a principal: its identifiers now. Takes `a` on the domain. `NotFound` when disabled."""
        ...

    def resolve(self, address: str) -> Sequence[Target]:
        """Where mail to an address goes: aliases, domain aliases, sub-addresses, groups, catch-all.

        `NotFound`; `Refused` while incoming mail is switched off for it.
        """
        ...

    def addresses(self, of: AccountId) -> Sequence[str]:
        """Every address of an account, its own first, also by its domain's aliases. Oneself, `a`, or who delivers."""
        ...

    def may_send_as(self, address: str) -> bool:
        """Whether the asking principal may write `address` as the sender: its own, or a send-as right covers it."""
        ...

    def setting(self, name: str, of: PrincipalId | AccountId | None = None) -> Setting:
        """The effective value: account > class > domain > server > default. Oneself, or `a`.

        `of` None: the asking principal itself; for the operator that is the server.
        """
        ...

    def settings(self, of: PrincipalId | AccountId | None = None) -> Sequence[Setting]:
        """Every setting with its effective value and origin."""
        ...

    def scripts(self, of: AccountId | None = None) -> Sequence[StoredScript]:
        """The Sieve scripts of an account, by name. Oneself, or `a` on the domain."""
        ...

    def script(self, name: str, of: AccountId | None = None) -> bytes:
        """What is in a script. Oneself, `a` on the domain, or who delivers. `NotFound`."""
        ...

    def addressbook_has(self, of: AccountId, book: str, address: str = "") -> bool:
        """Whether a contact in an account's address book has that address; with "" whether there is such a book.

        `book` is a path in the account's view, "" its default book; as its owner may read it. Oneself, or who delivers.
        """
        ...

    def active_scripts(self, of: Sequence[AccountId]) -> Sequence[ActiveScript]:
        """The active scripts of those accounts that have one, and who forwards. Oneself, `a` on the domain, or who
        delivers.
        """
        ...

    def active_script(self, of: AccountId | None = None) -> tuple[str, bytes] | None:
        """Name and octets of the active script. Oneself, `a` on the domain, or who delivers."""
        ...

    def destination(self, of: AccountId, wanted: Destination) -> FolderId:
        """The folder that a rule of this account means, and its owner may put mail into. Oneself, or who delivers.

        `NotFound`, `NoRight`, `Refused` (it is for other things than mail).
        """
        ...

    def remembered(self, of: AccountId, kind: str, key: str) -> bool:
        """Whether this is remembered of an account. Oneself, or who delivers."""
        ...

    def undos(self, of: AccountId) -> Sequence[Undo]:
        """What can be taken back, the newest first. Oneself, or `a` on the domain."""
        ...

    def lessons(self, limit: int = 100) -> Sequence[Lesson]:
        """What people have moved into Junk and out of it, the oldest first. Takes `a` on the server."""
        ...

    def occasions(self, after: int = 0, limit: int = 100) -> Sequence[Occasion]:
        """What scripts wait for, the oldest first, behind that number. Takes `a` on the server."""
        ...

    def room_for_script(self, name: str, size: int, of: AccountId | None = None) -> None:
        """Passes when `put_script` would take so many octets under this name; else raises what that would raise."""
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

    def policy(self, domain: str = "") -> Sequence[StoredRule]:
        """The rules of SMTP, in their order: the administrator's, or a domain's. Takes `a` on the server or domain.

        A write that asks for them is the only one to change them until it ends.
        """
        ...

    def domain_policies(self) -> Mapping[str, Sequence[StoredRule]]:
        """The rules of all domains that have some, by name and by alias. Takes `a` on the server."""
        ...

    def send_use(self, of: AccountId | None = None) -> SendUse:
        """What an account has sent in this interval, and what it may. Oneself, or `a` on the domain."""
        ...

    def quota(self, at: FolderId) -> Sequence[tuple[str, str, int, int]]:
        """(root, resource, used, limit) for each quota that holds here; RFC 9208 resource names. Takes `r`."""
        ...

    def reclaimable(self, at: Iterable[FolderId]) -> Mapping[FolderId, int]:
        """How many octets the items with \\Deleted have, of each of these folders. Takes `r` on each."""
        ...

    def quota_warnings(self, limit: int = 100) -> Sequence[QuotaWarning]:
        """Whose mailbox has passed `quotaLimitThreshold` while its owner has not been told. The operator alone."""
        ...

    # --- what is kept of an account beside its folders -----------------------------------------------------------

    def uploaded(self, number: int) -> Upload:
        """What the asking principal has uploaded under that number. `NotFound`, also when its time is over."""
        ...

    def records(self, kind: RecordKind) -> Sequence[Record]:
        """The asking principal's own records of one kind, in the order in which they came."""
        ...

    def records_at(self, kind: RecordKind) -> ModSeq:
        """When its own records of that kind last changed."""
        ...

    def records_since(self, kind: RecordKind, since: ModSeq) -> RecordChanges | None:
        """What became of its own records of that kind after `since`, oldest first; None: that is not known any more."""
        ...

    def attachment(self, key: str) -> Attachment:
        """What calendar objects refer to by that MANAGED-ID: for who may read one of them. `NotFound`."""
        ...

    def push_targets(self, kind: str) -> Sequence[PushTarget]:
        """The asking principal's own registrations for push, of one protocol."""
        ...

    def all_push_targets(self, after: int = 0, limit: int = 1000) -> Sequence[PushTarget]:
        """Those of everybody, by their numbers. `a` on the server."""
        ...

    # --- history and queue -------------------------------------------------------------------------------------

    def journal(self, at: FolderId, after: int = 0, limit: int = 1000) -> Sequence[JournalRow]:
        """What was done in a folder, oldest first. Takes `a`."""
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

    def find_queued(self, wanted: QueueFilter, after: QueueId | None = None, limit: int = 100) -> Sequence[QueueEntry]:
        """A page of what waits in the queue and fits, in the order it came, behind the message `after`, if any.

        Each comes with all its recipients. Takes `a` on the server.
        """
        ...

    def waiting(self, limit: int = 1000) -> Sequence[Waiting]:
        """What waits for each domain, the most messages first. Takes `a` on the server."""
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

    def next_due(self, *, local: bool) -> datetime | None:
        """When the next attempt is due (or its lease runs out); None when nothing waits. Takes `a` on the server."""
        ...


class WriteTx(ReadTx, Protocol):
    """Rows, modseq, blob references, search text and change marks commit together or not at all."""

    # --- folders -----------------------------------------------------------------------------------------------

    def create_folder(self, path: str, kind: Kind = Kind.MAIL, role: str | None = None) -> Folder:
        """A new folder, with the parents that are missing. `k` on the nearest parent; `AlreadyExists`.

        With a role `a` there as well; `RoleTaken` when another folder of the owner has it.
        """
        ...

    def add_folder(self, owner: AccountId, path: str, kind: Kind = Kind.MAIL, role: str | None = None) -> Folder:
        """The same, by owner and the path in the owner's own tree."""
        ...

    def rename_folder(self, at: Where, path: str) -> Folder:
        """Gives it (and all below) another path. `x` here, `k` on the new parent. INBOX moves only its items."""
        ...

    def delete_folder(self, at: Where) -> None:
        """Takes it away with its items. `x`; `Refused` for INBOX or while there are folders below."""
        ...

    def set_folder(self, at: Where, **values: int | bool | str | None) -> Folder:
        """Sets `role`, `shared_seen`, `quota_bytes` or `quota_items`. `a`."""
        ...

    def annotate(self, at: FolderId | None, values: Mapping[str, bytes | None]) -> ModSeq:
        """Sets entries of a folder, or with None of the server; a value None takes one away. Gives back its modseq.

        A private one takes what reading it takes, a shared one `w` as well, one of the server `a` there.
        `TooManyEntries`; `Refused` for a name that cannot be or a value that is too long.
        """
        ...

    def told_of_quota(self, account: AccountId) -> bool:
        """The account is told in this very write; False when it had been told already. The operator alone."""
        ...

    def put_quota(self, root: str, most: Mapping[str, int]) -> Sequence[tuple[str, str, int, int]]:
        """Sets the limits of a root, by RFC 9208's resource names, and drops the others; what holds then, as `quota`.

        Of a whole tree `a` on its owner's domain, of a folder `a` on the folder.
        """
        ...

    def subscribe(self, path: str, on: bool) -> None:
        """Adds a path to the asking principal's subscriptions, or takes it off; what is there stays off then."""
        ...

    def grant(
        self,
        at: Where,
        grantee: str,
        allow: Right,
        deny: Right = Right.NONE,
        expires: datetime | None = None,
        reason: str = "",
        *,
        keep: Right = Right.NONE,
    ) -> None:
        """Sets what one grantee is allowed and denied here; nothing of both removes the row. `a`.

        `keep` are rights that the writer cannot express: what the row says of them stays.
        """
        ...

    def share(self, at: Where, grantee: str, rights: Right, keep: Right = Right.NONE, title: str = "") -> None:
        """Grants it, and invites: an account that has not accepted before gets a notice. `a`. See `grant`."""
        ...

    def answer_share(self, at: FolderId, *, accept: bool) -> None:
        """Answers an invitation, or shows or hides what was granted to oneself by name; its owner is told.

        It stays granted. `NotFound`.
        """
        ...

    def drop_notice(self, number: int) -> None:
        """Takes one of the asking principal's own notices away. `NotFound`."""
        ...

    def put_link(self, at: Where, digest: str, rights: Right, expires: datetime | None = None, label: str = "") -> Link:
        """Makes a link to this folder: whoever has the secret of this digest has these rights. `a`.

        `digest`: SHA-256, hexadecimal, of a secret of at least 128 bits. `Refused`, `OverQuota`.
        """
        ...

    def drop_link(self, at: Where, ident: str) -> None:
        """Takes a link away with its grant. `a`. `NotFound`."""
        ...

    # --- items -------------------------------------------------------------------------------------------------

    def append(self, at: FolderId, new: Sequence[NewItem]) -> Sequence[Item]:
        """Puts items in. `i`; flags that the principal may not set are left off. `OverQuota`."""
        ...

    def deliver(self, to: Sequence[Target], new: NewItem) -> Sequence[FolderId | GroupwareError]:
        """Puts one message into the folders of its targets, once in each: the folder, or why it cannot take it. `p`.

        A target is a folder, an account's INBOX, or that folder of the account which the tag names. NotFound, NoRight,
        Refused and OverQuota concern their target alone; anything else is raised.
        """
        ...

    def invite(self, visits: Sequence[Visit], beside: FolderId | None = None) -> None:
        """Brings guests' copies of a meeting up to date, all or none; locks the owner of `beside` as well.

        For scheduling alone; as `guest`. `Overtaken` when a copy is not as it was; else as `append`.
        """
        ...

    def happened(self, at: FolderId, lines: Sequence[Happening]) -> None:
        """Lines for the timelines of objects in a calendar. Takes `i`."""
        ...

    def schedule_inbox(self) -> FolderId:
        """The folder where the asking account's scheduling messages come in; it is made when it is not there."""
        ...

    def replace(self, at: FolderId, name: str, new: NewItem, if_modseq: ModSeq | None = None) -> Item:
        """Another content under the same name. `i`, `t` and `e`, or edit-own on one's own item.

        `Conflict`; `IdentTaken` when another object has its UID.
        """
        ...

    def put_write_lock(self, at: FolderId, lock: WriteLock) -> None:
        """Takes a lock: `i`, `t` and `e`, or edit-own on one's own item; `i` where nothing is. `Locked`, `Refused`."""
        ...

    def renew_write_lock(self, at: FolderId, token: str, seconds: int) -> WriteLock:
        """Holds a lock for so many seconds from now. Only who has taken it; `NotFound`."""
        ...

    def drop_write_lock(self, at: FolderId, token: str) -> None:
        """Lets go of a lock. Who has taken it, or `a`; `NotFound`, `NoRight`."""
        ...

    def clear_write_locks(self, at: FolderId, name: str) -> None:
        """Lets go of all locks on an object that has been taken away. `t` and `e`, or delete-own."""
        ...

    def update_flags(self, at: FolderId, uids: Uids, change: FlagChange) -> tuple[Sequence[Entry], Sequence[Uid]]:
        """Changes flags; gives back the entries that changed and the UIDs too new for `unchanged_since`.

        Each flag has its own right (RFC 4314 §4): `s` for SEEN, `t` for DELETED, `w` for the rest. Flags that the
        principal may not touch stay as they are; with none left to change it is `NoRight`.
        """
        ...

    def copy(self, at: FolderId, uids: Uids, to: FolderId) -> Sequence[tuple[Uid, Uid]]:
        """(UID here, UID there) of the copies. `r` here, `i` there. `OverQuota`."""
        ...

    def move(self, at: FolderId, uids: Uids, to: FolderId) -> Sequence[tuple[Uid, Uid]]:
        """(UID here, UID there). `r`, `t` and `e` here (or delete-own), `i` there."""
        ...

    def expunge(self, at: FolderId, uids: Uids, *, deleted_only: bool = True) -> Sequence[Uid]:
        """Takes items away, by default only those that carry \\Deleted. `e`, or delete-own on one's own items.

        Those without the mark take `t` as well.
        """
        ...

    # --- principals and settings -------------------------------------------------------------------------------

    def put_domain(self, domain: Domain) -> Domain:
        """Makes or changes a domain; a new one gets its public tree and a postmaster. `a` on the server."""
        ...

    def drop_domain(self, name: str) -> None:
        """Takes a domain away that has no accounts any more but its postmaster. `a` on the server."""
        ...

    def put_account(self, new: NewAccount) -> Account:
        """Makes an account (with its folders), group, list, resource, folder recipient or class. `a` on the domain."""
        ...

    def update_account(self, key: str, **values: str | bool | None) -> Account:
        """Changes `name`, `enabled`, `address`, `external` or `account_class`. `a` on the domain."""
        ...

    def drop_account(self, key: str) -> None:
        """Takes it away with its tree, grants and memberships. `a` on the domain."""
        ...

    def put_alias(self, key: str, alias: str, expires: datetime | None = None) -> None:
        """Another address for it. `a` on the domain. `AlreadyExists`."""
        ...

    def drop_alias(self, alias: str) -> None:
        """Takes the other address away. `a` on the domain."""
        ...

    def put_member(self, group: str, member: str) -> None:
        """Adds a member to a group. `a` on the group's domain. `Refused` when it would go round in a circle."""
        ...

    def drop_member(self, group: str, member: str) -> None:
        """Takes a member out of a group. `a` on the group's domain."""
        ...

    def put_subscriber(self, of: AccountId | str, new: Subscriber) -> Subscriber:
        """Puts somebody on a list, or changes who is. `a` on its root or domain. `Refused` for what is no address.

        The address says who is meant; when it joined stays as it is.
        """
        ...

    def drop_subscriber(self, of: AccountId | str, address: str) -> None:
        """Takes somebody off a list. `a` on its root or domain."""
        ...

    def note_list_progress(self, at: FolderId, uid: Uid, after: int | None) -> None:
        """Keeps up to which subscriber a message has been sent on; None: it is done with. Takes `a`."""
        ...

    def put_credential(self, key: AccountId | str, kind: str, value: str, label: str = "") -> int:
        """Stores a secret: a `password` and its derived keys replace the former, an `app` password adds. `a`."""
        ...

    def drop_credential(self, key: AccountId | str, number: int) -> None:
        """Takes a secret away. `a` on the domain."""
        ...

    def use_credential(self, key: AccountId | str, number: int) -> None:
        """Notes that a secret was used just now; nothing when it is gone meanwhile. `a` on the domain."""
        ...

    def put_setting(self, name: str, value: str | int | bool | None, of: PrincipalId | AccountId | None = None) -> None:
        """Sets it explicitly, or with None makes it inherited again. `a` on the domain (or server)."""
        ...

    def put_script(self, name: str, octets: bytes, of: AccountId | None = None) -> None:
        """Keeps a Sieve script, instead of the one of that name. Oneself, or `a` on the domain.

        `ScriptTooLong`, `TooManyScripts`; `Refused` for a name that cannot be.
        """
        ...

    def activate_script(self, name: str, of: AccountId | None = None) -> None:
        """Makes this script the active one; with "" none is. Oneself, or `a` on the domain. `NotFound`."""
        ...

    def drop_script(self, name: str, of: AccountId | None = None) -> None:
        """Takes a script away. Oneself, or `a` on the domain. `NotFound`; `Conflict` for the active one."""
        ...

    def rename_script(self, old: str, new: str, of: AccountId | None = None) -> None:
        """Gives a script another name; the active one stays so. Oneself, or `a`. `NotFound`, `AlreadyExists`."""
        ...

    def make_destination(self, of: AccountId, path: str) -> FolderId:
        """The mail folder at a path in the account's view; made, and subscribed to, when it is missing (`k`).

        Oneself, or who delivers. `NotFound`, `NoRight`, `Refused`, `OverQuota`.
        """
        ...

    def quarantine(self, owner: AccountId) -> FolderId:
        """The folder where mail is held back for an account, or by its public owner for a domain; made when missing.

        Who delivers, or `a` on the root of that tree.
        """
        ...

    def teach(self, at: FolderId, uid: Uid, of: AccountId, *, spam: bool) -> bool:
        """Keeps an item as a lesson for scanners, as if that account had said so. `a` on the folder.

        False: it is not there, or `learnFromJunk` is off for the account.
        """
        ...

    def remember(self, of: AccountId, what: Memory) -> bool:
        """Remembers it; False when it was remembered already. Oneself, or who delivers."""
        ...

    def drop_lessons(self, number: int) -> int:
        """Forgets the lessons up to that number: they were learned. `a` on the server."""
        ...

    def settle_occasion(self, which: Occasion, uid: Uid) -> bool:
        """Notes that the script has looked at the messages up to this one. `a` on the folder.

        False: somebody else has been at it since `which` was read, and nothing is noted.
        """
        ...

    def drop_occasion(self, number: int) -> None:
        """Forgets what no script can look at any more. `a` on the server."""
        ...

    def put_undo(self, of: AccountId, facts: str) -> int:
        """Keeps what takes back a change of the account's mail; its number. Oneself, or `a` on the domain."""
        ...

    def drop_undo(self, of: AccountId, number: int) -> None:
        """Forgets one of them. Oneself, or `a` on the domain. `NotFound`."""
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

    def put_policy(self, rules: Sequence[StoredRule], domain: str = "") -> None:
        """Makes these the rules of SMTP (of a domain), instead of all that there were; `Refused`: too many.

        `a` on the server, or the domain.

        Nobody else changes them between `policy` and this in one write.
        """
        ...

    def spend(self, of: AccountId, recipients: int, octets: int) -> tuple[SendUse, bool]:
        """Counts one message to so many recipients, unless that passes a limit. The operator alone.

        Gives what was sent with it, and whether it was counted.
        """
        ...

    def give_back(self, of: AccountId, recipients: int, octets: int, until: datetime) -> None:
        """Counts a message out again that was counted in the interval that ends then. The operator alone."""
        ...

    def told_of_sending(self, of: AccountId) -> bool:
        """The account is told in this very write; False when it was told in this interval. The operator alone."""
        ...

    def greylist(
        self, network: str, sender: str, recipient: str, *, delay: float, waiting: float, passed: float
    ) -> int:
        """Seconds for which a message is put off; 0: it is let in. Times in seconds. The operator alone.

        Who comes again after `delay`, and before it is forgotten after `waiting`, passes: for that network and the
        sender's domain, as long as `passed` from the last time on.
        """
        ...

    # --- what is kept of an account beside its folders -----------------------------------------------------------

    def put_upload(self, owner: AccountId, stored: Stored, media: str, room: UploadRoom) -> Upload:
        """Keeps octets for the asking principal, to be used in that owner's account; the oldest make room.

        `NotFound` when one may look up nothing of the owner's; `OverQuota` for what never fits.
        """
        ...

    def put_attachment(self, at: FolderId, stored: Stored, media: str, name: str) -> Attachment:
        """Keeps octets for objects of that calendar to refer to, in its owner's quota. Takes `i`. `OverQuota`.

        It is forgotten after a time when no object refers to it.
        """
        ...

    def put_push_target(self, new: PushTarget) -> PushTarget:
        """Registers the asking principal for push: `number` 0 makes one, or renews that of the same folder and URL.

        Takes `r` on the folder that it is about. `NotFound` for a number that is not there, `OverQuota`.
        """
        ...

    def drop_push_target(self, number: int) -> None:
        """Takes one of its own registrations away. `NotFound`."""
        ...

    def claim_push_target(self, number: int, told: str, until: int) -> bool:
        """Whether it was told that last, and nobody else sends to it until then (microseconds). `a` on the server."""
        ...

    def settle_push_target(self, number: int, told: str, due: int, tries: int) -> None:
        """What it was told, not before when it is told more, and how often that has failed. `a` on the server."""
        ...

    def put_record(
        self, kind: RecordKind, facts: str, number: int | None = None, expires: datetime | None = None
    ) -> Record:
        """Keeps a record of the asking principal's own, instead of that of this number. `NotFound`, `OverQuota`."""
        ...

    def drop_record(self, kind: RecordKind, number: int) -> None:
        """Takes one of its own records away. `NotFound`."""
        ...

    # --- queue and trace ---------------------------------------------------------------------------------------

    def enqueue(self, envelope: Envelope) -> QueueId:
        """Puts a message in the queue, every recipient ready now. Any principal that may send."""
        ...

    def lease(self, limit: int, seconds: float, *, local: bool, busy: Sequence[str] = ()) -> Sequence[Attempt]:
        """Takes up to `limit` attempts that are due, oldest first; a lease that runs out is offered again.

        `local`: those for domains of this server, or else those for elsewhere. None for a domain in `busy`. `a` on the
        server. An attempt is one domain's share of one message.
        """
        ...

    def renew(self, attempts: Sequence[Attempt], seconds: float) -> datetime:
        """Holds leases for so many seconds from now; gives their new `until`. `a` on the server.

        A lease is known by its `until`: say the newest. One that somebody else has taken over stays lost.
        """
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

    def drop_queued(self, queue: QueueId) -> None:
        """Takes a message out of the queue without a word to anybody. `a` on the server."""
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

    def note(self, event: Event) -> None:
        """Keeps one row of the mail trace."""
        ...


class Store(Protocol):
    """The only door to the data. `work` is plain code over values; it may run twice: no side effects."""

    async def read(self, who: Principal, work: Callable[[ReadTx], T]) -> T:
        """What `work` gives back over one snapshot."""
        ...

    async def glance(self, who: Principal, work: Callable[[ReadTx], T]) -> T:
        """`read`, for a few rows by their keys: without a hop where that costs more than the rows."""
        ...

    async def write(self, who: Principal, work: Callable[[WriteTx], T]) -> T:
        """What `work` gives back, after COMMIT."""
        ...

    def snapshot(self, who: Principal) -> AbstractContextManager[ReadTx]:
        """One snapshot for code that is in a thread already."""
        ...

    def write_later(self, who: Principal, work: Callable[[WriteTx], T]) -> Future[T]:
        """The same as `write`, for code that is in a thread already."""
        ...

    async def close(self) -> None:
        """Finishes what was handed in, then lets go of the database."""
        ...
