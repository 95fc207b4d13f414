"""Whether an account's rules find somebody in an address book: by the index, and as its owner may read it."""

from __future__ import annotations

from groupware.model.errors import NoRight, NotFound
from groupware.model.folder import Role
from groupware.model.ids import AccountId, FolderId
from groupware.model.item import Kind
from groupware.model.principal import Principal
from groupware.model.rights import Right

from . import search
from .destinations import owner_of
from .guard import Opened, admit, open_folder
from .paths import number_of
from .tx import Tx

EMAILS = "from"
"""The name under which search keeps the addresses of a contact, one a line."""


def has(tx: Tx, of: AccountId, book: str, address: str) -> bool:
    """See `ReadTx.addressbook_has`."""
    here = _book(tx, owner_of(tx, of), book)
    if here is None or not address:
        return here is not None
    return search.has_line(tx, here, EMAILS, address)


def _book(tx: Tx, who: Principal, book: str) -> Opened | None:
    """The address book, opened as its reader; None when there is none that he may read."""
    try:
        at = number_of(tx.sql, tx.memory, who, book) if book else _default(tx, who)
        here = admit(open_folder(tx.sql, tx.memory, who, at, lock=False, said=book), Right.READ)
    except (NotFound, NoRight):
        return None
    return here if here.kind == Kind.CONTACTS else None


def _default(tx: Tx, who: Principal) -> FolderId:
    nodes = tx.tree(who.account).nodes.values()
    found = next((node.id for node in nodes if node.role == Role.CONTACTS), None)
    if found is None:
        raise NotFound("there is no address book")
    return found
