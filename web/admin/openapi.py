"""The description of the interface, made of the table that routes requests. OpenAPI 3.1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from web.admin.table import TEXT, Field, Operation, Schema, of

ERROR: Final = of("error")
_ERRORS: Final = {
    "400": "The request is not as described.",
    "401": "Nobody is signed in.",
    "403": "Who is signed in may not do that, or the proof is missing.",
    "404": "It is not there.",
    "409": "It is there already.",
    "422": "It is refused; the text says why.",
    "503": "Not now; try again.",
}
ABOUT: Final = (
    "Sign in with POST /signin/session, which gives a cookie. Whatever is not a GET takes the X-CSRF-Token that "
    "GET /signin/session gives for it."
)


def description(operations: Sequence[Operation], root: str, version: str) -> Mapping[str, Any]:
    """The description of these operations."""
    paths: dict[str, dict[str, Any]] = {}
    for each in operations:
        paths.setdefault(each.path, {})[each.method.lower()] = _operation(each)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Postroom WebAdmin", "version": version, "description": ABOUT},
        "servers": [{"url": root}],
        "paths": paths,
        "security": [{"session": []}],
        "components": {
            "schemas": {"Error": ERROR},
            "securitySchemes": {"session": {"type": "apiKey", "in": "cookie", "name": "postroom"}},
        },
    }


def _operation(each: Operation) -> Mapping[str, Any]:
    parameters = [_parameter(field) for field in each.fields if field.where != "body"]
    if each.method != "GET":
        proof = {"name": "X-CSRF-Token", "in": "header", "required": True, "schema": TEXT}
        parameters.append({**proof, "description": "The proof that /signin/session gives."})
    done = {"204": {"description": "Done."}} if each.gives is None else {"200": _answer("Done.", each.gives)}
    error = {"$ref": "#/components/schemas/Error"}
    made: dict[str, Any] = {
        "operationId": each.name,
        "summary": each.doc,
        "parameters": parameters,
        "responses": {**done, **{code: _answer(text, error) for code, text in _ERRORS.items()}},
    }
    if each.takes_body:
        made["requestBody"] = {"required": True, **_content(_body(each))}
    return made


def _parameter(field: Field) -> Mapping[str, Any]:
    about = {"name": field.name, "in": field.where, "required": field.required, "description": field.doc}
    return {**about, "schema": field.schema}


def _body(each: Operation) -> Schema:
    fields = [field for field in each.fields if field.where == "body"]
    return {
        "type": "object",
        "properties": {field.name: {**field.schema, "description": field.doc} for field in fields},
        "required": [field.name for field in fields if field.required],
        "additionalProperties": False,
    }


def _answer(text: str, schema: Schema) -> Mapping[str, Any]:
    return {"description": text, **_content(schema)}


def _content(schema: Schema) -> Mapping[str, Any]:
    return {"content": {"application/json": {"schema": schema}}}
