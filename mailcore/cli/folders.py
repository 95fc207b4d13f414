"""How command lines name folders: an owner (an address, a domain for its public tree, or `server`) and a path there."""

from __future__ import annotations

from typing import Final

from groupware.model.errors import NotFound
from groupware.model.folder import Folder
from groupware.model.ids import AccountId
from groupware.model.principal import OPERATOR
from groupware.model.rights import Right
from groupware.store.api import ReadTx

SERVER: Final = "server"
"""Names the server's own tree: who has `a` on its root administers the server."""


def owner_of(tx: ReadTx, owner: str) -> AccountId:
    """The owner of a tree. `NotFound`."""
    if "@" in owner:
        return tx.account(owner).id
    wanted = owner.lower()
    if wanted == SERVER:
        return OPERATOR.account
    for domain in tx.administered():
        if wanted in (domain.name, *domain.aliases) and domain.account is not None:
            return domain.account
    raise NotFound(f"{owner}: there is no such domain; an account is named by its whole address")


def folder_at(tx: ReadTx, owner: str, path: str, need: Right = Right.LOOKUP) -> Folder:
    """The folder at a path in the owner's own tree; "/" is its root. `NotFound`."""
    return tx.locate(owner_of(tx, owner), path.strip("/"), need)
