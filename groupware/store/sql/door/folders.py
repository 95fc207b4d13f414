"""`groupware.store.api.folders` over SQL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from groupware.model.event import Landing, QuotaWarning
from groupware.model.folder import Destination, Folder
from groupware.model.ids import AccountId, FolderId, ModSeq
from groupware.model.item import Kind, NewItem
from groupware.model.rights import Right
from groupware.store.api import Where

from .. import annotated, deliveries, destinations, folder_changes, folders, held, listings, quota, room, warnings
from ..tx import Tx


class Folders(Tx):
    __slots__ = ()

    def folder(self, at: Where, need: Right = Right.READ) -> Folder:
        return folders.folder(self, at, need)

    def state(self, at: FolderId) -> tuple[ModSeq, int]:
        return folders.state(self, at)

    def home(self) -> FolderId:
        return self.tree(self.who.account).root

    def folders(self, kind: Kind | None = None, *, of: AccountId | None = None) -> Sequence[Folder]:
        return listings.folders(self, kind, of)

    def folders_until(self) -> int:
        return listings.until(self)

    def locate(self, owner: AccountId, path: str, need: Right = Right.LOOKUP) -> Folder:
        return folders.locate(self, owner, path, need)

    def role(self, owner: AccountId, role: str, need: Right = Right.LOOKUP) -> Folder:
        return folders.role(self, owner, role, need)

    def quarantines(self) -> Sequence[tuple[FolderId, AccountId]]:
        return held.quarantines(self)

    def quarantine(self, owner: AccountId) -> FolderId:
        return held.quarantine(self, owner)

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

    def quota(self, at: FolderId) -> Sequence[tuple[str, str, int, int]]:
        return quota.quota(self, at)

    def tree_quota(self, root: str) -> Sequence[tuple[str, str, int, int]]:
        return quota.tree_quota(self, root)

    def reclaimable(self, at: Iterable[FolderId]) -> Mapping[FolderId, int]:
        return quota.reclaimable(self, at)

    def quota_warnings(self, limit: int = 100) -> Sequence[QuotaWarning]:
        return warnings.due(self, limit)

    def tell_of_quota(self, account: AccountId, letter: NewItem) -> Landing | None:
        return deliveries.tell_of_quota(self, account, letter)

    def mailbox_full(self, account: AccountId, octets: int) -> None:
        room.mailbox_full(self, account, octets)

    def put_quota(self, root: str, most: Mapping[str, int]) -> Sequence[tuple[str, str, int, int]]:
        return quota.put(self, root, most)

    def destination(self, of: AccountId, wanted: Destination) -> FolderId:
        return destinations.destination(self, of, wanted)

    def make_destination(self, of: AccountId, path: str) -> FolderId:
        return destinations.make(self, of, path)
