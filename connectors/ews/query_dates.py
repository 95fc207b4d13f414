"""Times as people name them in a search: days, ranges and words as `this week`. AQS."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

Within = Callable[[int], bool]
"""Whether a moment is meant, in microseconds since 1970."""
_FORMS: Final = ("%Y-%m-%d", "%m/%d/%Y", "%d.%m.%Y")
_DAYS: Final = {"yesterday": -1, "today": 0, "tomorrow": 1}
_TURNS: Final = {"last": -1, "this": 0, "next": 1}
_EARLIEST: Final = -(1 << 62)


def span_of(how: str, value: str, now: datetime) -> Within | None:
    """What a comparison (`>`, `<=`, ... or "") with a time, or a range (`a..b`), means. None: it is no time.

    Days and weeks (from Monday, ISO 8601) are those of the zone of `now`.
    """
    low, mark, high = (each.strip() for each in value.partition(".."))
    first = _period(low, now) if low else None
    last = _period(high, now) if high else None
    if mark:
        if (low and first is None) or (high and last is None) or not (low or high):
            return None
        begin = first[0] if first else _EARLIEST
        end = last[1] if last else -_EARLIEST
        return lambda at: begin <= at < end
    if first is None:
        return None
    begin, end = first

    def on_the_day(at: int) -> bool:
        return begin <= at < end

    tests: Mapping[str, Within] = {
        ">": lambda at: at >= end,
        ">=": lambda at: at >= begin,
        "<": lambda at: at < begin,
        "<=": lambda at: at < end,
        "<>": lambda at: not on_the_day(at),
    }
    return tests.get(how, on_the_day)


def _period(text: str, now: datetime) -> tuple[int, int] | None:
    """When a day, week, month or year begins and ends."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    try:
        begin, end = _named(text, today) or (None, None)
    except (OverflowError, ValueError):
        return None
    if begin is None or end is None:
        return None
    return int(begin.timestamp()) * 1_000_000, int(end.timestamp()) * 1_000_000


def _named(text: str, today: datetime) -> tuple[datetime, datetime] | None:
    if text in _DAYS:
        begin = today + timedelta(days=_DAYS[text])
        return begin, begin + timedelta(days=1)
    turn, _, unit = text.partition(" ")
    unit = unit.strip()
    if turn in _TURNS and unit in ("week", "month", "year"):
        by = _TURNS[turn]
        if unit == "week":
            begin = today - timedelta(days=today.weekday()) + timedelta(weeks=by)
            return begin, begin + timedelta(weeks=1)
        if unit == "month":
            return _months(today, today.year * 12 + today.month - 1 + by, 1)
        return _months(today, (today.year + by) * 12, 12)
    for form, months in (("%Y", 12), ("%Y-%m", 1)):
        if len(text) == len("2026" if months == 12 else "2026-01") and (at := _parsed(text, form)) is not None:
            return _months(today, at.year * 12 + at.month - 1, months)
    at = next((found for form in _FORMS if (found := _parsed(text[:10], form)) is not None), None)
    if at is None:
        return None
    begin = at.replace(tzinfo=today.tzinfo)
    return begin, begin + timedelta(days=1)


def _months(today: datetime, first: int, count: int) -> tuple[datetime, datetime]:
    """So many months from one on, which is counted from the year 0."""
    begin, end = (today.replace(year=each // 12, month=each % 12 + 1, day=1) for each in (first, first + count))
    return begin, end


def _parsed(text: str, form: str) -> datetime | None:
    try:
        return datetime.strptime(text, form)  # the zone is given to it by who asks
    except ValueError:
        return None
