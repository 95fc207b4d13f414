"""JMAP over WebSocket, by the library websockets against a server of HTTP. RFC 8887."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from mailcore.server.config import load
from mailcore.server.gate import RuleGate, Turnstile
from mailcore.server.guesses import Guesses, GuessLimits
from mailcore.server.listener import Listener, open_socket
from mailcore.server.parts import ServiceSetup
from mailcore.server.service import Door
from tests.support import talk
from tests.support.clock import FakeClock
from tests.support.house import House, house
from tests.support.jmapstand import Stand, letter
from tests.support.smtpstand import PASSWORD
from web.http import HttpService, service
from web.signin import sessions

USING = ["urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail"]
ECHO = ["Core/echo", {"hello": "ü"}, "c"]


@asynccontextmanager
async def served(folder: Path) -> AsyncIterator[tuple[House, HttpService, int]]:
    """HTTP at a port of this machine."""
    settings = load(None, data=Path("/nonexistent"), environ={})
    clock = FakeClock()
    listener = Listener("http", "http", "127.0.0.1", 0, tls="none", policy=talk.unlimited(), plain_login=True)
    gate = RuleGate(Turnstile(listener.policy), Turnstile(talk.unlimited()), Guesses(GuessLimits(), clock), clock)
    async with house(folder) as here:
        made = service(here.parts, ServiceSetup("http", settings.services["http"], settings))
        socket = open_socket(listener)
        serving = asyncio.create_task(made.serve(Door(listener, (socket,), lambda: None, gate)))
        try:
            yield here, made, socket.getsockname()[1]
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)
            await made.drain(1)
            socket.close()


def dialled(port: int, password: str = PASSWORD, subprotocol: str = "jmap", origin: str = "") -> connect:
    token = base64.b64encode(f"alice@example.test:{password}".encode()).decode()
    headers = {"authorization": f"Basic {token}"} | ({"origin": origin} if origin else {})
    return connect(
        f"ws://127.0.0.1:{port}/jmap/ws",
        subprotocols=[subprotocol],
        additional_headers=headers,
        proxy=None,  # type: ignore[list-item]
    )


async def ask(caller: ClientConnection, value: object) -> dict[str, Any]:
    await caller.send(value if isinstance(value, str) else json.dumps(value))
    return dict(json.loads(await caller.recv()))


async def test_requests_are_answered_with_their_ids(tmp_path: Path) -> None:
    async with served(tmp_path) as (_, _, port), dialled(port) as caller:
        assert caller.subprotocol == "jmap"
        got = await ask(caller, {"@type": "Request", "id": "R1", "using": USING, "methodCalls": [ECHO]})
        assert (got["@type"], got["requestId"], got["methodResponses"]) == ("Response", "R1", [ECHO])
        assert got["sessionState"]


@pytest.mark.parametrize(
    ("said", "kind", "number"),
    [
        ("{", "notJSON", None),
        ('{"@type":"Request","id":"R","using":[]}', "notRequest", "R"),
        ('{"@type":"Request","id":"R","using":["urn:x"],"methodCalls":[]}', "unknownCapability", "R"),
        ('{"@type":"Odd","id":"R"}', "notRequest", "R"),
        ("[]", "notRequest", None),
        ('{"@type":"WebSocketPushEnable","dataTypes":7}', "notRequest", None),
    ],
)
async def test_what_is_no_request_is_told_so_and_the_connection_goes_on(
    tmp_path: Path, said: str, kind: str, number: str | None
) -> None:
    async with served(tmp_path) as (_, _, port), dialled(port) as caller:
        got = await ask(caller, said)
        assert (got["@type"], got["type"]) == ("RequestError", f"urn:ietf:params:jmap:error:{kind}")
        assert (got["requestId"], got["status"]) == (number, 400)
        assert (await ask(caller, {"@type": "Request", "using": USING, "methodCalls": [ECHO]}))["@type"] == "Response"


async def test_changes_are_pushed_while_that_is_switched_on(tmp_path: Path) -> None:
    async with served(tmp_path) as (here, _, port), dialled(port) as caller:
        stand = Stand(here, None)  # type: ignore[arg-type]
        await stand.put("alice", letter("first"))
        first = await ask(caller, {"@type": "WebSocketPushEnable", "dataTypes": ["Email"], "pushState": "old"})
        assert (first["@type"], next(iter(first["changed"].values())).keys()) == ("StateChange", {"Email"})
        await stand.put("alice", letter("second"))
        second = json.loads(await caller.recv())
        assert second["pushState"] != first["pushState"]
        await caller.send('{"@type":"WebSocketPushDisable"}')
        await stand.put("alice", letter("third"))
        got = await ask(caller, {"@type": "Request", "using": USING, "methodCalls": [ECHO]})
        assert got["@type"] == "Response"


async def test_who_may_not_sign_in_gets_no_connection(tmp_path: Path) -> None:
    async with served(tmp_path) as (_, _, port):
        for password, subprotocol, status in (("wrong", "jmap", 401), (PASSWORD, "odd", 400)):
            with pytest.raises(InvalidStatus) as refused:
                await dialled(port, password, subprotocol)
            assert refused.value.response.status_code == status


async def test_octets_instead_of_text_end_the_connection(tmp_path: Path) -> None:
    async with served(tmp_path) as (_, _, port), dialled(port) as caller:
        await caller.send(b"octets")
        with pytest.raises(ConnectionClosed) as closed:
            await caller.recv()
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 1003


async def test_a_message_that_is_too_long_ends_the_connection(tmp_path: Path) -> None:
    async with served(tmp_path) as (_, _, port), dialled(port) as caller:
        with pytest.raises(ConnectionClosed) as closed:
            await caller.send(" " * 10_000_001)
            await caller.recv()
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 1009


async def test_a_message_of_very_many_frames_ends_the_connection(tmp_path: Path) -> None:
    async with served(tmp_path) as (_, _, port), dialled(port) as caller:
        with pytest.raises(ConnectionClosed) as closed:
            await caller.send("" for _ in range(20_000))
            await caller.recv()
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 1009


async def test_a_password_that_a_browser_remembers_opens_nothing_to_pages_of_others(tmp_path: Path) -> None:
    async with served(tmp_path) as (_, _, port):
        with pytest.raises(InvalidStatus, match="403"):
            await dialled(port, origin="http://evil.test")
        async with dialled(port, origin=f"http://127.0.0.1:{port}") as caller:
            got = await ask(caller, {"@type": "Request", "using": USING, "methodCalls": [ECHO]})
            assert got["@type"] == "Response"


async def test_the_server_says_goodbye_when_it_stops(tmp_path: Path) -> None:
    async with served(tmp_path) as (_, made, port), dialled(port) as caller:
        assert (await ask(caller, {"@type": "Request", "using": USING, "methodCalls": [ECHO]}))["@type"] == "Response"
        await made.drain(5)
        with pytest.raises(ConnectionClosed) as closed:
            await caller.recv()
        assert closed.value.rcvd is not None and closed.value.rcvd.code in (1001, 1012)


async def sign_in(port: int) -> str:
    """The Cookie field of a browser that Alice has signed in with."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
        proof = (await http.get("/signin/session")).json()["csrf"]
        body = {"name": "alice@example.test", "password": PASSWORD}
        assert (await http.post("/signin/session", json=body, headers={"x-csrf-token": proof})).status_code == 200
        return f"postroom={http.cookies['postroom']}"


def by_cookie(port: int, cookie: str, origin: str | None) -> connect:
    fields = {"cookie": cookie} | ({"origin": origin} if origin is not None else {})
    return connect(
        f"ws://127.0.0.1:{port}/jmap/ws",
        subprotocols=["jmap"],
        additional_headers=fields,
        proxy=None,  # type: ignore[list-item]
    )


async def test_a_browser_connects_from_a_page_of_this_server_alone(tmp_path: Path) -> None:
    async with served(tmp_path) as (_, _, port):
        cookie = await sign_in(port)
        for origin in (None, "http://evil.test", f"http://127.0.0.1.evil.test:{port}", "null"):
            with pytest.raises(InvalidStatus, match="403"):
                async with by_cookie(port, cookie, origin):
                    pass
        async with by_cookie(port, cookie, f"http://127.0.0.1:{port}") as caller:
            got = await ask(caller, {"@type": "Request", "id": "R1", "using": USING, "methodCalls": [ECHO]})
            assert got["methodResponses"] == [ECHO]


async def test_a_connection_ends_with_its_session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "LOOKED_AT_SECONDS", 3600.0)
    async with served(tmp_path) as (here, _, port):
        cookie = await sign_in(port)
        async with by_cookie(port, cookie, f"http://127.0.0.1:{port}") as caller:
            (session,) = await here.read(lambda tx: tx.browser_sessions("alice@example.test"))
            await here.write(lambda tx: tx.drop_browser_session(session.number, "alice@example.test"))
            with pytest.raises(ConnectionClosed):
                await caller.recv()
