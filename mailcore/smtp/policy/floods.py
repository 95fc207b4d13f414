"""A mailbox that gets too many messages in a second pauses for a while (`messagesPerSecond`, `disableInterval`)."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from groupware.model.ids import AccountId
from mailcore.server.clock import Clock

REMEMBERED: Final = 20_000


@dataclass(slots=True)
class _Second:
    began: float
    count: int = 0
    until: float = 0.0


class Floods:
    """Counts the messages to mailboxes, in bounded memory; each process counts for itself."""

    __slots__ = ("_boxes", "_clock", "_most", "_pause")

    def __init__(self, most: int, pause: float, clock: Clock) -> None:
        """`most` messages a second, 0: as many as come; `pause`: seconds."""
        self._most, self._pause, self._clock = most, pause, clock
        self._boxes: OrderedDict[AccountId, _Second] = OrderedDict()

    def another(self, mailbox: AccountId) -> float:
        """Counts one message; 0, or the seconds for which the mailbox takes none."""
        if not self._most:
            return 0.0
        now = self._clock.monotonic()
        box = self._boxes.setdefault(mailbox, _Second(now))
        self._boxes.move_to_end(mailbox)
        if len(self._boxes) > REMEMBERED:
            self._boxes.popitem(last=False)
        if box.until > now:
            return box.until - now
        if now - box.began >= 1:
            box.began, box.count = now, 0
        box.count += 1
        if box.count > self._most:
            box.until = now + self._pause
            return max(self._pause, 1.0)
        return 0.0
