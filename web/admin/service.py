"""The service `webadmin`: the console's pages, the interface behind them, and signing in, at doors of its own."""

from __future__ import annotations

from functools import partial
from typing import Final

from starlette.routing import BaseRoute, Mount, Route

from groupware.model.principal import Principal
from mailcore.server.parts import Parts, ServiceSetup
from web.admin.app import ROOT, administrator, api
from web.http import HttpService
from web.signin.app import Entrance, signin
from web.signin.pages import page

PAGES: Final = {
    "/": ("index.html", "text/html"),
    "/static/admin.js": ("admin.js", "text/javascript"),
    "/static/groups.js": ("groups.js", "text/javascript"),
    "/static/settings.js": ("settings.js", "text/javascript"),
    "/static/admin.css": ("admin.css", "text/css"),
}


def webadmin(parts: Parts, setup: ServiceSetup) -> HttpService:
    """The service for a configuration."""
    return HttpService(parts, setup, routes(parts, setup), visits={"WEBADMIN": ""})


def routes(parts: Parts, setup: ServiceSetup) -> list[BaseRoute]:
    """What is where."""
    entrance = Entrance("WEBADMIN", "WEBADMIN_AuthenticatedSuccess", "", partial(_admit, parts))
    return [
        *[Route(path, page("web.admin", *what)) for path, what in PAGES.items()],
        Route("/signin.js", page("web.signin", "signin.js", "text/javascript")),
        Mount("/signin", signin(parts, setup, entrance)),
        Mount(ROOT, api(parts, setup)),
    ]


async def _admit(parts: Parts, who: Principal) -> None:
    """`NoRight` for who administers nothing."""
    await administrator(parts, who)
