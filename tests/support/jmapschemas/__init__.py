"""JSON schemas of what the methods of JMAP answer, as the RFCs have it; nothing more is allowed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.support.jmapschemas import mail, organizer, own
from tests.support.jmapschemas.shapes import FLAG, ID, TEXT, Schema, map_of, thing

RESPONSES: Final[Mapping[str, Schema]] = {**mail.RESPONSES, **organizer.RESPONSES, **own.RESPONSES}
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
