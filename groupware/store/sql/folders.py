"""Folders as somebody sees them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy import bindparam, func, select

from groupware.model.errors import NotFound
from groupware.model.folder import SEPARATOR, Folder, levels_of
from groupware.model.ids import AccountId, FolderId, ModSeq, Uid
from groupware.model.item import Kind
from groupware.model.rights import Right
from groupware.model.times import now_micros
from groupware.store.api import Where

from . import schema
from .engine import Row
from .guard import SERVER, Opened, absent
from .paths import domain_of, prefix, view_path, walk
from .settings import setting
from .tree import Tree
from .tx import Tx

_SEEN_HERE: Final = (
    select(func.count())
    .select_from(schema.seen)
    .where(schema.seen.c.account_id == bindparam("account"))
    .where(schema.seen.c.folder_id == bindparam("at"))
    .where(schema.seen.c.seen)
)
_SEEN_BY: Final = (
    select(schema.seen.c.folder_id, func.count())
    .where(schema.seen.c.account_id == bindparam("account"))
    .where(schema.seen.c.seen)
    .group_by(schema.seen.c.folder_id)
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
_f = schema.folder.c
_OF_OWNER: Final = select(
    _f.id,
    _f.uidvalidity,
    _f.uidnext,
    _f.modseq,
    _f.total,
    _f.unseen,
    _f.deleted,
    _f.bytes,
    _f.shared_seen,
    _f.extra,
    _f.created_modseq,
).where(_f.owner_id == bindparam("owner"))
_grantee = schema.principal.alias("grantee")
_SHARING: Final = (
    select(_f.owner_id)
    .distinct()
    .select_from(
        schema.grant.join(schema.folder, _f.id == schema.grant.c.folder_id).join(
            _grantee, _grantee.c.id == schema.grant.c.grantee_id
        )
    )
    .where((schema.grant.c.expires.is_(None)) | (schema.grant.c.expires > bindparam("now")))
    .where(_grantee.c.key.in_(bindparam("keys", expanding=True)))
)
_PUBLIC: Final = select(schema.principal.c.id).where(schema.principal.c.key == bindparam("key"))


def folder(tx: Tx, at: Where, need: Right) -> Folder:
    """The folder. `NotFound` when it is not there or `l` is missing; `NoRight` when only `need` is."""
    return shown(tx, tx.open(at, need))


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
    unseen, subscribed = at.unseen, False
    if at.reader:
        unseen = at.total - int(tx.sql.value(_SEEN_HERE, {"account": at.reader, "at": at.id}))
    if tx.who.account != SERVER:
        said = tx.sql.row(_IS_SUBSCRIBED, {"account": tx.who.account, "path": path})
        subscribed = bool(said[0]) if said is not None else _by_default(tx, own)
    rights, until = tree.rights_until(tx.who, at.id)  # those that one holds, also where `outline` opens by fewer
    return Folder(
        id=at.id,
        owner=at.owner,
        parent=at.parent,
        path=path,
        kind=Kind(at.kind),
        role=at.role if own or tx.who.account == SERVER else None,
        uidvalidity=at.uidvalidity,
        uidnext=at.uidnext,
        modseq=at.modseq,
        total=at.total,
        unseen=unseen,
        deleted=at.deleted,
        bytes=at.bytes,
        rights=rights,
        subscribed=subscribed,
        shared_seen=at.shared_seen,
        children=_has_children(tx, tree, at.id),
        exists=at.parent is not None,
        own=own,
        extra=at.extra,
        born=at.created,
        until=until,
    )


def _has_children(tx: Tx, tree: Tree, at: FolderId) -> bool:
    return any(Right.LOOKUP in tree.rights(tx.who, child) for child in tree.nodes[at].children.values())


def subscriptions(tx: Tx) -> Sequence[str]:
    """Paths that the asking principal subscribed to."""
    return [path for path, on in said_of_paths(tx).items() if on]


def said_of_paths(tx: Tx) -> Mapping[str, bool]:
    """The paths that the asking principal subscribed to, or wants no more."""
    return {path: bool(on) for path, on in tx.sql.rows(_SUBSCRIBED, {"account": tx.who.account})}


def _by_default(tx: Tx, own: bool) -> bool:
    """Whether a folder is subscribed to while the asking principal has said nothing of it."""
    which = setting(tx, "subscribeByDefault", tx.who.account).value
    return which == "all" or (which == "own" and own)


def is_subscribed(tx: Tx, account: AccountId, path: str) -> bool:
    """Whether an account has subscribed to a path."""
    return tx.sql.row(_IS_SUBSCRIBED, {"account": account, "path": path}) is not None


# --- listings -------------------------------------------------------------------------------------------------------


def folders(tx: Tx, kind: Kind | None, of: AccountId | None) -> Sequence[Folder]:
    """Every folder that may be looked up, in path order, and the parents that only lead there (`exists=False`)."""
    whose = [of] if of is not None else owners(tx)
    person = tx.who.account != SERVER
    said = said_of_paths(tx) if person else {}
    default = {own: person and _by_default(tx, own) for own in (True, False)}
    seen: dict[FolderId, int] = dict(tx.sql.rows(_SEEN_BY, {"account": tx.who.account}))
    found: dict[str, Folder] = {}
    for owner in whose:
        tree = tx.tree(owner)
        rows = {row[0]: row for row in tx.sql.rows(_OF_OWNER, {"owner": owner})}
        for at in tree.below(tree.root):
            listed = _listed(tx, tree, rows.get(at), at, seen, kind)
            if listed is not None:
                found[listed.path] = replace(listed, subscribed=said.get(listed.path, default[listed.own]))
        _lead_there(tree, prefix(tree, tx.who), found)
    return [found[path] for path in sorted(found, key=_in_path_order)]


def _in_path_order(path: str) -> list[str]:
    return path.split(SEPARATOR)


def owners(tx: Tx) -> list[AccountId]:
    """Whose trees have something for the asking principal: its own first."""
    who = tx.who
    own = [who.account] if who.account != SERVER else []
    public = tx.sql.row(_PUBLIC, {"key": "public:" + domain_of(who)}) if domain_of(who) else None
    shared = tx.sql.execute(_SHARING, {"now": now_micros(), "keys": sorted(who.identifiers)})
    others = sorted({owner for (owner,) in shared} | ({public[0]} if public else set()))
    return [*own, *(AccountId(owner) for owner in others if owner not in own and owner != SERVER)]


def _listed(
    tx: Tx, tree: Tree, row: Row | None, at: FolderId, seen: Mapping[FolderId, int], kind: Kind | None
) -> Folder | None:
    """The folder for a listing; None when it may not be looked up, is a root, or is of another kind."""
    node = tree.nodes[at]
    rights, until = tree.rights_until(tx.who, at)
    if row is None or node.parent is None or Right.LOOKUP not in rights or (kind is not None and node.kind != kind):
        return None
    own = tree.owner == tx.who.account
    shares = bool(row[8]) or own or tx.who.account == SERVER
    return Folder(
        id=at,
        owner=tree.owner,
        parent=node.parent,
        path=view_path(tree, at, tx.who),
        kind=Kind(node.kind),
        role=node.role if own or tx.who.account == SERVER else None,
        uidvalidity=row[1],
        uidnext=row[2],
        modseq=row[3],
        total=row[4],
        unseen=row[5] if shares else row[4] - seen.get(at, 0),
        deleted=row[6],
        bytes=row[7],
        rights=rights,
        shared_seen=bool(row[8]),
        children=_has_children(tx, tree, at),
        own=own,
        extra=row[9],
        born=row[10],
        until=until,
    )


def _lead_there(tree: Tree, above: str, found: dict[str, Folder]) -> None:
    """Add the parents that are missing in a listing, as far as `Other Users` and `Public`."""
    wanted = set()
    start = above + SEPARATOR if above else ""
    for path in list(found):
        if path.startswith(start):
            levels = path.split(SEPARATOR)
            wanted |= {SEPARATOR.join(levels[:depth]) for depth in range(1, len(levels))}
    for path in wanted - found.keys():
        found[path] = _leading(tree, path)


def _leading(tree: Tree, path: str) -> Folder:
    """A parent that is shown only because of what is below it."""
    return Folder(
        id=tree.root,
        owner=tree.owner,
        parent=None,
        path=path,
        kind=Kind.MAIL,
        role=None,
        uidvalidity=1,
        uidnext=Uid(1),
        modseq=ModSeq(0),
        total=0,
        unseen=0,
        deleted=0,
        bytes=0,
        rights=Right.NONE,
        children=True,
        exists=False,
        own=False,
    )
