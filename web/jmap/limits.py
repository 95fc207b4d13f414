"""What the core capability promises and holds. RFC 8620 §2."""

from __future__ import annotations

from typing import Any, Final

from groupware.model.record import UploadRoom
from mailcore.smtp.wire import HOLD_MAX

CORE: Final = "urn:ietf:params:jmap:core"
MAIL: Final = "urn:ietf:params:jmap:mail"
BLOB: Final = "urn:ietf:params:jmap:blob"
MDN: Final = "urn:ietf:params:jmap:mdn"
SUBMISSION: Final = "urn:ietf:params:jmap:submission"
VACATION: Final = "urn:ietf:params:jmap:vacationresponse"
QUOTA: Final = "urn:ietf:params:jmap:quota"
SOCKET: Final = "urn:ietf:params:jmap:websocket"
VAPID: Final = "urn:ietf:params:jmap:webpush-vapid"
CONTACTS: Final = "urn:ietf:params:jmap:contacts"
CALENDARS: Final = "urn:ietf:params:jmap:calendars"
CALENDARS_PARSE: Final = "urn:ietf:params:jmap:calendars:parse"
SIEVE: Final = "urn:ietf:params:jmap:sieve"
TASKS: Final = "urn:ietf:params:jmap:tasks"
PRINCIPALS: Final = "urn:ietf:params:jmap:principals"
OWNER: Final = "urn:ietf:params:jmap:principals:owner"
AVAILABILITY: Final = "urn:ietf:params:jmap:principals:availability"
MAIL_SHARE: Final = "urn:ietf:params:jmap:mail:share"
ACCESS: Final = "urn:postroom:jmap:access"
"""`FolderAccess`, a word of our own."""
NOTES: Final = "urn:postroom:jmap:notes"
"""`Notebook`, `Note`, `Journal`, `JournalEntry`, words of our own."""
LAB: Final = "urn:postroom:jmap:sieve-lab"
"""`SieveScript/try`, a word of our own."""
CARDS: Final = "urn:postroom:jmap:cards"
"""`ContactCard/parse` and `export`, words of our own."""
LABELS: Final = "urn:postroom:jmap:labels"
"""`Label`, a word of our own."""
MEETINGS: Final = "urn:postroom:jmap:meetings"
"""`CalendarEvent/timeline`, `propose`, `MeetingProposal`, words of our own."""
SNOOZE: Final = "urn:postroom:jmap:snooze"
"""The property `snoozed` of emails, a word of our own."""
REMOTE: Final = "urn:postroom:jmap:remote-mail"
"""`RemoteMailbox`, a word of our own."""
CALENDAR_SOURCES: Final = "urn:postroom:jmap:calendar-sources"
"""`CalendarSource`, a word of our own."""
CALENDAR_FILES: Final = "urn:postroom:jmap:calendar-files"
"""`CalendarEvent/import` and `export`, words of our own."""
REMOVED: Final = "urn:postroom:jmap:removed"
"""`RemovedItem`, a word of our own."""
SENDERS: Final = "urn:postroom:jmap:senders"
"""`SenderSettings`, a word of our own."""
TEMPORARY: Final = "urn:postroom:jmap:temporary-addresses"
"""`TemporaryAddress`, a word of our own."""
DEVICES: Final = "urn:postroom:jmap:devices"
"""`MobileDevice`, a word of our own."""
CAPABILITIES: Final = (
    CORE,
    MAIL,
    BLOB,
    MDN,
    SUBMISSION,
    VACATION,
    QUOTA,
    SOCKET,
    VAPID,
    CONTACTS,
    CALENDARS,
    CALENDARS_PARSE,
    TASKS,
    SIEVE,
    PRINCIPALS,
    OWNER,
    AVAILABILITY,
    MAIL_SHARE,
    ACCESS,
    NOTES,
    LAB,
    CARDS,
    LABELS,
    MEETINGS,
    SNOOZE,
    REMOTE,
    CALENDAR_SOURCES,
    CALENDAR_FILES,
    REMOVED,
    SENDERS,
    TEMPORARY,
    DEVICES,
)

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
CRITERIA: Final = 20
"""Properties to sort by."""
HEADERS: Final = 4
"""Conditions of a filter that look at header fields: each reads the headers of all that it could match."""
BODY_VALUE: Final = 1_000_000
"""Octets of one body value, whatever the client asks for."""
BODY_VALUES: Final = 20_000_000
"""Octets of all body values of one answer."""
HEADER_PROPERTIES: Final = 100
"""Header fields that one call asks for, of emails or of parts."""
BLOBS_READ: Final = 500_000_000
"""Octets of all blobs that one call looks at."""
UPLOAD_OCTETS: Final = 50 * 1024 * 1024
UPLOADS_AT_ONCE: Final = 4
"""Uploads of one account that come in together."""
UPLOAD_ROOM: Final = UploadRoom(octets=10 * UPLOAD_OCTETS, count=1000)
"""What one account may have uploaded and not used; the oldest make room."""
LISTENERS: Final = 20
"""Streams of events of one account."""
DATA_SOURCES: Final = 64
"""Pieces that one blob is put together from."""

CORE_VALUE: Final[dict[str, Any]] = {
    "maxSizeUpload": UPLOAD_OCTETS,
    "maxConcurrentUpload": UPLOADS_AT_ONCE,
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
DIGESTS: Final = ("sha", "sha-256", "sha-512")
BLOB_VALUE: Final[dict[str, Any]] = {
    "maxSizeBlobSet": UPLOAD_OCTETS,
    "maxDataSources": DATA_SOURCES,
    "supportedTypeNames": ["Mailbox", "Thread", "Email"],
    "supportedDigestAlgorithms": list(DIGESTS),
}
SUBMISSION_VALUE: Final[dict[str, Any]] = {
    "maxDelayedSend": HOLD_MAX,
    "submissionExtensions": {
        "FUTURERELEASE": [],
        "SIZE": [],
        "DSN": [],
        "8BITMIME": [],
        "SMTPUTF8": [],
        "ENHANCEDSTATUSCODES": [],
    },
}
MAIL_VALUE: Final[dict[str, Any]] = {
    "maxMailboxesPerEmail": None,
    "maxMailboxDepth": 50,
    "maxSizeMailboxName": 250,
    "maxSizeAttachmentsPerEmail": UPLOAD_OCTETS,
    "emailQuerySortOptions": list(SORTS),
    "mayCreateTopLevelMailbox": True,
}
CALENDARS_VALUE: Final[dict[str, Any]] = {
    "maxCalendarsPerEvent": 1,
    "minDateTime": "0001-01-01T00:00:00",
    "maxDateTime": "9999-12-31T23:59:59",
    "maxExpandedQueryDuration": "P732D",
    "maxParticipantsPerEvent": None,
}
