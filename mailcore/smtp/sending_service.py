"""SMTP Sending: carries what waits in the queue for recipients elsewhere."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from mailcore.queue.scheduler import Lanes, Scheduler
from mailcore.queue.service import QueueService
from mailcore.server.config import Config
from mailcore.server.parts import Parts, ServiceSetup
from mailcore.server.service import Service
from mailcore.smtp.policy.book import Rulebook
from mailcore.smtp.policy.queueing import Routing
from mailcore.smtp.processing import desk
from mailcore.smtp.route import Router
from mailcore.smtp.sending import SmtpCourier, contexts

LONG_ENOUGH: Final = 900.0
"""Seconds that an attempt gets at least, however short the time for an answer is."""


def sending(parts: Parts, setup: ServiceSetup) -> Service:
    """The service. Without it, mail for elsewhere waits in the queue."""
    smtp = setup.config.smtp
    module = "SMTP-OUT"
    log, tls = parts.log(module), contexts()

    def courier(config: Config) -> SmtpCourier:
        return SmtpCourier(config, Router(config, parts.dns), tls, parts.counters, log)

    def via(host: str) -> SmtpCourier:
        """To one host, as if it were the smart host; the smart host's own password is not for it."""
        only = {"smart_host": host, "smart_host_tls": "available", "smart_host_user": "", "smart_host_password": ""}
        return courier(replace(setup.config, smtp=smtp.model_copy(update=only)))

    ruled = Routing(courier(setup.config), via, Rulebook(parts.store, parts.bus, log), log)
    lanes = Lanes(
        local=False,
        at_once=setup.section.max_conn_threads,
        per_domain=smtp.sending_connections,
        carrying=max(LONG_ENOUGH, 3.0 * (smtp.connect_timeout + smtp.send_timeout)),
        most_received=smtp.max_received_headers,
    )
    return QueueService(setup.name, Scheduler(desk(parts, setup, module), parts.bus, ruled, lanes))
