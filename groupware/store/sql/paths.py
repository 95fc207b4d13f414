"""Paths in a principal's own view: `Work/2026`, `Other Users/alice@x/Work`, `Public/News`.

Its own tree comes first; its domain's public tree is `Public`, another domain's is `Public/<domain>`; whoever else's
tree is `Other Users/<address>`. A name that cannot be found is told as one that may not be seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import bindparam, select

from groupware.model.folder import INBOX, OTHERS, PUBLIC, levels_of
from groupware.model.ids import AccountId, FolderId
from groupware.model.principal import Principal

from . import schema
from .engine import Sql
from .guard import SERVER, absent
from .tree import Memory, Tree, domain_of, tree_of

_BY_ADDRESS: Final = (
    select(schema.principal.c.id)
    .join(schema.address, schema.address.c.principal_id == schema.principal.c.id)
    .where(schema.address.c.address == bindparam("address"))
    .where(schema.principal.c.root_id.is_not(None))
)
_BY_KEYS: Final = (
    select(schema.principal.c.id, schema.principal.c.key)
    .where(schema.principal.c.key.in_((bindparam("own"), bindparam("other"))))
    .where(schema.principal.c.root_id.is_not(None))
)


def walk(tree: Tree, levels: Sequence[str]) -> FolderId | None:
    """The folder that these levels lead to, from the root of a tree; INBOX in any spelling."""
    at = tree.root
    for depth, level in enumerate(levels):
        children = tree.nodes[at].children
        found = children.get(level)
        if found is None and depth == 0 and level.upper() == INBOX:
            found = children.get(INBOX)
        if found is None:
            return None
        at = found
    return at


def number_of(sql: Sql, memory: Memory, who: Principal, path: str) -> FolderId:
    """The number of the folder at a path in the principal's view. `NotFound`; no right is looked at."""
    found = place(sql, memory, who, path)
    number = walk(*found) if found is not None else None
    if number is None:
        raise absent(path)
    return number


def place(sql: Sql, memory: Memory, who: Principal, path: str) -> tuple[Tree, Sequence[str]] | None:
    """Whose tree a path in the principal's view means, and the levels in that tree; None: nobody's.

    The folder itself need not be there.
    """
    levels = levels_of(path)
    if levels[0] == OTHERS:
        owner = _owner_named(sql, levels[1].lower()) if len(levels) > 1 else None
        return (tree_of(sql, memory, owner), levels[2:]) if owner is not None else None
    if levels[0] == PUBLIC:
        return _public(sql, memory, who, levels[1:])
    if who.account == SERVER:
        return None
    return tree_of(sql, memory, who.account), levels


def _owner_named(sql: Sql, name: str) -> AccountId | None:
    row = sql.row(_BY_ADDRESS, {"address": name})
    return AccountId(row[0]) if row is not None else None


def _public(sql: Sql, memory: Memory, who: Principal, levels: Sequence[str]) -> tuple[Tree, Sequence[str]] | None:
    """Asked in one statement, whether the own tree has such a folder or not: the time tells nothing of that."""
    keys = {"own": "public:" + domain_of(who), "other": "public:" + (levels[0].lower() if levels else "")}
    trees = {key: AccountId(owner) for owner, key in sql.rows(_BY_KEYS, keys)}
    own, other = trees.get(keys["own"]), trees.get(keys["other"])
    tree = tree_of(sql, memory, own) if own is not None else None
    if tree is not None and (not levels or levels[0] in tree.nodes[tree.root].children):
        return tree, levels
    if other is not None and other != own:
        return tree_of(sql, memory, other), levels[1:]
    return (tree, levels) if tree is not None else None
