"""ActiveSync and Exchange Web Services over one store: a phone and an Outlook of the same people."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import Mount, Route

from connectors.activesync.app import ActiveSync, activesync
from connectors.ews.app import ews
from mailcore.server.parts import Parts, ServiceSetup
from tests.support.eas.stand import PATH
from tests.support.eas.stand import Stand as PhoneStand
from tests.support.ewsstand import Client
from tests.support.webstand import web_stand


class Stand(PhoneStand):
    """A server of both."""

    def client(self, name: str) -> Client:
        return Client(self.http, name)


@asynccontextmanager
async def exchange_stand(folder: Path) -> AsyncIterator[Stand]:
    """The applications over a house of its own."""
    inner: list[ActiveSync] = []

    def make(parts: Parts, setup: ServiceSetup) -> Starlette:
        inner.append(activesync(parts, setup))
        return Starlette(routes=[Route(PATH, inner[0], methods=None), Mount("/", ews(parts, setup))])

    async with web_stand(folder, make) as made:
        yield Stand(made.house, made.http, inner[0])
