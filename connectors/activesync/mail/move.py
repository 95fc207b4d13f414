"""MoveItems. MS-ASCMD §2.2.1.12."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from connectors.activesync.element import Element, el
from connectors.activesync.exchange import Exchange
from connectors.activesync.folders import folder_id, folder_in
from groupware.model.errors import GroupwareError, NoRight, NotFound, TryAgain
from groupware.model.folder import Folder
from groupware.model.ids import ItemId, Uid, ranges
from groupware.model.item import Kind
from groupware.model.rights import Right
from groupware.store.api import ReadTx, WriteTx

_BAD_SOURCE, _BAD_TARGET, _OK, _SAME, _FAILED, _LOCKED = 1, 2, 3, 4, 5, 7
MOST: Final = 1000


async def moveitems(exchange: Exchange) -> Element:
    """Moves items one after the other; each has a new ServerId where it is mail."""
    root = exchange.root("Move:MoveItems")
    told = [await _one(exchange, each) for each in root.all("Move:Move")[:MOST]]
    return el("Move:MoveItems", told)


async def _one(exchange: Exchange, said: Element) -> Element:
    message, source, target = (said.value(f"Move:{name}") for name in ("SrcMsgId", "SrcFldId", "DstFldId"))
    status, moved = await _moved(exchange, message, source, target)
    return el(
        "Move:Response",
        el("Move:SrcMsgId", message),
        el("Move:Status", status),
        el("Move:DstMsgId", moved) if moved else None,
    )


async def _moved(exchange: Exchange, message: str, source: str, target: str) -> tuple[int, str]:
    if source == target:
        return _SAME, ""

    def work(tx: WriteTx) -> tuple[int, str]:
        try:
            to = folder_in(tx, target, Right.LOOKUP)
        except (NotFound, NoRight):
            return _BAD_TARGET, ""
        here = folder_in(tx, source)
        if here.kind != to.kind:
            return _BAD_TARGET, ""
        item = int(message.partition(":")[2] or -1) if message.partition(":")[0] == source else -1
        uid = uid_of(tx, here, item)
        pairs: Sequence[tuple[Uid, Uid]] = tx.move(here.id, ranges([uid]), to.id)
        if not pairs:
            return _BAD_SOURCE, ""
        return _OK, f"{to.id}:{pairs[0][1] if here.kind == Kind.MAIL else item}"

    try:
        return await exchange.write(work)
    except (NotFound, ValueError):
        return _BAD_SOURCE, ""
    except TryAgain:
        return _LOCKED, ""
    except GroupwareError:
        return _FAILED, ""


def uid_of(tx: ReadTx, at: Folder, item: int) -> Uid:
    """The UID of an item of a folder: mail goes by it, everything else by its id. `NotFound`."""
    if at.kind == Kind.MAIL:
        if item > 0 and tx.columns(at.id, (), ranges([item])):
            return Uid(item)
    else:
        placed = tx.placed([ItemId(item)]).get(ItemId(item)) if item > 0 else None
        if placed is not None and placed[0] == at.id:
            return placed[1]
    raise NotFound("there is no such item")


def place_of(tx: ReadTx, server: str) -> tuple[Folder, int]:
    """The folder and the item of a ServerId. `NotFound`, `NoRight`."""
    folder, _, item = server.partition(":")
    if not (item.isascii() and item.isdigit() and len(item) < 19):
        raise NotFound("there is no such item")
    at = tx.folder(folder_id(folder))
    uid_of(tx, at, int(item))
    return at, int(item)
