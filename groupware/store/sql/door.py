"""The transaction as the rest of the house sees it: each method is one function of the module that its noun names.

What a method does, which right it takes and how it fails stands in `groupware.store.api`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

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
from groupware.store.api import Stored, Where

from . import (
    accounts,
    addressbooks,
    addresses,
    annotated,
    attachments,
    columns,
    credentials,
    deliveries,
    destinations,
    dmarc,
    domains,
    flags,
    folder_changes,
    folders,
    freebusy,
    grants,
    greylist,
    groups,
    held,
    invitations,
    item_changes,
    item_copies,
    items,
    lessons,
    links,
    locks,
    mailinglists,
    mailqueue,
    memories,
    objects,
    occasions,
    people,
    policy,
    pushes,
    queueview,
    quota,
    records,
    scripts,
    search,
    sending,
    settings,
    sharing,
    signing,
    submitted,
    tlsbook,
    trace,
    uploads,
    warnings,
    whereabouts,
)
from .engine import Row
from .tx import Tx


class SqlTx(Tx):
    """`groupware.store.api.WriteTx` over SQL."""

    __slots__ = ()

    # --- folders

    def folder(self, at: Where, need: Right = Right.READ) -> Folder:
        return folders.folder(self, at, need)

    def folders(self, kind: Kind | None = None, *, of: AccountId | None = None) -> Sequence[Folder]:
        return folders.folders(self, kind, of)

    def locate(self, owner: AccountId, path: str, need: Right = Right.LOOKUP) -> Folder:
        return folders.locate(self, owner, path, need)

    def role(self, owner: AccountId, role: str, need: Right = Right.LOOKUP) -> Folder:
        return folders.role(self, owner, role, need)

    def quarantines(self) -> Sequence[tuple[FolderId, AccountId]]:
        return held.quarantines(self)

    def quarantine(self, owner: AccountId) -> FolderId:
        return held.quarantine(self, owner)

    def teach(self, at: FolderId, uid: Uid, of: AccountId, *, spam: bool) -> bool:
        return held.teach(self, at, uid, of, spam=spam)

    def links(self, at: Where) -> Sequence[Link]:
        return links.links(self, at)

    def bearer(self, digest: str) -> Bearer:
        return links.bearer(self, digest)

    def anyone(self) -> Principal:
        return links.anyone(self)

    def share_states(self) -> Mapping[FolderId, ShareState]:
        return sharing.states(self)

    def delegations(self) -> Sequence[tuple[AccountId, str, Right]]:
        return sharing.delegations(self)

    def notices(self) -> Sequence[Notice]:
        return sharing.notices(self)

    def share(self, at: Where, grantee: str, rights: Right, keep: Right = Right.NONE, title: str = "") -> None:
        sharing.share(self, at, grantee, rights, keep, title)

    def answer_share(self, at: FolderId, *, accept: bool) -> None:
        sharing.answer(self, at, accept=accept)

    def drop_notice(self, number: int) -> None:
        sharing.drop(self, number)

    def put_link(self, at: Where, digest: str, rights: Right, expires: datetime | None = None, label: str = "") -> Link:
        return links.put(self, at, digest, rights, expires, label)

    def drop_link(self, at: Where, ident: str) -> None:
        links.drop(self, at, ident)

    def inherited(self, at: Where, actor: str) -> Right:
        return grants.inherited(self, at, actor)

    def annotations(self, at: FolderId | None) -> Sequence[tuple[str, bytes]]:
        return annotated.read(self, at)

    def all_annotations(self) -> Mapping[FolderId, Sequence[tuple[str, bytes]]]:
        return annotated.everywhere(self)

    def annotated_with(self, owner: AccountId, entry: str, value: bytes) -> FolderId | None:
        return annotated.holder(self, owner, entry, value)

    def annotated(self, at: FolderId | None, since: ModSeq) -> tuple[Sequence[str], ModSeq]:
        return annotated.changed(self, at, since)

    def all_annotated(self) -> Mapping[FolderId, ModSeq]:
        return annotated.newest(self)

    def annotate(self, at: FolderId | None, values: Mapping[str, bytes | None]) -> ModSeq:
        return annotated.annotate(self, at, values)

    def subscriptions(self) -> Sequence[str]:
        return folders.subscriptions(self)

    def create_folder(self, path: str, kind: Kind = Kind.MAIL, role: str | None = None) -> Folder:
        return folder_changes.create(self, path, kind, role)

    def add_folder(self, owner: AccountId, path: str, kind: Kind = Kind.MAIL, role: str | None = None) -> Folder:
        return folder_changes.add(self, owner, path, kind, role)

    def rename_folder(self, at: Where, path: str) -> Folder:
        return folder_changes.rename(self, at, path)

    def delete_folder(self, at: Where) -> None:
        folder_changes.drop(self, at)

    def set_folder(self, at: Where, **values: int | bool | str | None) -> Folder:
        return folder_changes.set_values(self, at, values)

    def subscribe(self, path: str, on: bool) -> None:
        folder_changes.subscribe(self, path, on)

    # --- meetings

    def guest(self, account: AccountId, ident: str) -> Guest:
        return invitations.guest(self, account, ident)

    def taken(self, account: AccountId, low: int, high: int) -> tuple[Placed, bytes]:
        return invitations.taken(self, account, low, high)

    def schedule_tags(self, at: FolderId, only: Uid | None = None) -> Mapping[Uid, str]:
        return invitations.schedule_tags(self, at, only)

    def timeline(self, at: FolderId, ident: str) -> Sequence[Happening]:
        return invitations.timeline(self, at, ident)

    def invite(self, visits: Sequence[Visit], beside: FolderId | None = None) -> None:
        invitations.invite(self, visits, beside)

    def happened(self, at: FolderId, lines: Sequence[Happening]) -> None:
        invitations.happened(self, at, lines)

    def schedule_inbox(self) -> FolderId:
        return invitations.inbox(self, self.who.account)

    # --- grants

    def grants(self, at: Where) -> Sequence[Grant]:
        return grants.grants(self, at)

    def explain(self, at: Where, actor: str) -> Explanation:
        return grants.explain(self, at, actor)

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
        grants.grant(self, at, grantee, allow, deny, expires, reason, keep=keep)

    # --- items

    def entries(self, at: FolderId) -> Sequence[Entry]:
        return items.entries(self, at)

    def uids(self, at: FolderId) -> Sequence[Uid]:
        return items.uids(self, at)

    def items(self, at: FolderId, uids: Uids, *, summary: bool = False, limit: int = 0) -> Sequence[Item]:
        return items.items(self, at, uids, summary=summary, limit=limit)

    def item(self, at: FolderId, name: str) -> Item:
        return items.item(self, at, name)

    def items_named(self, at: FolderId, names: Sequence[str]) -> Sequence[Item]:
        return items.items_named(self, at, names)

    def identified(self, at: FolderId, ident: str) -> Sequence[str]:
        return objects.identified(self, at, ident)

    def objects(self, at: FolderId, component: str) -> Sequence[Uid]:
        return objects.objects(self, at, component)

    def spans(self, at: FolderId, low: int, high: int) -> Placed:
        return objects.spans(self, at, low, high)

    def counted(self, account: AccountId) -> Counted:
        return freebusy.counted(self, account)

    def busy(self, at: FolderId, low: int, high: int) -> Placed:
        return objects.busy(self, at, low, high)

    def delta(self, at: FolderId, since: ModSeq, limit: int = 0, began: ModSeq = BEGINNING) -> Delta:
        return items.delta(self, at, since, limit, began)

    def changes(self, at: FolderId, since: ModSeq) -> Changes:
        return items.changes(self, at, since)

    def vanished(self, at: FolderId, since: ModSeq) -> Sequence[Uid] | None:
        return items.vanished(self, at, since)

    def find(self, at: Sequence[FolderId], query: Query) -> Sequence[Found]:
        return search.find(self, at, query)

    def unindexed(self, at: FolderId) -> Sequence[Uid]:
        return search.unindexed(self, at)

    def columns(self, at: FolderId, names: Sequence[str], uids: Uids, limit: int = 0) -> Sequence[Row]:
        return columns.columns(self, at, names, uids, limit)

    def within(self, at: FolderId, name: str, low: int | None = None, high: int | None = None) -> Sequence[Uid]:
        return columns.within(self, at, name, low, high)

    def latest(self, at: FolderId, skip: int, most: int) -> Sequence[tuple[Uid, ItemId]]:
        return whereabouts.latest(self, at, skip, most)

    def placed(self, ids: Sequence[ItemId]) -> Mapping[ItemId, tuple[FolderId, Uid]]:
        return whereabouts.placed(self, ids)

    def turnover(self, at: FolderId, since: ModSeq) -> Turnover | None:
        return whereabouts.turnover(self, at, since)

    def reached(self, owner: AccountId) -> ModSeq:
        return whereabouts.reached(self, owner)

    def body(self, blob: BlobId) -> bytes | None:
        return items.body(self, blob)

    def append(self, at: FolderId, new: Sequence[NewItem]) -> Sequence[Item]:
        return item_changes.append(self, at, new)

    def deliver(self, to: Sequence[Target], new: NewItem) -> Sequence[FolderId | GroupwareError]:
        return deliveries.deliver(self, to, new)

    def replace(self, at: FolderId, name: str, new: NewItem, if_modseq: ModSeq | None = None) -> Item:
        return item_changes.replace(self, at, name, new, if_modseq)

    def update_flags(self, at: FolderId, uids: Uids, change: FlagChange) -> tuple[Sequence[Entry], Sequence[Uid]]:
        return flags.update_flags(self, at, uids, change)

    def copy(self, at: FolderId, uids: Uids, to: FolderId) -> Sequence[tuple[Uid, Uid]]:
        return item_copies.copy(self, at, uids, to)

    def move(self, at: FolderId, uids: Uids, to: FolderId) -> Sequence[tuple[Uid, Uid]]:
        return item_copies.move(self, at, uids, to)

    def expunge(self, at: FolderId, uids: Uids, *, deleted_only: bool = True) -> Sequence[Uid]:
        return item_changes.expunge(self, at, uids, deleted_only=deleted_only)

    # --- principals and settings

    def account(self, key: AccountId | str) -> Account:
        return accounts.account(self, key)

    def accounts(self, domain: str, kind: PrincipalKind | None = None) -> Sequence[Account]:
        return accounts.accounts(self, domain, kind)

    def people(self, match: str, limit: int = 100) -> Sequence[Person]:
        return people.people(self, match, limit)

    def people_at(self) -> ModSeq:
        return people.people_at(self)

    def domains(self) -> Sequence[Domain]:
        return domains.domains(self)

    def members(self, group: str) -> Sequence[str]:
        return groups.members(self, group)

    def group_takes(self, address: str, sender: str, *, proven: bool) -> bool:
        return groups.takes(self, address, sender, proven=proven)

    def mail_lists(self) -> Sequence[ListWork]:
        return mailinglists.lists(self)

    def subscribers(self, of: AccountId | str, after: int = 0, limit: int = 0) -> Sequence[Subscriber]:
        return mailinglists.page(self, of, after, limit)

    def subscriber(self, of: AccountId | str, key: int | str) -> Subscriber | None:
        return mailinglists.one(self, of, key)

    def list_progress(self, at: FolderId, uid: Uid) -> Progress:
        return mailinglists.progress(self, at, uid)

    def credentials(self, key: AccountId | str) -> tuple[Account, Sequence[Credential]]:
        return credentials.credentials(self, key)

    def identity(self, account: AccountId) -> Principal:
        return credentials.identity(self, account)

    def resolve(self, address: str) -> Sequence[Target]:
        return addresses.resolve(self, address)

    def may_send_as(self, address: str) -> bool:
        return addresses.may_send_as(self, address)

    def setting(self, name: str, of: PrincipalId | AccountId | None = None) -> Setting:
        return settings.setting(self, name, of)

    def settings(self, of: PrincipalId | AccountId | None = None) -> Sequence[Setting]:
        return settings.settings(self, of)

    def quota(self, at: FolderId) -> Sequence[tuple[str, str, int, int]]:
        return quota.quota(self, at)

    def quota_warnings(self, limit: int = 100) -> Sequence[QuotaWarning]:
        return warnings.due(self, limit)

    def told_of_quota(self, account: AccountId) -> bool:
        return warnings.told(self, account)

    def reclaimable(self, at: Iterable[FolderId]) -> Mapping[FolderId, int]:
        return quota.reclaimable(self, at)

    def put_quota(self, root: str, most: Mapping[str, int]) -> Sequence[tuple[str, str, int, int]]:
        return quota.put(self, root, most)

    def put_domain(self, domain: Domain) -> Domain:
        return domains.put(self, domain)

    def drop_domain(self, name: str) -> None:
        domains.drop(self, name)

    def put_account(self, new: NewAccount) -> Account:
        return accounts.put(self, new)

    def update_account(self, key: str, **values: str | bool | None) -> Account:
        return accounts.change(self, key, values)

    def drop_account(self, key: str) -> None:
        accounts.drop(self, key)

    def put_alias(self, key: str, alias: str, expires: datetime | None = None) -> None:
        addresses.put_alias(self, key, alias, expires)

    def drop_alias(self, alias: str) -> None:
        addresses.drop_alias(self, alias)

    def put_member(self, group: str, member: str) -> None:
        groups.put(self, group, member)

    def drop_member(self, group: str, member: str) -> None:
        groups.drop(self, group, member)

    def put_subscriber(self, of: AccountId | str, new: Subscriber) -> Subscriber:
        return mailinglists.put(self, of, new)

    def drop_subscriber(self, of: AccountId | str, address: str) -> None:
        mailinglists.drop(self, of, address)

    def note_list_progress(self, at: FolderId, uid: Uid, after: int | None) -> None:
        mailinglists.note_progress(self, at, uid, after)

    def put_credential(self, key: AccountId | str, kind: str, value: str, label: str = "") -> int:
        return credentials.put(self, key, kind, value, label)

    def drop_credential(self, key: AccountId | str, number: int) -> None:
        credentials.drop(self, key, number)

    def use_credential(self, key: AccountId | str, number: int) -> None:
        credentials.use(self, key, number)

    def put_setting(self, name: str, value: str | int | bool | None, of: PrincipalId | AccountId | None = None) -> None:
        settings.put(self, name, value, of)

    # --- scripts

    def scripts(self, of: AccountId | None = None) -> Sequence[StoredScript]:
        return scripts.scripts(self, of)

    def script(self, name: str, of: AccountId | None = None) -> bytes:
        return scripts.script(self, name, of)

    def addressbook_has(self, of: AccountId, book: str, address: str = "") -> bool:
        return addressbooks.has(self, of, book, address)

    def active_scripts(self, of: Sequence[AccountId]) -> Sequence[ActiveScript]:
        return scripts.actives(self, of)

    def active_script(self, of: AccountId | None = None) -> tuple[str, bytes] | None:
        return scripts.active(self, of)

    def room_for_script(self, name: str, size: int, of: AccountId | None = None) -> None:
        scripts.room(self, name, size, of)

    def put_script(self, name: str, octets: bytes, of: AccountId | None = None) -> None:
        scripts.put(self, name, octets, of)

    def activate_script(self, name: str, of: AccountId | None = None) -> None:
        scripts.activate(self, name, of)

    def drop_script(self, name: str, of: AccountId | None = None) -> None:
        scripts.drop(self, name, of)

    def rename_script(self, old: str, new: str, of: AccountId | None = None) -> None:
        scripts.rename(self, old, new, of)

    # --- locks of WebDAV

    def write_locks(self, at: FolderId) -> Sequence[WriteLock]:
        return locks.there(self, at)

    def put_write_lock(self, at: FolderId, lock: WriteLock) -> None:
        locks.put(self, at, lock)

    def renew_write_lock(self, at: FolderId, token: str, seconds: int) -> WriteLock:
        return locks.renew(self, at, token, seconds)

    def drop_write_lock(self, at: FolderId, token: str) -> None:
        locks.drop(self, at, token)

    def clear_write_locks(self, at: FolderId, name: str) -> None:
        locks.clear(self, at, name)

    # --- what rules do

    def addresses(self, of: AccountId) -> Sequence[str]:
        return addresses.of_account(self, of)

    def destination(self, of: AccountId, wanted: Destination) -> FolderId:
        return destinations.destination(self, of, wanted)

    def make_destination(self, of: AccountId, path: str) -> FolderId:
        return destinations.make(self, of, path)

    def remembered(self, of: AccountId, kind: str, key: str) -> bool:
        return memories.remembered(self, of, kind, key)

    def remember(self, of: AccountId, what: Memory) -> bool:
        return memories.remember(self, of, what)

    def undos(self, of: AccountId) -> Sequence[Undo]:
        return memories.undos(self, of)

    def lessons(self, limit: int = 100) -> Sequence[Lesson]:
        return lessons.lessons(self, limit)

    def drop_lessons(self, number: int) -> int:
        return lessons.drop_lessons(self, number)

    def occasions(self, after: int = 0, limit: int = 100) -> Sequence[Occasion]:
        return occasions.occasions(self, after, limit)

    def settle_occasion(self, which: Occasion, uid: Uid) -> bool:
        return occasions.settle(self, which, uid)

    def drop_occasion(self, number: int) -> None:
        occasions.drop(self, number)

    def put_undo(self, of: AccountId, facts: str) -> int:
        return memories.put_undo(self, of, facts)

    def drop_undo(self, of: AccountId, number: int) -> None:
        memories.drop_undo(self, of, number)

    # --- keys of domains

    def signing_keys(self, domain: str) -> Sequence[SigningKey]:
        return signing.keys(self, domain)

    def put_signing_key(self, domain: str, selector: str, algorithm: str, sealed: str, public: str) -> None:
        signing.put(self, domain, selector, algorithm, sealed, public)

    def turn_signing_key(self, domain: str, selector: str, state: str) -> None:
        signing.turn(self, domain, selector, state)

    def drop_signing_key(self, domain: str, selector: str) -> None:
        signing.drop(self, domain, selector)

    # --- what others send in the name of domains

    def dmarc_seen(self, day: int, domain: str) -> Sequence[DmarcSeen]:
        return dmarc.seen(self, day, domain)

    def dmarc_unreported(self, before: int, limit: int = 100) -> Sequence[tuple[int, str]]:
        return dmarc.unreported(self, before, limit)

    def note_dmarc(self, seen: Sequence[DmarcSeen]) -> None:
        dmarc.put(self, seen)

    def reported_dmarc(self, day: int, domain: str) -> bool:
        return dmarc.mark(self, day, domain)

    def forget_dmarc(self, before: int) -> None:
        dmarc.drop(self, before)

    # --- what is kept of an account beside its folders

    def uploaded(self, number: int) -> Upload:
        return uploads.get(self, number)

    def put_upload(self, owner: AccountId, stored: Stored, media: str, room: UploadRoom) -> Upload:
        return uploads.put(self, owner, stored, media, room)

    def attachment(self, key: str) -> Attachment:
        return attachments.get(self, key)

    def put_attachment(self, at: FolderId, stored: Stored, media: str, name: str) -> Attachment:
        return attachments.put(self, at, stored, media, name)

    def push_targets(self, kind: str) -> Sequence[PushTarget]:
        return pushes.own(self, kind)

    def all_push_targets(self, after: int = 0, limit: int = 1000) -> Sequence[PushTarget]:
        return pushes.every(self, after, limit)

    def put_push_target(self, new: PushTarget) -> PushTarget:
        return pushes.put(self, new)

    def drop_push_target(self, number: int) -> None:
        pushes.drop(self, number)

    def claim_push_target(self, number: int, told: str, until: int) -> bool:
        return pushes.claim(self, number, told, until)

    def settle_push_target(self, number: int, told: str, due: int, tries: int) -> None:
        pushes.settle(self, number, told, due, tries)

    def records(self, kind: RecordKind) -> Sequence[Record]:
        return records.every(self, kind)

    def records_at(self, kind: RecordKind) -> ModSeq:
        return records.state(self, kind)

    def records_since(self, kind: RecordKind, since: ModSeq) -> RecordChanges | None:
        return records.changes(self, kind, since)

    def put_record(
        self, kind: RecordKind, facts: str, number: int | None = None, expires: datetime | None = None
    ) -> Record:
        return records.put(self, kind, facts, number, expires)

    def drop_record(self, kind: RecordKind, number: int) -> None:
        records.drop(self, kind, number)

    # --- history and queue

    def journal(self, at: FolderId, after: int = 0, limit: int = 1000) -> Sequence[JournalRow]:
        return trace.journal(self, at, after, limit)

    def movements(self, at: FolderId, uid: Uid) -> Sequence[JournalRow]:
        return trace.movements(self, at, uid)

    def find_trace(self, wanted: TraceFilter, limit: int = 100) -> Sequence[TraceRow]:
        return trace.find_trace(self, wanted, limit)

    def trace(self, message: str, limit: int = 1000) -> Sequence[TraceRow]:
        return trace.trace(self, message, limit)

    def note(self, event: Event) -> None:
        trace.note(self, event)

    def backlog(self) -> Backlog:
        return mailqueue.backlog(self)

    def queued(self, key: QueueId | None = None) -> Sequence[QueueEntry]:
        return mailqueue.queued(self, key)

    def next_due(self, *, local: bool) -> datetime | None:
        return mailqueue.next_due(self, local=local)

    def enqueue(self, envelope: Envelope) -> QueueId:
        return mailqueue.enqueue(self, envelope)

    def lease(self, limit: int, seconds: float, *, local: bool, busy: Sequence[str] = ()) -> Sequence[Attempt]:
        return mailqueue.lease(self, limit, seconds, local=local, busy=busy)

    def renew(self, attempts: Sequence[Attempt], seconds: float) -> datetime:
        return mailqueue.renew(self, attempts, seconds)

    def settle(self, outcomes: Sequence[Outcome]) -> None:
        mailqueue.settle(self, outcomes)

    def hasten(self, domain: str | None = None, queue: QueueId | None = None) -> int:
        return mailqueue.hasten(self, domain, queue)

    def drop_queued(self, queue: QueueId) -> None:
        mailqueue.drop_queued(self, queue)

    def submitted(self, queue: QueueId) -> QueueEntry | None:
        return submitted.submitted(self, queue)

    def withdraw(self, queue: QueueId) -> None:
        submitted.withdraw(self, queue)

    def find_queued(self, wanted: QueueFilter, after: QueueId | None = None, limit: int = 100) -> Sequence[QueueEntry]:
        return queueview.find_queued(self, wanted, after, limit)

    def waiting(self, limit: int = 1000) -> Sequence[Waiting]:
        return queueview.waiting(self, limit)

    def hold_queued(self, queue: QueueId, domain: str = "") -> int:
        return queueview.hold(self, queue, domain)

    def release_queued(self, queue: QueueId, domain: str = "") -> int:
        return queueview.release(self, queue, domain)

    # --- TLS to other domains

    def sts_policy(self, domain: str) -> StsPolicy | None:
        return tlsbook.sts_policy(self, domain)

    def put_sts_policy(self, policy: StsPolicy) -> None:
        tlsbook.put_sts_policy(self, policy)

    def tls_results(self, domain: str, day: str) -> Sequence[TlsResult]:
        return tlsbook.tls_results(self, domain, day)

    def unreported_tls(self, day: str, limit: int = 100) -> Sequence[str]:
        return tlsbook.unreported_tls(self, day, limit)

    def count_tls(self, results: Sequence[TlsResult]) -> None:
        tlsbook.count_tls(self, results)

    def claim_tls_report(self, domain: str, day: str) -> bool:
        return tlsbook.claim_tls_report(self, domain, day)

    def forget_tls(self, before: str) -> int:
        return tlsbook.forget_tls(self, before)

    # --- the policy of SMTP

    def policy(self, domain: str = "") -> Sequence[StoredRule]:
        return policy.rules(self, domain)

    def domain_policies(self) -> Mapping[str, Sequence[StoredRule]]:
        return policy.of_domains(self)

    def put_policy(self, rules: Sequence[StoredRule], domain: str = "") -> None:
        policy.put(self, rules, domain)

    def send_use(self, of: AccountId | None = None) -> SendUse:
        return sending.use(self, of)

    def spend(self, of: AccountId, recipients: int, octets: int) -> tuple[SendUse, bool]:
        return sending.spend(self, of, recipients, octets)

    def give_back(self, of: AccountId, recipients: int, octets: int, until: datetime) -> None:
        sending.give_back(self, of, recipients, octets, until)

    def told_of_sending(self, of: AccountId) -> bool:
        return sending.told(self, of)

    def greylist(
        self, network: str, sender: str, recipient: str, *, delay: float, waiting: float, passed: float
    ) -> int:
        return greylist.seconds(self, network, sender, recipient, greylist.Times(delay, waiting, passed))
