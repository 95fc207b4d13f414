"""Times as they are stored: microseconds since 1970, UTC."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Final

NEVER: Final = 1 << 62
"""What no clock reaches."""


def moment(micros: int) -> datetime:
    """A stored time."""
    return datetime.fromtimestamp(micros / 1_000_000, UTC)


def micros(when: datetime) -> int:
    """A time as it is stored: microseconds since 1970; one without a zone is UTC."""
    return round((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() * 1_000_000)


def now_micros() -> int:
    """This moment as it is stored."""
    return time.time_ns() // 1000


def seconds_until(micros: int) -> float:
    """From now until a stored time, so that it has surely come when they are over; 0 where it has."""
    return max(0.0, (micros - now_micros()) / 1_000_000 + 0.001)
