"""CalendarSource: where calendars of one's own account are filled from. Decision 337.

Its id is that of its calendar, which tells its name, colour and the rest; what the server sets says how fetching goes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final

from groupware.model.errors import Refused
from groupware.model.fetched import apart
from groupware.model.folder import SEPARATOR, check_name
from groupware.model.ids import AccountId, FolderId
from groupware.model.item import Kind
from groupware.model.source import CalendarSource, checked_url
from groupware.model.times import now_micros
from groupware.store.api import ReadTx, WriteTx
from web.jmap.errors import SetError
from web.jmap.families import CALENDAR, note_values
from web.jmap.fetched import FetchArguments, Fetched
from web.jmap.headers_of import utc
from web.jmap.holders_set import free_path
from web.jmap.ids import folder_of, mailbox_id
from web.jmap.sets import Given, SetArguments, Ways, invalid, typed, unknown_property
from web.jmap.turn import Turn

_CHOSEN: Final = ("url", "minutes", "keepAlarms", "keepAttachments", "isEnabled")
_ON_CREATE: Final = frozenset({*_CHOSEN, "name", "color", "includeInAvailability"})
PROPERTIES: Final = (
    "id",
    *_CHOSEN,
    "isFetching",
    "lastFetched",
    "nextFetch",
    "failures",
    "error",
    "errorReason",
    "leftOut",
)


def value(tx: ReadTx) -> Mapping[str, Any]:
    """What the capability promises of one's own account."""
    on = tx.setting("subscribedCalendars").value
    return {
        "maxCalendarSources": int(tx.setting("subscribedCalendarCount").value) if on else 0,
        "minMinutes": int(tx.setting("subscribedCalendarInterval").value),
    }


def _told(source: CalendarSource) -> Mapping[str, Any]:
    said, code = apart(source.said)
    return {
        "id": mailbox_id(source.folder),
        "url": source.url,
        "minutes": source.minutes or None,
        "keepAlarms": source.alarms,
        "keepAttachments": source.attachments,
        "isEnabled": source.enabled,
        "isFetching": source.lease > now_micros() or (source.enabled and not source.begun),
        "lastFetched": utc(source.done) if source.done else None,
        "nextFetch": utc(source.due) if source.enabled else None,
        "failures": source.tries,
        "error": said if source.tries else None,
        "errorReason": (code or None) if source.tries else None,
        "leftOut": said if said and not source.tries else None,
    }


def _every(tx: ReadTx) -> Mapping[str, Mapping[str, Any]]:
    return {mailbox_id(each.folder): _told(each) for each in tx.calendar_sources()}


_SOURCES: Final = Fetched(
    PROPERTIES,
    _every,
    "subscriptions",
    "this server does not fetch calendars at present; its administrator can have it do so",
)
get = _SOURCES.get


async def set_(turn: Turn, arguments: SetArguments) -> Mapping[str, Any]:
    """`CalendarSource/set`: what is made has its calendar made, what is destroyed takes that along."""
    ways = Ways(partial(_create, turn, turn.who.account), partial(_update, turn), partial(_destroy, turn))
    return await _SOURCES.set_(turn, arguments, ways)


async def fetch(turn: Turn, arguments: FetchArguments) -> Mapping[str, Any]:
    """`CalendarSource/fetch`."""

    def hasten(tx: WriteTx, name: str) -> int:
        return tx.hasten_calendar_source(folder_of(name) or FolderId(-1))

    return await _SOURCES.fetch(turn, arguments, hasten)


async def _create(turn: Turn, owner: AccountId, given: Given) -> Mapping[str, Any]:
    _SOURCES.check_at_work(turn)
    unknown_property(given, PROPERTIES, _ON_CREATE)
    name = str(typed(given, "name", str, "a string")).strip() if given.get("name") is not None else ""
    notes = note_values(
        CALENDAR, {key: given[key] for key in ("color", "includeInAvailability") if key in given}, own=True
    )
    plain = {key: each for key, each in given.items() if key in _CHOSEN}

    def work(tx: WriteTx) -> CalendarSource:
        new = _changed(CalendarSource(FolderId(0), owner, "", named=bool(name)), plain)
        called = name or _host(new.url)
        made = tx.add_folder(owner, free_path(tx, owner, "", called), Kind.CALENDAR)
        source = tx.put_calendar_source(replace(new, folder=made.id))
        if notes:
            tx.annotate(made.id, notes)
        return source

    told = _told(await turn.write(work))
    return {key: each for key, each in told.items() if key not in given or given[key] != each}


def _host(url: str) -> str:
    """What a calendar is called until it has said itself."""
    host = checked_url(url).partition("://")[2].partition(SEPARATOR)[0].partition(":")[0]
    try:
        return check_name(host)
    except Refused:
        return "Calendar"


def _known(tx: ReadTx, name: str) -> CalendarSource:
    found = next((each for each in tx.calendar_sources() if mailbox_id(each.folder) == name), None)
    if found is None:
        raise SetError("notFound", "there is no such calendar that is filled from elsewhere")
    return found


async def _update(turn: Turn, name: str, given: Given) -> bool:
    unknown_property(given, PROPERTIES, frozenset(_CHOSEN))

    def work(tx: WriteTx) -> bool:
        tx.put_calendar_source(_changed(_known(tx, name), given))
        return True

    return await turn.write(work)


async def _destroy(turn: Turn, name: str) -> bool:
    await turn.write(lambda tx: tx.delete_folder(_known(tx, name).folder))
    return True


def _changed(source: CalendarSource, given: Given) -> CalendarSource:
    """The source with what a client sets. `SetError`; what a value may be is the store's to say."""
    flags = {"keepAlarms": "alarms", "keepAttachments": "attachments", "isEnabled": "enabled"}
    values: dict[str, Any] = {
        to: typed(given, name, bool, "true or false") for name, to in flags.items() if name in given
    }
    if "url" in given:
        values["url"] = typed(given, "url", str, "a string")
    if "minutes" in given:
        minutes = 0 if given["minutes"] is None else typed(given, "minutes", int, "a whole number, or null,")
        values["minutes"] = minutes
    new = replace(source, **values)
    if not new.url:
        raise invalid("url", "it is missing")
    return new
