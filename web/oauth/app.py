"""The addresses of the authorization server. Decision 287.

GET    /oauth/authorize      the page on which one consents; what is asked for stands in the query
POST   /oauth/authorize      {"query", "consent"}: where the browser goes back to (with `X-CSRF-Token`)
GET    /oauth/wish           what the query asks for, for the page
POST   /oauth/token          codes and refresh tokens become tokens
POST   /oauth/revoke         RFC 7009
POST   /oauth/register       RFC 7591
GET    /oauth/grants         programs that act in one's name
DELETE /oauth/grants/N       one less
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from groupware.model.errors import TryAgain
from groupware.model.token import Grant
from mailcore.server.offers import issuer
from mailcore.server.parts import Parts, ServiceSetup
from mailcore.server.sections_web import OAuthSection
from mailcore.server.signin import Way
from mailcore.server.tokens import SCOPES
from web.oauth.clients import BadClient, registered
from web.oauth.consent import NotAsked, Wish, new_grant, shown, wish
from web.oauth.exchange import Denied, revoke_token, tokens
from web.signin import sessions
from web.signin.bodies import SAFE, object_of, text_of
from web.signin.pages import page
from web.signin.telling import Handler, told

FORM_OCTETS: Final = 16 * 1024
LONGEST_QUERY: Final = 12_000
ROOT: Final = "/oauth"
_ANYBODY: Final = {**SAFE, "access-control-allow-origin": "*", "access-control-allow-headers": "content-type"}
"""For what programs ask, also those that are pages elsewhere: there are no cookies in it."""


def oauth(parts: Parts, setup: ServiceSetup) -> list[BaseRoute]:
    """The routes; none where the configuration wants no tokens."""
    issues = issuer(setup.config)
    if not issues:
        return []
    desk = _Desk(parts, setup.config.oauth, issues)
    both = ["POST", "OPTIONS"]
    return [
        Route(f"{ROOT}/authorize", page("web.oauth", "authorize.html", "text/html"), methods=["GET"]),
        Route(f"{ROOT}/authorize", told(desk.consent), methods=["POST"]),
        Route(f"{ROOT}/authorize.js", page("web.oauth", "authorize.js", "text/javascript"), methods=["GET"]),
        Route(f"{ROOT}/authorize.css", page("web.oauth", "authorize.css", "text/css"), methods=["GET"]),
        Route(f"{ROOT}/wish", told(desk.wish), methods=["GET"]),
        Route(f"{ROOT}/token", _open(desk.token), methods=both),
        Route(f"{ROOT}/revoke", _open(desk.revoke), methods=both),
        Route(f"{ROOT}/register", _open(desk.register), methods=both),
        Route(f"{ROOT}/grants", told(desk.grants), methods=["GET"]),
        Route(f"{ROOT}/grants/{{number:int}}", told(desk.end), methods=["DELETE"]),
        Route("/.well-known/oauth-authorization-server", _open(desk.metadata), methods=["GET"]),
        Route("/.well-known/oauth-protected-resource", _open(desk.resource), methods=["GET"]),
    ]


@dataclass(frozen=True, slots=True)
class _Desk:
    parts: Parts
    limits: OAuthSection
    issuer: str

    async def metadata(self, request: Request) -> Response:
        """Who we are and what there is. RFC 8414 §2."""
        return JSONResponse(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}{ROOT}/authorize",
                "token_endpoint": f"{self.issuer}{ROOT}/token",
                "registration_endpoint": f"{self.issuer}{ROOT}/register",
                "revocation_endpoint": f"{self.issuer}{ROOT}/revoke",
                "scopes_supported": list(SCOPES),
                "response_types_supported": ["code"],
                "response_modes_supported": ["query"],
                "grant_types_supported": ["authorization_code", "refresh_token"],
                "token_endpoint_auth_methods_supported": ["none"],
                "revocation_endpoint_auth_methods_supported": ["none"],
                "code_challenge_methods_supported": ["S256"],
                "authorization_response_iss_parameter_supported": True,
            }
        )

    async def resource(self, request: Request) -> Response:
        """Whose tokens are taken here. RFC 9728 §2."""
        return JSONResponse(
            {
                "resource": self.issuer,
                "authorization_servers": [self.issuer],
                "scopes_supported": list(SCOPES),
                "bearer_methods_supported": ["header"],
            }
        )

    async def register(self, request: Request) -> Response:
        """A program says what it is; it gets an identifier."""
        try:
            ident, client = registered(await object_of(request), self.parts.secret)
        except BadClient as error:
            return JSONResponse({"error": error.kind, "error_description": str(error)}, 400)
        told = {
            "client_id": ident,
            "client_name": client.name,
            "redirect_uris": list(client.redirects),
            "token_endpoint_auth_method": "none",
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
        }
        return JSONResponse(told, 201)

    async def wish(self, request: Request) -> Response:
        """What the page shows; where nothing can be consented to, also what is wrong, and where that can be told.

        The page goes there when somebody says so: a stranger's link leads through it to no place by itself
        (RFC 9700 §4.11.2), for anybody can register a program.
        """
        asked = self._asked(request.url.query)
        told = shown(asked)
        if asked.error:
            told = {**told, "error": asked.error, "goes": asked.answer(self.issuer, error=asked.error)}
        return JSONResponse(told, headers=SAFE)

    async def consent(self, request: Request) -> Response:
        """Where the browser goes with a code, or with the news that nobody consents."""
        here = await sessions.proven_session(self.parts, request)
        given = await object_of(request, 2 * LONGEST_QUERY)
        asked = self._asked(text_of(given, "query", LONGEST_QUERY))
        if asked.error:
            return JSONResponse({"goes": asked.answer(self.issuer, error=asked.error)}, headers=SAFE)
        if given.get("consent") is not True:
            return JSONResponse({"goes": asked.answer(self.issuer, error="access_denied")}, headers=SAFE)
        way: Way = request.scope["state"]["way"]
        code, new = new_grant(asked, way.peer.ip)
        await self.parts.store.write(here.who, lambda tx: tx.put_oauth_grant(new))
        self.parts.log("HTTP").info("oauth_consent", user=here.who.name, client=asked.name, scope=new.scope)
        return JSONResponse({"goes": asked.answer(self.issuer, code=code)}, headers=SAFE)

    async def token(self, request: Request) -> Response:
        """Tokens for a code or a refresh token."""
        way: Way = request.scope["state"]["way"]
        try:
            told = await tokens(self.parts.store, self.limits, await _form(request), way.peer.ip)
        except Denied as error:
            return JSONResponse({"error": error.kind, "error_description": str(error)}, 400)
        return JSONResponse(told)

    async def revoke(self, request: Request) -> Response:
        """Ends what the token belongs to; the answer is the same for what is none."""
        await revoke_token(self.parts.store, (await _form(request)).get("token", ""))
        return Response(status_code=200)

    async def grants(self, request: Request) -> Response:
        """Programs that act in one's name, the one used last first."""
        here = await sessions.known(self.parts, request)
        found = await self.parts.store.read(here.who, lambda tx: tx.oauth_grants())
        return JSONResponse([_told_of(each) for each in reversed(found)], headers=SAFE)

    async def end(self, request: Request) -> Response:
        """Takes back what one of them may do."""
        here = await sessions.proven_session(self.parts, request)
        number = int(request.path_params["number"])
        await self.parts.store.write(here.who, lambda tx: tx.drop_oauth_grant(number))
        return Response(status_code=204, headers=SAFE)

    def _asked(self, query: str) -> Wish:
        """`HTTPException` for what cannot be answered where it says."""
        if len(query) > LONGEST_QUERY:
            raise HTTPException(400, "The program asks for too much at once.")
        try:
            return wish(_pairs(query), self.parts.secret)
        except NotAsked as error:
            raise HTTPException(400, f"This cannot be answered: {error}.") from None


def _pairs(text: str) -> Mapping[str, str]:
    """The parameters; one that comes twice is none. `HTTPException`. RFC 6749 §3.1."""
    try:
        found = parse_qsl(text, keep_blank_values=True, max_num_fields=50, strict_parsing=False, errors="strict")
    except ValueError:
        raise HTTPException(400, "The parameters cannot be read.") from None
    names = [name for name, _ in found]
    return {name: value for name, value in found if names.count(name) == 1}


async def _form(request: Request) -> Mapping[str, str]:
    """What a form brings. `Denied` is for what it says, `HTTPException` for how."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise HTTPException(415, "A request is application/x-www-form-urlencoded.")
    octets = bytearray()
    async for chunk in request.stream():
        octets += chunk
        if len(octets) > FORM_OCTETS:
            raise HTTPException(413, f"A request has up to {FORM_OCTETS} octets.")
    return _pairs(octets.decode("latin-1"))


def _told_of(each: Grant) -> Mapping[str, object]:
    times = {"made": each.made.isoformat(), "used": each.used.isoformat(), "ends": each.ends.isoformat()}
    return {"id": each.number, "name": each.label, "scopes": each.scope.split(), "peer": each.peer, **times}


def _open(handler: Handler) -> Handler:
    """For programs, wherever they run: errors as RFC 6749 §5.2 has them."""

    async def opened(request: Request) -> Response:
        try:
            answer = Response(status_code=204) if request.method == "OPTIONS" else await handler(request)
        except HTTPException as error:
            told = {"error": "invalid_request", "error_description": error.detail}
            answer = JSONResponse(told, error.status_code)
        except TryAgain as error:
            answer = JSONResponse({"error": "temporarily_unavailable", "error_description": str(error)}, 503)
        answer.headers.update(_ANYBODY)
        return answer

    return opened
