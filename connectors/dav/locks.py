"""What locks (RFC 4918 §6, §7) let happen: the If header is met, and whoever changes something names its lock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from connectors.dav import xml
from connectors.dav.conditions import States, conditions, submitted
from connectors.dav.errors import DavError
from connectors.dav.paths import Place, escaped, place
from connectors.dav.request import Exchange
from connectors.dav.shelf import Shelf, collection, etag
from groupware.model.errors import GroupwareError, NotFound
from groupware.model.ids import FolderId
from groupware.model.lock import WriteLock
from groupware.model.rights import Right
from groupware.model.times import now_micros
from groupware.store.api import ReadTx, WriteTx

ITSELF: Final = ""
"""The collection: what is in it, and its properties."""


def met(tx: ReadTx, exchange: Exchange) -> list[States]:
    """The lists of the If header; 412 unless one is met. `DavError`."""
    header = exchange.headers.get("if")
    if header is None:
        return []
    lists = conditions(header)
    if not any(_is_met(tx, exchange, each) for each in lists):
        raise DavError(412, "If says how things should be, and they are not")
    return lists


def _is_met(tx: ReadTx, exchange: Exchange, states: States) -> bool:
    tag, tokens = _now(tx, exchange, states.path)
    return all((each.token in tokens if each.token else each.tag == tag) == each.holds for each in states.all)


def _now(tx: ReadTx, exchange: Exchange, path: str) -> tuple[str, frozenset[str]]:
    """The entity tag of what a path names, and the tokens of its locks; nothing of what is not there."""
    try:
        at = place(path) if path else exchange.at
        if at.depth < 3:
            return "", frozenset()
        shelf = collection(tx, at)
    except GroupwareError:
        return "", frozenset()
    tokens = frozenset(each.token for each in tx.write_locks(shelf.folder.id) if each.covers(at.name))
    if not at.name:
        return f'"{shelf.folder.uidvalidity}-{shelf.folder.modseq}"', tokens
    told = exchange.shown is not None and exchange.shown.sight.at == shelf.folder.id
    known = shelf.may(Right.READ) and (told or not shelf.titles)
    item = next(iter(tx.items_named(shelf.folder.id, [at.name])), None) if known else None
    return f'"{etag(item.blob)}"' if item is not None else "", tokens


def allowed(tx: ReadTx, exchange: Exchange, shelf: Shelf, names: Sequence[str] | None) -> Sequence[WriteLock]:
    """412 unless If is met, 423 unless it names the lock of each of these (None: all there is); gives the locks."""
    tokens = submitted(met(tx, exchange))
    locks = tx.write_locks(shelf.folder.id)
    for name in {each.name for each in locks} if names is None and locks else names or ():
        barred = [each for each in locks if each.covers(name)]
        if barred and not any(each.token in tokens and each.account == tx.who.account for each in barred):
            root = xml.href(_root(shelf, barred[0]))
            text = "it is locked: who has locked it names the lock in If"
            raise DavError(423, text, f"<D:lock-token-submitted>{root}</D:lock-token-submitted>")
    return locks


def gone(tx: WriteTx, at: FolderId, name: str, locks: Sequence[WriteLock]) -> None:
    """The locks of an object that has been taken away are let go of with it."""
    if any(each.name == name for each in locks):
        tx.clear_write_locks(at, name)


def root_of(shelf: Shelf, name: str) -> str:
    """The path of what is locked."""
    return shelf.href + escaped(name) if name else shelf.href


def _root(shelf: Shelf, lock: WriteLock) -> str:
    return root_of(shelf, lock.name)


# --- what is said of them ---------------------------------------------------------------------------------------------


def discovered(shelf: Shelf, locks: Sequence[WriteLock], name: str) -> str:
    """DAV:lockdiscovery of an object, or of the collection itself."""
    return "".join(_active(shelf, each) for each in locks if each.covers(name))


def _active(shelf: Shelf, lock: WriteLock) -> str:
    left = max(0, lock.expires - now_micros()) // 1_000_000
    owner = f"<D:owner>{lock.owner}</D:owner>" if lock.owner else ""
    return (
        "<D:activelock><D:locktype><D:write/></D:locktype>"
        f"<D:lockscope><D:{'shared' if lock.shared else 'exclusive'}/></D:lockscope>"
        f"<D:depth>{'infinity' if lock.deep else '0'}</D:depth>{owner}<D:timeout>Second-{left}</D:timeout>"
        f"<D:locktoken>{xml.href(lock.token)}</D:locktoken><D:lockroot>{xml.href(_root(shelf, lock))}</D:lockroot>"
        "</D:activelock>"
    )


def discovery(tx: ReadTx, shelf: Shelf, wanted: bool) -> Callable[[str], str | None]:
    """What `discovered` says of each name; None where nobody has asked."""
    if not wanted:
        return lambda _: None
    locks = tx.write_locks(shelf.folder.id) if shelf.folder.id > 0 else ()
    return lambda name: discovered(shelf, locks, name)


def shelf_to_lock(tx: ReadTx, at: Place) -> Shelf:
    """The collection of what is to be locked; 409 where an object has none to be in."""
    try:
        return collection(tx, at)
    except NotFound as error:
        if not at.name:
            raise
        raise DavError(409, f"{replace(at, name='').href}: {error}") from None
