"""The HTTP service behind our own door: pages, bounds, rules, TLS, PROXY, drain."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

import web.connection
import web.http
from mailcore.server.config import load
from mailcore.server.gate import Policy, RuleGate, Turnstile
from mailcore.server.guesses import Guesses, GuessLimits
from mailcore.server.listener import Listener, open_socket
from mailcore.server.parts import ServiceSetup
from mailcore.server.proxy import ProxyPolicy
from mailcore.server.rules import UNLIMITED, Rule, Rules, ip_set
from mailcore.server.service import Door
from mailcore.server.tls import Certificate, Contexts, TlsSettings
from tests.support import talk
from tests.support.certificates import Authority
from tests.support.clock import FakeClock
from tests.support.eventlog import RecordingLog
from tests.support.parts import only_log
from web.webmail.files import File

GET = b"GET %s HTTP/1.1\r\nhost: here\r\n\r\n"
PLAIN = Listener("http", "http", "127.0.0.1", 0, tls="none", policy=talk.unlimited())


@dataclass
class Here:
    service: web.http.HttpService
    log: RecordingLog
    port: int


@asynccontextmanager
async def served(
    listener: Listener = PLAIN,
    config: str = "",
    folder: Path | None = None,
    routes: list[Route] | None = None,
    tls: Callable[[], ssl.SSLContext | None] = lambda: None,
) -> AsyncIterator[Here]:
    """The service at a door on a free port."""
    path = None
    if folder is not None:
        path = folder / "postroom.toml"
        path.write_text(config)
    settings = load(path, data=Path("/nonexistent"), environ={})
    log, clock = RecordingLog(), FakeClock()
    parts, setup = only_log(lambda module: log), ServiceSetup("http", settings.services["http"], settings)
    service = web.http.HttpService(parts, setup, routes) if routes is not None else web.http.service(parts, setup)
    gate = RuleGate(Turnstile(listener.policy), Turnstile(talk.unlimited()), Guesses(GuessLimits(), clock), clock)
    door = Door(listener, (open_socket(listener),), tls, gate)
    serving = asyncio.create_task(service.serve(door))
    try:
        yield Here(service, log, int(door.sockets[0].getsockname()[1]))
    finally:
        serving.cancel()
        await asyncio.wait({serving})
        await service.drain(1)
        for each in door.sockets:
            each.close()


async def answer(client: talk.Client) -> tuple[str, dict[str, str], bytes]:
    """The next response: status line, header, body."""
    status, header = await client.line(), dict[str, str]()
    while line := await client.line():
        name, _, value = line.partition(": ")
        header[name.lower()] = value
    async with asyncio.timeout(talk.WAIT):
        return status, header, await client.reader.readexactly(int(header.get("content-length", 0)))


@pytest.fixture(autouse=True)
def without_client(monkeypatch: pytest.MonkeyPatch) -> None:
    """As installed from sources without the webmail's client."""
    monkeypatch.setattr(web.http, "built", dict)


async def test_where_there_is_a_webmail_the_first_page_leads_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    client = {"index.html": File("text/html", {"": b"the client"}, "no-cache")}
    monkeypatch.setattr(web.http, "built", lambda: client)
    async with served() as here, talk.client(here.port, first=GET % b"/" + GET % b"/mail/") as caller:
        status, header, _ = await answer(caller)
        assert (status, header["location"]) == ("HTTP/1.1 302 Found", "/mail/")
        assert (await answer(caller))[2] == b"the client"


async def test_the_first_page_says_what_this_is() -> None:
    async with served() as here, talk.client(here.port, first=GET % b"/") as client:
        status, header, body = await answer(client)
    assert status == "HTTP/1.1 200 OK"
    assert b"<h1>Postroom</h1>" in body
    assert header["date"].endswith("GMT")
    assert "server" not in header


async def test_two_requests_on_one_connection() -> None:
    async with served() as here, talk.client(here.port, first=GET % b"/" + GET % b"/nothing") as client:
        assert (await answer(client))[0] == "HTTP/1.1 200 OK"
        assert (await answer(client))[0] == "HTTP/1.1 404 Not Found"


async def test_measures_are_shown_to_this_machine() -> None:
    async with served() as here, talk.client(here.port, first=GET % b"/metrics") as client:
        status, header, _ = await answer(client)
    assert status == "HTTP/1.1 200 OK"
    assert header["content-type"].startswith("text/plain; version=0.0.4")


PROXIED = replace(PLAIN, proxy=ProxyPolicy(ip_set(["127.0.0.1"]), True, True, False, 5.0))


async def test_measures_are_not_shown_to_a_stranger_behind_the_proxy() -> None:
    first = b"PROXY TCP4 192.0.2.7 192.0.2.1 4000 80\r\n" + GET % b"/metrics"
    async with served(PROXIED) as here, talk.client(here.port, first=first) as client:
        assert (await answer(client))[0] == "HTTP/1.1 403 Forbidden"


async def test_measures_are_shown_to_whom_an_allow_rule_names(tmp_path: Path) -> None:
    rule = '[[service.http.allow_rules]]\nip_set = ["192.0.2.0/24"]\n'
    first = b"PROXY TCP4 192.0.2.7 192.0.2.1 4000 80\r\n" + GET % b"/metrics"
    async with served(PROXIED, rule, tmp_path) as here, talk.client(here.port, first=first) as client:
        assert (await answer(client))[0] == "HTTP/1.1 200 OK"


async def test_a_header_that_does_not_end_is_refused_in_bounds() -> None:
    first = b"GET / HTTP/1.1\r\nhost: here\r\n" + b"x: " + b"y" * web.connection.HEADER_OCTETS
    async with served() as here, talk.client(here.port, first=first) as client:
        assert (await answer(client))[0] == "HTTP/1.1 431 Request Header Fields Too Large"
        assert await client.line() == ""


async def test_a_peer_that_says_nothing_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web.connection, "HEADER_SECONDS", 0.05)
    async with served() as here, talk.client(here.port) as client:
        assert await client.line() == ""


async def test_what_is_no_http_gets_400() -> None:
    async with served() as here, talk.client(here.port, first=b"EHLO there\r\n\r\n") as client:
        assert (await client.line()).startswith("HTTP/1.1 400")


async def test_a_denied_peer_is_hung_up_on() -> None:
    denied = replace(PLAIN, policy=Policy(Rules(deny=(Rule(ip_set(["127.0.0.1"])),)), UNLIMITED))
    async with served(denied) as here, talk.client(here.port) as client:
        assert await client.line() == ""
        assert (await here.log.until("refused"))["kind"] == "denied"


async def test_a_place_is_given_back_when_a_connection_ends() -> None:
    one = replace(PLAIN, policy=Policy(Rules(), replace(UNLIMITED, connections=1)))
    last = b"GET / HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\r\n"
    async with served(one) as here:
        for _ in range(3):
            async with talk.client(here.port, first=last) as client:
                assert (await answer(client))[0] == "HTTP/1.1 200 OK"
                assert await client.line() == ""


async def test_tls_comes_first_where_the_listener_says_so(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    contexts = Contexts(TlsSettings((Certificate(*authority.sign("here", "here.test"), ()),)))
    trusting = ssl.create_default_context(cafile=str(authority.ca_file))
    listener = replace(PLAIN, tls="implicit")
    schemes: list[str] = []

    async def home(request: Request) -> Response:
        schemes.append(request.url.scheme)
        return PlainTextResponse("hello")

    async with (
        served(listener, routes=[Route("/", home)], tls=contexts.current) as here,
        talk.client(here.port, tls=trusting, name="here.test") as client,
    ):
        client.send(GET % b"/")
        assert (await answer(client))[2] == b"hello"
    assert schemes == ["https"]


async def test_a_failed_handshake_gives_its_place_back(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    contexts = Contexts(TlsSettings((Certificate(*authority.sign("here", "here.test"), ()),)))
    listener = replace(PLAIN, tls="implicit", policy=Policy(Rules(), replace(UNLIMITED, connections=1)))
    trusting = ssl.create_default_context(cafile=str(authority.ca_file))
    async with served(listener, tls=contexts.current) as here:
        async with talk.client(here.port, first=b"no tls at all\r\n\r\n") as client:
            await client.line()
        await here.log.until("connection_lost")
        async with talk.client(here.port, tls=trusting, name="here.test") as client:
            client.send(GET % b"/")
            assert (await answer(client))[0] == "HTTP/1.1 200 OK"


async def test_drain_lets_a_request_finish() -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow(request: Request) -> Response:
        begun.set()
        await go_on.wait()
        return PlainTextResponse("done")

    handler: Callable[[Request], Awaitable[Response]] = slow
    async with (
        served(routes=[Route("/", handler)]) as here,
        talk.client(here.port, first=GET % b"/") as busy,
        talk.client(here.port) as idle,
    ):
        await begun.wait()
        draining = asyncio.create_task(here.service.drain(10))
        assert await idle.line() == ""
        go_on.set()
        assert (await answer(busy))[2] == b"done"
        await draining
        assert await busy.line() == ""
