"""ActiveSync as one ASGI application: a table of commands, each of which answers one document. MS-ASHTTP."""

from __future__ import annotations

import asyncio
import base64
import binascii
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from connectors.activesync import devices, errors
from connectors.activesync.commands import HANDLERS
from connectors.activesync.element import Element
from connectors.activesync.errors import EasError, HttpError
from connectors.activesync.exchange import Answer, Exchange
from connectors.activesync.query import VERSIONS, Query, read_query
from connectors.activesync.wbxml.codec import Unreadable, decode, encode
from groupware.model.errors import BadCredentials, GroupwareError, TryAgain
from groupware.model.principal import Principal
from mailcore.server.authorization import CHALLENGE, authorized
from mailcore.server.events import EventLog
from mailcore.server.parts import Parts, ServiceSetup
from mailcore.server.signin import Desk, Rejected, Way, desk
from mailcore.server.visits import requested
from mailcore.smtp.handin import Submitter, submitter

PATH: Final = "/Microsoft-Server-ActiveSync"
WBXML: Final = "application/vnd.ms-sync.wbxml"
BODY_OCTETS: Final = 64 * 1024 * 1024
"""Of a request: a message with what is attached to it."""
DOCUMENT_OCTETS: Final = 40 * 1024 * 1024
AT_ONCE: Final = 12
"""Requests of one account at a time that are no Ping: who has more comes back later."""
OF_PINGS: Final = 100
APART: Final = 64 * 1024
"""Octets up to which a document is read on the event loop."""
_FRESH: Final = {"cache-control": "private", "ms-server-activesync": "16.1"}


@dataclass(eq=False)
class ActiveSync:
    """The application."""

    parts: Parts
    setup: ServiceSetup
    desk: Desk
    log: EventLog
    at_work: dict[tuple[int, bool], int] = field(default_factory=dict)

    @cached_property
    def submitter(self) -> Submitter:
        """Where mail is handed in; made when somebody does."""
        return submitter(self.parts, self.setup)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            answer = await self._answer(request)
        except HttpError as error:
            answer = Response(f"{error}\n", error.status, error.headers, "text/plain; charset=utf-8")
        except Exception:
            self.log.error("request_failed", method=request.method, trace=traceback.format_exc())
            answer = Response("The server met an error of its own; its log says more.\n", 500)
        answer.headers.update(_FRESH)
        await answer(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        who = await self._counted(request)
        if request.method == "OPTIONS":
            allowed = {"allow": "OPTIONS, POST", "public": "OPTIONS, POST"}
            return Response(status_code=200, headers={**allowed, **_offer()})
        if request.method != "POST":
            raise HttpError(405, "only OPTIONS and POST mean something here", {"allow": "OPTIONS, POST"})
        query = read_query(request.scope["query_string"].decode("latin-1"), request.headers)
        if query.command not in HANDLERS:
            raise HttpError(501, f"there is no command {query.command[:40]!r}")
        with self._place(who, waits=query.command == "Ping"):
            said = await self._commanded(request, who, query)
        if said is None:
            return Response(status_code=200)
        if isinstance(said, Element):
            octets = await asyncio.to_thread(encode, said)
            return Response(octets, 200, media_type=WBXML)
        return said

    async def _commanded(self, request: Request, who: Principal, query: Query) -> Answer:
        """What the command answers, whatever goes wrong with it. `HttpError`."""
        body = await _body_of(request)
        agent = request.headers.get("user-agent", "")
        try:
            device, policies, new = await devices.known(self.parts.store, who, query, agent)
            devices.check(device, policies, new, query)
            who = replace(who, client=f"{who.client} {query.kind}".strip())
            way: Way = request.scope["state"]["way"]
            exchange = Exchange(
                self.parts,
                who,
                query,
                device,
                request,
                self.setup.config.host,
                lambda what: self.submitter.hand_in(who, way, what),
                stopping=request.scope["state"].get("stopping") or asyncio.Event(),
            )
            await _read(exchange, request, body)
            return await HANDLERS[query.command](exchange)
        except EasError as error:
            self.log.info("command_refused", command=query.command, user=who.name, status=error.status, why=str(error))
            return errors.answer(query.command, error.status, query.version)
        except TryAgain as error:
            raise HttpError(503, str(error), {"retry-after": "30"}) from None
        except GroupwareError as error:
            return errors.answer(query.command, errors.status_of(error), query.version)

    async def _counted(self, request: Request) -> Principal:
        """Who sends it; the request counts whether or not somebody has signed in for it. `HttpError`."""
        user = ""
        try:
            who = await self._signed_in(request)
            user = who.name
        finally:
            requested(self.parts.counters, "EAS", user)
        return who

    async def _signed_in(self, request: Request) -> Principal:
        try:
            return await authorized(self.desk, request.scope["state"], _bare(request.headers.get("authorization", "")))
        except BadCredentials as error:
            raise HttpError(401, str(error), CHALLENGE) from None
        except Rejected as error:
            raise HttpError(403, str(error)) from None
        except TryAgain as error:
            raise HttpError(503, str(error), {"retry-after": "30"}) from None

    @contextmanager
    def _place(self, who: Principal, *, waits: bool) -> Iterator[None]:
        """One of the places of an account; `HttpError` 503 when there is none. MS-ASHTTP §2.2.2.1.2.10."""
        key = (who.account, waits)
        if self.at_work.get(key, 0) >= (OF_PINGS if waits else AT_ONCE):
            throttle = {"retry-after": "10", "x-ms-asthrottle": "CommandFrequency"}
            raise HttpError(503, "so many requests at once are too much", throttle)
        self.at_work[key] = self.at_work.get(key, 0) + 1
        try:
            yield
        finally:
            self.at_work[key] -= 1
            if not self.at_work[key]:
                del self.at_work[key]


def activesync(parts: Parts, setup: ServiceSetup) -> ActiveSync:
    """The application for `PATH`."""
    return ActiveSync(parts, setup, desk(parts, setup, devices.SERVICE, "EAS"), parts.log("EAS"))


def _offer() -> Mapping[str, str]:
    """What there is. MS-ASHTTP §2.2.3."""
    return {"ms-asprotocolversions": ",".join(VERSIONS), "ms-asprotocolcommands": ",".join(HANDLERS)}


def _bare(authorization: str) -> str:
    """Without the DOMAIN\\ that some devices put before an address."""
    scheme, _, coded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return authorization
    try:
        name, sign, password = base64.b64decode(coded.strip(), validate=True).partition(b":")
    except binascii.Error:
        return authorization
    _, slash, rest = name.partition(b"\\")
    if not slash or b"@" not in rest:
        return authorization
    return "Basic " + base64.b64encode(rest + sign + password).decode()


async def _body_of(request: Request) -> bytes:
    said = request.headers.get("content-length", "")
    if said.isdecimal() and int(said) > BODY_OCTETS:
        raise HttpError(413, f"a request has {BODY_OCTETS} octets at most")
    found = bytearray()
    async for chunk in request.stream():
        found += chunk
        if len(found) > BODY_OCTETS:
            raise HttpError(413, f"a request has {BODY_OCTETS} octets at most")
    return bytes(found)


async def _read(exchange: Exchange, request: Request, body: bytes) -> None:
    """Takes in what was sent. `EasError`."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    exchange.body = body
    if not body or kind == "message/rfc822":
        return
    if len(body) > DOCUMENT_OCTETS:
        raise EasError(errors.INVALID_WBXML, "the document is too large")
    try:
        exchange.document = decode(body) if len(body) < APART else await asyncio.to_thread(decode, body)
    except Unreadable as error:
        raise EasError(errors.INVALID_WBXML, str(error)) from None
