"""Signing in and out, and the list of one's sessions: JSON below `/signin`. Decision 248.

GET    /signin/session       who is signed in, and the proof (X-CSRF-Token) for what follows
POST   /signin/session       {"name", "password", "stay"}, and `code` or `key` where it is asked for: signs in
DELETE /signin/session       signs out
GET    /signin/sessions      one's sessions
DELETE /signin/sessions      ends all but this one
DELETE /signin/sessions/N    ends one

`factors` and `passwords` say what is below `/signin/factors`, `/signin/password` and `/signin/passwords`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from groupware.directory.api import FactorMissing, KeyAnswer, Second
from groupware.model.browser import BrowserSession
from groupware.model.errors import BadCredentials, GroupwareError, NotFound
from groupware.model.principal import OPERATOR, Principal
from groupware.store.api import WriteTx
from mailcore.server.parts import Parts, ServiceSetup
from mailcore.server.signin import Desk, SignIn, Way, desk
from web.signin import sessions, tokens
from web.signin.bodies import SAFE, object_of, text_of
from web.signin.factors import Factors, host_of
from web.signin.passwords import Passwords
from web.signin.telling import Closed, told

LONGEST_NAME: Final = 320
LONGEST_PASSWORD: Final = 2000
LONGEST_CODE: Final = 40


@dataclass(frozen=True, slots=True)
class Entrance:
    """Whose pages one signs in to."""

    module: str = "WEBMAIL"
    """Of its log lines."""
    login: str = "WEBMAIL_Login"
    failed: str = "WEBMAIL_LoginFailed"
    """Its counters; "": none."""
    admit: Callable[[Principal], Awaitable[None]] | None = None
    """Raises `NoRight` for whom these pages are not, though the password is right; None: they are for everybody."""


WEBMAIL: Final = Entrance()


def signin(parts: Parts, setup: ServiceSetup, entrance: Entrance = WEBMAIL) -> Starlette:
    """The application, below `/signin`."""
    way_in = desk(parts, setup, sessions.SERVICE, entrance.module)
    door, factors = _Door(parts, setup, way_in, entrance), Factors(parts, way_in)
    passwords = Passwords(factors)
    return Starlette(
        routes=[
            Route("/session", told(door.session), methods=["GET"]),
            Route("/session", told(door.sign_in), methods=["POST"]),
            Route("/session", told(door.sign_out), methods=["DELETE"]),
            Route("/sessions", told(door.listed), methods=["GET"]),
            Route("/sessions", told(door.end_others), methods=["DELETE"]),
            Route("/sessions/{number:int}", told(door.end), methods=["DELETE"]),
            Route("/factors", told(factors.listed), methods=["GET"]),
            Route("/factors", told(factors.take), methods=["POST"]),
            Route("/factors/totp", told(factors.new_authenticator), methods=["POST"]),
            Route("/factors/key", told(factors.new_key), methods=["POST"]),
            Route("/factors/paper", told(factors.new_paper), methods=["POST"]),
            Route("/factors/{number:int}", told(factors.remove), methods=["DELETE"]),
            Route("/password", told(passwords.change), methods=["POST"]),
            Route("/passwords", told(passwords.listed), methods=["GET"]),
            Route("/passwords", told(passwords.make), methods=["POST"]),
            Route("/passwords/{number:int}", told(passwords.remove), methods=["DELETE"]),
        ]
    )


class _Door:
    """Signs people in and out."""

    __slots__ = ("_desk", "_entrance", "_limits", "_parts")

    def __init__(self, parts: Parts, setup: ServiceSetup, way_in: Desk, entrance: Entrance) -> None:
        self._parts, self._limits, self._desk, self._entrance = parts, setup.config.webmail, way_in, entrance

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
        given = await object_of(request)
        name, password, stay = given.get("name"), given.get("password"), given.get("stay", False)
        if not isinstance(name, str) or not isinstance(password, str) or not isinstance(stay, bool):
            raise HTTPException(400, "`name` and `password` are strings, `stay` is true or false.")
        if not name or len(name) > LONGEST_NAME or len(password) > LONGEST_PASSWORD or "\0" in name + password:
            raise BadCredentials("The name or the password is wrong.")
        try:
            who = await self._password(way, name, password, _second(request, given))
        except FactorMissing as missing:
            return self._asks(request, missing)
        agent = "".join(each for each in request.headers.get("user-agent", "") if each.isprintable())
        token = await sessions.begin(self._parts, self._limits, who, way, agent, stay=stay)
        answer = self._says(who.name, token)
        lasts = self._limits.stay_signed_in if stay and self._limits.stay_signed_in else None
        tokens.set_session(answer, token, lasts, secure=way.secure)
        return answer

    async def _password(self, way: Way, name: str, password: str, second: Second) -> Principal:
        add, here = self._parts.counters.add, self._entrance
        try:
            who = await SignIn(self._desk, way).password(name, password, second)
        except FactorMissing:
            raise
        except BadCredentials:
            if here.failed:
                whose = await self._known_name(name)
                add(here.failed, domain=whose.rpartition("@")[2], account=whose)
            if left := way.gate.blocked(way.peer.ip, name):
                raise Closed(left) from None
            raise
        if here.admit is not None:
            await here.admit(who)
        add(here.login, domain=who.name.rpartition("@")[2], account=who.name)
        return who

    async def _known_name(self, name: str) -> str:
        """The address of the account of that name; "": there is none, and what a stranger makes up is not counted."""
        try:
            return await self._parts.store.read(OPERATOR, lambda tx: tx.account(name).address)
        except GroupwareError:
            return ""

    def _asks(self, request: Request, missing: FactorMissing) -> Response:
        """What it takes beside the password; the browser sends all of it once more, with `code` or `key`."""
        asked: dict[str, object] = {"error": str(missing), "code": "factor", "codes": missing.codes, "key": None}
        if missing.keys:
            from groupware.directory import keys

            made = keys.challenge(host_of(request), missing.keys, self._parts.secret)
            asked["key"] = {"options": made.options, "state": made.state}
        return JSONResponse(asked, 401, headers=SAFE)

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
        return await sessions.proven_session(self._parts, request)

    def _says(self, name: str | None, token: str) -> Response:
        proof = tokens.proof_of(self._parts.secret, token)
        return JSONResponse({"name": name, "csrf": proof, "mayStay": bool(self._limits.stay_signed_in)}, headers=SAFE)


def _second(request: Request, given: Mapping[str, Any]) -> Second:
    """What is given beside the password. `HTTPException`."""
    code, key = given.get("code"), given.get("key")
    if code is not None:
        return Second(text_of(given, "code", LONGEST_CODE))
    if key is None:
        return Second()
    if not isinstance(key, dict) or not isinstance(key.get("response"), dict):
        raise HTTPException(400, "`key` has `state` and `response`.")
    return Second(key=KeyAnswer(host_of(request), text_of(key, "state", 8000), key["response"]))


def _shown(each: BrowserSession, here: BrowserSession) -> Mapping[str, object]:
    times = {"made": each.made.isoformat(), "used": each.used.isoformat(), "ends": each.ends.isoformat()}
    return {"id": each.number, "here": each.number == here.number, "peer": each.peer, "agent": each.agent, **times}
