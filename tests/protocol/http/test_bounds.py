"""What one peer may send over HTTP before anybody has looked at it: bounds on headers, bodies and answers."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

import web.connection
from mailcore.server.tls import Certificate, Contexts, TlsSettings
from tests.protocol.http.test_http import GET, PLAIN, answer, served
from tests.support import talk
from tests.support.certificates import Authority

POST = b"POST / HTTP/1.1\r\nhost: here\r\n%s\r\n\r\n"
CHUNKED = POST % b"transfer-encoding: chunked"


async def taken(request: Request) -> Response:
    return PlainTextResponse(str(len(await request.body())))


TAKING = [Route("/", taken, methods=["POST"])]


async def test_fields_behind_the_last_chunk_are_refused_in_bounds() -> None:
    trailers = b"x: y\r\n" * (web.connection.HEADER_OCTETS // 6 + 1)
    async with served(routes=TAKING) as here, talk.client(here.port, first=CHUNKED + b"0\r\n" + trailers) as client:
        assert (await answer(client))[0] == "HTTP/1.1 431 Request Header Fields Too Large"
        assert await client.line() == ""


async def test_a_header_behind_a_request_that_is_being_answered_is_refused_in_bounds() -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow(request: Request) -> Response:
        begun.set()
        await go_on.wait()
        return PlainTextResponse("done")

    async with served(routes=[Route("/", slow)]) as here, talk.client(here.port, first=GET % b"/") as client:
        await begun.wait()
        client.send(b"GET / HTTP/1.1\r\nhost: here\r\n" + b"x: y\r\n" * (web.connection.HEADER_OCTETS // 6 + 1))
        assert (await answer(client))[0] == "HTTP/1.1 431 Request Header Fields Too Large"
        assert await client.line() == ""
        go_on.set()


async def test_a_body_in_very_small_chunks_is_no_header() -> None:
    size = web.connection.HEADER_OCTETS
    async with served(routes=TAKING) as here, talk.client(here.port, first=CHUNKED) as client:
        client.send(b"1\r\nx\r\n" * size + b"0\r\n\r\n")
        assert (await answer(client))[2] == str(size).encode()


async def test_a_body_that_does_not_come_on_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web.connection, "BODY_SECONDS", 0.05)
    first = POST % b"content-length: 10" + b"five."
    async with served(routes=TAKING) as here, talk.client(here.port, first=first) as client:
        assert (await answer(client))[0] == "HTTP/1.1 408 Request Timeout"
        assert await client.line() == ""


async def test_who_goes_away_in_the_middle_of_a_body_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def taking(request: Request) -> Response:
        begun.set()
        try:
            return PlainTextResponse(str(len(await request.body())))
        finally:
            ended.set()

    async with served(routes=[Route("/", taking, methods=["POST"])]) as here:
        async with talk.client(here.port, first=POST % b"content-length: 10" + b"five."), asyncio.timeout(talk.WAIT):
            await begun.wait()
        async with asyncio.timeout(talk.WAIT):
            await ended.wait()
    assert [each.getMessage() for each in caplog.records] == []


async def test_a_body_that_comes_on_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web.connection, "BODY_SECONDS", 0.05)
    monkeypatch.setattr(web.connection, "BODY_OCTETS", 1)
    looked = asyncio.Event()
    look = web.connection.Connection._look_at_body

    def counted(self: web.connection.Connection) -> None:
        look(self)
        looked.set()

    monkeypatch.setattr(web.connection.Connection, "_look_at_body", counted)
    first = POST % b"content-length: 3" + b"a"
    async with served(routes=TAKING) as here, talk.client(here.port, first=first) as client:
        async with asyncio.timeout(talk.WAIT):
            await looked.wait()
        client.send(b"bc")
        assert (await answer(client))[2] == b"3"


async def test_who_takes_nothing_of_an_answer_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web.connection, "STALLED_SECONDS", 0.05)
    ended = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        try:
            while True:
                yield bytes(1024 * 1024)
                await asyncio.sleep(0)
        finally:
            ended.set()

    async def stream(request: Request) -> Response:
        return StreamingResponse(endless())

    async with served(routes=[Route("/", stream)]) as here, talk.client(here.port, first=GET % b"/"):
        async with asyncio.timeout(talk.WAIT):
            assert await ended.wait()


@pytest.mark.parametrize(
    "fields",
    [
        b"content-length: 4\r\ntransfer-encoding: chunked",
        b"content-length: 4\r\ncontent-length: 5",
        b"content-length: +4",
        b"transfer-encoding: chunked, identity",
        b"transfer-encoding : chunked",
        b"transfer-encoding:\x0bchunked",
        b"x: y\n content-length: 4",
    ],
)
async def test_a_request_whose_end_can_be_read_in_two_ways_is_none(fields: bytes) -> None:
    second = GET % b"/hidden"
    async with served(routes=TAKING) as here, talk.client(here.port, first=POST % fields + b"0\r\n\r\n" + second) as c:
        assert (await answer(c))[0].startswith("HTTP/1.1 400")
        assert await c.line() == ""


@pytest.mark.parametrize("fields", [b"", b"host: here\r\nhost: there\r\n"])
async def test_a_request_names_its_host_once(fields: bytes) -> None:
    async with served() as here, talk.client(here.port, first=b"GET / HTTP/1.1\r\n" + fields + b"\r\n") as client:
        assert (await answer(client))[0].startswith("HTTP/1.1 400")
        assert await client.line() == ""
    old = b"POST / HTTP/1.0\r\ncontent-length: 2\r\n\r\nab"
    async with served(routes=TAKING) as here, talk.client(here.port, first=old) as client:
        assert (await answer(client))[2] == b"2"


async def test_who_came_by_tls_is_told_to_come_so_from_now_on(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    contexts = Contexts(TlsSettings((Certificate(*authority.sign("here", "here.test"), ()),)))
    trusting = ssl.create_default_context(cafile=str(authority.ca_file))
    listener = replace(PLAIN, tls="implicit")
    found = []
    for config in ("", "[webmail]\nstrict_transport = 0\n"):
        async with (
            served(listener, config, tmp_path, tls=contexts.current) as here,
            talk.client(here.port, tls=trusting, name="here.test") as client,
        ):
            client.send(GET % b"/")
            found.append((await answer(client))[1].get("strict-transport-security"))
    async with served() as here, talk.client(here.port, first=GET % b"/") as client:
        found.append((await answer(client))[1].get("strict-transport-security"))
    assert found == ["max-age=31536000", None, None]
