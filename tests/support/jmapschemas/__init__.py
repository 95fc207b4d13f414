"""JSON schemas of what the methods of JMAP answer, as the RFCs have it; nothing more is allowed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.support.jmapschemas import mail, organizer, own
from tests.support.jmapschemas.shapes import FLAG, ID, TEXT, Schema, map_of, thing

RESPONSES: Final[Mapping[str, Schema]] = {**mail.RESPONSES, **organizer.RESPONSES, **own.RESPONSES}
"""What each method answers."""
JMAP: Final = "urn:ietf:params:jmap:"
LIMITS: Final = (
    "maxSizeUpload",
    "maxConcurrentUpload",
    "maxSizeRequest",
    "maxConcurrentRequests",
    "maxCallsInRequest",
    "maxObjectsInGet",
    "maxObjectsInSet",
)
SESSION: Final = thing(
    {
        "capabilities": {
            **map_of({"type": "object"}, "^urn:"),
            "properties": {
                f"{JMAP}core": thing(
                    {
                        **{name: {"type": "integer", "minimum": 1} for name in LIMITS},
                        "collationAlgorithms": {"type": "array", "items": TEXT},
                    }
                ),
                f"{JMAP}websocket": thing({"url": {"type": "string", "pattern": "^wss?:"}, "supportsPush": FLAG}),
                f"{JMAP}webpush-vapid": thing(
                    {"applicationServerKey": {"type": "string", "pattern": "^[A-Za-z0-9_-]{87}$"}}
                ),
                f"{JMAP}sieve": thing({"implementation": TEXT}),
            },
            "required": [f"{JMAP}{name}" for name in ("core", "websocket", "webpush-vapid", "sieve")],
        },
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
