"""`groupware.store.api.objects` over SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from groupware.model.ids import AccountId, FolderId, ItemId, ModSeq, Uid, Uids
from groupware.model.item import Placed
from groupware.model.lock import WriteLock
from groupware.model.meeting import Counted, Guest, Happening, Visit

from .. import facts, freebusy, invitations, locks, objects, personal, tombstones
from ..tx import Tx


class Objects(Tx):
    __slots__ = ()

    def identified(self, at: FolderId, ident: str) -> Sequence[str]:
        return objects.identified(self, at, ident)

    def objects(self, at: FolderId, component: str) -> Sequence[Uid]:
        return objects.objects(self, at, component)

    def facts(self, at: FolderId, uids: Uids, *, alarms: bool, limit: int = 0) -> Sequence[tuple[Uid, str]]:
        return facts.facts(self, at, uids, limit)

    def spans(self, at: FolderId, low: int, high: int, component: str = "") -> Placed:
        return objects.spans(self, at, low, high, component)

    def ended(self, at: FolderId, low: int, high: int, since: int = 1) -> Sequence[tuple[Uid, int]]:
        return objects.ended(self, at, low, high, since)

    def lapsed(self, at: FolderId, since: ModSeq, by: int) -> Sequence[tuple[Uid, ItemId]]:
        return tombstones.lapsed(self, at, since, by)

    def busy(self, at: FolderId, low: int, high: int) -> Placed:
        return objects.busy(self, at, low, high)

    def outline(self, at: FolderId) -> None:
        objects.outline(self, at)

    def counted(self, account: AccountId) -> Counted:
        return freebusy.counted(self, account)

    def guest(self, account: AccountId, ident: str) -> Guest:
        return invitations.guest(self, account, ident)

    def taken(self, account: AccountId, low: int, high: int) -> tuple[Placed, bytes]:
        return invitations.taken(self, account, low, high)

    def schedule_tags(self, at: FolderId, only: Uid | None = None) -> Mapping[Uid, str]:
        return invitations.schedule_tags(self, at, only)

    def personal(self, at: FolderId, only: Uid | None = None) -> Mapping[Uid, bytes]:
        return personal.personal(self, at, only)

    def write_locks(self, at: FolderId) -> Sequence[WriteLock]:
        return locks.there(self, at)

    def timeline(self, at: FolderId, ident: str) -> Sequence[Happening]:
        return invitations.timeline(self, at, ident)

    def invite(self, visits: Sequence[Visit], beside: FolderId | None = None) -> None:
        invitations.invite(self, visits, beside)

    def happened(self, at: FolderId, lines: Sequence[Happening]) -> None:
        invitations.happened(self, at, lines)

    def schedule_inbox(self) -> FolderId:
        return invitations.inbox(self, self.who.account)

    def put_personal(self, at: FolderId, uid: Uid, octets: bytes) -> ModSeq:
        return personal.put(self, at, uid, octets)

    def put_write_lock(self, at: FolderId, lock: WriteLock) -> None:
        locks.put(self, at, lock)

    def renew_write_lock(self, at: FolderId, token: str, seconds: int) -> WriteLock:
        return locks.renew(self, at, token, seconds)

    def drop_write_lock(self, at: FolderId, token: str) -> None:
        locks.drop(self, at, token)

    def clear_write_locks(self, at: FolderId, name: str) -> None:
        locks.clear(self, at, name)
