"""Applications of the HTTP services, each imported when it is first needed: `ready` does not wait for them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from mailcore.server.config import Config
from mailcore.server.later import Later
from mailcore.server.parts import Parts, ServiceSetup

Made = Callable[[Parts, ServiceSetup], ASGIApp]
"""What makes an application."""


class Apart:
    """The application that `what` makes, once somebody asks for it."""

    def __init__(self, what: Later[Callable[..., ASGIApp]], *about: Any) -> None:
        self._what, self._about, self._made = what, about, list[ASGIApp]()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._made:
            makes = await self._what.get()
            if not self._made:
                self._made.append(makes(*self._about))
        await self._made[0](scope, receive, send)


def _activesync() -> Made:
    from connectors.activesync.app import activesync

    return activesync


def _busy_urls() -> Made:
    from connectors.dav.busy_url import busy_urls

    return busy_urls


def _dav() -> Made:
    from connectors.dav.app import dav

    return dav


def _ews() -> Made:
    from connectors.ews.app import ews

    return ews


def _feeds() -> Made:
    from connectors.dav.feeds import feeds

    return feeds


def _jmap() -> Made:
    from web.jmap.app import jmap

    return jmap


def _lists() -> Callable[[Parts], ASGIApp]:
    from web.lists import lists

    return lists


def _signin() -> Callable[..., ASGIApp]:
    from web.signin.app import signin

    return signin


def _telling() -> Callable[[Parts, Config], Callable[[], Awaitable[None]] | None]:
    from web.pushing import telling

    return telling


def _tzdist() -> Callable[[], ASGIApp]:
    from connectors.dav.tzdist import tzdist

    return lambda: tzdist


def _webmail() -> Callable[..., ASGIApp]:
    from web.webmail.app import webmail

    return webmail


DAV = Later(_dav)
JMAP = Later(_jmap)
WEBMAIL = Later(_webmail)
SIGNIN = Later(_signin)
ACTIVESYNC = Later(_activesync)
EWS = Later(_ews)
FEEDS = Later(_feeds)
BUSY_URLS = Later(_busy_urls)
TZDIST = Later(_tzdist)
LISTS = Later(_lists)
TELLING = Later(_telling)
