"""Exchange Web Services over a real store, asked without a socket between."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from lxml import etree
from starlette.types import Receive, Scope, Send

from connectors.ews.app import ews
from connectors.ews.wire import MESSAGES, SOAP, TYPES
from groupware.mime.item import Marks, read_item
from groupware.model.principal import OPERATOR
from groupware.model.rights import Right, parse_rights
from groupware.store.api import WriteTx
from mailcore.server.config import load
from mailcore.server.gate import RuleGate, Turnstile
from mailcore.server.guesses import Guesses, GuessLimits
from mailcore.server.listener import Listener
from mailcore.server.parts import ServiceSetup
from tests.support import talk
from tests.support.clock import FakeClock
from tests.support.davstand import Way
from tests.support.house import House, house
from tests.support.smtpstand import PASSWORD

SPACES = {"s": SOAP, "m": MESSAGES, "t": TYPES}


@dataclass(frozen=True)
class Said:
    """An answer."""

    status: int
    body: bytes

    @property
    def xml(self) -> etree._Element:
        return etree.fromstring(self.body)

    def find(self, name: str) -> list[etree._Element]:
        """All elements of that name (`t:Subject`), wherever they are."""
        return self.xml.findall(f".//{name}", SPACES)

    def texts(self, name: str) -> list[str]:
        return [each.text or "" for each in self.find(name)]

    @property
    def codes(self) -> list[str]:
        """The response codes."""
        return self.texts("m:ResponseCode")

    @property
    def code(self) -> str:
        """The one response code, or that of the fault."""
        found = self.codes or [each.text or "" for each in self.xml.iter("{*}ResponseCode")]
        assert len(found) == 1, self.body
        return found[0]

    def ids(self, name: str = "t:ItemId") -> list[str]:
        return [str(each.get("Id")) for each in self.find(name)]


@dataclass
class Client:
    """Somebody who is signed in."""

    http: httpx.AsyncClient
    name: str

    async def post(self, body: bytes, path: str = "/EWS/Exchange.asmx", **headers: str) -> Said:
        token = base64.b64encode(f"{self.name}@example.test:{PASSWORD}".encode()).decode()
        sent = {"authorization": f"Basic {token}", "content-type": "text/xml; charset=utf-8", **headers}
        got = await self.http.post(path, content=body, headers=sent)
        return Said(got.status_code, got.content)

    async def ask(self, operation: str, header: str = "") -> Said:
        """The answer to an operation, which is given as XML with the prefixes `m` and `t`."""
        spaces = " ".join(f'xmlns:{prefix}="{space}"' for prefix, space in SPACES.items())
        version = '<t:RequestServerVersion Version="Exchange2013_SP1"/>'
        body = f"<s:Envelope {spaces}><s:Header>{version}{header}</s:Header><s:Body>{operation}</s:Body></s:Envelope>"
        return await self.post(body.encode())


@dataclass
class Stand:
    """A server of EWS, and the store behind it."""

    house: House
    http: httpx.AsyncClient

    def client(self, name: str) -> Client:
        return Client(self.http, name)

    async def put(self, name: str, octets: bytes, path: str = "INBOX", marks: Marks | None = None) -> int:
        """Puts a message into somebody's folder; gives the number of the item."""
        new = await read_item(octets, self.house.blobs, marks or Marks())

        def work(tx: WriteTx) -> int:
            at = tx.locate(tx.account(f"{name}@example.test").id, path, Right.INSERT)
            return tx.append(at.id, [new])[0].id

        return await self.house.write(work)

    async def share(self, owner: str, path: str, grantee: str, rights: str) -> None:
        """Grants rights on somebody's folder."""

        def work(tx: WriteTx) -> None:
            at = tx.locate(tx.account(f"{owner}@example.test").id, path)
            tx.grant(at.id, grantee, parse_rights(rights))

        await self.house.parts.store.write(OPERATOR, work)


@asynccontextmanager
async def ews_stand(folder: Path) -> AsyncIterator[Stand]:
    """The application over a house of its own."""
    settings = load(None, data=Path("/nonexistent"), environ={})
    clock = FakeClock()
    listener = Listener("https", "http", "127.0.0.1", 0, tls="implicit", policy=talk.unlimited())
    gate = RuleGate(Turnstile(listener.policy), Turnstile(talk.unlimited()), Guesses(GuessLimits(), clock), clock)
    async with house(folder) as here:
        app = ews(here.parts, ServiceSetup("http", settings.services["http"], settings))
        way = Way(listener, gate)

        async def served(scope: Scope, receive: Receive, send: Send) -> None:
            scope["state"] = {"way": way, "known": {}}
            await app(scope, receive, send)

        transport = httpx.ASGITransport(app=served)
        async with httpx.AsyncClient(transport=transport, base_url="https://mail.example.test", timeout=60) as http:
            yield Stand(here, http)
