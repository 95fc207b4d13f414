"""SyncFolderHierarchy and SyncFolderItems: what has changed since a state. MS-OXWSSYNC §3.1.4.

A state of items is a position in the owner's change sequence, so the cost follows what has changed. While a first
synchronisation goes on it says how far that has come; what changes meanwhile comes behind it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from connectors.bounded_xml import Element
from connectors.ews.busy_blocks import sync_blocks
from connectors.ews.errors import EwsError
from connectors.ews.find_item import ON_THE_LOOP
from connectors.ews.folder_fields import Seen, folder_xml
from connectors.ews.folder_fields import shape_in as folder_shape_in
from connectors.ews.ids import change_key, item_id, read_id
from connectors.ews.shapes import Shape, item_xml, shape_in
from connectors.ews.things import Facts, One, facts_in, things_of, to_be_told, with_octets
from connectors.ews.tokens import numbers, packed, unpacked
from connectors.ews.tree import Node, Tree, below, folder_in, node_in, tree_of
from connectors.ews.turn import Turn, each
from connectors.ews.wire import Xml, child, children, message, needed, number, words
from groupware.calendar.shown import as_read, sees_blocks
from groupware.model.folder import Folder
from groupware.model.ids import LAST_UID, ItemId, ModSeq, Uid
from groupware.model.item import Left, Turned
from groupware.store.api import ReadTx

MOST: Final = 512
"""Changes in one answer: what Exchange allows."""
BAD: Final = "ErrorInvalidSyncStateData"


# --- folders ----------------------------------------------------------------------------------------------------------


async def sync_folder_hierarchy(turn: Turn, element: Element) -> str:
    """`SyncFolderHierarchy`: the state says what was told of each folder."""
    shape = folder_shape_in(element)
    named = next(children(child(element, "SyncFolderId")), None)
    said = (words(element, "SyncState") or "").strip()

    def look(tx: ReadTx) -> Xml:
        tree, node = node_in(tx, named) if named is not None else _top(tx)
        known = unpacked("h", said, BAD).get("f") if said else {}
        if not isinstance(known, dict):
            raise EwsError(BAD, "this is no state of this server: start over")
        found = {str(each_.id): each_ for each_ in below(tree, node.id, deep=True)}
        now = {name: _told(each_) for name, each_ in found.items()}
        changes = [
            f"<t:{'Update' if name in known else 'Create'}>{folder_xml(Seen(tx, tree, found[name]), shape)}"
            f"</t:{'Update' if name in known else 'Create'}>"
            for name in now
            if known.get(name) != now[name]
        ]
        gone = [read_id(name, "F", "R") for name in known if name not in now]
        changes += [f'<t:Delete><t:FolderId Id="{each_}"/></t:Delete>' for each_ in gone]
        state = message("SyncState", packed("h", {"f": now})) + message("IncludesLastFolderInRange", "true")
        return Xml(state + message("Changes", "".join(changes)))

    async def work(_: None) -> str:
        return await turn.read(look)

    return await each("SyncFolderHierarchy", [None], work, "ErrorFolderNotFound", _none("Folder"))


def _none(what: str) -> str:
    """What stands beside an error."""
    return message("SyncState", "") + message(f"IncludesLast{what}InRange", "true")


def _top(tx: ReadTx) -> tuple[Tree, Node]:
    tree = tree_of(tx, tx.who.account)
    return tree, next(node for node in tree.values() if node.distinguished == "msgfolderroot")


def _told(node: Node) -> str:
    """A digest of what is told of a folder, but for its numbers."""
    line = f"{node.parent} {node.name} {node.distinguished} {node.rights.value} {node.folder is None}"
    return blake2b(line.encode("utf-8", "replace"), digest_size=6).hexdigest()


# --- items ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class State:
    """Where a client stands in a folder."""

    folder: int
    validity: int
    since: int
    """The position that all is known up to, or from which a first synchronisation began."""
    uidnext: int
    """The UID that the next item would have had then."""
    uid: int = -1
    """While a first synchronisation goes on: the last UID that was told."""
    at: int = 0
    of: int = 0
    """While changes are told in pieces: modseq and UID of the last of them."""

    def __str__(self) -> str:
        facts = {"f": self.folder, "v": self.validity, "s": self.since, "n": self.uidnext}
        more = {"u": self.uid} if self.uid >= 0 else {"m": self.at, "q": self.of} if self.at else {}
        return packed("i", {**facts, **more})


def _state(text: str, folder: Folder) -> State:
    """The state that a client names, or the beginning. `EwsError`."""
    if not text:
        return State(folder.id, folder.uidvalidity, folder.modseq, folder.uidnext, 0)
    facts = unpacked("i", text, BAD)
    at, validity, since, uidnext, modseq, of = numbers(facts, BAD, "f", "v", "s", "n", "m", "q")
    if at != folder.id or validity != folder.uidvalidity or since > folder.modseq:
        raise EwsError(BAD, "this is a state of another folder, or of another time: start over")
    uid = numbers(facts, BAD, "u")[0] if "u" in facts else -1
    return State(at, validity, since, uidnext, uid, modseq, of)


@dataclass(frozen=True, slots=True)
class Piece:
    """What is told in one answer."""

    created: Sequence[ItemId]
    updated: Sequence[ItemId]
    gone: Sequence[ItemId]
    state: State
    last: bool


async def sync_folder_items(turn: Turn, element: Element) -> str:
    """`SyncFolderItems`."""
    shape = shape_in(element, light=True)
    named = next(children(needed(element, "SyncFolderId")), element)
    most = min(number(words(element, "MaxChangesReturned"), "MaxChangesReturned", 1) or MOST, MOST)
    said = (words(element, "SyncState") or "").strip()
    passed_over = [read_id(part.get("Id", ""), "I", "B") for part in children(child(element, "Ignore"))]
    ignored = {each_.item for each_ in passed_over if each_.letter == "I"}

    def look(tx: ReadTx) -> Folder | tuple[Piece, dict[ItemId, One]]:
        folder = to_be_told(tx, folder_in(tx, named))
        if sees_blocks(folder):
            return folder
        folder = as_read(folder, {})  # who comes to be told more, or less, begins again
        piece = _piece(tx, folder, _state(said, folder), most)
        things = things_of(tx, [*piece.created, *piece.updated])
        facts: Facts = shape.facts(facts_in(tx, turn.zone))
        return piece, {item: One(thing, facts) for item, thing in things.items() if item not in ignored}

    async def work(_: None) -> str:
        found = await turn.read(look)
        if isinstance(found, Folder):
            return await _busy(turn, found, said, shape, most)
        piece, ones = found
        await with_octets(turn, [one for one in ones.values() if shape.needs_octets(one)])
        if len(ones) <= ON_THE_LOOP:
            return _said(piece, ones, shape)
        return await asyncio.to_thread(_said, piece, ones, shape)

    return await each("SyncFolderItems", [None], work, "ErrorFolderNotFound", _none("Item"))


async def _busy(turn: Turn, folder: Folder, said: str, shape: Shape, most: int) -> str:
    """What is told of a calendar of which it is known only when it takes time."""
    piece = await sync_blocks(turn, folder, said, most, BAD)
    facts: Facts = shape.facts(await turn.read(lambda tx: facts_in(tx, turn.zone)))
    ones = [One(thing, facts) for thing in piece.created]
    await with_octets(turn, ones)
    made = await asyncio.to_thread(lambda: [f"<t:Create>{item_xml(one, shape)}</t:Create>" for one in ones])
    return _answer(piece.state, made, piece.gone, last=piece.last)


def _answer(state: str, changes: Sequence[str], gone: Iterable[str], *, last: bool) -> str:
    deletes = [f'<t:Delete><t:ItemId Id="{named}" ChangeKey="{change_key(0)}"/></t:Delete>' for named in gone]
    about = message("SyncState", state) + message("IncludesLastItemInRange", "true" if last else "false")
    return about + message("Changes", "".join([*changes, *deletes]))


def _said(piece: Piece, ones: Mapping[ItemId, One], shape: Shape) -> str:
    changes = [
        f"<t:{how}>{item_xml(ones[item], shape)}</t:{how}>"
        for how, items in (("Create", piece.created), ("Update", piece.updated))
        for item in items
        if item in ones
    ]
    return _answer(str(piece.state), changes, map(item_id, piece.gone), last=piece.last)


def _piece(tx: ReadTx, folder: Folder, state: State, most: int) -> Piece:
    if state.uid >= 0:
        return _first(tx, folder, state, most)
    behind = (state.at, state.of) if state.at else (state.since, int(LAST_UID))
    changed = tx.turned(folder.id, behind, most + 1, ModSeq(state.since))
    left = tx.left(folder.id, behind, most + 1)
    if changed is None or left is None:
        raise EwsError(BAD, "the changes since that state are not known any more: start over")
    rows: list[Turned | Left] = sorted([*changed, *left], key=lambda row: row[:2])
    some, rest = rows[:most], rows[most:]
    there = [row for row in some if isinstance(row, Turned)]
    created = dict.fromkeys(row.item for row in _came(tx, folder, state, there))
    gone = [row.item for row in some if isinstance(row, Left)]
    still = {item for item, (at, _) in tx.placed(gone).items() if at == folder.id} if gone else set()
    end = (
        State(folder.id, folder.uidvalidity, state.since, state.uidnext, -1, some[-1].modseq, some[-1].uid)
        if rest
        else State(folder.id, folder.uidvalidity, folder.modseq, folder.uidnext)
    )
    updated = dict.fromkeys(row.item for row in there if row.item not in created)
    return Piece(list(created), list(updated), [item for item in gone if item not in still], end, not rest)


def _came(tx: ReadTx, folder: Folder, state: State, there: Sequence[Turned]) -> list[Turned]:
    """What the client does not know: what came to its owner since, and what came from another folder."""
    rows = [row for row in there if not row.beside and (row.came > state.since or row.uid >= state.uidnext)]
    moved = [row.item for row in rows if row.came <= state.since]
    left = tx.left(folder.id, (state.since, int(LAST_UID)), int(LAST_UID), moved) if moved else ()
    known = {row.item for row in left or ()}  # its content changed, and with it the UID
    return [row for row in rows if row.item not in known]


def _first(tx: ReadTx, folder: Folder, state: State, most: int) -> Piece:
    """The next items of a first synchronisation, by their UIDs."""
    found = tx.items(folder.id, [(Uid(state.uid + 1), LAST_UID)], limit=most + 1)
    some, more = found[:most], len(found) > most
    ids = [each_.id for each_ in some]
    if more:
        end = State(state.folder, state.validity, state.since, state.uidnext, some[-1].uid)
    else:
        end = State(
            state.folder, state.validity, state.since, max(state.uidnext, *[each_.uid + 1 for each_ in some], 0)
        )
    return Piece(ids, [], [], end, not more)
