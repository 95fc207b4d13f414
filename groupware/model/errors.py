"""What a client caused or can act on. Anything else that is raised is a bug of ours.

No protocol's codes are in here: each protocol owns one table from class to wire.
"""

from __future__ import annotations

from collections.abc import Sequence


class GroupwareError(Exception):
    """A client caused it or can act on it; the text says which input, what is wrong, what to do."""

    def __init__(self, text: str = "", code: str = "", **facts: object) -> None:
        """`code`: a word for what is wrong, for pages that say it in another language; `facts`: what that takes."""
        super().__init__(text)
        self.code, self.facts = code, facts


class NotFound(GroupwareError):
    """It does not exist, or it does and you may not know."""


class NoRight(GroupwareError):
    """You may see it, but not do this to it."""


class AlreadyExists(GroupwareError):
    """Something of that name is there."""


class IdentTaken(AlreadyExists):
    """Another object of that UID is in the folder."""

    def __init__(self, text: str, name: str = "") -> None:
        super().__init__(text)
        self.name = name
        """What that object is called."""


class RoleTaken(AlreadyExists):
    """Another folder has that role already."""


class Conflict(GroupwareError):
    """It changed since you looked (etag, UNCHANGEDSINCE, SyncKey)."""


class Locked(Conflict):
    """Somebody has locked it against writing."""

    def __init__(self, text: str, names: Sequence[str] = ()) -> None:
        super().__init__(text)
        self.names = names
        """Of the objects that are locked; "" stands for their folder."""


class OverQuota(GroupwareError):
    """It does not fit the quota of the folder or of its owner."""


class Refused(GroupwareError):
    """Policy: a size, a rate, a name that is not allowed."""


class HasChildren(Refused):
    """Folders are below it."""


class Malformed(Refused):
    """An object that is not what it says it is: which line, and which rule."""


class BadCredentials(GroupwareError):
    """The name, the password or both are wrong; which, is not said."""


class TryAgain(GroupwareError):
    """Not now: a lock, a full disk, a server that stops."""


class DiskFull(TryAgain):
    """There is no room on the server's disk: nothing has been stored or changed."""

    def __init__(self) -> None:
        super().__init__("there is no room left where this server stores things; its administrator has to make some")
