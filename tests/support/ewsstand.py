"""Exchange Web Services over a real store, asked without a socket between."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from lxml import etree

from connectors.ews.app import ews
from connectors.ews.wire import MESSAGES, SOAP, TYPES
from groupware.mime.item import Marks, read_item
from groupware.model.rights import Right
from groupware.store.api import WriteTx
from tests.support.smtpstand import PASSWORD
from tests.support.webstand import WebStand, web_stand

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
class Stand(WebStand):
    """A server of EWS, and the store behind it."""

    def client(self, name: str) -> Client:
        return Client(self.http, name)

    async def put(self, name: str, octets: bytes, path: str = "INBOX", marks: Marks | None = None) -> int:
        """Puts a message into somebody's folder; gives the number of the item."""
        new = await read_item(octets, self.house.blobs, marks or Marks())

        def work(tx: WriteTx) -> int:
            at = tx.locate(tx.account(f"{name}@example.test").id, path, Right.INSERT)
            return tx.append(at.id, [new])[0].id

        return await self.house.write(work)


@asynccontextmanager
async def ews_stand(folder: Path, config: str = "") -> AsyncIterator[Stand]:
    """The application over a house of its own; `config` is its configuration."""
    async with web_stand(folder, ews, config=config) as made:
        yield Stand(made.house, made.http)
