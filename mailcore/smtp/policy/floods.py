"""A mailbox that gets too many messages in a second pauses for a while (`messagesPerSecond`, `disableInterval`)."""

from __future__ import annotations

from groupware.model.ids import AccountId
from mailcore.server.rates import Rates


class Floods:
    """Counts the messages to mailboxes, over all processes of the server."""

    __slots__ = ("_most", "_pause", "_rates")

    def __init__(self, most: int, pause: float, rates: Rates) -> None:
        """`most` messages a second, 0: as many as come; `pause`: seconds."""
        self._most, self._pause, self._rates = most, pause, rates

    def another(self, mailbox: AccountId) -> float:
        """Counts one message; 0, or the seconds for which the mailbox takes none."""
        if not self._most:
            return 0.0
        left = self._rates.left(f"flood pause {mailbox}", self._pause)
        if left or self._rates.note(f"flood {mailbox}", 1.0) <= self._most:
            return left
        self._rates.note(f"flood pause {mailbox}", self._pause)
        return max(self._pause, 1.0)
