"""The service `webadmin`: the console's pages, the interface behind them, and signing in, at doors of its own."""

from __future__ import annotations

from typing import Final

from starlette.routing import BaseRoute, Mount, Route

from mailcore.server.later import Later
from mailcore.server.parts import Parts, ServiceSetup
from web.admin.table import ROOT
from web.apart import Apart, Made
from web.http import HttpService
from web.signin.pages import page

PAGES: Final = {
    "/": ("index.html", "text/html"),
    "/static/admin.js": ("admin.js", "text/javascript"),
    "/static/groups.js": ("groups.js", "text/javascript"),
    "/static/lists.js": ("lists.js", "text/javascript"),
    "/static/rules.js": ("rules.js", "text/javascript"),
    "/static/settings.js": ("settings.js", "text/javascript"),
    "/static/admin.css": ("admin.css", "text/css"),
}


def _entrance() -> Made:
    from web.admin.app import entrance

    return entrance


def _interface() -> Made:
    from web.admin.app import api

    return api


ENTRANCE: Final = Later(_entrance)
INTERFACE: Final = Later(_interface)


def webadmin(parts: Parts, setup: ServiceSetup) -> HttpService:
    """The service for a configuration."""
    return HttpService(parts, setup, routes(parts, setup), visits={"WEBADMIN": ""})


def routes(parts: Parts, setup: ServiceSetup) -> list[BaseRoute]:
    """What is where."""
    return [
        *[Route(path, page("web.admin", *what)) for path, what in PAGES.items()],
        Route("/signin.js", page("web.signin", "signin.js", "text/javascript")),
        Mount("/signin", Apart(ENTRANCE, parts, setup)),
        Mount(ROOT, Apart(INTERFACE, parts, setup)),
    ]
