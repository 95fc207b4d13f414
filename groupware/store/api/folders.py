"""The tree of folders: finding, making, moving, its annotations, subscriptions and quotas."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from groupware.model.event import Landing, QuotaWarning
from groupware.model.folder import Destination, Folder
from groupware.model.ids import AccountId, FolderId, ModSeq
from groupware.model.item import Kind, NewItem
from groupware.model.rights import Right

from .marks import Where


class ReadFolders(Protocol):
    def folder(self, at: Where, need: Right = Right.READ) -> Folder:
        """The folder. `NotFound` when it is not there or `l` is missing; `NoRight` when only `need` is."""
        ...

    def state(self, at: FolderId) -> tuple[ModSeq, int]:
        """The folder's modseq, and until when what one may do there stays as it is (`Folder.until`). Takes `r`."""
        ...

    def home(self) -> FolderId:
        """The root of the asking principal's own tree. `NotFound` for who has none."""
        ...

    def folders(self, kind: Kind | None = None, *, of: AccountId | None = None) -> Sequence[Folder]:
        """Every folder that may be looked up: own, `Other Users/...`, `Public/...`, in path order.

        Parents that may not be looked up are there with `exists=False`. `of` confines it to one owner's tree.
        """
        ...

    def folders_until(self) -> int:
        """When `folders` becomes another list by itself: a grant or a denial ends (microseconds since 1970)."""
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

    def quota(self, at: FolderId) -> Sequence[tuple[str, str, int, int]]:
        """(root, resource, used, limit) for each quota that holds here; RFC 9208 resource names. Takes `r`.

        Of a whole tree that is told to who has `r` on its root: it says how much comes in elsewhere.
        """
        ...

    def tree_quota(self, root: str) -> Sequence[tuple[str, str, int, int]]:
        """The same of the whole tree that a root names, for who may set it: `a` on its owner's domain. `NotFound`."""
        ...

    def reclaimable(self, at: Iterable[FolderId]) -> Mapping[FolderId, int]:
        """How many octets the items with \\Deleted have, of each of these folders. Takes `r` on each."""
        ...

    def quota_warnings(self, limit: int = 100) -> Sequence[QuotaWarning]:
        """Whose mailbox has passed `quotaLimitThreshold` while its owner has not been told. The operator alone."""
        ...

    def destination(self, of: AccountId, wanted: Destination) -> FolderId:
        """The folder that a rule of this account means, and its owner may put mail into. Oneself, or who delivers.

        `NotFound`, `NoRight`, `Refused` (it is for other things than mail).
        """
        ...


class WriteFolders(Protocol):
    def quarantine(self, owner: AccountId) -> FolderId:
        """The folder where mail is held back for an account, or by its public owner for a domain; made when missing.

        Who delivers, or `a` on the root of that tree.
        """
        ...

    def annotate(self, at: FolderId | None, values: Mapping[str, bytes | None]) -> ModSeq:
        """Sets entries of a folder, or with None of the server; a value None takes one away. Gives back its modseq.

        A private one takes what reading it takes, a shared one `w` as well, one of the server `a` there.
        `TooManyEntries`; `Refused` for a name that cannot be or a value that is too long.
        """
        ...

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

    def subscribe(self, path: str, on: bool) -> None:
        """Adds a path to the asking principal's subscriptions, or takes it off; what is there stays off then."""
        ...

    def tell_of_quota(self, account: AccountId, letter: NewItem) -> Landing | None:
        """Puts the letter into the account's INBOX, however full that is; None when it had been told already.

        The operator alone.
        """
        ...

    def mailbox_full(self, account: AccountId, octets: int) -> None:
        """A message of so many octets was sent away because the account's mailbox is full: its owner is to be told of
        that, as `quota_warnings` says. The operator alone."""
        ...

    def put_quota(self, root: str, most: Mapping[str, int]) -> Sequence[tuple[str, str, int, int]]:
        """Sets the limits of a root, by RFC 9208's resource names, and drops the others; what holds then, as `quota`.

        Of a whole tree `a` on its owner's domain, of a folder `a` on the folder.
        """
        ...

    def make_destination(self, of: AccountId, path: str) -> FolderId:
        """The mail folder at a path in the account's view; made, and subscribed to, when it is missing (`k`).

        Oneself, or who delivers. `NotFound`, `NoRight`, `Refused`, `OverQuota`.
        """
        ...
