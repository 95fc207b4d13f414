"""What is told of messages that carry a meeting: requests, answers, cancellations. MS-OXWSMTGS §2.2.4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from connectors.ews.calendar_fields import ANSWERS, CALENDAR, group, people
from connectors.ews.fields import Field
from connectors.ews.ids import change_key, item_id
from connectors.ews.mail_fields import MESSAGE
from connectors.ews.things import One
from connectors.ews.wire import Value, Whole, Xml
from groupware.calendar.jscalendar.objects import object_of
from groupware.calendar.object import CalendarObject, read_object
from groupware.mime.sections import decoded
from groupware.model.errors import GroupwareError, Malformed
from groupware.model.item import Kind
from groupware.store.api import ReadTx

Json = dict[str, Any]
_LONGEST: Final = 1024 * 1024
KINDS: Final = {
    "REQUEST": "MeetingRequest",
    "REPLY": "MeetingResponse",
    "COUNTER": "MeetingResponse",
    "CANCEL": "MeetingCancellation",
}
_CLASSES: Final = {
    "MeetingRequest": "IPM.Schedule.Meeting.Request",
    "MeetingCancellation": "IPM.Schedule.Meeting.Canceled",
    "Accept": "IPM.Schedule.Meeting.Resp.Pos",
    "Tentative": "IPM.Schedule.Meeting.Resp.Tent",
    "Decline": "IPM.Schedule.Meeting.Resp.Neg",
}


def invitation(octets: bytes, one: One) -> CalendarObject | None:
    """The iTIP message that a message carries; None when there is none, or none that can be read."""
    for part in one.summary.parts:
        if part.media == "text/calendar" and part.body_end - part.body_start <= _LONGEST:
            try:
                return read_object(decoded(octets, part))
            except Malformed:
                continue
    return None


def method_of(read: CalendarObject) -> str:
    """The METHOD, in capitals."""
    return read.calendar.text("METHOD").strip().upper()


def kind_of(one: One) -> str:
    """`MeetingRequest` and the like, or `Message`."""
    read = invitation(one.octets, one)
    if read is None or read.kind != "VEVENT":
        return "Message"
    return KINDS.get(method_of(read), "Message")


class Event(One):
    """The event that a message carries, as an event is told."""

    def __init__(self, one: One) -> None:
        folder = replace(one.thing.folder, kind=Kind.CALENDAR)
        super().__init__(replace(one.thing, folder=folder), one.facts, octets=one.octets)
        read = invitation(one.octets, one)
        self.whole, self.read = {} if read is None else _object(read), read


def _object(read: CalendarObject) -> Json:
    try:
        return object_of(read)
    except (ValueError, KeyError, Malformed):
        return {}


def event_of(one: One) -> Event:
    """The event in a message; made once."""
    found = getattr(one, "meeting", None)
    if found is None:
        found = one.meeting = Event(one)  # type: ignore[attr-defined]
    return found


def _of_event(each: Field) -> Field:
    def show(one: One) -> Value:
        return each.shown(event_of(one))

    return Field(lambda one: each.get(event_of(one)), show, octets=True)


def response_of(one: One) -> str:
    """What somebody answers."""
    for person in people(event_of(one).json):
        if group(person):
            return ANSWERS.get(str(person.get("participationStatus", "")), "Unknown")
    return "Unknown"


def _responses(one: One) -> Xml:
    names = ("AcceptItem", "TentativelyAcceptItem", "DeclineItem", "ReplyToItem", "ReplyAllToItem", "ForwardItem")
    return Xml("".join(f"<t:{name}/>" for name in names))


def _associated(one: One) -> Whole | None:
    """The event in one's own calendar, where `associate` has found it."""
    found = one.associated
    if found is None:
        return None
    item, modseq = found
    return Whole(f'<t:AssociatedCalendarItemId Id="{item_id(item)}" ChangeKey="{change_key(modseq)}"/>')


def associate(tx: ReadTx, ones: Sequence[One]) -> None:
    """Finds the events that messages are about."""
    for one in ones:
        uid = str(event_of(one).json.get("uid") or "")
        try:
            guest = tx.guest(tx.who.account, uid)
            if uid and guest.item:
                item = tx.item(guest.folder, guest.item)
                one.associated = item.id, item.modseq
        except GroupwareError:
            continue


_ALL: Final[Mapping[str, Field]] = {
    **MESSAGE,
    "meeting:AssociatedCalendarItemId": Field(lambda one: None, _associated),
    "meeting:IsDelegated": Field(lambda one: False),
    "meeting:IsOutOfDate": Field(lambda one: False),
    "meeting:HasBeenProcessed": Field(lambda one: True),
    "meeting:ResponseType": Field(response_of, octets=True),
    "calendar:UID": _of_event(CALENDAR["calendar:UID"]),
    "calendar:DateTimeStamp": _of_event(CALENDAR["calendar:DateTimeStamp"]),
    **{
        uri: _of_event(CALENDAR[uri])
        for uri in ("calendar:Start", "calendar:End", "calendar:Location", "calendar:CalendarItemType")
    },
}
REQUEST: Final[Mapping[str, Field]] = {
    **_ALL,
    **{uri: _of_event(each) for uri, each in CALENDAR.items() if uri != "calendar:RecurrenceId"},
    "item:ItemClass": Field(lambda one: _CLASSES["MeetingRequest"]),
    "item:ResponseObjects": Field(lambda one: None, _responses),
    "meeting:ResponseType": Field(lambda one: "NoResponseReceived"),
    "meetingRequest:MeetingRequestType": Field(
        lambda one: "FullUpdate" if int(event_of(one).json.get("sequence") or 0) else "NewMeetingRequest", octets=True
    ),
    "meetingRequest:IntendedFreeBusyStatus": _of_event(CALENDAR["calendar:LegacyFreeBusyStatus"]),
}
RESPONSE: Final[Mapping[str, Field]] = {
    **_ALL,
    "item:ItemClass": Field(lambda one: _CLASSES.get(response_of(one), "IPM.Schedule.Meeting.Resp.Tent")),
}
CANCELLATION: Final[Mapping[str, Field]] = {
    **_ALL,
    "item:ItemClass": Field(lambda one: _CLASSES["MeetingCancellation"]),
    "meeting:ResponseType": Field(lambda one: "Unknown"),
}
