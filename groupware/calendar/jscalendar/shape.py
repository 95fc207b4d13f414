"""What an Event and a Task have to look like (RFC 8984 §4, §5), and without what says nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from groupware.model.content import parse
from groupware.model.errors import Malformed
from groupware.model.jsonlines import line_of
from groupware.model.shape import (
    FLAGS,
    LOCAL,
    UTC,
    Check,
    Misshapen,
    anything,
    filled,
    flag,
    integer,
    listed,
    mapped,
    matching,
    number,
    one_of,
    text,
    thing,
)

from .lines import address_of, person_key
from .table import RULES
from .values import is_duration, zone_of

Json = dict[str, Any]
_DAYS: Final = ("mo", "tu", "we", "th", "fr", "sa", "su")
_SIGNED: Final = matching(r"[+-]?P(?=[\dT])(?:\d+W)?(?:\d+D)?(?:T(?:\d+H)?(?:\d+M)?(?:\d+S)?)?", "a duration is wanted")


def _duration(value: Any) -> None:
    text(value)
    if not is_duration(value):
        raise Misshapen("a duration (P1D, PT1H30M) is wanted")


def _zone(value: Any) -> None:
    text(value)
    if not value.startswith("/"):
        try:
            zone_of(value, {})
        except ValueError as error:
            raise Misshapen(str(error)) from None


def _line(value: Any) -> None:
    try:
        line_of(value)
    except ValueError as error:
        raise Misshapen(str(error)) from None


def _component(value: Any) -> None:
    text(value.replace("\r\n", "\n") if isinstance(value, str) else value)
    try:
        parse(value.encode())
    except Malformed as error:
        raise Misshapen(str(error)) from None


_NUMBERS: Final = listed(integer)
_BESIDE: Final = thing(
    {
        "name": text,
        "properties": listed(_line),
        "components": listed(_component),
        "convertedProperties": mapped(thing({"name": text, "parameters": mapped(anything)})),
    }
)
RULE: Final = thing(
    {
        "@type": one_of("RecurrenceRule"),
        "frequency": one_of("yearly", "monthly", "weekly", "daily", "hourly", "minutely", "secondly"),
        "interval": number,
        "rscale": filled,
        "skip": one_of("omit", "backward", "forward"),
        "firstDayOfWeek": one_of(*_DAYS),
        "byDay": listed(thing({"day": one_of(*_DAYS), "nthOfPeriod": integer}, ("day",))),
        "byMonthDay": _NUMBERS,
        "byMonth": listed(matching(r"\d{1,2}L?", "a month is wanted")),
        "byYearDay": _NUMBERS,
        "byWeekNo": _NUMBERS,
        "byHour": _NUMBERS,
        "byMinute": _NUMBERS,
        "bySecond": _NUMBERS,
        "bySetPosition": _NUMBERS,
        "count": number,
        "until": LOCAL,
    },
    ("frequency",),
    closed=True,
)
_PARTICIPANT: Final = thing(
    {
        "name": text,
        "email": text,
        "description": text,
        "sendTo": mapped(filled),
        "calendarAddress": filled,
        "kind": text,
        "roles": FLAGS,
        "participationStatus": text,
        "participationComment": text,
        "expectReply": flag,
        "scheduleAgent": one_of("server", "client", "none"),
        "scheduleStatus": listed(text),
    }
)
_TRIGGER: Final = thing({"@type": text, "offset": _SIGNED, "relativeTo": one_of("start", "end"), "when": UTC})
_ALERT: Final = thing(
    {
        "trigger": _TRIGGER,
        "action": matching(r"[a-z][a-z0-9-]{0,50}", "an action is a word"),
        "acknowledged": UTC,
        "iCalendar": _BESIDE,
    },
    ("trigger",),
)
ALERTS: Final = mapped(_ALERT, ids=True)
_BOTH: Final[dict[str, Check]] = {
    "uid": filled,
    "relatedTo": mapped(thing({"relation": FLAGS})),
    "prodId": text,
    "created": UTC,
    "updated": UTC,
    "sequence": number,
    "title": text,
    "description": text,
    "descriptionContentType": text,
    "showWithoutTime": flag,
    "locations": mapped(thing({"name": text}), ids=True),
    "virtualLocations": mapped(thing({"name": text, "uri": filled}, ("uri",)), ids=True),
    "links": mapped(thing({"href": filled, "rel": text, "contentType": text, "title": text}, ("href",)), ids=True),
    "locale": text,
    "keywords": FLAGS,
    "categories": FLAGS,
    "color": text,
    "recurrenceId": LOCAL,
    "recurrenceIdTimeZone": _zone,
    "recurrenceRules": listed(RULE),
    "excludedRecurrenceRules": listed(RULE),
    "recurrenceOverrides": mapped(mapped(anything)),
    "excluded": flag,
    "priority": number,
    "freeBusyStatus": one_of("free", "busy"),
    "privacy": one_of("public", "private", "secret"),
    "replyTo": mapped(filled),
    "sentBy": text,
    "requestStatus": text,
    "participants": mapped(_PARTICIPANT, ids=True),
    "useDefaultAlerts": flag,
    "alerts": ALERTS,
    "localizations": anything,
    "start": LOCAL,
    "timeZone": _zone,
    "iCalendar": _BESIDE,
}
EVENT_MEMBERS: Final[dict[str, Check]] = {
    **_BOTH,
    "@type": one_of("Event"),
    "duration": _duration,
    "status": one_of("confirmed", "cancelled", "tentative"),
}
TASK_MEMBERS: Final[dict[str, Check]] = {
    **_BOTH,
    "@type": one_of("Task"),
    "due": LOCAL,
    "estimatedDuration": _duration,
    "percentComplete": number,
    "progress": one_of("needs-action", "in-process", "completed", "failed", "cancelled"),
    "progressUpdated": UTC,
}
EVENT: Final = thing(EVENT_MEMBERS, ("uid", "start"), closed=True)
TASK: Final = thing(TASK_MEMBERS, ("uid",), closed=True)
_TYPED: Final = {
    "participants": "Participant",
    "alerts": "Alert",
    "relatedTo": "Relation",
}
_UNTYPED: Final = ("locations", "virtualLocations", "links")


def plain(given: Mapping[str, Any]) -> Json:
    """The object as `objects` gives it: without members that say nothing, with the types and the zone that it has."""
    found = {name: value for name, value in given.items() if value is not None and value != {} and value != []}
    if found.get("showWithoutTime") is False:
        del found["showWithoutTime"]
    if "start" in found or "due" in found:
        found["timeZone"] = None if found.get("showWithoutTime") else found.get("timeZone")
    for name in _UNTYPED:
        for key, each in (found.get(name) or {}).items():
            found[name] = {**found[name], key: {member: one for member, one in each.items() if member != "@type"}}
    for name, kind in _TYPED.items():
        for key, each in (found.get(name) or {}).items():
            found[name] = {**found[name], key: _completed(kind, each)}
    reply = (found.get("replyTo") or {}).get("imip")
    if reply:
        found["participants"] = _with_owner(found.get("participants") or {}, str(reply))
    for name in RULES.values():
        if name in found:
            found[name] = [_rule(each) for each in found[name]]
    return found


def _with_owner(people: Mapping[str, Any], address: str) -> Json:
    """The participants, and among them who organizes it."""
    same = [key for key, each in people.items() if address_of(each).lower() == address.lower()]
    if not same:
        owner = {"@type": "Participant", "sendTo": {"imip": address}, "roles": {"owner": True}}
        return {**people, person_key(address): owner}
    first = people[same[0]]
    return {**people, same[0]: {**first, "roles": {**first["roles"], "owner": True}}}


def _completed(kind: str, each: Mapping[str, Any]) -> Json:
    found: Json = {"@type": kind, **each}
    if kind == "Participant":
        found.setdefault("roles", {"attendee": True})
        if not found.get("sendTo") and found.get("email"):
            found["sendTo"] = {"imip": f"mailto:{found['email']}"}
    elif kind == "Alert":
        trigger = found["trigger"]
        found["trigger"] = {"@type": "AbsoluteTrigger" if "when" in trigger else "OffsetTrigger", **trigger}
        found.setdefault("action", "display")
        if trigger.get("relativeTo") == "start":
            del found["trigger"]["relativeTo"]
    elif kind == "Relation":
        found.setdefault("relation", {})
    return found


def _rule(rule: Mapping[str, Any]) -> Json:
    found = {"@type": "RecurrenceRule", **rule}
    if "byDay" in found:
        found["byDay"] = [{"@type": "NDay", **each} for each in found["byDay"]]
    return found
