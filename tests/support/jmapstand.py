"""JMAP over a real store, asked without a socket between."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount

from groupware.mime.item import Marks, read_item
from groupware.model.rights import Right
from groupware.store.api import WriteTx
from mailcore.server.parts import Parts, ServiceSetup
from tests.support.smtpstand import PASSWORD
from tests.support.webstand import WebStand, web_stand
from web.jmap.app import jmap
from web.signin.app import signin

EXTENSIONS = (
    "core mail blob mdn submission vacationresponse quota contacts calendars calendars:parse tasks sieve"
    " principals principals:availability mail:share"
)
OURS = (
    "access",
    "notes",
    "sieve-lab",
    "cards",
    "labels",
    "meetings",
    "snooze",
    "remote-mail",
    "calendar-sources",
    "calendar-files",
    "removed",
    "senders",
    "temporary-addresses",
    "devices",
)
USING = [f"urn:ietf:params:jmap:{each}" for each in EXTENSIONS.split()] + [f"urn:postroom:jmap:{each}" for each in OURS]


@dataclass
class Client:
    """Somebody who is signed in."""

    http: httpx.AsyncClient
    name: str
    password: str = PASSWORD

    async def get(self, path: str) -> httpx.Response:
        return await self.http.get(path, headers=self.headers, follow_redirects=False)

    async def post(self, body: object, kind: str = "application/json") -> httpx.Response:
        octets = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await self.http.post("/jmap/api", content=octets, headers={**self.headers, "content-type": kind})

    async def upload(self, octets: bytes, kind: str = "text/plain", account: str = "") -> dict[str, Any]:
        """What is said of octets that were taken."""
        place = f"/jmap/upload/{account or await self.account()}"
        got = await self.http.post(place, content=octets, headers={**self.headers, "content-type": kind})
        assert got.status_code == 201, got.text
        return dict(got.json())

    async def octets(self, blob: str, account: str = "") -> bytes:
        """What is in a blob."""
        got = await self.get(f"/jmap/download/{account or await self.account()}/{blob}/name")
        assert got.status_code == 200, got.text
        return got.content

    async def calls(self, *calls: tuple[str, dict[str, Any]]) -> list[Any]:
        """[name, arguments] of each answer."""
        numbered = [[name, given, str(number)] for number, (name, given) in enumerate(calls)]
        got = await self.post({"using": USING, "methodCalls": numbered})
        assert got.status_code == 200, got.text
        return [each[:2] for each in got.json()["methodResponses"]]

    async def call(self, method: str, **given: Any) -> dict[str, Any]:
        """The arguments of the one answer, which is no error; `accountId` is one's own unless said otherwise."""
        account = given.pop("accountId", None) or await self.account()
        [[name, found]] = await self.calls((method, {"accountId": account, **given}))
        assert name == method, found
        return dict(found)

    async def refused(self, method: str, **given: Any) -> str:
        """The type of the error that answers."""
        account = given.pop("accountId", None) or await self.account()
        [[name, found]] = await self.calls((method, {"accountId": account, **given}))
        assert name == "error", found
        return str(found["type"])

    async def account(self, name: str = "") -> str:
        """The id of one's own account, or of that of somebody else who shares with one."""
        session = (await self.get("/jmap/session")).json()
        if not name:
            return str(session["primaryAccounts"][USING[1]])
        return next(key for key, value in session["accounts"].items() if value["name"] == f"{name}@example.test")

    @property
    def headers(self) -> dict[str, str]:
        """What signs a request."""
        token = base64.b64encode(f"{self.name}@example.test:{self.password}".encode()).decode()
        return {"authorization": f"Basic {token}"}


@dataclass
class Stand(WebStand):
    """A server of JMAP, and the store behind it."""

    def client(self, name: str) -> Client:
        return Client(self.http, name)

    async def browse(self, name: str) -> None:
        """Signs somebody in with a browser: the cookie comes with every request from now on."""
        self.http.cookies.clear()
        proof = (await self.http.get("/signin/session")).json()["csrf"]
        body = {"name": f"{name}@example.test", "password": PASSWORD}
        got = await self.http.post("/signin/session", json=body, headers={"x-csrf-token": proof})
        assert got.status_code == 200, got.text

    async def put(self, name: str, octets: bytes, path: str = "INBOX", marks: Marks | None = None) -> str:
        """Puts a message into somebody's folder; gives its id."""
        new = await read_item(octets, self.house.blobs, marks or Marks())

        def work(tx: WriteTx) -> int:
            at = tx.locate(tx.account(f"{name}@example.test").id, path, Right.INSERT)
            return tx.append(at.id, [new])[0].id

        return f"M{await self.house.write(work)}"


@asynccontextmanager
async def jmap_stand(
    folder: Path, more: Callable[[Parts], Sequence[BaseRoute]] = lambda _: (), config: str = ""
) -> AsyncIterator[Stand]:
    """The application over a house of its own; `more` is served beside it, `config` is its configuration."""

    def make(parts: Parts, setup: ServiceSetup) -> Starlette:
        usual = [Mount("/signin", signin(parts, setup)), Mount("/jmap", jmap(parts, setup))]
        return Starlette(routes=[*usual, *more(parts)])

    async with web_stand(folder, make, config=config) as made:
        yield Stand(made.house, made.http)


def letter(subject: str, *lines: str, body: str = "Hello there\r\n") -> bytes:
    """A message."""
    head = [f"Subject: {subject}", "From: Ann <ann@far.test>", "To: alice@example.test", *lines]
    return "\r\n".join([*head, "", body]).encode()
