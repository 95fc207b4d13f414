"""JSON schemas of what the methods of JMAP answer, as the RFCs have it; nothing more is allowed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

Schema = Mapping[str, Any]

TEXT: Final[Schema] = {"type": "string"}
FLAG: Final[Schema] = {"type": "boolean"}
COUNT: Final[Schema] = {"type": "integer", "minimum": 0, "maximum": 2**53 - 1}
ID: Final[Schema] = {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,255}$"}
UTC: Final[Schema] = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"}
DATE: Final[Schema] = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$"}


def null(schema: Schema) -> Schema:
    """That, or null."""
    return {"anyOf": [schema, {"type": "null"}]}


def list_of(schema: Schema) -> Schema:
    """A list of those."""
    return {"type": "array", "items": schema}


def map_of(schema: Schema, keys: str = ".*") -> Schema:
    """An object whose values are those."""
    return {"type": "object", "patternProperties": {keys: schema}, "additionalProperties": False}


def thing(required: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None) -> Schema:
    """An object with these members and no others."""
    more = dict(optional or {})
    return {
        "type": "object",
        "properties": {**required, **more},
        "required": list(required),
        "additionalProperties": False,
    }


TRUE: Final[Schema] = {"const": True}
ADDRESS: Final = thing({"name": null(TEXT), "email": TEXT})
ADDRESSES: Final = null(list_of(ADDRESS))
IDS: Final = null(list_of(TEXT))
RIGHTS: Final = thing(
    dict.fromkeys(
        [
            "mayReadItems",
            "mayAddItems",
            "mayRemoveItems",
            "maySetSeen",
            "maySetKeywords",
            "mayCreateChild",
            "mayRename",
            "mayDelete",
            "maySubmit",
            "mayShare",
        ],
        FLAG,
    )
)
ROLES: Final = ["inbox", "drafts", "sent", "archive", "junk", "trash"]
MAILBOX: Final = thing(
    {
        "id": ID,
        "name": {"type": "string", "minLength": 1},
        "parentId": null(ID),
        "role": {"enum": [*ROLES, None]},
        "sortOrder": COUNT,
        "totalEmails": COUNT,
        "unreadEmails": COUNT,
        "totalThreads": COUNT,
        "unreadThreads": COUNT,
        "myRights": RIGHTS,
        "isSubscribed": FLAG,
        "shareWith": null(map_of(RIGHTS)),
    }
)
THREAD: Final = thing({"id": ID, "emailIds": list_of(ID)})
PART: Final[Schema] = thing(
    {
        "partId": null(TEXT),
        "blobId": null(ID),
        "size": COUNT,
        "name": null(TEXT),
        "type": {"type": "string", "pattern": "^[^/]+/[^/]+$"},
        "charset": null(TEXT),
        "disposition": null(TEXT),
        "cid": null(TEXT),
        "language": IDS,
        "location": null(TEXT),
    },
    {"subParts": null(list_of({"type": "object"}))},
)
VALUE: Final = thing({"value": TEXT, "isEncodingProblem": FLAG, "isTruncated": FLAG})
CONTENT: Final = {
    "messageId": IDS,
    "inReplyTo": IDS,
    "references": IDS,
    "sender": ADDRESSES,
    "from": ADDRESSES,
    "to": ADDRESSES,
    "cc": ADDRESSES,
    "bcc": ADDRESSES,
    "replyTo": ADDRESSES,
    "subject": null(TEXT),
    "sentAt": null(DATE),
    "hasAttachment": FLAG,
    "preview": {"type": "string", "maxLength": 256},
    "bodyValues": map_of(VALUE),
    "textBody": list_of(PART),
    "htmlBody": list_of(PART),
    "attachments": list_of(PART),
}
EMAIL: Final = thing(
    {
        "id": ID,
        "blobId": ID,
        "threadId": ID,
        "mailboxIds": {**map_of(TRUE), "minProperties": 1},
        "keywords": map_of(TRUE, "^[!-~]{1,255}$"),
        "size": COUNT,
        "receivedAt": UTC,
        **CONTENT,
    }
)
PARSED: Final = thing(CONTENT)
PLACED: Final = thing({"id": ID, "blobId": ID, "threadId": ID, "size": COUNT})
SNIPPET: Final = thing({"emailId": ID, "subject": null(TEXT), "preview": null({"type": "string", "maxLength": 255})})
IDENTITY: Final = thing(
    {
        "id": ID,
        "name": TEXT,
        "email": TEXT,
        "replyTo": ADDRESSES,
        "bcc": ADDRESSES,
        "textSignature": TEXT,
        "htmlSignature": TEXT,
        "mayDelete": FLAG,
    }
)
LABEL: Final = thing(
    {"id": ID, "keyword": TEXT, "name": null(TEXT), "color": TEXT, "isHidden": FLAG, "mayDelete": FLAG}
)
ENVELOPED: Final = thing({"email": TEXT, "parameters": null(map_of(null(TEXT)))})
DELIVERY: Final = thing(
    {
        "smtpReply": {"type": "string", "pattern": r"^[2-5]\d\d "},
        "delivered": {"enum": ["queued", "yes", "no", "unknown"]},
        "displayed": {"enum": ["unknown", "yes"]},
    }
)
SUBMISSION: Final = thing(
    {
        "id": ID,
        "identityId": ID,
        "emailId": ID,
        "threadId": ID,
        "envelope": thing({"mailFrom": ENVELOPED, "rcptTo": list_of(ENVELOPED)}),
        "sendAt": UTC,
        "undoStatus": {"enum": ["pending", "final", "canceled"]},
        "deliveryStatus": null(map_of(DELIVERY)),
        "dsnBlobIds": list_of(ID),
        "mdnBlobIds": list_of(ID),
    }
)
MDN: Final = thing(
    {
        **dict.fromkeys(["forEmailId", "subject", "textBody", "reportingUA", "mdnGateway"], null(TEXT)),
        **dict.fromkeys(["originalRecipient", "originalMessageId"], null(TEXT)),
        "includeOriginalMessage": FLAG,
        "finalRecipient": TEXT,
        "disposition": thing(
            {
                "actionMode": {"enum": ["manual-action", "automatic-action"]},
                "sendingMode": {"enum": ["mdn-sent-manually", "mdn-sent-automatically"]},
                "type": {"enum": ["deleted", "dispatched", "displayed", "processed"]},
            }
        ),
        "error": null(list_of(TEXT)),
        "extensionFields": null(map_of(TEXT)),
    }
)
VACATION: Final = thing(
    {
        "id": {"const": "singleton"},
        "isEnabled": FLAG,
        "fromDate": null(UTC),
        "toDate": null(UTC),
        "subject": null(TEXT),
        "textBody": null(TEXT),
        "htmlBody": null(TEXT),
    }
)
PUSH: Final = thing(
    {
        "id": ID,
        "deviceClientId": TEXT,
        "verificationCode": null(TEXT),
        "expires": UTC,
        "types": null(list_of(TEXT)),
    }
)
QUOTA: Final = thing(
    {
        "id": ID,
        "resourceType": {"enum": ["count", "octets"]},
        "used": COUNT,
        "hardLimit": COUNT,
        "scope": {"enum": ["account", "domain", "global"]},
        "name": TEXT,
        "types": list_of(TEXT),
    },
    {"warnLimit": null(COUNT), "softLimit": null(COUNT), "description": null(TEXT)},
)
BLOB: Final = thing(
    {"id": ID, "size": COUNT},
    {"data:asText": null(TEXT), "data:asBase64": TEXT, "isEncodingProblem": FLAG, "isTruncated": FLAG},
)
SET_ERROR: Final[Schema] = {
    "type": "object",
    "properties": {"type": TEXT, "description": null(TEXT), "properties": list_of(TEXT)},
    "required": ["type"],
}
ERROR: Final[Schema] = {"type": "object", "properties": {"type": TEXT, "description": TEXT}, "required": ["type"]}


BOOK_RIGHTS: Final = thing(dict.fromkeys(["mayRead", "mayWrite", "mayShare", "mayDelete"], FLAG))
BOOK: Final = thing(
    {
        "id": ID,
        "name": TEXT,
        "description": null(TEXT),
        "sortOrder": COUNT,
        "isDefault": FLAG,
        "isSubscribed": FLAG,
        "shareWith": null(map_of(BOOK_RIGHTS)),
        "myRights": BOOK_RIGHTS,
    }
)
CARD: Final[Schema] = {
    "type": "object",
    "properties": {
        "id": ID,
        "@type": {"const": "Card"},
        "version": {"const": "1.0"},
        "uid": TEXT,
        "addressBookIds": {**map_of(TRUE), "minProperties": 1, "maxProperties": 1},
        "name": {"type": "object"},
        "emails": map_of({"type": "object", "required": ["address"]}, "^[A-Za-z0-9_-]{1,255}$"),
    },
    "required": ["id", "uid", "@type", "version", "addressBookIds"],
}


CALENDAR_RIGHTS: Final = thing(
    dict.fromkeys(
        [
            "mayReadFreeBusy",
            "mayReadItems",
            "mayWriteAll",
            "mayWriteOwn",
            "mayUpdatePrivate",
            "mayRSVP",
            "mayShare",
            "mayDelete",
        ],
        FLAG,
    )
)
CALENDAR: Final = thing(
    {
        "id": ID,
        "name": TEXT,
        "description": null(TEXT),
        "color": null(TEXT),
        "sortOrder": COUNT,
        "isSubscribed": FLAG,
        "isVisible": FLAG,
        "isDefault": FLAG,
        "includeInAvailability": {"enum": ["all", "attending", "none"]},
        "defaultAlertsWithTime": null(map_of({"type": "object", "required": ["@type", "trigger", "action"]})),
        "defaultAlertsWithoutTime": null(map_of({"type": "object", "required": ["@type", "trigger", "action"]})),
        "timeZone": null(TEXT),
        "shareWith": null(map_of(CALENDAR_RIGHTS)),
        "myRights": CALENDAR_RIGHTS,
    }
)
LOCAL: Final[Schema] = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$"}
EVENT: Final[Schema] = {
    "type": "object",
    "properties": {
        "id": ID,
        "@type": {"const": "Event"},
        "baseEventId": null(ID),
        "uid": TEXT,
        "calendarIds": {**map_of(TRUE), "minProperties": 1, "maxProperties": 1},
        "isDraft": FLAG,
        "isOrigin": FLAG,
        "start": LOCAL,
        "timeZone": null(TEXT),
        "recurrenceOverrides": map_of({"type": "object"}, LOCAL["pattern"]),
    },
    "required": ["id", "uid", "@type", "calendarIds", "isDraft", "isOrigin", "start"],
}
PARTICIPANT_IDENTITY: Final = thing(
    {"id": ID, "name": TEXT, "calendarAddress": {"type": "string", "pattern": "^mailto:"}, "isDefault": FLAG}
)


PRINCIPAL: Final = thing(
    {
        "id": ID,
        "type": {"enum": ["individual", "group", "resource", "location", "other"]},
        "name": TEXT,
        "description": null(TEXT),
        "email": null(TEXT),
        "timeZone": null(TEXT),
        "capabilities": map_of({"type": "object"}, "^urn:"),
        "accounts": null(map_of({"type": "object", "required": ["name", "accountCapabilities"]})),
    }
)
NOTIFICATION: Final = thing(
    {
        "id": ID,
        "created": UTC,
        "changedBy": thing({"name": TEXT, "email": null(TEXT), "principalId": null(ID)}),
        "objectType": TEXT,
        "objectAccountId": ID,
        "objectId": ID,
        "oldRights": null(map_of(FLAG)),
        "newRights": null(map_of(FLAG)),
        "name": TEXT,
    }
)
BUSY: Final = thing(
    {
        "utcStart": UTC,
        "utcEnd": UTC,
        "busyStatus": {"enum": ["confirmed", "tentative", "unavailable"]},
        "event": {"type": "null"},
    }
)


LIST_RIGHTS: Final = thing(
    dict.fromkeys(
        ["mayReadItems", "mayWriteAll", "mayWriteOwn", "mayUpdatePrivate", "mayRSVP", "mayAdmin", "mayDelete"], FLAG
    )
)
TASK_LIST: Final = thing(
    {
        "id": ID,
        "name": TEXT,
        "description": null(TEXT),
        "color": null(TEXT),
        "sortOrder": COUNT,
        "isSubscribed": FLAG,
        "isDefault": FLAG,
        "shareWith": null(map_of(LIST_RIGHTS)),
        "myRights": LIST_RIGHTS,
    }
)
TASK: Final[Schema] = {
    "type": "object",
    "properties": {"id": ID, "@type": {"const": "Task"}, "uid": TEXT, "taskListId": ID, "due": LOCAL, "start": LOCAL},
    "required": ["id", "uid", "@type", "taskListId"],
}


NOTEBOOK: Final = TASK_LIST
NOTE: Final[Schema] = {
    "type": "object",
    "properties": {"id": ID, "@type": {"const": "Note"}, "uid": TEXT, "title": TEXT, "text": TEXT, "updated": UTC},
    "required": ["id", "uid", "@type", "title", "text"],
}
GRANT: Final = thing(
    {
        "principalId": ID,
        "grantee": TEXT,
        "level": TEXT,
        "rights": TEXT,
        "denied": TEXT,
        "expires": null(UTC),
        "state": null(TEXT),
    },
    {"from": ID, "fromName": TEXT},
)
ACCESS: Final = thing(
    {
        "id": ID,
        "name": TEXT,
        "kind": TEXT,
        "parentId": null(ID),
        "role": null(TEXT),
        "myLevel": TEXT,
        "myRights": TEXT,
        "access": null(map_of(GRANT)),
        "inherited": null(list_of(GRANT)),
    }
)
EXPLAINED: Final = thing(
    {
        "accountId": ID,
        "id": ID,
        "principalId": ID,
        "level": TEXT,
        "rights": TEXT,
        "reasons": list_of(
            thing({"path": TEXT, "grantee": TEXT, "rights": TEXT, "denied": TEXT, "text": TEXT}),
        ),
    }
)
TRIED: Final = thing({"emailId": ID, "from": TEXT, "subject": TEXT, "would": list_of(TEXT), "error": null(TEXT)})


HAPPENING: Final = thing({"what": TEXT, "text": TEXT, "at": null(UTC), "by": TEXT, "client": TEXT})
PROPOSAL: Final = thing(
    {
        "id": ID,
        "uid": TEXT,
        "eventId": null(ID),
        "title": TEXT,
        "by": TEXT,
        "comment": TEXT,
        "start": null(LOCAL),
        "duration": null(TEXT),
        "timeZone": null(TEXT),
        "showWithoutTime": FLAG,
        "recurrenceId": null(LOCAL),
        "place": null(TEXT),
    }
)
REQUEST: Final = thing(
    {
        "id": ID,
        "isMine": FLAG,
        "principalId": ID,
        "email": TEXT,
        "name": TEXT,
        "path": TEXT,
        "folderId": null(ID),
        "level": TEXT,
        "text": TEXT,
        "status": {"enum": ["waiting", "granted", "refused"]},
        "created": UTC,
    }
)
ONE_OF: Final = thing({"accountId": ID, "id": ID})
"""What a method about one thing answers that has nothing else to tell."""
REMOTE_MAILBOX: Final = thing(
    {
        "id": ID,
        "host": TEXT,
        "port": COUNT,
        "tls": {"enum": ["implicit", "start"]},
        "user": TEXT,
        "mailboxId": null(ID),
        "minutes": COUNT,
        "keep": FLAG,
        "isEnabled": FLAG,
        "isFetching": FLAG,
        "lastFetched": null(UTC),
        "nextFetch": null(UTC),
        "fetched": COUNT,
        "failures": COUNT,
        "error": null(TEXT),
    }
)
FETCHING: Final = thing({"accountId": ID, "fetching": null(map_of(UTC)), "notFetching": null(map_of(SET_ERROR))})
CALENDAR_SOURCE: Final = thing(
    {
        "id": ID,
        "url": TEXT,
        "minutes": null(COUNT),
        "keepAlarms": FLAG,
        "keepAttachments": FLAG,
        "isEnabled": FLAG,
        "isFetching": FLAG,
        "lastFetched": null(UTC),
        "nextFetch": null(UTC),
        "failures": COUNT,
        "error": null(TEXT),
        "leftOut": null(TEXT),
    }
)
SENDER_SETTINGS: Final = thing(
    {
        "id": {"const": "singleton"},
        "allowed": list_of(TEXT),
        "blocked": list_of(TEXT),
        "blockedAction": TEXT,
        "strangers": TEXT,
        "contactsAllowed": FLAG,
    }
)
REMOVED: Final = thing(
    {
        "id": ID,
        "kind": {"enum": ["mail", "calendar", "contacts", "tasks", "notes", "journal"]},
        "folderId": ID,
        "folder": TEXT,
        "title": TEXT,
        "from": list_of(ADDRESS),
        "preview": TEXT,
        "receivedAt": UTC,
        "removedAt": UTC,
        "size": COUNT,
    }
)
RESTORED: Final = thing(
    {
        "accountId": ID,
        "restored": null(map_of(thing({"id": ID, "folderId": ID}))),
        "notRestored": null(map_of(SET_ERROR)),
    }
)
SCRIPT: Final = thing({"id": ID, "name": null(TEXT), "blobId": ID, "isActive": FLAG})


def get(item: Schema) -> Schema:
    """`Foo/get`. RFC 8620 §5.1."""
    return thing({"accountId": ID, "state": TEXT, "list": list_of(item), "notFound": list_of(ID)})


CHANGES: Final = thing(
    {
        "accountId": ID,
        "oldState": TEXT,
        "newState": TEXT,
        "hasMoreChanges": FLAG,
        "created": list_of(ID),
        "updated": list_of(ID),
        "destroyed": list_of(ID),
    },
    {"updatedProperties": IDS},
)
QUERY: Final = thing(
    {
        "accountId": ID,
        "queryState": TEXT,
        "canCalculateChanges": FLAG,
        "position": COUNT,
        "ids": list_of(ID),
        "total": COUNT,
    },
    {"limit": COUNT},
)
QUERY_CHANGES: Final = thing(
    {
        "accountId": ID,
        "oldQueryState": TEXT,
        "newQueryState": TEXT,
        "removed": list_of(ID),
        "added": list_of(thing({"id": ID, "index": COUNT})),
    },
    {"total": COUNT},
)
SET: Final = thing(
    {
        "accountId": ID,
        "oldState": null(TEXT),
        "newState": TEXT,
        "created": null(map_of({"type": "object", "required": ["id"]})),
        "updated": null(map_of(null({"type": "object"}))),
        "destroyed": null(list_of(ID)),
        "notCreated": null(map_of(SET_ERROR)),
        "notUpdated": null(map_of(SET_ERROR)),
        "notDestroyed": null(map_of(SET_ERROR)),
    }
)
_PUT: Final = {
    "accountId": ID,
    "oldState": null(TEXT),
    "newState": TEXT,
    "created": null(map_of(PLACED)),
    "notCreated": null(map_of(SET_ERROR)),
}
COPY: Final = thing(
    {
        "fromAccountId": ID,
        "accountId": ID,
        "oldState": null(TEXT),
        "newState": TEXT,
        "created": null(map_of({"type": "object", "required": ["id"]})),
        "notCreated": null(map_of(SET_ERROR)),
    }
)
RESPONSES: Final[Mapping[str, Schema]] = {
    "Blob/upload": thing(
        {
            "accountId": ID,
            "created": null(map_of(thing({"id": ID, "type": null(TEXT), "size": COUNT}))),
            "notCreated": null(map_of(SET_ERROR)),
        }
    ),
    "Blob/get": thing({"accountId": ID, "list": list_of(BLOB), "notFound": list_of(ID)}),
    "Blob/lookup": thing(
        {
            "accountId": ID,
            "list": list_of(thing({"id": ID, "matchedIds": map_of(list_of(ID))})),
            "notFound": list_of(ID),
        }
    ),
    "Blob/copy": thing(
        {"fromAccountId": ID, "accountId": ID, "copied": null(map_of(ID)), "notCopied": null(map_of(SET_ERROR))}
    ),
    "Mailbox/get": get(MAILBOX),
    "Mailbox/changes": CHANGES,
    "Mailbox/query": QUERY,
    "Mailbox/queryChanges": QUERY_CHANGES,
    "Mailbox/set": SET,
    "Thread/get": get(THREAD),
    "Thread/changes": CHANGES,
    "Email/get": get(EMAIL),
    "Email/changes": CHANGES,
    "Email/query": QUERY,
    "Email/queryChanges": QUERY_CHANGES,
    "Email/set": SET,
    "Email/import": thing(_PUT),
    "Email/copy": thing({"fromAccountId": ID, **_PUT}),
    "Email/parse": thing({"accountId": ID, "parsed": null(map_of(PARSED)), "notParsable": IDS, "notFound": IDS}),
    "SearchSnippet/get": thing({"accountId": ID, "list": list_of(SNIPPET), "notFound": IDS}),
    "Identity/get": get(IDENTITY),
    "Identity/changes": CHANGES,
    "Identity/set": SET,
    "Label/get": get(LABEL),
    "Label/changes": CHANGES,
    "Label/set": SET,
    "EmailSubmission/get": get(SUBMISSION),
    "EmailSubmission/changes": CHANGES,
    "EmailSubmission/query": QUERY,
    "EmailSubmission/queryChanges": QUERY_CHANGES,
    "EmailSubmission/set": SET,
    "MDN/send": thing(
        {
            "accountId": ID,
            "sent": null(map_of(thing({}, {"finalRecipient": TEXT, "originalMessageId": null(TEXT)}))),
            "notSent": null(map_of(SET_ERROR)),
        }
    ),
    "MDN/parse": thing({"accountId": ID, "parsed": null(map_of(MDN)), "notParsable": IDS, "notFound": IDS}),
    "VacationResponse/get": get(VACATION),
    "VacationResponse/set": SET,
    "PushSubscription/get": thing({"list": list_of(PUSH), "notFound": list_of(ID)}),
    "PushSubscription/set": thing(
        {name: each for name, each in SET["properties"].items() if name not in ("accountId", "oldState", "newState")}
    ),
    "AddressBook/get": get(BOOK),
    "AddressBook/changes": CHANGES,
    "AddressBook/set": SET,
    "ContactCard/get": get(CARD),
    "ContactCard/changes": CHANGES,
    "ContactCard/query": QUERY,
    "ContactCard/queryChanges": QUERY_CHANGES,
    "ContactCard/set": SET,
    "ContactCard/copy": COPY,
    "ContactCard/parse": thing(
        {
            "accountId": ID,
            "parsed": null(map_of(list_of({"type": "object", "required": ["uid"]}))),
            "notParsable": null(map_of(list_of(TEXT))),
            "notFound": IDS,
        }
    ),
    "ContactCard/export": thing({"accountId": ID, "vCards": TEXT, "notFound": IDS}),
    "Calendar/get": get(CALENDAR),
    "Calendar/changes": CHANGES,
    "Calendar/set": SET,
    "CalendarEvent/get": get(EVENT),
    "CalendarEvent/changes": CHANGES,
    "CalendarEvent/query": QUERY,
    "CalendarEvent/queryChanges": QUERY_CHANGES,
    "CalendarEvent/set": SET,
    "CalendarEvent/copy": COPY,
    "CalendarEvent/parse": thing(
        {
            "accountId": ID,
            "parsed": null(map_of(list_of({"type": "object", "required": ["uid"]}))),
            "notParsable": IDS,
            "notFound": IDS,
        }
    ),
    "ParticipantIdentity/get": get(PARTICIPANT_IDENTITY),
    "ParticipantIdentity/changes": CHANGES,
    "ParticipantIdentity/set": SET,
    "Principal/get": get(PRINCIPAL),
    "Principal/changes": CHANGES,
    "Principal/query": QUERY,
    "Principal/queryChanges": QUERY_CHANGES,
    "Principal/set": SET,
    "Principal/getAvailability": thing({"accountId": ID, "list": list_of(BUSY)}),
    "ShareNotification/get": get(NOTIFICATION),
    "ShareNotification/changes": CHANGES,
    "ShareNotification/query": QUERY,
    "ShareNotification/queryChanges": QUERY_CHANGES,
    "ShareNotification/set": SET,
    "TaskList/get": get(TASK_LIST),
    "TaskList/changes": CHANGES,
    "TaskList/set": SET,
    "Task/get": get(TASK),
    "Task/changes": CHANGES,
    "Task/query": QUERY,
    "Task/queryChanges": QUERY_CHANGES,
    "Task/set": SET,
    "Task/copy": COPY,
    "Quota/get": get(QUOTA),
    "Quota/changes": CHANGES,
    "Quota/query": QUERY,
    "Quota/queryChanges": QUERY_CHANGES,
    "SieveScript/get": get(SCRIPT),
    "SieveScript/query": QUERY,
    "SieveScript/set": SET,
    "SieveScript/try": thing({"accountId": ID, "list": list_of(TRIED)}),
    "CalendarEvent/import": thing(
        {"accountId": ID, "created": COUNT, "updated": COUNT, "skipped": COUNT, "refused": list_of(TEXT)}
    ),
    "CalendarEvent/export": thing({"accountId": ID, "iCalendar": TEXT}),
    "CalendarEvent/timeline": thing({"accountId": ID, "list": list_of(HAPPENING)}),
    "CalendarEvent/propose": ONE_OF,
    "MeetingProposal/get": get(PROPOSAL),
    "MeetingProposal/answer": ONE_OF,
    "RemoteMailbox/get": get(REMOTE_MAILBOX),
    "RemoteMailbox/set": SET,
    "RemoteMailbox/fetch": FETCHING,
    "CalendarSource/get": get(CALENDAR_SOURCE),
    "CalendarSource/set": SET,
    "CalendarSource/fetch": FETCHING,
    "RemovedItem/get": get(REMOVED),
    "RemovedItem/set": SET,
    "RemovedItem/restore": RESTORED,
    "SenderSettings/get": get(SENDER_SETTINGS),
    "SenderSettings/set": SET,
    "TemporaryAddress/get": get(thing({"id": ID, "address": TEXT, "expires": UTC})),
    "TemporaryAddress/set": SET,
    "FolderAccess/get": get(ACCESS),
    "FolderAccess/set": SET,
    "FolderAccess/explain": EXPLAINED,
    "AccessRequest/get": get(REQUEST),
    "AccessRequest/set": SET,
    **{
        f"{name}/{what}": shape
        for name, item in (("Note", NOTE), ("JournalEntry", NOTE))
        for what, shape in (
            ("get", get(item)),
            ("changes", CHANGES),
            ("query", QUERY),
            ("queryChanges", QUERY_CHANGES),
            ("set", SET),
            ("copy", COPY),
        )
    },
    **{
        f"{name}/{what}": shape
        for name in ("Notebook", "Journal")
        for what, shape in (("get", get(NOTEBOOK)), ("changes", CHANGES), ("set", SET))
    },
    "SieveScript/validate": thing({"accountId": ID, "error": null(SET_ERROR)}),
}
"""What each method answers."""
SESSION: Final = thing(
    {
        "capabilities": map_of({"type": "object"}, "^urn:"),
        "accounts": map_of(
            thing(
                {
                    "name": TEXT,
                    "isPersonal": FLAG,
                    "isReadOnly": FLAG,
                    "accountCapabilities": map_of({"type": "object"}, "^urn:"),
                }
            ),
            "^[A-Za-z0-9_-]{1,255}$",
        ),
        "primaryAccounts": map_of(ID, "^urn:"),
        "username": TEXT,
        "apiUrl": TEXT,
        "downloadUrl": {"type": "string", "pattern": r"\{accountId\}.*\{blobId\}.*\{name\}.*\{type\}"},
        "uploadUrl": {"type": "string", "pattern": r"\{accountId\}"},
        "eventSourceUrl": {"type": "string", "pattern": r"\{types\}.*\{closeafter\}.*\{ping\}"},
        "state": TEXT,
    }
)
