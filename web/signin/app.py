"""Signing in and out, and the list of one's sessions: JSON below `/signin`. Decision 248.

GET    /signin/session       who is signed in, and the proof (X-CSRF-Token) for what follows
POST   /signin/session       {"name", "password", "stay"}: signs in
DELETE /signin/session       signs out
GET    /signin/sessions      one's sessions
DELETE /signin/sessions      ends all but this one
DELETE /signin/sessions/N    ends one
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from groupware.model.browser import BrowserSession
from groupware.model.errors import BadCredentials, NotFound, TryAgain
from groupware.model.principal import Principal
from groupware.store.api import WriteTx
from mailcore.server.parts import Parts, ServiceSetup
from mailcore.server.signin import Desk, Rejected, SignIn, Way, desk
from web.signin import sessions, tokens

BODY_OCTETS: Final = 8192
LONGEST_NAME: Final = 320
LONGEST_PASSWORD: Final = 2000
SAFE: Final = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
_Handler = Callable[[Request], Awaitable[Response]]


def signin(parts: Parts, setup: ServiceSetup) -> Starlette:
    """The application, below `/signin`."""
    door = _Door(parts, setup)
    return Starlette(
        routes=[
            Route("/session", _told(door.session), methods=["GET"]),
            Route("/session", _told(door.sign_in), methods=["POST"]),
            Route("/session", _told(door.sign_out), methods=["DELETE"]),
            Route("/sessions", _told(door.listed), methods=["GET"]),
            Route("/sessions", _told(door.end_others), methods=["DELETE"]),
            Route("/sessions/{number:int}", _told(door.end), methods=["DELETE"]),
        ]
    )


class _Door:
    """Signs people in and out."""

    __slots__ = ("_desk", "_limits", "_parts")

    def __init__(self, parts: Parts, setup: ServiceSetup) -> None:
        self._parts, self._limits = parts, setup.config.webmail
        self._desk: Desk = desk(parts, setup, sessions.SERVICE, "WEBMAIL")

    async def session(self, request: Request) -> Response:
        """Who is signed in; who is not gets what it takes to."""
        way: Way = request.scope["state"]["way"]
        try:
            found = await sessions.known(self._parts, request)
        except BadCredentials:
            token = tokens.visit_token(request, secure=way.secure) or tokens.new_token()
            answer = self._says(None, token)
            tokens.set_visit(answer, token, secure=way.secure)
            return answer
        return self._says(found.who.name, found.token)

    async def sign_in(self, request: Request) -> Response:
        """Begins a session under a new token, whatever the browser had before."""
        way: Way = request.scope["state"]["way"]
        had = (tokens.visit_token(request, secure=way.secure), tokens.session_token(request, secure=way.secure))
        proven = any(tokens.proven(request, self._parts.secret, each) for each in had)
        if not proven or not tokens.of_our_pages(request):
            raise sessions.Foreign(sessions.FOREIGN)
        given = await _object(request)
        name, password, stay = given.get("name"), given.get("password"), given.get("stay", False)
        if not isinstance(name, str) or not isinstance(password, str) or not isinstance(stay, bool):
            raise HTTPException(400, "`name` and `password` are strings, `stay` is true or false.")
        if not name or len(name) > LONGEST_NAME or len(password) > LONGEST_PASSWORD or "\0" in name + password:
            raise BadCredentials("The name or the password is wrong.")
        who = await self._password(way, name, password)
        agent = "".join(each for each in request.headers.get("user-agent", "") if each.isprintable())
        token = await sessions.begin(self._parts, self._limits, who, way, agent, stay=stay)
        answer = self._says(who.name, token)
        lasts = self._limits.stay_signed_in if stay and self._limits.stay_signed_in else None
        tokens.set_session(answer, token, lasts, secure=way.secure)
        return answer

    async def _password(self, way: Way, name: str, password: str) -> Principal:
        add = self._parts.counters.add
        try:
            who = await SignIn(self._desk, way).password(name, password)
        except BadCredentials:
            add("WEBMAIL_LoginFailed")
            raise
        add("WEBMAIL_Login", domain=who.name.rpartition("@")[2], account=who.name)
        return who

    async def sign_out(self, request: Request) -> Response:
        """Ends the session; signed out is also who was not signed in."""
        way: Way = request.scope["state"]["way"]
        answer = Response(status_code=204, headers=SAFE)
        try:
            found = await self._known(request)
            await self._parts.store.write(found.who, lambda tx: tx.drop_browser_session(found.session.number))
        except (BadCredentials, NotFound):
            pass
        tokens.drop_session(answer, secure=way.secure)
        return answer

    async def listed(self, request: Request) -> Response:
        """One's sessions, the one used last first."""
        here = await sessions.known(self._parts, request)
        found = await self._parts.store.read(here.who, lambda tx: tx.browser_sessions())
        return JSONResponse([_shown(each, here.session) for each in reversed(found)], headers=SAFE)

    async def end(self, request: Request) -> Response:
        """Ends one of one's sessions."""
        here = await self._known(request)
        number = int(request.path_params["number"])
        await self._parts.store.write(here.who, lambda tx: tx.drop_browser_session(number))
        return Response(status_code=204, headers=SAFE)

    async def end_others(self, request: Request) -> Response:
        """Ends all of one's sessions but this one."""
        here = await self._known(request)

        def work(tx: WriteTx) -> None:
            for each in tx.browser_sessions():
                if each.number != here.session.number:
                    tx.drop_browser_session(each.number)

        await self._parts.store.write(here.who, work)
        return Response(status_code=204, headers=SAFE)

    async def _known(self, request: Request) -> sessions.Known:
        """Who is signed in, and asks by a page of ours. `Foreign`, `BadCredentials`."""
        await sessions.signed_in(self._parts, request)
        return await sessions.known(self._parts, request)

    def _says(self, name: str | None, token: str) -> Response:
        proof = tokens.proof_of(self._parts.secret, token)
        return JSONResponse({"name": name, "csrf": proof, "mayStay": bool(self._limits.stay_signed_in)}, headers=SAFE)


def _told(handler: _Handler) -> _Handler:
    """The handler, whose errors are told in words."""

    async def told(request: Request) -> Response:
        try:
            return await handler(request)
        except BadCredentials as error:
            return _error(401, str(error))
        except (Rejected, sessions.Foreign) as error:
            return _error(403, str(error))
        except NotFound as error:
            return _error(404, str(error))
        except TryAgain as error:
            return _error(503, str(error))
        except HTTPException as error:
            return _error(error.status_code, error.detail)

    return told


async def _object(request: Request) -> Mapping[str, Any]:
    """The JSON object that a request brings. `HTTPException`."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise HTTPException(415, "A request is application/json.")
    octets = bytearray()
    async for chunk in request.stream():
        octets += chunk
        if len(octets) > BODY_OCTETS:
            raise HTTPException(413, f"A request has up to {BODY_OCTETS} octets.")
    try:
        found = json.loads(octets)
    except (ValueError, RecursionError):
        raise HTTPException(400, "The request is no JSON.") from None
    if not isinstance(found, dict):
        raise HTTPException(400, "The request is no JSON object.")
    return found


def _shown(each: BrowserSession, here: BrowserSession) -> Mapping[str, object]:
    times = {"made": each.made.isoformat(), "used": each.used.isoformat(), "ends": each.ends.isoformat()}
    return {"id": each.number, "here": each.number == here.number, "peer": each.peer, "agent": each.agent, **times}


def _error(status: int, text: str) -> Response:
    return JSONResponse({"error": text}, status, headers=SAFE)
