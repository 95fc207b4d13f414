"""SMTP Sending: carries what waits in the queue for recipients elsewhere."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from typing import Final

from mailcore.queue.confirmed import Journal
from mailcore.queue.scheduler import Scheduler
from mailcore.queue.service import QueueService
from mailcore.queue.turns import Lanes
from mailcore.server.config import Config
from mailcore.server.dns import Resolver
from mailcore.server.parts import Parts, ServiceSetup
from mailcore.server.service import Service
from mailcore.smtp import dmarc_reports
from mailcore.smtp.demands import Demands, contexts
from mailcore.smtp.policy.book import Rulebook
from mailcore.smtp.policy.queueing import Routing
from mailcore.smtp.processing import desk
from mailcore.smtp.route import Router
from mailcore.smtp.sending import BESIDE, SmtpCourier
from mailcore.smtp.signing import Desk as SigningDesk
from mailcore.smtp.signing import Signing
from mailcore.smtp.srs import Forwarding, srs_of
from mailcore.smtp.sts import Policies
from mailcore.smtp.tally import Tally
from mailcore.smtp.tlsrpt import keep_reporting

LONG_ENOUGH: Final = 900.0
"""Seconds that an attempt gets at least, however short the time for an answer is."""

AHEAD: Final = 60
"""Attempts for one destination that wait at hand: enough for the time that a look at the queue takes."""


def sending(parts: Parts, setup: ServiceSetup) -> Service:
    """The service. Without it, mail for elsewhere waits in the queue."""
    config, module, tally, tls = setup.config, "SMTP-OUT", Tally(parts.clock.now), contexts()
    smtp, own = config.smtp, desk(parts, setup, module)
    journal = own.confirmed = Journal(config.data)
    policies = Policies(parts.store, parts.dns, tls.checked, own.log, private=smtp.mta_sts_private)
    signing, forwarding = signing_of(parts, config), forwarding_of(parts, config)
    connections = asyncio.Semaphore(setup.section.max_conn_threads)

    def courier_of(config: Config) -> SmtpCourier:
        demands, router = demands_of(config, parts.dns, policies), Router(config, parts.dns)
        return SmtpCourier(
            config, router, demands, tls, parts.counters, own.log, tally, signing, forwarding, connections
        )  # fmt: skip

    courier, vias = courier_of(config), dict[str, SmtpCourier]()

    def via(host: str) -> SmtpCourier:
        """To one host, as if it were the smart host; the smart host's own password is not for it."""
        if host not in vias:
            only = {"smart_host": host, "smart_host_tls": "available", "smart_host_user": "", "smart_host_password": ""}
            vias[host] = courier_of(replace(config, smtp=smtp.model_copy(update={**only, "route": ()})))
        return vias[host]

    ruled = Routing(courier, via, Rulebook(parts.store, parts.bus, own.log), own.log)
    lanes = Lanes(
        local=False,
        at_once=setup.section.max_conn_threads * BESIDE,
        per_domain=smtp.sending_connections,
        ahead=AHEAD,
        destination=courier.destination,
        patience=config.queue.takeover,
        carrying=max(LONG_ENOUGH, 3.0 * (smtp.connect_timeout + smtp.send_timeout)),
        most_received=smtp.max_received_headers,
    )

    async def end() -> None:
        for each in (courier, *vias.values()):
            await each.close()
        journal.close()
        await tally.write_down(parts.store)

    reports = reports_of(parts, config)
    beside = (
        partial(tally.keep, parts.store),
        partial(keep_reporting, own, smtp, parts.dns, tls.checked),
        partial(dmarc_reports.keep_reporting, reports),
    )
    return QueueService(setup.name, Scheduler(own, parts.bus, ruled, lanes), beside=beside, at_end=end)


def demands_of(config: Config, dns: Resolver, policies: Policies) -> Demands:
    """The demands on TLS, as far as the configuration wants them."""
    return Demands(dns, policies if config.smtp.mta_sts else None, dane=config.smtp.dane)


def forwarding_of(parts: Parts, config: Config) -> Forwarding | None:
    """Under whose name mail of others is passed on; None: under theirs."""
    if not config.smtp.srs:
        return None
    return Forwarding(srs_of(parts), parts.directory, config.server.primary_domain)


def signing_of(parts: Parts, config: Config) -> Signing:
    """What signs the mail that leaves."""
    name, primary = config.smtp.authentication.authserv_id or config.host, config.server.primary_domain
    log = parts.log("SMTP-OUT")
    return Signing(SigningDesk(parts.store, parts.secret, name, primary, log, lambda: parts.clock.now().timestamp()))


def reports_of(parts: Parts, config: Config) -> dmarc_reports.Desk:
    """What makes the reports to domains in whose name mail came."""
    log, primary = parts.log("SMTP-OUT"), config.server.primary_domain
    return dmarc_reports.Desk(
        parts.store, parts.blobs, parts.dns, parts.clock, log, config.host, config.smtp.dmarc_reports, primary
    )
