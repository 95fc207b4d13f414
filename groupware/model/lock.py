"""Write locks of WebDAV (RFC 4918 §6): on an object, a name where nothing is yet, or a folder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from .ids import AccountId

LONGEST_LOCK: Final = 24 * 3600
"""Seconds for which a lock holds at most, unless it is renewed."""
MOST_LOCKS: Final = 1000
"""Locks that one account holds at most at the same time."""
LONGEST_OWNER: Final = 4000
"""Characters of what a client says of who holds a lock."""


@dataclass(frozen=True, slots=True)
class WriteLock:
    """A lock: others may not write there, unless it is shared with them and they have taken one of their own."""

    token: str
    """A `urn:uuid:`."""
    name: str
    """Of an object in the folder; "" for the folder itself."""
    deep: bool
    """Of a folder: with all that is in it, or comes into it."""
    shared: bool
    account: AccountId
    """Who has taken it, and may write."""
    owner: str
    """What the client said of who that is: XML."""
    seconds: int
    """How long it holds from when it is taken or renewed."""
    expires: int
    """Microseconds since 1970."""

    def covers(self, name: str) -> bool:
        """Whether the object of that name ("": the folder itself) may not change."""
        return self.name == name or (self.deep and not self.name)


def in_the_way(new: WriteLock, old: WriteLock) -> bool:
    """Whether a lock cannot be had while the other is there. RFC 4918 §7, §6.2."""
    return (new.covers(old.name) or old.covers(new.name)) and not (new.shared and old.shared)
