"""Whether more fits into a folder: the quota of its owner's tree, and the folder's own.

How full a tree is says how much comes in elsewhere in it: that is told to who may read the whole of it.
"""

from __future__ import annotations

from typing import Final

from groupware.model.errors import OverQuota
from groupware.model.ids import AccountId
from groupware.model.rights import Right

from . import warnings
from .guard import Opened
from .principals import by_id
from .settings import Limits, limits
from .tree import Tree
from .tx import Tx

UNLIMITED: Final = Limits(0, 0, 0)


def reads_all(tx: Tx, tree: Tree) -> bool:
    """Whether the asking principal may know how much there is in the whole of a tree: who may read its root."""
    return Right.READ in tree.rights(tx.who, tree.root)


def check_room(tx: Tx, at: Opened, items: int, octets: int, *, moved: bool = False) -> None:
    """`OverQuota` when so much more does not fit the owner's quota, or the folder's own.

    `moved`: it comes from another folder of the same owner, who then holds no more than before.
    """
    most = limits(tx, at.owner, at.settings) if not moved else UNLIMITED
    for code, limit, there, more in (
        ("quotaOctets", most.bytes, at.owner_bytes, octets),
        ("quotaItems", most.items, at.owner_items, items),
    ):
        if limit and more > 0 and there + more > limit:
            raise _full(f"mailbox of {at.tree.key}", there, more, limit, code if reads_all(tx, at.tree) else "")
    for code, own, there, more in (
        ("quotaOctets", at.quota_bytes, at.bytes, octets),
        ("quotaItems", at.quota_items, at.total, items),
    ):
        if own and more > 0 and there + more > own:
            told = Right.READ in at.rights
            what = f"folder {at.path}" if told else "this folder"
            raise _full(what, there, more, own, code if told else "")
    _warn(tx, at, most, items, octets)


def _full(what: str, there: int, more: int, limit: int, code: str) -> OverQuota:
    """The refusal, with its code; "": to who may not know how much there is."""
    if not code:
        return OverQuota(f"{what}: it is full, until its owner deletes something")
    return OverQuota(
        f"{what}: {there} and {more} more do not fit its quota of {limit}; delete something first", code, most=limit
    )


def _warn(tx: Tx, at: Opened, most: Limits, items: int, octets: int) -> None:
    """Note it when with so much more the mailbox passes the share of its quota that its owner is told of."""
    for resource, limit, there, more in (
        ("STORAGE", most.bytes, at.owner_bytes, octets),
        ("MESSAGE", most.items, at.owner_items, items),
    ):
        if there * 100 < limit * most.warned_at <= (there + more) * 100:
            warnings.passed(tx, at.owner, resource, there + more, limit)


def room_left(most: Limits, octets: int, items: int) -> int | None:
    """How many octets a tree that holds so much can take yet; None: as many as come."""
    if most.items and items >= most.items:
        return 0
    return max(most.bytes - octets, 0) if most.bytes else None


def note_full(tx: Tx, at: Opened, octets: int) -> None:
    """Note it when a message has come that does not fit the owner's quota, for a mailbox that never passed the
    threshold."""
    _note_full(tx, at.owner, limits(tx, at.owner, at.settings), (at.owner_bytes, at.owner_items), octets)


def mailbox_full(tx: Tx, owner: AccountId, octets: int) -> None:
    """See `WriteTx.mailbox_full`."""
    tx.administer(None)
    found = by_id(tx.sql, owner)
    if found is not None:
        _note_full(tx, owner, limits(tx, owner, found.settings), (found.bytes, found.items), octets)


def _note_full(tx: Tx, owner: AccountId, most: Limits, holds: tuple[int, int], octets: int) -> None:
    for resource, limit, there, more in (
        ("STORAGE", most.bytes, holds[0], octets),
        ("MESSAGE", most.items, holds[1], 1),
    ):
        if limit and there + more > limit:
            warnings.passed(tx, owner, resource, there, limit)
