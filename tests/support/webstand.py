"""An HTTP application over a real store, asked without a socket between: what the stands of its protocols share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from unittest import mock

import httpx
from starlette.types import ASGIApp, Receive, Scope, Send

from groupware.model.ids import FolderId, ModSeq
from groupware.model.rights import parse_rights
from groupware.store.api import WriteTx
from groupware.store.bus import LocalBus, LocalWatch
from mailcore.server.config import Config, load
from mailcore.server.dialogue import Peer, TlsInfo
from mailcore.server.gate import RuleGate, Turnstile
from mailcore.server.guesses import Guesses, GuessLimits
from mailcore.server.listener import Listener
from mailcore.server.parts import Parts, ServiceSetup
from tests.support import talk
from tests.support.clock import FakeClock
from tests.support.house import House, house

STRANGER, TLS = Peer("192.0.2.7", 4000), TlsInfo("TLSv1.3", "x")
UNSET = Path("/nonexistent")


@dataclass(frozen=True)
class Way:
    """A connection over TLS from a stranger."""

    listener: Listener
    gate: RuleGate
    peer: Peer = STRANGER
    tls: TlsInfo | None = TLS
    proxied_tls: bool = False

    @property
    def secure(self) -> bool:
        return self.tls is not None


@dataclass
class WebStand:
    """An application, and the store behind it."""

    house: House
    http: httpx.AsyncClient

    async def share(self, owner: str, path: str, grantee: str, rights: str) -> FolderId:
        """Grants rights on somebody's folder; gives its number."""

        def work(tx: WriteTx) -> FolderId:
            at = tx.locate(tx.account(f"{owner}@example.test").id, path)
            tx.grant(at.id, grantee, parse_rights(rights))
            return at.id

        return await self.house.write(work)

    async def waits(self, asked: asyncio.Task[Any]) -> bool:
        """Whether a request waits for news, as soon as it does so or has been answered."""
        bus, began, real = cast(LocalBus, self.house.parts.bus), asyncio.Event(), LocalWatch.changed
        if any(watch._waiting for each in bus._watched.values() for watch in each.watches):
            return not asked.done()

        async def changed(watch: LocalWatch, within: float | None = None) -> Mapping[FolderId, ModSeq]:
            if within != 0 and not watch.any():
                began.set()
            return await real(watch, within)

        with mock.patch.object(LocalWatch, "changed", changed):
            waits = asyncio.create_task(began.wait())
            await asyncio.wait({asked, waits}, timeout=60, return_when=asyncio.FIRST_COMPLETED)
            waits.cancel()
        return began.is_set() and not asked.done()


def way_in(service: str = "http", tls: TlsInfo | None = TLS) -> Way:
    """A connection to that service, which nobody is kept from."""
    clock = FakeClock()
    listener = Listener("https", service, "127.0.0.1", 0, tls="implicit", policy=talk.unlimited())
    gate = RuleGate(Turnstile(listener.policy), Turnstile(talk.unlimited()), Guesses(GuessLimits(), clock), clock)
    return Way(listener, gate, tls=tls)


def connected(app: ASGIApp, way: Way) -> ASGIApp:
    """The application as a connection of the HTTP service calls it."""
    known: dict[str, object] = {}

    async def connected(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "state": {"way": way, "known": known}}, receive, send)

    return connected


@asynccontextmanager
async def asked(app: ASGIApp, way: Way, host: str = "mail.example.test") -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application at the other end of that connection."""
    transport = httpx.ASGITransport(app=connected(app, way))
    async with httpx.AsyncClient(transport=transport, base_url=f"https://{host}", timeout=60) as http:
        yield http


@asynccontextmanager
async def web_stand(
    folder: Path, make: Callable[[Parts, ServiceSetup], ASGIApp], host: str = "mail.example.test", config: str = ""
) -> AsyncIterator[WebStand]:
    """What `make` makes, over a house of its own; `config` is its configuration."""
    setup = setup_of(configured(folder, config))
    async with house(folder) as here, asked(make(here.parts, setup), way_in(), host) as http:
        yield WebStand(here, http)


def configured(folder: Path, config: str = "") -> Config:
    """The configuration with that text in its file, or all defaults."""
    file = folder / "postroom.toml" if config else None
    if file is not None:
        file.write_text(config)
    return load(file, data=UNSET, environ={})


def setup_of(config: Config, service: str = "http") -> ServiceSetup:
    """What a service is given of it."""
    return ServiceSetup(service, config.services[service], config)
