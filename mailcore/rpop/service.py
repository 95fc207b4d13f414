"""The service `rpop`: fetches every mailbox of another server when it is due. It has no doors."""

from __future__ import annotations

from functools import partial

from groupware.model.remote import RemoteBox
from groupware.store.api import REMOTES
from mailcore.rpop.fetch import WHO, Desk, fetch
from mailcore.rpop.letter import Here
from mailcore.server.errands import Errands, ErrandService, telling
from mailcore.server.parts import Parts, ServiceSetup
from mailcore.server.reach import trusting
from mailcore.server.service import Service
from mailcore.smtp.service import intake_of


def rpop(parts: Parts, setup: ServiceSetup) -> Service:
    """The service. While it works, people may add mailboxes (`Parts.at_work`). ConfigError: authorities unreadable."""
    return ErrandService(setup.name, errands_of(desk_of(parts, setup)), telling(parts, setup))


def errands_of(desk: Desk) -> Errands[RemoteBox]:
    """What is to be fetched, and how."""
    return Errands(
        store=desk.store,
        bus=desk.bus,
        log=desk.log,
        who=WHO,
        mark=REMOTES,
        event="rpop",
        number=lambda box: box.number,
        due=lambda tx, most: tx.due_remote_boxes(most),
        following=lambda tx: tx.next_remote_box(),
        claim=lambda tx, box, until: tx.claim_remote_box(box.number, until),
        carry_out=partial(fetch, desk),
        at_once=desk.at_once,
    )


def desk_of(parts: Parts, setup: ServiceSetup) -> Desk:
    """What fetching works with, as it is set up. ConfigError."""
    config = setup.config
    return Desk(
        store=parts.store,
        bus=parts.bus,
        directory=parts.directory,
        intake=intake_of(parts, setup),
        dns=parts.dns,
        counters=parts.counters,
        clock=parts.clock,
        log=parts.log("RPOP"),
        here=Here(config.host, config.smtp.authentication.authserv_id or config.host),
        secret=parts.secret,
        section=config.rpop,
        most_received=config.smtp.max_received_headers,
        context=trusting(config, config.rpop.authorities, "rpop"),
        at_once=setup.section.max_conn_threads,
    )
