"""Calendars of which somebody knows only when they take time: an item for each busy period, only read (decision 352).

The id of a block says of which calendar it is, when it begins and ends, and of what kind the time is: it stays as long
as the period does, and leads to nothing that is stored. A state of synchronisation is the blocks that a client has.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from connectors.ews.errors import EwsError
from connectors.ews.ids import Block, Id, block_id, read_id
from connectors.ews.things import Thing
from connectors.ews.tokens import numbers, packed, unpacked
from connectors.ews.turn import Turn
from groupware.calendar.blocks import Period, Periods
from groupware.calendar.busy import TYPES
from groupware.calendar.shown import sees_blocks
from groupware.model.errors import GroupwareError
from groupware.model.folder import Folder
from groupware.model.ids import BlobId, FolderId, ItemId, ModSeq, Uid
from groupware.model.item import Span
from groupware.model.rights import Right
from groupware.store.api import ReadTx

_PERIODS: Final = Periods()


async def blocks_of(turn: Turn, folder: Folder) -> dict[str, Thing]:
    """The blocks of a calendar in the order of their times, by their ids. `NotFound`, `NoRight`."""
    parts = turn.parts
    found = await _PERIODS.of(parts.store, parts.blobs, turn.who, [folder])
    return {block_id(each.folder.id, _block(each.span)): _thing(number, each) for number, each in enumerate(found, 1)}


def _thing(number: int, each: Period) -> Thing:
    return Thing(
        folder=each.folder,
        uid=Uid(number),
        item=ItemId(0),
        modseq=ModSeq(1),  # a block never changes: another time is another block
        bits=0,
        words="",
        blob=BlobId(""),
        saved=each.span.start * 1_000_000,
        size=len(each.octets),
        name=each.name,
        summary=b"",
        message_id="",
        references="",
        block=_block(each.span),
        made=each.octets,
    )


def _block(span: Span) -> Block:
    return span.start, span.end, span.busy


async def named_blocks(turn: Turn, wanted: Sequence[Id]) -> Mapping[Id, Thing]:
    """Those of these that there are, and whose calendars are known only by when they take time."""
    found: dict[Id, Thing] = {}
    for number in dict.fromkeys(each.number for each in wanted):
        try:
            folder = await turn.read(lambda tx: _timed(tx, FolderId(number)))  # noqa: B023
            there = await blocks_of(turn, folder) if folder is not None else {}
        except GroupwareError:
            continue
        found |= {read_id(name, "B"): thing for name, thing in there.items()}
    return {each: found[each] for each in wanted if each in found}


def _timed(tx: ReadTx, at: FolderId) -> Folder | None:
    """The calendar, if it is one of which who asks knows only when it takes time. `NotFound`."""
    folder = tx.folder(at, Right.LOOKUP)
    return folder if sees_blocks(folder) else None


@dataclass(frozen=True, slots=True)
class Piece:
    """What is told in one answer."""

    created: Sequence[Thing]
    gone: Sequence[str]
    """Their ids."""
    state: str
    last: bool


async def sync_blocks(turn: Turn, folder: Folder, said: str, most: int, bad: str) -> Piece:
    """What differs from the blocks that a state names, so many at most. `EwsError`: the state is none of these."""
    known = _known(folder, said, bad)
    there = await blocks_of(turn, folder)
    gone = [each for each in known if each not in there]
    news = [name for name in there if name not in known]
    lost, came = dict.fromkeys(gone[:most]), news[: max(most - len(gone), 0)]
    told = [block for name, block in known.items() if name not in lost] + [there[name].block for name in came]
    state = packed("b", {"f": folder.id, "b": told})
    return Piece([there[name] for name in came], list(lost), state, len(gone) + len(news) <= most)


def _known(folder: Folder, said: str, bad: str) -> dict[str, Block]:
    if not said:
        return {}
    facts = unpacked("b", said, bad)
    if numbers(facts, bad, "f") != [folder.id]:
        raise EwsError(bad, "this is a state of another folder: start over")
    rows: Any = facts.get("b")
    if not isinstance(rows, list) or not all(map(_is_block, rows)):
        raise EwsError(bad, "this is no state of this server: start over")
    return {block_id(folder.id, (row[0], row[1], row[2])): (row[0], row[1], row[2]) for row in rows}


def _is_block(row: Any) -> bool:
    return (
        isinstance(row, list)
        and len(row) == 3
        and all(type(each) is int and abs(each) < 1 << 50 for each in row[:2])
        and row[2] in TYPES
    )
