"""What the schemas of all types are made of, and the answers that all types have. RFC 8620."""

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
IDS: Final = null(list_of(TEXT))
SET_ERROR: Final[Schema] = {
    "type": "object",
    "properties": {"type": TEXT, "description": null(TEXT), "properties": list_of(TEXT)},
    "required": ["type"],
}
ERROR: Final[Schema] = {"type": "object", "properties": {"type": TEXT, "description": TEXT}, "required": ["type"]}


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
