"""What counts when somebody asks whether an account is busy. RFC 6638 §9.1, RFC 7953 §5."""

from __future__ import annotations

from typing import Final

from sqlalchemy import bindparam, or_, select

from groupware.model.annotation import AVAILABILITY, PRIVATE, SHARED, TRANSPARENCY
from groupware.model.errors import NoRight
from groupware.model.folder import Role
from groupware.model.ids import AccountId, FolderId
from groupware.model.item import Kind
from groupware.model.meeting import Counted
from groupware.model.rights import Right

from . import schema
from .guard import SERVER
from .tx import Tx

_a, _f = schema.annotation.c, schema.folder.c
_SAID: Final = (
    select(_a.folder_id, _a.name, _a.value)
    .select_from(schema.folder.join(schema.annotation, _a.folder_id == _f.id))
    .where(_f.owner_id == bindparam("owner"))
    .where(
        or_(
            (_a.name == SHARED + TRANSPARENCY) & (_a.account_id == SERVER),
            (_a.name == AVAILABILITY) & (_a.account_id == SERVER),
            (_a.name == PRIVATE + TRANSPARENCY) & (_a.account_id == bindparam("account")),
        )
    )
    .where(_a.value.is_not(None))
)
_TIMES: Final = Right.READ | Right.FREEBUSY | Right.TITLES


def counted(tx: Tx, account: AccountId) -> Counted:
    """See `ReadTx.counted`."""
    tree = tx.tree(account)
    calendars = [
        at
        for at, node in tree.nodes.items()
        if node.kind == Kind.CALENDAR and node.role != Role.SCHEDULE_INBOX and tree.rights(tx.who, at) & _TIMES
    ]
    if not calendars:
        raise NoRight(f"{tree.key}: you may not ask when they are busy")
    transparent: dict[FolderId, bool] = {}
    for at, name, value in sorted(tx.sql.rows(_SAID, {"owner": account, "account": account}), key=_private_last):
        if name != AVAILABILITY:
            transparent[FolderId(at)] = b"transparent" in bytes(value)
    return Counted([at for at in calendars if not transparent.get(at)], available(tx, account))


def available(tx: Tx, account: AccountId) -> bytes:
    """The VCALENDAR that says when somebody can be met at all; for those who have opened what it is about."""
    nodes = tx.tree(account).nodes
    rows = tx.sql.rows(_SAID, {"owner": account, "account": account})
    said = ((nodes.get(FolderId(at)), value) for at, name, value in rows if name == AVAILABILITY)
    return next((bytes(value) for node, value in said if node is not None and node.role == Role.SCHEDULE_INBOX), b"")


def _private_last(row: tuple[int, str, bytes]) -> tuple[bool, int]:
    return row[1].startswith(PRIVATE), row[0]
