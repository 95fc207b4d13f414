"""What goes wrong, as WebDAV says it: a status, and the precondition that was not met (RFC 4918 §16)."""

from __future__ import annotations

from typing import Final

from groupware.model import errors
from groupware.model.errors import GroupwareError


class DavError(Exception):
    """A status with words for people, and the XML of the precondition (`<C:no-uid-conflict/>`) where one is named."""

    def __init__(self, status: int, text: str, condition: str = "", headers: dict[str, str] | None = None) -> None:
        super().__init__(text)
        self.status, self.condition, self.headers = status, condition, headers or {}


STATUS: Final[dict[type[GroupwareError], tuple[int, str]]] = {
    errors.NotFound: (404, ""),
    errors.NoRight: (403, "<D:need-privileges/>"),
    errors.IdentTaken: (409, ""),
    errors.AlreadyExists: (405, "<D:resource-must-be-null/>"),
    errors.Conflict: (412, ""),
    errors.Locked: (423, ""),
    errors.OverQuota: (507, "<D:quota-not-exceeded/>"),
    errors.Malformed: (403, ""),
    errors.Refused: (403, ""),
    errors.BadCredentials: (401, ""),
    errors.TryAgain: (503, ""),
    errors.DiskFull: (507, "<D:sufficient-disk-space/>"),
}
"""The one table from class to wire; the nearest class counts."""


def dav_error(error: GroupwareError) -> DavError:
    """The answer to an error of the store."""
    for kind in type(error).__mro__:
        if kind in STATUS:
            status, condition = STATUS[kind]
            headers = {"retry-after": "5"} if status == 503 else {}
            return DavError(status, str(error), condition, headers)
    return DavError(500, str(error))
