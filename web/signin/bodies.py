"""What comes in as JSON, and what every answer says besides."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request

BODY_OCTETS: Final = 8192
KEY_OCTETS: Final = 32 * 1024
"""Of a request that brings what a new security key says of itself, with its certificate."""
SAFE: Final = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


async def object_of(request: Request, most: int = BODY_OCTETS) -> Mapping[str, Any]:
    """The JSON object that a request brings. `HTTPException`."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise HTTPException(415, "A request is application/json.")
    octets = bytearray()
    async for chunk in request.stream():
        octets += chunk
        if len(octets) > most:
            raise HTTPException(413, f"A request has up to {most} octets.")
    try:
        found = json.loads(octets)
    except (ValueError, RecursionError):
        raise HTTPException(400, "The request is no JSON.") from None
    if not isinstance(found, dict):
        raise HTTPException(400, "The request is no JSON object.")
    return found


def text_of(given: Mapping[str, Any], name: str, longest: int) -> str:
    """A member that has to be there, and to be a text. `HTTPException`."""
    value = given.get(name)
    if not isinstance(value, str) or not value or len(value) > longest or "\0" in value:
        raise HTTPException(400, f"`{name}` is a text of 1 to {longest} characters.")
    return value
