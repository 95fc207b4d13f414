"""RRULE: the recurrence rule of RFC 5545 §3.3.10, and the local times that it gives.

Nothing here loops for longer than its budget: a rule that never matches costs what one does that always does.
"""

from __future__ import annotations

import re
from calendar import isleap, monthrange
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import product
from typing import Final, NamedTuple

FREQUENCIES: Final = ("YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY", "SECONDLY")
WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
TICKS: Final = {"YEARLY": 500, "MONTHLY": 6_000}
MOST_TICKS: Final = 50_000
"""Periods that are looked at in one go."""
_NTH: Final = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)")
_RANGES: Final = {
    "BYSECOND": (0, 60, False),
    "BYMINUTE": (0, 59, False),
    "BYHOUR": (0, 23, False),
    "BYMONTHDAY": (1, 31, True),
    "BYYEARDAY": (1, 366, True),
    "BYWEEKNO": (1, 53, True),
    "BYMONTH": (1, 12, False),
    "BYSETPOS": (1, 366, True),
}
_STEP: Final = {
    "WEEKLY": timedelta(weeks=1),
    "DAILY": timedelta(days=1),
    "HOURLY": timedelta(hours=1),
    "MINUTELY": timedelta(minutes=1),
    "SECONDLY": timedelta(seconds=1),
}
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule; `until` is the local time of DTSTART's zone, and included."""

    freq: str
    interval: int = 1
    count: int | None = None
    until: str = ""
    wkst: int = 0
    months: tuple[int, ...] = ()
    weeks: tuple[int, ...] = ()
    yeardays: tuple[int, ...] = ()
    monthdays: tuple[int, ...] = ()
    days: tuple[tuple[int, int], ...] = ()
    """(which of its month or year, from the end when negative, 0: each; weekday, 0 is Monday)."""
    hours: tuple[int, ...] = ()
    minutes: tuple[int, ...] = ()
    seconds: tuple[int, ...] = ()
    setpos: tuple[int, ...] = ()

    @property
    def endless(self) -> bool:
        """Whether neither COUNT nor UNTIL ends it."""
        return self.count is None and not self.until


class Starts(NamedTuple):
    """Local times, in order; `complete` is up to when they are all there are, None: the rule has ended."""

    found: list[datetime]
    complete: datetime | None


def parse_rule(text: str) -> Rule:
    """The rule. `ValueError` says which part is wrong."""
    parts = _parts(text)
    freq = parts.pop("FREQ", "")
    if freq not in FREQUENCIES:
        raise ValueError(f"FREQ={freq[:20]!r} is none of {', '.join(FREQUENCIES)}")
    if "COUNT" in parts and "UNTIL" in parts:
        raise ValueError("it has COUNT and UNTIL; one of them is allowed")
    wkst = parts.pop("WKST", "MO")
    if wkst not in WEEKDAYS:
        raise ValueError(f"WKST={wkst[:20]!r} is no day of the week")
    rule = Rule(
        freq,
        _positive(parts, "INTERVAL") or 1,
        _positive(parts, "COUNT"),
        parts.pop("UNTIL", ""),
        WEEKDAYS.index(wkst),
        days=tuple(_days(parts.pop("BYDAY", ""))),
        **{name: _numbers(parts, key) for key, name in _NAMES.items()},
    )
    unknown = next((key for key in parts if not key.startswith("X-")), None)
    if unknown is not None:
        raise ValueError(f"{unknown[:40]!r} is no part of a rule")
    if rule.freq not in ("YEARLY", "MONTHLY") and any(nth for nth, _ in rule.days):
        rule = _without_ordinals(rule)
    return rule


def _parts(text: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    for each in text.strip().rstrip(";").split(";"):
        key, sign, value = each.partition("=")
        key = key.strip().upper()
        if not sign:
            raise ValueError(f"{each[:40]!r} is no NAME=value")
        if key in parts:
            raise ValueError(f"{key} is there twice")
        if key in ("RSCALE", "SKIP"):
            raise ValueError(f"{key} (RFC 7529) is not served; the Gregorian calendar alone is")
        parts[key] = value.strip().upper()
    return parts


_NAMES: Final = {
    "BYMONTH": "months",
    "BYWEEKNO": "weeks",
    "BYYEARDAY": "yeardays",
    "BYMONTHDAY": "monthdays",
    "BYHOUR": "hours",
    "BYMINUTE": "minutes",
    "BYSECOND": "seconds",
    "BYSETPOS": "setpos",
}


def _without_ordinals(rule: Rule) -> Rule:
    """Numbers before days mean something in months and years alone; clients that write them elsewhere mean each."""
    days = tuple(dict.fromkeys((0, day) for _, day in rule.days))
    values = {name: getattr(rule, name) for name in rule.__slots__}
    return Rule(**{**values, "days": days})


def _positive(parts: dict[str, str], key: str) -> int | None:
    value = parts.pop(key, None)
    if value is None:
        return None
    if not value.isdecimal() or not 0 < int(value) < 1_000_000:
        raise ValueError(f"{key}={value[:20]!r} is no number from 1 to 999999")
    return int(value)


def _numbers(parts: dict[str, str], key: str) -> tuple[int, ...]:
    value = parts.pop(key, "")
    if not value:
        return ()
    low, high, negative = _RANGES[key]
    found = set()
    for each in value.split(","):
        number = int(each) if re.fullmatch(r"[+-]?\d{1,3}", each.strip()) else None
        if number is None or not (low <= number <= high or (negative and low <= -number <= high)):
            raise ValueError(f"{key} has {each[:20]!r}, and takes {low} to {high}")
        found.add(min(number, 59) if key == "BYSECOND" else number)
    return tuple(sorted(found))


def _days(value: str) -> Iterator[tuple[int, int]]:
    for each in value.split(",") if value else ():
        found = _NTH.fullmatch(each.strip())
        if found is None or found[1] in ("0", "+0", "-0"):
            raise ValueError(f"BYDAY has {each[:20]!r}, which is no day of the week")
        yield int(found[1] or 0), WEEKDAYS.index(found[2])


# --- what it gives ----------------------------------------------------------------------------------------------------


def starts(
    rule: Rule,
    begin: datetime,
    until: datetime | None,
    stop: datetime,
    most: int = 10_000,
    since: datetime = datetime.min,
) -> Starts:
    """The times from `begin` (DTSTART) up to `stop`, at most so many; `until` is UNTIL as a local time.

    Those before `since` are passed over, ten times as many at most.
    """
    found: list[datetime] = []
    made, ends = 0, until is not None and until <= stop
    last = min(stop, until) if until is not None else stop
    here, ticks = begin, TICKS.get(rule.freq, MOST_TICKS)
    for number, (here, times) in enumerate(_periods(rule, begin, since)):
        if here.toordinal() > last.toordinal() + 367:
            break
        for each in times:
            if each < begin:
                continue
            if each > last:
                return Starts(found, None if ends else stop)
            made += 1
            if each >= since:
                found.append(each)
            if made == rule.count:
                return Starts(found, None)
            if len(found) >= most or made >= most * 10:
                return Starts(found, each)
        if number >= ticks:
            return Starts(found, here)
    far = min(stop, here) if here.year > 9990 else stop
    return Starts(found, None if ends else far)


def _periods(rule: Rule, begin: datetime, since: datetime) -> Iterator[tuple[datetime, Iterable[datetime]]]:
    """(when a period begins or later, the times in it), one after the other.

    Short ones begin at `since`, unless those before have to be counted.
    """
    times = list(product(*_clock(rule, begin)))
    if rule.freq in ("HOURLY", "MINUTELY", "SECONDLY"):
        yield from _short(rule, begin, since if rule.count is None else begin)
        return
    for day, days in _day_sets(rule, begin):
        found: Iterable[datetime] = (
            datetime.combine(each, time(hour, minute, second)) for each in days for hour, minute, second in times
        )
        yield datetime.combine(day, time()), _chosen(rule, found)


def _clock(rule: Rule, begin: datetime) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    return rule.hours or (begin.hour,), rule.minutes or (begin.minute,), rule.seconds or (begin.second,)


def _chosen(rule: Rule, times: Iterable[datetime]) -> Iterable[datetime]:
    """Those that BYSETPOS picks out of a period, or all."""
    if not rule.setpos:
        return times
    all_ = list(times)
    picked = {each - 1 if each > 0 else len(all_) + each for each in rule.setpos}
    return [all_[each] for each in sorted(picked) if 0 <= each < len(all_)]


def _short(rule: Rule, begin: datetime, since: datetime) -> Iterator[tuple[datetime, Iterable[datetime]]]:
    """Periods of an hour or less."""
    _, minutes, seconds = _clock(rule, begin)
    step = _STEP[rule.freq] * rule.interval
    here = begin.replace(
        minute=0 if rule.freq == "HOURLY" else begin.minute, second=begin.second if rule.freq == "SECONDLY" else 0
    )
    here += max((since - here) // step, 0) * step
    try:
        while True:
            yield here, _chosen(rule, _inside(rule, here, minutes, seconds) if _admits(rule, here) else ())
            here += step
    except OverflowError:
        return


def _admits(rule: Rule, here: datetime) -> bool:
    """Whether the parts that only limit let this period through."""
    return (
        (not rule.hours or here.hour in rule.hours)
        and (rule.freq == "HOURLY" or not rule.minutes or here.minute in rule.minutes)
        and (rule.freq != "SECONDLY" or not rule.seconds or here.second in rule.seconds)
        and _limits(rule, here.date())
    )


def _inside(rule: Rule, here: datetime, minutes: tuple[int, ...], seconds: tuple[int, ...]) -> Iterable[datetime]:
    if rule.freq == "SECONDLY":
        return (here,)
    if rule.freq == "MINUTELY":
        return (here.replace(second=second) for second in seconds)
    return (here.replace(minute=minute, second=second) for minute in minutes for second in seconds)


def _limits(rule: Rule, day: date) -> bool:
    """Whether a day passes the parts that name days, each taken as a limit."""
    if rule.months and day.month not in rule.months:
        return False
    if rule.monthdays and not _is_monthday(rule, day):
        return False
    if rule.yeardays and not _is_yearday(rule, day):
        return False
    return not rule.days or any(weekday == day.weekday() for _, weekday in rule.days)


def _is_monthday(rule: Rule, day: date) -> bool:
    return day.day in rule.monthdays or day.day - monthrange(day.year, day.month)[1] - 1 in rule.monthdays


def _is_yearday(rule: Rule, day: date) -> bool:
    number = day.timetuple().tm_yday
    return number in rule.yeardays or number - _length(day.year) - 1 in rule.yeardays


def _length(year: int) -> int:
    return 366 if isleap(year) else 365


# --- days -------------------------------------------------------------------------------------------------------------


def _day_sets(rule: Rule, begin: datetime) -> Iterator[tuple[date, list[date]]]:
    """(a day of the period, its days in order)."""
    if rule.freq == "YEARLY":
        for year in range(_first_year(rule, begin.date()), 10_000, rule.interval):
            yield date(year, 1, 1), _of_year(rule, year, begin)
    elif rule.freq == "MONTHLY":
        month = begin.year * 12 + begin.month - 1
        while month < 10_000 * 12:
            year, number = divmod(month, 12)
            admitted = not rule.months or number + 1 in rule.months
            yield date(year, number + 1, 1), _of_month(rule, year, number + 1, begin) if admitted else []
            month += rule.interval
    else:
        yield from _stepped(rule, begin)


def _first_year(rule: Rule, begin: date) -> int:
    """The year of DTSTART; by weeks, that which its week belongs to."""
    year = begin.year
    if not rule.weeks or not 1 < year < 9999:
        return year
    return year - 1 if begin < _week_one(year, rule.wkst) else year + (begin >= _week_one(year + 1, rule.wkst))


def _stepped(rule: Rule, begin: datetime) -> Iterator[tuple[date, list[date]]]:
    weekly = rule.freq == "WEEKLY"
    here = begin.date()
    offsets = [0]
    if weekly:
        wanted = {day for _, day in rule.days} or {here.weekday()}
        offsets = sorted((day - rule.wkst) % 7 for day in wanted)
        back = (here.weekday() - rule.wkst) % 7
        if back >= here.toordinal():
            return
        here -= back * _DAY
    step = _STEP[rule.freq] * rule.interval
    try:
        while True:
            days = [here + offset * _DAY for offset in offsets]
            yield here, [day for day in days if _limits(rule, day)]
            here += step
    except OverflowError:
        return


def _of_month(rule: Rule, year: int, month: int, begin: datetime) -> list[date]:
    length = monthrange(year, month)[1]
    if rule.monthdays:
        numbers = sorted({each if each > 0 else length + 1 + each for each in rule.monthdays})
    elif rule.days or rule.yeardays:
        numbers = list(range(1, length + 1))
    else:
        numbers = [begin.day]
    days = [date(year, month, number) for number in numbers if 0 < number <= length]
    if rule.yeardays:
        days = [day for day in days if _is_yearday(rule, day)]
    return [day for day in days if _is_nth(rule, day, day.day - 1, length)] if rule.days else days


def _is_nth(rule: Rule, day: date, at: int, length: int) -> bool:
    """Whether BYDAY names this day, which is the `at`-th (from 0) of a month or year of so many days."""
    weekday = day.weekday()
    return any(
        wanted == weekday and (nth == 0 or nth == at // 7 + 1 or nth == -((length - 1 - at) // 7 + 1))
        for nth, wanted in rule.days
    )


def _of_year(rule: Rule, year: int, begin: datetime) -> list[date]:
    if rule.weeks or rule.yeardays:
        return _by_weeks_and_days(rule, year, begin)
    if rule.days and not rule.months and not rule.monthdays:
        length = _length(year)
        first = date(year, 1, 1)
        days = (first + at * _DAY for at in range(length))
        return [day for at, day in enumerate(days) if _is_nth(rule, day, at, length)]
    every = bool(rule.monthdays or rule.days)
    months = rule.months or (range(1, 13) if every else (begin.month,))
    return [day for month in months for day in _of_month(rule, year, month, begin)]


def _by_weeks_and_days(rule: Rule, year: int, begin: datetime) -> list[date]:
    tests: list[Callable[[date], bool]] = []
    if rule.months:
        tests.append(lambda day: day.month in rule.months)
    if rule.monthdays:
        tests.append(lambda day: _is_monthday(rule, day))
    if rule.yeardays:
        tests.append(lambda day: _is_yearday(rule, day))
    if rule.days:
        tests.append(lambda day: any(weekday == day.weekday() for _, weekday in rule.days))
    elif rule.weeks and not rule.yeardays and not rule.monthdays:
        tests.append(lambda day: day.weekday() == begin.weekday())
    days = _of_weeks(rule, year) if rule.weeks else [date(year, 1, 1) + at * _DAY for at in range(_length(year))]
    return [day for day in days if all(test(day) for test in tests)]


def _of_weeks(rule: Rule, year: int) -> list[date]:
    """The days of the year's weeks that BYWEEKNO names; week 1 is the first with four days in the year."""
    first = _week_one(year, rule.wkst)
    weeks = (_week_one(year + 1, rule.wkst) - first).days // 7 if year < 9999 else 52
    numbers = sorted({each if each > 0 else weeks + 1 + each for each in rule.weeks})
    days = [first + ((number - 1) * 7 + at) * _DAY for number in numbers if 0 < number <= weeks for at in range(7)]
    return [day for day in days if day.year >= 1]


def _week_one(year: int, wkst: int) -> date:
    fourth = date(year, 1, 4)
    return fourth - ((fourth.weekday() - wkst) % 7) * _DAY
