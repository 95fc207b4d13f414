"""One store behind every protocol that shows calendars over HTTP, to see that they tell the same of a share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import Mount, Route

from connectors.activesync.app import activesync
from connectors.dav.app import dav
from connectors.ews.app import ews
from mailcore.server.parts import Parts, ServiceSetup
from tests.support import davstand, ewsstand, jmapstand
from tests.support.eas.stand import PATH, Phone
from tests.support.webstand import WebStand, web_stand
from web.jmap.app import jmap

CALENDAR = "/dav/calendars/alice@example.test/Calendar/"
HERS = "Other Users/alice@example.test/Calendar"


@dataclass
class Stand(WebStand):
    """A server of all of them."""

    def dav(self, name: str) -> davstand.Client:
        return davstand.Client(self.http, name)

    def jmap(self, name: str) -> jmapstand.Client:
        return jmapstand.Client(self.http, name)

    def phone(self, name: str) -> Phone:
        return Phone(self.http, name)

    def ews(self, name: str) -> ewsstand.Client:
        return ewsstand.Client(self.http, name)


@asynccontextmanager
async def share_stand(folder: Path) -> AsyncIterator[Stand]:
    """The applications over a house of their own."""

    def make(parts: Parts, setup: ServiceSetup) -> Starlette:
        return Starlette(
            routes=[
                Route(PATH, activesync(parts, setup), methods=None),
                Mount("/jmap", jmap(parts, setup)),
                Mount("/EWS", ews(parts, setup)),
                Mount("/", dav(parts, setup)),
            ]
        )

    async with web_stand(folder, make) as made:
        yield Stand(made.house, made.http)


@asynccontextmanager
async def filled_stand(folder: Path, **events: str) -> AsyncIterator[Stand]:
    """The same, with events in Alice's calendar by their names."""
    async with share_stand(folder) as stand:
        for name, octets in events.items():
            assert (await stand.dav("alice").put(f"{CALENDAR}{name}.ics", octets)).status == 201
        yield stand


async def lend(stand: Stand, rights: str) -> None:
    """Bob is given rights to Alice's calendar, and subscribes to it."""
    bob = await stand.house.read(lambda tx: tx.identity(tx.account("bob@example.test").id))
    await stand.share("alice", "Calendar", "bob@example.test", rights)
    await stand.house.store.write(bob, lambda tx: tx.subscribe(HERS, True))
