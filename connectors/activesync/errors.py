"""What goes wrong, as statuses of ActiveSync and of HTTP. MS-ASCMD §2.2.2 (common), §2.2.3.177 (by command)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from connectors.activesync.element import Element, el
from groupware.model.errors import (
    BadCredentials,
    Conflict,
    GroupwareError,
    Malformed,
    NoRight,
    NotFound,
    OverQuota,
    Refused,
    TryAgain,
)

INVALID_CONTENT: Final = 101
INVALID_WBXML: Final = 102
INVALID_XML: Final = 103
SERVER_ERROR: Final = 110
RETRY_LATER: Final = 111
QUOTA: Final = 113
SENT_ALREADY: Final = 118
NO_RECIPIENT: Final = 119
SUBMISSION_FAILED: Final = 120
BLOCKED: Final = 129
DENIED: Final = 130
COMMAND_NOT_SUPPORTED: Final = 137
WIPE_REQUESTED: Final = 140
NOT_PROVISIONED: Final = 142
POLICY_REFRESH: Final = 143
INVALID_POLICY_KEY: Final = 144
ITEM_NOT_FOUND: Final = 150
NO_SUCH_PART: Final = 164
SEND_DISABLED: Final = 167
TOO_MANY_DEVICES: Final = 177

ROOTS: Final[Mapping[str, tuple[str, str]]] = {
    name: (f"{space}:{name}", f"{space}:Status")
    for space, names in {
        "AirSync": ("Sync",),
        "FolderHierarchy": ("FolderSync", "FolderCreate", "FolderDelete", "FolderUpdate"),
        "Move": ("MoveItems",),
        "GetItemEstimate": ("GetItemEstimate",),
        "MeetingResponse": ("MeetingResponse",),
        "Search": ("Search",),
        "Settings": ("Settings",),
        "Ping": ("Ping",),
        "ItemOperations": ("ItemOperations",),
        "Provision": ("Provision",),
        "ResolveRecipients": ("ResolveRecipients",),
        "ValidateCert": ("ValidateCert",),
        "Find": ("Find",),
        "ComposeMail": ("SendMail", "SmartReply", "SmartForward"),
    }.items()
    for name in names
}
"""The element that answers a command, and that of its status."""
_OLD: Final[Mapping[int, int]] = {
    INVALID_CONTENT: 400,
    INVALID_WBXML: 400,
    INVALID_XML: 400,
    RETRY_LATER: 503,
    QUOTA: 507,
    BLOCKED: 403,
    DENIED: 403,
    COMMAND_NOT_SUPPORTED: 501,
    WIPE_REQUESTED: 449,
    NOT_PROVISIONED: 449,
    POLICY_REFRESH: 449,
    INVALID_POLICY_KEY: 449,
    ITEM_NOT_FOUND: 404,
    TOO_MANY_DEVICES: 403,
}
"""How 12.1, which has no common statuses, is told. MS-ASHTTP §2.2.2.1.1."""
_CLASSES: Final[tuple[tuple[type[GroupwareError], int], ...]] = (
    (OverQuota, QUOTA),
    (TryAgain, RETRY_LATER),
    (NoRight, DENIED),
    (NotFound, ITEM_NOT_FOUND),
    (Malformed, INVALID_CONTENT),
    (Refused, INVALID_CONTENT),
    (Conflict, RETRY_LATER),
    (BadCredentials, DENIED),
)


class HttpError(Exception):
    """A request that is answered without a document."""

    def __init__(self, status: int, text: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(text)
        self.status, self.headers = status, dict(headers or {})


class EasError(Exception):
    """A command that as a whole is answered with a status."""

    def __init__(self, status: int, text: str = "") -> None:
        super().__init__(text)
        self.status = status


def status_of(error: GroupwareError) -> int:
    """The common status of an error of the store."""
    return next((status for kind, status in _CLASSES if isinstance(error, kind)), SERVER_ERROR)


def answer(command: str, status: int, version: int) -> Element:
    """The document that says nothing but a status. `HttpError` where there is none, or the version has no such."""
    if command not in ROOTS or (version < 140 and status > 100):
        code = _OLD.get(status, 500)
        headers = {"retry-after": "60"} if code == 503 else {}
        raise HttpError(code, f"status {status}", headers)
    root, name = ROOTS[command]
    return el(root, el(name, status))
