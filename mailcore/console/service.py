"""The service of the console, made from the server's parts and its own section."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from mailcore.console import grammar
from mailcore.console.session import ConsoleSession, Shop
from mailcore.server import log
from mailcore.server.connection import Connection
from mailcore.server.gate import Refusal
from mailcore.server.listener import Listener
from mailcore.server.parts import Parts, ServiceSetup
from mailcore.server.service import Manner, StreamService
from mailcore.server.signin import desk

USUAL: Final = "Postroom console on %D ready"
MODULE: Final = "CLI"
PLACES_MAX: Final = 8  # commands at once, each in a thread


class ConsoleService(StreamService):
    """A stream service whose threads end with it."""

    __slots__ = ("threads",)

    threads: ThreadPoolExecutor

    async def drain(self, grace: float) -> None:
        """Say goodbye to every session; then no thread is left that waits for work."""
        await super().drain(grace)
        self.threads.shutdown(wait=False, cancel_futures=True)


def console(parts: Parts, setup: ServiceSetup) -> ConsoleService:
    """The service. Its listeners say whether TLS comes first, and whether passwords may come without."""
    section = setup.section
    events = parts.log(MODULE)
    places = min(section.max_conn_threads, PLACES_MAX)
    threads = ThreadPoolExecutor(places, "console")
    shop = Shop(
        parts=parts,
        desk=desk(parts, setup, "cli", MODULE, brief=True),
        config=setup.config,
        threads=threads,
        slot=lambda: service.slot(),
        log=events,
        greeting=lambda: greeting(section.greetings_text or USUAL, setup.config.host),
        max_errors=section.max_errors,
        start_tls=section.allow_start_tls,
    )

    def session(connection: Connection) -> ConsoleSession:
        return ConsoleSession(connection, shop)

    manner = Manner(places=places, scope=log.session, refuse=_refusal, closed=_closed)
    service = ConsoleService(setup.name, session, events, manner)
    service.threads = threads
    return service


def greeting(text: str, host: str) -> str:
    """The first words: %D is the server's name, %U a token that no other session has."""
    return text.replace("%D", host).replace("%U", secrets.token_hex(8))


def _refusal(refusal: Refusal, listener: Listener) -> bytes:
    limit = refusal.kind == "limit"
    return grammar.last(False, "Too many connections; try again later." if limit else "You may not connect here.")


def _closed(connection: Connection) -> None:
    if isinstance(connection.session, ConsoleSession):
        connection.session.signin.closed()
