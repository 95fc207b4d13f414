"""The courier for recipients elsewhere: by MX or by the hosts that a route names, over SMTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Final

from groupware.mime.long_lines import has_long_lines, shortened
from groupware.model.event import Attempt, Envelope
from groupware.model.tls import SUCCESS
from mailcore.queue.courier import Result, Settlement, failed, for_all, held, later
from mailcore.server.config import Config
from mailcore.server.counters import Counters
from mailcore.server.events import EventLog
from mailcore.smtp.demands import Contexts, Demand, Demands
from mailcore.smtp.handover import hand_over
from mailcore.smtp.lines import Lines
from mailcore.smtp.requiretls import NOT_SUPPORTED, relaxed, strict, waived
from mailcore.smtp.route import Hop, NoRoute, Router
from mailcore.smtp.signing import Signing
from mailcore.smtp.srs import Forwarding
from mailcore.smtp.talk import Broken, HandshakeRefused, Manners, Talk, TlsFailed
from mailcore.smtp.tally import Tally
from mailcore.smtp.ways import Way, Ways

BESIDE: Final = 3
"""Attempts for each connection: while one has it, others are read and signed, and what became of others is stored."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One way to one hop: what a connection may be shared for."""

    hop: Hop
    manners: Manners
    demand: Demand
    user: str
    password: str = field(repr=False)


@dataclass(slots=True)
class Seats:
    """The connections that one destination may have at once, and how many have or want one."""

    free: asyncio.Semaphore
    wanted: int = 0


class SmtpCourier:
    """Carries attempts to other servers."""

    __slots__ = (
        "_config",
        "_connections",
        "_contexts",
        "_counters",
        "_demands",
        "_forwarding",
        "_lines",
        "_log",
        "_router",
        "_seats",
        "_signing",
        "_tally",
        "_ways",
    )

    def __init__(
        self,
        config: Config,
        router: Router,
        demands: Demands,
        contexts: Contexts,
        counters: Counters,
        log: EventLog,
        tally: Tally | None = None,
        signing: Signing | None = None,
        forwarding: Forwarding | None = None,
        connections: asyncio.Semaphore | None = None,
    ) -> None:
        """`connections`: how many there may be to all destinations together; None: each has its own bound alone."""
        self._config, self._router, self._demands, self._contexts = config, router, demands, contexts
        self._tally, self._signing, self._forwarding = tally or Tally(), signing, forwarding
        self._counters, self._log, self._connections = counters, log, connections
        self._ways = Ways(config.smtp, config.host)
        self._lines = Lines(config.smtp.connection_idle)
        self._seats: dict[str, Seats] = {}

    def destination(self, attempt: Attempt) -> tuple[str, int]:
        """What an attempt's connection is counted for, and how many attempts may be under way there at once."""
        way = self._ways.find(attempt.domain, attempt.envelope.sender)
        return way.destination(attempt.domain), way.connections * BESIDE

    async def carry(self, attempt: Attempt, octets: bytes, settlement: Settlement) -> None:
        """Send it to the first of the domain's hosts that can be talked with, and settle what was answered."""
        way = self._ways.find(attempt.domain, attempt.envelope.sender)
        if way.hold and not attempt.released:
            text = f"The configuration ({way.name}) holds this mail until somebody releases it."
            await settlement.settle(for_all(attempt, held(text)))
            return
        try:
            hops = await self._router.hops(attempt.domain, way)
            demands = await self._demanded(attempt, octets, way, hops)
        except NoRoute as error:
            await self._settle(attempt, octets, for_all(attempt, error.result), settlement)
            return
        legs = [Leg(hop, self._manners(way, demand), demand, way.user, way.password) for hop, demand in demands]
        if self._forwarding is not None:
            attempt = await self._forwarding.sent(attempt)
        octets = await _fit(attempt.envelope, octets)
        if self._signing is not None:
            octets = await self._signing.signed(attempt, octets)
        async with self._seat(way.destination(attempt.domain), way.connections):
            leg, talk, results = await self._along(self._kept_first(legs), attempt, octets, settlement)
            if talk is not None and not self._lines.keep(talk, leg, way.messages):
                try:  # before goodbyes, which may take a while
                    await self._settle(attempt, octets, results, settlement)
                except BaseException:
                    talk.close()
                    raise
                await talk.leave()
                return
        await self._settle(attempt, octets, results, settlement)

    async def _demanded(
        self, attempt: Attempt, octets: bytes, way: Way, hops: Sequence[Hop]
    ) -> Sequence[tuple[Hop, Demand]]:
        """The hops with the TLS that each must have for this message. NoRoute."""
        if way.tls in ("opportunistic", "required") and waived(attempt.envelope, octets):
            return relaxed(hops, way)
        found = await self._demands.of(attempt.domain, way, hops)
        return strict(found, way) if attempt.envelope.require_tls else found

    @asynccontextmanager
    async def _seat(self, where: str, most: int) -> AsyncIterator[None]:
        """One of the connections that a destination may have."""
        seat = self._seats.setdefault(where, Seats(asyncio.Semaphore(most)))
        seat.wanted += 1
        try:
            async with seat.free, self._connections or nullcontext():
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
        self, legs: Sequence[Leg], attempt: Attempt, octets: bytes, settlement: Settlement
    ) -> tuple[Leg, Talk | None, Sequence[Result]]:
        """What the first host that took part answered, and the line to it; if none did: why the last one did not."""
        unanswered = True
        found: Result | None = None
        for leg in legs:
            try:
                return leg, *await self._over(leg, attempt, octets, settlement)
            except Broken as error:
                unanswered = unanswered and error.unanswered
                found = _trouble(leg.hop, error)
                self._log.info("host_failed", host=leg.hop.name, address=leg.hop.address, why=str(error))
        assert found is not None  # there is always a hop
        return legs[-1], None, for_all(attempt, replace(found, unreachable=unanswered))

    async def _over(
        self, leg: Leg, attempt: Attempt, octets: bytes, settlement: Settlement
    ) -> tuple[Talk, list[Result]]:
        """A connection to the leg's host, kept or new, and what was answered over it. Broken."""
        envelope, kept = attempt.envelope, await self._lines.take(leg)
        if kept is not None:
            try:
                return kept, await self._handed_over(kept, envelope, octets, settlement)
            except Broken as error:  # the line is at fault, not the host
                self._log.info("line_lost", host=leg.hop.name, address=leg.hop.address, why=str(error))
        talk = await self._open(leg, attempt)
        return talk, await self._handed_over(talk, envelope, octets, settlement)

    @staticmethod
    async def _handed_over(talk: Talk, envelope: Envelope, octets: bytes, settlement: Settlement) -> list[Result]:
        talk.carried += 1
        try:
            return await hand_over(talk, envelope, octets, settlement.confirmed)
        except BaseException:
            talk.close()
            raise

    async def _settle(self, attempt: Attempt, octets: bytes, results: Sequence[Result], settlement: Settlement) -> None:
        self._count(attempt.envelope, octets, results)
        await settlement.settle(results)

    async def _open(self, leg: Leg, attempt: Attempt) -> Talk:
        """A connection to the hop, logged in where that is due; without TLS where TLS is there but broken. Broken."""
        hop, envelope = leg.hop, attempt.envelope
        talk = await self._encrypted(leg, attempt)
        self._log.info(
            "connected", host=hop.name, address=hop.address, port=hop.port, tls=talk.secure, policy=leg.demand.policy
        )
        if talk.secure:
            self._counters.add("SMTP_OutboundConnectionSSL", domain=_sender_domain(envelope))
        if leg.demand.extension and not talk.offers(leg.demand.extension):
            talk.close()
            raise Broken(
                f"The server does not promise to require TLS further on ({leg.demand.extension.upper()}).",
                NOT_SUPPORTED,
            )
        if leg.user:
            try:
                await talk.login(leg.user, leg.password)
            except BaseException:
                talk.close()
                raise
        return talk

    async def _encrypted(self, leg: Leg, attempt: Attempt) -> Talk:
        """A connection as the demand on it is; what became of TLS is counted (RFC 8460). Broken."""
        hop, demand, manners = leg.hop, leg.demand, leg.manners
        if demand.trouble:
            self._tally.add(attempt.domain, demand, hop.name, demand.trouble)
        if demand.refused and not demand.lenient:
            raise self._failed(leg, attempt, TlsFailed(demand.refused, demand.code, failure=_refusal(demand)))
        try:
            talk = await self._connect(hop, manners, attempt.envelope)
        except TlsFailed as error:
            self._failed(leg, attempt, error)
            if demand.lenient:
                manners = replace(manners, tls="available", context=self._contexts.anybody)
            elif manners.tls == "available":
                manners = replace(manners, tls="none")
            else:
                raise
            return await self._plainly(hop, manners, attempt)
        if demand.refused:
            self._failed(leg, attempt, TlsFailed(demand.refused, failure=_refusal(demand)))
        elif talk.secure:
            self._tally.add(attempt.domain, demand, hop.name, SUCCESS)
        elif manners.tls == "available":
            self._tally.add(attempt.domain, demand, hop.name, "starttls-not-supported")
        return talk

    async def _plainly(self, hop: Hop, manners: Manners, attempt: Attempt) -> Talk:
        """A connection with less TLS than was tried before, in the end with none. Broken."""
        try:
            return await self._connect(hop, manners, attempt.envelope)
        except HandshakeRefused:
            if manners.tls != "available":
                raise
            return await self._connect(hop, replace(manners, tls="none"), attempt.envelope)

    def _failed(self, leg: Leg, attempt: Attempt, error: TlsFailed) -> TlsFailed:
        """The same error, once it is counted and said."""
        self._tally.add(attempt.domain, leg.demand, leg.hop.name, error.failure)
        facts = {"policy": leg.demand.policy, "failure": error.failure, "why": str(error)}
        self._log.warning("tls_failed", host=leg.hop.name, address=leg.hop.address, **facts)
        return error

    async def _connect(self, hop: Hop, manners: Manners, envelope: Envelope) -> Talk:
        domain = _sender_domain(envelope)
        self._counters.add("SMTP_OutboundConnection", domain=domain)
        try:
            return await Talk.open(hop, manners)
        except Broken:
            self._counters.add("SMTP_OutboundConnectionFailed", domain=domain)
            raise

    def _manners(self, way: Way, demand: Demand) -> Manners:
        """How to talk on this way, when this is demanded."""
        smtp = self._config.smtp
        return Manners(
            ehlo=way.ehlo,
            tls=demand.tls,
            context=self._contexts.checked() if demand.checked else self._contexts.anybody,
            connect_timeout=smtp.connect_timeout,
            answer_timeout=smtp.send_timeout,
            check=demand.dane,
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


async def _fit(envelope: Envelope, octets: bytes) -> bytes:
    """What was sent here without lines that are too long for mail: other servers refuse those, or cut them."""
    if not envelope.own or envelope.body_type.upper() == "BINARYMIME" or not has_long_lines(octets):
        return octets
    return await asyncio.to_thread(shortened, octets)


def _trouble(hop: Hop, error: Broken) -> Result:
    verdict = failed if error.code == NOT_SUPPORTED else later
    if error.said:
        return verdict(error.code, str(error), hop.name)
    return verdict(error.code, f"{hop.name} [{hop.address}]: {error}")


def _refusal(demand: Demand) -> str:
    """What RFC 8460 calls it that a host is not to be used at all."""
    return "dnssec-invalid" if demand.policy == "tlsa" else "validation-failure"


def _sender_domain(envelope: Envelope) -> str:
    """The domain that the mail counts for: the sender's, when it was submitted here."""
    return envelope.sender.rpartition("@")[2].lower() if envelope.by is not None else ""
