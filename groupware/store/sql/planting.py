"""The tree that a new owner of folders is born with."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

from sqlalchemy import bindparam, insert, update

from groupware.model.folder import DEFAULT_FOLDERS, INBOX, Role
from groupware.model.ids import AccountId, FolderId
from groupware.model.item import Kind
from groupware.model.mailinglist import FOLDERS
from groupware.model.principal import PrincipalKind

from . import schema
from .principals import set_root
from .tx import Tx

_INSERT: Final = (
    insert(schema.folder)
    .values(
        {each: bindparam(each) for each in ("owner_id", "parent_id", "name", "kind", "role", "uidvalidity")}
        | {"modseq": bindparam("modseq"), "created_modseq": bindparam("modseq")}
    )
    .returning(schema.folder.c.id)
)
_UIDVALIDITY: Final = (
    update(schema.meta)
    .where(schema.meta.c.name == "uidvalidity")
    .values(value=schema.meta.c.value + bindparam("step"))
    .returning(schema.meta.c.value)
)
_RAISE: Final = (
    update(schema.meta)
    .where(schema.meta.c.name == "uidvalidity", schema.meta.c.value < bindparam("now"))
    .values(value=bindparam("now"))
)

_MAIL: Final = (Role.INBOX, Role.DRAFTS, Role.SENT, Role.TRASH, Role.JUNK)
_ROLES: Final[dict[PrincipalKind, tuple[Role, ...]]] = {
    PrincipalKind.ACCOUNT: tuple(role for _, _, role in DEFAULT_FOLDERS),
    PrincipalKind.LIST: _MAIL,
    PrincipalKind.RESOURCE: (Role.INBOX, Role.TRASH, Role.CALENDAR),
    PrincipalKind.GROUP: (),
    PrincipalKind.PUBLIC: (),
}
OWNERS: Final = frozenset(_ROLES)
"""Who owns a tree. A group's has no folders: its root holds the send-as rights on the group's address."""


def plant(tx: Tx, owner: AccountId, kind: PrincipalKind) -> FolderId:
    """The root of the new owner's tree, with the folders that its kind is born with."""
    modseq = tx.bump(owner)
    root = plant_root(tx, owner)
    set_root(tx, owner, root)
    common = _common(tx, owner)
    for name, what, role in _folders(kind):
        _insert(tx, {**common, "parent_id": root, "name": name, "kind": what.value, "role": role.value})
    for name in FOLDERS if kind is PrincipalKind.LIST else ():
        _insert(tx, {**common, "parent_id": root, "name": name, "kind": Kind.MAIL.value, "role": None})
    tx.move_epoch(owner)
    tx.note_change("tree.created", owner, root, modseq, {})
    return root


def plant_root(tx: Tx, owner: AccountId) -> FolderId:
    """A root that has nothing below it yet, and is yet to become the owner's."""
    return _insert(tx, {**_common(tx, owner), "name": "", "kind": Kind.MAIL.value, "role": Role.ROOT.value})


def plant_inbox(tx: Tx, owner: AccountId, root: FolderId) -> FolderId:
    """The INBOX of an owner that has none."""
    at = {"parent_id": root, "name": INBOX, "kind": Kind.MAIL.value, "role": Role.INBOX.value}
    return _insert(tx, {**_common(tx, owner), **at})


def _common(tx: Tx, owner: AccountId) -> dict[str, object]:
    return {"owner_id": owner, "modseq": tx.bump(owner), "uidvalidity": _uidvalidity(tx), "parent_id": None}


def _folders(kind: PrincipalKind) -> Sequence[tuple[str, Kind, Role]]:
    return [each for each in DEFAULT_FOLDERS if each[2] in _ROLES[kind]]


def _insert(tx: Tx, values: dict[str, object]) -> FolderId:
    row = tx.sql.returning(_INSERT, values)
    assert row is not None
    return FolderId(row[0])


def _uidvalidity(tx: Tx) -> int:
    """One number for the whole tree: no folder of these names was ever there before it."""
    tx.sql.change(_RAISE, {"now": int(time.time())})
    row = tx.sql.returning(_UIDVALIDITY, {"step": 1})
    assert row is not None
    return int(row[0])
