"""Quotas as RFC 9208 tells of them."""

from __future__ import annotations

from collections.abc import Sequence

from groupware.model.ids import FolderId
from groupware.model.rights import Right

from .paths import prefix, view_path
from .settings import limits
from .tx import Tx

Row = tuple[str, str, int, int]


def quota(tx: Tx, at: FolderId) -> Sequence[Row]:
    """(root, resource, used, limit) for each quota that holds in the folder. `r`.

    A root is called as the folder where it begins: "" for the own tree, `Other Users/alice@x`, `Public`; a folder with
    a quota of its own is one more. STORAGE is in units of 1024 octets, RFC 9208 §5.1.
    """
    here = tx.open(at, Right.READ)
    most = limits(tx, here.owner, here.settings)
    whole, own = prefix(here.tree, tx.who), view_path(here.tree, here.id, tx.who)
    rows = [
        (whole, "STORAGE", _units(here.owner_bytes), most.bytes // 1024, most.bytes),
        (whole, "MESSAGE", here.owner_items, most.items, most.items),
        (whole, "MAILBOX", len(here.tree.nodes) - 1, most.folders, most.folders),
        (own, "STORAGE", _units(here.bytes), (here.quota_bytes or 0) // 1024, here.quota_bytes or 0),
        (own, "MESSAGE", here.total, here.quota_items or 0, here.quota_items or 0),
    ]
    return [(root, resource, used, limit) for root, resource, used, limit, holds in rows if holds]


def _units(octets: int) -> int:
    return (octets + 1023) // 1024
