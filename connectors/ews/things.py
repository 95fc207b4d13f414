"""What lies in folders, as it is stored: found by ids, and read with what the answer needs of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from functools import cached_property
from typing import Any, Final

from connectors.ews.errors import EwsError, no_item
from connectors.ews.ids import Block, Id
from connectors.ews.turn import Turn, own_addresses
from connectors.exchange.kept import unpacked
from groupware.calendar.jscalendar.objects import object_of
from groupware.calendar.object import CalendarObject, read_object
from groupware.calendar.shown import sees_blocks, sees_outlines, sight, telling
from groupware.contacts.jscontact.reading import card_of
from groupware.contacts.versions.convert import converted
from groupware.mime.headers import fields
from groupware.mime.summary import Summary, decode, parts_of
from groupware.model.content import parse
from groupware.model.errors import Malformed
from groupware.model.folder import Folder
from groupware.model.ids import BlobId, FolderId, ItemId, ModSeq, Uid, ranges
from groupware.model.item import CALENDARS, Kind
from groupware.model.rights import Right
from groupware.store.api import ReadTx

Json = dict[str, Any]
COLUMNS: Final = ("id", "modseq", "bits", "words", "blob", "saved", "octets", "name", "summary", "message_id", "ids")
_AT_ONCE: Final = 16 * 1024 * 1024
"""Octets of bodies that are read in one hop."""


@dataclass(frozen=True, slots=True)
class Thing:
    """One item."""

    folder: Folder
    uid: Uid
    item: ItemId
    modseq: ModSeq
    bits: int
    words: str
    blob: BlobId
    saved: int
    """Microseconds since 1970."""
    size: int
    name: str
    summary: bytes
    message_id: str
    references: str
    tell: Callable[[bytes], bytes] | None = None
    """Makes of stored octets those that who asks may see."""
    properties: bytes = b""
    """What clients keep beside it."""
    removed: bool = False
    """Whether it is one of the recoverable items."""
    block: Block | None = None
    """Of a busy time, when that is; nothing is stored of it (`connectors.ews.busy_blocks`)."""
    made: bytes = b""
    """Its octets then."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is the same of all items in one answer."""

    mine: frozenset[str] = frozenset()
    """The addresses of who asks, in lower case."""
    name: str = ""
    zone: str | None = None
    body: str = "Best"
    """`Best`, `HTML`, `Text`."""
    most: int = 0
    """Octets of a body; 0: all."""


class One:
    """One item in an answer; what is read of its octets is read once."""

    def __init__(self, thing: Thing, facts: Facts, key: str = "", octets: bytes = b"") -> None:
        self.thing, self.facts, self.key, self.octets = thing, facts, key, octets
        self.associated: tuple[ItemId, ModSeq] | None = None
        """Of a message that carries a meeting: the event in one's own calendar."""
        self.nested = False
        """Whether it is attached to the item, and has no id of its own."""
        self.path = ""
        """Of what is attached: the marks that lead to it, each with a hyphen behind."""

    @property
    def kind(self) -> Kind:
        """What its folder is for."""
        return self.thing.folder.kind

    @cached_property
    def summary(self) -> Summary:
        """What was read of a message when it was stored."""
        return decode(self.thing.summary)

    @cached_property
    def header(self) -> Sequence[tuple[bytes, bytes]]:
        """The fields of a message's header."""
        root = self.summary.parts[0]
        return fields(self.octets[root.header_start : root.body_start])

    @cached_property
    def whole(self) -> Json:
        """The object: of an event all of it, whatever occurrence is meant."""
        if self.kind in (Kind.NOTES, Kind.JOURNAL):
            return {}  # there is no JSCalendar of them
        try:
            if self.kind is Kind.CONTACTS:
                return card_of(converted(parse(self.octets)[0], "4.0"))
        except (Malformed, IndexError):
            return {}
        return object_of(self.read) if self.read is not None else {}

    @cached_property
    def read(self) -> CalendarObject | None:
        """What is stored of an event or task; None: it cannot be read."""
        try:
            return read_object(self.octets)
        except Malformed:
            return None

    @property
    def zones(self) -> Mapping[str, tzinfo]:
        """Those that an event or task brings along."""
        return self.read.zones if self.read is not None else {}

    @cached_property
    def json(self) -> Json:
        """The object, or the one occurrence that is meant."""
        from connectors.ews.occurrences import occurrence

        return (occurrence(self.whole, self.key) or {}) if self.key else self.whole

    @cached_property
    def kept(self) -> Mapping[str, Any]:
        """Properties of MAPI that clients have set, by key."""
        return unpacked(self.thing.properties)

    @property
    def has_calendar(self) -> bool:
        """Whether a message carries a part of iCalendar."""
        return self.kind is Kind.MAIL and any(part.media == "text/calendar" for part in parts_of(self.thing.summary))


def things_of(tx: ReadTx, items: Iterable[ItemId]) -> dict[ItemId, Thing]:
    """Where these are, as far as they may be read; the others are left out."""
    where: dict[FolderId, list[Uid]] = {}
    for at, uid in tx.placed(list(items)).values():
        where.setdefault(at, []).append(uid)
    found = {}
    for at, uids in where.items():
        for thing in things_in(tx, tx.folder(at), uids):
            found[thing.item] = thing
    return found


def things_in(tx: ReadTx, folder: Folder, uids: Sequence[Uid]) -> list[Thing]:
    """Those of a folder, in the order of their UIDs."""
    if not uids:
        return []
    tell = _telling(tx, folder)
    beside = tx.item_properties(folder.id, uids) if not sees_outlines(folder) else {}  # it could say anything
    found = [Thing(folder, Uid(uid), *row) for uid, *row in tx.columns(folder.id, COLUMNS, ranges(uids))]
    if tell is None and not beside:
        return found
    return [
        replace(each, tell=tell(each.uid) if tell is not None else None, properties=beside.get(each.uid, b""))
        for each in found
    ]


def told_of(tx: ReadTx, items: Iterable[ItemId]) -> dict[ItemId, Thing]:
    """The same for who is only told of them: those in calendars of which one may know titles alone are there too."""
    wanted = list(items)
    found = things_of(tx, wanted)
    missing = [item for item in wanted if item not in found]
    if not missing:
        return found
    for folder in tx.folders():
        if folder.exists:
            outlined(tx, folder)
    return found | things_of(tx, missing)


def outlined(tx: ReadTx, folder: Folder) -> None:
    """From now on a calendar of which one may know titles alone is read as such."""
    if sees_outlines(folder):
        tx.outline(folder.id)


def to_be_told(tx: ReadTx, folder: Folder) -> Folder:
    """The folder, opened for being told of what is in it, as far as that goes. `NoRight`."""
    if not sees_blocks(folder) and not sees_outlines(folder):
        return tx.folder(folder.id, Right.READ)
    outlined(tx, folder)
    return folder


def _telling(tx: ReadTx, folder: Folder) -> Callable[[Uid], Callable[[bytes], bytes]] | None:
    """What makes of each object of another's calendar what is for who asks."""
    if folder.own or folder.kind not in CALENDARS:
        return None
    seen = sight(tx, folder.id)
    if seen is None:
        return None
    if seen.titles:
        tx.outline(folder.id)
    own = tx.personal(folder.id)
    return lambda uid: telling(own.get(uid), seen)


def facts_in(tx: ReadTx, zone: str | None) -> Facts:
    """What is the same for all items."""
    return Facts(frozenset(own_addresses(tx)), tx.who.name, zone)


def thing_of(tx: ReadTx, named: Id) -> Thing:
    """The one of an id. `EwsError`."""
    found = things_of(tx, [named.item]).get(named.item)
    if found is None:
        raise no_item()
    return found


async def with_octets(turn: Turn, ones: Sequence[One]) -> None:
    """Reads the bodies of these. `EwsError` when one cannot be read just now."""
    for page in _pages(ones):
        stored = list({one.thing.blob for one in page if one.thing.block is None})
        bodies = await turn.parts.blobs.read_many(stored) if stored else {}
        await asyncio.to_thread(_fill, page, bodies)


def _fill(page: Sequence[One], bodies: Mapping[BlobId, bytes]) -> None:
    for one in page:
        octets = one.thing.made if one.thing.block is not None else bodies.get(one.thing.blob)
        if octets is None:
            raise EwsError("ErrorServerBusy", "the octets of an item cannot be read just now")
        one.octets = octets if one.thing.tell is None else one.thing.tell(octets)


def _pages(ones: Sequence[One]) -> list[list[One]]:
    """In runs whose octets memory can hold together."""
    pages: list[list[One]] = [[]]
    size = 0
    for one in ones:
        if pages[-1] and size + one.thing.size > _AT_ONCE:
            pages.append([])
            size = 0
        pages[-1].append(one)
        size += one.thing.size
    return pages if ones else []
