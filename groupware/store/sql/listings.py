"""Every folder that somebody may look up, in one list.

A list of a large tree is kept under the epoch of the tree, until some grant in it ends: then of the folders those alone
are made anew whose rows are others by now (decision 263).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import bindparam, func, select

from groupware.model.folder import SEPARATOR, Folder
from groupware.model.ids import AccountId, FolderId, ModSeq, Uid
from groupware.model.item import Kind
from groupware.model.rights import Right
from groupware.model.times import NEVER, now_micros

from . import objects, schema
from .engine import Row
from .folders import has_children, role_for, said_of_paths, subscribed_by_default
from .guard import SERVER
from .kept import Listed, Listing
from .tree import Tree, domain_of, prefix, view_path
from .tx import Tx

LARGE: Final = 50
"""Folders from which on a list is kept; shorter ones are made as quickly."""

_SEEN_BY: Final = (
    select(schema.seen.c.folder_id, func.count())
    .where(schema.seen.c.account_id == bindparam("account"))
    .where(schema.seen.c.seen)
    .group_by(schema.seen.c.folder_id)
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
    _f.copies,
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


def folders(tx: Tx, kind: Kind | None, of: AccountId | None) -> Sequence[Folder]:
    """Every folder that may be looked up, in path order, and the parents that only lead there (`exists=False`)."""
    mine = _mine(tx)
    found: dict[str, Folder] = {}
    for owner in [of] if of is not None else owners(tx):
        tree = tx.tree(owner)
        found.update((each.path, each) for each in _of_tree(tx, tree, kind, mine))
        _lead_there(tree, prefix(tree, tx.who), found)
    return [found[path] for path in sorted(found, key=_in_path_order)]


def until(tx: Tx) -> int:
    """See `ReadTx.folders_until`: those that are not shown count too, for a denial may end there."""
    return min((_kept(tx, tx.tree(owner), None).until for owner in owners(tx)), default=NEVER)


@dataclass(frozen=True, slots=True)
class _Mine:
    """What the asking principal has of its own about folders."""

    seen: Mapping[FolderId, int]
    subscribed: Mapping[str, bool]
    by_default: Mapping[bool, bool]
    """For folders of its own tree, and of others'."""

    def subscribes(self, to: Folder) -> bool:
        """Whether it is subscribed to the folder."""
        return self.subscribed.get(to.path, self.by_default[to.own])


def _mine(tx: Tx) -> _Mine:
    person = tx.who.account != SERVER
    return _Mine(
        seen=dict(tx.sql.rows(_SEEN_BY, {"account": tx.who.account})),
        subscribed=said_of_paths(tx) if person else {},
        by_default={own: person and subscribed_by_default(tx, own) for own in (True, False)},
    )


def _of_tree(tx: Tx, tree: Tree, kind: Kind | None, mine: _Mine) -> Iterator[Folder]:
    """The folders of one owner that may be looked up; those that have not changed are the ones of the last time."""
    rows = {row[0]: row for row in tx.sql.rows(_OF_OWNER, {"owner": tree.owner})}
    kept = _kept(tx, tree, kind)
    for at, known in list(kept.folders.items()):
        row, seen = rows.get(at), mine.seen.get(at, 0)
        now = known
        if now.row != row or now.seen != seen:
            now = Listed(row, seen, _listed(tx, tree, row, at, seen, kind))
        shown = now.folder
        if shown is not None and shown.subscribed != mine.subscribes(shown):
            now = replace(now, folder=replace(shown, subscribed=mine.subscribes(shown)))
        if now is not known:
            kept.folders[at] = now
        if now.folder is not None:
            yield now.folder


def _kept(tx: Tx, tree: Tree, kind: Kind | None) -> Listing:
    """The list of the last time while no right has ended since, or an empty one."""
    who = tx.who
    key = (tree.owner, who.account, who.identifiers, who.floor, kind)
    kept = tx.memory.listings.get(key, tree.epoch)
    if kept is None or kept.until <= now_micros():
        order = tree.below(tree.root)
        ends = min(tree.rights_until(who, at)[1] for at in order)
        kept = Listing(ends, dict.fromkeys(order, Listed(None, 0, None)))
        if len(order) >= LARGE:
            tx.memory.listings.keep(key, tree.epoch, kept)
    return kept


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


def _listed(tx: Tx, tree: Tree, row: Row | None, at: FolderId, seen: int, kind: Kind | None) -> Folder | None:
    """The folder for a listing; None when it may not be looked up, is a root, or is of another kind."""
    node = tree.nodes[at]
    rights, until = tree.rights_until(tx.who, at)
    if row is None or node.parent is None or Right.LOOKUP not in rights or (kind is not None and node.kind != kind):
        return None
    own = tree.owner == tx.who.account
    shares = bool(row[8]) or own or tx.who.account == SERVER
    many, fresh, deleted, octets, extra = objects.withheld(tx, at, node.kind, rights)
    return Folder(
        id=at,
        owner=tree.owner,
        parent=node.parent,
        path=view_path(tree, at, tx.who),
        kind=Kind(node.kind),
        role=role_for(tx.who, node.role, own=own),
        uidvalidity=row[1],
        uidnext=row[2],
        modseq=row[3],
        total=row[4] - many,
        unseen=row[5] - fresh if shares else row[4] - many - seen,
        deleted=row[6] - deleted,
        bytes=row[7] - octets,
        rights=rights,
        shared_seen=bool(row[8]),
        children=has_children(tx, tree, at),
        own=own,
        extra=row[9] - extra,
        born=row[10],
        copies=row[11],
        fed=node.fed,
        until=until,
    )


def _lead_there(tree: Tree, above: str, found: dict[str, Folder]) -> None:
    """Add the parents that are missing in a listing, as far as `Other Users` and `Public`."""
    wanted = set()
    start = above + SEPARATOR if above else ""
    for path in list(found):
        if path.startswith(start) and path.rpartition(SEPARATOR)[0] not in found:
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
