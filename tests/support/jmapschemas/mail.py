"""Mail, what is sent and answers by itself, blobs, quotas, pushes and scripts. RFC 8621, 9007, 9404, 9425, 9661."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.support.jmapschemas.shapes import (
    CHANGES,
    COUNT,
    DATE,
    FLAG,
    ID,
    IDS,
    QUERY,
    QUERY_CHANGES,
    SET,
    SET_ERROR,
    TEXT,
    TRUE,
    UTC,
    Schema,
    get,
    list_of,
    map_of,
    null,
    thing,
)

ADDRESS: Final = thing({"name": null(TEXT), "email": TEXT})
ADDRESSES: Final = null(list_of(ADDRESS))
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
SCRIPT: Final = thing({"id": ID, "name": null(TEXT), "blobId": ID, "isActive": FLAG})
_PUT: Final = {
    "accountId": ID,
    "oldState": null(TEXT),
    "newState": TEXT,
    "created": null(map_of(PLACED)),
    "notCreated": null(map_of(SET_ERROR)),
}
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
    "Quota/get": get(QUOTA),
    "Quota/changes": CHANGES,
    "Quota/query": QUERY,
    "Quota/queryChanges": QUERY_CHANGES,
    "SieveScript/get": get(SCRIPT),
    "SieveScript/query": QUERY,
    "SieveScript/set": SET,
    "SieveScript/validate": thing({"accountId": ID, "error": null(SET_ERROR)}),
}
