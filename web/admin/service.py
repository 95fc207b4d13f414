"""The service `webadmin`: the console's pages, the interface behind them, and signing in, at doors of its own."""

from __future__ import annotations

from functools import partial
from hashlib import sha256
from importlib.resources import files
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route

from groupware.model.principal import Principal
from mailcore.server.parts import Parts, ServiceSetup
from web.admin.app import ROOT, administrator, api
from web.http import HttpService
from web.signin.app import Entrance, signin

PAGES: Final = {
    "/": ("index.html", "text/html"),
    "/static/admin.js": ("admin.js", "text/javascript"),
    "/static/admin.css": ("admin.css", "text/css"),
}
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


def webadmin(parts: Parts, setup: ServiceSetup) -> HttpService:
    """The service for a configuration."""
    return HttpService(parts, setup, routes(parts, setup), visits={"WEBADMIN": ""})


def routes(parts: Parts, setup: ServiceSetup) -> list[BaseRoute]:
    """What is where."""
    entrance = Entrance("WEBADMIN", "WEBADMIN_AuthenticatedSuccess", "", partial(_admit, parts))
    return [
        *[Route(path, _page(*what)) for path, what in PAGES.items()],
        Mount("/signin", signin(parts, setup, entrance)),
        Mount(ROOT, api(parts, setup)),
    ]


async def _admit(parts: Parts, who: Principal) -> None:
    """`NoRight` for who administers nothing."""
    await administrator(parts, who)


def _page(name: str, media: str) -> Any:
    octets = (files("web.admin") / "static" / name).read_bytes()
    tag = f'"{sha256(octets).hexdigest()[:32]}"'

    async def page(request: Request) -> Response:
        """The file, unless the browser has it."""
        headers = {**_HEADERS, "etag": tag}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(octets, media_type=media, headers=headers)

    return page
