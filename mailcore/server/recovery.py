"""What was removed and is still kept, of one owner: listed, and brought back (decision 345)."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from groupware.calendar.item import read_item as read_event
from groupware.contacts.card import read_item as read_card
from groupware.mime.item import read_item as read_message
from groupware.model.errors import NotFound
from groupware.model.folder import Folder, Role
from groupware.model.ids import AccountId, FolderId, ItemId, Uid
from groupware.model.item import Item, Kind, NewItem, Removed
from groupware.model.principal import Principal
from groupware.model.rights import Right
from groupware.store.api import Blobs, ReadTx, Store, WriteTx

MOST: Final = 2000
"""Items of one folder that are listed: the last to go."""
_OUT: Final = (Role.TRASH, Role.JUNK, Role.SNOOZED)
"""Where something waits to go, or to come back: it does not come back there."""


@dataclass(frozen=True, slots=True)
class Lost:
    """One item, and the folder that it was in."""

    folder: Folder
    item: Removed


def removed_of(
    tx: ReadTx, owner: AccountId, limit: int = MOST, among: Callable[[Folder], bool] = lambda folder: True
) -> Sequence[Lost]:
    """What is kept of an owner's folders (of those `among` them), as far as one may see that; the last to go first.

    `limit` 0: all.
    """
    found: dict[ItemId, Lost] = {}
    for folder in tx.folders(of=owner):
        if folder.exists and may_recover(folder) and among(folder):
            for each in tx.removed(folder.id, limit):
                if each.id not in found or found[each.id].item.modseq < each.modseq:
                    found[each.id] = Lost(folder, each)
    return sorted(found.values(), key=lambda lost: (lost.item.removed_at, lost.item.modseq), reverse=True)[
        : limit or None
    ]


def may_recover(folder: Folder) -> bool:
    """Whether one may see what was removed from a folder."""
    need = Right.READ | Right.ADMIN | (Right.NONE if folder.kind is Kind.MAIL else Right.PRIVATE)
    return need in folder.rights


def lost_at(tx: ReadTx, at: FolderId, uid: Uid) -> Lost:
    """The one that had that UID in a folder. `NotFound`, `NoRight`."""
    found = next(iter(tx.removed(at, uid=uid)), None)
    if found is None:
        raise NotFound("this is not kept any more: its time is over, or it has been brought back already")
    return Lost(tx.folder(at), found)


def place_of(tx: ReadTx, lost: Lost) -> FolderId:
    """Where something comes back when nothing else is said: where it was, or for what was thrown away the inbox."""
    if lost.folder.role not in _OUT:
        return lost.folder.id
    return tx.role(lost.folder.owner, Role.INBOX, Right.INSERT).id


async def recovered(store: Store, blobs: Blobs, who: Principal, lost: Lost, to: FolderId) -> Item:
    """Brings it back, and gives what it is now. `NotFound`, `NoRight`, `OverQuota`, `IdentTaken`."""
    new = await _again(blobs, lost)

    def work(tx: WriteTx) -> Item:
        return tx.recover(lost.folder.id, lost.item.uid, to, new)

    return await store.write(who, work)


async def _again(blobs: Blobs, lost: Lost) -> NewItem:
    octets = await blobs.read(lost.item.blob)
    if lost.folder.kind is Kind.MAIL:
        return await read_message(octets, blobs)
    name = lost.item.name or secrets.token_urlsafe(18)
    if lost.folder.kind is Kind.CONTACTS:
        return (await read_card(octets, blobs, name))[1]
    return (await read_event(octets, blobs, name))[1]
