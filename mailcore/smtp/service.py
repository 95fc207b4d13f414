"""The service `smtp_incoming`: SMTP for other servers (`mx`), for users (`submission`), and LMTP, by listener."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from mailcore.queue.filters import chain
from mailcore.queue.intake import Intake
from mailcore.queue.shelf import Shelf
from mailcore.server import log
from mailcore.server.config import Config
from mailcore.server.connection import Connection
from mailcore.server.gate import Refusal
from mailcore.server.listener import Listener
from mailcore.server.parts import Parts, ServiceSetup
from mailcore.server.service import Door, Manner, Service, StreamService
from mailcore.server.signin import desk
from mailcore.server.spool import Spool
from mailcore.smtp.authentication import checks
from mailcore.smtp.incoming import Memory, Room
from mailcore.smtp.policy.book import Rulebook
from mailcore.smtp.policy.countries import Atlas
from mailcore.smtp.policy.floods import Floods
from mailcore.smtp.policy.harvesting import Harvesting
from mailcore.smtp.refusals import Refusals
from mailcore.smtp.reply import Reply
from mailcore.smtp.session import SmtpSession
from mailcore.smtp.srs import srs_of
from mailcore.smtp.state import MODULE, Shared


class Receiving:
    """SMTP Receiving: the dialogue at its doors, and behind them what writes down refusals."""

    __slots__ = ("_refusals", "_stream")

    def __init__(self, stream: StreamService, refusals: Refusals) -> None:
        self._stream, self._refusals = stream, refusals

    @property
    def name(self) -> str:
        """The service's name."""
        return self._stream.name

    @property
    def connections(self) -> int:
        """Connections open now."""
        return self._stream.connections

    async def serve(self, door: Door) -> None:
        """Serve one door until cancelled."""
        await self._stream.serve(door)

    async def work(self) -> None:
        """Write down refusals, until cancelled."""
        await self._refusals.keep()

    async def drain(self, grace: float) -> None:
        """Let commands finish within `grace` seconds, say goodbye, close everything."""
        await self._stream.drain(grace)
        await self._refusals.write_down(all=True)


def intake_of(parts: Parts, setup: ServiceSetup) -> Intake:
    """The way into folders and queue, with the filters that are set up."""
    log = parts.log("PROCESSING")
    filters, back = chain(parts, setup), srs_of(parts).back
    return Intake(parts.store, parts.blobs, parts.directory, parts.counters, log, filters, back, parts.secret)


def receiving(parts: Parts, setup: ServiceSetup) -> Service:
    """SMTP Receiving as it is set up."""
    intake = intake_of(parts, setup)
    refusals = Refusals(parts.store)
    return Receiving(serving(parts, setup, intake, refusals), refusals)


def serving(parts: Parts, setup: ServiceSetup, intake: Intake, refusals: Refusals | None = None) -> StreamService:
    """The service that hands its messages to `intake`, and what it refuses to `refusals`."""
    host, refusals = setup.config.host, refusals or Refusals(parts.store)

    def refuse(refusal: Refusal, listener: Listener) -> bytes:
        parts.counters.add("SMTP_InboundConnectionRefused")
        status = "4.7.0" if refusal.kind != "denied" else "5.7.1"
        return Reply(421 if refusal.kind != "denied" else 554, status, f"{host}: {refusal.text}").octets

    def refused(refusal: Refusal, peer: str) -> None:
        refusals.add("connect", peer, refusal.text, code=421 if refusal.kind != "denied" else 554)

    manner = Manner(
        places=setup.section.max_conn_threads, scope=log.session, refuse=refuse, refused=refused, closed=_closed
    )
    shared = shared_of(parts, setup, intake, refusals, lambda: service.slot())
    service = StreamService(setup.name, lambda connection: SmtpSession(shared, connection), parts.log(MODULE), manner)
    return service


def shared_of(
    parts: Parts,
    setup: ServiceSetup,
    intake: Intake,
    refusals: Refusals,
    place: Callable[[], AbstractAsyncContextManager[None]],
) -> Shared:
    """What every session works with."""
    return Shared(
        parts=parts,
        config=setup.config,
        host=setup.config.host,
        section=setup.section,
        desk=desk(parts, setup, "smtp", "SMTP", MODULE),
        intake=intake,
        atlas=Atlas(_beside(setup.config), parts.log(MODULE)),
        floods=Floods(setup.config.queue.messages_per_second, setup.config.queue.disable_interval, parts.rates),
        harvest=Harvesting(setup.config.smtp.harvesting, parts.rates),
        book=Rulebook(parts.store, parts.bus, parts.log(MODULE)),
        memory=Memory(setup.config.smtp.receiving_memory * 1024),
        room=Room(setup.config.smtp.receiving_memory * 1024),
        spool=Spool(setup.config.data),
        authentication=checks.desk(
            setup.config.smtp.authentication,
            parts.dns,
            setup.config.host,
            parts.log(MODULE),
            lambda: parts.clock.now().timestamp(),
        ),
        place=place,
        refusals=refusals,
        texts=Shelf(setup.config, parts.log(MODULE)),
    )


def _closed(connection: Connection) -> None:
    if isinstance(connection.session, SmtpSession):
        connection.session.state.signin.closed()


def _beside(config: Config) -> Path | None:
    """The file of countries; one without a folder is in the data folder."""
    file = config.smtp.countries.file
    return config.data / file if file is not None else None
