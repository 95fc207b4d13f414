"""Times: as they are stored, microseconds since 1970 in UTC, and as texts with a zone."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from typing import Any, Final

_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)\Z")


def moment(micros: int) -> datetime:
    """A stored time."""
    return datetime.fromtimestamp(micros / 1_000_000, UTC)


def micros(when: datetime) -> int:
    """A time as it is stored: microseconds since 1970; one without a zone is UTC."""
    return round((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() * 1_000_000)


def now_micros() -> int:
    """This moment as it is stored."""
    return time.time_ns() // 1000


def moment_of(value: Any) -> datetime:
    """A Date or UTCDate (RFC 8620 §1.4) as a moment with its zone. ValueError."""
    if not isinstance(value, str) or not _MOMENT.match(value):
        raise ValueError("a date is such as 2026-01-31T12:00:00Z")
    return datetime.fromisoformat(value.upper().replace("Z", "+00:00"))
