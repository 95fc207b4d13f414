"""Recurrence: Exchange's patterns and ranges, and rules of JSCalendar. MS-OXWSCDATA §2.2.4.50 and those around it.

A rule that Exchange has no pattern for is not told, and stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from connectors.bounded_xml import Element
from connectors.ews.errors import EwsError
from connectors.ews.wire import Xml, children, local, number, tag, words
from connectors.exchange.regenerating import REGENERATES, is_so

Json = dict[str, Any]
DAYS: Final = {
    "Sunday": "su",
    "Monday": "mo",
    "Tuesday": "tu",
    "Wednesday": "we",
    "Thursday": "th",
    "Friday": "fr",
    "Saturday": "sa",
}
_NAMES: Final = {short: name for name, short in DAYS.items()}
_SETS: Final = {
    "Day": frozenset(DAYS.values()),
    "Weekday": frozenset(("mo", "tu", "we", "th", "fr")),
    "WeekendDay": frozenset(("sa", "su")),
}
_NTH: Final = {"First": 1, "Second": 2, "Third": 3, "Fourth": 4, "Last": -1}
_WORDS: Final = {value: name for name, value in _NTH.items()}
MONTHS: Final = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_REGENERATIONS: Final = {
    "DailyRegeneration": "daily",
    "WeeklyRegeneration": "weekly",
    "MonthlyRegeneration": "monthly",
    "YearlyRegeneration": "yearly",
}
"""Patterns of tasks that come again some time after they were done."""
_KNOWN: Final = frozenset(
    [
        "@type",
        "frequency",
        "interval",
        "byDay",
        "byMonthDay",
        "byMonth",
        "bySetPosition",
        "count",
        "until",
        "firstDayOfWeek",
    ]
)


def recurrence_xml(event: Mapping[str, Any]) -> Xml | None:
    """The Recurrence of an event or task; None where there is none, or none that Exchange could say."""
    rules, start = event.get("recurrenceRules") or [], str(event.get("start") or event.get("due") or "")[:10]
    if len(rules) != 1 or not start or rules[0].keys() - _KNOWN:
        return None
    rule = rules[0]
    pattern = _regeneration(rule) if is_so(event, REGENERATES) else _pattern(rule, date.fromisoformat(start))
    return Xml(pattern + _range(rule, start)) if pattern is not None else None


def _range(rule: Json, start: str) -> Xml:
    first = tag("StartDate", start)
    if rule.get("count"):
        return tag("NumberedRecurrence", Xml(first + tag("NumberOfOccurrences", rule["count"])))
    if rule.get("until"):
        return tag("EndDateRecurrence", Xml(first + tag("EndDate", str(rule["until"])[:10])))
    return tag("NoEndRecurrence", first)


def _regeneration(rule: Json) -> Xml | None:
    name = next((name for name, each in _REGENERATIONS.items() if each == rule["frequency"]), None)
    return tag(name, tag("Interval", rule.get("interval", 1))) if name is not None else None


def _pattern(rule: Json, first: date) -> Xml | None:
    interval = tag("Interval", rule.get("interval", 1))
    found = rule.get("byDay") or []
    days, nth = [each["day"] for each in found], {each.get("nthOfPeriod") for each in found} - {None}
    months, month_days, place = rule.get("byMonth"), rule.get("byMonthDay"), rule.get("bySetPosition")
    match rule["frequency"]:
        case "daily" if not (days or months or month_days or place):
            return tag("DailyRecurrence", interval)
        case "weekly" if not (nth or months or month_days or place):
            said = " ".join(_NAMES[each] for each in days or [list(DAYS.values())[first.isoweekday() % 7]])
            week = tag("FirstDayOfWeek", _NAMES[rule.get("firstDayOfWeek", "mo")])
            return tag("WeeklyRecurrence", Xml(interval + tag("DaysOfWeek", said) + week))
        case "monthly" if not months:
            return _monthly(interval, days, nth, month_days or [], place or [], first)
        case "yearly" if rule.get("interval", 1) == 1:
            return _yearly(days, nth, months or [], month_days or [], place or [], first)
    return None


def _monthly(
    interval: Xml, days: list[str], nth: set[Any], month_days: list[int], place: list[int], first: date
) -> Xml | None:
    if not days:
        day = month_days[0] if len(month_days) == 1 else first.day if not month_days else 0
        return (
            tag("AbsoluteMonthlyRecurrence", Xml(interval + tag("DayOfMonth", day))) if day > 0 and not place else None
        )
    said = _relative(days, nth, month_days, place)
    return tag("RelativeMonthlyRecurrence", Xml(interval + said)) if said is not None else None


def _yearly(
    days: list[str], nth: set[Any], months: list[str], month_days: list[int], place: list[int], first: date
) -> Xml | None:
    if len(months) > 1 or any(not each.isdigit() for each in months):
        return None
    month = tag("Month", MONTHS[(int(months[0]) if months else first.month) - 1])
    if not days:
        day = month_days[0] if len(month_days) == 1 else first.day if not month_days else 0
        return tag("AbsoluteYearlyRecurrence", Xml(tag("DayOfMonth", day) + month)) if day > 0 and not place else None
    said = _relative(days, nth, month_days, place) if months else None
    return tag("RelativeYearlyRecurrence", Xml(said + month)) if said is not None else None


def _relative(days: list[str], nth: set[Any], month_days: list[int], place: list[int]) -> Xml | None:
    """DaysOfWeek and DayOfWeekIndex."""
    if month_days or len(nth) + len(place) != 1:
        return None
    index = _WORDS.get(next(iter(nth)) if nth else place[0])
    name = _NAMES[days[0]] if len(days) == 1 else next((n for n, each in _SETS.items() if each == set(days)), None)
    if index is None or name is None or (nth and len(days) > 1):
        return None
    return Xml(tag("DaysOfWeek", name) + tag("DayOfWeekIndex", index))


# --- and back ---------------------------------------------------------------------------------------------------------


def rule_of(element: Element) -> Json:
    """The rule that a Recurrence is. `EwsError`."""
    parts = {local(each): each for each in children(element)}
    if len(parts) != 2:
        raise _bad("a Recurrence has a pattern and a range")
    rule: Json = {"@type": "RecurrenceRule"}
    for name, each in parts.items():
        make = _PATTERNS.get(name) or _RANGES.get(name)
        if make is None:
            raise _bad(f"{name[:40]}: this is not known here")
        rule |= make(each)
    if "frequency" not in rule:
        raise _bad("a Recurrence has a pattern")
    if rule.get("interval") == 1:
        del rule["interval"]
    return rule


def _bad(text: str) -> EwsError:
    return EwsError("ErrorCalendarInvalidRecurrence", text)


def _count(element: Element, name: str, least: int = 1, most: int = 999) -> int:
    found = number(words(element, name), name, least, most)
    if found is None:
        raise _bad(f"{name} is missing")
    return found


def _days(element: Element) -> list[str]:
    names = (words(element, "DaysOfWeek") or "").split()
    found: list[str] = []
    for name in names:
        if name in DAYS:
            found.append(DAYS[name])
        elif name in _SETS:
            found += [each for each in DAYS.values() if each in _SETS[name]]
        else:
            raise _bad(f"DaysOfWeek: {name[:20]!r} is no day")
    if not found:
        raise _bad("DaysOfWeek names no day")
    return list(dict.fromkeys(found))


def _nth_days(element: Element) -> Json:
    days, word = _days(element), (words(element, "DayOfWeekIndex") or "").strip()
    if word not in _NTH:
        raise _bad(f"DayOfWeekIndex: {word[:20]!r} is not known")
    if len(days) == 1:
        return {"byDay": [{"@type": "NDay", "day": days[0], "nthOfPeriod": _NTH[word]}]}
    return {"byDay": [{"@type": "NDay", "day": each} for each in days], "bySetPosition": [_NTH[word]]}


def _month(element: Element) -> Json:
    name = (words(element, "Month") or "").strip()
    if name not in MONTHS:
        raise _bad(f"Month: {name[:20]!r} is no month")
    return {"byMonth": [str(MONTHS.index(name) + 1)]}


def _weekly(element: Element) -> Json:
    days = [{"@type": "NDay", "day": each} for each in _days(element)]
    first = DAYS.get((words(element, "FirstDayOfWeek") or "Monday").strip(), "mo")
    week = {"firstDayOfWeek": first} if first != "mo" else {}
    return {"frequency": "weekly", "interval": _count(element, "Interval"), "byDay": days, **week}


def regenerates(element: Element | None) -> bool:
    """Whether a Recurrence counts from when the task was done."""
    return any(local(each) in _REGENERATIONS for each in children(element))


_PATTERNS: Final[Mapping[str, Any]] = {
    **{
        name: lambda at, frequency=frequency: {"frequency": frequency, "interval": _count(at, "Interval")}
        for name, frequency in _REGENERATIONS.items()
    },
    "DailyRecurrence": lambda at: {"frequency": "daily", "interval": _count(at, "Interval")},
    "WeeklyRecurrence": _weekly,
    "AbsoluteMonthlyRecurrence": lambda at: {
        "frequency": "monthly",
        "interval": _count(at, "Interval"),
        "byMonthDay": [_count(at, "DayOfMonth", 1, 31)],
    },
    "RelativeMonthlyRecurrence": lambda at: {
        "frequency": "monthly",
        "interval": _count(at, "Interval"),
        **_nth_days(at),
    },
    "AbsoluteYearlyRecurrence": lambda at: {
        "frequency": "yearly",
        **_month(at),
        "byMonthDay": [_count(at, "DayOfMonth", 1, 31)],
    },
    "RelativeYearlyRecurrence": lambda at: {"frequency": "yearly", **_month(at), **_nth_days(at)},
}


def _until(element: Element) -> Json:
    text = (words(element, "EndDate") or "").strip()[:10]
    try:
        return {"until": f"{date.fromisoformat(text)}T23:59:59"}
    except ValueError:
        raise _bad(f"EndDate: {text!r} is no date") from None


_RANGES: Final[Mapping[str, Any]] = {
    "NoEndRecurrence": lambda at: {},
    "EndDateRecurrence": _until,
    "NumberedRecurrence": lambda at: {"count": _count(at, "NumberOfOccurrences")},
}
