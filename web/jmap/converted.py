"""Objects as JSON, made once: the last of them are kept by the names of the octets that they were made of.

What is kept can never be out of date, and says nothing of who may read it: that is asked before. Beside it is kept
which words stand in the octets, so that who looks for a word has only those made that may have it.
"""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from groupware.model.ids import BlobId
from web.jmap.errors import MethodError
from web.jmap.things import Place, bodies
from web.jmap.turn import Turn

Json = dict[str, Any]
MOST_OCTETS: Final = 32 * 1024 * 1024
"""Of all JSON that is kept of one kind."""
MOST_TEXT: Final = 16 * 1024 * 1024
"""Octets of all texts of one kind in which words are looked for."""
_AT_ONCE: Final = 500
_FOLD: Final = re.compile(rb"\r?\n[ \t]")
_UNSAID: Final = re.compile(
    rb"(?im)^BEGIN:VTIMEZONE\b(?s:.*?)^END:VTIMEZONE\b|^(?:[a-z0-9-]+\.)?(?:PHOTO|LOGO|SOUND|KEY|ATTACH)[;:].*$"
)
"""What no condition on words looks into, and is long."""
_RUN: Final = re.compile(r"[^\W_]+")


class _Lately:
    """What was used last, as much of it as there is room for."""

    def __init__(self, most: int) -> None:
        self._most, self._size = most, 0
        self._kept: OrderedDict[BlobId, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def __contains__(self, blob: BlobId) -> bool:
        return blob in self._kept

    def get(self, blob: BlobId) -> bytes | None:
        """What is kept of it."""
        with self._lock:
            found = self._kept.get(blob)
            if found is not None:
                self._kept.move_to_end(blob)
        return found

    def put(self, blob: BlobId, value: bytes) -> bytes:
        """Keeps it; gives it back."""
        with self._lock:
            if len(value) <= self._most // 16 and blob not in self._kept:
                self._kept[blob] = value
                self._size += len(value)
            while self._size > self._most:
                self._size -= len(self._kept.popitem(last=False)[1])
        return value


class Converted:
    """One kind of objects."""

    def __init__(self, make: Callable[[bytes], Json], text: Callable[[bytes], bytes] | None = None) -> None:
        """`text`: that in which every word of the texts in the JSON is found; `text_of` unless said otherwise."""
        self._make, self._text = make, text or text_of
        self._made = _Lately(MOST_OCTETS)
        self._texts = _Lately(MOST_TEXT)

    async def all_of(self, turn: Turn, places: Collection[Place]) -> dict[BlobId, Json]:
        """What each of these is, by the name of what is told of it. `MethodError` when one cannot be read just now."""
        wanted = {each.blob: each for each in places}
        made: dict[BlobId, Json] = {}
        for some in _pieces([each for blob, each in wanted.items() if blob not in self._made]):
            made |= await asyncio.to_thread(self._many, await bodies(turn, some))
        found = {blob: made[blob] if blob in made else self._known(blob) for blob in wanted}
        lost = next((blob for blob, value in found.items() if value is None), None)
        if lost is not None:
            raise MethodError("serverUnavailable", "the octets of an object cannot be read just now")
        return {blob: value for blob, value in found.items() if value is not None}

    async def holding(self, turn: Turn, places: Sequence[Place], words: Collection[str]) -> list[Place]:
        """Those that may say all these `words`: in whose octets they stand, letter case aside."""
        if not words:
            return list(places)
        wanted = {each.blob: each for each in places}
        texts: dict[BlobId, bytes] = {}
        for some in _pieces([each for blob, each in wanted.items() if blob not in self._texts]):
            texts |= await asyncio.to_thread(self._said, await bodies(turn, some))
        return await asyncio.to_thread(self._with, places, texts, [word.encode() for word in words])

    def _with(self, places: Sequence[Place], texts: Mapping[BlobId, bytes], words: Collection[bytes]) -> list[Place]:
        found = []
        for each in places:
            text = texts.get(each.blob) or self._texts.get(each.blob)
            if text is None or all(word in text for word in words):  # None: `all_of` says that it cannot be read
                found.append(each)
        return found

    def _said(self, found: Mapping[BlobId, bytes]) -> dict[BlobId, bytes]:
        return {blob: self._texts.put(blob, self._text(octets)) for blob, octets in found.items()}

    def _many(self, found: Mapping[BlobId, bytes]) -> dict[BlobId, Json]:
        return {blob: self._put(blob, self._make(octets)) for blob, octets in found.items()}

    def _known(self, blob: BlobId) -> Json | None:
        octets = self._made.get(blob)
        if octets is None:
            return None
        found: Json = json.loads(octets)
        return found

    def _put(self, blob: BlobId, value: Json) -> Json:
        self._made.put(blob, json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace"))
        return value


def _pieces(places: Sequence[Place]) -> Iterator[Sequence[Place]]:
    return (places[at : at + _AT_ONCE] for at in range(0, len(places), _AT_ONCE))


def text_of(octets: bytes) -> bytes:
    """What stands in an object of iCalendar or vCard, letter case aside: in it words are looked for."""
    return _UNSAID.sub(b"", _FOLD.sub(b"", octets)).decode("utf-8", "replace").casefold().encode()


def words_in(wanted: Mapping[str, Any] | None, names: Collection[str]) -> set[str]:
    """What has to stand in the octets of each object that passes a filter, by its conditions of these names.

    Of each word the letters and digits that stand together: other signs are written in several ways.
    """
    if not wanted:
        return set()
    if "operator" in wanted:
        inner = wanted["conditions"] if wanted["operator"] == "AND" else ()
        return {word for each in inner for word in words_in(each, names)}
    return {word for name in names if name in wanted for word in _RUN.findall(str(wanted[name]).casefold())}
