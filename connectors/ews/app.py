"""The one address of Exchange Web Services: `/EWS/Exchange.asmx`. MS-OXWSCORE."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from connectors.ews.description import DOCUMENTS, services
from connectors.ews.errors import EwsError, Fault, ews_error
from connectors.ews.operations import OPERATIONS
from connectors.ews.soap import STREAM_HEAD, STREAM_TAIL, XML_TYPE, Asked, answer, fault, read_request
from connectors.ews.turn import Turn
from connectors.ews.wire import response, said_error
from groupware.directory.api import FactorMissing, Login
from groupware.model.errors import BadCredentials, GroupwareError, TryAgain
from groupware.model.principal import Principal
from mailcore.server.authorization import CHALLENGE, authorized
from mailcore.server.parts import Parts, ServiceSetup
from mailcore.server.signin import Desk, Rejected, Way, desk
from mailcore.server.visits import requested
from mailcore.smtp.handin import Submitter, submitter

REQUEST_OCTETS: Final = 64 * 1024 * 1024
ON_THE_LOOP: Final = 64 * 1024
"""Octets of a request that is read where it is; a larger one would keep everybody else waiting."""
LARGE: Final = 8 * 1024 * 1024
"""Octets of a request from which on only so many are read and done at once in one process: memory holds them several
times over."""
LARGE_AT_ONCE: Final = 2
AT_ONCE: Final = 10
"""Requests of one account at the same time; what waits for events is not counted."""
LISTENERS: Final = 100
"""Streams of events of one account."""
PATHS: Final = ("/ews/exchange.asmx", "/ews/exchange.asmx/", "/ews", "/ews/")
_FRESH: Final = {"cache-control": "private, no-store"}


@dataclass
class Doing:
    """What is shared by the requests of one application."""

    parts: Parts
    signing: Desk
    log: Any
    setup: ServiceSetup
    at_work: dict[int, int] = field(default_factory=dict)
    """Requests at work, by account."""
    listening: dict[int, int] = field(default_factory=dict)
    """Streams of events, by account."""

    large: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(LARGE_AT_ONCE))

    @cached_property
    def submitter(self) -> Submitter:
        """Where mail is handed in; made when somebody does."""
        return submitter(self.parts, self.setup)


def ews(parts: Parts, setup: ServiceSetup) -> ASGIApp:
    """The application for everything under `/EWS/`."""
    doing = Doing(parts, desk(parts, setup, "ews", "EWS"), parts.log("EWS"), setup)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            said = await _answer(doing, request)
        except Fault as error:
            said = Response(fault(error), error.status, media_type=XML_TYPE, headers=_FRESH)
        except Exception:
            doing.log.error("request_failed", method=request.method, trace=traceback.format_exc())
            said = Response(fault(_internal()), 500, media_type=XML_TYPE, headers=_FRESH)
        await said(scope, receive, send)

    return app


def _internal() -> Fault:
    return Fault("ErrorInternalServerError", "The server met an error of its own; its log says more.")


async def _answer(doing: Doing, request: Request) -> Response:
    path = request.url.path.lower()
    if path not in PATHS and path not in DOCUMENTS:
        return PlainTextResponse(
            "There is nothing of that name; Exchange Web Services are at /EWS/Exchange.asmx.\n", 404
        )
    user = ""
    try:
        who = await authorized(doing.signing, request.scope["state"], request.headers.get("authorization", ""))
        user = who.name
    except BadCredentials as error:
        return PlainTextResponse(f"{error}\n", 401, headers=CHALLENGE)
    except Rejected as error:
        return PlainTextResponse(f"{error}\n", 403)
    except TryAgain as error:
        return PlainTextResponse(f"{error}\n", 503, headers={"retry-after": "5"})
    finally:
        requested(doing.parts.counters, "EWS", user)
    asks = request.method in ("GET", "HEAD")
    if asks and (path in DOCUMENTS or request.url.query.lower() == "wsdl"):
        make = DOCUMENTS.get(path, services)
        return Response(make(_base(request)), media_type=XML_TYPE, headers=_FRESH)
    if request.method != "POST" or path in DOCUMENTS:
        text = "Exchange Web Services: operations are sent here by POST, as SOAP.\n"
        return PlainTextResponse(text, 200 if asks else 405, headers={"allow": "POST"})
    with _place(doing.at_work, who.account):
        body = await _body(request)
        async with doing.large if len(body) >= LARGE else nullcontext():
            return await _operated(doing, request, who, body)


def _base(request: Request) -> str:
    """The address of the server, as it was asked."""
    return f"{request.url.scheme}://{request.url.netloc}"


async def _operated(doing: Doing, request: Request, who: Principal, body: bytes) -> Response:
    """Reads the operation and does it. `Fault`."""
    asked = read_request(body) if len(body) <= ON_THE_LOOP else await asyncio.to_thread(read_request, body)
    if asked.name not in OPERATIONS:
        raise Fault("ErrorInvalidRequest", f"the operation {asked.name[:60]!r} is not known here")
    way: Way = request.scope["state"]["way"]
    turn = Turn(
        doing.parts,
        who := await _acting(doing, who, asked),
        doing.setup.config.host,
        asked.zone,
        lambda what: doing.submitter.hand_in(who, way, what),
        _base(request),
        request.scope["state"].get("stopping"),
        push if (push := doing.setup.config.push).enabled else None,
    )
    said = await _said(turn, asked)
    if isinstance(said, str):
        return Response(answer(said), media_type=XML_TYPE, headers=_FRESH)
    return StreamingResponse(
        _pieces(doing, who, said), media_type=XML_TYPE, headers={**_FRESH, "x-accel-buffering": "no"}
    )


async def _said(turn: Turn, asked: Asked) -> str | AsyncIterator[str]:
    """What the operation answers; what is wrong with all of it is one message."""
    try:
        return await OPERATIONS[asked.name](turn, asked.element)
    except EwsError as error:
        return _refused(asked.name, error)
    except GroupwareError as error:
        return _refused(asked.name, ews_error(error))


def _refused(name: str, error: EwsError) -> str:
    if error.code == "ErrorSchemaValidation" or name == "GetUserAvailabilityRequest":
        raise Fault(error.code, str(error))
    inside = f'<m:{name}ResponseMessage ResponseClass="Error">{said_error(error)}</m:{name}ResponseMessage>'
    return response(name, [inside])


async def _pieces(doing: Doing, who: Principal, said: AsyncIterator[str]) -> AsyncIterator[bytes]:
    """Envelopes one after the other, as GetStreamingEvents sends them."""
    try:
        with _place(doing.listening, who.account, LISTENERS):
            async for piece in said:
                yield f"{STREAM_HEAD}{piece}{STREAM_TAIL}".encode("utf-8", "replace")
    except Fault as error:
        yield fault(error)


async def _body(request: Request) -> bytes:
    said = request.headers.get("content-length", "")
    if said.isdecimal() and int(said) > REQUEST_OCTETS:
        raise Fault(
            "ErrorMessageSizeExceeded", f"the request has {said} octets; {REQUEST_OCTETS} are taken at most", 413
        )
    found = bytearray()
    async for chunk in request.stream():
        found += chunk
        if len(found) > REQUEST_OCTETS:
            raise Fault("ErrorMessageSizeExceeded", f"the request has more than {REQUEST_OCTETS} octets", 413)
    return bytes(found)


async def _acting(doing: Doing, who: Principal, asked: Asked) -> Principal:
    """Who it is asked for: who has signed in, or whom that one may act as (decision 083). `Fault`."""
    if not asked.impersonated or asked.impersonated.lower() == who.name:
        return who
    login = Login(who.name, act_as=asked.impersonated, service="ews", proven=True)
    try:
        return await doing.parts.directory.login(login)
    except (BadCredentials, FactorMissing):
        text = f"you may not act as {asked.impersonated[:100]!r}, or there is nobody of that address"
        raise Fault("ErrorImpersonateUserDenied", text) from None
    except TryAgain as error:
        raise Fault("ErrorServerBusy", str(error), 503) from None


@contextmanager
def _place(taken: dict[int, int], account: int, most: int = AT_ONCE) -> Iterator[None]:
    """One of the places that an account has. `Fault` when all are taken."""
    if taken.get(account, 0) >= most:
        raise Fault("ErrorExceededConnectionCount", f"more than {most} requests of one account at once", 503)
    taken[account] = taken.get(account, 0) + 1
    try:
        yield
    finally:
        taken[account] -= 1
        if not taken[account]:
            del taken[account]
