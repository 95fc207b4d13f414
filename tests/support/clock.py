"""A clock whose hands the test turns."""

from datetime import UTC, datetime, timedelta


class FakeClock:
    """Stands still until told otherwise."""

    def __init__(self, start: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        self._start, self._passed = start, 0.0

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._passed)

    def monotonic(self) -> float:
        return 1000.0 + self._passed

    def advance(self, seconds: float) -> None:
        self._passed += seconds
