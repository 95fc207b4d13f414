"""SEARCH at work: each key narrows the places that are left, the cheap ones first.

Flags, numbers and MODSEQ are in the view; size and dates in the rows; words of subject, addresses and body in the
index. What the index does not hold (other header fields, and what lies behind the indexed beginning of a long body) is
looked for in the octets, so that the answer is exact.
"""

from __future__ import annotations

import asyncio
import datetime
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from groupware.mime.headers import decode_text, fields, unfold
from groupware.mime.item import INDEXED, LONGEST_BODY
from groupware.mime.parts import Part
from groupware.mime.summary import decode, envelope_of, parts_of, size_of
from groupware.mime.text import text_of
from groupware.model.ids import BlobId, ranges
from groupware.model.item import Item, Query
from mailcore.imap.commands.fetch_body import batches
from mailcore.imap.commands.fetch_data import arrival
from mailcore.imap.commands.search_keys import (
    Among,
    Arrived,
    Body,
    Both,
    Called,
    Either,
    Every,
    Field,
    Flagged,
    Key,
    Modseq,
    Not,
    Recent,
    Saved,
    Sent,
    Size,
    Text,
    When,
    Within,
    Word,
)
from mailcore.imap.grammar import MONTHS
from mailcore.imap.objectids import email_id, thread_id
from mailcore.imap.session import Session
from mailcore.imap.view import View

PAGE: Final = 2000
WHOLE_BODY: Final = 1 << 40  # characters of a body that are looked through
_DAY: Final = re.compile(rb'\("[^"]{0,40}?\b([0-9]{1,2})[ -]([A-Za-z]{3})[a-z]{0,6}[ -]([0-9]{4}|[0-9]{2})\b')

Places = list[int]
Test = Callable[[Item, bytes], bool]

_COSTS: Final[Mapping[type[Key], int]] = {
    Arrived: 2, Called: 3,
    Every: 0, Among: 1, Flagged: 1, Word: 1, Recent: 1, Modseq: 1, Size: 2, Saved: 2, Within: 2, Sent: 3, Body: 4,
}  # fmt: skip


def cost(key: Key) -> int:
    """How dear a key is, relatively: the dearest part of it counts."""
    match key:
        case Not(inner):
            return cost(inner)
        case Either(one, other):
            return max(cost(one), cost(other))
        case Both(keys):
            return max(map(cost, keys))
        case Field(name, text):
            return 4 if name in INDEXED and text else 5
        case Text():
            return 6
    return _COSTS[type(key)]


@dataclass(frozen=True, slots=True)
class Search:
    """One search in the selected folder."""

    session: Session
    view: View
    now: datetime.datetime

    async def run(self, key: Key, places: Places) -> Places:
        """Those of the places that the key fits, in order."""
        if not places:
            return places
        match key:
            case Both(keys):
                for each in sorted(keys, key=cost):
                    places = await self.run(each, places)
                return places
            case Not(inner):
                found = set(await self.run(inner, places))
                return [at for at in places if at not in found]
            case Either(one, other):
                first, second = sorted((one, other), key=cost)
                found = set(await self.run(first, places))
                found.update(await self.run(second, [at for at in places if at not in found]))
                return [at for at in places if at in found]
        return await self._leaf(key, places)

    async def _leaf(self, key: Key, places: Places) -> Places:
        match key:
            case Size() | Saved() | Within() | Arrived():
                return await self._rows(places, self._by_row(key), summary=isinstance(key, Size))
            case Called(id, thread):
                known = thread_id if thread else email_id
                return await self._rows(places, lambda item: known(item) == id, summary=thread)
            case Sent(when, day):
                return await self._rows(places, lambda item: _compared(sent_on(item), when, day), summary=True)
            case Field(name, text):
                return await self._field(name, text, places)
            case Body(text):
                return await self._body(text, places)
            case Text(text):
                return await self._text(text, places)
        return self._in_view(key, places)

    # --- out of the view

    def _in_view(self, key: Key, places: Places) -> Places:
        view = self.view
        match key:
            case Flagged(flag):
                bit, flags = flag.value, view.flags
                return [at for at in places if flags[at] & bit]
            case Word(word):
                sought = word.casefold()
                having = {uid for uid, words in view.words.items() if any(each.casefold() == sought for each in words)}
                return [at for at in places if view.uids[at] in having] if having else []
            case Recent():
                return [at for at in places if view.uids[at] in view.recents]
            case Modseq(least):
                return [at for at in places if view.modseqs[at] >= least]
            case Among(numbers, uid):
                among = set(view.places(view.uid_ranges(numbers, uid=uid)))
                return [at for at in places if at in among]
        return places

    # --- out of the rows

    def _by_row(self, key: Size | Saved | Within | Arrived) -> Callable[[Item], bool]:
        match key:
            case Size(than, larger):
                return lambda item: (size_of(item.summary) > than) if larger else (size_of(item.summary) < than)
            case Saved(when, day):
                return lambda item: _compared(item.saved.date(), when, day)
            case Arrived(when, day):
                return lambda item: _compared(arrival(item).date(), when, day)
            case Within(seconds, younger):
                limit = self.now - datetime.timedelta(seconds=min(seconds, 4_000_000_000))
                return lambda item: (item.saved >= limit) if younger else (item.saved <= limit)

    async def _rows(self, places: Places, fits: Callable[[Item], bool], *, summary: bool) -> Places:
        found: Places = []
        async for items in self._items(places, summary=summary):
            found += [self.view.place(item.uid) for item in items if fits(item)]
        return found

    async def _items(self, places: Places, *, summary: bool) -> AsyncIterator[Sequence[Item]]:
        at = self.view.folder
        for start in range(0, len(places), PAGE):
            uids = ranges([self.view.uids[each] for each in places[start : start + PAGE]])
            yield await self.session.read(lambda tx, uids=uids: tx.items(at, uids, summary=summary))  # type: ignore[misc]

    # --- out of the index, and the octets

    async def _indexed(self, query: Query, places: Places) -> Places:
        at = self.view.folder
        hits = {found.uid for found in await self.session.read(lambda tx: tx.find([at], query))}
        return [each for each in places if self.view.uids[each] in hits]

    async def _field(self, name: str, text: str, places: Places) -> Places:
        if name in INDEXED and text:
            return await self._indexed(Query(fields=((name, text),)), places)
        wanted, sought = name.encode("utf-8", "replace"), text.casefold()

        def has(item: Item, octets: bytes) -> bool:
            root = parts_of(item.summary)[0]
            header = fields(octets[root.header_start : root.body_start])
            return any(
                sought in decode_text(unfold(value)).casefold() for field, value in header if field.lower() == wanted
            )

        return await self._octets(places, has)

    async def _body(self, text: str, places: Places) -> Places:
        if not text:
            return places
        found = await self._indexed(Query(fields=(("body", text),)), places)
        return sorted([*found, *await self._in_long_bodies(text, found, places)])

    async def _in_long_bodies(self, text: str, found: Places, places: Places) -> Places:
        """Those whose text does not fit the index and has it further on."""
        known, sought = set(found), text.casefold()
        rest = [at for at in places if at not in known]
        long = await self._rows(rest, lambda item: item.size > LONGEST_BODY, summary=False)
        return await self._octets(long, lambda item, octets: sought in _body_text(item, octets).casefold())

    async def _text(self, text: str, places: Places) -> Places:
        if not text:
            return places
        found = await self._indexed(Query(text=(text,)), places)
        known, sought = set(found), text.casefold()

        def has(item: Item, octets: bytes) -> bool:
            parts = parts_of(item.summary)
            if any(sought in line.casefold() for line in _header_lines(octets, parts)):
                return True
            return item.size > LONGEST_BODY and sought in _body_text(item, octets).casefold()

        rest = [at for at in places if at not in known]
        return sorted([*found, *await self._octets(rest, has)])

    async def _octets(self, places: Places, test: Test) -> Places:
        """Those whose octets pass the test, which runs beside the event loop."""
        found: Places = []
        async for items in self._items(places, summary=True):
            for batch in batches(items):
                bodies = await self.session.shared.parts.blobs.read_many([item.blob for item in batch])
                uids = await asyncio.to_thread(_passing, batch, bodies, test)
                found += [self.view.place(uid) for uid in uids]
        return found


def _passing(batch: Sequence[Item], bodies: Mapping[BlobId, bytes], test: Test) -> list[int]:
    return [item.uid for item in batch if (octets := bodies.get(item.blob)) is not None and test(item, octets)]


def _header_lines(octets: bytes, parts: Sequence[Part]) -> Sequence[str]:
    """Every header line of the message and of its parts, decoded."""
    return [
        f"{name.decode('ascii', 'replace')}: {decode_text(unfold(value))}"
        for part in parts
        for name, value in fields(octets[part.header_start : part.body_start])
    ]


def _body_text(item: Item, octets: bytes) -> str:
    return text_of(octets, parts_of(item.summary), WHOLE_BODY)


def _compared(day: datetime.date | None, when: When, limit: datetime.date) -> bool:
    if day is None:
        return False
    return day < limit if when == "before" else day == limit if when == "on" else day >= limit


def sent_on(item: Item) -> datetime.date | None:
    """The day of the Date field as its writer had it, whatever the zone; None when it says nothing."""
    found = _DAY.match(envelope_of(item.summary))
    if found is not None and found[2].upper() in MONTHS:
        year = int(found[3])
        year += 0 if len(found[3]) == 4 else 1900 if year >= 50 else 2000
        try:
            return datetime.date(year, MONTHS.index(found[2].upper()) + 1, int(found[1]))
        except ValueError:
            return None
    seconds = decode(item.summary).date
    return None if seconds is None else datetime.datetime.fromtimestamp(seconds, datetime.UTC).date()
