"""Times as ActiveSync writes them: `2026-01-31T12:00:00.000Z`, and in calendars `20260131T120000Z`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LONG: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.\d{1,9})?)?)?Z?\Z")
_SHORT: Final = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)?)?Z?\Z")


def long_time(seconds: float) -> str:
    """`2026-01-31T12:00:00.000Z`."""
    at = _EPOCH + timedelta(seconds=seconds)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z".rjust(24, "0")


def short_time(seconds: float) -> str:
    """`20260131T120000Z`."""
    return (_EPOCH + timedelta(seconds=seconds)).strftime("%Y%m%dT%H%M%SZ").rjust(16, "0")


def read_time(text: str) -> datetime | None:
    """The moment, in UTC; None for what is none. Devices send both forms everywhere."""
    found = _LONG.match(text.strip()) or _SHORT.match(text.strip())
    if found is None:
        return None
    try:
        year, month, day, hour, minute, second = (int(each or 0) for each in found.groups())
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None


def seconds_of(moment: datetime) -> int:
    """Seconds since 1970."""
    return int((moment - _EPOCH).total_seconds())
