"""Sync of notes, which are stored as journal entries without a date. MS-ASNOTE."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from connectors.activesync.element import Element, el
from connectors.activesync.exchange import Exchange
from connectors.activesync.pim import fields, shelf
from connectors.activesync.pim.events import now_text
from connectors.activesync.sync.kinds import Asked, Done, Kinds
from connectors.activesync.sync.options import Options
from connectors.activesync.times import long_time
from connectors.exchange import events
from groupware.calendar.jscalendar.objects import HEAD
from groupware.calendar.object import CalendarObject, read_object
from groupware.calendar.series import when
from groupware.model.content import NO_PARAMS, Component, Line, escaped, serialized, split_escaped, unescaped
from groupware.model.errors import Malformed
from groupware.model.folder import Folder

_CLASS: Final = "IPM.StickyNote"


def _words(part: Component) -> list[str]:
    return [
        unescaped(each) for line in part.all("CATEGORIES") for each in split_escaped(line.value, ",") if each.strip()
    ]


def told(read: CalendarObject, options: Options) -> Element:
    """The ApplicationData of a note."""
    part = read.shown
    changed = part.first("LAST-MODIFIED") or part.first("DTSTAMP")
    at = when(changed, read.zones).seconds if changed is not None else 0
    named = [el("Notes:Category", each) for each in _words(part)]
    return el(
        "AirSync:ApplicationData",
        el("Notes:Subject", part.text("SUMMARY")),
        fields.body(part.text("DESCRIPTION"), options),
        el("Notes:MessageClass", _CLASS),
        el("Notes:LastModifiedDate", long_time(at)),
        el("Notes:Categories", named) if named else None,
    )


def taken(part: Component, data: Element, stamp: str) -> list[Line]:
    """The lines of a note with what a device says; the same where that is nothing new."""
    wanted: dict[str, str | None] = {}
    if data.child("Notes:Subject") is not None and data.value("Notes:Subject") != part.text("SUMMARY"):
        wanted["SUMMARY"] = escaped(data.value("Notes:Subject"))
    text = fields.text_of_body(data)
    if text is not None and not events.same_text(text, part.text("DESCRIPTION")):
        wanted["DESCRIPTION"] = escaped(text)
    named = data.child("Notes:Categories")
    if named is not None:
        words = [each.text.strip() for each in named.all("Notes:Category") if each.text.strip()]
        if words != _words(part):
            wanted["CATEGORIES"] = ",".join(map(escaped, words))
    if not wanted:
        return part.lines
    wanted["LAST-MODIFIED"] = stamp
    kept = [line for line in part.lines if line.name not in wanted]
    return [*kept, *(Line(name, NO_PARAMS, value, 0) for name, value in wanted.items() if value)]


async def render(exchange: Exchange, at: Folder, items: Sequence[int], options: Options) -> Mapping[int, Element]:
    """Those of these notes that are in the folder."""
    stored = await shelf.read_objects(exchange, at, items)

    def work() -> dict[int, Element]:
        found = {}
        for each in stored:
            try:
                found[each.item] = told(read_object(each.octets), options)
            except (Malformed, ValueError):
                continue
        return found

    return await asyncio.to_thread(work)


def _stamp(exchange: Exchange) -> str:
    return now_text(exchange).replace("-", "").replace(":", "")


async def add(exchange: Exchange, at: Folder, asked: Asked) -> Done:
    """Puts a new note in."""
    stamp = _stamp(exchange)

    def make() -> bytes:
        first = [Line("UID", NO_PARAMS, asked.ident, 0), Line("DTSTAMP", NO_PARAMS, stamp, 0)]
        part = Component("VJOURNAL", 0, first)
        part.lines = taken(part, asked.data, stamp)
        return serialized([Component("VCALENDAR", 0, list(HEAD), [part])])

    return await shelf.added(exchange, at, make)


async def change(exchange: Exchange, at: Folder, asked: Asked) -> Done:
    """Changes a note. `NotFound`, `NoRight`."""
    stamp = _stamp(exchange)

    def make(octets: bytes) -> bytes:
        read = read_object(octets)
        lines = taken(read.shown, asked.data, stamp)
        if lines is read.shown.lines:
            return octets
        read.shown.lines = lines
        return serialized([read.calendar])

    return await shelf.changed(exchange, at, asked, make)


async def delete(exchange: Exchange, at: Folder, asked: Asked) -> Done:
    """Takes a note away. `NotFound`, `NoRight`."""
    return await shelf.taken_away(exchange, at, asked.item)


NOTES: Final = Kinds("Notes", render, add, change, delete)
