"""The courier for recipients elsewhere: by MX or by smart host, over SMTP."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from dataclasses import dataclass, replace

from groupware.model.event import Attempt, Envelope
from mailcore.queue.courier import Result, Settlement, for_all, later
from mailcore.server.config import Config
from mailcore.server.counters import Counters
from mailcore.server.events import EventLog
from mailcore.smtp.handover import hand_over
from mailcore.smtp.route import Hop, NoRoute, Router
from mailcore.smtp.signing import Signing
from mailcore.smtp.talk import Broken, HandshakeRefused, Manners, Talk


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


class SmtpCourier:
    """Carries attempts to other servers."""

    __slots__ = ("_config", "_contexts", "_counters", "_log", "_router", "_signing")

    def __init__(
        self,
        config: Config,
        router: Router,
        contexts: Contexts,
        counters: Counters,
        log: EventLog,
        signing: Signing | None = None,
    ) -> None:
        self._config, self._router, self._contexts, self._signing = config, router, contexts, signing
        self._counters, self._log = counters, log

    async def carry(self, attempt: Attempt, octets: bytes, settlement: Settlement) -> None:
        """Send it to the first of the domain's hosts that can be talked with, and settle what was answered."""
        try:
            hops = await self._router.hops(attempt.domain)
        except NoRoute as error:
            await self._settle(attempt, octets, for_all(attempt, error.result), settlement)
        else:
            if self._signing is not None:
                octets = await self._signing.signed(attempt, octets)
            await self._along(hops, attempt, octets, settlement)

    async def _along(self, hops: Sequence[Hop], attempt: Attempt, octets: bytes, settlement: Settlement) -> None:
        """Settle what the first host that took part answered; if none did: why the last one did not."""
        unanswered = True
        found: Result | None = None
        for hop in hops:
            try:
                async with await self._open(hop, attempt.envelope) as talk:
                    results = await hand_over(talk, attempt.envelope, octets)
                    await self._settle(attempt, octets, results, settlement)  # before goodbyes, which may take a while
                    return
            except Broken as error:
                unanswered = unanswered and error.unanswered
                found = _trouble(hop, error)
                self._log.info("host_failed", host=hop.name, address=hop.address, why=str(error))
        assert found is not None  # there is always a hop
        results = for_all(attempt, replace(found, unreachable=unanswered))
        await self._settle(attempt, octets, results, settlement)

    async def _settle(self, attempt: Attempt, octets: bytes, results: Sequence[Result], settlement: Settlement) -> None:
        self._count(attempt.envelope, octets, results)
        await settlement.settle(results)

    async def _open(self, hop: Hop, envelope: Envelope) -> Talk:
        """A connection to the hop, logged in where that is due; without TLS where TLS is there but broken. Broken."""
        manners = self._manners()
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
        smtp = self._config.smtp
        if smtp.smart_host and smtp.smart_host_user:
            try:
                await talk.login(smtp.smart_host_user, smtp.smart_host_password)
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

    def _manners(self) -> Manners:
        """How to talk: a password is said over checked TLS alone, unless the administrator wants no TLS at all."""
        smtp = self._config.smtp
        tls = smtp.smart_host_tls if smtp.smart_host else "available"
        if smtp.smart_host and smtp.smart_host_user and tls == "available":
            tls = "required"
        return Manners(
            ehlo=self._config.host,
            tls=tls,
            context=self._contexts.anybody if tls in ("available", "none") else self._contexts.checked,
            connect_timeout=smtp.connect_timeout,
            answer_timeout=smtp.send_timeout,
            local_address=smtp.local_address,
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
