"""`groupware.store.api.items` over SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from groupware.model.errors import GroupwareError
from groupware.model.event import Landing, Target
from groupware.model.flags import FlagChange, Flags
from groupware.model.ids import BEGINNING, NO_UID, AccountId, BlobId, FolderId, ItemId, ModSeq, Uid, Uids
from groupware.model.item import (
    Changes,
    Delta,
    EmailTurnover,
    Entry,
    Found,
    Instance,
    Item,
    Left,
    NewItem,
    Query,
    Removed,
    Turned,
    Turnover,
)
from groupware.model.snooze import Snooze

from .. import (
    columns,
    deliveries,
    emails,
    flags,
    header_texts,
    item_changes,
    item_copies,
    items,
    properties,
    removed,
    search,
    snoozes,
    whereabouts,
)
from ..engine import Row
from ..tx import Tx


class Items(Tx):
    __slots__ = ()

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

    def delta(
        self, at: FolderId, since: ModSeq, limit: int = 0, began: ModSeq = BEGINNING, past: Uid = NO_UID
    ) -> Delta:
        return items.delta(self, at, since, limit, began, past)

    def changes(self, at: FolderId, since: ModSeq) -> Changes:
        return items.changes(self, at, since)

    def vanished(self, at: FolderId, since: ModSeq) -> Sequence[Uid] | None:
        return items.vanished(self, at, since)

    def find(self, at: Sequence[FolderId], query: Query) -> Sequence[Found]:
        return search.find(self, at, query)

    def find_latest(self, at: Sequence[FolderId], query: Query) -> Sequence[ItemId]:
        return search.find_latest(self, at, query)

    def unindexed(self, at: FolderId) -> Sequence[Uid]:
        return search.unindexed(self, at)

    def in_headers(self, at: FolderId, text: str, name: str = "") -> tuple[Sequence[Uid], Sequence[Uid]]:
        return header_texts.in_headers(self, at, text, name)

    def columns(
        self,
        at: FolderId,
        names: Sequence[str],
        uids: Uids,
        limit: int = 0,
        marks: tuple[Flags, Flags] | None = None,
    ) -> Sequence[Row]:
        return columns.columns(self, at, names, uids, limit, marks and (marks[0].value, marks[1].value))

    def within(self, at: FolderId, name: str, low: int | None = None, high: int | None = None) -> Sequence[Uid]:
        return columns.within(self, at, name, low, high)

    def latest(self, at: FolderId, skip: int, most: int) -> Sequence[tuple[Uid, ItemId]]:
        return whereabouts.latest(self, at, skip, most)

    def placed(self, ids: Sequence[ItemId]) -> Mapping[ItemId, tuple[FolderId, Uid]]:
        return whereabouts.placed(self, ids)

    def instances(self, of: Sequence[ItemId] | None, among: Sequence[FolderId]) -> Sequence[Instance]:
        return emails.instances(self, of, among)

    def email_turnover(self, at: FolderId, since: ModSeq) -> EmailTurnover | None:
        return emails.turnover(self, at, since)

    def item_properties(self, at: FolderId, uids: Sequence[Uid]) -> Mapping[Uid, bytes]:
        return properties.of(self, at, uids)

    def snoozed(self, at: FolderId, uids: Sequence[Uid]) -> Mapping[Uid, Snooze]:
        return snoozes.of(self, at, uids)

    def waking(self, limit: int) -> Sequence[Snooze]:
        return snoozes.waking(self, limit)

    def on_top(self, at: FolderId) -> Sequence[tuple[Uid, ItemId, str, int]]:
        return snoozes.on_top(self, at)

    def turnover(self, at: FolderId, since: ModSeq) -> Turnover | None:
        return whereabouts.turnover(self, at, since)

    def turned(self, at: FolderId, behind: tuple[int, int], most: int, since: ModSeq) -> Sequence[Turned] | None:
        return whereabouts.turned(self, at, behind, most, since)

    def left(
        self, at: FolderId, behind: tuple[int, int], most: int, of: Sequence[ItemId] = ()
    ) -> Sequence[Left] | None:
        return whereabouts.left(self, at, behind, most, of)

    def buried(self, at: FolderId, since: ModSeq) -> Mapping[ItemId, tuple[str, str] | None]:
        return whereabouts.buried(self, at, since)

    def removed(self, at: FolderId, limit: int = 0, uid: Uid | None = None) -> Sequence[Removed]:
        return removed.removed(self, at, limit, uid)

    def reached(self, owner: AccountId) -> ModSeq:
        return whereabouts.reached(self, owner)

    def body(self, blob: BlobId) -> bytes | None:
        return items.body(self, blob)

    def append(self, at: FolderId, new: Sequence[NewItem]) -> Sequence[Item]:
        return item_changes.append(self, at, new)

    def deliver(self, to: Sequence[Target], new: NewItem) -> Sequence[Landing | GroupwareError]:
        return deliveries.deliver(self, to, new)

    def replace(self, at: FolderId, name: str, new: NewItem, if_modseq: ModSeq | None = None) -> Item:
        return item_changes.replace(self, at, name, new, if_modseq)

    def rewrite(self, at: FolderId, uid: Uid, new: NewItem, if_modseq: ModSeq | None = None) -> Item:
        return item_changes.rewrite(self, at, uid, new, if_modseq)

    def put_item_properties(self, at: FolderId, uid: Uid, octets: bytes) -> ModSeq:
        return properties.put(self, at, uid, octets)

    def snooze(self, at: FolderId, uid: Uid, until: int | None, to: FolderId | None = None) -> ModSeq:
        return snoozes.put(self, at, uid, until, to)

    def wake(self, which: Snooze) -> bool:
        return snoozes.wake(self, which)

    def update_flags(self, at: FolderId, uids: Uids, change: FlagChange) -> tuple[Sequence[Entry], Sequence[Uid]]:
        return flags.update_flags(self, at, uids, change)

    def copy(self, at: FolderId, uids: Uids, to: FolderId, *, anew: bool = False) -> Sequence[tuple[Uid, Uid]]:
        return item_copies.copy(self, at, uids, to, anew=anew)

    def move(self, at: FolderId, uids: Uids, to: FolderId, *, name: str | None = None) -> Sequence[tuple[Uid, Uid]]:
        return item_copies.move(self, at, uids, to, name)

    def expunge(self, at: FolderId, uids: Uids, *, deleted_only: bool = True) -> Sequence[Uid]:
        return item_changes.expunge(self, at, uids, deleted_only=deleted_only)

    def recover(self, at: FolderId, uid: Uid, to: FolderId, new: NewItem) -> Item:
        return removed.recover(self, at, uid, to, new)

    def forget(self, at: FolderId, uids: Sequence[Uid]) -> None:
        removed.forget(self, at, uids)
