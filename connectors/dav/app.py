"""CalDAV (RFC 4791), CardDAV (RFC 6352) and the WebDAV under them, over the one store."""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from connectors.dav import attachments, collections, objects, outbox, push, xml
from connectors.dav.acl_method import acl
from connectors.dav.cards import Converted
from connectors.dav.derived import Days
from connectors.dav.derived_view import Times, with_derived
from connectors.dav.errors import DavError, dav_error
from connectors.dav.lock_method import lock, unlock
from connectors.dav.notifications import notifications
from connectors.dav.paths import ATTACHMENTS, INBOX, NOTIFICATIONS, OUTBOX, PRINCIPALS, PUSHES
from connectors.dav.post import post
from connectors.dav.propfind import XML_TYPE, propfind
from connectors.dav.proxies import asked_of_group
from connectors.dav.reports import report
from connectors.dav.request import Exchange, begin
from connectors.dav.seen import as_seen
from connectors.dav.shelf import is_derived
from connectors.dav.whole import whole
from groupware.model.errors import GroupwareError
from mailcore.push.vapid import public_key
from mailcore.server.counters import Counters
from mailcore.server.parts import Parts, ServiceSetup
from mailcore.server.signin import desk
from mailcore.server.usage import Lately
from mailcore.server.visits import requested

CLASSES: Final = (
    "1, 2, 3, access-control, calendar-access, calendar-auto-schedule, calendar-availability,"
    " calendar-managed-attachments, calendar-no-timezone, addressbook, extended-mkcol, calendar-proxy,"
    " calendarserver-sharing, calendarserver-subscribed, resource-sharing"
)
_GENERAL: Final = ("OPTIONS", "PROPFIND", "GET", "HEAD", "DELETE", "LOCK", "UNLOCK")
_COLLECTION: Final = (*_GENERAL, "PROPPATCH", "REPORT", "MKCALENDAR", "MKCOL", "POST", "ACL")
_OBJECT: Final = (*_GENERAL, "PUT", "POST", "PROPPATCH", "COPY", "MOVE")
Handler = Callable[[Exchange], Awaitable[Response]]


def dav(parts: Parts, setup: ServiceSetup) -> ASGIApp:
    """The application for everything under `/dav/`."""
    signing = desk(parts, setup, "dav", "DAV")
    lines = parts.log("DAV")
    cards, days, times = Converted(), Days(), Times()
    count = _counting(parts.counters)
    key = public_key(parts.secret) if setup.config.push.enabled else ""
    classes = f"{CLASSES}, webdav-push" if key else CLASSES

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            answer = await _answer(request)
        except DavError as error:
            answer = _said(error)
        except GroupwareError as error:
            answer = _said(dav_error(error))
        except Exception:
            lines.error("request_failed", method=request.method, trace=traceback.format_exc())
            answer = _said(DavError(500, "The server met an error of its own; its log says more."))
        await answer(scope, receive, send)

    async def _answer(request: Request) -> Response:
        if request.method == "OPTIONS":
            count("")
            return Response(
                status_code=200, headers={"dav": classes, "allow": ", ".join(sorted({*_COLLECTION, *_OBJECT}))}
            )
        exchange = await _begun(begin(parts, signing, request, cards), count)
        exchange.push = key
        if exchange.at.segment == INBOX:
            await outbox.ready_inbox(exchange)
        if is_derived(exchange.at):
            exchange = await _derived(exchange, days)
        else:
            exchange = await as_seen(exchange, times)
        handler = _handler(exchange)
        if handler is None:
            allowed = _OBJECT if exchange.at.name else _COLLECTION
            raise DavError(405, f"{request.method[:20]} means nothing here", headers={"allow": ", ".join(allowed)})
        answer = await handler(exchange)
        answer.headers["dav"] = classes
        return answer

    return app


def _counting(counters: Counters) -> Callable[[str], None]:
    """What counts a request, of an account or of nobody: ""."""
    lately = Lately()
    counters.source("dav", partial(lately.samples, "DAV_ActiveUser"))

    def count(user: str) -> None:
        requested(counters, "DAV", user)
        if user:
            lately.saw(user)

    return count


async def _begun(beginning: Awaitable[Exchange], count: Callable[[str], None]) -> Exchange:
    """The exchange, counted whether or not somebody has signed in for it. `DavError`."""
    user = ""
    try:
        exchange = await beginning
        user = exchange.user
    finally:
        count(user)
    return exchange


async def _derived(exchange: Exchange, days: Days) -> Exchange:
    """The exchange over a store that knows the collection, which is made of others and is only read. `DavError`."""
    method, at = exchange.request.method, exchange.at
    if method not in ("GET", "HEAD", "PROPFIND", "REPORT", "PROPPATCH"):
        text = "this collection is made of others: change what it is made of"
        raise DavError(403, text, "<D:need-privileges/>")
    if at.user != exchange.user or (method == "PROPFIND" and not at.name and exchange.depth == 0):
        return exchange
    parts = await with_derived(exchange.parts, exchange.who, at.segment, days, await exchange.sync_token())
    return replace(exchange, parts=parts)


def _handler(exchange: Exchange) -> Handler | None:
    method = exchange.request.method
    if exchange.at.area == PRINCIPALS and exchange.at.segment:
        return report if method == "REPORT" else asked_of_group
    if exchange.at.segment == NOTIFICATIONS:
        return notifications
    if exchange.at.area == ATTACHMENTS:
        return attachments.get
    if exchange.at.area == PUSHES:
        return push.registration
    if exchange.at.segment == OUTBOX:
        return {"PROPFIND": propfind, "POST": outbox.ask}.get(method)
    if exchange.at.name:
        return _OBJECTS.get(method)
    return _COLLECTIONS.get(method)


_OBJECTS: Final[Mapping[str, Handler]] = {
    "GET": objects.get,
    "HEAD": objects.get,
    "PUT": objects.put,
    "POST": attachments.post,
    "DELETE": objects.delete,
    "COPY": objects.copy_or_move,
    "MOVE": objects.copy_or_move,
    "PROPFIND": propfind,
    "PROPPATCH": collections.proppatch,
    "MKCALENDAR": collections.make,  # says why there is no collection in a collection
    "MKCOL": collections.make,
    "LOCK": lock,
    "UNLOCK": unlock,
}
_COLLECTIONS: Final[Mapping[str, Handler]] = {
    "GET": whole,
    "HEAD": whole,
    "PROPFIND": propfind,
    "PROPPATCH": collections.proppatch,
    "REPORT": report,
    "MKCALENDAR": collections.make,
    "MKCOL": collections.make,
    "DELETE": collections.delete,
    "POST": post,
    "ACL": acl,
    "LOCK": lock,
    "UNLOCK": unlock,
}


def _said(error: DavError) -> Response:
    """An error: its words, and the precondition where there is one."""
    headers = dict(error.headers)
    if error.status == 401:
        return Response(f"{error}\n", 401, headers, "text/plain; charset=utf-8")
    text = f"<S:response-description>{xml.escape(str(error))}</S:response-description>"
    body = f"{xml.HEAD}<D:error{xml.SPACES}>{error.condition}{text}</D:error>\n"
    return Response(body, error.status, headers, XML_TYPE)
