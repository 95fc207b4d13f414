"""SMTP Sending: carries what waits in the queue for recipients elsewhere."""

from __future__ import annotations

from typing import Final

from mailcore.queue.scheduler import Lanes, Scheduler
from mailcore.queue.service import QueueService
from mailcore.server.parts import Parts, ServiceSetup
from mailcore.server.service import Service
from mailcore.smtp.processing import desk
from mailcore.smtp.route import Router
from mailcore.smtp.sending import SmtpCourier, contexts

LONG_ENOUGH: Final = 900.0
"""Seconds that an attempt gets at least, however short the time for an answer is."""


def sending(parts: Parts, setup: ServiceSetup) -> Service:
    """The service. Without it, mail for elsewhere waits in the queue."""
    smtp = setup.config.smtp
    module = "SMTP-OUT"
    courier = SmtpCourier(setup.config, Router(setup.config, parts.dns), contexts(), parts.counters, parts.log(module))
    lanes = Lanes(
        local=False,
        at_once=setup.section.max_conn_threads,
        per_domain=smtp.sending_connections,
        destination=courier.destination,
        carrying=max(LONG_ENOUGH, 3.0 * (smtp.connect_timeout + smtp.send_timeout)),
        most_received=smtp.max_received_headers,
    )
    scheduler = Scheduler(desk(parts, setup, module), parts.bus, courier, lanes)
    return QueueService(setup.name, scheduler, at_end=courier.close)
