"""SMTP Sending: carries what waits in the queue for recipients elsewhere."""

from __future__ import annotations

from functools import partial
from typing import Final

from mailcore.queue.scheduler import Lanes, Scheduler
from mailcore.queue.service import QueueService
from mailcore.server.config import Config
from mailcore.server.dns import Resolver
from mailcore.server.parts import Parts, ServiceSetup
from mailcore.server.service import Service
from mailcore.smtp.demands import Demands, contexts
from mailcore.smtp.processing import desk
from mailcore.smtp.route import Router
from mailcore.smtp.sending import SmtpCourier
from mailcore.smtp.signing import Desk as SigningDesk
from mailcore.smtp.signing import Signing
from mailcore.smtp.sts import Policies
from mailcore.smtp.tally import Tally
from mailcore.smtp.tlsrpt import keep_reporting

LONG_ENOUGH: Final = 900.0
"""Seconds that an attempt gets at least, however short the time for an answer is."""


def sending(parts: Parts, setup: ServiceSetup) -> Service:
    """The service. Without it, mail for elsewhere waits in the queue."""
    config, module, tally, tls = setup.config, "SMTP-OUT", Tally(parts.clock.now), contexts()
    smtp, own = config.smtp, desk(parts, setup, module)
    policies = Policies(parts.store, parts.dns, tls.checked, own.log)
    demands, router, signing = (
        demands_of(config, parts.dns, policies),
        Router(config, parts.dns),
        signing_of(parts, config),
    )
    courier = SmtpCourier(config, router, demands, tls, parts.counters, own.log, tally, signing)
    lanes = Lanes(
        local=False,
        at_once=setup.section.max_conn_threads,
        per_domain=smtp.sending_connections,
        destination=courier.destination,
        carrying=max(LONG_ENOUGH, 3.0 * (smtp.connect_timeout + smtp.send_timeout)),
        most_received=smtp.max_received_headers,
    )

    async def end() -> None:
        await courier.close()
        await tally.write_down(parts.store)

    beside = (partial(tally.keep, parts.store), partial(keep_reporting, own, config.smtp, parts.dns))
    return QueueService(setup.name, Scheduler(own, parts.bus, courier, lanes), beside=beside, at_end=end)


def demands_of(config: Config, dns: Resolver, policies: Policies) -> Demands:
    """The demands on TLS, as far as the configuration wants them."""
    return Demands(dns, policies if config.smtp.mta_sts else None, dane=config.smtp.dane)


def signing_of(parts: Parts, config: Config) -> Signing:
    """What signs the mail that leaves."""
    name, primary = config.smtp.authentication.authserv_id or config.host, config.server.primary_domain
    log = parts.log("SMTP-OUT")
    return Signing(SigningDesk(parts.store, parts.secret, name, primary, log, lambda: parts.clock.now().timestamp()))
