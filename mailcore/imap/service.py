"""The service `imap`: what the server starts."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Final

import mailcore.imap.commands  # noqa: F401 - fills the table
from mailcore.imap.reply import Reply, status_line
from mailcore.imap.session import Session
from mailcore.imap.shared import Shared
from mailcore.server import log
from mailcore.server.config import Config
from mailcore.server.gate import Refusal
from mailcore.server.listener import Listener
from mailcore.server.offers import jmap_session
from mailcore.server.parts import Parts, ServiceSetup
from mailcore.server.service import Manner, Service, StreamService
from mailcore.server.signin import desk
from mailcore.server.spool import Spool

MANAGESIEVE: Final = "managesieve"
STANDARD: Final = 4190
READ_AHEAD: Final = 65_536  # the longest line


def imap(parts: Parts, setup: ServiceSetup) -> Service:
    """IMAP as it is set up."""
    events = parts.log("IMAP")

    def slot() -> AbstractAsyncContextManager[None]:
        return service.slot()

    shared = Shared(
        parts=parts,
        desk=desk(parts, setup, "imap", "IMAP"),
        section=setup.config.imap,
        greeting=setup.section.greetings_text or f"{setup.config.host} Postroom is ready",
        host=setup.config.host,
        slot=slot,
        log=events,
        spool=Spool(setup.config.data),
        scripts=_scripts(setup.config),
        jmap=jmap_session(setup.config),
        jmap_section=setup.config.services["http"],
    )
    manner = Manner(places=setup.section.max_conn_threads, read_ahead=READ_AHEAD, scope=log.session, refuse=_refuse)
    service: StreamService = StreamService(setup.name, lambda connection: Session(connection, shared), events, manner)
    return service


def _scripts(config: Config) -> str:
    """The address of ManageSieve as this server says it; "" where that does not run. RFC 5804 §3."""
    runs = config.services[MANAGESIEVE].enabled
    ports = [each.port for each in config.listeners if each.service == MANAGESIEVE] if runs else []
    if not ports:
        return ""
    host = config.host.encode("idna").decode("ascii") if not config.host.isascii() else config.host
    return f"sieve://{host}" if STANDARD in ports else f"sieve://{host}:{ports[0]}"


def _refuse(refusal: Refusal, listener: Listener) -> bytes:
    """What a peer hears that is not let in."""
    text = "Too many connections; come back later" if refusal.kind == "limit" else "You may not connect here"
    return status_line(b"*", Reply(b"BYE", text, b"UNAVAILABLE" if refusal.kind == "limit" else b"NOPERM"))
