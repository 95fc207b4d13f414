"""The HTTP service: uvicorn's protocol behind our own door, so that rules, limits, TLS and PROXY hold as everywhere.

`connection` has the bounds of one connection.
"""

from __future__ import annotations

import asyncio
import hmac
import re
import socket
import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from connectors.autodiscover.app import autodiscover
from connectors.dav.paths import ROOT as DAV_ROOT
from connectors.dav.paths import TZDIST
from mailcore.server.brands import brands_of
from mailcore.server.config import Config
from mailcore.server.gate import Admission
from mailcore.server.later import everything_soon
from mailcore.server.listener import Listener
from mailcore.server.metrics import CONTENT_TYPE, metrics
from mailcore.server.offers import PATHS
from mailcore.server.parts import Parts, ServiceSetup
from mailcore.server.proxied import take_header
from mailcore.server.proxy import ProxyError
from mailcore.server.rules import address
from mailcore.server.service import ACCEPT_AT_ONCE, ARRIVING_MAX, Door
from mailcore.server.tls import handshake_error
from mailcore.smtp.sts_own import PATH as POLICY_PATH
from web import apart
from web.apart import Apart
from web.connection import Connection, Shared, Socket, State
from web.jmap.limits import REQUEST_OCTETS
from web.jmap.places import SESSION
from web.mta_sts import mta_sts
from web.oauth.app import oauth
from web.signin.pages import page
from web.signin.tokens import by_another_site
from web.webmail.files import built
from web.webmail.programs import programs_of

KEEP_ALIVE_SECONDS: Final = 75
BESIDE_SECONDS: Final = 5.0
HOME: Final = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Postroom</title>
<h1>Postroom</h1>
<p>This is the mail server {host}. Read and send mail with any program that speaks IMAP or POP3 and SMTP.</p>
<p>Calendars and contacts are at <code>/dav/</code>, for programs that speak CalDAV and CardDAV.</p>
<p>Phones that speak Exchange ActiveSync take this server's name, an address and its password.</p>
<p>Programs that speak JMAP find everything by themselves, from <code>/.well-known/jmap</code>.</p>
</html>
"""


def service(parts: Parts, setup: ServiceSetup) -> HttpService:
    """The service for a configuration."""
    client = built()
    routes: list[BaseRoute] = [
        Route("/", _Moved("/mail/", 302) if client else _home(setup.config.host)),
        Route("/metrics", _measures(setup.config.counters.measure_token)),
        *[Route(f"/.well-known/{name}", _Moved(DAV_ROOT, 301), methods=None) for name in ("caldav", "carddav")],
        Route(PATHS["activesync"], Apart(apart.ACTIVESYNC, parts, setup), methods=None),
        Mount("/dav", Apart(apart.DAV, parts, setup)),
        Mount("/feed", Apart(apart.FEEDS, parts, setup)),
        Mount("/freebusy", Apart(apart.BUSY_URLS, parts, setup)),
        Route(POLICY_PATH, mta_sts(parts, setup.config)),
        Route("/.well-known/timezone", _Moved(TZDIST, 301), methods=None),
        Mount("/tzdist", Apart(apart.TZDIST)),
        Route("/.well-known/jmap", _Moved(SESSION, 307), methods=None),
        Mount("/jmap", Apart(apart.JMAP, parts, setup)),
        _AnyCase("/EWS", Apart(apart.EWS, parts, setup)),
        Mount("/lists", Apart(apart.LISTS, parts)),
        Mount("/signin", Apart(apart.SIGNIN, parts, setup)),
        Route("/signin.js", page("web.signin", "signin.js", "text/javascript")),
        *oauth(parts, setup),
    ]
    paths = [each.path for each in routes if isinstance(each, Route | Mount)]
    routes += autodiscover(parts, setup, paths)
    if client:
        brands = brands_of(setup.config.webmail.brand, setup.config.path)
        about = (client, None, programs_of(setup.config, paths), brands)
        routes.append(Mount("/mail", Apart(apart.WEBMAIL, parts, *about)))
    return HttpService(parts, setup, routes, partial(_beside, parts, setup.config))


async def _beside(parts: Parts, config: Config) -> None:
    """What the service does besides: brings in what `ready` did not wait for, then tells clients by push."""
    await everything_soon()
    telling = (await apart.TELLING.get())(parts, config)
    if telling is not None:
        await telling()


class _Front:
    """What is before all applications.

    Browsers that came by TLS are told to come by TLS alone for so many seconds (RFC 6797). Pages of other sites write
    nothing with the password that a browser remembers, whatever the application. A client that goes away in the middle
    of a request is no error of ours.
    """

    __slots__ = ("_app", "_field", "_strict")

    def __init__(self, app: ASGIApp, seconds: int) -> None:
        self._app, self._strict = app, seconds > 0
        self._field = (b"strict-transport-security", b"max-age=%d" % seconds)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def telling(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), self._field]
            await send(message)

        request = scope["type"] == "http"
        told = self._strict and request and scope["state"]["way"].secure
        foreign = request and scope["method"] not in _ONLY_READ and by_another_site(HTTPConnection(scope))
        with suppress(ClientDisconnect):
            await (_FOREIGN if foreign else self._app)(scope, receive, telling if told else send)


_ONLY_READ: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_FOREIGN: Final = PlainTextResponse("A page of another site changes nothing here with a password.\n", 403)


class _AnyCase(Mount):
    """A mount whose letter case does not matter: programs for Exchange write its path as they like."""

    def __init__(self, path: str, app: ASGIApp) -> None:
        super().__init__(path, app)
        self.path_regex = re.compile(self.path_regex.pattern, re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Moved:
    """Where a client that knows the server's name alone begins (RFC 6764 §5, RFC 8620 §2.2)."""

    to: str
    status: int

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await RedirectResponse(self.to, self.status)(scope, receive, send)


def _home(host: str) -> Any:
    async def home(request: Request) -> Response:
        """What this is."""
        headers = {"content-security-policy": "default-src 'none'"}
        return HTMLResponse(HOME.format(host=host), headers=headers)

    return home


def _measures(token: str) -> Any:
    async def measures(request: Request) -> Response:
        """All measures, for who has the token."""
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if not token:
            return PlainTextResponse("Nobody reads measures here: [counters] measure_token is empty.\n", 403)
        if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), token.encode()):
            why = "Measures are for who shows the token of [counters] measure_token.\n"
            return PlainTextResponse(why, 401, {"www-authenticate": 'Bearer realm="measures"'})
        return Response(await asyncio.to_thread(metrics.expose), media_type=CONTENT_TYPE)

    return measures


class HttpService:
    """Serves the routes given at every HTTP listener."""

    def __init__(
        self,
        parts: Parts,
        setup: ServiceSetup,
        routes: Sequence[BaseRoute],
        beside: Callable[[], Awaitable[None]] | None = None,
        visits: Mapping[str, str] | None = None,
    ) -> None:
        """`beside`: what runs as long as it serves. `visits`: what every connection counts for, as `visits` says."""
        self._beside, self._besides = beside, set[asyncio.Task[None]]()
        self._name, self._log = setup.name, parts.log("HTTP")
        self.app = _Front(Starlette(routes=list(routes)), setup.config.webmail.strict_transport)
        config = uvicorn.Config(
            self.app,
            http=HttpToolsProtocol,
            ws=Socket,
            ws_max_size=REQUEST_OCTETS,
            ws_per_message_deflate=False,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
        )
        config.load()
        self._shared = Shared(config, State(), parts.counters, visits or {}, asyncio.Event())
        self._arriving: set[asyncio.Task[None]] = set()
        self._draining = False

    @property
    def name(self) -> str:
        """The service's name."""
        return self._name

    async def serve(self, door: Door) -> None:
        """Accept at the door until cancelled."""
        loop = asyncio.get_running_loop()
        if self._beside is not None and not self._besides and not self._draining:
            self._besides.add(loop.create_task(self._run_beside(self._beside)))
        failed: asyncio.Future[None] = loop.create_future()
        listening = [each.dup() for each in door.sockets]
        try:
            for each in listening:
                each.setblocking(False)
                loop.add_reader(each.fileno(), self._accept, door, each, failed)
            await failed
        finally:
            for each in listening:
                loop.remove_reader(each.fileno())
                each.close()

    async def drain(self, grace: float) -> None:
        """Let requests finish within `grace` seconds, then close every connection."""
        self._draining = True
        self._shared.stopping.set()
        for task in [*self._arriving, *self._besides]:
            task.cancel()
        for connection in list(self._shared.state.connections):
            connection.shutdown()
        if self._shared.state.tasks:
            await asyncio.wait(set(self._shared.state.tasks), timeout=grace)
        for connection in list(self._shared.state.connections):
            if connection.transport is not None:
                connection.transport.abort()

    async def _run_beside(self, work: Callable[[], Awaitable[None]]) -> None:
        """Runs what is beside, to its end; when it fails, again after a pause."""
        while True:
            try:
                return await work()
            except Exception:
                self._log.error("beside_failed", trace=traceback.format_exc())
            await asyncio.sleep(BESIDE_SECONDS)

    def _accept(self, door: Door, listening: socket.socket, failed: asyncio.Future[None]) -> None:
        try:
            for _ in range(ACCEPT_AT_ONCE):
                accepted, where = listening.accept()
                accepted.setblocking(False)
                if self._draining or len(self._arriving) >= ARRIVING_MAX:
                    accepted.close()
                    continue
                task = asyncio.get_running_loop().create_task(self._arrive(door, accepted, (where[0], where[1])))
                self._arriving.add(task)
                task.add_done_callback(self._arriving.discard)
        except (BlockingIOError, ConnectionError):
            return
        except Exception as error:  # the supervisor says it and serves anew, after a pause
            if not failed.done():
                failed.set_exception(error)

    async def _arrive(self, door: Door, accepted: socket.socket, peer: tuple[str, int]) -> None:
        """Learn who it really is, ask the gate, and hand the socket to the loop."""
        listener = door.listener
        try:
            named, secure = await _named(listener, accepted, peer)
            entered = door.gate.enter((named or peer)[0])
            if not isinstance(entered, Admission):
                self._log.warning("refused", listener=listener.name, peer=peer[0], kind=entered.kind, why=entered.text)
                accepted.close()
                return
            await self._connect(door, accepted, entered, named, secure)
        except (ProxyError, OSError) as error:
            said = handshake_error(error) if isinstance(error, OSError) else str(error)
            self._log.info("connection_lost", listener=listener.name, peer=peer[0], why=said)
            with suppress(OSError):
                accepted.close()
        except asyncio.CancelledError:
            accepted.close()
            raise

    async def _connect(
        self, door: Door, accepted: socket.socket, entered: Admission, named: tuple[str, int] | None, secure: bool
    ) -> None:
        loop = asyncio.get_running_loop()
        implicit = door.listener.tls == "implicit"
        context = door.tls() if implicit else None
        try:
            if implicit and context is None:
                raise OSError("there is no certificate for this listener")
            await loop.connect_accepted_socket(
                lambda: Connection(self._shared, entered, named, secure, door),
                accepted,
                ssl=context,
                ssl_handshake_timeout=door.listener.handshake if implicit else None,
            )
        except BaseException:
            entered.leave()
            raise


async def _named(
    listener: Listener, accepted: socket.socket, peer: tuple[str, int]
) -> tuple[tuple[str, int] | None, bool]:
    """The client that a trusted proxy names, and whether it came to it by TLS. ProxyError."""
    policy = listener.proxy
    if policy is None:
        return None, False
    if address(peer[0]) not in policy.trusted:
        if not policy.optional:
            raise ProxyError("connections come through the trusted proxies only")
        return None, False
    header = await take_header(accepted, policy)
    if header is None or header.source is None:
        return None, False
    return (str(header.source.address), header.source.port), bool(header.tls)
