"""The service `subscriptions`: fetches every calendar that somebody subscribes to when it is due. It has no doors."""

from __future__ import annotations

from functools import partial

from groupware.model.source import CalendarSource
from groupware.store.api import SOURCES
from mailcore.server.errands import Errands, ErrandService, telling
from mailcore.server.parts import Parts, ServiceSetup
from mailcore.server.reach import trusting
from mailcore.server.service import Service
from mailcore.subscriptions.ask import Asking
from mailcore.subscriptions.fetch import WHO, Desk, fetch


def subscriptions(parts: Parts, setup: ServiceSetup) -> Service:
    """The service. While it works, people may subscribe (`Parts.at_work`). ConfigError: authorities unreadable."""
    return ErrandService(setup.name, errands_of(desk_of(parts, setup)), telling(parts, setup))


def errands_of(desk: Desk) -> Errands[CalendarSource]:
    """What is to be fetched, and how."""
    return Errands(
        store=desk.store,
        bus=desk.bus,
        log=desk.log,
        who=WHO,
        mark=SOURCES,
        event="subscriptions",
        number=lambda source: source.folder,
        due=lambda tx, most: tx.due_calendar_sources(most),
        following=lambda tx: tx.next_calendar_source(),
        claim=lambda tx, source, until: tx.claim_calendar_source(source.folder, until),
        carry_out=partial(fetch, desk),
        at_once=desk.at_once,
    )


def desk_of(parts: Parts, setup: ServiceSetup) -> Desk:
    """What fetching works with, as it is set up. ConfigError."""
    section = setup.config.subscriptions
    return Desk(
        store=parts.store,
        blobs=parts.blobs,
        bus=parts.bus,
        log=parts.log("SUBSCRIPTIONS"),
        asking=Asking(parts.dns, section, trusting(setup.config, section.authorities, "subscriptions")),
        at_once=setup.section.max_conn_threads,
    )
