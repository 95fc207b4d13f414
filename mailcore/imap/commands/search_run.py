"""SEARCH at work: each key narrows the places that are left, the cheap ones first.

Flags, numbers and MODSEQ are in the view; size and dates are numbers beside the
rows; words of subject, addresses and body in the
index, header lines in another one. What they do not hold (what has just come in, and what lies behind the indexed
beginning of a long body) is looked for in the octets, so that the answer is exact.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial, reduce
from itertools import compress, filterfalse
from operator import and_
from typing import Final

from groupware.mime.item import INDEXED
from groupware.model.flags import FLAGS
from groupware.model.ids import Uid, ranges
from groupware.model.item import Item, Query
from groupware.store.api import ReadTx
from mailcore.imap.bodies import bodies
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
    Fuzzy,
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
    changed,
    parts,
)
from mailcore.imap.commands.search_octets import OfHeaders, OfOctets, by_headers, by_octets, has_field, in_body, says
from mailcore.imap.commands.search_progress import Progress
from mailcore.imap.grammar import MOST_MODSEQ, SAVED
from mailcore.imap.objectids import email_of
from mailcore.imap.session import Session
from mailcore.imap.view import View

PAGE: Final = 2000
LARGE: Final = 20  # messages of a page where each is long: between pages one can say how far it is
SPARSE: Final = 4  # where at most one place in so many fits, those that do are sought; else all are gone through
FEW_OF: Final = 8  # of so many places one is few: then what was found is looked up, else what is there
SHORTEST: Final = 4  # letters of a word that a fuzzy search keeps at least
MOST_WORDS: Final = 20
MOST_TEXTS: Final = 20  # in a fuzzy key; of more only what is exact is found

Places = Sequence[int]
"""In order; a range for all that there are."""

_COSTS: Final[Mapping[type[Key], int]] = {
    Arrived: 2, Called: 3,
    Every: 0, Among: 1, Flagged: 1, Word: 1, Recent: 1, Modseq: 1, Size: 2, Saved: 2, Within: 2, Sent: 3, Body: 4,
}  # fmt: skip


def cost(key: Key) -> int:
    """How dear a key is, relatively: the dearest part of it counts."""
    match key:
        case Not(inner) | Fuzzy(inner):
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


def of_flags(key: Key) -> bool:
    """Whether the system flags alone decide it."""
    match key:
        case Every() | Flagged():
            return True
        case Not(inner):
            return of_flags(inner)
        case Both(keys):
            return all(map(of_flags, keys))
        case Either(one, other):
            return of_flags(one) and of_flags(other)
    return False


_HAVING: Final = {flag: bytes([bool(bits & flag.value) for bits in range(256)]) for flag in FLAGS}
_OTHERWISE: Final = b"\1".ljust(256, b"\0")
_FITTING: Final = re.compile(b"\1")


def fitting_flags(key: Key) -> bytes:
    """Of a key that is `of_flags`: which combinations of them it fits, an octet each."""
    match key:
        case Flagged(flag):
            return _HAVING[flag]
        case Not(inner):
            return fitting_flags(inner).translate(_OTHERWISE)
        case Both(keys) if keys:
            return reduce(and_, map(_as_number, keys)).to_bytes(256)
        case Either(one, other):
            return (_as_number(one) | _as_number(other)).to_bytes(256)
    return b"\1" * 256


def _as_number(key: Key) -> int:
    """The same as one number, for what fits together."""
    return int.from_bytes(fitting_flags(key))


@dataclass(frozen=True, slots=True)
class Search:
    """One search in the selected folder."""

    session: Session
    view: View
    now: datetime.datetime
    progress: Progress
    scores: dict[int, int] = field(default_factory=dict)
    """How relevant the message in a place is, as far as a fuzzy key has found it."""

    async def run(self, key: Key, places: Places) -> Places:
        """Those of the places that the key fits, in order."""
        if not places:
            return places
        if of_flags(key):
            return self._by_flags(fitting_flags(key), places)
        match key:
            case Both(keys):
                places = self._by_flags(fitting_flags(Both(tuple(filter(of_flags, keys)))), places)
                for each in sorted(filterfalse(of_flags, keys), key=cost):
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
            case Fuzzy(inner):
                return await self._fuzzy(inner, places)
        return await self._leaf(key, places)

    async def _leaf(self, key: Key, places: Places) -> Places:
        match key:
            case Size() | Saved() | Sent() | Within() | Arrived():
                return await self._numbered(key, places)
            case Called(id, thread):
                return await (self._in_thread(id, places) if thread else self._called(id, places))
            case Field(name, text):
                return await self._field(name, text, places)
            case Body(text):
                return await self._body(text, places)
            case Text(text):
                return await self._text(text, places)
        return self._in_view(key, places)

    # --- out of the view

    def _by_flags(self, fitting: bytes, places: Places) -> Places:
        fits = self.view.flags.translate(fitting)
        if not isinstance(places, range):
            return [at for at in places if fits[at]]
        inside = fits[places.start : places.stop]
        if inside.count(1) * SPARSE > len(inside):
            return list(compress(places, inside))
        return [places.start + each.start() for each in _FITTING.finditer(inside)]

    def _having(self, uids: Sequence[int], places: Places) -> Places:
        """Those of the places where these messages stand; the UIDs are in order."""
        view = self.view
        if len(uids) * FEW_OF > len(places):
            having = set(uids)
            return [at for at in places if view.uids[at] in having]
        found = [view.place(uid) for uid in uids]
        inside = places if isinstance(places, range) else set(places)
        return [at for at in found if at in inside]

    def _in_view(self, key: Key, places: Places) -> Places:
        view = self.view
        match key:
            case Word(word):
                sought = word.casefold()
                having = [uid for uid, words in view.words.items() if any(each.casefold() == sought for each in words)]
                return self._having(sorted(having), places)
            case Recent():
                return [at for at in places if view.uids[at] in view.recents]
            case Modseq(least):
                return [at for at in places if view.modseqs[at] >= least]
            case Among():
                return looked_at(view, key, places)
        return places

    # --- out of the rows

    async def _called(self, id: bytes, places: Places) -> Places:
        email, at = email_of(id), self.view.folder
        if email is None:
            return []
        found = await self.session.read(lambda tx: tx.instances([email], [at]))
        return self._having(sorted([each.uid for each in found if each.folder == at]), places)

    async def _in_thread(self, id: bytes, places: Places) -> Places:
        """Of the folder's messages those have been read that came since somebody last asked."""
        at, threads, wanted = self.view.folder, self.session.shared.threads, id.decode("ascii", "replace")

        def work(tx: ReadTx) -> Sequence[int]:
            return [uid for uid, each in threads.placed_in(tx, at).items() if each.thread == wanted]

        return self._having(sorted(await self.session.read(work)), places)

    async def _numbered(self, key: Size | Saved | Sent | Within | Arrived, places: Places) -> Places:
        name, low, high = _range(key, self.now)
        at = self.view.folder
        return self._having(await self.session.read(lambda tx: tx.within(at, name, low, high)), places)

    async def _items(self, places: Places, most: int = PAGE) -> AsyncIterator[Sequence[Item]]:
        at = self.view.folder
        for start in range(0, len(places), most):
            await self.progress.at(start, len(places))
            uids = ranges([self.view.uids[each] for each in places[start : start + most]])
            yield await self.session.read(lambda tx, uids=uids: tx.items(at, uids, summary=True))  # type: ignore[misc]

    # --- generously

    async def _fuzzy(self, key: Key, places: Places) -> Places:
        """Those that the key fits, and those that its words or their beginnings fit: the less exact, the less score."""
        found: list[int] = []
        for score, loosened in _loosened(key):
            some = await self.run(loosened, places)
            for at in some:
                self.scores[at] = min(self.scores.get(at, score), score)
            found += some
            left = set(some)
            places = [at for at in places if at not in left]
        return sorted(found)

    # --- out of the index, and the octets

    async def _indexed(self, query: Query, places: Places) -> Places:
        at = self.view.folder
        hits = await self.session.read(lambda tx: tx.find([at], query))
        return self._having([found.uid for found in hits], places)

    async def _field(self, name: str, text: str, places: Places) -> Places:
        if name in INDEXED and text:
            return await self._indexed(Query(fields=((name, text),)), places)
        return await self._in_headers(text, name, places, has_field(name, text))

    async def _body(self, text: str, places: Places) -> Places:
        if not text:
            return places
        found = await self._indexed(Query(fields=(("body", text),)), places)
        return sorted([*found, *await self._in_long_bodies(text, found, places)])

    async def _in_long_bodies(self, text: str, found: Places, places: Places) -> Places:
        """Those whose text does not fit the index and has it further on."""
        at, known = self.view.folder, set(found)
        long = self._having(await self.session.read(lambda tx: tx.unindexed(at)), places)
        rest = [each for each in long if each not in known]
        return await self._by_octets(rest, in_body(text))

    async def _text(self, text: str, places: Places) -> Places:
        if not text:
            return places
        found = await self._indexed(Query(text=(text,)), places)
        found = sorted([*found, *await self._in_long_bodies(text, found, places)])
        known = set(found)
        rest = [at for at in places if at not in known]
        return sorted([*found, *await self._in_headers(text, "", rest, says(text))])

    async def _in_headers(self, text: str, name: str, places: Places, test: OfHeaders) -> Places:
        """By the index of header lines; what waits for it, and what is no mail, by the test of its octets."""
        if not places:
            return places
        at = self.view.folder
        known, rest = await self.session.read(lambda tx: tx.in_headers(at, text, name))
        found = self._having(known, places)
        return sorted([*found, *await self._by_headers(self._having(rest, places), test, all_parts=not name)])

    async def _by_headers(self, places: Places, test: OfHeaders, *, all_parts: bool) -> Places:
        found: list[int] = []
        async for items in self._items(places):
            uids = await by_headers(bodies(self.session, withheld=self.view.withheld), items, test, all_parts=all_parts)
            found += [self.view.place(uid) for uid in uids]
        return sorted(found)

    async def _by_octets(self, places: Places, test: OfOctets) -> Places:
        found: list[int] = []
        async for items in self._items(places, LARGE):
            uids = await by_octets(bodies(self.session, withheld=self.view.withheld), items, test)
            found += [self.view.place(uid) for uid in uids]
        return found


def looked_at(view: View, key: Key, places: Places) -> Places:
    """Those of the places that the sets of a key name, whatever else it asks: the others it does not look at."""
    for each in key.keys if isinstance(key, Both) else (key,):
        if isinstance(each, Among):
            known = set(places) if not isinstance(places, range) else places
            places = [at for at in view.places(among(view, each)) if at in known]
        elif isinstance(each, Both):
            places = looked_at(view, each, places)
    return places


def among(view: View, key: Among) -> Sequence[tuple[Uid, Uid]]:
    """The UID ranges that a set means. Numbers beyond the last message mean nothing, and are no error (RFC 7377 §2)."""
    if key.uid or key.numbers == SAVED:
        return view.uid_ranges(key.numbers, uid=True)
    count = len(view.uids)
    clipped = [sorted((one or count, other or count)) for one, other in key.numbers]
    inside = [(first, min(last, count)) for first, last in clipped if 0 < first <= count]
    return view.uid_ranges(tuple(inside), uid=False)


def _range(key: Size | Saved | Sent | Within | Arrived, now: datetime.datetime) -> tuple[str, int | None, int | None]:
    """Which stored number a key looks at, and between which ends."""
    match key:
        case Size(than, larger):
            return ("octets", min(than + 1, MOST_MODSEQ), None) if larger else ("octets", None, than - 1)
        case Sent(when, day):
            return ("day", *_ends(when, day.toordinal(), 1))
        case Saved(when, day) | Arrived(when, day):
            start = int(datetime.datetime.combine(day, datetime.time(), datetime.UTC).timestamp())
            return ("saved" if isinstance(key, Saved) else "arrived", *_ends(when, start * 1_000_000, 86_400_000_000))
        case Within(seconds, younger):
            limit = int(now.timestamp() * 1_000_000) - seconds * 1_000_000
            return ("saved", limit, None) if younger else ("saved", None, limit)


def _ends(when: When, start: int, length: int) -> tuple[int | None, int | None]:
    if when == "before":
        return None, start - 1
    return start, start + length - 1 if when == "on" else None


def _loosened(key: Key) -> Sequence[tuple[int, Key]]:
    """The key and what is less exact than it, with how relevant it is what they find."""
    if sum(isinstance(each, Field | Body | Text) for each in parts(key)) > MOST_TEXTS:
        return [(100, key)]
    words, beginnings = (changed(key, partial(_by_words, shorter=shorter)) for shorter in (False, True))
    steps = [(100, key)]
    if words != key:
        steps.append((60, words))
    if beginnings != words:
        steps.append((25, beginnings))
    return steps


def _by_words(key: Key, *, shorter: bool) -> Key:
    """Each word of a text for itself; of long ones only the beginning when `shorter`."""
    if not isinstance(key, Field | Body | Text):
        return key
    words = [each[: max(SHORTEST, len(each) - 2)] if shorter else each for each in key.text.split()[:MOST_WORDS]]
    found = [replace(key, text=word) for word in dict.fromkeys(words)]
    return found[0] if len(found) == 1 else Both(tuple(found)) if found else key
