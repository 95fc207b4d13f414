"""The values of iCalendar's properties: DATE, DATE-TIME, DURATION, PERIOD, UTC-OFFSET (RFC 5545 §3.3)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final

_TIME: Final = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})(\d{2})(Z)?)?")
_DURATION: Final = re.compile(
    r"([+-])?P(?:(\d{1,6})W)?(?:(\d{1,6})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,8})S)?)?"
)
_OFFSET: Final = re.compile(r"([+-])(\d{2})(\d{2})(\d{2})?")
DAY: Final = timedelta(days=1)


def local_time(text: str) -> datetime:
    """A DATE or DATE-TIME as a local time without its zone. `ValueError`."""
    found = _TIME.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text[:40]!r} is neither a date (20260131) nor a time (20260131T120000Z)")
    year, month, day, hour, minute, second, _ = found.groups()
    leap = min(int(second or 0), 59)  # a leap second is the second before
    try:
        return datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), leap)
    except ValueError as error:
        raise ValueError(f"{text[:40]!r}: {error}") from None


def is_date(text: str) -> bool:
    """Whether it is a DATE, by its form."""
    return "T" not in text.upper()


def duration(text: str) -> timedelta:
    """A DURATION. `ValueError`."""
    found = _DURATION.fullmatch(text.strip().upper())
    if found is None or not any(found.groups()[1:]):
        raise ValueError(f"{text[:40]!r} is no duration (P1D, PT1H30M)")
    sign, *numbers = found.groups()
    weeks, days, hours, minutes, seconds = (int(each or 0) for each in numbers)
    length = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    return -length if sign == "-" else length


def offset(text: str) -> timedelta:
    """A UTC-OFFSET. `ValueError`."""
    found = _OFFSET.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text[:40]!r} is no offset (+0100)")
    sign, hours, minutes, seconds = found.groups()
    length = timedelta(hours=int(hours), minutes=int(minutes), seconds=int(seconds or 0))
    if length >= DAY:
        raise ValueError(f"{text[:40]!r} is an offset of a day or more")
    return -length if sign == "-" else length
