"""Calendars that are filled from elsewhere, as Apple's programs make and know them (calendarserver's `subscribed`).

Who does not know `CS:subscribed` sees a calendar that nobody writes; its address is for who may change it alone.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import replace
from typing import Any, Final

from connectors.dav.errors import DavError
from connectors.dav.shelf import Shelf
from connectors.dav.xml import APPLE, DAV, SERVER, escape, href
from groupware.calendar.values import duration
from groupware.model.folder import Folder
from groupware.model.source import LONGEST_MINUTES, CalendarSource
from groupware.store.api import ReadTx, WriteTx

SERVICE: Final = "subscriptions"
"""What fetches them."""
SOURCE: Final = f"{{{SERVER}}}source"
RATE: Final = f"{{{APPLE}}}refreshrate"
STRIPS: Final = {
    f"{{{SERVER}}}subscribed-strip-alarms": "alarms",
    f"{{{SERVER}}}subscribed-strip-attachments": "attachments",
}
NO_TODOS: Final = f"{{{SERVER}}}subscribed-strip-todos"
ABOUT: Final = frozenset({SOURCE, RATE, NO_TODOS, *STRIPS})
"""The properties of such a calendar."""
NEEDED: Final = ABOUT | {f"{{{DAV}}}resourcetype"}
"""What is said by where a calendar is filled from."""


def source_of(tx: ReadTx, shelf: Shelf) -> CalendarSource | None:
    """Where a collection is filled from, for who may change that."""
    if not shelf.folder.fed:
        return None
    return next((each for each in tx.calendar_sources(shelf.folder.owner) if each.folder == shelf.folder.id), None)


def told(source: CalendarSource | None, name: str) -> str | None:
    """The XML inside one of its properties; None where it has none of that name."""
    if source is None:
        return None
    if name == SOURCE:
        return href(source.url)
    if name == RATE:
        return escape(f"PT{source.minutes}M") if source.minutes else None
    return "" if name == NO_TODOS or not getattr(source, STRIPS[name]) else None


def is_made(types: Container[str], names: Iterable[str]) -> bool:
    """Whether a new collection is to be one, by its resource type or its properties."""
    return SOURCE in set(names) or f"{{{SERVER}}}subscribed" in types


def check_fetched(at_work: Container[str]) -> None:
    """`DavError` where the administrator has no calendars fetched: one would stay empty."""
    if SERVICE not in at_work:
        raise DavError(403, "this server does not fetch calendars at present; its administrator can have it do so")


def put(tx: WriteTx, folder: Folder, said: Iterable[tuple[str, str | None, str]], *, named: bool) -> None:
    """Has a collection filled as these changes of properties say. `DavError`."""
    there = tx.calendar_sources(folder.owner) if folder.fed else ()
    known = next((each for each in there if each.folder == folder.id), None)
    source = known or CalendarSource(folder.id, folder.owner, "", named=named, alarms=True, attachments=True)
    for name, inside, text in said:
        if name in ABOUT:
            source = replace(source, **_one(tx, name, inside, text))
    if not source.url:
        raise DavError(403, "a calendar that is subscribed to has a CS:source with the address of what is in it")
    tx.put_calendar_source(source)


def _one(tx: ReadTx, name: str, inside: str | None, text: str) -> dict[str, Any]:
    if name == SOURCE:
        return {"url": text}
    if name == RATE:
        return {"minutes": 0 if inside is None else _minutes(tx, text)}
    return {STRIPS[name]: inside is None} if name in STRIPS else {}


def _minutes(tx: ReadTx, text: str) -> int:
    """What a client wishes, as far as the administrator lets it."""
    try:
        wanted = int(duration(text).total_seconds() // 60)
    except (ValueError, OverflowError):
        raise DavError(403, f"refreshrate: {text[:40]!r} is no duration, as PT1H") from None
    return min(max(wanted, int(tx.setting("subscribedCalendarInterval").value)), LONGEST_MINUTES)
