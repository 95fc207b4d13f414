"""FolderSync, FolderCreate, FolderDelete, FolderUpdate. MS-ASCMD §2.2.1.3 to §2.2.1.6."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from connectors.activesync.element import Element, el
from connectors.activesync.exchange import Exchange
from connectors.activesync.folders import KINDS, ROOT, Told, folder_in, told_in
from connectors.activesync.states import Facts, Key, known_state, next_state
from groupware.model.errors import AlreadyExists, GroupwareError, HasChildren, NoRight, NotFound
from groupware.model.folder import SEPARATOR
from groupware.model.rights import Right
from groupware.store.api import ReadTx, WriteTx

HIERARCHY: Final = 0
"""The collection under which the list of folders is kept."""
_OK, _EXISTS, _SPECIAL, _GONE, _NO_PARENT, _FAILED, _DENIED, _WRONG_KEY, _BAD = 1, 2, 3, 4, 5, 6, 6, 9, 10


async def foldersync(exchange: Exchange) -> Element:
    """What has changed in the list of folders since a key."""
    root = exchange.root("FolderHierarchy:FolderSync")
    sent = root.value("FolderHierarchy:SyncKey")

    def work(tx: WriteTx) -> Element:
        state = known_state(tx, exchange.device, HIERARCHY, sent)
        if state is None:
            return el("FolderHierarchy:FolderSync", el("FolderHierarchy:Status", _WRONG_KEY))
        before, now = _decoded(state.facts), told_in(tx)
        changes = _changes(before, now)
        key = sent
        if changes or sent == "0":
            key = next_state(tx, exchange.device, HIERARCHY, state, _encoded(now))
        return el(
            "FolderHierarchy:FolderSync",
            el("FolderHierarchy:Status", _OK),
            el("FolderHierarchy:SyncKey", key),
            el("FolderHierarchy:Changes", el("FolderHierarchy:Count", len(changes)), changes),
        )

    return await exchange.write(work)


def _encoded(told: Mapping[str, Told]) -> Facts:
    return {"folders": {each.id: [each.parent, each.name, each.type] for each in told.values()}}


def _decoded(facts: Facts) -> dict[str, Told]:
    return {name: Told(name, *rest) for name, rest in facts.get("folders", {}).items()}


def _changes(before: Mapping[str, Told], now: Mapping[str, Told]) -> list[Element]:
    """What a device that knows `before` has to learn; parents come before what is below them."""
    found = []
    for each in now.values():
        if each.id not in before:
            found.append(_said("FolderHierarchy:Add", each))
        elif each != before[each.id]:
            found.append(_said("FolderHierarchy:Update", each))
    gone = [el("FolderHierarchy:Delete", el("FolderHierarchy:ServerId", name)) for name in before if name not in now]
    return found + gone


def _said(name: str, each: Told) -> Element:
    return el(
        name,
        el("FolderHierarchy:ServerId", each.id),
        el("FolderHierarchy:ParentId", each.parent),
        el("FolderHierarchy:DisplayName", each.name),
        el("FolderHierarchy:Type", each.type),
    )


async def foldercreate(exchange: Exchange) -> Element:
    """Makes a folder; gives its ServerId."""
    root = exchange.root("FolderHierarchy:FolderCreate")
    name, kind = root.value("FolderHierarchy:DisplayName"), KINDS.get(root.number("FolderHierarchy:Type"))
    if kind is None:
        return _answer("FolderCreate", _BAD)

    def make(tx: WriteTx) -> str:
        path = _path(tx, root.value("FolderHierarchy:ParentId"), name)
        return str(tx.create_folder(path, kind).id)

    return await _changed(exchange, "FolderCreate", root, make)


async def folderdelete(exchange: Exchange) -> Element:
    """Takes a folder away with what is in it."""
    root = exchange.root("FolderHierarchy:FolderDelete")

    def drop(tx: WriteTx) -> str:
        at = folder_in(tx, root.value("FolderHierarchy:ServerId"), Right.LOOKUP)
        if at.own and at.role:
            raise _Special("a folder that every account has stays")
        tx.delete_folder(at.id)
        return ""

    return await _changed(exchange, "FolderDelete", root, drop)


async def folderupdate(exchange: Exchange) -> Element:
    """Calls a folder something else, or puts it elsewhere."""
    root = exchange.root("FolderHierarchy:FolderUpdate")

    def rename(tx: WriteTx) -> str:
        at = folder_in(tx, root.value("FolderHierarchy:ServerId"), Right.LOOKUP)
        if at.own and at.role:
            raise _Special("a folder that every account has keeps its name")
        path = _path(tx, root.value("FolderHierarchy:ParentId"), root.value("FolderHierarchy:DisplayName"))
        if path != at.path:
            tx.rename_folder(at.id, path)
        return ""

    return await _changed(exchange, "FolderUpdate", root, rename)


class _Special(NoRight):
    """It is a folder that stays as it is."""


class _NoParent(NotFound):
    """The folder above is not there."""


def _path(tx: ReadTx, parent: str, name: str) -> str:
    if parent == ROOT or not parent:
        return name
    try:
        return tx.folder(folder_in(tx, parent, Right.LOOKUP).id, Right.LOOKUP).path + SEPARATOR + name
    except NotFound as error:
        raise _NoParent(str(error)) from None


async def _changed(exchange: Exchange, command: str, root: Element, change: Callable[[WriteTx], str]) -> Element:
    """Makes the change, which the device knows of then."""
    sent = root.value("FolderHierarchy:SyncKey")

    def work(tx: WriteTx) -> Element:
        state = known_state(tx, exchange.device, HIERARCHY, sent) if sent != "0" else None
        if state is None:
            return _answer(command, _WRONG_KEY)
        known = _decoded(state.facts)
        made = change(tx)
        there = told_in(tx)
        for name in (made, root.value("FolderHierarchy:ServerId")):
            if name and name in there:
                known[name] = there[name]
            elif name:
                known.pop(name, None)
        key = next_state(tx, exchange.device, HIERARCHY, state, _encoded(known))
        return _answer(command, _OK, key, made)

    try:
        return await exchange.write(work)
    except GroupwareError as error:
        return _answer(command, _status(error))


def _status(error: GroupwareError) -> int:
    if isinstance(error, _Special):
        return _SPECIAL
    if isinstance(error, _NoParent):
        return _NO_PARENT
    if isinstance(error, AlreadyExists):
        return _EXISTS
    if isinstance(error, NotFound):
        return _GONE
    if isinstance(error, HasChildren | NoRight):
        return _SPECIAL
    return _FAILED


def _answer(command: str, status: int, key: Key = "", made: str = "") -> Element:
    return el(
        f"FolderHierarchy:{command}",
        el("FolderHierarchy:Status", status),
        el("FolderHierarchy:SyncKey", key) if key else None,
        el("FolderHierarchy:ServerId", made) if made else None,
    )
