"""The POP3 service, made from the server's parts and its own section."""

from __future__ import annotations

import secrets
from typing import Final

from mailcore.pop3.commands import COMMANDS
from mailcore.pop3.openings import Openings
from mailcore.pop3.reply import Reply
from mailcore.pop3.session import Pop3Session, Shop
from mailcore.pop3.sizes import Sizes
from mailcore.pop3.snapshots import Snapshots
from mailcore.server import log
from mailcore.server.connection import Connection
from mailcore.server.gate import Refusal
from mailcore.server.listener import Listener
from mailcore.server.parts import Parts, ServiceSetup
from mailcore.server.service import Manner, StreamService
from mailcore.server.signin import desk

USUAL: Final = "Postroom POP3 on %D ready"


def pop3(parts: Parts, setup: ServiceSetup) -> StreamService:
    """The service. Its listeners say whether TLS comes first, and whether passwords may come without."""
    section, own = setup.section, setup.config.pop3
    events = parts.log("POP3")
    manner = Manner(places=section.max_conn_threads, scope=log.session, refuse=_refusal, closed=_closed)
    shop = Shop(
        parts=parts,
        desk=desk(parts, setup, "pop3", "POP3"),
        openings=Openings(own.max_connections_per_account, exclusive=own.exclusive_lock, seats=parts.seats),
        sizes=Sizes(),
        snapshots=Snapshots(),
        slot=lambda: service.slot(),
        log=events,
        greeting=lambda: greeting(section.greetings_text or USUAL, setup.config.host),
        max_errors=section.max_errors,
        start_tls=section.allow_start_tls,
    )

    def session(connection: Connection) -> Pop3Session:
        return Pop3Session(connection, shop, COMMANDS)

    service = StreamService(setup.name, session, events, manner)
    return service


def greeting(text: str, host: str) -> str:
    """The first words: %D is the server's name, %U a token that no other session has."""
    return text.replace("%D", host).replace("%U", secrets.token_hex(8))


def _refusal(refusal: Refusal, listener: Listener) -> bytes:
    text = "Too many connections; try again later." if refusal.kind == "limit" else "You may not connect here."
    return Reply(False, text, "SYS/TEMP" if refusal.kind == "limit" else "SYS/PERM").line()


def _closed(connection: Connection) -> None:
    if isinstance(connection.session, Pop3Session):
        connection.session.signin.closed()
