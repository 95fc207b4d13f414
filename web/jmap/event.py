"""`CalendarEvent/get`: the JSCalendar of a stored object, and of its single occurrences. draft-ietf-jmap-calendars §5.

The id of an occurrence is that of its event with the local time by which the rule names it: `E12-20250304T100000`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Final

from groupware.calendar.itip.people import address
from groupware.calendar.jscalendar import successor
from groupware.calendar.jscalendar.objects import object_of, occurrence_base
from groupware.calendar.jscalendar.shape import EVENT_MEMBERS
from groupware.calendar.jscalendar.values import json_time, moment, zone_of
from groupware.calendar.object import read_object
from groupware.calendar.values import duration
from groupware.calendar.zones import known_zone, local, utc_seconds
from groupware.model.errors import Malformed
from groupware.model.patches import patched
from groupware.model.shape import UTC, Misshapen
from groupware.store.api import ReadTx
from web.jmap.arguments import GetArguments, argument, flag, text
from web.jmap.converted import Converted
from web.jmap.errors import MethodError
from web.jmap.families import CALENDAR
from web.jmap.ids import account_id, mailbox_id
from web.jmap.limits import IN_GET
from web.jmap.made import named_in
from web.jmap.things import Place, asked_for, check_properties, state_in, too_many_at_once
from web.jmap.turn import Turn, owner_in

Json = dict[str, Any]
VEVENT: Final = "VEVENT"
LETTER: Final = CALENDAR.letter
COMPUTED: Final = ("utcStart", "utcEnd")
"""What is told when somebody asks for it."""
FIXED: Final = {"isDraft": False, "mayInviteSelf": False, "mayInviteOthers": False, "hideAttendees": False}
"""What is the same of all events here."""
OWN: Final = frozenset({"id", "baseEventId", CALENDAR.container, "isOrigin", *COMPUTED, *FIXED})
_ONE: Final = re.compile(r"(E(?:[1-9][0-9]{0,18}|x[0-9a-f]{32}))-(\d{8}T\d{6})\Z")


def utc_of(value: Any) -> str:
    """A time in UTC. `ValueError`."""
    try:
        UTC(value)
    except Misshapen as error:
        raise ValueError(error.why) from None
    return str(value)


@dataclass(frozen=True, slots=True)
class Arguments(GetArguments):
    """draft-ietf-jmap-calendars, CalendarEvent/get."""

    recurrence_overrides_before: str | None = argument(utc_of, None)
    recurrence_overrides_after: str | None = argument(utc_of, None)
    reduce_participants: bool = argument(flag, False)
    time_zone: str = argument(text, "Etc/UTC")


def _event(octets: bytes) -> Json:
    try:
        return object_of(read_object(octets))
    except Malformed:  # put in before objects were checked as they are now
        return {"@type": "Event"}


EVENTS: Final = Converted(_event)


def base_of(name: str) -> tuple[str, str | None]:
    """The id of the event, and the local time of the occurrence that an id means."""
    found = _ONE.match(name)
    try:
        return (found[1], json_time(found[2])) if found is not None else (name, None)
    except ValueError:
        return name, None


def occurrence_id(base: str, key: str) -> str:
    """The id of one occurrence."""
    return f"{base}-{key.replace('-', '').replace(':', '')}"


def zone_named(name: str) -> tzinfo:
    """The zone that a client names. `MethodError`."""
    found = known_zone(name)
    if found is None:
        raise MethodError("invalidArguments", f"{name[:60]!r} is no time zone")
    return found


async def get(turn: Turn, arguments: Arguments) -> Mapping[str, Any]:
    """`CalendarEvent/get`."""
    check_properties(arguments.properties, EVENT_MEMBERS.keys() | OWN | successor.WORDS)
    zone = zone_named(arguments.time_zone)
    bases = None if arguments.ids is None else list(dict.fromkeys(base_of(each)[0] for each in arguments.ids))

    def work(tx: ReadTx) -> tuple[Json, dict[str, Place], frozenset[str]]:
        owner = owner_in(tx, arguments.account_id)
        head = {"accountId": account_id(owner), "state": state_in(tx, owner, CALENDAR)}
        return head, asked_for(tx, owner, CALENDAR, VEVENT, bases), own_addresses(tx)

    head, places, mine = await turn.read(work)
    places |= await named_in(turn, arguments.account_id, bases)
    if bases is None and len(places) > IN_GET:
        raise too_many_at_once()
    events = await EVENTS.all_of(turn, places.values())
    told, absent = [], []
    for name in list(places) if arguments.ids is None else arguments.ids:
        base, key = base_of(name)
        event = events[places[base].blob] if base in places else None
        one = occurrence(event, key) if event is not None and key is not None else event
        if one is None or one["@type"] != "Event":
            absent.append(name)
        else:
            told.append(_shown(places[base], name, one, arguments, zone, mine))
    return {**head, "list": told, "notFound": absent}


def own_addresses(tx: ReadTx) -> frozenset[str]:
    """The addresses of who asks, in lower case."""
    return frozenset(each.lower() for each in tx.addresses(tx.who.account))


def occurrence(event: Json, key: str) -> Json | None:
    """One occurrence of an event that recurs; None: it is taken out."""
    patch = (event.get("recurrenceOverrides") or {}).get(key, {})
    if patch == {"excluded": True} or not (event.get("recurrenceRules") or event.get("recurrenceOverrides")):
        return None
    found = patched({**occurrence_base(event), "start": key}, patch)
    return {**found, "recurrenceId": key, "recurrenceIdTimeZone": event.get("timeZone")}


def _shown(place: Place, name: str, event: Json, arguments: Arguments, zone: tzinfo, mine: frozenset[str]) -> Json:
    base = place.id(LETTER)
    event = successor.told(event, arguments.properties or ())
    here = {
        CALENDAR.container: {mailbox_id(place.folder.id): True},
        "isOrigin": is_origin(event, mine, place.folder.own),
    }
    whole = {"id": name, "baseEventId": base if name != base else None, **here, **FIXED, **event}
    wanted = arguments.properties
    if wanted is not None and not set(COMPUTED).isdisjoint(wanted):
        whole |= dict(zip(COMPUTED, _times(event, zone), strict=True))
    if "recurrenceOverrides" in whole and (
        arguments.recurrence_overrides_before or arguments.recurrence_overrides_after
    ):
        whole["recurrenceOverrides"] = _between(event, arguments, zone)
    if arguments.reduce_participants and "participants" in whole:
        whole["participants"] = {key: each for key, each in event["participants"].items() if _matters(each, mine)}
    return whole if wanted is None else {each: whole[each] for each in ("id", *wanted) if each in whole}


def is_origin(event: Json, mine: frozenset[str], own: bool) -> bool:
    """Whether changes of it are for here to make: nobody else organizes it."""
    reply = (event.get("replyTo") or {}).get("imip")
    return own and (reply is None or address(str(reply)) in mine)


def _matters(person: Mapping[str, Any], mine: frozenset[str]) -> bool:
    ways = [address(str(each)) for each in (person.get("sendTo") or {}).values()]
    return bool((person.get("roles") or {}).get("owner")) or not mine.isdisjoint(ways)


def _zone_of(event: Json, zone: tzinfo) -> tzinfo:
    """The zone that an event is in; what floats is in that of who looks."""
    try:
        return zone_of(event.get("timeZone"), {}) or zone
    except ValueError:
        return zone


def start_of(event: Json, zone: tzinfo, start: str | None = None) -> int:
    """When it begins: seconds since 1970."""
    return utc_seconds(moment(start or str(event["start"])), _zone_of(event, zone))


def _times(event: Json, zone: tzinfo) -> tuple[str | None, str | None]:
    """`utcStart` and `utcEnd`."""
    if not event.get("start"):
        return None, None
    begin, lasts = start_of(event, zone), duration(event.get("duration") or "PT0S")
    if lasts.days and not lasts.seconds:
        end = utc_seconds(moment(event["start"]) + lasts, _zone_of(event, zone))
    else:
        end = begin + int(lasts.total_seconds())
    return utc_text(begin), utc_text(end)


def utc_text(seconds: int) -> str:
    """A time in UTC."""
    return local(seconds, None).strftime("%Y-%m-%dT%H:%M:%SZ")


def _between(event: Json, arguments: Arguments, zone: tzinfo) -> Json:
    """The overrides of the times that are asked for."""
    low, high = arguments.recurrence_overrides_after, arguments.recurrence_overrides_before
    first = _seconds(low) if low is not None else None
    last = _seconds(high) if high is not None else None

    def holds(key: str) -> bool:
        at = start_of(event, zone, key)
        return (first is None or at >= first) and (last is None or at < last)

    return {key: patch for key, patch in event["recurrenceOverrides"].items() if holds(key)}


def _seconds(utc: str) -> int:
    return utc_seconds(datetime.fromisoformat(utc.rstrip("Z").partition(".")[0]), None)
