"""Where the rules of an account put its mail: any folder that its owner may put something into, in the owner's view.

Whoever asks is who delivers (`p` everywhere), or the owner. Two have to agree: the owner may insert or post there, and
`deliver` then finds the folder open to mail as for every other message (decision 099).
"""

from __future__ import annotations

from collections.abc import Iterator

from groupware.model.errors import NoRight, NotFound, Refused
from groupware.model.folder import Destination, split
from groupware.model.ids import AccountId, FolderId
from groupware.model.item import Kind
from groupware.model.principal import Principal
from groupware.model.rights import Right

from . import folder_changes, folders
from .guard import absent, identify
from .paths import place, walk
from .tree import view_path
from .tx import Tx

PUTS: Right = Right.INSERT | Right.POST
"""Either will do."""


def destination(tx: Tx, of: AccountId, wanted: Destination) -> FolderId:
    """See `ReadTx.destination`."""
    who = owner_of(tx, of)
    trouble: NotFound | NoRight | Refused = absent(wanted.path or wanted.role or wanted.number)
    for at in _candidates(tx, who, wanted):
        try:
            return _usable(tx, who, at, wanted)
        except (NotFound, NoRight, Refused) as error:
            trouble = error
    raise trouble


def make(tx: Tx, of: AccountId, path: str) -> FolderId:
    """See `WriteTx.make_destination`."""
    who = owner_of(tx, of)
    levels = split(path)
    found = place(tx.sql, tx.memory, who, "/".join(levels))
    if found is None:
        raise absent(path)
    tree, levels = found[0], list(found[1])
    tree = tx.tree(tree.owner)
    there = walk(tree, levels)
    if there is not None:
        return _usable(tx, who, there, Destination(path))
    depth = next(depth for depth in range(len(levels) - 1, -1, -1) if walk(tree, levels[:depth]) is not None)
    above = tx.open(walk(tree, levels[:depth]) or tree.root, Right.LOOKUP)
    if above.tree.epoch != tree.epoch:
        return make(tx, of, path)  # somebody changed it before we had the lock
    rights = above.tree.rights(who, above.id)
    if Right.CREATE not in rights:
        raise (
            NoRight(f"folder {path}: you lack the right 'k' above it; ask its owner for it")
            if (Right.LOOKUP in rights)
            else absent(path)
        )
    folder_changes.check_count(tx, above, len(levels) - depth)
    made = above.id
    for name in levels[depth:]:
        made = folder_changes.make(tx, tree.owner, made, name, Kind.MAIL, None)
        _show(tx, who, view_path(tx.tree(tree.owner), made, who))
    return _usable(tx, who, made, Destination(path))


def _show(tx: Tx, who: Principal, path: str) -> None:
    """Many clients show only the folders that one has subscribed to: mail in another one would seem lost."""
    if len(path) <= folder_changes.MAX_PATH and not folders.is_subscribed(tx, who.account, path):
        folder_changes.set_subscribed(tx, who.account, path, True)


def owner_of(tx: Tx, of: AccountId) -> Principal:
    """The owner of the rules, as the store knows them now."""
    if of == tx.who.account:
        return tx.who
    if Right.POST not in tx.who.floor:
        raise NoRight("only who delivers asks for the folders of somebody else's rules")
    return identify(tx.sql, of, -1)


def _candidates(tx: Tx, who: Principal, wanted: Destination) -> Iterator[FolderId]:
    """The folders that are meant, the first one first. RFC 9042 §3, RFC 8579 §4."""
    if wanted.number:
        yield FolderId(wanted.number)
    if wanted.role:
        nodes = tx.tree(who.account).nodes.values()
        yield from (node.id for node in nodes if node.role == wanted.role)
    if wanted.path:
        found = place(tx.sql, tx.memory, who, wanted.path)
        at = walk(*found) if found is not None else None
        if at is not None:
            yield at


def _usable(tx: Tx, who: Principal, at: FolderId, wanted: Destination) -> FolderId:
    here = tx.open(at, Right.LOOKUP)
    said = wanted.path or wanted.role or str(wanted.number)
    rights = here.tree.rights(who, at)
    if Right.LOOKUP not in rights:
        raise absent(said)
    if not rights & PUTS:
        raise NoRight(f"folder {said}: you lack the right 'i' here; ask its owner for it")
    if here.parent is None or here.kind != Kind.MAIL.value:
        raise Refused(f"folder {said}: it holds no mail")
    return at
