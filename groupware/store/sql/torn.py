"""A torn tree of folders, and how it is put together again.

1. What cannot be reached from its owner's root is hung up below that root, under its own name where that is free.
2. A root that is not there is found among its owner's folders, or made; so is the INBOX.
3. Folders of nobody go, and what is in them is set aside. What is bound to a folder that is not there is let go.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Final

from sqlalchemy import text

from groupware.model.folder import Role
from groupware.model.ids import AccountId, FolderId
from groupware.model.principal import PrincipalKind

from . import folder_changes, planting
from .dangling import set_contents_aside
from .engine import Row, Sql
from .principals import set_root
from .tx import Tx
from .verify import GONE, Fault, Rule, lift

KIND: Final = "reference.missing"
_NO_FOLDER: Final = GONE.format("folder f", "f.id = {0}")

# --- roots ----------------------------------------------------------------------------------------------------------

_ROOTLESS: Final = text(
    "SELECT id, key, root_id FROM principal WHERE root_id IS NOT NULL AND "  # noqa: S608
    + _NO_FOLDER.format("principal.root_id")
    + " ORDER BY id"
)
_ANOTHER_ROOT: Final = text(
    "SELECT id FROM folder WHERE owner_id = :owner AND parent_id IS NULL AND role = 'root' ORDER BY id LIMIT 1"
)


def roots(sql: Sql) -> Iterator[Fault]:
    """Owners whose root is not there."""
    for id, key, root in sql.rows(_ROOTLESS):
        yield Fault(KIND, f"{key} ({id}): its root folder {root} is not there", partial(_give_root, AccountId(id)))


def _give_root(owner: AccountId, tx: Tx) -> None:
    lift(tx, owner)
    if owner not in {row[0] for row in tx.sql.rows(_ROOTLESS)}:
        return
    row = tx.sql.row(_ANOTHER_ROOT, {"owner": owner})
    root = planting.plant_root(tx, owner) if row is None else FolderId(row[0])
    set_root(tx, owner, root)
    _told(tx, owner, root)


def _told(tx: Tx, owner: AccountId, at: FolderId, **facts: object) -> None:
    """The tree is another than it was: nobody goes by what was known of it."""
    tx.move_epoch(owner)
    modseq = tx.bump(owner)
    tx.note_change("folder.repaired", owner, at, modseq, facts)
    tx.marks[at] = modseq


# --- folders that no root leads to ----------------------------------------------------------------------------------

_LOOSE: Final = """
    WITH RECURSIVE reached(id) AS (
      SELECT root_id FROM principal WHERE root_id IS NOT NULL AND {mine}
      UNION SELECT f.id FROM folder f JOIN reached r ON f.parent_id = r.id
    )
    SELECT folder.id, folder.owner_id, folder.parent_id, folder.name, principal.key, up.owner_id
    FROM folder JOIN principal ON principal.id = folder.owner_id LEFT JOIN folder up ON up.id = folder.parent_id
    WHERE principal.root_id IS NOT NULL AND {mine}
      AND (folder.id NOT IN (SELECT id FROM reached) OR up.owner_id <> folder.owner_id)
    ORDER BY folder.id"""
_ALL_LOOSE: Final = text(_LOOSE.format(mine="1 = 1"))
_LOOSE_OF: Final = text(_LOOSE.format(mine="principal.id = :owner"))
_ROOT: Final = text("SELECT root_id FROM principal WHERE id = :owner")
_TAKEN_NAME: Final = text("SELECT 1 FROM folder WHERE parent_id = :root AND name = :name")
_TAKEN_ROLE: Final = text("SELECT 1 FROM folder WHERE owner_id = :owner AND id <> :at AND role = :role")
_ROLE: Final = text("SELECT role FROM folder WHERE id = :at")
_HANG: Final = text("UPDATE folder SET parent_id = :root, name = :name, role = :role, modseq = :modseq WHERE id = :at")


def loose(sql: Sql) -> Iterator[Fault]:
    """Folders that no root leads to, or that are below somebody else's; not what is below these."""
    for id, (owner, name, why) in _loose(sql.rows(_ALL_LOOSE)).items():
        yield Fault(KIND, f"folder {name} ({id}): {why}", partial(_hang, id, owner))


def _loose(rows: Sequence[Row]) -> Mapping[FolderId, tuple[AccountId, str, str]]:
    """Owner, name and what is wrong of those that have to be hung up."""
    parents = {row[0]: row[2] for row in rows}
    found: dict[FolderId, tuple[AccountId, str, str]] = {}
    for id, owner, parent, name, key, above in rows:
        if parent is None:
            why = f"it is below nothing, and not the root of {key}"
        elif above is None:
            why = f"its parent {parent} is not there"
        elif above != owner:
            why = f"it is {key}'s, and its parent {parent} is not"
        elif id == _least_of_ring(parents, id):
            why = "it is below itself"
        else:
            continue
        found[FolderId(id)] = (AccountId(owner), name, why)
    return found


def _least_of_ring(parents: Mapping[int, int | None], at: int) -> int | None:
    """The smallest number of the ring that the folder is in; None where it is in none."""
    least, up, met = at, parents.get(at), {at}
    while up is not None and up not in met:
        met.add(up)
        least, up = min(least, up), parents.get(up)
    return least if up == at else None


def _hang(at: FolderId, owner: AccountId, tx: Tx) -> None:
    """Below its owner's root, by its own name; by another where that is taken."""
    lift(tx, owner)
    found = _loose(tx.sql.rows(_LOOSE_OF, {"owner": owner})).get(at)
    if found is None:
        return
    root, name, role = tx.sql.value(_ROOT, {"owner": owner}), found[1], tx.sql.value(_ROLE, {"at": at})
    if not name or tx.sql.row(_TAKEN_NAME, {"root": root, "name": name}) is not None:
        name = f"{name[:200]} ({at})".strip()
    if role == Role.ROOT or tx.sql.row(_TAKEN_ROLE, {"owner": owner, "at": at, "role": role}) is not None:
        role = None
    values = {"at": at, "root": root, "name": name, "role": role, "modseq": tx.bump(owner)}
    tx.sql.change(_HANG, values)
    _told(tx, owner, at, to=name)


# --- owners that have no INBOX any more -----------------------------------------------------------------------------

_NO_INBOX: Final = text(
    "SELECT id, key FROM principal"  # noqa: S608
    " WHERE root_id IS NOT NULL AND kind IN ('account', 'list', 'resource') AND "
    + GONE.format("folder f", "f.owner_id = principal.id AND f.role = 'inbox'")
    + " ORDER BY id"
)
_NAMED_INBOX: Final = text("SELECT id FROM folder WHERE parent_id = :root AND name = 'INBOX'")
_MAKE_INBOX: Final = text("UPDATE folder SET role = 'inbox', modseq = :modseq WHERE id = :at")


def inboxes(sql: Sql) -> Iterator[Fault]:
    """Owners without the folder that their mail goes to."""
    for id, key in sql.rows(_NO_INBOX):
        yield Fault(KIND, f"{key} ({id}): its INBOX is not there", partial(_give_inbox, AccountId(id)))


def _give_inbox(owner: AccountId, tx: Tx) -> None:
    lift(tx, owner)
    if owner not in {row[0] for row in tx.sql.rows(_NO_INBOX)}:
        return
    root = FolderId(tx.sql.value(_ROOT, {"owner": owner}))
    row = tx.sql.row(_NAMED_INBOX, {"root": root})
    if row is None:
        at = planting.plant_inbox(tx, owner, root)
    else:
        at = FolderId(row[0])
        tx.sql.change(_MAKE_INBOX, {"at": at, "modseq": tx.bump(owner)})
    _told(tx, owner, at)


# --- folders of nobody, and what is bound to folders that are not there ---------------------------------------------

_OWNERLESS: Final = text(
    "SELECT id, name, owner_id FROM folder WHERE "  # noqa: S608
    + GONE.format("principal p", "p.id = folder.owner_id")
    + " ORDER BY id"
)
_LOOSEN: Final = text("UPDATE folder SET parent_id = NULL WHERE id = :at")
_BOUND: Final = text(
    "SELECT id, key, folder_id, kind FROM principal WHERE folder_id IS NOT NULL AND "  # noqa: S608
    + _NO_FOLDER.format("principal.folder_id")
    + " ORDER BY id"
)
_LET_GO: Final = text("UPDATE principal SET folder_id = NULL WHERE id = :principal")
_DROP_LINK: Final = text("DELETE FROM principal WHERE id = :principal")


def ownerless(sql: Sql) -> Iterator[Fault]:
    """Folders whose owner is not there."""
    for id, name, owner in sql.rows(_OWNERLESS):
        yield Fault(KIND, f"folder {name} ({id}): its owner {owner} is not there", _clear_ownerless)


def _clear_ownerless(tx: Tx) -> None:
    """Takes all of them at once; what repairs the next finds none."""
    gone = [FolderId(row[0]) for row in tx.sql.rows(_OWNERLESS)]
    for at in gone:
        tx.sql.change(_LOOSEN, {"at": at})
    for at in gone:
        set_contents_aside(tx, at)
        folder_changes.erase(tx, at)


def bound(sql: Sql) -> Iterator[Fault]:
    """Addresses and links of folders that are not there."""
    for id, key, folder, _ in sql.rows(_BOUND):
        said = f"{key} ({id}): the folder {folder} that it stands for is not there"
        yield Fault(KIND, said, _let_go)


def _let_go(tx: Tx) -> None:
    """All at once. An address stays, without a folder; a link has nothing to lead to."""
    rows = tx.sql.rows(_BOUND)
    for id, _, _, kind in rows:
        tx.sql.change(_DROP_LINK if kind == PrincipalKind.LINK else _LET_GO, {"principal": id})
    if rows:
        tx.move_memberships()


RULES: Final[Sequence[Rule]] = (roots, loose, inboxes, ownerless, bound)
