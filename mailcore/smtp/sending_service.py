"""SMTP Sending: carries what waits in the queue for recipients elsewhere."""

from __future__ import annotations

from functools import partial
from typing import Final

from mailcore.queue.scheduler import Lanes, Scheduler
from mailcore.queue.service import QueueService
from mailcore.server.parts import Parts, ServiceSetup
from mailcore.server.service import Service
from mailcore.smtp import dmarc_reports
from mailcore.smtp.processing import desk
from mailcore.smtp.route import Router
from mailcore.smtp.sending import SmtpCourier, contexts
from mailcore.smtp.signing import Desk, Signing

LONG_ENOUGH: Final = 900.0
"""Seconds that an attempt gets at least, however short the time for an answer is."""


def sending(parts: Parts, setup: ServiceSetup) -> Service:
    """The service. Without it, mail for elsewhere waits in the queue."""
    smtp = setup.config.smtp
    module = "SMTP-OUT"
    log = parts.log(module)
    signing = Signing(
        Desk(
            parts.store,
            parts.secret,
            setup.config.smtp.authentication.authserv_id or setup.config.host,
            setup.config.server.primary_domain,
            log,
            lambda: parts.clock.now().timestamp(),
        )
    )
    router = Router(setup.config, parts.dns)
    courier = SmtpCourier(setup.config, router, contexts(), parts.counters, log, signing)
    lanes = Lanes(
        local=False,
        at_once=setup.section.max_conn_threads,
        per_domain=smtp.sending_connections,
        carrying=max(LONG_ENOUGH, 3.0 * (smtp.connect_timeout + smtp.send_timeout)),
        most_received=smtp.max_received_headers,
    )
    reports = dmarc_reports.Desk(
        parts.store, parts.blobs, parts.dns, parts.clock, log, setup.config.host, smtp.dmarc_reports,
        setup.config.server.primary_domain,
    )  # fmt: skip
    scheduler = Scheduler(desk(parts, setup, module), parts.bus, courier, lanes)
    return QueueService(setup.name, scheduler, beside=(partial(dmarc_reports.keep_reporting, reports),))
