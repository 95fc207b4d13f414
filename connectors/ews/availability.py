"""GetUserAvailability: when people are busy, and when all could meet. MS-OXWAVLS.

The times are those that CalDAV and JMAP tell: of calendars that count, for whom one may ask.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from connectors.bounded_xml import Element
from connectors.ews.errors import EwsError, ews_error, invalid
from connectors.ews.turn import Turn
from connectors.ews.wire import Xml, child, children, message, moment, needed, number, said_error, tag, words
from groupware.calendar.busy import FLOAT, Range, placed_of, together
from groupware.calendar.zones import known_zone
from groupware.model.errors import GroupwareError
from groupware.model.item import Placed, Span
from groupware.store.api import ReadTx

MOST: Final = 100
"""Mailboxes in one request."""
LONGEST: Final = 62 * 86_400
"""Seconds: Exchange allows 62 days."""
_BUSY: Final = {"B": "Busy", "T": "Tentative", "U": "OOF"}
_DIGITS: Final = {"B": "2", "T": "1", "U": "3"}


@dataclass(frozen=True, slots=True)
class Fixed(tzinfo):
    """A zone by the rules that the client gives: offsets in minutes, and when they change."""

    bias: int
    standard: tuple[int, int, int, int, int]
    """Bias, month (0: no change), the nth, day of the week (0: Sunday), minutes of the day."""
    daylight: tuple[int, int, int, int, int]

    def utcoffset(self, at: datetime | None) -> timedelta:
        """How far east of Greenwich."""
        return timedelta(minutes=-(self.bias + (self.daylight if self._summer(at) else self.standard)[0]))

    def dst(self, at: datetime | None) -> timedelta:
        """Not told apart."""
        return timedelta(0)

    def tzname(self, at: datetime | None) -> str:
        """It has none."""
        return "client"

    def _summer(self, at: datetime | None) -> bool:
        if at is None or not self.standard[1] or not self.daylight[1]:
            return False
        begin, end = (_change(at.year, rule) for rule in (self.daylight, self.standard))
        here = at.replace(tzinfo=None)
        return begin <= here < end if begin < end else not end <= here < begin


def _change(year: int, rule: tuple[int, int, int, int, int]) -> datetime:
    _, month, nth, weekday, minutes = rule
    first = datetime(year, month, 1)
    day = first + timedelta(days=(weekday - first.isoweekday()) % 7 + 7 * (nth - 1))
    while day.month != month:
        day -= timedelta(days=7)
    return day + timedelta(minutes=minutes)


_DAYS: Final = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")


def _zone(element: Element, turn: Turn) -> tzinfo:
    said = child(element, "TimeZone")
    if said is None:
        return known_zone(turn.zone or "UTC") or UTC
    bias = number(words(said, "Bias"), "Bias", -24 * 60, 24 * 60) or 0
    return Fixed(bias, _rule(child(said, "StandardTime")), _rule(child(said, "DaylightTime")))


def _rule(element: Element | None) -> tuple[int, int, int, int, int]:
    bias = number(words(element, "Bias"), "Bias", -24 * 60, 24 * 60) or 0
    month = number(words(element, "Month"), "Month", 0, 12) or 0
    nth = number(words(element, "DayOrder"), "DayOrder", 0, 5) or 1
    day = (words(element, "DayOfWeek") or "Sunday").strip()
    hours, _, rest = (words(element, "Time") or "00:00:00").strip().partition(":")
    try:
        minutes = int(hours) * 60 + int(rest[:2] or 0)
        return bias, month, nth, _DAYS.index(day), min(minutes, 1439)
    except ValueError:
        raise invalid("TimeZone: this is no rule of a zone") from None


@dataclass(frozen=True, slots=True)
class Busy:
    """When somebody is busy; or why that is not told."""

    address: str
    kind: str
    """AttendeeType."""
    times: Sequence[Span] = ()
    error: EwsError | None = None


async def get_user_availability(turn: Turn, element: Element) -> str:
    """`GetUserAvailability`."""
    zone = _zone(element, turn)
    options, wanted = child(element, "FreeBusyViewOptions"), child(element, "SuggestionsViewOptions")
    boxes = list(children(needed(element, "MailboxDataArray"), "MailboxData"))
    if len(boxes) > MOST:
        raise EwsError("ErrorTooManyObjectsOpened", f"more than {MOST} mailboxes")
    window = _window(options if options is not None else wanted, zone)
    found = [await _busy(turn, box, window) for box in boxes]
    answer = ""
    if options is not None:
        minutes = (
            number(words(options, "MergedFreeBusyIntervalInMinutes"), "MergedFreeBusyIntervalInMinutes", 5, 1440) or 30
        )
        view = (words(options, "RequestedView") or "FreeBusy").strip()
        rows = await asyncio.to_thread(lambda: [_told(each, window, minutes, view, zone) for each in found])
        answer += message("FreeBusyResponseArray", "".join(rows))
    if wanted is not None:
        answer += await asyncio.to_thread(_suggested, wanted, found, window, zone)
    return f"<m:GetUserAvailabilityResponse>{answer}</m:GetUserAvailabilityResponse>"


def _window(options: Element | None, zone: tzinfo) -> Range:
    name = "TimeWindow" if child(options, "TimeWindow") is not None else "DetailedSuggestionsWindow"
    window = needed(options, name) if options is not None else None
    ends = []
    for part in ("StartTime", "EndTime"):
        at = moment(words(window, part) or "", part)
        ends.append(int((at if at.tzinfo is not None else at.replace(tzinfo=zone)).timestamp()))
    if not 0 < ends[1] - ends[0] <= LONGEST:
        raise EwsError("ErrorInvalidTimeInterval", "EndTime is after StartTime, by 62 days at most")
    return Range(ends[0], ends[1])


async def _busy(turn: Turn, box: Element, window: Range) -> Busy:
    address = (words(box, "Email", "Address") or "").strip()
    kind = (words(box, "AttendeeType") or "Required").strip()

    def look(tx: ReadTx) -> tuple[Sequence[Placed], bytes]:
        return placed_of(tx, address, window.start - FLOAT, window.end + FLOAT)

    try:
        placed, said = await turn.read(look)
        return Busy(address, kind, await together(turn.parts.blobs, placed, window, said))
    except GroupwareError as error:
        code = "ErrorMailRecipientNotFound" if ews_error(error).code == "ErrorItemNotFound" else "ErrorNoFreeBusyAccess"
        return Busy(address, kind, error=EwsError(code, str(error)))


def _told(busy: Busy, window: Range, minutes: int, view: str, zone: tzinfo) -> Xml:
    if busy.error is not None:
        said = f'<m:ResponseMessage ResponseClass="Error">{said_error(busy.error)}</m:ResponseMessage>'
        return message(
            "FreeBusyResponse", said + "<m:FreeBusyView><t:FreeBusyViewType>None</t:FreeBusyViewType></m:FreeBusyView>"
        )
    kind = "FreeBusyMerged" if "Merged" in view or view.startswith("Detailed") else "FreeBusy"
    inside = tag("FreeBusyViewType", "MergedOnly" if view == "MergedOnly" else kind)
    if kind != "FreeBusy" or view == "MergedOnly":
        inside += tag("MergedFreeBusy", merged(busy.times, window, minutes))
    if view != "MergedOnly":
        rows = [
            tag(
                "CalendarEvent",
                Xml(
                    tag("StartTime", _local(each.start, zone))
                    + tag("EndTime", _local(each.end, zone))
                    + tag("BusyType", _BUSY[each.busy])
                ),
            )
            for each in busy.times
        ]
        inside += tag("CalendarEventArray", Xml("".join(rows))) if rows else ""
    ok = '<m:ResponseMessage ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode></m:ResponseMessage>'
    return message("FreeBusyResponse", f"{ok}<m:FreeBusyView>{inside}</m:FreeBusyView>")


def _local(seconds: int, zone: tzinfo) -> str:
    """A time in the zone of the client, without its offset, as Exchange gives it."""
    at = datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)
    for _ in range(2):
        at = datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None) + (
            at.replace(tzinfo=zone).utcoffset() or timedelta(0)
        )
    return at.strftime("%Y-%m-%dT%H:%M:%S")


def merged(times: Sequence[Span], window: Range, minutes: int) -> str:
    """One digit for each interval: the most that is taken in it."""
    step = minutes * 60
    count = min(-(-(window.end - window.start) // step), LONGEST // 300)
    digits = ["0"] * count
    for each in times:
        first = max(0, (each.start - window.start) // step)
        last = min(count, -(-(each.end - window.start) // step))
        for place in range(first, last):
            digits[place] = max(digits[place], _DIGITS[each.busy])
    return "".join(digits)


# --- suggestions ------------------------------------------------------------------------------------------------------


def _suggested(wanted: Element, found: Sequence[Busy], window: Range, zone: tzinfo) -> str:
    """Times of each day at which those can meet who have to, the best first."""
    minutes = number(words(wanted, "MeetingDurationInMinutes"), "MeetingDurationInMinutes", 30, 1440) or 60
    most = number(words(wanted, "MaximumResultsByDay"), "MaximumResultsByDay", 0, 48)
    outside = number(words(wanted, "MaximumNonWorkHourResultsByDay"), "MaximumNonWorkHourResultsByDay", 0, 48) or 0
    days: dict[str, list[tuple[int, int, str]]] = {}
    people = [_taken(each.times) for each in found if each.error is None and each.kind != "Room"]
    for start in range(-(-window.start // 1800) * 1800, window.end - minutes * 60 + 1, 1800):
        text = _local(start, zone)
        free = sum(_is_free(each, start, start + minutes * 60) for each in people)
        days.setdefault(text[:10], []).append((len(people) - free, start, text))
    rows = []
    for day, times in sorted(days.items()):
        inside_hours = [each for each in times if 8 <= int(each[2][11:13]) < 17]
        others = [each for each in times if each not in inside_hours]
        chosen = sorted(inside_hours)[: most if most is not None else 10] + sorted(others)[:outside]
        rows.append(_day(day, chosen))
    ok = '<m:ResponseMessage ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode></m:ResponseMessage>'
    return message("SuggestionsResponse", ok + message("SuggestionDayResultArray", "".join(rows)))


def _taken(times: Sequence[Span]) -> list[int]:
    """When somebody is taken, as moments at which that begins and ends, in turn."""
    found: list[int] = []
    for each in sorted(times):
        if found and each.start <= found[-1]:
            found[-1] = max(found[-1], each.end)
        else:
            found += [each.start, each.end]
    return found


def _is_free(taken: Sequence[int], start: int, end: int) -> bool:
    """Whether nothing is taken from one moment to another."""
    place = bisect_right(taken, start)
    return place % 2 == 0 and (place == len(taken) or taken[place] >= end)


def _day(day: str, times: Sequence[tuple[int, int, str]]) -> str:
    rows = [
        tag(
            "Suggestion",
            Xml(
                tag("MeetingTime", text)
                + tag("IsWorkTime", 8 <= int(text[11:13]) < 17)
                + tag("SuggestionQuality", _quality(busy))
                + tag("AttendeeConflictDataArray", "")
            ),
        )
        for busy, _, text in sorted(times, key=lambda each: each[1])
    ]
    best = _quality(min((busy for busy, _, _ in times), default=9))
    inside = tag("Date", f"{day}T00:00:00") + tag("DayQuality", best) + tag("SuggestionArray", Xml("".join(rows)))
    return tag("SuggestionDayResult", Xml(inside))


def _quality(busy: int) -> str:
    return ("Excellent", "Good", "Fair")[busy] if busy < 3 else "Poor"
