"""Events that are stored nowhere: busy times (decision 300), and birthdays of contacts (decision 213). Only read.

Their ids are made of what they are, as the names are that CalDAV gives them: `Ex` and a digest.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from connectors.dav import derived
from groupware.calendar.blocks import Period, Periods
from groupware.model.folder import Folder
from groupware.model.ids import BlobId, ItemId, Uid
from groupware.model.item import Item, Span
from groupware.store.api import ReadTx
from web.jmap.families import CALENDAR
from web.jmap.states import State, unknown
from web.jmap.things import MADE, Place, birthdays_in, timed_in
from web.jmap.turn import Turn, owner_in

PREFIX: Final = f"{CALENDAR.letter}{MADE}"
_PERIODS: Final = Periods()
_DAYS: Final = derived.Days()
_KEPT: OrderedDict[tuple[int, int, int], list[Place]] = OrderedDict()
"""Birthdays as they were made last."""
_MOST: Final = 20_000


@dataclass(frozen=True, slots=True)
class Made:
    """An event, and when it takes place; None: its rule says it."""

    place: Place
    span: Span | None = None


async def made_in(turn: Turn, account: str) -> list[Made]:
    """Those of an account. `MethodError`."""

    def work(tx: ReadTx) -> tuple[list[Folder], Folder | None]:
        owner = owner_in(tx, account)
        return timed_in(tx, owner), birthdays_in(tx, owner)

    timed, birthdays = await turn.read(work)
    parts = turn.parts
    periods = await _PERIODS.of(parts.store, parts.blobs, turn.who, timed)
    found = [Made(_of_period(number, each), each.span) for number, each in enumerate(periods, 1)]
    return found + [Made(each) for each in (await _birthdays(turn, birthdays) if birthdays is not None else ())]


def _of_period(number: int, each: Period) -> Place:
    blob = BlobId(f"period {each.name}")
    return Place(each.folder, Uid(number), ItemId(0), each.name, blob, each.folder.modseq, made=each.octets)


async def _birthdays(turn: Turn, folder: Folder) -> list[Place]:
    key = turn.who.account, folder.uidvalidity, folder.modseq
    known = _KEPT.get(key)
    if known is None:
        made = await derived.made(turn.parts, turn.who, derived.BIRTHDAYS, _DAYS)
        known = _KEPT[key] = [_of_item(folder, each, made.bodies[each.blob]) for each in made.items]
        while len(_KEPT) > 1 and sum(map(len, _KEPT.values())) > _MOST:
            _KEPT.popitem(last=False)
    return known


def _of_item(folder: Folder, each: Item, octets: bytes) -> Place:
    return Place(folder, each.uid, each.id, _digest(each.name), each.blob, each.modseq, made=octets)


def _digest(name: str | None) -> str:
    return hashlib.sha256((name or "").encode()).hexdigest()[:32]


async def named_in(turn: Turn, account: str, names: Sequence[str] | None) -> dict[str, Place]:
    """Those that are named, or all; nothing is made where none is named."""
    if names is not None and not any(each.startswith(PREFIX) for each in names):
        return {}
    found = {each.place.id(CALENDAR.letter): each.place for each in await made_in(turn, account)}
    return found if names is None else {name: found[name] for name in names if name in found}


async def turned_birthdays(turn: Turn, account: str, since: State) -> tuple[list[str], list[str]]:
    """The ids of birthdays that are, or may be, others since a state; and of those that there are none of."""

    def work(tx: ReadTx) -> list[str]:
        birthdays = birthdays_in(tx, owner_in(tx, account))
        if birthdays is None or birthdays.modseq <= since.at:
            return []
        names: list[str] = []
        for book in derived.books_of(tx.folders(of=birthdays.owner)):
            found = derived.touched(tx, book.id, since.at)
            if found is None:
                raise unknown()
            names += found
        return [f"{PREFIX}{_digest(name)}" for name in names]

    touched = await turn.read(work)
    there = await named_in(turn, account, touched) if touched else {}
    return [name for name in touched if name in there], [name for name in touched if name not in there]
