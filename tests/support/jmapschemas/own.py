"""What there is by capabilities of our own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.support.jmapschemas.mail import ADDRESS
from tests.support.jmapschemas.organizer import LOCAL, TASK_LIST
from tests.support.jmapschemas.shapes import (
    CHANGES,
    COPY,
    COUNT,
    FLAG,
    ID,
    IDS,
    QUERY,
    QUERY_CHANGES,
    SET,
    SET_ERROR,
    TEXT,
    UTC,
    Schema,
    get,
    list_of,
    map_of,
    null,
    thing,
)

LABEL: Final = thing(
    {"id": ID, "keyword": TEXT, "name": null(TEXT), "color": TEXT, "isHidden": FLAG, "mayDelete": FLAG}
)
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
        "errorReason": null(TEXT),
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
        "errorReason": null(TEXT),
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
MOBILE_DEVICE: Final = thing(
    {
        "id": ID,
        **dict.fromkeys(("name", "model", "os", "agent", "type"), TEXT),
        **dict.fromkeys(("created", "lastSeen"), UTC),
        **dict.fromkeys(("isBlocked", "mayUnblock", "isWiped", "mayWipeAccount"), FLAG),
        "wipe": null(TEXT),
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
RESPONSES: Final[Mapping[str, Schema]] = {
    "Label/get": get(LABEL),
    "Label/changes": CHANGES,
    "Label/set": SET,
    "ContactCard/parse": thing(
        {
            "accountId": ID,
            "parsed": null(map_of(list_of({"type": "object", "required": ["uid"]}))),
            "notParsable": null(map_of(list_of(TEXT))),
            "notFound": IDS,
        }
    ),
    "ContactCard/export": thing({"accountId": ID, "vCards": TEXT, "notFound": IDS}),
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
    "MobileDevice/get": get(MOBILE_DEVICE),
    "MobileDevice/set": SET,
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
}
