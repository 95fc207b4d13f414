"""The ManageSieve service, made from the server's parts and its own section."""

from __future__ import annotations

import secrets
from typing import Final

from mailcore.server import log
from mailcore.server.connection import Connection
from mailcore.server.gate import Refusal
from mailcore.server.listener import Listener
from mailcore.server.parts import Parts, ServiceSetup
from mailcore.server.service import Manner, StreamService
from mailcore.server.signin import desk
from mailcore.sieve.managesieve.commands import COMMANDS
from mailcore.sieve.managesieve.reply import Reply
from mailcore.sieve.managesieve.session import ManageSieveSession, Shop

USUAL: Final = "Postroom ManageSieve on %D ready"
MODULE: Final = "MANAGESIEVE"


def managesieve(parts: Parts, setup: ServiceSetup) -> StreamService:
    """The service. Its listeners say whether TLS comes first, and whether passwords may come without."""
    section = setup.section
    events = parts.log(MODULE)
    manner = Manner(places=section.max_conn_threads, scope=log.session, refuse=_refusal, closed=_closed)
    shop = Shop(
        parts=parts,
        desk=desk(parts, setup, "sieve", "SIEVE", MODULE),
        slot=lambda: service.slot(),
        log=events,
        greeting=lambda: greeting(section.greetings_text or USUAL, setup.config.host),
        max_errors=section.max_errors,
        most_sessions=setup.config.managesieve.max_connections_per_account,
        start_tls=section.allow_start_tls,
    )

    def session(connection: Connection) -> ManageSieveSession:
        return ManageSieveSession(connection, shop, COMMANDS)

    service = StreamService(setup.name, session, events, manner)
    return service


def greeting(text: str, host: str) -> str:
    """The first words: %D is the server's name, %U a token that no other session has."""
    return text.replace("%D", host).replace("%U", secrets.token_hex(8))


def _refusal(refusal: Refusal, listener: Listener) -> bytes:
    if refusal.kind == "limit":
        return Reply("BYE", "Too many connections; try again later.", "TRYLATER").octets()
    return Reply("BYE", "You may not connect here.").octets()


def _closed(connection: Connection) -> None:
    if isinstance(connection.session, ManageSieveSession):
        connection.session.signin.closed()
