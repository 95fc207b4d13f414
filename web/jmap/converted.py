"""Objects as JSON, made once: the last of them are kept by the names of the octets that they were made of.

What is kept can never be out of date, and says nothing of who may read it: that is asked before.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection
from typing import Any, Final

from groupware.model.ids import BlobId
from web.jmap.errors import MethodError
from web.jmap.things import Place, bodies
from web.jmap.turn import Turn

Json = dict[str, Any]
MOST_OCTETS: Final = 32 * 1024 * 1024
"""Of all JSON that is kept of one kind."""
_AT_ONCE: Final = 500


class Converted:
    """One kind of objects."""

    def __init__(self, make: Callable[[bytes], Json]) -> None:
        self._make = make
        self._kept: OrderedDict[BlobId, bytes] = OrderedDict()
        self._octets = 0
        self._lock = threading.Lock()

    async def all_of(self, turn: Turn, places: Collection[Place]) -> dict[BlobId, Json]:
        """What each of these is, by the name of what is told of it. `MethodError` when one cannot be read just now."""
        wanted = {each.blob: each for each in places}
        missing = [each for blob, each in wanted.items() if blob not in self._kept]
        made: dict[BlobId, Json] = {}
        for at in range(0, len(missing), _AT_ONCE):
            made |= await asyncio.to_thread(self._many, await bodies(turn, missing[at : at + _AT_ONCE]))
        found = {blob: made[blob] if blob in made else self._known(blob) for blob in wanted}
        lost = next((blob for blob, value in found.items() if value is None), None)
        if lost is not None:
            raise MethodError("serverUnavailable", "the octets of an object cannot be read just now")
        return {blob: value for blob, value in found.items() if value is not None}

    def _many(self, found: Any) -> dict[BlobId, Json]:
        return {blob: self._put(blob, self._make(octets)) for blob, octets in found.items()}

    def _known(self, blob: BlobId) -> Json | None:
        with self._lock:
            octets = self._kept.get(blob)
            if octets is not None:
                self._kept.move_to_end(blob)
        if octets is None:
            return None
        found: Json = json.loads(octets)
        return found

    def _put(self, blob: BlobId, value: Json) -> Json:
        octets = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        with self._lock:
            if len(octets) <= MOST_OCTETS // 16 and blob not in self._kept:
                self._kept[blob] = octets
                self._octets += len(octets)
            while self._octets > MOST_OCTETS:
                self._octets -= len(self._kept.popitem(last=False)[1])
        return value
