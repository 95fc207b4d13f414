"""The HTTP service: uvicorn's protocol behind our own door, so that rules, limits, TLS and PROXY hold as everywhere.

Before a request's header is complete a peer gets `HEADER_SECONDS` and `HEADER_OCTETS`, whoever it is.
"""

from __future__ import annotations

import asyncio
import email.utils
import re
import socket
import time
import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

from connectors.autodiscover.app import autodiscover
from connectors.dav.paths import ROOT as DAV_ROOT
from connectors.dav.paths import TZDIST
from mailcore.server.authorization import Kept, forget
from mailcore.server.brands import brands_of
from mailcore.server.config import Config, service_policy
from mailcore.server.dialogue import Peer, TlsInfo
from mailcore.server.gate import Admission, Gate
from mailcore.server.later import everything_soon
from mailcore.server.listener import Listener
from mailcore.server.metrics import CONTENT_TYPE, metrics
from mailcore.server.offers import PATHS
from mailcore.server.parts import Parts, ServiceSetup
from mailcore.server.proxied import take_header
from mailcore.server.proxy import ProxyError
from mailcore.server.rules import Rules, address, decide
from mailcore.server.service import ACCEPT_AT_ONCE, ARRIVING_MAX, Door
from mailcore.server.tls import handshake_error
from mailcore.server.visits import left
from mailcore.smtp.sts_own import PATH as POLICY_PATH
from web import apart
from web.apart import Apart
from web.jmap.limits import REQUEST_OCTETS
from web.jmap.places import SESSION, SOCKET_PATH
from web.mta_sts import mta_sts
from web.oauth.app import oauth
from web.signin.pages import page
from web.webmail.files import built
from web.webmail.programs import programs_of

HEADER_SECONDS: Final = 30.0
HEADER_OCTETS: Final = 64 * 1024
KEEP_ALIVE_SECONDS: Final = 75
BESIDE_SECONDS: Final = 5.0
TOO_LARGE: Final = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
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
        Route("/metrics", _measures(setup.config)),
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


@dataclass(frozen=True, slots=True)
class _Way:
    """What signing in has to know of a connection."""

    listener: Listener
    gate: Gate
    peer: Peer
    tls: TlsInfo | None
    proxied_tls: bool

    @property
    def secure(self) -> bool:
        """Whether nobody listens on the way."""
        return self.tls is not None or self.proxied_tls


def _home(host: str) -> Any:
    async def home(request: Request) -> Response:
        """What this is."""
        headers = {"content-security-policy": "default-src 'none'"}
        return HTMLResponse(HOME.format(host=host), headers=headers)

    return home


def _measures(config: Config) -> Any:
    rules = (
        {listener.name: listener.policy.rules for listener in config.listeners if listener.service == "http"},
        service_policy(config.services["http"]).rules,
    )

    async def measures(request: Request) -> Response:
        """All measures, for this machine and for peers that an allow rule names."""
        peer = request.client.host if request.client is not None else ""
        if not _may_measure(peer, rules[0].values(), rules[1]):
            return PlainTextResponse("Measures are for this machine and for addresses that an allow rule names.\n", 403)
        return Response(await asyncio.to_thread(metrics.expose), media_type=CONTENT_TYPE)

    return measures


def _may_measure(peer: str, listeners: Any, service_rules: Rules) -> bool:
    try:
        who = address(peer)
    except ValueError:
        return False
    if who.is_loopback:
        return True
    return any((found := decide(who, each, service_rules)).admitted and found.rule is not None for each in listeners)


class _State(ServerState):
    """What uvicorn's connections share; the Date header is made once a second."""

    def __init__(self) -> None:
        self._second, self._headers = 0, list[tuple[bytes, bytes]]()
        super().__init__()

    @property
    def default_headers(self) -> list[tuple[bytes, bytes]]:
        """The header lines of every response."""
        now = int(time.time())
        if now != self._second:
            self._second = now
            self._headers = [(b"date", email.utils.formatdate(now, usegmt=True).encode())]
        return self._headers

    @default_headers.setter
    def default_headers(self, value: list[tuple[bytes, bytes]]) -> None:
        """uvicorn's own list is empty and stays so."""


class _Connection(HttpToolsProtocol):
    """One connection: uvicorn's, with our bounds on a header, and the peer that a proxy names."""

    def __init__(
        self, owner: HttpService, admission: Admission, client: tuple[str, int] | None, secure: bool, door: Door
    ) -> None:
        super().__init__(owner.uvicorn, owner.state, {})
        self._owner = owner
        self._admission, self._named, self._secure = admission, client, secure
        self._door = door
        self._visits = dict(owner.visits)
        self._known: dict[str, Kept] = {}
        self._waiting: asyncio.TimerHandle | None = None
        self._octets = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if self._named is not None:
            self.client = self._named
        if self._secure:
            self.scheme = "https"
        peer = Peer(*(self.client or ("", 0))[:2])
        tls = transport.get_extra_info("ssl_object")
        info = None if tls is None else TlsInfo(tls.version() or "", (tls.cipher() or ("",))[0])
        way = _Way(self._door.listener, self._door.gate, peer, info, self._secure)
        self.app_state = {"way": way, "known": self._known, "stopping": self._owner.stopping, "visits": self._visits}
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        self._left()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._octets += len(data)
        if self._waiting is None and self._idle:
            self._wait()
        super().data_received(data)
        if self._waiting is not None and self._octets > HEADER_OCTETS and not self.transport.is_closing():
            self.transport.write(TOO_LARGE)
            self.transport.close()

    def on_headers_complete(self) -> None:
        self._stop_waiting()
        super().on_headers_complete()

    def _should_upgrade(self) -> bool:
        return self.url.partition(b"?")[0] == SOCKET_PATH.encode() and super()._should_upgrade()

    def handle_websocket_upgrade(self) -> None:
        super().handle_websocket_upgrade()
        socket = self.transport.get_protocol()
        if isinstance(socket, _Socket):
            socket.left = self._left

    def _left(self) -> None:
        forget(self._known)
        left(self._owner.counters, self._visits)
        self._admission.leave()

    @property
    def _idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _wait(self) -> None:
        self._octets = 0
        self._waiting = self.loop.call_later(HEADER_SECONDS, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None


class _Socket(WebSocketsSansIOProtocol):
    """A connection that became a WebSocket: uvicorn's, which leaves as the connection that it was would have left."""

    left: Callable[[], None] | None = None

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self.left is not None:
            self.left()


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
        self.counters, self.visits = parts.counters, visits or {}
        self._beside, self._besides = beside, set[asyncio.Task[None]]()
        self._name, self._log = setup.name, parts.log("HTTP")
        self.uvicorn = uvicorn.Config(
            Starlette(routes=list(routes)),
            http=HttpToolsProtocol,
            ws=_Socket,
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
        self.uvicorn.load()
        self.state = _State()
        self._arriving: set[asyncio.Task[None]] = set()
        self._draining = False
        self.stopping = asyncio.Event()
        """Set when the service stops: what answers without an end has to end."""

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
        self.stopping.set()
        for task in [*self._arriving, *self._besides]:
            task.cancel()
        for connection in list(self.state.connections):
            connection.shutdown()
        if self.state.tasks:
            await asyncio.wait(set(self.state.tasks), timeout=grace)
        for connection in list(self.state.connections):
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
                lambda: _Connection(self, entered, named, secure, door),
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
