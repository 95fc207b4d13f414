"""What a device says of an event, put into what is stored. MS-ASCAL §3.1.

What says the same as what the device was told changes nothing: so nothing is lost that ActiveSync says less exactly.
"""

from __future__ import annotations

import base64
import binascii
import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta, tzinfo
from typing import Any, Final

from connectors.activesync.element import Element
from connectors.activesync.pim import fields, files, recurrence
from connectors.activesync.pim.event_told import (
    blob_in,
    invited,
    occurrence,
    span_of,
    ways,
    zone_in,
)
from connectors.activesync.times import read_time, seconds_of
from connectors.exchange import events, places
from connectors.exchange.zone_blob import says_same, zone_of_blob
from groupware.calendar.itip.people import address
from groupware.calendar.jscalendar.lines import person_key
from groupware.calendar.jscalendar.objects import occurrence_base
from groupware.calendar.jscalendar.values import duration_text, moment, zone_of
from groupware.calendar.series import Zones
from groupware.calendar.zones import local
from groupware.model.patches import difference, patched

Json = dict[str, Any]
_FORM: Final = "%Y-%m-%dT%H:%M:%S"
_UTC: Final = "Etc/UTC"
LEFT_OUT: Final = ("Calendar:Location", "Calendar:Reminder", "Calendar:Categories", "Calendar:Recurrence")
"""What goes when a device before 16.0 leaves it out, unless it has said that it does not handle it (Supported)."""
_NOT_SAID: Final = "1970-01-01T00:00:00"


def new_event(
    data: Element, version: int, now: str, mine: str, ident: str = "", attached: Sequence[files.Kept] = ()
) -> Json:
    """An event that a device makes; `mine`: the address of whose calendar it is. ValueError."""
    uid = data.value("Calendar:UID") or data.value("Calendar:ClientUid") or f"urn:uuid:{ident or uuid.uuid4()}"
    event: Json = {"@type": "Event", "uid": uid, "created": now, "updated": now}
    bare = {**event, "start": _NOT_SAID, "timeZone": _UTC}
    taken = changed_event(bare, data, {}, version, mine, attached, new=True)
    if taken["start"] == _NOT_SAID:
        raise ValueError("StartTime is missing")
    return taken


def changed_event(
    event: Json,
    data: Element,
    zones: Zones,
    version: int,
    mine: str,
    attached: Sequence[files.Kept] = (),
    *,
    new: bool = False,
    goes: Collection[str] = LEFT_OUT,
) -> Json:
    """The event with what a device says. ValueError.

    Before 16.0 a device says all that it has: what it leaves out is to go, if it is among what `goes` then.
    """
    goes = goes if version < 160 and not new else ()
    value = _taken({**event}, data, zones, version, goes=goes)
    _take_rule(value, data, zones, version, goes="Calendar:Recurrence" in goes)
    if version < 160 or new:
        _take_exceptions(value, event, data, zones, version)
    _take_people(value, data, mine)
    files.take(value, data, attached)
    return {name: each for name, each in value.items() if each is not None or name == "timeZone"}


def changed_occurrence(
    event: Json, instance: str, data: Element, zones: Zones, version: int, attached: Sequence[files.Kept] = ()
) -> Json:
    """The event with what a device says of one occurrence, which it names by its start. ValueError. 16.x."""
    key = key_of(event, instance, zones)
    base = {**occurrence_base(event), "start": key}
    one = _taken(occurrence(event, key), data, zones, version)
    files.take(one, data, attached)
    override = difference(base, {name: each for name, each in one.items() if each is not None or name == "timeZone"})
    if not override and key not in (event.get("recurrenceOverrides") or {}):
        return event
    return with_override(event, key, override)


def without_occurrence(event: Json, instance: str, zones: Zones) -> Json:
    """The event without one occurrence. ValueError."""
    return with_override(event, key_of(event, instance, zones), {"excluded": True})


def with_override(event: Json, key: str, override: Mapping[str, Any]) -> Json:
    """The event with another override of one occurrence."""
    if not event.get("recurrenceRules") and key not in (event.get("recurrenceOverrides") or {}):
        raise ValueError("it does not recur")
    return {**event, "recurrenceOverrides": {**(event.get("recurrenceOverrides") or {}), key: dict(override)}}


def key_of(event: Mapping[str, Any], instance: str, zones: Zones) -> str:
    """The local time of an occurrence that is named by the moment of its start. ValueError."""
    at = read_time(instance)
    if at is None:
        raise ValueError(f"{instance[:30]!r} is no time")
    found = local(seconds_of(at), zone_in(event, zones))
    if event.get("showWithoutTime") is True:
        found = found.replace(hour=0, minute=0, second=0)
    return found.strftime(_FORM).rjust(19, "0")


def _taken(value: Json, data: Element, zones: Zones, version: int, *, goes: Collection[str] = ()) -> Json:
    _take_times(value, data, zones, version)
    fields.take_text(data, "Calendar:Subject", value, "title")
    fields.take_description(data, value)
    fields.take_sensitivity("Calendar", data, value)
    fields.take_categories("Calendar", data, value)
    _take_place(value, data, whole="Calendar:Location" in goes)
    _take_busy(value, data)
    _take_reminder(value, data, whole="Calendar:Reminder" in goes)
    if data.child("Calendar:MeetingStatus") is not None and data.number("Calendar:MeetingStatus") & 4:
        value["status"] = "cancelled"
    if "Calendar:Categories" in goes and data.child("Calendar:Categories") is None and value.get("keywords"):
        value["keywords"] = None
    return value


# --- times ------------------------------------------------------------------------------------------------------------


def _zone_said(data: Element, before: str | None, zones: Zones, year: int) -> str | None:
    """The zone that a device says; None: it says none. What it was told of one that only the event knows is that."""
    text = data.value("Calendar:Timezone").strip()
    if not text:
        return None
    try:
        octets = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("Timezone is no base64") from None
    if before and before.startswith("/") and says_same(octets, blob_in(before, zones, year)):
        return before
    return zone_of_blob(octets, [before] if before else [])


def _take_times(value: Json, data: Element, zones: Zones, version: int) -> None:
    begin, end = (read_time(data.value(f"Calendar:{name}")) for name in ("StartTime", "EndTime"))
    day = data.flag("Calendar:AllDayEvent", value.get("showWithoutTime") is True)
    if begin is None and end is None and day == (value.get("showWithoutTime") is True):
        return
    known = value["start"] != _NOT_SAID
    was = span_of(value, zones)
    start = seconds_of(begin) if begin is not None else was[0]
    stop = seconds_of(end) if end is not None else start + (was[1] - was[0])
    before = value.get("timeZone")
    year = moment(value["start"]).year if known else 0
    said = _zone_said(data, before if isinstance(before, str) else None, zones, year)
    same_zone = said is None or said == before or (before is None and said in ("UTC", _UTC))
    if known and (start, stop) == was and day == (value.get("showWithoutTime") is True) and same_zone:
        return
    if stop < start:
        raise ValueError("it ends before it begins")
    if day:
        _whole_days(value, start, stop, zone_of(said, zones) if version < 160 else None)
        return
    zone = said or (before if isinstance(before, str) else _UTC)
    value.pop("showWithoutTime", None)
    if said is not None or before is not None or not known:
        value["timeZone"] = zone
    value["start"] = local(start, zone_of(value.get("timeZone"), zones)).strftime(_FORM).rjust(19, "0")
    value["duration"] = duration_text(timedelta(seconds=stop - start))


def _whole_days(value: Json, start: int, stop: int, where: tzinfo | None) -> None:
    """Days: of midnights in the device's zone, or in UTC."""
    first, last = (local(each, where) for each in (start, stop))
    days = max((last.replace(hour=0, minute=0, second=0) - first.replace(hour=0, minute=0, second=0)).days, 1)
    value["showWithoutTime"] = True
    value["timeZone"] = None
    value["start"] = first.strftime("%Y-%m-%dT00:00:00").rjust(19, "0")
    value["duration"] = f"P{days}D"


# --- what it says -----------------------------------------------------------------------------------------------------


def _take_place(value: Json, data: Element, *, whole: bool) -> None:
    said, place = data.child("Calendar:Location"), data.child("AirSyncBase:Location")
    if place is not None:
        places.set_venue(value, fields.venue_of(place))
    elif said is not None or whole:
        places.set_venue(value, places.Venue(said.text if said is not None else ""))


def _take_busy(value: Json, data: Element) -> None:
    if data.child("Calendar:BusyStatus") is not None:
        events.set_busy(value, data.number("Calendar:BusyStatus", 2))


def _take_reminder(value: Json, data: Element, *, whole: bool) -> None:
    said = data.child("Calendar:Reminder")
    if said is not None or whole:
        minutes = int(said.text) if said is not None and said.text.strip().isdigit() else None
        events.set_minutes(value, minutes)


# --- recurrence -------------------------------------------------------------------------------------------------------


def _take_rule(value: Json, data: Element, zones: Zones, version: int, *, goes: bool) -> None:
    said, rules = data.child("Calendar:Recurrence"), value.get("recurrenceRules") or []
    begin, zone = moment(str(value["start"])), zone_in(value, zones)
    was = recurrence.told("Calendar", rules, begin, zone, 161) if rules else []
    if said is None or not said.children:
        gone = said is not None if version >= 160 else bool(was) and (goes or said is not None)
        if gone and rules:
            value["recurrenceRules"] = value["recurrenceOverrides"] = None
        return
    known = {each.name: each.text for each in was if each.name != "Calendar:CalendarType"}
    same = all(known.get(each.name, each.text) == each.text for each in said.children if each.text)
    ends = {"Calendar:Until", "Calendar:Occurrences"} & known.keys() <= {each.name for each in said.children}
    if was and same and ends:
        return
    value["recurrenceRules"] = [recurrence.read("Calendar", said, zone)]


def _take_exceptions(value: Json, event: Json, data: Element, zones: Zones, version: int) -> None:
    said = data.child("Calendar:Exceptions")
    if not value.get("recurrenceRules"):
        return
    if said is None:
        return
    before = event.get("recurrenceOverrides") or {}
    found: Json = {}
    for each in said.all("Calendar:Exception"):
        instance = each.value("Calendar:ExceptionStartTime") or each.value("AirSyncBase:InstanceId")
        key = key_of(value, instance, zones)
        if each.flag("Calendar:Deleted", default=False) and each.child("Calendar:Deleted") is not None:
            found[key] = {"excluded": True}
            continue
        base = {**occurrence_base(value), "start": key}
        old = {k: v for k, v in (before.get(key) or {}).items() if k != "excluded"}
        one = _taken(patched(base, old), each, zones, version)
        people = {"participants": one.get("participants")}
        _take_people(one, each, "")
        one |= people if one.get("participants") is None else {}
        kept = {name: one_ for name, one_ in one.items() if one_ is not None or name == "timeZone"}
        found[key] = difference(base, kept) or {"uid": value["uid"]}
    value["recurrenceOverrides"] = found or None


# --- people -----------------------------------------------------------------------------------------------------------


def _take_people(value: Json, data: Element, mine: str) -> None:
    said = data.child("Calendar:Attendees")
    if said is None:
        return
    known = {ways(each): (key, each) for key, each in invited(value)}
    wanted: dict[str, Json] = {}
    for each in said.all("Calendar:Attendee"):
        mail = address(each.value("Calendar:Email"))
        if not mail:
            continue
        key, person = known.get(mail, (person_key(f"mailto:{mail}"), _invitation(mail)))
        wanted[key] = _person(dict(person), each)
    head = address(str((value.get("replyTo") or {}).get("imip") or ""))
    kept = {key: dict(each) for key, each in (value.get("participants") or {}).items() if ways(each) in ("", head)}
    if not wanted and not head:
        return
    value["participants"] = {**wanted, **kept} or None
    if not wanted:
        value["replyTo"] = value["participants"] = None
    elif not head and mine:
        value["replyTo"] = {"imip": f"mailto:{mine}"}


def _invitation(mail: str) -> Json:
    return {
        "@type": "Participant",
        "sendTo": {"imip": f"mailto:{mail}"},
        "roles": {"attendee": True},
        "participationStatus": "needs-action",
        "expectReply": True,
    }


def _person(person: Json, said: Element) -> Json:
    name, type_ = said.value("Calendar:Name"), said.number("Calendar:AttendeeType", 1)
    if name and name != ways(person) and not person.get("name"):
        person["name"] = name
    roles = dict(person.get("roles") or {"attendee": True})
    if type_ == 2 and not roles.get("informational"):
        roles["optional"] = True
    elif type_ == 1:
        roles.pop("optional", None)
    if type_ == 3:
        person.setdefault("kind", "resource")
    person["roles"] = roles
    return person


def answered(event: Json, mine: frozenset[str], answer: str, comment: str = "") -> Json:
    """The event with one's own answer, in all its occurrences. ValueError when one is not invited."""
    people = {key: dict(each) for key, each in (event.get("participants") or {}).items()}
    own = [key for key, each in people.items() if ways(each) in mine]
    if not own:
        raise ValueError("you are not invited")
    for key in own:
        said = {"participationComment": comment} if comment else {}
        people[key] = {**people[key], "participationStatus": answer, **said}
    overrides = {
        at: {
            **patch,
            **{way: answer for way in patch if way in {f"participants/{key}/participationStatus" for key in own}},
        }
        for at, patch in (event.get("recurrenceOverrides") or {}).items()
    }
    return {**event, "participants": people, **({"recurrenceOverrides": overrides} if overrides else {})}


def answered_once(event: Json, key: str, mine: frozenset[str], answer: str) -> Json:
    """The event with one's own answer to one occurrence. ValueError."""
    one = answered(occurrence(event, key), mine, answer)
    override = difference({**occurrence_base(event), "start": key}, one)
    return with_override(event, key, override)
