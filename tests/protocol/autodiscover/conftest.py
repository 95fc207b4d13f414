"""Autodiscover over a real store, asked without a socket between."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import mkdtemp

import httpx
import pytest
from lxml import etree
from starlette.applications import Starlette

from connectors.autodiscover.app import autodiscover
from mailcore.server.config import Config, load
from mailcore.server.offers import PATHS
from tests.support.house import House, house
from tests.support.smtpstand import PASSWORD
from tests.support.webstand import TLS, asked, setup_of, way_in

NAMED = '[server]\nserver_name = "mx.example.test"\n'
SIGNED_IN = {"authorization": "Basic " + base64.b64encode(f"alice@example.test:{PASSWORD}".encode()).decode()}


@dataclass
class Stand:
    """A server that tells programs how to set themselves up."""

    house: House
    http: httpx.AsyncClient
    config: Config

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.http.get(path, headers={key.replace("_", "-"): value for key, value in headers.items()})

    async def post(self, path: str, body: str | bytes, **headers: str) -> httpx.Response:
        sent = {"content-type": "text/xml", **{key.replace("_", "-"): value for key, value in headers.items()}}
        return await self.http.post(path, content=body, headers=sent)


Make = Callable[..., AbstractAsyncContextManager[Stand]]


@asynccontextmanager
async def opened(
    folder: Path, text: str = NAMED, served: tuple[str, ...] = tuple(PATHS.values()), tls: bool = True
) -> AsyncIterator[Stand]:
    """A stand: `served` says what the HTTP service has, `tls` whether one comes by TLS."""
    file = folder / "postroom.toml"
    file.write_text(text)
    settings = load(file, data=folder, environ={})
    async with house(Path(mkdtemp(dir=folder))) as here:
        app = Starlette(routes=autodiscover(here.parts, setup_of(settings), served))
        async with asked(app, way_in(tls=TLS if tls else None), "example.test") as http:
            yield Stand(here, http, settings)


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Opens a stand in a folder of the test's own."""
    return partial(opened, tmp_path)


def xml_of(answer: httpx.Response) -> etree._Element:
    """The root element, without namespaces: what programs look for by name."""
    assert answer.status_code == 200, answer.text
    root = etree.fromstring(answer.content)
    for each in root.iter():
        each.tag = etree.QName(each).localname
    return root
