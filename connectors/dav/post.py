"""POST to a collection or a home: what it is for is said by the body."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from connectors.dav import objects, push, sharing
from connectors.dav.request import Exchange
from connectors.dav.xml import PUSH

_XML: Final = ("application/xml", "text/xml", "application/davsharing+xml")


async def post(exchange: Exchange) -> Response:
    """Registers for push or shares, where the body is XML; else adds an object (RFC 5995)."""
    kind = exchange.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in _XML:
        return await objects.add(exchange)
    root = exchange.document()
    if root is not None and root.tag == f"{{{PUSH}}}push-register":
        return await push.register(exchange, root)
    return await sharing.share(exchange, root)
