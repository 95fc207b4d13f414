"""Quotas as RFC 9208 tells of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from sqlalchemy import bindparam, func, select

from groupware.model.errors import NoRight, NotFound, Refused
from groupware.model.ids import AccountId, FolderId
from groupware.model.rights import Right
from groupware.model.settings import KB_MOST
from groupware.store.api import Where

from . import folder_changes, schema, settings
from .guard import Opened
from .paths import place
from .room import reads_all
from .settings import limits
from .tree import Tree, prefix
from .tx import Tx

Row = tuple[str, str, int, int]
_OF_TREE: Final = {"STORAGE": "mailboxSize", "MESSAGE": "mailboxMessageCount", "MAILBOX": "mailboxFolderCount"}
_OF_FOLDER: Final = {"STORAGE": "quota_bytes", "MESSAGE": "quota_items"}
_DELETED: Final = (
    select(func.sum(schema.item.c.size)).where(schema.item.c.folder_id == bindparam("at")).where(schema.MARKED)
)
_ROOT: Final = select(schema.principal.c.bytes, schema.principal.c["items"], select(schema.meta.c.value).where(
    schema.meta.c.name == "settings").scalar_subquery()).where(schema.principal.c.id == bindparam("owner"))  # fmt: skip


def quota(tx: Tx, at: FolderId) -> Sequence[Row]:
    """(root, resource, used, limit) for each quota that holds in the folder, and may be known. `r`; there as well.

    A root is called as the folder where it begins: "" for the own tree, `Other Users/alice@x`, `Public`; a folder with
    a quota of its own is one more. STORAGE is in units of 1024 octets, RFC 9208 §5.1.
    """
    here = tx.open(at, Right.READ)
    if not reads_all(tx, here.tree):
        return _of_folder(tx, here)
    return [*_of_tree(tx, here.tree, here.owner_bytes, here.owner_items, here.settings), *_of_folder(tx, here)]


def tree_quota(tx: Tx, root: str) -> Sequence[Row]:
    """What holds of the whole tree that a root names, for who may set it: `a` on its owner's domain. `NotFound`."""
    found = _named(tx, root)
    if found is None or found[1]:
        raise _no_root(root)
    tree = found[0]
    try:
        settings.check_may_set(tx, tree.owner)
    except NoRight:
        raise _no_root(root) from None
    return _of_tree(tx, tree, *_counted(tx, tree.owner))


def _of_tree(tx: Tx, tree: Tree, octets: int, items: int, epoch: int) -> list[Row]:
    root, most = prefix(tree, tx.who), limits(tx, tree.owner, epoch)
    rows = (
        (root, "STORAGE", _units(octets), most.bytes // 1024, most.bytes),
        (root, "MESSAGE", items, most.items, most.items),
        (root, "MAILBOX", len(tree.nodes) - 1, most.folders, most.folders),
    )
    return [row[:4] for row in rows if row[4]]


def _of_folder(tx: Tx, here: Opened) -> list[Row]:
    root = here.path
    rows = (
        (root, "STORAGE", _units(here.bytes), (here.quota_bytes or 0) // 1024, here.quota_bytes),
        (root, "MESSAGE", here.total, here.quota_items or 0, here.quota_items),
    )
    return [row[:4] for row in rows if row[4]]


def _units(octets: int) -> int:
    return (octets + 1023) // 1024


def reclaimable(tx: Tx, at: Iterable[FolderId]) -> Mapping[FolderId, int]:
    """How many octets the items with \\Deleted have, of each of these folders. `r`."""
    found: dict[FolderId, int] = {}
    for each in at:
        here = tx.open(each, Right.READ)
        found[each] = int(tx.sql.value(_DELETED, {"at": here.id}) or 0) if here.deleted else 0
    return found


# --- setting --------------------------------------------------------------------------------------------------------


def put(tx: Tx, root: str, most: Mapping[str, int]) -> Sequence[Row]:
    """Sets the limits of a root and drops those that are not named; gives back what holds then. RFC 9208 §4.1.

    Of a whole tree: `a` on its owner's domain (or the server). Of a folder: `a` on the folder. `Refused`.
    """
    found = _named(tx, root)
    if found is None:
        raise _no_root(root)
    tree, levels = found
    if levels:
        return _put_on_folder(tx, root, most)
    _check(most, _OF_TREE)
    try:
        for resource, name in _OF_TREE.items():
            settings.put(tx, name, most.get(resource), tree.owner)
    except NoRight:
        if tree.owner == tx.who.account:
            raise
        raise _no_root(root) from None
    return _of_tree(tx, tree, *_counted(tx, tree.owner))


def _named(tx: Tx, root: str) -> tuple[Tree, Sequence[str]] | None:
    """Whose tree a root names, and the levels in it; None: nobody's."""
    return place(tx.sql, tx.memory, tx.who, root) if root else (tx.tree(tx.who.account), [])


def _no_root(root: str) -> NotFound:
    return NotFound(f"quota root {root}: there is no such root, or it is not for you to see or set")


def _counted(tx: Tx, owner: AccountId) -> tuple[int, int, int]:
    [(octets, items, epoch)] = tx.sql.rows(_ROOT, {"owner": owner})
    return octets, items, epoch


def _put_on_folder(tx: Tx, at: Where, most: Mapping[str, int]) -> Sequence[Row]:
    _check(most, _OF_FOLDER)
    octets = most.get("STORAGE")
    values = {"quota_bytes": None if octets is None else octets * 1024, "quota_items": most.get("MESSAGE")}
    folder = folder_changes.set_values(tx, at, values)
    return _of_folder(tx, tx.open(folder.id, Right.LOOKUP))


def _check(most: Mapping[str, int], known: Mapping[str, str]) -> None:
    unknown = most.keys() - known.keys()
    if unknown:
        raise Refused(f"resource {min(unknown)}: what can be limited here is {', '.join(known)}")
    if max(most.values(), default=0) > KB_MOST:
        raise Refused(f"a limit is at most {KB_MOST}")
