"""Calendar objects on their way into the store: in another's calendar alarms are the writer's own (decision 237)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from groupware.calendar.apart import divided, keep_own
from groupware.calendar.item import read_item
from groupware.calendar.object import CalendarObject, read_object
from groupware.calendar.rounds import tagged
from groupware.calendar.shown import Sight, sight
from groupware.model.content import Component, serialized
from groupware.model.errors import Malformed, NotFound, Refused
from groupware.model.ids import FolderId, Uid
from groupware.model.item import NewItem
from groupware.model.rights import Right
from groupware.store.api import ReadTx, WriteTx
from web.jmap.errors import MethodError, SetError
from web.jmap.families import Family
from web.jmap.ids import object_id, owner_of
from web.jmap.thing_set import appended, check_octets, folder_in, rewritten
from web.jmap.things import Place, bodies
from web.jmap.turn import Turn


@dataclass(frozen=True, slots=True)
class Remade:
    """What is to be stored."""

    read: CalendarObject
    new: NewItem | None
    """None: nothing of it is another for anybody else."""
    own: bytes = b""
    """What is the writer's own."""
    seen: Sight | None = None
    """How the writer sees the folder; None: what is theirs is in the object."""

    def keep(self, tx: WriteTx, uid: Uid) -> None:
        """Keeps what is the writer's own beside the object; what one may not read, one has no alarms of."""
        if self.seen is not None and Right.READ in tx.folder(self.seen.at, Right.LOOKUP).rights:
            keep_own(tx, self.seen, uid, self.own)


async def told_object(turn: Turn, place: Place) -> CalendarObject:
    """The object as who asks is told it. `MethodError` when it cannot be read just now."""
    octets = (await bodies(turn, [place])).get(place.blob)
    if octets is None:
        raise MethodError("serverUnavailable", "the octets of an object cannot be read just now")
    return await asyncio.to_thread(read_object, octets)


async def made_octets(make: Callable[[], Component]) -> bytes:
    """What is made. `SetError` for what no calendar object can say."""
    try:
        return check_octets(serialized([await asyncio.to_thread(make)]))
    except Malformed as error:
        raise SetError("invalidProperties", str(error)) from None
    except (ValueError, KeyError, TypeError, OverflowError, AttributeError) as error:
        raise SetError("invalidProperties", f"it cannot be said as a calendar object: {error}") from None


async def item_of(turn: Turn, make: Callable[[], Component], name: str) -> tuple[CalendarObject, NewItem]:
    """What is made, ready to be stored as it is. `SetError`."""
    return await _read(turn, await made_octets(make), name)


async def _read(turn: Turn, octets: bytes, name: str) -> tuple[CalendarObject, NewItem]:
    try:
        return await read_item(octets, turn.parts.blobs, name)
    except Malformed as error:
        raise SetError("invalidProperties", str(error)) from None


async def remade(turn: Turn, place: Place, make: Callable[[], Component]) -> Remade:
    """What is to take the place of an object. `SetError`."""
    octets = await made_octets(make)
    if place.seen is None:
        return Remade(*await _read(turn, octets, place.name))
    stored = await turn.parts.blobs.read(place.stored)
    try:
        apart = await asyncio.to_thread(divided, octets, stored)
    except Refused as error:
        raise SetError("tooLarge", str(error)) from None
    if apart.only_own:
        return Remade(await asyncio.to_thread(read_object, stored), None, apart.own, place.seen)
    return Remade(*await _read(turn, apart.octets, place.name), apart.own, place.seen)


async def made_new(turn: Turn, account: str, at: FolderId, octets: bytes, name: str) -> Remade:
    """What is to come into a folder of an account. `SetError`."""
    seen = await turn.read(lambda tx: _sight(tx, at)) if owner_of(account) != turn.who.account else None
    if seen is None:
        return Remade(*await _read(turn, octets, name))
    try:
        apart = await asyncio.to_thread(divided, octets, b"")
    except Refused as error:
        raise SetError("tooLarge", str(error)) from None
    return Remade(*await _read(turn, apart.octets, name), apart.own, seen)


def _sight(tx: ReadTx, at: FolderId) -> Sight | None:
    try:
        return sight(tx, at)
    except NotFound:
        return None  # who puts it in says so


# --- stored -----------------------------------------------------------------------------------------------------------


def put_in(
    tx: WriteTx, account: str, family: Family, at: FolderId, made: Remade, planned: NewItem | None = None
) -> str:
    """Puts a new object into a folder; its id. `planned`: what scheduling has made of it. `SetError`."""
    new = planned or made.new
    assert new is not None  # what was not there is new for all
    folder_in(tx, account, family, at)
    item = appended(tx, family, at, new)
    made.keep(tx, item.uid)
    return object_id(family.letter, item.id)


def put_back(
    tx: WriteTx,
    account: str,
    family: Family,
    place: Place,
    made: Remade | None,
    to: FolderId,
    planned: NewItem | None = None,
    *,
    keeps_tag: bool = True,
) -> None:
    """Puts an object in its place, and into the folder `to`; its Schedule-Tag stays, or not. `SetError`."""
    new = planned or (made.new if made is not None else None)
    tag = tx.schedule_tags(place.folder.id, place.uid).get(place.uid, "") if new is not None and keeps_tag else ""

    def beside(uid: Uid) -> None:
        if made is not None:
            made.keep(tx, uid)

    rewritten(tx, account, family, place, tagged(new, tag) if new is not None and tag else new, to, beside)
