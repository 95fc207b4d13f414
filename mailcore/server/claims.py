"""Numbers that go to one who asks for them and to nobody else, by name, over the server as a whole: recent messages."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final, Protocol

REMEMBERED: Final = 100_000
MOST: Final = 0xFFFFFFFF


class Claims(Protocol):
    """How far what has a name was claimed. One that is not known, or no longer, is claimed as far as who asks says."""

    def reached(self, what: str) -> int | None:
        """The first number that nobody has claimed; None: nothing is known of it."""
        ...

    def claim(self, what: str, end: int) -> int:
        """Claim what is left below `end`: from which number on it is the caller's; `end` or more: nothing was left."""
        ...


class LocalClaims:
    """Those of a server that is one process, in bounded memory: the name longest untouched goes first."""

    __slots__ = ("_reached",)

    def __init__(self) -> None:
        self._reached: OrderedDict[str, int] = OrderedDict()

    def reached(self, what: str) -> int | None:
        """See `Claims`."""
        return self._reached.get(what)

    def claim(self, what: str, end: int) -> int:
        """See `Claims`."""
        first = self._reached.get(what, end)
        self._reached[what] = max(first, end)
        self._reached.move_to_end(what)
        if len(self._reached) > REMEMBERED:
            self._reached.popitem(last=False)
        return first
