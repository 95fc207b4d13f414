"""What somebody who holds nothing asks of each method of the store: see `test_one_door`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from groupware.model.device import SyncState, Wipe
from groupware.model.dmarc import DmarcSeen
from groupware.model.errors import GroupwareError
from groupware.model.event import Outcome, QueueFilter, Target, TraceFilter
from groupware.model.flags import FlagChange, Flags
from groupware.model.folder import Destination
from groupware.model.ids import EVERY, AccountId, BlobId, FolderId, ItemId, ModSeq, QueueId, Uid
from groupware.model.item import Kind, NewItem, Query
from groupware.model.lock import WriteLock
from groupware.model.mailinglist import Subscriber
from groupware.model.meeting import Happening
from groupware.model.memory import Memory
from groupware.model.occasion import Occasion
from groupware.model.principal import Domain, NewAccount, Principal
from groupware.model.push import PushTarget
from groupware.model.record import UploadRoom
from groupware.model.remote import RemoteBox
from groupware.model.rights import Right
from groupware.model.snooze import Snooze
from groupware.model.source import CalendarSource
from groupware.model.tls import StsPolicy, TlsResult
from groupware.model.token import Grant, NewTokens
from groupware.store.blobs import StoredBody
from tests.store.house import House

A, PATH, LIST = "alice@example.test", "Other Users/alice@example.test/Work", "news@example.test"
NOW = datetime.now(UTC)
GRANT = Grant(1, AccountId(1), "c", "x", "mail", "p", "r", True, False, NOW, NOW, NOW, NOW, NOW, "::1")


@dataclass(frozen=True)
class Scene:
    """Alice has a folder with an item; Mallory, of another domain, holds nothing of it."""

    house: House
    mallory: Principal
    alice: AccountId
    folder: FolderId
    mine: FolderId
    queued: QueueId
    list: AccountId


def item(name: str | None = None) -> NewItem:
    return NewItem(Kind.MAIL, BlobId("ab" * 32), 3, b"", b"body", name=name)


def delivered(tx: Any, target: Target) -> None:
    """Raises what a delivery says of its one target."""
    [verdict] = tx.deliver([target], item())
    if isinstance(verdict, GroupwareError):
        raise verdict


STORED = StoredBody(BlobId("ef" * 32), 4, b"body")


def _target(scene: Scene) -> PushTarget:
    return PushTarget(0, scene.alice, "dav", scene.folder, "https://x.test/", "{}", 1 << 60)


def _box(scene: Scene, at: FolderId | None) -> RemoteBox:
    return RemoteBox(0, scene.alice, "pop.far.test", 995, "implicit", "alice", "sealed", at, 10, True)


def _source(scene: Scene) -> CalendarSource:
    return CalendarSource(scene.folder, scene.alice, "https://far.test/a.ics")


Ask = Callable[[Any, Scene], object]
REFUSED: Mapping[str, list[Ask]] = {
    "folder": [lambda tx, s: tx.folder(s.folder), lambda tx, _: tx.folder(PATH, Right.NONE)],
    "state": [lambda tx, s: tx.state(s.folder)],
    "locate": [lambda tx, s: tx.locate(s.alice, "Work"), lambda tx, s: tx.locate(s.alice, "", Right.NONE)],
    "role": [lambda tx, s: tx.role(s.alice, "inbox")],
    "grants": [lambda tx, s: tx.grants(s.folder)],
    "quarantines": [lambda tx, _: tx.quarantines()],
    "quarantine": [lambda tx, s: tx.quarantine(s.alice)],
    "teach": [lambda tx, s: tx.teach(s.folder, Uid(1), s.alice, spam=True)],
    "explain": [lambda tx, s: tx.explain(s.folder, A)],
    "inherited": [lambda tx, s: tx.inherited(s.folder, A)],
    "annotations": [lambda tx, s: tx.annotations(s.folder)],
    "annotated": [lambda tx, s: tx.annotated(s.folder, ModSeq(1))],
    "annotate": [
        lambda tx, s: tx.annotate(s.folder, {"/private/comment": b"x"}),
        lambda tx, s: tx.annotate(s.folder, {"/shared/comment": b"x"}),
        lambda tx, _: tx.annotate(None, {"/shared/comment": b"x"}),
    ],
    "reclaimable": [lambda tx, s: tx.reclaimable([s.folder])],
    "quota_warnings": [lambda tx, _: tx.quota_warnings()],
    "tell_of_quota": [lambda tx, s: tx.tell_of_quota(s.alice, item())],
    "mailbox_full": [lambda tx, s: tx.mailbox_full(s.alice, 1)],
    "put_quota": [
        lambda tx, _: tx.put_quota("", {"STORAGE": 1}),
        lambda tx, _: tx.put_quota("Other Users/alice@example.test", {"STORAGE": 1}),
        lambda tx, _: tx.put_quota(PATH, {"STORAGE": 1}),
        lambda tx, _: tx.put_quota("Public", {"STORAGE": 1}),
    ],
    "entries": [lambda tx, s: tx.entries(s.folder)],
    "uids": [lambda tx, s: tx.uids(s.folder)],
    "items": [lambda tx, s: tx.items(s.folder, EVERY)],
    "item": [lambda tx, s: tx.item(s.folder, "a.ics")],
    "items_named": [lambda tx, s: tx.items_named(s.folder, ["a.ics"])],
    "identified": [lambda tx, s: tx.identified(s.folder, "uid")],
    "objects": [lambda tx, s: tx.objects(s.folder, "VEVENT")],
    "counted": [lambda tx, s: tx.counted(s.alice)],
    "taken": [lambda tx, s: tx.taken(s.alice, 0, 1)],
    "schedule_tags": [lambda tx, s: tx.schedule_tags(s.folder)],
    "timeline": [lambda tx, s: tx.timeline(s.folder, "x")],
    "happened": [lambda tx, s: tx.happened(s.folder, [Happening("x", "x")])],
    "changed_at": [lambda tx, s: tx.changed_at(s.folder)],
    "outline": [lambda tx, s: tx.outline(s.folder)],
    "personal": [lambda tx, s: tx.personal(s.folder)],
    "put_personal": [lambda tx, s: tx.put_personal(s.folder, Uid(1), b"x")],
    "ended": [lambda tx, s: tx.ended(s.folder, 0, 1)],
    "lapsed": [lambda tx, s: tx.lapsed(s.folder, ModSeq(0), 1)],
    "facts": [lambda tx, s: tx.facts(s.folder, EVERY, alarms=True)],
    "spans": [lambda tx, s: tx.spans(s.folder, 0, 1)],
    "busy": [lambda tx, s: tx.busy(s.folder, 0, 1)],
    "changes": [lambda tx, s: tx.changes(s.folder, ModSeq(0))],
    "item_properties": [lambda tx, s: tx.item_properties(s.folder, [Uid(1)])],
    "put_item_properties": [lambda tx, s: tx.put_item_properties(s.folder, Uid(1), b"x")],
    "snoozed": [lambda tx, s: tx.snoozed(s.folder, [Uid(1)])],
    "on_top": [lambda tx, s: tx.on_top(s.folder)],
    "snooze": [lambda tx, s: tx.snooze(s.folder, Uid(1), 1), lambda tx, s: tx.snooze(s.mine, Uid(1), 1)],
    "waking": [lambda tx, _: tx.waking(1)],
    "wake": [lambda tx, s: tx.wake(Snooze(ItemId(1), 1))],
    "rewrite": [lambda tx, s: tx.rewrite(s.folder, Uid(1), item())],
    "delta": [lambda tx, s: tx.delta(s.folder, ModSeq(0))],
    "unindexed": [lambda tx, s: tx.unindexed(s.folder)],
    "in_headers": [lambda tx, s: tx.in_headers(s.folder, "x"), lambda tx, s: tx.in_headers(s.folder, "x", "to")],
    "vanished": [lambda tx, s: tx.vanished(s.folder, ModSeq(0))],
    "latest": [lambda tx, s: tx.latest(s.folder, 0, 1)],
    "turnover": [lambda tx, s: tx.turnover(s.folder, ModSeq(0))],
    "turned": [lambda tx, s: tx.turned(s.folder, (0, 0), 9, ModSeq(0))],
    "left": [lambda tx, s: tx.left(s.folder, (0, 0), 9)],
    "email_turnover": [lambda tx, s: tx.email_turnover(s.folder, ModSeq(0))],
    "buried": [lambda tx, s: tx.buried(s.folder, ModSeq(0))],
    "removed": [lambda tx, s: tx.removed(s.folder)],
    "recover": [lambda tx, s: tx.recover(s.folder, Uid(1), s.mine, item())],
    "forget": [lambda tx, s: tx.forget(s.folder, [Uid(1)])],
    "reached": [lambda tx, s: tx.reached(s.alice)],
    "find": [lambda tx, s: tx.find([s.folder], Query(("x",)))],
    "find_latest": [lambda tx, s: tx.find_latest([s.folder], Query(("x",)))],
    "columns": [lambda tx, s: tx.columns(s.folder, ("saved", "subject"), EVERY)],
    "within": [lambda tx, s: tx.within(s.folder, "octets", 0), lambda tx, s: tx.within(s.folder, "saved", None, 0)],
    "account": [lambda tx, s: tx.account(s.alice), lambda tx, _: tx.account(A)],
    "accounts": [lambda tx, _: tx.accounts("example.test"), lambda tx, _: tx.accounts("nowhere.test")],
    "domains": [lambda tx, _: tx.domains()],
    "members": [lambda tx, _: tx.members(A)],
    "credentials": [lambda tx, s: tx.credentials(s.alice), lambda tx, s: tx.credentials(s.mallory.account)],
    "identity": [lambda tx, s: tx.identity(s.alice)],
    "setting": [lambda tx, s: tx.setting("mailboxSize", s.alice)],
    "settings": [lambda tx, s: tx.settings(s.alice)],
    "scripts": [lambda tx, s: tx.scripts(s.alice)],
    "script": [lambda tx, s: tx.script("x", s.alice)],
    "active_script": [lambda tx, s: tx.active_script(s.alice)],
    "addressbook_has": [lambda tx, s: tx.addressbook_has(s.alice, "", "x@y")],
    "active_scripts": [lambda tx, s: tx.active_scripts([s.alice])],
    "scripts_above": [lambda tx, s: tx.scripts_above([s.alice])],
    "addresses": [lambda tx, s: tx.addresses(s.alice)],
    "destination": [
        lambda tx, s: tx.destination(s.alice, Destination("Work")),
        lambda tx, s: tx.destination(s.mallory.account, Destination(number=s.folder)),
        lambda tx, s: tx.destination(s.mallory.account, Destination(PATH)),
    ],
    "make_destination": [
        lambda tx, s: tx.make_destination(s.alice, "New"),
        lambda tx, s: tx.make_destination(s.mallory.account, PATH + "/New"),
        lambda tx, s: tx.make_destination(s.mallory.account, PATH),
    ],
    "screening": [lambda tx, s: tx.screening(s.alice)],
    "remembered": [lambda tx, s: tx.remembered(s.alice, "vacation", "x")],
    "remember": [lambda tx, s: tx.remember(s.alice, Memory("vacation", "x", 60))],
    "lessons": [lambda tx, _: tx.lessons()],
    "drop_lessons": [lambda tx, _: tx.drop_lessons(1)],
    "occasions": [lambda tx, _: tx.occasions()],
    "settle_occasion": [
        lambda tx, s: tx.settle_occasion(Occasion(1, s.alice, s.folder, [(Uid(1), Uid(1))], "COPY", "x", "x"), Uid(1))
    ],
    "drop_occasion": [lambda tx, _: tx.drop_occasion(1)],
    "undos": [lambda tx, s: tx.undos(s.alice)],
    "put_undo": [lambda tx, s: tx.put_undo(s.alice, "x")],
    "drop_undo": [lambda tx, s: tx.drop_undo(s.alice, 1)],
    "room_for_script": [lambda tx, s: tx.room_for_script("x", 1, s.alice)],
    "put_script": [lambda tx, s: tx.put_script("x", b"keep;", s.alice)],
    "activate_script": [lambda tx, s: tx.activate_script("", s.alice), lambda tx, s: tx.activate_script("x", s.alice)],
    "drop_script": [lambda tx, s: tx.drop_script("x", s.alice)],
    "rename_script": [lambda tx, s: tx.rename_script("x", "y", s.alice)],
    "dmarc_seen": [lambda tx, _: tx.dmarc_seen(1, "example.test")],
    "dmarc_unreported": [lambda tx, _: tx.dmarc_unreported(1)],
    "note_dmarc": [lambda tx, _: tx.note_dmarc([DmarcSeen(1, "example.test", "{}")])],
    "reported_dmarc": [lambda tx, _: tx.reported_dmarc(1, "example.test")],
    "forget_dmarc": [lambda tx, _: tx.forget_dmarc(1)],
    "signing_keys": [lambda tx, _: tx.signing_keys("example.test"), lambda tx, _: tx.signing_keys("nowhere.test")],
    "put_signing_key": [lambda tx, _: tx.put_signing_key("example.test", "s", "ed25519", "x", "y")],
    "turn_signing_key": [lambda tx, _: tx.turn_signing_key("example.test", "s", "active")],
    "drop_signing_key": [lambda tx, _: tx.drop_signing_key("example.test", "s")],
    "mail_lists": [lambda tx, _: tx.mail_lists()],
    "subscribers": [lambda tx, s: tx.subscribers(s.list), lambda tx, _: tx.subscribers(LIST)],
    "subscriber": [lambda tx, s: tx.subscriber(s.list, 1), lambda tx, _: tx.subscriber(LIST, A)],
    "put_subscriber": [lambda tx, s: tx.put_subscriber(s.list, Subscriber("mallory@other.test"))],
    "drop_subscriber": [lambda tx, s: tx.drop_subscriber(s.list, A)],
    "list_progress": [lambda tx, s: tx.list_progress(s.folder, Uid(1))],
    "note_list_progress": [lambda tx, s: tx.note_list_progress(s.folder, Uid(1), 1)],
    "put_upload": [lambda tx, s: tx.put_upload(s.alice, STORED, "text/plain", UploadRoom(10, 1))],
    "all_push_targets": [lambda tx, _: tx.all_push_targets()],
    "put_push_target": [lambda tx, s: tx.put_push_target(_target(s))],
    "drop_push_target": [lambda tx, _: tx.drop_push_target(1)],
    "claim_push_target": [lambda tx, _: tx.claim_push_target(1, "", 1)],
    "settle_push_target": [lambda tx, _: tx.settle_push_target(1, "", 0, 0)],
    "remote_boxes": [lambda tx, s: tx.remote_boxes(s.alice), lambda tx, _: tx.remote_boxes(A)],
    "due_remote_boxes": [lambda tx, _: tx.due_remote_boxes(1)],
    "next_remote_box": [lambda tx, _: tx.next_remote_box()],
    "remote_letters": [lambda tx, _: tx.remote_letters(1)],
    "put_remote_box": [
        lambda tx, s: tx.put_remote_box(_box(s, None), s.alice),
        lambda tx, s: tx.put_remote_box(_box(s, s.folder)),
    ],
    "drop_remote_box": [lambda tx, s: tx.drop_remote_box(1, s.alice), lambda tx, _: tx.drop_remote_box(1)],
    "hasten_remote_box": [lambda tx, s: tx.hasten_remote_box(1, s.alice), lambda tx, _: tx.hasten_remote_box(1)],
    "claim_remote_box": [lambda tx, _: tx.claim_remote_box(1, 1)],
    "remember_remote_letter": [lambda tx, s: tx.remember_remote_letter(_box(s, None), "u", stays=False)],
    "note_remote_listing": [lambda tx, s: tx.note_remote_listing(_box(s, None), ["u"])],
    "settle_remote_box": [lambda tx, s: tx.settle_remote_box(_box(s, None), 1, 0, "")],
    "due_calendar_sources": [lambda tx, _: tx.due_calendar_sources(1)],
    "next_calendar_source": [lambda tx, _: tx.next_calendar_source()],
    "put_calendar_source": [lambda tx, s: tx.put_calendar_source(_source(s))],
    "hasten_calendar_source": [lambda tx, s: tx.hasten_calendar_source(s.folder)],
    "claim_calendar_source": [lambda tx, s: tx.claim_calendar_source(s.folder, 1)],
    "feed_calendar": [lambda tx, s: tx.feed_calendar(_source(s), [], ["a"])],
    "settle_calendar_source": [lambda tx, s: tx.settle_calendar_source(_source(s))],
    "devices": [lambda tx, s: tx.devices(s.alice), lambda tx, _: tx.devices(A)],
    "sync_state": [lambda tx, _: tx.sync_state(1, 0)],
    "sync_states": [lambda tx, _: tx.sync_states(1), lambda tx, s: tx.sync_states(1, s.alice)],
    "settle_device": [lambda tx, _: tx.settle_device(1, 1, settled=True)],
    "wiping_device": [lambda tx, _: tx.wiping_device(1, Wipe.NONE)],
    "order_device": [lambda tx, s: tx.order_device(1, s.alice), lambda tx, _: tx.order_device(1, None)],
    "put_sync_state": [lambda tx, _: tx.put_sync_state(1, SyncState(0, 1, "{}"), 0)],
    "drop_sync_states": [lambda tx, s: tx.drop_sync_states(1, s.alice), lambda tx, _: tx.drop_sync_states(1)],
    "drop_device": [lambda tx, s: tx.drop_device(1, s.alice), lambda tx, _: tx.drop_device(1)],
    "attachment": [lambda tx, _: tx.attachment("0" * 32)],
    "put_attachment": [lambda tx, s: tx.put_attachment(s.folder, STORED, "text/plain", "x")],
    "write_locks": [lambda tx, s: tx.write_locks(s.folder)],
    "put_write_lock": [lambda tx, s: tx.put_write_lock(s.folder, WriteLock("t", "x", False, False, s.alice, "", 9, 0))],
    "renew_write_lock": [lambda tx, s: tx.renew_write_lock(s.folder, "t", 9)],
    "drop_write_lock": [lambda tx, s: tx.drop_write_lock(s.folder, "t")],
    "clear_write_locks": [lambda tx, s: tx.clear_write_locks(s.folder, "x")],
    "quota": [lambda tx, s: tx.quota(s.folder)],
    "tree_quota": [
        lambda tx, _: tx.tree_quota(""),
        lambda tx, _: tx.tree_quota("Other Users/alice@example.test"),
        lambda tx, _: tx.tree_quota("Public"),
    ],
    "send_use": [lambda tx, s: tx.send_use(s.alice)],
    "spend": [lambda tx, s: tx.spend(s.alice, 1, 1)],
    "give_back": [lambda tx, s: tx.give_back(s.alice, 1, 1, datetime.now(UTC))],
    "told_of_sending": [lambda tx, s: tx.told_of_sending(s.alice)],
    "greylist": [lambda tx, _: tx.greylist("n", "a@b", "c@d", delay=1, waiting=1, passed=1)],
    "policy": [lambda tx, _: tx.policy(), lambda tx, _: tx.policy("example.test"), lambda tx, _: tx.policy("nowhere")],
    "domain_policies": [lambda tx, _: tx.domain_policies()],
    "put_policy": [lambda tx, _: tx.put_policy([]), lambda tx, _: tx.put_policy([], "example.test")],
    "journal": [lambda tx, s: tx.journal(s.folder)],
    "deeds": [lambda tx, s: tx.deeds(s.folder, 0, 1)],
    "trace": [lambda tx, _: tx.trace("x")],
    "find_trace": [lambda tx, _: tx.find_trace(TraceFilter(party=A))],
    "movements": [lambda tx, s: tx.movements(s.folder, Uid(1))],
    "queued": [lambda tx, _: tx.queued(), lambda tx, s: tx.queued(s.queued)],
    "backlog": [lambda tx, _: tx.backlog()],
    "usage": [lambda tx, _: tx.usage()],
    "next_due": [lambda tx, _: tx.next_due(local=True)],
    "create_folder": [lambda tx, _: tx.create_folder(PATH + "/New"), lambda tx, _: tx.create_folder(PATH)],
    "add_folder": [lambda tx, s: tx.add_folder(s.alice, "New"), lambda tx, s: tx.add_folder(s.alice, "Work")],
    "rename_folder": [lambda tx, s: tx.rename_folder(s.folder, "Mine"), lambda tx, _: tx.rename_folder("Sent", PATH)],
    "delete_folder": [lambda tx, s: tx.delete_folder(s.folder)],
    "set_folder": [lambda tx, s: tx.set_folder(s.folder, shared_seen=True)],
    "share": [lambda tx, s: tx.share(s.folder, "mallory@other.test", Right.READ)],
    "answer_share": [lambda tx, s: tx.answer_share(s.folder, accept=True)],
    "drop_notice": [lambda tx, _: tx.drop_notice(1)],
    "ask_access": [lambda tx, _: tx.ask_access(A, "Work", Right.READ)],
    "answer_access": [
        lambda tx, _: tx.answer_access(1, None),
        lambda tx, s: tx.answer_access(1, s.folder, Right.READ),
    ],
    "withdraw_request": [lambda tx, _: tx.withdraw_request(1)],
    "links": [lambda tx, s: tx.links(s.folder)],
    "bearer": [lambda tx, _: tx.bearer("ab" * 32)],
    "put_link": [lambda tx, s: tx.put_link(s.folder, "ab" * 32, Right.READ)],
    "drop_link": [lambda tx, s: tx.drop_link(s.folder, "link:abababababab")],
    "grant": [lambda tx, s: tx.grant(s.folder, "mallory@other.test", Right.LOOKUP)],
    "append": [lambda tx, s: tx.append(s.folder, [item()])],
    "deliver": [
        lambda tx, s: delivered(tx, Target("folder", folder=s.folder)),
    ],
    "replace": [lambda tx, s: tx.replace(s.folder, "a.ics", item())],
    "update_flags": [lambda tx, s: tx.update_flags(s.folder, EVERY, FlagChange(add=Flags.SEEN))],
    "copy": [lambda tx, s: tx.copy(s.folder, EVERY, s.mine), lambda tx, s: tx.copy(s.mine, EVERY, s.folder)],
    "move": [lambda tx, s: tx.move(s.folder, EVERY, s.mine), lambda tx, s: tx.move(s.mine, EVERY, s.folder)],
    "expunge": [lambda tx, s: tx.expunge(s.folder, EVERY)],
    "put_domain": [lambda tx, _: tx.put_domain(Domain("new.test"))],
    "drop_domain": [lambda tx, _: tx.drop_domain("example.test")],
    "put_account": [lambda tx, _: tx.put_account(NewAccount("new@example.test"))],
    "update_account": [
        lambda tx, _: tx.update_account(A, enabled=False),
        lambda tx, _: tx.update_account("mallory@other.test", name="Root"),
    ],
    "drop_account": [lambda tx, _: tx.drop_account(A)],
    "temporary_aliases": [lambda tx, s: tx.temporary_aliases(s.alice), lambda tx, _: tx.temporary_aliases(A)],
    "put_temporary_alias": [lambda tx, _: tx.put_temporary_alias(A, "x@example.test", 1)],
    "put_alias": [
        lambda tx, _: tx.put_alias(A, "x@example.test"),
        lambda tx, _: tx.put_alias("mallory@other.test", "root@other.test"),
    ],
    "drop_alias": [lambda tx, _: tx.drop_alias(A)],
    "put_member": [lambda tx, _: tx.put_member(A, "mallory@other.test")],
    "drop_member": [lambda tx, _: tx.drop_member(A, "mallory@other.test")],
    "put_credential": [
        lambda tx, s: tx.put_credential(s.alice, "password", "x"),
        lambda tx, s: tx.put_credential(s.mallory.account, "password", "x"),
    ],
    "drop_credential": [lambda tx, s: tx.drop_credential(s.alice, 1)],
    "spend_credential": [lambda tx, s: tx.spend_credential(s.alice, 1, datetime.now(UTC))],
    "use_credential": [lambda tx, s: tx.use_credential(s.alice, 1)],
    "browser_sessions": [lambda tx, s: tx.browser_sessions(s.alice), lambda tx, _: tx.browser_sessions(A)],
    "oauth_grants": [lambda tx, s: tx.oauth_grants(s.alice), lambda tx, _: tx.oauth_grants(A)],
    "oauth_grant": [lambda tx, _: tx.oauth_grant("access", "ab" * 32)],
    "turn_oauth_grant": [lambda tx, s: tx.turn_oauth_grant(GRANT, NewTokens("a", "b", 1, 1), "::1")],
    "use_oauth_grant": [lambda tx, _: tx.use_oauth_grant(1, "::1")],
    "drop_oauth_grant": [lambda tx, s: tx.drop_oauth_grant(1, s.alice)],
    "browser_session": [lambda tx, _: tx.browser_session("ab" * 32)],
    "use_browser_session": [lambda tx, _: tx.use_browser_session(1, "::1")],
    "drop_browser_session": [lambda tx, s: tx.drop_browser_session(1, s.alice)],
    "put_setting": [
        lambda tx, s: tx.put_setting("mailboxSize", 1, s.alice),
        lambda tx, s: tx.put_setting("mailboxSize", 0, s.mallory.account),
    ],
    "lease": [lambda tx, _: tx.lease(1, 60, local=True)],
    "renew": [lambda tx, _: tx.renew([], 60)],
    "unlease": [lambda tx, _: tx.unlease([])],
    "reclaim": [lambda tx, _: tx.reclaim("one")],
    "settle": [lambda tx, s: tx.settle([Outcome(s.queued, A, "sent", "2.0.0", "")])],
    "hasten": [lambda tx, _: tx.hasten()],
    "drop_queued": [lambda tx, s: tx.drop_queued(s.queued)],
    "claim_sending": [lambda tx, s: tx.claim_sending(s.alice, "x")],
    "withdraw": [lambda tx, s: tx.withdraw(s.queued)],
    "find_queued": [lambda tx, _: tx.find_queued(QueueFilter())],
    "waiting": [lambda tx, _: tx.waiting()],
    "hold_queued": [lambda tx, s: tx.hold_queued(s.queued)],
    "release_queued": [lambda tx, s: tx.release_queued(s.queued)],
    "sts_policy": [lambda tx, _: tx.sts_policy("x.test")],
    "put_sts_policy": [lambda tx, _: tx.put_sts_policy(StsPolicy("x.test", "1", "none", (), 0))],
    "tls_results": [lambda tx, _: tx.tls_results("x.test", "2027-01-01")],
    "unreported_tls": [lambda tx, _: tx.unreported_tls("2027-01-01")],
    "count_tls": [lambda tx, _: tx.count_tls([TlsResult("x.test", "2027-01-01", "sts", "mx", "success")])],
    "claim_tls_report": [lambda tx, _: tx.claim_tls_report("x.test", "2027-01-01")],
    "forget_tls": [lambda tx, _: tx.forget_tls("2027-01-01")],
}
OWN_THINGS: Mapping[str, str] = {
    "who": "itself",
    "anyone": "who is nobody",
    "home": "the root of its own tree",
    "folders": "its own folders, and what is shared with it",
    "folders_until": "when that changes",
    "share_states": "its own",
    "notices": "its own",
    "access_requests": "its own, and those to itself",
    "calendar_sources": "of those of its own, and of others' on which it has the right to say who may what",
    "delegations": "what is allowed to itself",
    "people_at": "a number that says nothing of anybody",
    "gone": "whether it may stay itself",
    "people": "of its own domain, as everybody in it knows them",
    "photos": "of those whom `people` finds, and its own",
    "subscriptions": "its own",
    "submitted": "what it has submitted itself",
    "was_sent": "the same",
    "uploaded": "its own",
    "device": "its own",
    "put_device": "its own",
    "push_targets": "its own",
    "records": "its own",
    "records_at": "its own",
    "records_since": "its own",
    "put_browser_session": "its own",
    "put_oauth_grant": "its own",
    "put_record": "its own",
    "drop_record": "its own",
    "annotated_with": "of folders that it may look up",
    "all_annotations": "of folders that it may read",
    "all_annotated": "the same",
    "placed": "of folders that it may read",
    "instances": "the same",
    "subscribe": "its own",
    "guest": "what anybody may know who invites: the addresses of one person, and whether a meeting has come",
    "invite": "puts a meeting where its owner takes invitations; anybody may invite",
    "schedule_inbox": "its own",
    "resolve": "where mail to an address goes; anybody may write a letter",
    "group_takes": "whether a group would take a message; anybody may write one and see",
    "may_send_as": "only about itself",
    "administers": "only about itself",
    "administered": "those that it administers",
    "body": "by the hash of the octets, which who has not read them does not know",
    "enqueue": "anybody may send",
    "note": "the trace of what it sends",
}
INSIDE = frozenset(
    {
        "open",
        "open_each",
        "open_times",
        "open_outline",
        "open_for_guests",
        "open_fed",
        "lock",
        "bump_each",
        "tree",
        "touch",
        "administer",
        "bump",
        "finish",
        "sql",
        "locks",
        "held",
        "marks",
        "moved",
        "memory",
    }
    | {
        "move_epoch",
        "move_memberships",
        "move_settings",
        "move_people",
        "journal_row",
        "note_change",
        "note_administration",
        "note_own",
        "trace_row",
    }
)
"""What the functions of the store are made of: no protocol sees it, for `api` does not name it."""
