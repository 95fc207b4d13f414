"""Pages that come with the package: a file, with what a browser is told to hold it to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from hashlib import sha256
from importlib.resources import files
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "cache-control": "no-cache",
    "content-security-policy": _POLICY,
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


def page(package: str, name: str, media: str) -> Callable[[Request], Awaitable[Response]]:
    """Serves a file of `static` in the package, unless the browser has it."""
    octets = (files(package) / "static" / name).read_bytes()
    tag = f'"{sha256(octets).hexdigest()[:32]}"'

    async def serve(request: Request) -> Response:
        headers = {**_HEADERS, "etag": tag}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(octets, media_type=media, headers=headers)

    return serve
