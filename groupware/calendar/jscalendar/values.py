"""Values of iCalendar as JSCalendar writes them: times, durations, recurrence rules. RFC 8984 §1.4, §4.3.3."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo

from groupware.calendar.values import is_date, local_time
from groupware.calendar.zones import known_zone, local, utc_seconds

Json = dict[str, Any]
UTC_NAME: Final = "Etc/UTC"
_NTH: Final = re.compile(r"([+-]?\d{1,3})?(MO|TU|WE|TH|FR|SA|SU)\Z")
_DURATION: Final = re.compile(r"P(?:\d+W|(?=\d|T)(?:\d+D)?(?:T(?=\d)(?:\d+H)?(?:\d+M)?(?:\d+S)?)?)\Z")
_LOCAL: Final = "%Y-%m-%dT%H:%M:%S"


def zone_name(tzid: str) -> str:
    """What JSCalendar calls a TZID: the name of the IANA database, or its own behind a slash."""
    zone = known_zone(tzid)
    if isinstance(zone, ZoneInfo):
        return zone.key
    return UTC_NAME if zone is not None else f"/{tzid}"


def zone_of(name: str | None, zones: Mapping[str, tzinfo]) -> tzinfo | None:
    """The zone of that name; None: what floats. `ValueError` for one that nobody knows."""
    if name is None:
        return None
    found = zones.get(name.removeprefix("/")) if name.startswith("/") else known_zone(name)
    if found is None:
        raise ValueError(f"{name[:60]!r} is no time zone")
    return found


def json_time(text: str) -> str:
    """A DATE or DATE-TIME as a local date-time."""
    return local_time(text).strftime(_LOCAL).rjust(19, "0")


def utc_time(text: str) -> str | None:
    """A DATE-TIME in UTC as a UTC date-time; None for another one."""
    return json_time(text) + "Z" if text.endswith("Z") and not is_date(text) else None


def moment(text: str) -> datetime:
    """A local date-time as a value. `ValueError`."""
    return datetime.fromisoformat(text)


def ical_time(at: datetime, *, day: bool = False, utc: bool = False) -> str:
    """A time as iCalendar writes it."""
    text = f"{at.year:04}{at.month:02}{at.day:02}"
    return text if day else f"{text}T{at.hour:02}{at.minute:02}{at.second:02}{'Z' if utc else ''}"


def stamp(utc: str) -> str:
    """A UTC date-time as iCalendar writes it."""
    return ical_time(moment(utc.removesuffix("Z").partition(".")[0]), utc=True)


def is_duration(text: str) -> bool:
    """Whether it is a duration that both know."""
    return bool(_DURATION.match(text))


def duration_text(length: timedelta, *, day: bool = False) -> str:
    """A length as a duration: whole days as days, all else as hours, minutes and seconds."""
    seconds = int(length.total_seconds())
    if day or (seconds and not seconds % 86_400):
        return f"P{seconds // 86_400}D"
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    told = "".join(f"{each}{unit}" for each, unit in ((hours, "H"), (minutes, "M"), (seconds, "S")) if each)
    return f"PT{told or '0S'}"


_WORDS: Final = {"FREQ": "frequency", "RSCALE": "rscale", "SKIP": "skip"}
_NUMBERS: Final = {"INTERVAL": "interval", "COUNT": "count"}
_LISTS: Final = {
    "BYMONTHDAY": "byMonthDay",
    "BYYEARDAY": "byYearDay",
    "BYWEEKNO": "byWeekNo",
    "BYHOUR": "byHour",
    "BYMINUTE": "byMinute",
    "BYSECOND": "bySecond",
    "BYSETPOS": "bySetPosition",
}
RULE_MEMBERS: Final = frozenset(
    {*_WORDS.values(), *_NUMBERS.values(), *_LISTS.values(), "byMonth", "byDay", "until", "firstDayOfWeek", "@type"}
)


def rule_of(text: str, zone: tzinfo | None) -> Json:
    """An RRULE as a RecurrenceRule. `ValueError` for one that has something that JSCalendar has not."""
    found: Json = {"@type": "RecurrenceRule"}
    for part in text.upper().rstrip(";").split(";"):
        name, _, value = part.partition("=")
        if name in _WORDS:
            found[_WORDS[name]] = value.lower()
        elif name in _NUMBERS:
            found[_NUMBERS[name]] = int(value)
        elif name in _LISTS:
            found[_LISTS[name]] = [int(each) for each in value.split(",")]
        elif name == "BYMONTH":
            found["byMonth"] = [str(each) for each in value.split(",")]
        elif name == "WKST":
            found["firstDayOfWeek"] = value.lower()
        elif name == "BYDAY":
            found["byDay"] = [_nth(each) for each in value.split(",")]
        elif name == "UNTIL":
            found["until"] = _until(value, zone)
        else:
            raise ValueError(f"{name[:20]!r} is no part of a rule that JSCalendar knows")
    return found


def _nth(text: str) -> Json:
    found = _NTH.match(text)
    if found is None:
        raise ValueError(f"{text[:20]!r} is no day")
    day: Json = {"@type": "NDay", "day": found[2].lower()}
    return {**day, "nthOfPeriod": int(found[1])} if found[1] else day


def _until(value: str, zone: tzinfo | None) -> str:
    if value.endswith("Z") and zone is not None:
        return local(utc_seconds(local_time(value), None), zone).strftime(_LOCAL).rjust(19, "0")
    return json_time(value)


def rule_text(rule: Mapping[str, Any], zone: tzinfo | None, *, day: bool) -> str:
    """A RecurrenceRule as an RRULE. `ValueError`, `KeyError`."""
    parts = [f"{name}={str(rule[member]).upper()}" for name, member in _WORDS.items() if member in rule]
    if "until" in rule:
        at = moment(str(rule["until"]))
        if day or zone is None:
            parts.append(f"UNTIL={ical_time(at, day=day)}")
        else:
            parts.append(f"UNTIL={ical_time(local(utc_seconds(at, zone), None), utc=True)}")
    parts += [f"{name}={int(rule[member])}" for name, member in _NUMBERS.items() if member in rule]
    parts += [
        f"{name}={','.join(str(int(n)) for n in rule[member])}" for name, member in _LISTS.items() if member in rule
    ]
    if "byMonth" in rule:
        parts.append(f"BYMONTH={','.join(map(str, rule['byMonth']))}")
    if "byDay" in rule:
        days = [f"{each.get('nthOfPeriod', '')}{each['day'].upper()}" for each in rule["byDay"]]
        parts.append(f"BYDAY={','.join(days)}")
    if "firstDayOfWeek" in rule:
        parts.append(f"WKST={rule['firstDayOfWeek'].upper()}")
    return ";".join(parts)
