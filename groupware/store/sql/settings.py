"""What an owner's tree may hold."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from sqlalchemy import bindparam, select

from groupware.model.ids import AccountId

from . import schema
from .tx import Tx

_OF: Final = select(schema.setting.c.name, schema.setting.c.value).where(
    schema.setting.c.principal_id == bindparam("owner")
)


@dataclass(frozen=True, slots=True)
class Limits:
    """Quotas of an owner's tree; 0: none."""

    bytes: int = 0
    items: int = 0
    folders: int = 0


def limits(tx: Tx, owner: AccountId, epoch: int) -> Limits:
    """What the owner's tree may hold, as it is set on the owner."""
    found = {name: json.loads(value) for name, value in tx.sql.rows(_OF, {"owner": owner})}
    size, items, folders = (
        int(found.get(name, 0)) for name in ("mailboxSize", "mailboxMessageCount", "mailboxFolderCount")
    )
    return Limits(size * 1024, items, folders)
