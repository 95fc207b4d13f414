"""What is told of events. MS-OXWSMTGS §2.2.4.1 (CalendarItemType)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from connectors.bounded_xml import quoted
from connectors.ews import event_files, recurrence
from connectors.ews.event_mime import event_mime_xml
from connectors.ews.fields import Field, mailbox, strings
from connectors.ews.ids import change_key, occurrence_id
from connectors.ews.mail_fields import ITEM, body_xml
from connectors.ews.occurrences import end_of, occurrence, recurs, start_of, zone_in
from connectors.ews.things import One
from connectors.ews.wire import Value, Whole, Xml, tag
from connectors.exchange import events
from connectors.exchange.windows_zones import UTC_NAME, windows_of
from groupware.calendar.itip.people import address
from groupware.calendar.jscalendar.values import duration_text

Json = dict[str, Any]
ANSWERS: Final = {"accepted": "Accept", "declined": "Decline", "tentative": "Tentative"}
RESOURCES: Final = ("resource", "location")
_MOST: Final = 500
"""Exceptions that are told of one event."""


def clock(one: One) -> Any:
    """The zone that times of an event are in."""
    return zone_in(one.json, one.facts.zone, one.zones)


def at(seconds: int) -> datetime | None:
    """A moment that XML can say."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _start(one: One) -> datetime | None:
    return at(start_of(one.json, clock(one))) if one.json.get("start") else None


def _end(one: One) -> datetime | None:
    return at(end_of(one.json, clock(one))) if one.json.get("start") else None


def _original(one: One) -> datetime | None:
    if not one.key:
        return None
    return at(start_of({"start": one.key}, clock(one)))


def location(one: One) -> str | None:
    """Where it takes place."""
    places = (one.json.get("locations") or {}).values()
    return next((str(each["name"]) for each in places if each.get("name")), None)


def busy(one: One) -> str:
    """LegacyFreeBusyStatus."""
    return events.BUSY[events.busy_of(one.json)]


# --- people -----------------------------------------------------------------------------------------------------------


def people(event: Mapping[str, Any]) -> list[Json]:
    """The participants."""
    return list((event.get("participants") or {}).values())


def address_in(person: Mapping[str, Any]) -> str:
    """The address of a participant."""
    said = (person.get("sendTo") or {}).get("imip") or person.get("email") or ""
    return address(str(said)) or str(said).removeprefix("mailto:")


def organizer_of(event: Mapping[str, Any]) -> Json | None:
    """Who organizes it."""
    return next((each for each in people(event) if (each.get("roles") or {}).get("owner")), None)


def is_mine(one: One) -> bool:
    """Whether who asks, or whose calendar it is, organizes it; what is no meeting is one's own."""
    head = organizer_of(one.json)
    return head is None or address_in(head).lower() in one.facts.mine


def group(person: Mapping[str, Any]) -> str:
    """`required`, `optional`, `resource`; "" for who organizes and takes no part besides."""
    roles = person.get("roles") or {}
    if not roles.get("attendee"):
        return ""
    if person.get("kind") in RESOURCES:
        return "resource"
    return "optional" if roles.get("optional") or roles.get("informational") else "required"


def answer_of(person: Mapping[str, Any]) -> str:
    """ResponseType."""
    if (person.get("roles") or {}).get("owner"):
        return "Organizer"
    return ANSWERS.get(str(person.get("participationStatus", "")), "NoResponseReceived")


def _attendees(one: One, wanted: str) -> Xml | None:
    rows = [
        tag(
            "Attendee",
            Xml(mailbox(str(each.get("name") or ""), address_in(each)) + tag("ResponseType", _told(one, each))),
        )
        for each in people(one.json)
        if group(each) == wanted
    ]
    return Xml("".join(rows)) or None


def _told(one: One, person: Mapping[str, Any]) -> str:
    said = answer_of(person)
    return "Unknown" if said == "NoResponseReceived" and not is_mine(one) else said


def _my_answer(one: One) -> str:
    if is_mine(one):
        return "Organizer"
    mine = next((each for each in people(one.json) if address_in(each).lower() in one.facts.mine), None)
    return answer_of(mine) if mine is not None else "Unknown"


def _organizer(one: One) -> Value:
    head = organizer_of(one.json)
    return mailbox(str(head.get("name") or ""), address_in(head)) if head is not None else None


def _address_of_organizer(one: One) -> str | None:
    head = organizer_of(one.json)
    return address_in(head) if head is not None else None


def _list_people(one: One, wanted: str) -> list[str]:
    return [address_in(each) for each in people(one.json) if group(each) == wanted]


def is_meeting(one: One) -> bool:
    """Whether somebody is invited."""
    return any(group(each) for each in people(one.json))


# --- reminders --------------------------------------------------------------------------------------------------------


def _due(one: One) -> datetime | None:
    minutes = events.minutes_before(one.json)
    if minutes is None or not one.json.get("start"):
        return None
    return at(start_of(one.json, clock(one)) - minutes * 60)


# --- series -----------------------------------------------------------------------------------------------------------


def type_of(one: One) -> str:
    """CalendarItemType."""
    if one.key:
        return "Exception" if is_exception(one.whole, one.key) else "Occurrence"
    return "RecurringMaster" if recurs(one.json) else "Single"


def is_exception(event: Mapping[str, Any], key: str) -> bool:
    """Whether an occurrence is told otherwise than the whole."""
    return bool((event.get("recurrenceOverrides") or {}).get(key))


def _exceptions(one: One) -> Iterable[tuple[str, Json]]:
    if one.key:
        return []
    found = (one.json.get("recurrenceOverrides") or {}).items()
    return list(found)[:_MOST]


def _modified(one: One) -> Xml | None:
    zone, rows = clock(one), []
    for key, patch in _exceptions(one):
        told = occurrence(one.whole, key) if patch and not patch.get("excluded") else None
        if told is None:
            continue
        here = zone_in(told, one.facts.zone, one.zones)
        times = (start_of(told, here), end_of(told, here))
        named = f'Id="{occurrence_id(one.thing.item, key)}" ChangeKey="{change_key(one.thing.modseq)}"'
        rows.append(
            f"<t:Occurrence><t:ItemId {named}/>{tag('Start', at(times[0]))}{tag('End', at(times[1]))}"
            f"{tag('OriginalStart', at(start_of({'start': key}, zone)))}</t:Occurrence>"
        )
    return Xml("".join(rows)) or None


def _deleted(one: One) -> Xml | None:
    zone = clock(one)
    keys = [key for key, patch in _exceptions(one) if patch.get("excluded")]
    rows = [tag("DeletedOccurrence", tag("Start", at(start_of({"start": key}, zone)))) for key in keys]
    return Xml("".join(rows)) or None


def _first(one: One) -> Xml | None:
    if one.key or not recurs(one.json):
        return None
    key = str(one.json.get("start"))
    named = Xml(f'<t:ItemId Id="{occurrence_id(one.thing.item, key)}" ChangeKey="{change_key(one.thing.modseq)}"/>')
    return Xml(named + tag("Start", _start(one)) + tag("End", _end(one)) + tag("OriginalStart", _start(one)))


def _length(one: One) -> str:
    if not one.json.get("start"):
        return "PT0S"
    seconds = end_of(one.json, clock(one)) - start_of(one.json, clock(one))
    return duration_text(timedelta(seconds=max(0, seconds)))


def zone_xml(name: str) -> Callable[[One], Value]:
    """StartTimeZone and EndTimeZone."""

    def show(one: One) -> Value:
        zone = windows_of(str(one.json.get("timeZone") or one.facts.zone or UTC_NAME).removeprefix("/"))
        return Whole(f'<t:{name} Id="{quoted(zone)}" Name="{quoted(zone)}"/>')

    return show


def _state(one: One) -> int:
    """AppointmentState: a meeting, received, cancelled. MS-OXOCAL §2.2.1.10."""
    meeting = is_meeting(one)
    return meeting * 1 | (meeting and not is_mine(one)) * 2 | (one.json.get("status") == "cancelled") * 4


def moment_of(text: Any) -> datetime | None:
    """A UTC date-time of JSCalendar."""
    if not text:
        return None
    try:
        return datetime.fromisoformat(str(text).replace("Z", "+00:00")).astimezone(UTC)
    except ValueError:
        return None


def keywords(one: One) -> list[str]:
    """Its categories: those in it, and those beside it."""
    return sorted(one.json.get("keywords") or {})


def _responses(one: One) -> Xml | None:
    if not is_meeting(one):
        return Xml("<t:ForwardItem/>")
    names = (
        ("CancelCalendarItem", "ForwardItem")
        if is_mine(one)
        else ("AcceptItem", "TentativelyAcceptItem", "DeclineItem", "ReplyToItem", "ReplyAllToItem", "ForwardItem")
    )
    return Xml("".join(f"<t:{name}/>" for name in names))


OBJECT: Final[Mapping[str, Field]] = {
    **ITEM,
    "item:Subject": Field(lambda one: str(one.json.get("title") or "")),
    "item:Body": Field(
        lambda one: events.description_of(one.json)[1], lambda one: body_xml(one, *events.description_of(one.json))
    ),
    "item:TextBody": Field(lambda one: events.description_of(one.json)[1]),
    "item:Sensitivity": Field(lambda one: events.SENSITIVITY[events.sensitivity_of(one.json)]),
    "item:Categories": Field(keywords, lambda one: strings(keywords(one))),
    "item:Importance": Field(lambda one: _importance(one)),
    "item:DateTimeCreated": Field(
        lambda one: moment_of(one.json.get("created")) or ITEM["item:DateTimeCreated"].get(one)
    ),
    "item:LastModifiedTime": Field(
        lambda one: moment_of(one.json.get("updated")) or ITEM["item:LastModifiedTime"].get(one)
    ),
    "item:Attachments": Field(lambda one: None, event_files.attachments_xml),
    "item:HasAttachments": Field(lambda one: bool(event_files.lines_of(one))),
    "item:ReminderIsSet": Field(lambda one: events.minutes_before(one.json) is not None),
    "item:ReminderMinutesBeforeStart": Field(lambda one: events.minutes_before(one.json) or 0),
}
"""What events and tasks share."""


def _importance(one: One) -> str:
    level = int(one.json.get("priority") or 0)
    return "High" if 1 <= level <= 4 else "Low" if level >= 6 else "Normal"


CALENDAR: Final[Mapping[str, Field]] = {
    "calendar:UID": Field(lambda one: one.json.get("uid")),
    "calendar:RecurrenceId": Field(_original),
    "calendar:DateTimeStamp": Field(lambda one: moment_of(one.json.get("updated"))),
    "calendar:Start": Field(_start),
    "calendar:End": Field(_end),
    "calendar:OriginalStart": Field(_original),
    "calendar:IsAllDayEvent": Field(lambda one: bool(one.json.get("showWithoutTime"))),
    "calendar:LegacyFreeBusyStatus": Field(busy),
    "calendar:Location": Field(location),
    "calendar:IsMeeting": Field(is_meeting),
    "calendar:IsCancelled": Field(lambda one: one.json.get("status") == "cancelled"),
    "calendar:IsRecurring": Field(lambda one: bool(one.key) or recurs(one.json)),
    "calendar:MeetingRequestWasSent": Field(lambda one: is_meeting(one)),
    "calendar:IsResponseRequested": Field(lambda one: is_meeting(one)),
    "calendar:CalendarItemType": Field(type_of),
    "calendar:MyResponseType": Field(_my_answer),
    "calendar:Organizer": Field(_address_of_organizer, _organizer),
    "calendar:RequiredAttendees": Field(
        lambda one: _list_people(one, "required"), lambda one: _attendees(one, "required")
    ),
    "calendar:OptionalAttendees": Field(
        lambda one: _list_people(one, "optional"), lambda one: _attendees(one, "optional")
    ),
    "calendar:Resources": Field(lambda one: _list_people(one, "resource"), lambda one: _attendees(one, "resource")),
    "calendar:Duration": Field(_length),
    "calendar:AppointmentSequenceNumber": Field(lambda one: int(one.json.get("sequence") or 0)),
    "calendar:AppointmentState": Field(_state),
    "calendar:Recurrence": Field(
        lambda one: None, lambda one: None if one.key else recurrence.recurrence_xml(one.json)
    ),
    "calendar:FirstOccurrence": Field(lambda one: None, _first),
    "calendar:ModifiedOccurrences": Field(lambda one: None, _modified),
    "calendar:DeletedOccurrences": Field(lambda one: None, _deleted),
    "calendar:StartTimeZone": Field(lambda one: None, zone_xml("StartTimeZone")),
    "calendar:EndTimeZone": Field(lambda one: None, zone_xml("EndTimeZone")),
    "calendar:AllowNewTimeProposal": Field(lambda one: True),
}
EVENT: Final[Mapping[str, Field]] = {
    **OBJECT,
    **CALENDAR,
    "item:MimeContent": Field(lambda one: None, event_mime_xml),
    "item:ItemClass": Field(
        lambda one: "IPM.Appointment.Occurrence" if one.key and type_of(one) == "Exception" else "IPM.Appointment"
    ),
    "item:DateTimeSent": Field(lambda one: moment_of(one.json.get("updated"))),
    "item:ResponseObjects": Field(lambda one: None, _responses),
    "item:ReminderDueBy": Field(_due),
}
