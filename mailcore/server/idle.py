"""The idle time of one connection, kept with one timer that lives for many commands."""

import asyncio
from collections.abc import Callable

from mailcore.server.dialogue import IdleTimeout


class IdleClock:
    """Calls `expire` when the time since the last `rest` is over; `check` then says so to the one who waited."""

    __slots__ = ("_deadline", "_expire", "_expired", "_timer", "seconds")

    def __init__(self, seconds: float, expire: Callable[[], bool]) -> None:
        """`expire` wakes the waiters and says whether there were any. `seconds` 0: never."""
        self.seconds = seconds
        self._expire = expire
        self._deadline = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._expired = False

    def rest(self) -> None:
        """The time begins anew."""
        self._deadline = asyncio.get_running_loop().time() + self.seconds

    def arm(self) -> None:
        """Somebody waits: see that the deadline is noticed."""
        if not self.seconds:
            return
        if self._timer is not None and self._timer.when() > self._deadline:
            self.stop()
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_at(self._deadline, self._look)

    def stop(self) -> None:
        """Forget the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def check(self) -> None:
        """IdleTimeout when it was the end of the idle time that woke the caller."""
        if self._expired:
            self._expired = False
            raise IdleTimeout(f"nothing for {self.seconds:g} seconds")

    def _look(self) -> None:
        self._timer = None
        if asyncio.get_running_loop().time() < self._deadline:
            self.arm()
            return
        self._expired = self._expire()
