"""JMAP over HTTP: the session, the one address of all methods, uploads and downloads. RFC 8620 §2, §3, §6."""

from __future__ import annotations

import json
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, Final

from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from groupware.mime.threads import Threads
from groupware.model.errors import BadCredentials, TryAgain
from groupware.model.principal import Principal
from mailcore.push.vapid import public_key
from mailcore.queue.shelf import Shelf
from mailcore.server.authorization import CHALLENGE, authorized
from mailcore.server.parts import Parts, ServiceSetup
from mailcore.server.signin import Desk, Rejected, desk
from mailcore.server.visits import visited
from mailcore.smtp.handin import Submission, Submitter, Taken, submitter
from web.jmap.access_letters import AccessLetters
from web.jmap.errors import RequestError
from web.jmap.events import asked, stream
from web.jmap.limits import AT_ONCE, LISTENERS, REQUEST_OCTETS, UPLOADS_AT_ONCE
from web.jmap.methods import answers_to
from web.jmap.places import SESSION, SOCKET_PATH
from web.jmap.request import Request as Asked
from web.jmap.request import read_request
from web.jmap.session import session
from web.jmap.socket import serve
from web.jmap.transfers import FRESH, body_of, download, path_of, upload
from web.jmap.turn import Turn
from web.signin.sessions import Foreign, has_session, signed_in, while_signed_in
from web.signin.tokens import of_our_pages


@dataclass
class Doing:
    """What is shared by the requests of one application."""

    parts: Parts
    signing: Desk
    log: Any
    host: str
    """What this server calls itself."""
    setup: ServiceSetup
    at_work: dict[int, int] = field(default_factory=dict)
    """Requests at work, by account."""
    coming_in: dict[int, int] = field(default_factory=dict)
    """Uploads that come in, by account."""
    threads: Threads = field(default_factory=Threads)
    directories: dict[str, tuple[str, Mapping[str, dict[str, Any]]]] = field(default_factory=dict)
    """The cards of the people of domains."""
    listening: dict[int, int] = field(default_factory=dict)
    """Streams of events, by account."""

    @cached_property
    def submitter(self) -> Submitter:
        """Where mail is handed in; made when somebody does."""
        return submitter(self.parts, self.setup)

    @cached_property
    def access_letters(self) -> AccessLetters:
        """Writes to those who are asked for access."""
        return AccessLetters(Shelf(self.setup.config, self.parts.log("PROCESSING")), self.setup.config.web_url)


def jmap(parts: Parts, setup: ServiceSetup) -> ASGIApp:
    """The application for everything under `/jmap/`."""
    doing = Doing(parts, desk(parts, setup, "jmap", "JMAP"), parts.log("JMAP"), setup.config.host, setup)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await _socket(doing, WebSocket(scope, receive, send))
            return
        request = Request(scope, receive)
        try:
            answer = await _answer(doing, request)
        except RequestError as error:
            answer = _said(error)
        except ClientDisconnect:
            raise
        except Exception:
            doing.log.error("request_failed", method=request.method, trace=traceback.format_exc())
            answer = _said(RequestError(500, "serverFail", "The server met an error of its own; its log says more."))
        await answer(scope, receive, send)

    return app


async def _answer(doing: Doing, request: Request) -> Response:
    path = path_of(request)
    place, handler = next(((at, each) for at, each in _PLACES.items() if path.startswith(at)), ("", None))
    if handler is None:
        raise RequestError(404, "notFound", "There is nothing of that name; the session is at /jmap/session.")
    wanted = "POST" if place in _POSTED else "GET"
    if request.method != wanted and (request.method, place) not in _LOOKED_AT:
        raise RequestError(405, "notRequest", f"Only {wanted} is taken here.", {"allow": wanted})
    return await handler(doing, request, await _signed_in(doing, request))


async def _hand_in(doing: Doing, who: Principal, connection: HTTPConnection, what: Submission) -> Taken:
    """Takes a message over; what browsers send is counted."""
    taken = await doing.submitter.hand_in(who, connection.scope["state"]["way"], what)
    if has_session(connection):
        doing.parts.counters.add("WEBMAIL_SentMessage", domain=who.name.rpartition("@")[2], account=who.name)
    return taken


async def _session(doing: Doing, request: Request, who: Principal) -> Response:
    return JSONResponse(await _session_of(doing, request, who), headers=FRESH)


async def _session_of(doing: Doing, connection: HTTPConnection, who: Principal) -> Mapping[str, Any]:
    base, key = _base(connection), public_key(doing.parts.secret) if doing.setup.config.push.enabled else ""
    return await doing.parts.store.read(who, lambda tx: session(tx, base, key))


async def _api(doing: Doing, request: Request, who: Principal) -> Response:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise RequestError(400, "notJSON", "A request is application/json.")
    with _place(doing.at_work, who.account, AT_ONCE, "maxConcurrentRequests"):
        asked = read_request(await body_of(request, REQUEST_OCTETS, "maxSizeRequest"))
        body = await _response(doing, request, who, asked)
    return Response(_octets(body), media_type="application/json", headers=FRESH)


async def _response(doing: Doing, connection: HTTPConnection, who: Principal, asked: Asked) -> Mapping[str, Any]:
    """The Response object. RFC 8620 §3.4."""
    created = dict(asked.created_ids or {})
    turn = Turn(
        doing.parts,
        who,
        created,
        doing.host,
        partial(_hand_in, doing, who, connection),
        doing.access_letters,
        doing.threads,
        doing.directories,
        doing.setup.config.push.enabled,
        asked.using,
    )
    answers = await answers_to(turn, asked, lambda name, trace: _failed(doing, name, trace))
    state = (await _session_of(doing, connection, who))["state"]
    told = {"createdIds": turn.created} if asked.created_ids is not None else {}
    return {"methodResponses": answers, "sessionState": state, **told}


def _base(connection: HTTPConnection) -> str:
    """The address of the server without a path."""
    return f"{connection.url.scheme.replace('ws', 'http')}://{connection.url.netloc}"


def _octets(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


async def _socket(doing: Doing, socket: WebSocket) -> None:
    """A connection that carries requests and pushes. RFC 8887."""
    try:
        if not of_our_pages(socket):  # also where a browser brings the password that it was given for another page
            raise RequestError(403, "forbidden", "A page of another site opens no connection here.")
        who = await _signed_in(doing, socket)
        if "jmap" not in socket.scope["subprotocols"] or path_of(socket) != SOCKET_PATH:
            raise RequestError(400, "notRequest", "The subprotocol is jmap.")
        place = _place(doing.listening, who.account, LISTENERS, "maxConcurrentRequests")
    except RequestError as error:
        await socket.send_denial_response(_said(error))
        return
    with suppress(RequestError), place:
        await socket.accept("jmap")

        async def answer(asked: Asked) -> Mapping[str, Any]:
            with _place(doing.at_work, who.account, AT_ONCE, "maxConcurrentRequests"):
                return await _response(doing, socket, who, asked)

        async with while_signed_in(doing.parts, socket) as ending:
            await serve(socket, Turn(doing.parts, who), answer, ending, doing.log)


def _failed(doing: Doing, name: str, trace: str) -> None:
    doing.log.error("method_failed", method=name[:60], trace=trace)


async def _download(doing: Doing, request: Request, who: Principal) -> Response:
    return await download(Turn(doing.parts, who), request)


async def _upload(doing: Doing, request: Request, who: Principal) -> Response:
    with _place(doing.coming_in, who.account, UPLOADS_AT_ONCE, "maxConcurrentUpload"):
        return await upload(Turn(doing.parts, who), request)


async def _events(doing: Doing, request: Request, who: Principal) -> Response:
    given, last = request.query_params, request.headers.get("last-event-id", "")
    wanted = asked(given.get("types", ""), given.get("closeafter", ""), given.get("ping", ""), last)
    if doing.listening.get(who.account, 0) >= LISTENERS:
        raise RequestError(429, "limit", f"more than {LISTENERS} streams at once", limit="maxConcurrentRequests")

    async def events() -> AsyncIterator[bytes]:
        with suppress(RequestError), _place(doing.listening, who.account, LISTENERS, "maxConcurrentRequests"):
            async with while_signed_in(doing.parts, request) as ending:
                async for each in stream(Turn(doing.parts, who), wanted, ending):
                    yield each

    return StreamingResponse(events(), media_type="text/event-stream", headers={**FRESH, "x-accel-buffering": "no"})


@contextmanager
def _place(taken: dict[int, int], account: int, most: int, limit: str) -> Iterator[None]:
    """One of the places that an account has. `RequestError` when all are taken."""
    if taken.get(account, 0) >= most:
        raise RequestError(429, "limit", f"more than {most} requests at once", limit=limit)
    taken[account] = taken.get(account, 0) + 1
    try:
        yield
    finally:
        taken[account] -= 1
        if not taken[account]:
            del taken[account]


async def _signed_in(doing: Doing, request: HTTPConnection) -> Principal:
    """Who sends it: by HTTP Basic (RFC 7617) or a bearer token (RFC 6750), or else by a browser's session."""
    given = request.headers.get("authorization", "")
    by_session = has_session(request)
    try:
        if by_session:
            who = await signed_in(doing.parts, request)
            visited(doing.parts.counters, request.scope["state"], "WEBMAIL", who.name)
            return who
        return await authorized(doing.signing, request.scope["state"], given)
    except BadCredentials as error:
        # a browser would ask for a password by itself, over our own page, which does that better
        ours = by_session or "x-csrf-token" in request.headers or request.headers.get("sec-fetch-site") == "same-origin"
        raise RequestError(401, "forbidden", str(error), {} if ours else _challenge(doing.signing)) from None
    except (Rejected, Foreign) as error:
        raise RequestError(403, "forbidden", str(error)) from None
    except TryAgain as error:
        raise RequestError(503, "serverUnavailable", str(error), {"retry-after": "5"}) from None


def _challenge(signing: Desk) -> Mapping[str, str]:
    """How to sign in: by Basic, and by a token where some are given out (RFC 9728 §5.1)."""
    if not signing.issuer:
        return CHALLENGE
    bearer = f'Bearer resource_metadata="{signing.issuer}/.well-known/oauth-protected-resource"'
    return {name: f"{basic}, {bearer}" for name, basic in CHALLENGE.items()}


def _said(error: RequestError) -> Response:
    """A problem (RFC 7807)."""
    headers = {**error.headers, **FRESH}
    return Response(json.dumps(error.problem), error.status, headers, "application/problem+json")


_PLACES: Final[Mapping[str, Callable[[Doing, Request, Principal], Awaitable[Response]]]] = {
    SESSION: _session,
    "/jmap/api": _api,
    "/jmap/download/": _download,
    "/jmap/upload/": _upload,
    "/jmap/eventsource": _events,
}
_POSTED: Final = frozenset({"/jmap/api", "/jmap/upload/"})
_LOOKED_AT: Final = frozenset({("HEAD", SESSION), ("HEAD", "/jmap/download/")})
