"""The folders where mail is held back: one in a domain's public tree, or in an account's own, made when needed.

What lies there is like all mail; who may look at it is what `Tree.counting` says of such a folder.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import bindparam, insert, select, text

from groupware.model.folder import RELEASE, Role
from groupware.model.ids import AccountId, FolderId, Uid
from groupware.model.item import Kind
from groupware.model.principal import PrincipalKind
from groupware.model.rights import Right

from . import folder_changes, schema
from .settings import setting
from .tree import Tree
from .tx import Tx

NAME: Final = "Quarantine"
_f, _i, _l = schema.folder.c, schema.item.c, schema.lesson.c
_ALL: Final = select(_f.id, _f.owner_id).where(text("role = 'quarantine'")).order_by(_f.id)
_CONTENT: Final = select(_i.content_id).where(_i.folder_id == bindparam("at"), _i.uid == bindparam("number"))
_TEACH: Final = insert(schema.lesson).values(
    account_id=bindparam("account"), content_id=bindparam("content"), spam=bindparam("is_spam")
)


def quarantines(tx: Tx) -> Sequence[tuple[FolderId, AccountId]]:
    """See `ReadTx.quarantines`."""
    tx.administer(None)
    return [(FolderId(at), AccountId(owner)) for at, owner in tx.sql.rows(_ALL)]


def quarantine(tx: Tx, owner: AccountId) -> FolderId:
    """See `WriteTx.quarantine`."""
    tree = tx.tree(owner)
    root = tx.open(tree.root, Right.LOOKUP if Right.POST in tx.who.floor else Right.ADMIN)
    found = _there(root.tree)
    if found is not None:
        return found
    taken = root.tree.nodes[root.id].children
    name = next(each for each in (NAME, *(f"{NAME} {number}" for number in range(2, 10_000))) if each not in taken)
    made = folder_changes.make(tx, owner, root.id, name, Kind.MAIL, Role.QUARANTINE)
    if tree.kind is PrincipalKind.PUBLIC:
        folder_changes.make(tx, owner, made, RELEASE, Kind.MAIL, None)
    return made


def _there(tree: Tree) -> FolderId | None:
    return next((node.id for node in tree.nodes.values() if node.role == Role.QUARANTINE), None)


def teach(tx: Tx, at: FolderId, uid: Uid, of: AccountId, *, spam: bool) -> bool:
    """See `WriteTx.teach`."""
    here = tx.open(at, Right.ADMIN)
    row = tx.sql.row(_CONTENT, {"at": here.id, "number": uid})
    if row is None or not setting(tx, "learnFromJunk", of).value:
        return False
    tx.sql.change(_TEACH, {"account": of, "content": row[0], "is_spam": spam})
    return True
