"""What a client sets of events and tasks, as changes of JSCalendar. MS-OXWSMTGS §2.2.4.1, MS-OXWSTASK §2.2.4.6."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Final

from connectors.bounded_xml import Element
from connectors.ews.calendar_fields import address_in, group
from connectors.ews.errors import EwsError, unset
from connectors.ews.extended import read_property
from connectors.ews.mail_set import mailboxes_in
from connectors.ews.occurrences import end_of, start_of, zone_in
from connectors.ews.recurrence import regenerates, rule_of
from connectors.ews.same import meant
from connectors.ews.wire import children, local, moment, number
from connectors.exchange import events
from connectors.exchange.events import put
from connectors.exchange.regenerating import REGENERATES, set_so
from connectors.exchange.windows_zones import iana_of
from groupware.calendar.jscalendar.lines import person_key
from groupware.calendar.jscalendar.values import duration_text
from groupware.calendar.zones import local as local_time

Json = dict[str, Any]
LOCAL: Final = "%Y-%m-%dT%H:%M:%S"
USUAL_MINUTES: Final = 15
_PRIORITY: Final = {"High": 1, "Low": 9}


@dataclass(slots=True)
class Edit:
    """An object that is being changed, and what is only known when all has been read."""

    value: Json
    zone: str | None
    """The zone that the client is in."""
    zones: Mapping[str, tzinfo] = field(default_factory=dict)
    """Those that the object brings along."""
    kept: dict[str, Any] = field(default_factory=dict)
    """Extended properties, which stay beside the item; None takes one away."""
    times: dict[str, str] = field(default_factory=dict)
    """What was said of when it takes place, by the names of elements."""
    reminder: dict[str, str] = field(default_factory=dict)


Set = Callable[[Edit, Element | None], None]
"""Sets a member to what stands in an element, or takes it away (None)."""


def text_in(element: Element | None) -> str:
    """The text of an element."""
    return "" if element is None else (element.text or "").strip()


def _member(name: str) -> Set:
    return lambda edit, element: put(edit.value, name, text_in(element))


def _body(edit: Edit, element: Element | None) -> None:
    html = element is not None and element.get("BodyType", "Text").upper() == "HTML"
    events.set_description(edit.value, "" if element is None else element.text or "", html=html)


def _location(edit: Edit, element: Element | None) -> None:
    places = dict(edit.value.get("locations") or {})
    first = next((key for key, each in places.items() if each.get("name")), "LOCATION-1")
    places.pop(first, None)
    if text_in(element):
        places = {first: {"name": text_in(element)}, **places}
    put(edit.value, "locations", places)


def _privacy(edit: Edit, element: Element | None) -> None:
    events.set_sensitivity(edit.value, _number(events.SENSITIVITY, element, 0))


def _number(words: Sequence[str], element: Element | None, other: int) -> int:
    text = text_in(element)
    return words.index(text) if text in words else other


def _importance(edit: Edit, element: Element | None) -> None:
    put(edit.value, "priority", _PRIORITY.get(text_in(element)))


def _categories(edit: Edit, element: Element | None) -> None:
    found = {text_in(each): True for each in children(element, "String")}
    put(edit.value, "keywords", {name: True for name in found if name})


def _busy(edit: Edit, element: Element | None) -> None:
    """NoData is Free."""
    events.set_busy(edit.value, 0 if text_in(element) == "NoData" else _number(events.BUSY, element, 2))


def _rule(edit: Edit, element: Element | None) -> None:
    if regenerates(element) and edit.value["@type"] != "Task":
        raise EwsError("ErrorCalendarInvalidRecurrence", "only tasks come again some time after they were done")
    set_so(edit.value, REGENERATES, so=regenerates(element))
    put(edit.value, "recurrenceRules", [rule_of(element)] if element is not None and len(element) else None)
    if element is None:
        edit.value.pop("recurrenceOverrides", None)


def _people(wanted: str) -> Set:
    def work(edit: Edit, element: Element | None) -> None:
        there: Json = dict(edit.value.get("participants") or {})
        named = {address.lower(): (name, address) for name, address in mailboxes_in(element)}
        for key, each in list(there.items()):
            address = address_in(each).lower()
            if group(each) == wanted and address not in named:
                _leave(there, key)
            elif address in named and group(each) == wanted:
                del named[address]
        for name, address in named.values():
            _enter(there, name, address, wanted)
        put(edit.value, "participants", there)

    return work


def _leave(there: Json, key: str) -> None:
    roles = {role: True for role in there[key].get("roles") or {} if role == "owner"}
    if roles:
        there[key] = {**there[key], "roles": roles}
    else:
        del there[key]


def add_people(there: Json, people: Sequence[tuple[str, str]]) -> Json:
    """The participants with these (name and address) besides, as people who have to come."""
    found = dict(there)
    known = {address_in(each).lower() for each in found.values()}
    for name, address in people:
        if address.lower() not in known:
            _enter(found, name, address, "required")
    return found


def _enter(there: Json, name: str, address: str, wanted: str) -> None:
    old = next((key for key, each in there.items() if address_in(each).lower() == address.lower()), None)
    base = dict(there[old]) if old is not None else {"@type": "Participant", "sendTo": {"imip": f"mailto:{address}"}}
    roles = {role: True for role in base.get("roles") or {} if role == "owner"}
    base["roles"] = {**roles, "attendee": True, **({"optional": True} if wanted == "optional" else {})}
    if wanted == "resource":
        base["kind"] = "resource"
    if name and not base.get("name"):
        base["name"] = name
    if old is None:
        base |= {"participationStatus": "needs-action", "expectReply": True}
    there[old or person_key(f"mailto:{address}")] = base


def _time(name: str) -> Set:
    def work(edit: Edit, element: Element | None) -> None:
        zone = element.get("Id", "") or element.get("TimeZoneName", "") if element is not None else ""
        edit.times[name] = zone if name.endswith("Zone") else text_in(element)

    return work


def _remind(name: str) -> Set:
    def work(edit: Edit, element: Element | None) -> None:
        edit.reminder[name] = text_in(element)

    return work


def nothing(edit: Edit, element: Element | None) -> None:
    """What is the server's to say."""


BOTH: Final[Mapping[str, Set]] = {
    "Subject": _member("title"),
    "Body": _body,
    "Sensitivity": _privacy,
    "Importance": _importance,
    "Categories": _categories,
    "Recurrence": _rule,
    "ReminderIsSet": _remind("ReminderIsSet"),
    "ReminderMinutesBeforeStart": _remind("ReminderMinutesBeforeStart"),
    **dict.fromkeys(
        ("ItemClass", "ItemId", "Culture", "MimeContent", "ParentFolderId", "DateTimeCreated", "Flag", "IsDraft"),
        nothing,
    ),
}
EVENT: Final[Mapping[str, Set]] = {
    **BOTH,
    "UID": _member("uid"),
    "Location": _location,
    "LegacyFreeBusyStatus": _busy,
    "RequiredAttendees": _people("required"),
    "OptionalAttendees": _people("optional"),
    "Resources": _people("resource"),
    **{
        name: _time(name)
        for name in ("Start", "End", "IsAllDayEvent", "StartTimeZone", "EndTimeZone", "MeetingTimeZone")
    },
    **dict.fromkeys(
        (
            "ReminderDueBy",
            "IsResponseRequested",
            "AllowNewTimeProposal",
            "ConferenceType",
            "IsMeeting",
            "When",
            "MeetingRequestWasSent",
            "IsOnlineMeeting",
            "MeetingWorkspaceUrl",
            "NetShowUrl",
        ),
        nothing,
    ),
}


def edited(edit: Edit, setters: Mapping[str, Set], name: str, element: Element | None) -> None:
    """One change. `EwsError` for what cannot be set."""
    if name == "ExtendedProperty" and element is not None:
        path, value = read_property(element)
        same = meant(path, value, setters)
        if same is not None:
            setters[same[0]](edit, same[1])
        else:
            edit.kept[path.uri] = value
    elif name in setters:
        setters[name](edit, element)
    elif element is not None:  # what cannot be there can well be taken away
        raise unset(name[:60])


def all_given(edit: Edit, setters: Mapping[str, Set], element: Element) -> None:
    """All that an element of a new object says. `EwsError`."""
    for each in children(element):
        edited(edit, setters, local(each), each)


# --- what is known when all has been read -----------------------------------------------------------------------------


def settle(edit: Edit) -> None:
    """When an event takes place, and when it reminds of itself. `EwsError`."""
    if edit.times:
        _settle_times(edit)
    if edit.reminder:
        _settle_reminder(edit)


def _instant(text: str, name: str, zone: Any) -> int:
    at = moment(text, name)
    return int((at if at.tzinfo is not None else at.replace(tzinfo=zone)).timestamp())


def _settle_times(edit: Edit) -> None:
    value, said = edit.value, edit.times
    named = said.get("StartTimeZone") or said.get("MeetingTimeZone") or ""
    name = iana_of(named) or (f"/{named}" if named in edit.zones else None) if named else None
    if named and name is None:
        raise EwsError("ErrorTimeZone", f"StartTimeZone: {named[:60]!r} is not known here")
    name = name or (str(value["timeZone"]) if value.get("timeZone") else None) or edit.zone or "Etc/UTC"
    old = zone_in(value, edit.zone, edit.zones)
    zone = zone_in({"timeZone": name}, None, edit.zones)
    begin = _instant(said["Start"], "Start", zone) if said.get("Start") else start_of(value, old)
    end = _instant(said["End"], "End", zone) if said.get("End") else end_of(value, old)
    if end < begin:
        raise EwsError("ErrorCalendarEndDateIsEarlierThanStartDate", "End is before Start")
    whole = said["IsAllDayEvent"].lower() in ("true", "1") if "IsAllDayEvent" in said else value.get("showWithoutTime")
    first, last = local_time(begin, zone), local_time(end, zone)
    if whole:
        _days(value, first, last)
        return
    value.pop("showWithoutTime", None)
    value |= {
        "start": first.strftime(LOCAL),
        "timeZone": name,
        "duration": duration_text(timedelta(seconds=end - begin)),
    }


def _days(value: Json, first: datetime, last: datetime) -> None:
    """Whole days: from that of the start to the one before the end, which may be midnight."""
    days = (last.date() - first.date()).days + (1 if last.time() != datetime.min.time() else 0)
    value |= {"start": first.strftime("%Y-%m-%dT00:00:00"), "duration": f"P{max(1, days)}D", "showWithoutTime": True}
    value["timeZone"] = None


def _settle_reminder(edit: Edit) -> None:
    said = edit.reminder
    if said.get("ReminderIsSet", "true").lower() in ("false", "0"):
        events.set_minutes(edit.value, None)
        return
    text = said.get("ReminderMinutesBeforeStart")
    if text is None and events.minutes_before(edit.value) is not None:
        return
    minutes = number(text or str(USUAL_MINUTES), "ReminderMinutesBeforeStart", 0, 2_629_800)
    events.set_minutes(edit.value, minutes or 0)


def now_text(now: datetime) -> str:
    """A moment as a UTC date-time."""
    return now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
