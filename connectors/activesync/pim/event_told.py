"""An event as a device is told it. MS-ASCAL §2.2.2."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any, Final

from connectors.activesync.element import Element, el, some
from connectors.activesync.pim import fields, files, recurrence
from connectors.activesync.sync.options import Options
from connectors.activesync.times import short_time
from connectors.exchange import events, places
from connectors.exchange.zone_blob import blob_of, rules_in, zone_blob
from groupware.calendar.itip.people import address
from groupware.calendar.jscalendar.objects import occurrence_base
from groupware.calendar.jscalendar.values import moment, zone_of
from groupware.calendar.series import Zones
from groupware.calendar.values import duration
from groupware.calendar.zones import utc_seconds
from groupware.model.patches import patched

Json = dict[str, Any]
STATUSES: Final = {"needs-action": 5, "accepted": 3, "tentative": 2, "declined": 4, "delegated": 5}
_RESPONSES: Final = {"needs-action": 5, "accepted": 3, "tentative": 2, "declined": 4}


@dataclass(frozen=True, slots=True)
class Teller:
    """For whom, and in which form."""

    mine: frozenset[str]
    """The addresses of whose calendar it is, in lower case."""
    version: int
    options: Options
    zones: Zones
    place: str = ""
    """What the event is called (ServerId)."""


def zone_in(event: Mapping[str, Any], zones: Zones) -> tzinfo | None:
    """The zone that an event is in; None: it floats, or has no times of day."""
    try:
        return zone_of(event.get("timeZone"), zones)
    except ValueError:
        return None


def blob_in(name: str, zones: Zones, year: int) -> bytes:
    """What is told of the zone of an event that begins in a year."""
    own = zones.get(name.removeprefix("/")) if name.startswith("/") else None
    return zone_blob(name) if own is None else blob_of(rules_in(own, year))


def span_of(event: Mapping[str, Any], zones: Zones) -> tuple[int, int]:
    """When it begins and ends, seconds since 1970; what floats as if it were UTC."""
    zone, begin = zone_in(event, zones), moment(str(event["start"]))
    lasts = duration(str(event.get("duration") or ("P1D" if event.get("showWithoutTime") else "PT0S")))
    start = utc_seconds(begin, zone)
    whole = not lasts % timedelta(days=1)
    return start, utc_seconds(begin + lasts, zone) if whole else start + int(lasts.total_seconds())


def told(event: Json, teller: Teller) -> list[Element]:
    """The properties of an event."""
    zone = str(event.get("timeZone") or "UTC")
    day = event.get("showWithoutTime") is True
    rules = event.get("recurrenceRules") or ()
    begin = moment(str(event["start"]))
    recurs = recurrence.told("Calendar", rules, begin, zone_in(event, teller.zones), teller.version) if rules else []
    blob = b"" if day and teller.version >= 160 else blob_in(zone, teller.zones, begin.year)
    found = [
        el("Calendar:Timezone", base64.b64encode(blob).decode()) if blob else None,
        el("Calendar:DtStamp", _stamp(event)),
        *_own(event, teller),
        el("Calendar:UID", str(event.get("uid", ""))),
        *_people(event, teller),
        el("Calendar:Recurrence", recurs) if recurs else None,
        _exceptions(event, teller) if recurs else None,
    ]
    return [each for each in found if each is not None]


def _stamp(event: Json) -> str:
    said = str(event.get("updated") or event.get("created") or "1970-01-01T00:00:00Z")
    return said.partition(".")[0].rstrip("Z").replace("-", "").replace(":", "") + "Z"


def _own(event: Json, teller: Teller) -> list[Element]:
    """What an occurrence may have of its own."""
    begin, end = span_of(event, teller.zones)
    reminder = events.minutes_before(event)
    html, plain = events.description_of(event)
    found = [
        el("Calendar:StartTime", short_time(begin)),
        el("Calendar:EndTime", short_time(end)),
        el("Calendar:Subject", str(event.get("title") or "")),
        _location(event, teller.version),
        el("Calendar:AllDayEvent", event.get("showWithoutTime") is True),
        el("Calendar:Sensitivity", events.sensitivity_of(event)),
        el("Calendar:BusyStatus", events.busy_of(event)),
        el("Calendar:Reminder", reminder) if reminder is not None else None,
        fields.categories("Calendar", event.get("keywords")),
        fields.body(plain, teller.options, html),
        files.attachments(event, teller.place) if teller.version >= 160 else None,
    ]
    return [each for each in found if each is not None]


def _location(event: Json, version: int) -> Element | None:
    venue = places.venue_of(event)
    return some("Calendar:Location", venue.name) if version < 160 else fields.location(venue)


# --- people -----------------------------------------------------------------------------------------------------------


def ways(person: Mapping[str, Any]) -> str:
    """The mail address of a participant."""
    found = (person.get("sendTo") or {}).get("imip") or next(iter((person.get("sendTo") or {}).values()), "")
    return address(str(found))


def organizer_of(event: Mapping[str, Any]) -> str:
    """The address of who organizes it; "" for what is no meeting."""
    return address(str((event.get("replyTo") or {}).get("imip") or ""))


def invited(event: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """Who is invited, by key."""
    people = (event.get("participants") or {}).items()
    return [(key, each) for key, each in people if not _only_owner(each) and ways(each)]


def _only_owner(person: Mapping[str, Any]) -> bool:
    return set(person.get("roles") or {}) == {"owner"}


def _people(event: Json, teller: Teller) -> list[Element]:
    head, people = organizer_of(event), invited(event)
    gone = 4 if event.get("status") == "cancelled" else 0
    if not head or not people:
        return [el("Calendar:MeetingStatus", 0)]
    own = head in teller.mine
    name = next((str(each.get("name") or "") for each in event["participants"].values() if ways(each) == head), "")
    found: list[Element | None] = [
        el("Calendar:MeetingStatus", (1 if own else 3) + gone),
        some("Calendar:OrganizerName", name or head),
        el("Calendar:OrganizerEmail", head),
        el("Calendar:Attendees", [_attendee(each) for _, each in people if ways(each) != head or not own]),
    ]
    if teller.version >= 140:
        found += _response(people, teller, own)
    return [each for each in found if each is not None]


def _attendee(person: Mapping[str, Any]) -> Element:
    roles, kind = person.get("roles") or {}, person.get("kind")
    type_ = 3 if kind in ("resource", "location") else 2 if roles.get("optional") or roles.get("informational") else 1
    return el(
        "Calendar:Attendee",
        el("Calendar:Email", ways(person)),
        el("Calendar:Name", str(person.get("name") or ways(person))),
        el("Calendar:AttendeeStatus", STATUSES.get(str(person.get("participationStatus") or "needs-action"), 0)),
        el("Calendar:AttendeeType", type_),
    )


def _response(people: Sequence[tuple[str, Mapping[str, Any]]], teller: Teller, own: bool) -> list[Element | None]:
    mine = next((each for _, each in people if ways(each) in teller.mine), None)
    kind = 1 if own else 0
    if not own and mine is not None:
        kind = _RESPONSES.get(str(mine.get("participationStatus") or "needs-action"), 5)
    asked = own or mine is None or mine.get("expectReply") is not False
    return [el("Calendar:ResponseRequested", asked), el("Calendar:ResponseType", kind)]


# --- occurrences ------------------------------------------------------------------------------------------------------


def occurrence(event: Json, key: str) -> Json:
    """One occurrence, as its override has it."""
    patch = (event.get("recurrenceOverrides") or {}).get(key) or {}
    return patched({**occurrence_base(event), "start": key}, {k: v for k, v in patch.items() if k != "excluded"})


def _exceptions(event: Json, teller: Teller) -> Element | None:
    zone = zone_in(event, teller.zones)
    found = []
    for key, patch in (event.get("recurrenceOverrides") or {}).items():
        at = short_time(utc_seconds(datetime.fromisoformat(key), zone))
        name = "AirSyncBase:InstanceId" if teller.version >= 160 else "Calendar:ExceptionStartTime"
        if patch.get("excluded"):
            found.append(el("Calendar:Exception", el("Calendar:Deleted", 1), el(name, at)))
            continue
        one = occurrence(event, key)
        people = _people(one, teller) if teller.version >= 140 and "participants" in patch else []
        found.append(el("Calendar:Exception", el(name, at), _own(one, teller), people))
    return el("Calendar:Exceptions", found) if found else None
