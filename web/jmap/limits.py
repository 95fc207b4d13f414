"""What the core capability promises and holds. RFC 8620 §2."""

from __future__ import annotations

from typing import Any, Final

CORE: Final = "urn:ietf:params:jmap:core"
MAIL: Final = "urn:ietf:params:jmap:mail"
CAPABILITIES: Final = (CORE, MAIL)

REQUEST_OCTETS: Final = 10_000_000
CALLS: Final = 32
AT_ONCE: Final = 8
"""Requests of one connection that are worked on together."""
IN_GET: Final = 500
IN_SET: Final = 500
IN_QUERY: Final = 1000
"""Ids that one query gives; a client pages on."""
IN_CHANGES: Final = 5000
DEEPEST_FILTER: Final = 20
FILTERS: Final = 500
BODY_VALUE: Final = 1_000_000
"""Octets of one body value, whatever the client asks for."""
BODY_VALUES: Final = 20_000_000
"""Octets of all body values of one answer."""

CORE_VALUE: Final[dict[str, Any]] = {
    "maxSizeUpload": 0,
    "maxConcurrentUpload": 0,
    "maxSizeRequest": REQUEST_OCTETS,
    "maxConcurrentRequests": AT_ONCE,
    "maxCallsInRequest": CALLS,
    "maxObjectsInGet": IN_GET,
    "maxObjectsInSet": IN_SET,
    "collationAlgorithms": ["i;unicode-casemap"],
}
SORTS: Final = (
    "receivedAt",
    "sentAt",
    "size",
    "from",
    "to",
    "subject",
    "hasKeyword",
    "allInThreadHaveKeyword",
    "someInThreadHaveKeyword",
)
MAIL_VALUE: Final[dict[str, Any]] = {
    "maxMailboxesPerEmail": 1,
    "maxMailboxDepth": 50,
    "maxSizeMailboxName": 250,
    "maxSizeAttachmentsPerEmail": 0,
    "emailQuerySortOptions": list(SORTS),
    "mayCreateTopLevelMailbox": False,
}
