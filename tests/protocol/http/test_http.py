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


TOKEN = "correct-horse-battery"


@pytest.mark.parametrize(
    ("shown", "status"),
    [(f"Bearer {TOKEN}", "200 OK"), ("Bearer correct-horse", "401 Unauthorized"), ("Basic eDp5", "401 Unauthorized")],
)
async def test_measures_are_for_who_shows_the_token(tmp_path: Path, shown: str, status: str) -> None:
    config = f'[counters]\nmeasure_token = "{TOKEN}"\n'
    first = b"GET /metrics HTTP/1.1\r\nhost: here\r\nauthorization: %s\r\n\r\n" % shown.encode()
    async with served(PLAIN, config, tmp_path) as here, talk.client(here.port, first=first) as client:
        said, header, body = await answer(client)
    assert said == f"HTTP/1.1 {status}"
    assert header["content-type"].startswith("text/plain; version=0.0.4" if status == "200 OK" else "text/plain")
    assert (b"measure_token" in body) is (status != "200 OK")


async def test_without_a_token_nobody_reads_measures_not_even_this_machine() -> None:
    first = b"GET /metrics HTTP/1.1\r\nhost: here\r\nauthorization: Bearer \r\n\r\n"
    async with served() as here, talk.client(here.port, first=first) as client:
        assert (await answer(client))[0] == "HTTP/1.1 403 Forbidden"


@pytest.mark.parametrize(
    ("method", "fields", "status"),
    [
        ("POST", ["origin: https://evil.test"], 403),
        ("POST", ["origin: null"], 403),
        ("PUT", ["sec-fetch-site: cross-site"], 403),
        ("MKCOL", ["origin: http://here", "sec-fetch-site: same-site"], 403),
        ("POST", ["origin: http://here", "sec-fetch-site: same-origin"], 200),
        ("POST", ["origin: moz-extension://0f3a"], 200),
        ("POST", [], 200),
        ("GET", ["sec-fetch-site: cross-site"], 200),
    ],
)
async def test_a_page_of_another_site_writes_nothing_with_a_password_that_a_browser_remembers(
    method: str, fields: list[str], status: int
) -> None:
    async def taken(request: Request) -> Response:
        return PlainTextResponse("taken")

    lines = "".join(f"{each}\r\n" for each in ["host: here", "authorization: Basic eDp5", *fields])
    first = f"{method} / HTTP/1.1\r\n{lines}content-length: 0\r\n\r\n".encode()
    routes = [Route("/", taken, methods=["GET", "POST", "PUT", "MKCOL"])]
    async with served(routes=routes) as here, talk.client(here.port, first=first) as client:
        said, _, body = await answer(client)
    assert int(said.split()[1]) == status
    assert (body == b"taken") is (status == 200)


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
