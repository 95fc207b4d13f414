"""Annotations of folders and of the server. RFC 5464.

1. A shared one belongs to the account of the server, a private one to the person whose it is.
2. What is taken away leaves its name behind, with the modseq at which it went, for those who ask what has changed; not
   more of them than there may be entries.
3. A change has the mark of its folder, one of the server's has a mark of its own (`SERVER_ENTRIES`).
4. Those of the server are kept with the root of the server's own tree, which is not opened for them: everybody who has
   an account reads them, and the shared ones are its administrator's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import bindparam, delete, func, or_, select

from groupware.model.annotation import (
    ANY_OF,
    LONGEST_VALUE,
    MOST_ENTRIES,
    PRIVATE,
    SHARED,
    WRITES_SHARED,
    TooManyEntries,
    check_entry,
)
from groupware.model.errors import NoRight, Refused
from groupware.model.ids import AccountId, FolderId, ModSeq
from groupware.model.occasion import ENTRY
from groupware.model.rights import Right
from groupware.model.script import script_name

from ..api import SERVER_ENTRIES
from . import listings, schema
from .guard import SERVER, Opened
from .tx import Tx
from .upserts import Upsert

_a, _f = schema.annotation.c, schema.folder.c
_MINE: Final = or_(_a.account_id == bindparam("account"), _a.account_id == SERVER)
_whose: Final = _a.account_id + 0  # no index fits that: by the account's, what all people here share would be read
_MINE_OF_OWNER: Final = or_(_whose == bindparam("account"), _whose == SERVER)
_OF: Final = (
    select(_a.name, _a.value).where(_a.folder_id == bindparam("at"), _MINE, _a.value.is_not(None)).order_by(_a.name)
)
_OF_OWNER: Final = (
    select(_a.folder_id, _a.name, _a.value)
    .join(schema.folder, schema.folder.c.id == _a.folder_id)
    .where(schema.folder.c.owner_id == bindparam("owner"), _MINE_OF_OWNER, _a.value.is_not(None))
    .order_by(_a.folder_id, _a.name)
)
_CHANGED: Final = select(_a.name).where(_a.folder_id == bindparam("at"), _MINE, _a.modseq > bindparam("since"))
_NEWEST: Final = select(func.max(_a.modseq)).where(_a.folder_id == bindparam("at"), _MINE)
_NEWEST_OF_OWNER: Final = (
    select(_a.folder_id, func.max(_a.modseq))
    .join(schema.folder, schema.folder.c.id == _a.folder_id)
    .where(schema.folder.c.owner_id == bindparam("owner"), _MINE_OF_OWNER)
    .group_by(_a.folder_id)
)
_HERE: Final = (_a.folder_id == bindparam("at"), _a.account_id == bindparam("account"))
_COUNT: Final = select(func.count(_a.value), func.count()).where(*_HERE)
_FORGET: Final = delete(schema.annotation).where(*_HERE, _a.value.is_(None), _a.modseq < bindparam("now"))


def _put(dialect: Any) -> Any:
    names = ("folder_id", "account_id", "name", "value", "modseq")
    statement = dialect.insert(schema.annotation).values({name: bindparam(name) for name in names})
    new = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=["folder_id", "account_id", "name"], set_={"value": new.value, "modseq": new.modseq}
    )


_HOLDER: Final = (
    select(_f.id)
    .select_from(schema.folder.join(schema.annotation, _a.folder_id == _f.id))
    .where(_f.owner_id == bindparam("owner"))
    .where(_whose == SERVER)
    .where(_a.name == bindparam("name"))
    .where(_a.value == bindparam("value"))
)
_PUT: Final = Upsert(_put)

Values = Sequence[tuple[str, bytes]]

FIRST: Final = ModSeq(1)
"""Where to ask on from in a place that has none; any change has a greater one."""


# --- reading --------------------------------------------------------------------------------------------------------


def read(tx: Tx, at: FolderId | None) -> Values:
    """(entry, value) of a folder, or of the server: the shared ones and one's own. `l` and one of `r s w i p 8 9`."""
    number = _root(tx) if at is None else _readable(tx, at).id
    return [(name, bytes(value)) for name, value in tx.sql.rows(_OF, {"at": number, "account": tx.who.account})]


def everywhere(tx: Tx) -> Mapping[FolderId, Values]:
    """The same of every folder where one may read them."""
    found: dict[FolderId, list[tuple[str, bytes]]] = {}
    for owner in listings.owners(tx):
        tree = tx.tree(owner)
        for at, name, value in tx.sql.rows(_OF_OWNER, {"owner": owner, "account": tx.who.account}):
            if _may_read(tree.rights(tx.who, at)):
                found.setdefault(FolderId(at), []).append((name, bytes(value)))
    return found


def holder(tx: Tx, owner: AccountId, entry: str, value: bytes) -> FolderId | None:
    """The owner's folder whose shared entry has the value, if one may look it up."""
    tree = tx.tree(owner)
    for (at,) in tx.sql.rows(_HOLDER, {"owner": owner, "name": entry, "value": value}):
        if Right.LOOKUP in tree.rights(tx.who, at):
            return FolderId(at)
    return None


def changed(tx: Tx, at: FolderId | None, since: ModSeq) -> tuple[Sequence[str], ModSeq]:
    """The entries of a folder or of the server that were changed after `since` (0: none), and where to ask on from."""
    number = _root(tx) if at is None else _readable(tx, at).id
    values = {"at": number, "account": tx.who.account}
    upto = ModSeq(tx.sql.value(_NEWEST, values) or FIRST)
    names = tx.sql.rows(_CHANGED, {**values, "since": since}) if 0 < since < upto else ()
    return sorted(name for (name,) in names), upto


def newest(tx: Tx) -> Mapping[FolderId, ModSeq]:
    """Where to ask `changed` on from, of every folder where one may read them."""
    found: dict[FolderId, ModSeq] = {}
    for owner in listings.owners(tx):
        tree = tx.tree(owner)
        upto: dict[FolderId, int] = dict(tx.sql.rows(_NEWEST_OF_OWNER, {"owner": owner, "account": tx.who.account}))
        readable = [at for at in tree.nodes if _may_read(tree.rights(tx.who, at))]
        found.update({at: ModSeq(upto.get(at, FIRST)) for at in readable})
    return found


def _may_read(rights: Right) -> bool:
    return Right.LOOKUP in rights and bool(rights & ANY_OF)


def _readable(tx: Tx, at: FolderId) -> Opened:
    here = tx.open(at, Right.LOOKUP)
    if not _may_read(here.rights):
        raise NoRight(f"folder {here.path}: annotations take one of the rights 'r s w i p 8 9' here")
    return here


def _root(tx: Tx) -> FolderId:
    return tx.tree(SERVER).root


# --- writing --------------------------------------------------------------------------------------------------------


def annotate(tx: Tx, at: FolderId | None, values: Mapping[str, bytes | None]) -> ModSeq:
    """Sets entries of a folder or of the server, None takes one away; gives back the modseq of it.

    A private one takes what reading takes, a shared one `w` as well; of the server `a`. `TooManyEntries`.
    """
    checked = {check_entry(name): value for name, value in values.items()}
    for name, value in checked.items():
        if value is not None and len(value) > LONGEST_VALUE:
            raise Refused(f"entry {name}: a value has {LONGEST_VALUE} octets at most")
    if name := (checked.get(ENTRY) or b"").decode("utf-8", "replace"):
        checked[ENTRY] = script_name(name).encode()
    shared = any(name.startswith(SHARED) for name in checked)
    if tx.who.account == SERVER and any(name.startswith(PRIVATE) for name in checked):
        raise Refused("a private entry is a person's own, and the operator is none: act as the person it is for")
    if at is None:
        return _annotate_server(tx, checked, shared=shared)
    here = _readable(tx, at)
    if shared:
        need = Right.ADMIN if here.tree.nodes[at].fed else WRITES_SHARED  # where nobody has `w`, its owner says
        here = tx.open(at, need if ENTRY not in checked else need | Right.ADMIN)
    modseq = tx.bump(here.owner)
    _write(tx, here.id, checked, modseq)
    if ENTRY in checked:
        tx.move_epoch(here.owner)
    tx.journal_row("folder.annotated", here, modseq, {"entries": sorted(checked)})
    return modseq


def _annotate_server(tx: Tx, values: Mapping[str, bytes | None], *, shared: bool) -> ModSeq:
    if shared:
        tx.administer(None)
    modseq = ModSeq(tx.bump(SERVER) + FIRST)  # the server's own count begins at 0, unlike that of other owners
    root = _root(tx)
    _write(tx, root, values, modseq)
    tx.note_change("server.annotated", SERVER, SERVER_ENTRIES, modseq, {"entries": sorted(values)})
    tx.marks[SERVER_ENTRIES] = modseq
    return modseq


def _write(tx: Tx, number: FolderId, values: Mapping[str, bytes | None], modseq: ModSeq) -> None:
    """For those who have opened the folder, or may write the server's."""
    tx.sql.many(
        _PUT[tx.sql.postgres],
        [
            {
                "folder_id": number,
                "account_id": tx.who.account if name.startswith(PRIVATE) else SERVER,
                "name": name,
                "value": value,
                "modseq": modseq,
            }
            for name, value in values.items()
        ],
    )
    for account in _holders(tx, values):
        [(there, rows)] = tx.sql.rows(_COUNT, {"at": number, "account": account})
        if rows - there > MOST_ENTRIES:
            tx.sql.change(_FORGET, {"at": number, "account": account, "now": modseq})
        if there > MOST_ENTRIES:
            raise TooManyEntries(f"there may be {MOST_ENTRIES} annotations in one place; take some away first")


def _holders(tx: Tx, names: Iterable[str]) -> set[AccountId]:
    return {tx.who.account if name.startswith(PRIVATE) else SERVER for name in names}
