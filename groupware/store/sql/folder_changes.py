"""Folders made, renamed, set and taken away."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from sqlalchemy import bindparam, delete, func, insert, select, update

from groupware.model.errors import AlreadyExists, HasChildren, NoRight, NotFound, OverQuota, Refused, RoleTaken
from groupware.model.folder import INBOX, MAX_DEPTH, SEPARATOR, Folder, Role, check_name, split
from groupware.model.ids import EVERY, AccountId, FolderId, ModSeq
from groupware.model.item import Kind
from groupware.model.rights import Right, letters
from groupware.store.api import Where

from . import contents, folders, item_copies, schema
from .guard import Opened, absent, admit
from .paths import place, walk
from .room import reads_all
from .settings import limits
from .tree import Node, Tree, view_path, with_made, with_moved, without
from .tx import Tx

_INSERT: Final = (
    insert(schema.folder)
    .values(
        owner_id=bindparam("owner"),
        parent_id=bindparam("parent"),
        name=bindparam("name"),
        kind=bindparam("kind"),
        role=bindparam("role"),
        uidvalidity=bindparam("uidvalidity"),
        modseq=bindparam("modseq"),
        created_modseq=bindparam("modseq"),
    )
    .returning(schema.folder.c.id)
)
_UIDVALIDITY: Final = (
    update(schema.meta)
    .where(schema.meta.c.name == "uidvalidity")
    .values(value=bindparam("value"))
    .returning(schema.meta.c.value)
)
_LAST_UIDVALIDITY: Final = select(schema.meta.c.value).where(schema.meta.c.name == "uidvalidity").with_for_update()
_MOVE: Final = (
    update(schema.folder)
    .where(schema.folder.c.id == bindparam("at"))
    .values(parent_id=bindparam("parent"), name=bindparam("new_name"), modseq=bindparam("new_modseq"))
)
_DROP: Final = delete(schema.folder).where(schema.folder.c.id == bindparam("at"))
_DROP_LINKS: Final = delete(schema.principal).where(
    schema.principal.c.kind == "link", schema.principal.c.folder_id == bindparam("at")
)
_DROP_ITEMS: Final = delete(schema.item).where(schema.item.c.folder_id == bindparam("at"))
_HELD: Final = (
    select(schema.item.c.content_id, func.count())
    .where(schema.item.c.folder_id == bindparam("at"))
    .group_by(schema.item.c.content_id)
)
_HELD_BY_TOMBSTONES: Final = (
    select(schema.tombstone.c.content_id, func.count())
    .where(schema.tombstone.c.folder_id == bindparam("at"))
    .where(schema.tombstone.c.content_id.is_not(None))
    .group_by(schema.tombstone.c.content_id)
)
_SUBSCRIBE: Final = insert(schema.subscription).values(
    account_id=bindparam("account"), path=bindparam("path"), subscribed=bindparam("on")
)
_UNSUBSCRIBE: Final = (
    delete(schema.subscription)
    .where(schema.subscription.c.account_id == bindparam("account"))
    .where(schema.subscription.c.path == bindparam("path"))
)
MAX_PATH: Final = 2000
_SETTABLE: Final[Mapping[str, Callable[[object], object]]] = {
    "role": lambda value: None if value is None else Role(str(value)).value,
    "shared_seen": bool,
    "quota_bytes": lambda value: None if value is None else int(str(value)),
    "quota_items": lambda value: None if value is None else int(str(value)),
}


# --- making ---------------------------------------------------------------------------------------------------------


def create(tx: Tx, path: str, kind: Kind, role: str | None) -> Folder:
    """A new folder, with the parents that are missing. `k` on the nearest parent; `AlreadyExists`."""
    path = SEPARATOR.join(split(path))
    found = place(tx.sql, tx.memory, tx.who, path)
    if found is None:
        raise absent(path)
    tree, levels = found
    return _create(tx, tree, levels, path, kind, role)


def add(tx: Tx, owner: AccountId, path: str, kind: Kind, role: str | None) -> Folder:
    """The same, by owner and the path in the owner's own tree."""
    return _create(tx, tx.tree(owner), split(path), path, kind, role)


def _create(tx: Tx, tree: Tree, levels: Sequence[str], path: str, kind: Kind, role: str | None) -> Folder:
    above, missing = _new_place(tx, tree, levels, path)
    check_count(tx, above, len(missing))
    if role == Role.QUARANTINE:
        raise Refused("what is held back has a folder that the server makes; nobody else makes one")
    if role is not None:
        _check_free(admit(above, Right.ADMIN), role)
    made = above.id
    for depth, name in enumerate(missing, 1):
        made = make(tx, tree.owner, made, check_name(name), kind, role if depth == len(missing) else None)
    return folders.shown(tx, tx.open(made, Right.LOOKUP))


def _new_place(tx: Tx, tree: Tree, levels: Sequence[str], path: str) -> tuple[Opened, Sequence[str]]:
    """The nearest parent that may be looked up, opened with `k`, and the names to be made below it.

    Whoever has no `k` there learns nothing of what is hidden below. `AlreadyExists`, `NoRight`, `NotFound`.
    """
    taken = AlreadyExists(f"folder {path}: there is one of that name already")
    if _shown(tx, tree, walk(tree, levels)):
        raise taken
    depth = next(
        depth for depth in range(len(levels) - 1, -1, -1) if not depth or _shown(tx, tree, walk(tree, levels[:depth]))
    )
    parent = walk(tree, levels[:depth])
    try:
        above = tx.open(parent if parent is not None else tree.root, Right.CREATE)
    except NotFound:
        raise absent(path) from None
    if above.tree.epoch != tree.epoch:
        return _new_place(tx, above.tree, levels, path)  # somebody changed it before we had the lock
    if walk(tree, levels[: depth + 1]) is not None:
        raise taken
    return above, levels[depth:]


def _shown(tx: Tx, tree: Tree, at: FolderId | None) -> bool:
    return at is not None and Right.LOOKUP in tree.rights(tx.who, at)


def check_count(tx: Tx, above: Opened, more: int) -> None:
    """`OverQuota` when the owner may not have so many folders more."""
    most = limits(tx, above.owner, above.settings).folders
    if most and more and len(above.tree.nodes) - 1 + more > most:
        if not reads_all(tx, above.tree):
            raise OverQuota(f"{above.tree.key} may have no more folders, until some are deleted")
        said = f"{above.tree.key} may have {most} folders and has them; delete some first"
        raise OverQuota(said, "tooManyFolders", most=most)


def make(tx: Tx, owner: AccountId, parent: FolderId | None, name: str, kind: Kind, role: str | None) -> FolderId:
    """The number of a new folder, whoever asks: for those who have opened its parent, or make its owner."""
    modseq = tx.bump(owner)
    row = tx.sql.returning(
        _INSERT,
        {
            "owner": owner,
            "parent": parent,
            "name": name,
            "kind": kind.value,
            "role": role,
            "uidvalidity": _next_uidvalidity(tx),
            "modseq": modseq,
        },
    )
    assert row is not None
    at, above = FolderId(row[0]), parent
    if above is None:
        tx.move_epoch(owner)
    else:
        tx.move_epoch(owner, lambda tree, epoch: with_made(tree, Node(at, above, name, kind.value, role), epoch))
    tx.note_change("folder.created", owner, at, modseq, {"name": name, "kind": kind.value})
    _mark_tree(tx, owner, modseq)
    return at


def _next_uidvalidity(tx: Tx) -> int:
    """Greater than every one before, also after a restore: seconds since 1970, or one more than the last."""
    last = int(tx.sql.value(_LAST_UIDVALIDITY))
    row = tx.sql.returning(_UIDVALIDITY, {"value": max(last + 1, int(time.time()))})
    assert row is not None
    return int(row[0])


def _mark_tree(tx: Tx, owner: AccountId, modseq: ModSeq) -> None:
    """Whoever watches the list of folders watches the root."""
    root = tx.tree(owner).root
    tx.marks[root] = modseq


# --- renaming -------------------------------------------------------------------------------------------------------


def rename(tx: Tx, at: Where, path: str) -> Folder:
    """Gives it (and all below) another path. `x` here, `k` on the new parent. INBOX moves only its items.

    `NoRight` where the asking principal would have rights there that it has not here: nobody leaves a denial behind,
    or takes what is granted elsewhere, by moving a folder.
    """
    here = tx.open(at, Right.DROP)
    path = SEPARATOR.join(split(path))
    found = place(tx.sql, tx.memory, tx.who, path)
    if here.parent is None or found is None or here.owner != found[0].owner:
        raise Refused(
            f"folder {here.path}: a folder stays in its owner's tree; copy instead",
            "otherTree",
        )
    tree, levels = found
    if here.role == Role.INBOX:
        return _rename_inbox(tx, here, path)
    above, missing = _new_place(tx, tree, levels, path)
    parent = above.id
    if here.id in {node.id for node in tree.chain(parent)}:
        raise Refused(f"folder {path}: a folder cannot move below itself", "belowItself")
    if len(levels) + _height(here.tree, here.id) > MAX_DEPTH:
        said = f"folder {path}: what is below it would be more than {MAX_DEPTH} levels deep"
        raise Refused(said, "tooDeep", most=MAX_DEPTH)
    check_count(tx, above, len(missing) - 1)
    for name in missing[:-1]:
        parent = make(tx, tree.owner, parent, check_name(name), Kind(here.kind), None)
    modseq = tx.bump(tree.owner)
    name = check_name(missing[-1])
    before = {each: here.tree.rights(tx.who, each) for each in here.tree.below(here.id)}
    tx.sql.change(_MOVE, {"at": here.id, "parent": parent, "new_name": name, "new_modseq": modseq})
    tx.move_epoch(tree.owner, lambda tree, epoch: with_moved(tree, here.id, parent, name, epoch))
    tx.journal_row("folder.renamed", here, modseq, {"from": here.tree.path(here.id), "to": SEPARATOR.join(levels)})
    _mark_tree(tx, tree.owner, modseq)
    _check_no_gain(tx, tx.tree(tree.owner), before, path)
    return folders.shown(tx, tx.open(here.id, Right.NONE))


def _check_no_gain(tx: Tx, tree: Tree, before: Mapping[FolderId, Right], path: str) -> None:
    for at, had in before.items():
        gained = tree.rights(tx.who, at) & ~had
        if gained:
            raise NoRight(
                f"folder {path}: there you would have rights on it that you have not now ({letters(gained)}); ask its"
                " owner to move it",
                "noRight",
                rights=letters(gained),
            )


def _height(tree: Tree, at: FolderId) -> int:
    """How many levels are below a folder."""
    level, height = list(tree.nodes[at].children.values()), 0
    while level:
        level = [below for each in level for below in tree.nodes[each].children.values()]
        height += 1
    return height


def _rename_inbox(tx: Tx, here: Opened, path: str) -> Folder:
    """INBOX stays where it is, and its items go to the new folder. RFC 9051 §6.3.6."""
    made = create(tx, path, Kind(here.kind), None)
    item_copies.move(tx, here.id, EVERY, made.id)
    return folders.folder(tx, made.id, Right.LOOKUP)


# --- the rest -------------------------------------------------------------------------------------------------------


def drop(tx: Tx, at: Where) -> None:
    """Takes it away with its items. `x`; `Refused` for INBOX or while there are folders below."""
    here = tx.open(at, Right.DROP)
    path = here.path
    if here.parent is None or here.role == Role.INBOX:
        raise Refused(f"folder {path or INBOX}: this one cannot be deleted")
    if here.tree.nodes[here.id].children:
        raise HasChildren(f"folder {path}: there are folders below it; delete or move them first", "hasChildren")
    modseq = tx.bump(here.owner, -here.bytes, -here.total)
    erase(tx, here.id)
    tx.move_epoch(here.owner, lambda tree, epoch: without(tree, here.id, epoch))
    tx.journal_row("folder.deleted", here, modseq, {"path": here.tree.path(here.id), "items": here.total})
    _mark_tree(tx, here.owner, modseq)


def erase(tx: Tx, at: FolderId) -> None:
    """Take the rows of a folder away, whoever asks: for those who have opened it, or drop its owner."""
    values = {"at": at}
    for content, count in (*tx.sql.rows(_HELD, values), *tx.sql.rows(_HELD_BY_TOMBSTONES, values)):
        contents.release(tx, content, count)
    tx.sql.change(_DROP_ITEMS, values)
    tx.sql.change(_DROP_LINKS, values)
    tx.sql.change(_DROP, values)


def set_values(tx: Tx, at: Where, values: Mapping[str, int | bool | str | None]) -> Folder:
    """Sets `role`, `shared_seen`, `quota_bytes` or `quota_items`. `a`."""
    here = tx.open(at, Right.ADMIN)
    unknown = values.keys() - _SETTABLE.keys()
    if unknown:
        raise Refused(f"a folder has no {', '.join(sorted(unknown))}; it has {', '.join(_SETTABLE)}")
    try:
        checked = {name: _SETTABLE[name](value) for name, value in values.items()}
    except ValueError as error:
        raise Refused(f"folder {here.path}: {error}") from None
    if "role" in checked:
        _check_role(here, checked["role"])
    if checked:
        modseq = tx.bump(here.owner)
        if checked.get("shared_seen", here.shared_seen) != here.shared_seen:
            checked["compacted"] = modseq  # another \\Seen for everybody: whoever has synchronised starts over
        tx.sql.execute(update(schema.folder).where(schema.folder.c.id == here.id).values(modseq=modseq, **checked))
        tx.sql.changed()
        tx.move_epoch(here.owner)
        tx.journal_row("folder.set", here, modseq, checked)
    return folders.shown(tx, tx.open(here.id, Right.LOOKUP))


def _check_role(here: Opened, role: object) -> None:
    if role in (Role.ROOT, Role.INBOX) or here.role in (Role.ROOT, Role.INBOX):
        raise Refused("INBOX and the root stay what they are; choose another role")
    if role != here.role and Role.QUARANTINE in (role, here.role):
        raise Refused("what is held back has a folder that the server makes; nobody gives that role or takes it away")
    if role is not None and here.tree.nodes[here.id].fed:
        raise Refused("a calendar that is filled from elsewhere is no place for what is one's own; choose another one")
    if role is not None and role != here.role:
        _check_free(here, str(role))


def _check_free(here: Opened, role: str) -> None:
    """`RoleTaken` when another folder of the owner has that role; which one, to who may look it up."""
    holder = next((node.id for node in here.tree.nodes.values() if node.role == role), None)
    if holder is None:
        return
    if Right.LOOKUP not in here.tree.rights(here.who, holder):
        raise RoleTaken(f"another folder is {str(role)!r} already; ask its owner")
    said = f"folder {view_path(here.tree, holder, here.who)} is {str(role)!r} already; take the role from it first"
    raise RoleTaken(said, "roleTaken", folder=here.tree.path(holder))


def _there(tx: Tx, path: str) -> Folder | None:
    try:
        return folders.folder(tx, path, Right.LOOKUP)
    except NotFound:
        return None


def subscribe(tx: Tx, path: str, on: bool) -> None:
    """Adds a path to the asking principal's subscriptions, or takes it off; a folder that is there stays off then."""
    if len(path) > MAX_PATH:
        raise Refused(f"folder {path[:60]!r}...: a subscription has {MAX_PATH} characters at most")
    said, there = folders.said_of_paths(tx).get(path), _there(tx, path)
    now = said if said is not None else there is not None and there.subscribed
    if (on and said) or (not on and not now):
        return
    set_subscribed(tx, tx.who.account, path, on, kept=on or there is not None)


def set_subscribed(tx: Tx, account: AccountId, path: str, on: bool, *, kept: bool = True) -> None:
    """The same for an account; with `kept` False nothing is said of the path any more."""
    tx.sql.change(_UNSUBSCRIBE, {"account": account, "path": path})
    if kept:
        tx.sql.change(_SUBSCRIBE, {"account": account, "path": path, "on": on})
    modseq = tx.bump(account)
    tx.note_change("folder.subscribed", account, tx.tree(account).root, modseq, {"path": path, "on": on})
    _mark_tree(tx, account, modseq)
