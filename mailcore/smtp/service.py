"""The service `smtp_incoming`: SMTP for other servers (`mx`), for users (`submission`), and LMTP, by listener."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from mailcore.queue.intake import Intake
from mailcore.server import log
from mailcore.server.config import Config
from mailcore.server.connection import Connection
from mailcore.server.gate import Refusal
from mailcore.server.guesses import Guesses
from mailcore.server.listener import Listener
from mailcore.server.parts import Parts, ServiceSetup
from mailcore.server.service import Manner, Service, StreamService
from mailcore.server.signin import desk
from mailcore.smtp.data import Memory
from mailcore.smtp.policy.book import Rulebook
from mailcore.smtp.policy.builtin import harvest_limits
from mailcore.smtp.policy.countries import Atlas
from mailcore.smtp.policy.floods import Floods
from mailcore.smtp.reply import Reply
from mailcore.smtp.session import SmtpSession
from mailcore.smtp.state import MODULE, Shared

RECEIVING_OCTETS: Final = 256 * 1024 * 1024  # of messages that are still coming in, over all connections


def receiving(parts: Parts, setup: ServiceSetup) -> Service:
    """SMTP Receiving as it is set up."""
    return serving(
        parts, setup, Intake(parts.store, parts.blobs, parts.directory, parts.counters, parts.log("PROCESSING"))
    )


def serving(parts: Parts, setup: ServiceSetup, intake: Intake) -> StreamService:
    """The service that hands its messages to `intake`."""
    host = setup.config.host

    def refuse(refusal: Refusal, listener: Listener) -> bytes:
        parts.counters.add("SMTP_InboundConnectionRefused")
        status = "4.7.0" if refusal.kind != "denied" else "5.7.1"
        return Reply(421 if refusal.kind != "denied" else 554, status, f"{host}: {refusal.text}").octets

    manner = Manner(places=setup.section.max_conn_threads, scope=log.session, refuse=refuse, closed=_closed)
    shared = Shared(
        parts=parts,
        config=setup.config,
        host=host,
        section=setup.section,
        desk=desk(parts, setup, "smtp", "SMTP", MODULE),
        intake=intake,
        atlas=Atlas(_beside(setup.config), parts.log(MODULE)),
        floods=Floods(setup.config.queue.messages_per_second, setup.config.queue.disable_interval, parts.clock),
        harvest=Guesses(harvest_limits(setup.config.smtp.harvesting), parts.clock),
        book=Rulebook(parts.store, parts.bus, parts.log(MODULE)),
        memory=Memory(max(RECEIVING_OCTETS, 2 * setup.config.smtp.max_message_size * 1024)),
        place=lambda: service.slot(),
    )
    service = StreamService(setup.name, lambda connection: SmtpSession(shared, connection), parts.log(MODULE), manner)
    return service


def _closed(connection: Connection) -> None:
    if isinstance(connection.session, SmtpSession):
        connection.session.state.signin.closed()


def _beside(config: Config) -> Path | None:
    """The file of countries; one without a folder is in the data folder."""
    file = config.smtp.countries.file
    return config.data / file if file is not None else None
