"""Recurrence: rules of JSCalendar as ActiveSync has them, and back. MS-ASCAL §2.2.2.37, MS-ASTASK §2.2.2.18.

A rule that it cannot say is not told; a device that leaves it out then does not take it away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any, Final

from connectors.activesync.element import Element, el
from connectors.activesync.times import long_time, read_time, seconds_of, short_time
from groupware.calendar.zones import local, utc_seconds

Json = dict[str, Any]
DAYS: Final = ("su", "mo", "tu", "we", "th", "fr", "sa")
EVERY_DAY: Final = 127
_DAILY, _WEEKLY, _MONTHLY, _MONTHLY_NTH, _YEARLY, _YEARLY_NTH = 0, 1, 2, 3, 5, 6
_KNOWN: Final = frozenset(
    {"@type", "frequency", "interval", "firstDayOfWeek", "byDay", "byMonthDay", "byMonth", "bySetPosition", "count"}
) | {"until", "skip", "rscale"}
_GREGORIAN: Final = 1
_OTHER_MONTHS: Final = frozenset({6, 8, 14, 15, 20})
"""CalendarType of those with other months. MS-ASCAL §2.2.2.9."""
_LAST: Final = 5
_NAMES: Final = {0: "daily", 1: "weekly", 2: "monthly", 3: "monthly", 5: "yearly", 6: "yearly"}
_FORM: Final = "%Y-%m-%dT%H:%M:%S"


def mask_of(days: Sequence[Mapping[str, Any]]) -> int:
    """Days of the week as bits, Sunday the lowest."""
    return sum({1 << DAYS.index(str(each["day"])) for each in days})


def days_in(mask: int) -> list[str]:
    """The days that bits mean."""
    return [day for bit, day in enumerate(DAYS) if mask & 1 << bit]


def told(
    space: str, rules: Sequence[Mapping[str, Any]], start: datetime, zone: tzinfo | None, version: int
) -> list[Element]:
    """The elements of Recurrence for the rules of an object; none: they cannot be said."""
    if len(rules) != 1 or rules[0].keys() - _KNOWN:
        return []
    rule = rules[0]
    shape = _shape(rule, start)
    if shape is None:
        return []
    kind, facts = shape
    write = long_time if space == "Tasks" else short_time
    until = None
    if "until" in rule:
        until = write(utc_seconds(datetime.fromisoformat(str(rule["until"])), zone))
    first = rule.get("firstDayOfWeek")
    later = "Email2" if space == "Email" else space
    return [
        each
        for each in (
            el(f"{space}:Type", kind),
            el(f"{space}:Interval", int(rule.get("interval", 1))),
            *(el(f"{space}:{name}", number) for name, number in facts.items()),
            el(f"{space}:Until", until) if until is not None else None,
            el(f"{space}:Occurrences", int(rule["count"])) if "count" in rule else None,
            el(f"{later}:CalendarType", _GREGORIAN) if version >= 140 and kind > _WEEKLY else None,
            el(f"{later}:FirstDayOfWeek", DAYS.index(first)) if first and version >= 141 else None,
        )
        if each is not None
    ]


def _shape(rule: Mapping[str, Any], start: datetime) -> tuple[int, dict[str, int]] | None:
    """The type and what makes it out; None: there is none."""
    days, month_days = list(rule.get("byDay") or ()), list(rule.get("byMonthDay") or ())
    months, positions = list(rule.get("byMonth") or ()), list(rule.get("bySetPosition") or ())
    plain = [each for each in days if not each.get("nthOfPeriod")]
    freq = rule["frequency"]
    if freq == "daily":
        if days or month_days or months or positions:
            return (_WEEKLY, {"DayOfWeek": mask_of(days)}) if plain == days and not (month_days or months) else None
        return _DAILY, {}
    if freq == "weekly":
        if plain != days or month_days or months or positions:
            return None
        return _WEEKLY, {"DayOfWeek": mask_of(days) if days else 1 << (start.weekday() + 1) % 7}
    if freq == "monthly" and not months:
        found = _in_month(days, month_days, positions, start)
        return None if found is None else (_MONTHLY_NTH if "WeekOfMonth" in found else _MONTHLY, found)
    if freq == "yearly" and len(months) <= 1 and all(str(each).isdigit() for each in months):
        found = _in_month(days, month_days, positions, start)
        if found is None or (days and not months):
            return None
        month = int(months[0]) if months else start.month
        return _YEARLY_NTH if "WeekOfMonth" in found else _YEARLY, {**found, "MonthOfYear": month}
    return None


def _in_month(
    days: Sequence[Mapping[str, Any]], month_days: Sequence[int], positions: Sequence[int], start: datetime
) -> dict[str, int] | None:
    """Which day of a month."""
    if not days and not positions:
        if len(month_days) > 1 or (month_days and month_days[0] < -1):
            return None
        if month_days == [-1]:
            return {"DayOfWeek": EVERY_DAY, "WeekOfMonth": _LAST}
        return {"DayOfMonth": month_days[0] if month_days else start.day}
    if month_days or not days:
        return None
    nth = {each.get("nthOfPeriod", 0) for each in days}
    if len(days) == 1 and not positions:
        positions = [next(iter(nth))]
    elif nth != {0} or len(positions) != 1:
        return None
    week = _LAST if positions[0] == -1 else positions[0]
    return {"DayOfWeek": mask_of(days), "WeekOfMonth": week} if 1 <= week <= _LAST else None


def read(space: str, said: Element, zone: tzinfo | None) -> Json:
    """The rule that Recurrence says. ValueError."""
    if said.number(f"{space}:CalendarType", _GREGORIAN) in _OTHER_MONTHS:
        raise ValueError("only the Gregorian calendar can be stored")
    kind, interval = said.number(f"{space}:Type"), max(said.number(f"{space}:Interval", 1), 1)
    mask, day = said.number(f"{space}:DayOfWeek"), said.number(f"{space}:DayOfMonth")
    week, month = said.number(f"{space}:WeekOfMonth"), said.number(f"{space}:MonthOfYear")
    if kind not in _NAMES or mask > EVERY_DAY or day > 31 or week > _LAST or month > 12:
        raise ValueError("this is no recurrence")
    rule: Json = {"@type": "RecurrenceRule", "frequency": _NAMES[kind]}
    if kind == _DAILY and mask:
        rule["frequency"] = "weekly"
    if interval > 1:
        rule["interval"] = interval
    if mask and kind in (_DAILY, _WEEKLY):
        rule["byDay"] = [{"@type": "NDay", "day": each} for each in days_in(mask)]
    if kind in (_YEARLY, _YEARLY_NTH) and month:
        rule["byMonth"] = [str(month)]
    if kind in (_MONTHLY, _YEARLY) and day:
        rule["byMonthDay"] = [day]
    if kind in (_MONTHLY_NTH, _YEARLY_NTH):
        rule |= _nth(mask, week)
    return rule | _end(space, said, zone)


def _end(space: str, said: Element, zone: tzinfo | None) -> Json:
    """When it ends, and on which day a week begins."""
    found: Json = {}
    if said.child(f"{space}:Occurrences") is not None:
        found["count"] = max(said.number(f"{space}:Occurrences"), 1)
    elif said.value(f"{space}:Until"):
        until = read_time(said.value(f"{space}:Until"))
        if until is None:
            raise ValueError("Until is no time")
        found["until"] = local(seconds_of(until), zone).strftime(_FORM).rjust(19, "0")
    first = said.child(f"{space}:FirstDayOfWeek")
    if first is not None and said.number(f"{space}:FirstDayOfWeek") < 7:
        found["firstDayOfWeek"] = DAYS[said.number(f"{space}:FirstDayOfWeek")]
    return found


def _nth(mask: int, week: int) -> Json:
    position = -1 if week == _LAST else week or 1
    if mask == EVERY_DAY and position == -1:
        return {"byMonthDay": [-1]}
    days = days_in(mask)
    if not days:
        raise ValueError("a day of the week is missing")
    if len(days) == 1:
        return {"byDay": [{"@type": "NDay", "day": days[0], "nthOfPeriod": position}]}
    return {"byDay": [{"@type": "NDay", "day": each} for each in days], "bySetPosition": [position]}
