"""Processing: delivers what waits in the queue for recipients here, and returns what nobody takes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from mailcore.lists.desk import Desk as ListDesk
from mailcore.lists.desk import Policy
from mailcore.lists.rules import Seal
from mailcore.queue.filters import chain
from mailcore.queue.fullness import keep_telling
from mailcore.queue.intake import Intake
from mailcore.queue.local import LocalCourier
from mailcore.queue.quarantine import Desk as Quarantine
from mailcore.queue.releasing import keep_releasing
from mailcore.queue.scheduler import Scheduler
from mailcore.queue.service import QueueService
from mailcore.queue.settlement import Desk, desk_of
from mailcore.queue.turns import Lanes
from mailcore.server import later
from mailcore.server.dns import TryAgain
from mailcore.server.later import Later
from mailcore.server.parts import Parts, ServiceSetup
from mailcore.server.service import Service
from mailcore.smtp.authentication.dmarc import published
from mailcore.smtp.policy.book import Rulebook
from mailcore.smtp.policy.queueing import Judge
from mailcore.smtp.srs import srs_of

LEASE: Final = 20.0
"""Seconds: delivery takes moments, so what a killed process had under way need not wait long."""


def _lists() -> Callable[..., Awaitable[None]]:
    from mailcore.lists.worker import keep

    async def kept(parts: Parts, setup: ServiceSetup, own: Desk) -> None:
        await keep(lists(parts, setup, own), parts.bus)

    return kept


LISTS: Final = Later(_lists)


def processing(parts: Parts, setup: ServiceSetup) -> Service:
    """The service. While it works, the intake may deliver to recipients here as it accepts (`Parts.at_work`)."""
    log = parts.log("PROCESSING")
    filters = chain(parts, setup)
    back = srs_of(parts).back
    intake = Intake(parts.store, parts.blobs, parts.directory, parts.counters, log, filters, back, parts.secret)
    lanes = Lanes(
        local=True,
        lease=LEASE,
        at_once=setup.config.queue.delivery_threads,
        most_received=setup.config.smtp.max_received_headers,
    )

    def tell(working: bool) -> None:
        if working:
            parts.at_work.add(setup.name)
        else:
            parts.at_work.discard(setup.name)

    own = desk(parts, setup, "PROCESSING")
    scheduler = Scheduler(own, parts.bus, LocalCourier(intake), lanes)
    beside = (partial(keep_telling, own), partial(later.keep, LISTS, parts, setup, own))
    quarantine = Quarantine(parts.store, parts.blobs, parts.secret, parts.log("QUARANTINE"))
    releasing = partial(keep_releasing, quarantine, parts.bus)
    return QueueService(setup.name, scheduler, beside=(*beside, releasing, *filters.beside), tell=tell)


def lists(parts: Parts, setup: ServiceSetup, own: Desk) -> ListDesk:
    """What handling the messages of mail lists needs."""

    async def policy(domain: str) -> Policy:
        try:
            found = await published(domain, parts.dns)
        except TryAgain:
            return "unknown"
        if found is None:
            return "none"
        owner, record = found
        return record.policy if owner == domain else record.subdomains

    config = setup.config
    return ListDesk(
        parts.store,
        parts.blobs,
        parts.clock,
        parts.log("LISTS"),
        own.host,
        config.smtp.authentication.authserv_id or config.host,
        Seal(parts.secret),
        own.shelf,
        policy,
    )


def desk(parts: Parts, setup: ServiceSetup, module: str) -> Desk:
    """What a scheduler's settlements need."""
    log = parts.log(module)
    made = desk_of(setup.config, parts.store, parts.blobs, parts.counters, log, parts.clock)
    made.judge = Judge(Rulebook(parts.store, parts.bus, log), log)
    return made
