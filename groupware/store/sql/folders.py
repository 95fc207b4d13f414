"""Folders as somebody sees them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import bindparam, func, select

from groupware.model.errors import NotFound
from groupware.model.folder import Folder, Role, levels_of
from groupware.model.ids import AccountId, FolderId, ModSeq
from groupware.model.item import Kind
from groupware.model.principal import Principal
from groupware.model.rights import Right
from groupware.store.api import Where

from . import objects, schema
from .guard import SERVER, Opened, absent
from .paths import walk
from .settings import effective, epoch
from .tree import Tree, view_path
from .tx import Tx

_SEEN_HERE: Final = (
    select(func.count())
    .select_from(schema.seen)
    .where(schema.seen.c.account_id == bindparam("account"))
    .where(schema.seen.c.folder_id == bindparam("at"))
    .where(schema.seen.c.seen)
)
_SUBSCRIBED: Final = (
    select(schema.subscription.c.path, schema.subscription.c.subscribed)
    .where(schema.subscription.c.account_id == bindparam("account"))
    .order_by(schema.subscription.c.path)
)
_IS_SUBSCRIBED: Final = (
    select(schema.subscription.c.subscribed)
    .where(schema.subscription.c.account_id == bindparam("account"))
    .where(schema.subscription.c.path == bindparam("path"))
)


def folder(tx: Tx, at: Where, need: Right) -> Folder:
    """The folder. `NotFound` when it is not there or `l` is missing; `NoRight` when only `need` is."""
    return shown(tx, tx.open(at, need))


def state(tx: Tx, at: FolderId) -> tuple[ModSeq, int]:
    """Its modseq, and until when the rights there stay what they are. `NotFound`, `NoRight`."""
    here = tx.open(at, Right.READ)
    return here.modseq, here.tree.rights_until(tx.who, at)[1]


def locate(tx: Tx, owner: AccountId, path: str, need: Right) -> Folder:
    """The folder at a path in its owner's own tree ("" is the root)."""
    tree = tx.tree(owner)
    number = walk(tree, levels_of(path) if path else [])
    if number is None:
        raise absent(path)
    return shown(tx, _opened(tx, number, need, absent(path)))


def role(tx: Tx, owner: AccountId, name: str, need: Right) -> Folder:
    """The owner's folder with that role."""
    tree = tx.tree(owner)
    number = next((node.id for node in tree.nodes.values() if node.role == name), None)
    words = absent(f"for {name!r}")
    if number is None:
        raise words
    return shown(tx, _opened(tx, number, need, words))


def _opened(tx: Tx, at: FolderId, need: Right, words: NotFound) -> Opened:
    """The folder, opened; when it may not be looked up, with the words of one that is not there."""
    try:
        return tx.open(at, need)
    except NotFound:
        raise words from None


def shown(tx: Tx, at: Opened) -> Folder:
    """An opened folder, as the asking principal sees it."""
    own, tree = at.owner == tx.who.account, at.tree
    path = view_path(tree, at.id, tx.who)
    rights, until = tree.rights_until(tx.who, at.id)  # those that one holds, also where `outline` opens by fewer
    many, fresh, deleted, octets, extra = objects.withheld(tx, at.id, at.kind, rights)
    unseen, subscribed = at.unseen - fresh, False
    if at.reader:
        unseen = at.total - many - int(tx.sql.value(_SEEN_HERE, {"account": at.reader, "at": at.id}))
    if tx.who.account != SERVER:
        said = tx.sql.row(_IS_SUBSCRIBED, {"account": tx.who.account, "path": path})
        subscribed = bool(said[0]) if said is not None else _by_default(tx, own, at.settings)
    return Folder(
        id=at.id,
        owner=at.owner,
        parent=at.parent,
        path=path,
        kind=Kind(at.kind),
        role=role_for(tx.who, at.role, own=own),
        uidvalidity=at.uidvalidity,
        uidnext=at.uidnext,
        modseq=at.modseq,
        total=at.total - many,
        unseen=unseen,
        deleted=at.deleted - deleted,
        bytes=at.bytes - octets,
        rights=rights,
        subscribed=subscribed,
        shared_seen=at.shared_seen,
        children=has_children(tx, tree, at.id),
        exists=at.parent is not None,
        own=own,
        extra=at.extra - extra,
        born=at.created,
        copies=at.copies,
        fed=tree.nodes[at.id].fed,
        until=until,
    )


def role_for(who: Principal, role: str | None, *, own: bool) -> str | None:
    """The role of a folder as somebody is told it: of others' alone that messages about meetings come in there."""
    return role if own or who.account == SERVER or role == Role.SCHEDULE_INBOX else None


def has_children(tx: Tx, tree: Tree, at: FolderId) -> bool:
    """Whether there is something below it that the asking principal may look up."""
    return any(Right.LOOKUP in tree.rights(tx.who, child) for child in tree.nodes[at].children.values())


def subscriptions(tx: Tx) -> Sequence[str]:
    """Paths that the asking principal subscribed to."""
    return [path for path, on in said_of_paths(tx).items() if on]


def said_of_paths(tx: Tx) -> Mapping[str, bool]:
    """The paths that the asking principal subscribed to, or wants no more."""
    return {path: bool(on) for path, on in tx.sql.rows(_SUBSCRIBED, {"account": tx.who.account})}


def subscribed_by_default(tx: Tx, own: bool) -> bool:
    """Whether a folder is subscribed to while the asking principal has said nothing of it."""
    return _by_default(tx, own, epoch(tx))


def _by_default(tx: Tx, own: bool, settings: int) -> bool:
    """`settings`: the epoch of settings."""
    which = effective(tx, "subscribeByDefault", tx.who.account, settings).value
    return which == "all" or (which == "own" and own)


def is_subscribed(tx: Tx, account: AccountId, path: str) -> bool:
    """Whether an account has subscribed to a path."""
    return tx.sql.row(_IS_SUBSCRIBED, {"account": account, "path": path}) is not None
