"""Processing and Sending as services: each runs, stops and starts alone."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, cast

from groupware.model.errors import TryAgain
from groupware.model.event import Envelope, Recipient
from groupware.model.principal import OPERATOR
from mailcore.server.clock import SystemClock
from mailcore.server.config import load
from mailcore.server.counters import Counters
from mailcore.server.dns import Resolver
from mailcore.server.parts import Parts, ServiceFactory, ServiceSetup, installed_factories
from mailcore.server.running import Running
from mailcore.server.service import Working
from mailcore.server.tasks import Supervisor
from mailcore.smtp.processing import processing
from mailcore.smtp.sending_service import sending
from tests.support.clock import FakeClock
from tests.support.eventlog import RecordingLog
from tests.support.outbox import MAIL
from tests.support.queuestore import MemoryBlobs, MemoryQueue
from tests.support.smtppeer import Peer, serving
from tests.support.smtpstand import People


class Site:
    """Parts over a queue in memory, and services that run on them."""

    def __init__(self, tasks: Supervisor, log: RecordingLog, **smtp: object) -> None:
        self.tasks, self.log, self.counters = tasks, log, Counters()
        self.queue, self.blobs = MemoryQueue(FakeClock(), frozenset(("example.test",))), MemoryBlobs()
        self.parts = Parts(
            log=lambda module: log,
            store=cast(Any, self.queue),
            blobs=cast(Any, self.blobs),
            bus=self.queue.bus,
            directory=cast(Any, People()),
            counters=self.counters,
            dns=Resolver(),
            secret=b"",
            clock=cast(SystemClock, self.queue.clock),
        )
        config = load(None, environ={})
        self.config = replace(config, smtp=config.smtp.model_copy(update=smtp))

    def start(self, name: str, factory: ServiceFactory) -> Running:
        service = factory(self.parts, ServiceSetup(name, self.config.services[name], self.config))
        return Running(service, self.tasks, cast(Any, None))

    async def submit(self, to: str) -> None:
        stored = await self.blobs.put(MAIL)
        envelope = Envelope("bob@elsewhere.test", (Recipient(to),), stored.blob, stored.size)
        await self.queue.write(OPERATOR, lambda tx: tx.enqueue(envelope))


@asynccontextmanager
async def site(**smtp: object) -> AsyncIterator[Site]:
    log = RecordingLog()
    async with Supervisor(log) as tasks:
        yield Site(tasks, log, **smtp)


async def test_processing_delivers_and_leaves_the_rest_to_sending() -> None:
    async with site() as here:
        running = here.start("processing", processing)
        await here.submit("away@elsewhere.test")
        await here.submit("alice@example.test")
        await here.log.until("delivered")
        await running.stop(5)
        assert [entry.recipients[0].recipient.address for entry in here.queue.entries] == ["away@elsewhere.test"]


async def test_sending_sends_and_mail_waits_while_it_is_stopped() -> None:
    async with serving(Peer()) as peer, site(smart_host=f"127.0.0.1:{peer.port}") as here:
        running = here.start("smtp_outgoing", sending)
        await here.submit("one@elsewhere.test")
        await here.log.until("sent")
        await running.stop(5)
        await here.submit("two@elsewhere.test")
        assert [each.recipients for each in peer.taken] == [["one@elsewhere.test"]]
        running = here.start("smtp_outgoing", sending)
        await here.log.until("sent", 2)
        await running.stop(5)
        assert [each.recipients[0] for each in peer.taken] == ["one@elsewhere.test", "two@elsewhere.test"]
        assert here.queue.entries == []


async def test_others_are_told_whether_processing_is_at_work() -> None:
    async with site() as here:
        running = here.start("processing", processing)
        await here.submit("alice@example.test")
        await here.log.until("delivered")
        assert "processing" in here.parts.at_work
        await running.stop(5)
        assert "processing" not in here.parts.at_work


def test_both_are_installed_as_services_that_work() -> None:
    found = installed_factories()
    assert (found["processing"](), found["smtp_outgoing"]()) == (processing, sending)


async def test_a_database_that_is_away_for_a_moment_stops_nothing() -> None:
    async with site() as here:
        reading, failures = here.queue.read, [1, 1]

        async def read(who: Any, work: Any) -> Any:
            if failures:
                failures.pop()
                raise TryAgain("The database is away.")
            return await reading(who, work)

        here.queue.read = read  # type: ignore[method-assign]
        service = processing(here.parts, ServiceSetup("processing", here.config.services["processing"], here.config))
        assert isinstance(service, Working)
        running = Running(service, here.tasks, cast(Any, None))
        await here.submit("alice@example.test")
        await here.log.until("delivered")
        assert here.log.named("task_crashed") == []
        await running.stop(5)
