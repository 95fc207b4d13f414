"""Contacts, calendars, tasks, and whom they are shared with. RFC 9610, 9670, the drafts of calendars and tasks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

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

BOOK_RIGHTS: Final = thing(dict.fromkeys(["mayRead", "mayWrite", "mayShare", "mayDelete"], FLAG))


def holder(rights: Schema, more: Mapping[str, Schema]) -> Schema:
    """What holds things and is shared."""
    common = {"id": ID, "name": TEXT, "description": null(TEXT), "sortOrder": COUNT, "isDefault": FLAG}
    shared = {"isSubscribed": FLAG, "shareWith": null(map_of(rights)), "myRights": rights}
    return thing({**common, **shared, **more})


BOOK: Final = holder(BOOK_RIGHTS, {})
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
CALENDAR: Final = holder(
    CALENDAR_RIGHTS,
    {
        "color": null(TEXT),
        "isVisible": FLAG,
        "includeInAvailability": {"enum": ["all", "attending", "none"]},
        "defaultAlertsWithTime": null(map_of({"type": "object", "required": ["@type", "trigger", "action"]})),
        "defaultAlertsWithoutTime": null(map_of({"type": "object", "required": ["@type", "trigger", "action"]})),
        "timeZone": null(TEXT),
    },
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
DEED: Final = thing(
    {
        "id": ID,
        "created": UTC,
        "changedBy": thing({"name": TEXT, "email": null(TEXT), "principalId": null(ID), "calendarAddress": null(TEXT)}),
        "comment": null(TEXT),
        "type": {"enum": ["created", "updated", "destroyed"]},
        "calendarEventId": ID,
        "event": {"type": "object", "properties": {"@type": {"const": "Event"}}, "required": ["@type", "uid"]},
    },
    {"isDraft": FLAG, "eventPatch": {"type": "object"}},
)
BUSY: Final = thing(
    {
        "utcStart": UTC,
        "utcEnd": UTC,
        "busyStatus": {"enum": ["confirmed", "tentative", "unavailable"]},
        "event": null({"type": "object", "required": ["id"]}),
    }
)


LIST_RIGHTS: Final = thing(
    dict.fromkeys(
        ["mayReadItems", "mayWriteAll", "mayWriteOwn", "mayUpdatePrivate", "mayRSVP", "mayAdmin", "mayDelete"], FLAG
    )
)
TASK_LIST: Final = holder(LIST_RIGHTS, {"color": null(TEXT)})
TASK: Final[Schema] = {
    "type": "object",
    "properties": {"id": ID, "@type": {"const": "Task"}, "uid": TEXT, "taskListId": ID, "due": LOCAL, "start": LOCAL},
    "required": ["id", "uid", "@type", "taskListId"],
}
RESPONSES: Final[Mapping[str, Schema]] = {
    "AddressBook/get": get(BOOK),
    "AddressBook/changes": CHANGES,
    "AddressBook/set": SET,
    "ContactCard/get": get(CARD),
    "ContactCard/changes": CHANGES,
    "ContactCard/query": QUERY,
    "ContactCard/queryChanges": QUERY_CHANGES,
    "ContactCard/set": SET,
    "ContactCard/copy": COPY,
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
    "CalendarEventNotification/get": get(DEED),
    "CalendarEventNotification/changes": CHANGES,
    "CalendarEventNotification/query": QUERY,
    "CalendarEventNotification/queryChanges": QUERY_CHANGES,
    "CalendarEventNotification/set": SET,
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
}
