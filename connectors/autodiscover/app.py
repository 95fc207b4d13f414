"""The addresses at which programs ask how to set themselves up; letter case means nothing in Autodiscover's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Scope

from connectors.autodiscover.asked import Room
from connectors.autodiscover.plain import POX_PATH, PROFILE_PATH, json_form, pacc_document, table
from groupware.model.errors import BadCredentials, NotFound, TryAgain
from mailcore.server.authorization import CHALLENGE
from mailcore.server.later import Later
from mailcore.server.offers import offers
from mailcore.server.parts import Parts, ServiceSetup
from mailcore.server.signin import Rejected, desk

SERVICE: Final = "autodiscover"
_SAFE: Final = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}
Handler = Callable[[Room, Request], Awaitable[Response]]


def _forms() -> Mapping[str, Handler]:
    from connectors.autodiscover.apple import profile
    from connectors.autodiscover.mozilla import autoconfig
    from connectors.autodiscover.pox import pox
    from connectors.autodiscover.soap import soap

    return {"apple": profile, "mozilla": autoconfig, "pox": pox, "soap": soap}


FORMS: Final = Later(_forms)
"""What answers in XML, which takes a while to import."""


def _form(name: str) -> Handler:
    async def answered(room: Room, request: Request) -> Response:
        return await (await FORMS.get())[name](room, request)

    return answered


def autodiscover(parts: Parts, setup: ServiceSetup, served: Iterable[str]) -> list[BaseRoute]:
    """The routes. `served`: the paths that the service has besides, which say what it offers."""
    if not setup.config.autodiscover.enabled:
        return []
    signing = desk(parts, setup, SERVICE, SERVICE.upper(), "HTTP")
    room = Room(parts, setup.config, offers(setup.config, served), signing)
    get, post = ["GET"], ["POST"]
    return [
        AnyCase(POX_PATH, _told(room, _form("pox")), methods=post),
        AnyCase(POX_PATH, _told(room, _to_tls), methods=get),
        AnyCase("/autodiscover/autodiscover.svc", _told(room, _form("soap")), methods=["GET", "POST"]),
        AnyCase("/autodiscover/autodiscover.json", _told(room, json_form), methods=get),
        AnyCase("/autodiscover/autodiscover.json/v1.0/{address}", _told(room, json_form), methods=get),
        Route(PROFILE_PATH, _told(room, _form("apple")), methods=get),
        Route("/autodiscover/offers.json", _told(room, table), methods=get),
        Route("/.well-known/autoconfig/mail/config-v1.1.xml", _told(room, _form("mozilla")), methods=get),
        Route("/mail/config-v1.1.xml", _told(room, _form("mozilla")), methods=get),
        Route("/.well-known/user-agent-configuration.json", _told(room, pacc_document), methods=get),
    ]


class AnyCase(Route):
    """A route whose path matches in any letter case; what it has in braces does as well, in small letters."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] != "http":
            return Match.NONE, {}
        return super().matches({**scope, "path": scope["path"].lower()})


async def _to_tls(room: Room, request: Request) -> Response:
    """Outlook asks by GET without TLS at autodiscover.DOMAIN, to be sent where TLS is."""
    if room.config.web_url.startswith("https:") and not request.scope["state"]["way"].secure:
        return RedirectResponse(room.config.web_url + POX_PATH, 302)
    return await _form("pox")(room, request)


def _told(room: Room, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """The handler, whose errors are told in words."""

    async def told(request: Request) -> Response:
        try:
            answer = await handler(room, request)
        except BadCredentials as error:
            answer = PlainTextResponse(f"{error}\n", 401, CHALLENGE)
        except Rejected as error:
            answer = PlainTextResponse(f"{error}\n", 403)
        except NotFound as error:
            answer = PlainTextResponse(f"{error}\n", 404)
        except TryAgain as error:
            answer = PlainTextResponse(f"{error}\n", 503)
        except HTTPException as error:
            answer = PlainTextResponse(f"{error.detail}\n", error.status_code)
        answer.headers.update(_SAFE)
        return answer

    return told
