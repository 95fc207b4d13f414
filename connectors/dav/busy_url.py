"""When somebody is busy, at an address that anybody may write down: `/freebusy/alice@example.org`.

The Freebusy Read URL of CalConnect (CD 0903): GET, with `start`, `end` and `period`. Who signs in is told what the
grants tell them; who does not, what they tell `anyone`. A single calendar by a secret link is in `feeds`.
"""

from __future__ import annotations

import hashlib
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.dav.busy_feed import range_of
from connectors.dav.errors import DavError, dav_error
from connectors.dav.request import signed_in
from groupware.calendar.busy import FLOAT, freebusy, placed_of, together
from groupware.model.content import NO_PARAMS, Line
from groupware.model.errors import GroupwareError, NoRight, NotFound
from groupware.model.principal import OPERATOR, Principal
from mailcore.server.authorization import CHALLENGE
from mailcore.server.parts import Parts, ServiceSetup
from mailcore.server.signin import Desk, desk

LONGEST: Final = 320
"""Characters of an address."""
_TYPE: Final = "text/calendar; charset=utf-8"
_NOT_TOLD: Final = "Nothing is told of this address without signing in."


def busy_urls(parts: Parts, setup: ServiceSetup) -> Starlette:
    """The application below `/freebusy`."""
    door = _Door(parts, desk(parts, setup, "dav", "DAV"))
    return Starlette(routes=[Route("/{address}", door.told, methods=["GET", "HEAD"])])


class _Door:
    __slots__ = ("_desk", "_parts")

    def __init__(self, parts: Parts, signing: Desk) -> None:
        self._parts, self._desk = parts, signing

    async def told(self, request: Request) -> Response:
        """One VFREEBUSY."""
        try:
            return await self._told(request, str(request.path_params["address"]).lower())
        except DavError as error:
            return Response(f"{error}\n", error.status, error.headers, "text/plain; charset=utf-8")
        except GroupwareError as error:
            said = dav_error(error)
            return Response(f"{said}\n", said.status, said.headers, "text/plain; charset=utf-8")

    async def _told(self, request: Request, address: str) -> Response:
        range_ = range_of(request.query_params)
        who = await self._who(request)
        low, high = range_.start - FLOAT, range_.end + FLOAT
        try:
            if len(address) > LONGEST:
                raise NotFound(f"{address[:60]!r}...: nobody has an address as long as that")
            placed, availability = await self._parts.store.read(who, lambda tx: placed_of(tx, address, low, high))
        except (NotFound, NoRight):
            if "authorization" in request.headers:
                raise
            raise DavError(401, _NOT_TOLD, headers=CHALLENGE) from None
        times = await together(self._parts.blobs, placed, range_, availability)
        whose = Line("ORGANIZER", NO_PARAMS, f"mailto:{address}", 0)
        url = Line("URL", NO_PARAMS, str(request.url.replace(query="")), 0)
        octets = freebusy(times, range_, whose, url, method="PUBLISH")
        seen = f"{address} {range_} {times}"
        headers = {"etag": f'"{hashlib.sha256(seen.encode()).hexdigest()[:32]}"', "cache-control": "private, no-cache"}
        if headers["etag"] in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(b"" if request.method == "HEAD" else octets, 200, headers, _TYPE)

    async def _who(self, request: Request) -> Principal:
        if "authorization" in request.headers:
            return await signed_in(self._desk, request)
        return await self._parts.store.glance(OPERATOR, lambda tx: tx.anyone())
