"""What lies in folders, whatever its kind: listing, finding, changing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

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


class ReadItems(Protocol):
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

    def delta(
        self, at: FolderId, since: ModSeq, limit: int = 0, began: ModSeq = BEGINNING, past: Uid = NO_UID
    ) -> Delta:
        """What changed after `since`, at most `limit` (0: all). Takes `r`.

        `began` and `past` are those of the page before. What is private to others has gone when it has become so, and
        is not there.
        """
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

    def find_latest(self, at: Sequence[FolderId], query: Query) -> Sequence[ItemId]:
        """The emails that `find` finds, the newest `saved` first. Takes `r` on each."""
        ...

    def unindexed(self, at: FolderId) -> Sequence[Uid]:
        """UIDs, in order, of the items whose text goes on where the index has ended. Takes `r`."""
        ...

    def in_headers(self, at: FolderId, text: str, name: str = "") -> tuple[Sequence[Uid], Sequence[Uid]]:
        """UIDs, in order, of messages with the text in a header line; and of those of which that is not known (yet).

        A line is `Name: value`, decoded, of the message or a part of it; with `name` the text is looked for in the
        values of such fields of the message itself. Of what is no mail nothing is known. Takes `r`.
        """
        ...

    def columns(
        self,
        at: FolderId,
        names: Sequence[str],
        uids: Uids,
        limit: int = 0,
        marks: tuple[Flags, Flags] | None = None,
    ) -> Sequence[tuple[Any, ...]]:
        """(UID, and a value for each name) of the items in these ranges, in UID order, at most `limit`. Takes `r`.

        `marks`: of those items alone that have of the first flags just the second ones, for the asking principal.

        The names are those of `Keys`, with `ids` for the references, one a line; `modseq`, `bits`, `words`, `id`,
        `email`, `name`, `size`, `arrived`, `blob` and `summary` as in `Item`; `saved` (microseconds since 1970),
        `octets` (as sent). What an item has not is "" or None.
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

    def instances(self, of: Sequence[ItemId] | None, among: Sequence[FolderId]) -> Sequence[Instance]:
        """Which messages these emails are, in order, as far as the asking principal may read them.

        Copies are looked for in the folders `among` alone: those with `copies`. None: all emails with a copy there that
        are other messages as well, readable or not.
        """
        ...

    def email_turnover(self, at: FolderId, since: ModSeq) -> EmailTurnover | None:
        """What came, changed and went in a folder of mail after a moment of its owner's sequence. Takes `r`.

        What was then where one may not read has come when it left there. None: that is longer ago than is remembered.
        """
        ...

    def item_properties(self, at: FolderId, uids: Sequence[Uid]) -> Mapping[Uid, bytes]:
        """What clients keep beside these items (`put_item_properties`), of those that have something. Takes `r`."""
        ...

    def snoozed(self, at: FolderId, uids: Sequence[Uid]) -> Mapping[Uid, Snooze]:
        """Until when these items of a folder of the role `snoozed` wait, of those that do. Takes `r`."""
        ...

    def waking(self, limit: int) -> Sequence[Snooze]:
        """Those that wait, of all accounts, the first that is due first. For the server's administrators."""
        ...

    def on_top(self, at: FolderId) -> Sequence[tuple[Uid, ItemId, str, int]]:
        """(UID, id, keywords, saved) of what is pinned in a folder or has come back, the newest first. Takes `r`."""
        ...

    def turnover(self, at: FolderId, since: ModSeq) -> Turnover | None:
        """What came, changed and went in a folder after a moment of its owner's sequence. Takes `r`.

        What the asking principal has beside an object (`personal`) is a change of it. What could not be read then, and
        can be now, has come when that changed. None: that is longer ago than is remembered.
        """
        ...

    def turned(self, at: FolderId, behind: tuple[int, int], most: int, since: ModSeq) -> Sequence[Turned] | None:
        """What came or changed in a folder behind (modseq, UID), in that order, at most `most`. Takes `r`.

        An item may be there twice: once for itself, and once for what is beside it. What could not be seen at `since`,
        and can be now, has come when that changed. None: that is longer ago than is remembered.
        """
        ...

    def left(
        self, at: FolderId, behind: tuple[int, int], most: int, of: Sequence[ItemId] = ()
    ) -> Sequence[Left] | None:
        """What left a folder behind (modseq, UID), in that order, at most `most`; `of`: of these items alone.

        Takes `r`. None as for `turned`.
        """
        ...

    def buried(self, at: FolderId, since: ModSeq) -> Mapping[ItemId, tuple[str, str] | None]:
        """Message-ID, and references one a line, of the emails that left a folder after a moment. Takes `r`.

        None: retention has ended, and nothing is known of it any more.
        """
        ...

    def removed(self, at: FolderId, limit: int = 0, uid: Uid | None = None) -> Sequence[Removed]:
        """What was taken out of a folder and is still kept, the last to go first, at most `limit` (0: all).

        `uid`: that alone which had this UID there. Takes `r` and `a`; what was private to others is left out.
        """
        ...

    def reached(self, owner: AccountId) -> ModSeq:
        """How far the owner's change sequence has come: to who may not read all of it, as far as folders have changed
        that they may, or whose busy times they see. `NotFound` when one may look up nothing of the owner's.
        """
        ...

    def body(self, blob: BlobId) -> bytes | None:
        """The stored form of a blob that lives in the database; None when it lives in the object store."""
        ...


class WriteItems(Protocol):
    def append(self, at: FolderId, new: Sequence[NewItem]) -> Sequence[Item]:
        """Puts items in. `i`; flags that the principal may not set are left off. `OverQuota`."""
        ...

    def deliver(self, to: Sequence[Target], new: NewItem) -> Sequence[Landing | GroupwareError]:
        """Puts one message into the folders of its targets, once in each: where it is, or why it cannot be. `p`.

        A target is a folder, an account's INBOX, or that folder of the account which the tag names. NotFound, NoRight,
        Refused and OverQuota concern their target alone; anything else is raised.
        """
        ...

    def replace(self, at: FolderId, name: str, new: NewItem, if_modseq: ModSeq | None = None) -> Item:
        """Another content under the same name. `i`, `t` and `e`, or edit-own on one's own item.

        `Conflict`; `IdentTaken` when another object has its UID.
        """
        ...

    def rewrite(self, at: FolderId, uid: Uid, new: NewItem, if_modseq: ModSeq | None = None) -> Item:
        """Another content in the place of an item: the same id, a new UID. Else as `replace`."""
        ...

    def put_item_properties(self, at: FolderId, uid: Uid, octets: bytes) -> ModSeq:
        """Keeps octets beside an item, which stay with it while it is there; empty ones take them away.

        `w`, or on an item that one has made edit-own or `i`. `OverQuota` for more than 256 KiB.
        """
        ...

    def snooze(self, at: FolderId, uid: Uid, until: int | None, to: FolderId | None = None) -> ModSeq:
        """Has an item of one's own folder `snoozed` come back at a moment (microseconds), to a folder or the inbox.

        None: it waits no longer, and stays where it is. `r`, `t` and `e`; there `i`. `Refused` in another folder.
        """
        ...

    def wake(self, which: Snooze) -> bool:
        """Brings an item back, unread and with the keyword `$new`; False: it waits no longer, or another one did it.

        For the server's administrators.
        """
        ...

    def update_flags(self, at: FolderId, uids: Uids, change: FlagChange) -> tuple[Sequence[Entry], Sequence[Uid]]:
        """Changes flags; gives back the entries that changed and the UIDs too new for `unchanged_since`.

        Each flag has its own right (RFC 4314 §4): `s` for SEEN, `t` for DELETED, `w` for the rest. Flags that the
        principal may not touch stay as they are; with none left to change it is `NoRight`.
        """
        ...

    def copy(self, at: FolderId, uids: Uids, to: FolderId, *, anew: bool = False) -> Sequence[tuple[Uid, Uid]]:
        """(UID here, UID there) of the copies. `r` here, `i` there. `OverQuota`.

        They are the same emails as what they are copied from; `anew`: they are emails of their own.
        """
        ...

    def move(self, at: FolderId, uids: Uids, to: FolderId, *, name: str | None = None) -> Sequence[tuple[Uid, Uid]]:
        """(UID here, UID there). `r`, `t` and `e` here (or delete-own), `i` there.

        `name`: what one item is called from then on, also in the folder where it is already; `AlreadyExists`. Without
        it an item keeps its name, or gets one like it where another has that.
        """
        ...

    def expunge(self, at: FolderId, uids: Uids, *, deleted_only: bool = True) -> Sequence[Uid]:
        """Takes items away, by default only those that carry \\Deleted. `e`, or delete-own on one's own items.

        Those without the mark take `t` as well.
        """
        ...

    def recover(self, at: FolderId, uid: Uid, to: FolderId, new: NewItem) -> Item:
        """Brings back what was taken out of a folder, as a new item with its flags, its keywords and its date.

        `new`: the same octets, read again. Rights as for `removed`, and `i` there. `NotFound`: it is not kept any more.
        """
        ...

    def forget(self, at: FolderId, uids: Sequence[Uid]) -> None:
        """Forgets what was taken out of a folder before its time. `NotFound`.

        Rights as for `removed`, and `t` and `e`.
        """
        ...
