"""MeetingRequest: what a message with an iTIP message in it tells of the meeting. MS-ASEMAIL §2.2.2.48."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any, Final

from connectors.activesync.element import Element, el, some
from connectors.activesync.pim import recurrence
from connectors.activesync.pim.event_told import zone_in
from connectors.activesync.pim.fields import location
from connectors.activesync.times import long_time
from connectors.exchange.events import minutes_before
from connectors.exchange.places import venue_of
from connectors.exchange.zone_blob import zone_blob
from groupware.calendar.itip.people import address_of, organizer
from groupware.calendar.jscalendar.reading import part_of
from groupware.calendar.jscalendar.values import moment
from groupware.calendar.mailed import found
from groupware.calendar.object import CalendarObject
from groupware.calendar.series import when
from groupware.calendar.values import duration
from groupware.mime.parts import Part
from groupware.model.content import Component, Line
from groupware.model.errors import Malformed

CLASSES: Final = {
    "REQUEST": "IPM.Schedule.Meeting.Request",
    "CANCEL": "IPM.Schedule.Meeting.Canceled",
    "REPLY": "IPM.Schedule.Meeting.Resp",
    "COUNTER": "IPM.Schedule.Meeting.Resp.Tent",
}
_ANSWERS: Final = {"ACCEPTED": "Pos", "DECLINED": "Neg", "TENTATIVE": "Tent"}
_BUSY: Final = {"FREE": 0, "TENTATIVE": 1, "BUSY": 2, "OOF": 3, "WORKINGELSEWHERE": 4}


def meeting_of(octets: bytes, parts: Sequence[Part], version: int) -> tuple[str, Element | None] | None:
    """The MessageClass and the MeetingRequest; None: the message is about no meeting."""
    if not any(part.media in ("text/calendar", "application/ics") for part in parts):
        return None
    try:
        mailed = found(octets)
    except (Malformed, ValueError):
        return None
    if mailed is None or mailed.read.kind != "VEVENT" or mailed.method not in CLASSES:
        return None
    name = CLASSES[mailed.method]
    part = mailed.read.shown
    if mailed.method == "REPLY":
        line = part.first("ATTENDEE")
        answer = _ANSWERS.get(line.param("PARTSTAT").upper() if line is not None else "", "Tent")
        return f"{name}.{answer}", None
    return name, _request(mailed.read, part, mailed.method, version)


def times(read: CalendarObject, part: Component) -> tuple[int, int, bool, str] | None:
    """(begin, end, whether it lasts whole days, zone), seconds since 1970."""
    line = part.first("DTSTART")
    if line is None:
        return None
    begin, last, lasts = when(line, read.zones), part.first("DTEND"), part.first("DURATION")
    if last is not None:
        end = when(last, read.zones).seconds
    elif lasts is not None:
        end = begin.seconds + int(duration(lasts.value).total_seconds())
    else:
        end = begin.seconds + (86_400 if begin.day else 0)
    return begin.seconds, end, begin.day, line.param("TZID")


def _request(read: CalendarObject, part: Component, method: str, version: int) -> Element | None:
    spans = times(read, part)
    if spans is None:
        return None
    begin, end, day, zone = spans
    head, recurs = organizer(read), part.first("RRULE") is not None
    single = part.first("RECURRENCE-ID")
    kind = 1 if recurs else 3 if single is not None else 0
    recurrence_id = when(single, read.zones).seconds if single is not None else None
    told = part_of(part, read.zones)
    venue, minutes, rule = venue_of(told), minutes_before(told), _rule(told, read, version)
    busy = _BUSY.get(part.text("X-MICROSOFT-CDO-BUSYSTATUS").upper(), 2)
    return el(
        "Email:MeetingRequest",
        el("Email:AllDayEvent", day),
        el("Email:StartTime", long_time(begin)),
        el("Email:DtStamp", long_time(_stamp(read, part, begin))),
        el("Email:EndTime", long_time(end)),
        el("Email:InstanceType", kind),
        some("Email:Location", part.text("LOCATION")) if version < 160 else location(venue),
        some("Email:Organizer", _organizer(head)),
        el("Email:RecurrenceId", long_time(recurrence_id)) if recurrence_id is not None else None,
        el("Email:Reminder", minutes * 60) if minutes is not None else None,
        el("Email:ResponseRequested", method == "REQUEST"),
        el("Email:Recurrences", el("Email:Recurrence", rule)) if rule else None,
        el("Email:Sensitivity", 2 if part.text("CLASS").upper() in ("PRIVATE", "CONFIDENTIAL") else 0),
        el("Email:BusyStatus", busy),
        el("Email:TimeZone", base64.b64encode(zone_blob(zone or "UTC")).decode()),
        el("Email:GlobalObjId", global_id(read.uid)) if version < 160 else el("Calendar:UID", read.uid),
        el("Email:DisallowNewTimeProposal", True) if version >= 140 and _no_counter(part) else None,
        el("Email2:MeetingMessageType", 1 if method == "REQUEST" else 0) if version >= 141 else None,
    )


def _rule(told: Mapping[str, Any], read: CalendarObject, version: int) -> list[Element]:
    """Recurrence of the whole meeting."""
    rules, start = told.get("recurrenceRules") or (), told.get("start")
    return recurrence.told("Email", rules, moment(start), zone_in(told, read.zones), version) if rules and start else []


def _no_counter(part: Component) -> bool:
    """Whether no other time may be proposed. MS-OXCICAL §2.1.3.1.1.20.28."""
    return part.text("X-MICROSOFT-DISALLOW-COUNTER").upper() == "TRUE"


def _stamp(read: CalendarObject, part: Component, begin: int) -> int:
    line = part.first("DTSTAMP")
    return when(line, read.zones).seconds if line is not None else begin


def _organizer(line: Line | None) -> str:
    if line is None:
        return ""
    address, name = address_of(line), line.param("CN")
    return f'"{name}" <{address}>' if name and name != address else address


def global_id(uid: str) -> str:
    """A GlobalObjId that stands for a UID: in base64, in the form for UIDs of elsewhere. MS-OXOCAL §2.2.1.27."""
    head = bytes.fromhex("040000008200E00074C5B7101A82E008") + bytes(4) + bytes(8) + bytes(8)
    data = b"vCal-Uid\x01\x00\x00\x00" + uid.encode() + b"\0"
    return base64.b64encode(head + len(data).to_bytes(4, "little") + data).decode()
