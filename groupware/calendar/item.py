"""Octets of a calendar object to the `NewItem` that the store takes: the one way in, for every protocol."""

from __future__ import annotations

import asyncio
import time
from typing import Final

from groupware.mime.summary import summarize
from groupware.model.item import Kind, NewItem
from groupware.store.api import Blobs, Stored

from .attachments import keys_in
from .index import keys_of, texts_of
from .object import CalendarObject, read_object

ON_THE_LOOP: Final = 32 * 1024
KINDS: Final = {"VTODO": Kind.TASKS, "VJOURNAL": Kind.JOURNAL}


def new_item(read: CalendarObject, stored: Stored, name: str | None, now: int | None = None) -> NewItem:
    """The object as a new item: `stored` is what the blobs made of its octets, `name` its name in the folder."""
    summary = summarize(read.octets)
    return NewItem(
        kind=KINDS.get(read.kind, Kind.CALENDAR),
        blob=stored.blob,
        size=stored.size,
        summary=summary.encode(),
        body=stored.body,
        index=texts_of(read),
        name=name,
        extra=summary.size - stored.size,
        object=keys_of(read, int(time.time()) if now is None else now),
        attached=keys_in(read),
    )


async def read_item(octets: bytes, blobs: Blobs, name: str | None) -> tuple[CalendarObject, NewItem]:
    """Reads the object (a large one off the event loop) and makes its octets storable. `Malformed`."""
    read = read_object(octets) if len(octets) <= ON_THE_LOOP else await asyncio.to_thread(read_object, octets)
    stored = await blobs.put(octets)
    if len(octets) <= ON_THE_LOOP and not read.series.recurs:
        return read, new_item(read, stored, name)
    return read, await asyncio.to_thread(new_item, read, stored, name)
