"""What is held back: shown, sent on to whom it was for, or deleted.

1. Whoever sends it on does so in the write that takes it out of its folder: so it is delivered once.
2. What was sent on is not judged again (`Envelope.cleared`), and teaches the scanners that it was none of theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from groupware.model.errors import GroupwareError, NotFound, Refused
from groupware.model.event import Envelope, Event
from groupware.model.ids import EVERY, AccountId, FolderId, ItemId
from groupware.model.item import Item
from groupware.model.principal import OPERATOR
from groupware.model.times import moment
from groupware.store.api import Blobs, ReadTx, Store, WriteTx
from mailcore.queue.held import MOST_HEAD, Held, opened
from mailcore.queue.trace import Trail, say
from mailcore.server.events import EventLog

WHO: Final = replace(OPERATOR, client="quarantine")


@dataclass(frozen=True, slots=True)
class Desk:
    """What it takes."""

    store: Store
    blobs: Blobs
    secret: bytes
    log: EventLog


@dataclass(frozen=True, slots=True)
class Place:
    """A folder where mail is held back."""

    at: FolderId
    owner: AccountId
    path: str
    """As the operator sees it."""
    days: int
    """How long it is kept; 0: for ever."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One message that is held back."""

    place: Place
    item: Item
    held: Held | None
    """None: it is in the folder, but this site has not put it there."""

    @property
    def until(self) -> datetime | None:
        """When it goes; None: never by itself."""
        return moment(self.item.arrived) + timedelta(days=self.place.days) if self.place.days else None


async def listed(desk: Desk, limit: int = 0) -> Sequence[Entry]:
    """Everything that is held back, folder by folder, the oldest first; of each folder at most `limit` (0: all)."""
    places = await desk.store.read(WHO, _places)
    found: list[Entry] = []
    for place in places:
        items = await desk.store.read(WHO, lambda tx, at=place.at: tx.items(at, EVERY, limit=limit))  # type: ignore[misc]
        found += [await _entry(desk, place, item, MOST_HEAD) for item in items]
    return found


async def one(desk: Desk, number: ItemId) -> Entry:
    """The message of that number, whole. `NotFound`."""

    def work(tx: ReadTx) -> tuple[Place, Item] | None:
        where = tx.placed([number]).get(number)
        place = next((each for each in _places(tx) if where is not None and each.at == where[0]), None)
        if where is None or place is None:
            return None
        return place, tx.items(place.at, ((where[1], where[1]),))[0]

    found = await desk.store.read(WHO, work)
    if found is None:
        raise NotFound(f"there is no message {number} in quarantine")
    return await _entry(desk, *found)


def _places(tx: ReadTx) -> Sequence[Place]:
    return [
        Place(at, owner, tx.folder(at).path, int(tx.setting("quarantineRetention", owner).value))
        for at, owner in tx.quarantines()
    ]


async def _entry(desk: Desk, place: Place, item: Item, most: int | None = None) -> Entry:
    try:
        octets = await desk.blobs.read(item.blob, 0, most)
    except NotFound:
        return Entry(place, item, None)
    return Entry(place, item, opened(octets, desk.secret))


async def release(desk: Desk, entry: Entry, who: str, *, learn: bool = True) -> Event:
    """Sends a message that `one` gave on to whom it was for. `who`: the name of who does it, for the trace.

    `Refused` for what this site has not held back itself; `NotFound` when somebody else was faster.
    """
    held = entry.held
    if held is None:
        raise Refused(f"message {entry.item.id}: this server has not held it back, so nobody knows whom it is for")
    body = await desk.blobs.put(held.octets)
    envelope = Envelope(
        held.sender,
        held.recipients,
        body.blob,
        body.size,
        body.body,
        held.by,
        held.message,
        held.utf8,
        held.body_type,
        cleared=True,
        require_tls=held.require_tls,
        own=held.by is not None,
    )

    def work(tx: WriteTx) -> Event:
        _still_there(tx, entry)
        if learn:
            _teach(tx, entry, held, spam=False)
        queue = tx.enqueue(envelope)
        event = Trail(held.message, held.by).released(queue, [each.address for each in held.recipients], who)
        return _taken_out(tx, entry, event)

    event = await desk.store.write(WHO, work)
    say(desk.log, [event])
    return event


async def delete(desk: Desk, entry: Entry, who: str, *, spam: bool = False) -> None:
    """Takes a message away for good; with `spam` scanners learn that it is. `NotFound`."""
    held = entry.held

    def work(tx: WriteTx) -> Event | None:
        _still_there(tx, entry)
        if held is None:
            tx.expunge(entry.place.at, ((entry.item.uid, entry.item.uid),), deleted_only=False)
            return None
        if spam:
            _teach(tx, entry, held, spam=True)
        to = [each.address for each in held.recipients]
        return _taken_out(tx, entry, Trail(held.message, held.by).withheld(to, who))

    event = await desk.store.write(WHO, work)
    say(desk.log, [event] if event is not None else [])


def _still_there(tx: WriteTx, entry: Entry) -> None:
    if not tx.items(entry.place.at, ((entry.item.uid, entry.item.uid),)):
        raise NotFound(f"message {entry.item.id}: somebody else has released or deleted it just now")


def _taken_out(tx: WriteTx, entry: Entry, event: Event) -> Event:
    tx.expunge(entry.place.at, ((entry.item.uid, entry.item.uid),), deleted_only=False)
    tx.note(event)
    return event


def _teach(tx: WriteTx, entry: Entry, held: Held, *, spam: bool) -> None:
    """In the name of the first of the recipients who has an account here."""
    for each in held.recipients:
        try:
            targets = tx.resolve(each.address)
        except GroupwareError:
            continue
        account = next((one.account for one in targets if one.kind == "account" and one.account is not None), None)
        if account is not None:
            tx.teach(entry.place.at, entry.item.uid, account, spam=spam)
            return
