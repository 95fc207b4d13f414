"""Start, end and length: DTSTART, DTEND, DUE and DURATION, which hang together. RFC 8984 §4.7, §5.1, §5.2."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any, Final

from groupware.calendar.series import Zones, when
from groupware.calendar.values import duration
from groupware.calendar.zones import local, utc_seconds
from groupware.model.content import Line
from groupware.model.jsonlines import params_of

from .lines import line_with
from .values import UTC_NAME, duration_text, ical_time, is_duration, json_time, moment, zone_name, zone_of

Json = dict[str, Any]
DAY: Final = timedelta(days=1)
LENGTH: Final = {"VEVENT": "duration", "VTODO": "estimatedDuration"}
END: Final = {"VEVENT": "DTEND", "VTODO": "DUE"}


@dataclass(frozen=True, slots=True)
class Timed:
    """What a time of JSCalendar is in: the zone and its name, and whether it is a date alone."""

    name: str | None
    zone: tzinfo | None
    day: bool
    tzid: str = ""

    @classmethod
    def of(cls, given: Mapping[str, Any], zones: Zones) -> Timed:
        """Of an object. `ValueError` for a zone that nobody knows."""
        name = given.get("timeZone")
        if given.get("showWithoutTime") is True or name is None:
            return cls(None, None, given.get("showWithoutTime") is True)
        said = ((given.get("iCalendar") or {}).get("convertedProperties") or {}).get("start") or {}
        tzid = str((said.get("parameters") or {}).get("tzid") or "")
        if not tzid or zone_name(tzid) != name:
            tzid = name.removeprefix("/")
        return cls(name, zone_of(name, zones), False, tzid)

    def line(self, name: str, at: datetime) -> Line:
        """A property with a local time."""
        if self.day:
            return Line(name, {"VALUE": ("DATE",)}, ical_time(at, day=True), 0)
        if self.name == UTC_NAME:
            return Line(name, {}, ical_time(at, utc=True), 0)
        params = {"TZID": (self.tzid,)} if self.name is not None else {}
        return Line(name, params, ical_time(at), 0)


def zone_in(line: Line) -> str | None:
    """The name of the zone that a time is in."""
    if line.value.strip().upper().endswith("Z"):
        return UTC_NAME
    return zone_name(line.param("TZID")) if line.param("TZID") else None


def start_of(line: Line, found: Json, said: Json) -> bool:
    """Puts in what DTSTART says; False: it cannot be told."""
    day = "T" not in line.value.upper()
    found["start"] = json_time(line.value)
    found["timeZone"] = None if day else zone_in(line)
    if day:
        found["showWithoutTime"] = True
    left = params_of(line, frozenset({"VALUE", "TZID"}))
    if line.param("TZID") and line.param("TZID") != str(found["timeZone"]).removeprefix("/"):
        left["tzid"] = line.param("TZID")
    if left:
        said["start"] = {"name": "dtstart", "parameters": left}
    return True


def start_line(given: Mapping[str, Any], said: Json, zones: Zones, name: str = "DTSTART") -> Line | None:
    """The line that says when it begins. `ValueError`."""
    if not given.get("start"):
        return None
    timed = Timed.of(given, zones)
    line = timed.line(name, moment(str(given["start"])))
    return line_with(line, _left(said.get("start")))


def _left(entry: Any) -> Json:
    """What is said beside, without a TZID, which is looked at elsewhere."""
    return {name: each for name, each in ((entry or {}).get("parameters") or {}).items() if name != "tzid"}


def length_of(kind: str, line: Line, start: Line | None, zones: Zones, found: Json, said: Json) -> bool:
    """Puts in what DTEND, DUE or DURATION says; False: it cannot be told."""
    member = LENGTH[kind]
    if line.name == "DURATION":
        value = line.value.strip().upper()
        found[member] = value if is_duration(value) else duration_text(max(duration(value), timedelta(0)))
        said[member] = {"name": "duration", "parameters": params_of(line, frozenset({"VALUE"}))}
        return is_duration(value)
    if line.name == "DUE":
        return _due(line, start, found, said)
    if start is None:
        return False
    begin, end = when(start, zones), when(line, zones)
    lasts = end.at - begin.at if begin.day or end.day else timedelta(seconds=end.seconds - begin.seconds)
    if not begin.day and end.zone == begin.zone and not (end.at - begin.at) % DAY:
        lasts = end.at - begin.at
    found[member] = duration_text(max(lasts, timedelta(0)), day=begin.day)
    same = {"TZID"} if line.params.get("TZID") == start.params.get("TZID") else set()
    left = params_of(line, frozenset({"VALUE", *same}))
    if left or (begin.day and lasts == DAY):
        said[member] = {"name": "dtend", "parameters": left}
    return True


def _due(line: Line, start: Line | None, found: Json, said: Json) -> bool:
    zone = zone_in(line)
    if start is not None and "T" in line.value.upper() and zone_in(start) != zone:
        return False
    found["due"] = json_time(line.value)
    if start is None:
        found["timeZone"] = None if "T" not in line.value.upper() else zone
        found |= {} if "T" in line.value.upper() else {"showWithoutTime": True}
    left = params_of(line, frozenset({"VALUE", "TZID"}))
    if line.param("TZID") and line.param("TZID") != str(zone).removeprefix("/") and start is None:
        said["start"] = {"name": "due", "parameters": {"tzid": line.param("TZID")}}
    if left:
        said["due"] = {"name": "due", "parameters": left}
    return True


def length_lines(kind: str, given: Mapping[str, Any], said: Json, zones: Zones) -> Iterator[Line]:
    """The lines that say when it ends. `ValueError`."""
    member = LENGTH[kind]
    if kind == "VTODO" and given.get("due"):
        line = Timed.of(given, zones).line("DUE", moment(str(given["due"])))
        yield line_with(line, _left(said.get("due")))
    text = given.get(member)
    entry = said.get(member) or {}
    if not text or not given.get("start"):
        if text:
            yield Line("DURATION", {}, str(text), 0)
        return
    plain = not entry and given.get("showWithoutTime") is True and text == "P1D"
    if kind == "VTODO" or entry.get("name") == "duration":
        yield line_with(Line("DURATION", {}, str(text), 0), entry.get("parameters") or {})
    elif not plain:
        yield _end(given, str(text), entry.get("parameters") or {}, zones)


def _end(given: Mapping[str, Any], text: str, left: Mapping[str, Any], zones: Zones) -> Line:
    timed, lasts = Timed.of(given, zones), duration(text)
    begin = moment(str(given["start"]))
    tzid = left.get("tzid")
    seconds = utc_seconds(begin, timed.zone) + int(lasts.total_seconds())
    if isinstance(tzid, str) and not timed.day and tzid in zones:
        return line_with(Line("DTEND", {}, ical_time(local(seconds, zones[tzid])), 0), left)
    whole = timed.zone is None or not lasts % DAY
    line = timed.line("DTEND", begin + lasts if whole else local(seconds, timed.zone))
    return line_with(line, {name: each for name, each in left.items() if name != "tzid"})
