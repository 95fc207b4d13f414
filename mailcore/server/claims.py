"""Numbers that go to one who asks for them and to nobody else, by name, over the server as a whole: recent messages."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final, Protocol

from groupware.model.times import now_micros

REMEMBERED: Final = 100_000
MOST: Final = 0xFFFFFFFF


class Claims(Protocol):
    """How far what has a name was claimed. One that is not known, or no longer, begins where who asks says."""

    @property
    def since(self) -> int:
        """Since when no claim was forgotten: microseconds since 1970. What is younger and not known is nobody's yet."""
        ...

    def reached(self, what: str) -> int | None:
        """The first number that nobody has claimed; None: nothing is known of it."""
        ...

    def claim(self, what: str, end: int, start: int) -> int:
        """Claim what is left below `end`: from which number on it is the caller's; `end` or more: nothing was left.

        `start`: where what is left begins, if nothing is known of it.
        """
        ...


class LocalClaims:
    """Those of a server that is one process, in bounded memory: the name longest untouched goes first."""

    __slots__ = ("_reached", "_since")

    def __init__(self) -> None:
        self._reached: OrderedDict[str, int] = OrderedDict()
        self._since = now_micros()

    @property
    def since(self) -> int:
        """See `Claims`."""
        return self._since

    def reached(self, what: str) -> int | None:
        """See `Claims`."""
        return self._reached.get(what)

    def claim(self, what: str, end: int, start: int) -> int:
        """See `Claims`."""
        first = self._reached.get(what, start)
        self._reached[what] = max(first, end)
        self._reached.move_to_end(what)
        if len(self._reached) > REMEMBERED:
            self._reached.popitem(last=False)
            self._since = now_micros()
        return first
