"""The one permission check: `open_folder` is the only way to an `Opened`, and no row function works without one.

1. Rights are decided from a `Tree`: an owner's folders and the grants on them, kept in memory under the epoch of that
   owner's tree, which the row of the opened folder brings along (decision 001).
2. A folder without LOOKUP is `NotFound`, in the words of one that is not there.
3. Within a batch that has moved an epoch, what is loaded stays in the batch's own memory: after a rollback the same
   number could stand for something else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import bindparam, func, select, text
from sqlalchemy.sql import Select

from groupware.model.errors import BadCredentials, NoRight, NotFound
from groupware.model.ids import AccountId, FolderId, ModSeq, Uid
from groupware.model.principal import ANYONE, EVERYONE, Principal, PrincipalKind
from groupware.model.rights import ALL, WRITING, Right, letters

from . import schema
from .engine import Row, Sql
from .tree import Memory, Tree, tree_of, view_path

SERVER: Final = AccountId(1)
ROOT: Final = "(the root)"
"""What errors call the root of a tree, which has no name."""


# --- who asks -------------------------------------------------------------------------------------------------------

_owner, _domain, _group = (schema.principal.alias(name) for name in ("owner", "dom", "grp"))
_MEMBERSHIPS: Final = select(schema.meta.c.value).where(schema.meta.c.name == "memberships")
_SETTINGS: Final = select(schema.meta.c.value).where(schema.meta.c.name == "settings")
_PUBLIC: Final = select(schema.principal.c.id).where(schema.principal.c.key == bindparam("key"))
_IDENTITY: Final = (
    select(_owner.c.key, _owner.c.enabled, _owner.c.kind, _domain.c.key, _domain.c.enabled)
    .select_from(_owner.outerjoin(_domain, _domain.c.id == _owner.c.domain_id))
    .where(_owner.c.id == bindparam("account"))
)


def _groups_above() -> Select[Any]:
    """Every group that the account is in, directly or through others; who is on a mail list gains no right by it."""
    member = schema.member.join(_group, _group.c.id == schema.member.c.group_id)
    groups = select(schema.member.c.group_id, _group.c.key).select_from(member)
    groups = groups.where(_group.c.enabled, _group.c.kind == "group")
    above = groups.where(schema.member.c.member_id == bindparam("account")).cte("above", recursive=True)
    above = above.union(groups.join(above, schema.member.c.member_id == above.c.group_id))
    return select(above.c.key)


_GROUPS: Final = _groups_above()


def identify(sql: Sql, account: AccountId, epoch: int, client: str = "") -> Principal:
    """The account as a principal. `BadCredentials` when it, or its domain, is gone or disabled."""
    row = sql.row(_IDENTITY, {"account": account})
    if row is None or not row[1] or (row[3] is not None and not row[4]):
        raise BadCredentials("this account is not there any more, or has been disabled; ask the administrator")
    key, _, kind, domain, _ = row
    if kind == "link" or key == ANYONE:
        return Principal(account, key, frozenset({key, ANYONE}), epoch=epoch, client=client)
    return Principal(account, key, identifiers_of(sql, account, key, domain), epoch=epoch, client=client)


def identifiers_of(sql: Sql, account: AccountId, key: str, domain: str | None) -> frozenset[str]:
    """What grants can name an account, a group or the like by; `domain` is the key of its domain."""
    found = {key, EVERYONE, ANYONE, *(group for (group,) in sql.rows(_GROUPS, {"account": account}))}
    if domain is not None:
        found.add(domain)
        if key == "postmaster@" + domain.removeprefix("domain:"):
            found.add("postmaster:" + domain.removeprefix("domain:"))
    return frozenset(found)


def renewed(sql: Sql, memory: Memory, who: Principal) -> Principal:
    """The principal with its memberships as they are in this transaction. `BadCredentials` when it is disabled."""
    if who.account == SERVER:
        return who
    epoch = sql.value(_MEMBERSHIPS)
    if who.epoch == epoch:
        return who
    found = memory.who(who.account, epoch)
    if found is None:
        found = identify(sql, who.account, epoch)
        memory.keep_who(found)
    return replace(who, name=found.name, identifiers=found.identifiers, epoch=epoch)


# --- opening --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Opened:
    """A folder that has been opened with a right. Only `open_folder` makes one."""

    id: FolderId
    owner: AccountId
    parent: FolderId | None
    name: str
    kind: str
    role: str | None
    uidvalidity: int
    uidnext: Uid
    modseq: ModSeq
    created: ModSeq
    compacted: ModSeq
    total: int
    unseen: int
    deleted: int
    bytes: int
    extra: int
    shared_seen: bool
    quota_bytes: int | None
    quota_items: int | None
    owner_bytes: int
    owner_items: int
    owner_modseq: ModSeq
    settings: int
    """The epoch of settings."""
    copies: int
    tree: Tree
    rights: Right
    reader: AccountId
    """Whose \\Seen is meant: 0 for the bit of the item, else the account whose own rows count (decision 002)."""
    who: Principal

    @property
    def path(self) -> str:
        """The folder's name as who asks knows it; "" for the own root.

        To links and to mail from outside, who are nobody here, it is the owner's own: an address may be news to them.
        """
        known = EVERYONE in self.who.identifiers or self.who.floor == ALL
        return view_path(self.tree, self.id, self.who) if known else self.tree.path(self.id)


_f, _p = schema.folder.c, _owner.c
_COLUMNS: Final[tuple[Any, ...]] = (
    _f.owner_id,
    _f.parent_id,
    _f.name,
    _f.kind,
    _f.role,
    _f.uidvalidity,
    _f.uidnext,
    _f.modseq,
    _f.created_modseq,
    _f.compacted,
    _f.total,
    _f.unseen,
    _f.deleted,
    _f.bytes,
    _f.extra,
    _f.shared_seen,
    _f.quota_bytes,
    _f.quota_items,
    _p.epoch,
    _p.bytes,
    _p["items"],
    _p.modseq,
    _SETTINGS.scalar_subquery(),
    _f.copies,
)
_OPEN: Final = (
    select(*_COLUMNS)
    .select_from(schema.folder.join(_owner, _owner.c.id == schema.folder.c.owner_id))
    .where(schema.folder.c.id == bindparam("at"))
)
_each: Final = select(*_COLUMNS, _f.id).select_from(schema.folder.join(_owner, _owner.c.id == schema.folder.c.owner_id))
_OPEN_EACH: Final = {
    True: _each.where(_f.id == func.any(bindparam("all"))),
    False: _each.where(_f.id.in_(text("SELECT value FROM json_each(:all)").bindparams(bindparam("all")))),
}
_LOCK: Final = (
    select(schema.principal.c.id)
    .where(schema.principal.c.id == select(_f.owner_id).where(_f.id == bindparam("at")).scalar_subquery())
    .with_for_update()
)
"""A statement of its own: what waits for a lock sees only the locked row as it is afterwards."""
_LOCK_EACH: Final = (
    select(schema.principal.c.id)
    .where(schema.principal.c.id.in_(select(_f.owner_id).where(_f.id == func.any(bindparam("all")))))
    .order_by(schema.principal.c.id)
    .with_for_update()
)


def absent(at: object) -> NotFound:
    """What is said of a folder that is not there, and of one that may not be looked up."""
    return NotFound(f"folder {at!s}: there is no such folder, or it is not shared with you")


def office(sql: Sql, memory: Memory, who: Principal, tree: Tree) -> Right:
    """What who administers the domain of a mail list, or the server, may do in its tree without a row.

    To find its folders, and to say who may do what there; not to read: who wants that grants it to themselves.
    """
    if tree.kind is not PrincipalKind.LIST:
        return Right.NONE
    row = sql.row(_PUBLIC, {"key": f"public:{tree.domain}"})
    for owner in (*(() if row is None else (AccountId(row[0]),)), SERVER):
        above = tree_of(sql, memory, owner)
        if Right.ADMIN in above.rights(who, above.root):
            return Right.LOOKUP | Right.ADMIN
    return Right.NONE


def open_folder(
    sql: Sql,
    memory: Memory,
    who: Principal,
    at: FolderId,
    *,
    lock: bool,
    said: object,
    enough: Right = Right.LOOKUP,
) -> Opened:
    """The folder, opened with whatever rights the principal has. `NotFound` when it is not there, or none is `enough`.

    `lock`: nobody else changes its owner's tree until the transaction ends (PostgreSQL; SQLite has one writer).
    `said`: what the client called it.
    """
    if lock and sql.postgres and at not in sql.locked:
        sql.row(_LOCK, {"at": at})
        sql.locked.add(at)
    row = sql.row(_OPEN, {"at": at})
    if row is None:
        raise absent(said)
    tree = tree_of(sql, memory, AccountId(row[0]), row[18])
    if at not in tree.nodes:  # no root leads to it: `check` tells of it
        raise absent(said)
    rights = tree.rights(who, at)
    if Right.ADMIN not in rights:
        rights |= office(sql, memory, who, tree)
    if not rights & enough:
        raise absent(said)
    return _opened(at, row, tree, rights, who)


def lock_each(sql: Sql, all: Sequence[FolderId]) -> None:
    """Nobody else changes the trees of these folders until the transaction ends; their owners are locked in order."""
    if sql.postgres and not sql.locked.issuperset(all):
        sql.rows(_LOCK_EACH, {"all": list(all)})
        sql.locked.update(all)


def open_each(
    sql: Sql, memory: Memory, who: Principal, all: Sequence[FolderId], *, lock: bool
) -> Mapping[FolderId, Opened]:
    """`open_folder` for several at once: those that are there and may be looked up, their owners locked in order."""
    if lock:
        lock_each(sql, all)
    found = {}
    for row in sql.rows(_OPEN_EACH[sql.postgres], {"all": list(all) if sql.postgres else json.dumps(all)}):
        at = FolderId(row[-1])
        tree = tree_of(sql, memory, AccountId(row[0]), row[18])
        rights = tree.rights(who, at) if at in tree.nodes else Right.NONE
        if Right.LOOKUP in rights:
            found[at] = _opened(at, row, tree, rights, who)
    return found


def seek(sql: Sql) -> None:
    """Looks for a folder that is not there: so a name that leads nowhere costs what a hidden one does."""
    sql.row(_OPEN, {"at": 0})


def admit(at: Opened, need: Right) -> Opened:
    """The opened folder again, for something that takes `need`. `NoRight`."""
    if need not in at.rights:
        if need & WRITING:
            check_unfed(at)
        lacking = letters(need & ~at.rights)
        said = f"folder {at.path or ROOT}: you lack the right {lacking!r} here; ask its owner for it"
        raise NoRight(said, "noRight", folder=at.tree.path(at.id) or ROOT, rights=lacking)
    return at


def check_unfed(at: Opened) -> None:
    """`NoRight` where nobody writes, for what is there comes from elsewhere: no owner could be asked for it."""
    if at.tree.nodes[at.id].fed:
        said = f"folder {at.path}: it is filled from elsewhere, so nobody changes what is in it"
        raise NoRight(said, "filledFromElsewhere", folder=at.tree.path(at.id))


def _opened(at: FolderId, row: Row, tree: Tree, rights: Right, who: Principal) -> Opened:
    shared = bool(row[15]) or who.account in (tree.owner, SERVER)
    reader = AccountId(0) if shared else who.account
    return Opened(*(at, *row[:15], bool(row[15]), *row[16:18], *row[19:24], tree, rights, reader, who))
