"""Recoverable items: what was removed and is still kept, in the folders where Exchange shows it. MS-OXWSCDATA §2.2.5.4.

They are no folders of the tree: `recoverableitemsdeletions` is a view of what was removed from all folders of a mailbox
(decision 345), `recoverableitemsversions` and `recoverableitemspurges` are empty.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from connectors.bounded_xml import Element
from connectors.ews.errors import EwsError, malformed_id
from connectors.ews.ids import Id, read_id
from connectors.ews.item_ids import read_item_id
from connectors.ews.things import Thing
from connectors.ews.tree import DELETIONS, folder_in, node_in
from connectors.ews.turn import Turn
from connectors.ews.wire import local
from groupware.model.errors import Refused
from groupware.model.ids import FolderId, Uid
from groupware.model.item import Item
from groupware.model.rights import Right
from groupware.store.api import ReadTx, WriteTx
from mailcore.server.recovery import MOST, Lost, lost_at, may_recover, recovered, removed_of

_UID: Final = re.compile(r"[0-9]{1,10}\Z")
_HOW: Final = frozenset({"harddelete", "softdelete"})


def is_lost(named: Element) -> bool:
    """Whether it names something that was removed."""
    return local(named) == "ItemId" and read_id(named.get("Id", ""), "I", "O", "D", "B").letter == "D"


def lost_in(tx: ReadTx, named: Element, *, soft: bool) -> Sequence[Thing] | None:
    """What was removed, as a folder of recoverable items has it; None: it is no such folder. `EwsError`, `NoRight`.

    `soft`: what was removed from that folder itself.
    """
    _, node = node_in(tx, named)
    if node.id.letter == "Y":
        return [lost_thing(lost) for lost in removed_of(tx, node.owner)] if node.distinguished == DELETIONS else []
    if not soft:
        return None
    folder = node.folder
    if folder is None or not may_recover(folder):
        return []
    return [lost_thing(Lost(folder, each)) for each in tx.removed(folder.id, MOST)]


def lost_thing(lost: Lost) -> Thing:
    """The item as it was when it went."""
    uid, item, modseq, bits, words, blob, saved, size, name, summary, message_id, references, _ = lost.item
    told = (uid, item, modseq, bits, words, blob, saved, size, name, summary, message_id, references)
    return Thing(lost.folder, *told, removed=True)


def lost_named(tx: ReadTx, named: Id) -> Lost:
    """The one of an id. `EwsError`, `NotFound`, `NoRight`."""
    if not _UID.match(named.more):
        raise malformed_id(str(named))
    return lost_at(tx, FolderId(named.number), Uid(int(named.more)))


async def back(turn: Turn, named: Element, target: Element) -> tuple[Lost, Item]:
    """Brings one back into a folder: what it was, and what it is now. `EwsError`, `GroupwareError`."""
    wanted = read_item_id(named, reading=True)

    def look(tx: ReadTx) -> tuple[Lost, FolderId]:
        return lost_named(tx, wanted), folder_in(tx, target, Right.INSERT).id

    lost, to = await turn.read(look)
    try:
        return lost, await recovered(turn.parts.store, turn.parts.blobs, turn.who, lost, to)
    except Refused as error:
        raise EwsError("ErrorMoveCopyFailed", str(error)) from None


def forgotten(tx: WriteTx, named: Element, how: str) -> None:
    """Forgets one for good. `EwsError`, `NotFound`, `NoRight`."""
    if how.lower() not in _HOW:
        raise EwsError("ErrorCannotDeleteObject", "it has been removed already: bring it back, or remove it for good")
    lost = lost_named(tx, read_item_id(named, reading=True))
    tx.forget(lost.folder.id, [lost.item.uid])
