"""The courier for recipients elsewhere: by MX or by the hosts that a route names, over SMTP."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Final

from groupware.model.event import Attempt, Envelope
from mailcore.queue.courier import Result, Settlement, for_all, later
from mailcore.server.config import Config
from mailcore.server.counters import Counters
from mailcore.server.events import EventLog
from mailcore.smtp.handover import hand_over
from mailcore.smtp.lines import Lines
from mailcore.smtp.route import Hop, NoRoute, Router
from mailcore.smtp.talk import Broken, HandshakeRefused, Manners, Talk, Tls
from mailcore.smtp.ways import Way, Ways

_TLS: Final[dict[str, Tls]] = {
    "none": "none",
    "opportunistic": "available",
    "required": "required",
    "verified": "required",
    "implicit": "implicit",
}


@dataclass(frozen=True, slots=True)
class Contexts:
    """What TLS believes: `anybody` is better than no TLS; `checked` is for hosts that the administrator named."""

    anybody: ssl.SSLContext
    checked: ssl.SSLContext


def contexts() -> Contexts:
    """Both contexts, with the authorities of the operating system."""
    anybody = ssl.create_default_context()
    anybody.check_hostname = False
    anybody.verify_mode = ssl.CERT_NONE
    return Contexts(anybody, ssl.create_default_context())


@dataclass(frozen=True, slots=True)
class Leg:
    """One way to one hop: what a connection may be shared for."""

    hop: Hop
    manners: Manners
    user: str
    password: str = field(repr=False)


@dataclass(slots=True)
class Seats:
    """The connections that one destination may have at once, and how many have or want one."""

    free: asyncio.Semaphore
    wanted: int = 0


class SmtpCourier:
    """Carries attempts to other servers."""

    __slots__ = ("_config", "_contexts", "_counters", "_lines", "_log", "_router", "_seats", "_ways")

    def __init__(self, config: Config, router: Router, contexts: Contexts, counters: Counters, log: EventLog) -> None:
        self._config, self._router, self._contexts = config, router, contexts
        self._counters, self._log = counters, log
        self._ways = Ways(config.smtp, config.host)
        self._lines = Lines(config.smtp.connection_idle)
        self._seats: dict[str, Seats] = {}

    def destination(self, attempt: Attempt) -> tuple[str, int]:
        """What an attempt's connection is counted for, and how many there may be."""
        way = self._ways.find(attempt.domain, attempt.envelope.sender)
        return way.destination(attempt.domain), way.connections

    async def carry(self, attempt: Attempt, octets: bytes, settlement: Settlement) -> None:
        """Send it to the first of the domain's hosts that can be talked with, and settle what was answered."""
        way = self._ways.find(attempt.domain, attempt.envelope.sender)
        try:
            hops = await self._router.hops(attempt.domain, way)
        except NoRoute as error:
            await self._settle(attempt, octets, for_all(attempt, error.result), settlement)
            return
        legs = [Leg(hop, self._manners(way), way.user, way.password) for hop in hops]
        async with self._seat(way.destination(attempt.domain), way.connections):
            await self._along(self._kept_first(legs), way, attempt, octets, settlement)

    @asynccontextmanager
    async def _seat(self, where: str, most: int) -> AsyncIterator[None]:
        """One of the connections that a destination may have; the scheduler sees to it that few wait for one."""
        seat = self._seats.setdefault(where, Seats(asyncio.Semaphore(most)))
        seat.wanted += 1
        try:
            async with seat.free:
                yield
        finally:
            seat.wanted -= 1
            if not seat.wanted:
                del self._seats[where]

    async def close(self) -> None:
        """Say goodbye to all whose connections are kept."""
        await self._lines.close()

    def _kept_first(self, legs: Sequence[Leg]) -> Sequence[Leg]:
        """The legs in the order to try them: of those that are as good as one another, one with a line comes first."""
        return sorted(legs, key=lambda leg: (leg.hop.preference, not self._lines.has(leg)))

    async def _along(
        self, legs: Sequence[Leg], way: Way, attempt: Attempt, octets: bytes, settlement: Settlement
    ) -> None:
        """Settle what the first host that took part answered; if none did: why the last one did not."""
        unanswered = True
        found: Result | None = None
        for leg in legs:
            try:
                talk, results = await self._over(leg, attempt.envelope, octets)
            except Broken as error:
                unanswered = unanswered and error.unanswered
                found = _trouble(leg.hop, error)
                self._log.info("host_failed", host=leg.hop.name, address=leg.hop.address, why=str(error))
                continue
            try:
                await self._settle(attempt, octets, results, settlement)  # before goodbyes, which may take a while
            except BaseException:
                talk.close()
                raise
            await self._lines.give(talk, leg, way.messages)
            return
        assert found is not None  # there is always a hop
        results = for_all(attempt, replace(found, unreachable=unanswered))
        await self._settle(attempt, octets, results, settlement)

    async def _over(self, leg: Leg, envelope: Envelope, octets: bytes) -> tuple[Talk, list[Result]]:
        """What was answered over a connection to the leg's host, kept or new. Broken."""
        kept = await self._lines.take(leg)
        if kept is not None:
            try:
                return kept, await self._handed_over(kept, envelope, octets)
            except Broken as error:  # the line is at fault, not the host
                self._log.info("line_lost", host=leg.hop.name, address=leg.hop.address, why=str(error))
        talk = await self._open(leg, envelope)
        return talk, await self._handed_over(talk, envelope, octets)

    @staticmethod
    async def _handed_over(talk: Talk, envelope: Envelope, octets: bytes) -> list[Result]:
        talk.carried += 1
        try:
            return await hand_over(talk, envelope, octets)
        except BaseException:
            talk.close()
            raise

    async def _settle(self, attempt: Attempt, octets: bytes, results: Sequence[Result], settlement: Settlement) -> None:
        self._count(attempt.envelope, octets, results)
        await settlement.settle(results)

    async def _open(self, leg: Leg, envelope: Envelope) -> Talk:
        """A connection to the hop, logged in where that is due; without TLS where TLS is there but broken. Broken."""
        hop, manners = leg.hop, leg.manners
        try:
            talk = await self._connect(hop, manners, envelope)
        except HandshakeRefused as error:
            if manners.tls != "available":
                raise
            self._log.warning("tls_failed", host=hop.name, address=hop.address, why=str(error))
            talk = await self._connect(hop, replace(manners, tls="none"), envelope)
        self._log.info("connected", host=hop.name, address=hop.address, port=hop.port, tls=talk.secure)
        if talk.secure:
            self._counters.add("SMTP_OutboundConnectionSSL", domain=_sender_domain(envelope))
        if leg.user:
            try:
                await talk.login(leg.user, leg.password)
            except BaseException:
                talk.close()
                raise
        return talk

    async def _connect(self, hop: Hop, manners: Manners, envelope: Envelope) -> Talk:
        domain = _sender_domain(envelope)
        self._counters.add("SMTP_OutboundConnection", domain=domain)
        try:
            return await Talk.open(hop, manners)
        except Broken:
            self._counters.add("SMTP_OutboundConnectionFailed", domain=domain)
            raise

    def _manners(self, way: Way) -> Manners:
        """How to talk on this way."""
        smtp = self._config.smtp
        return Manners(
            ehlo=way.ehlo,
            tls=_TLS[way.tls],
            context=self._contexts.checked if way.tls in ("verified", "implicit") else self._contexts.anybody,
            connect_timeout=smtp.connect_timeout,
            answer_timeout=smtp.send_timeout,
        )

    def _count(self, envelope: Envelope, octets: bytes, results: Sequence[Result]) -> None:
        domain = _sender_domain(envelope)
        counted = {
            "sent": "SMTP_OutboundRcptAccepted",
            "later": "SMTP_OutboundRcptTempFailed",
            "failed": "SMTP_OutboundRcptPermFailed",
        }
        for result in results:
            self._counters.add(counted[result.verdict], domain=domain)
        if any(result.verdict == "sent" for result in results):
            self._counters.add("SMTP_OutboundMessage", domain=domain)
            self._counters.add("SMTP_OutboundMessageBytes", len(octets), domain=domain)


def _trouble(hop: Hop, error: Broken) -> Result:
    if error.said:
        return later(error.code, str(error), hop.name)
    return later(error.code, f"{hop.name} [{hop.address}]: {error}")


def _sender_domain(envelope: Envelope) -> str:
    """The domain that the mail counts for: the sender's, when it was submitted here."""
    return envelope.sender.rpartition("@")[2].lower() if envelope.by is not None else ""
