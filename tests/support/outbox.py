"""SMTP Sending on a bench: a queue in memory, a name server, a clock, and peers to send to."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from email import message_from_bytes, policy
from email.message import EmailMessage

from groupware.model.event import Envelope, Recipient
from groupware.model.ids import AccountId, QueueId
from groupware.model.principal import OPERATOR
from mailcore.queue.courier import Courier
from mailcore.queue.retries import Retries
from mailcore.queue.scheduler import Scheduler
from mailcore.queue.settlement import Desk
from mailcore.queue.turns import Lanes
from mailcore.server.config import Config, load
from mailcore.server.counters import Counters
from mailcore.server.dns import DnsSettings, NameServer, Resolver
from mailcore.smtp.demands import Contexts, Demands, contexts
from mailcore.smtp.route import Router
from mailcore.smtp.sending import SmtpCourier
from mailcore.smtp.tally import Tally
from tests.support import dnsserver, smtppeer
from tests.support.clock import FakeClock
from tests.support.eventlog import RecordingLog
from tests.support.queuestore import MemoryBlobs, MemoryQueue

MAIL = b"From: alice@here.test\r\nTo: bob@there.test\r\nSubject: hello\r\nMessage-ID: <one@here.test>\r\n\r\nHello.\r\n"
REMOTE = Lanes(local=False, at_once=20, per_domain=5)


def config(**smtp: object) -> Config:
    """A server's configuration with these keys in its smtp section."""
    made = load(None, environ={})
    server = made.server.model_copy(update={"server_name": "mx.here.test"})
    keys = {"connect_timeout": 5, "send_timeout": 5, "connection_idle": 0, **smtp}
    return replace(made, server=server, smtp=made.smtp.model_copy(update=keys))


@dataclass
class Outbox:
    """A scheduler over a queue in memory."""

    queue: MemoryQueue
    clock: FakeClock
    zone: dnsserver.Zone
    scheduler: Scheduler
    desk: Desk
    log: RecordingLog
    counters: Counters
    blobs: MemoryBlobs
    dns: Resolver
    courier: Courier

    async def hang_up(self) -> None:
        """Say goodbye on the connections that are kept."""
        assert isinstance(self.courier, SmtpCourier)
        await self.courier.close()

    async def submit(self, *to: Recipient | str, sender: str = "alice@here.test", **more: object) -> QueueId:
        """Put a message in the queue."""
        octets = more.pop("octets", MAIL)
        assert isinstance(octets, bytes)
        stored = await self.blobs.put(octets)
        recipients = tuple(Recipient(each) if isinstance(each, str) else each for each in to)
        envelope = Envelope(sender, recipients, stored.blob, stored.size, by=AccountId(7), message="0123456789AABBCCDD")
        return await self.queue.write(OPERATOR, lambda tx: tx.enqueue(replace(envelope, **more)))

    def waiting(self) -> dict[str, str]:
        """Who still waits in the queue for a message that is no report, and by which code."""
        return {
            row.recipient.address: row.code
            for entry in self.queue.entries
            if entry.envelope.sender
            for row in entry.recipients
        }

    def reports(self) -> list[EmailMessage]:
        """The reports in the queue."""
        return [as_email(self.blobs.bodies[each.blob]) for each in self.report_entries()]

    def report_entries(self) -> Sequence[Envelope]:
        return [entry.envelope for entry in self.queue.entries if not entry.envelope.sender]


def as_email(octets: bytes) -> EmailMessage:
    """The octets as Python's email package sees them."""
    found = message_from_bytes(octets, policy=policy.SMTPUTF8)
    assert isinstance(found, EmailMessage)
    return found


@asynccontextmanager
async def outbox(
    settings: Config | None = None,
    *,
    retries: Retries | None = None,
    lanes: Lanes = REMOTE,
    tls: Contexts | None = None,
    courier: Callable[[MemoryQueue, MemoryBlobs], Courier] | None = None,
    demands: Callable[[Resolver, MemoryQueue, dnsserver.Zone], Demands] | None = None,
    tally: Tally | None = None,
    connections: int = 0,
) -> AsyncIterator[Outbox]:
    """The bench. Mail for `here.test` is local; all other names are asked of `zone`."""
    zone, clock, log, counters = dnsserver.Zone(), FakeClock(), RecordingLog(), Counters()
    queue, blobs = MemoryQueue(clock, frozenset(("here.test",))), MemoryBlobs()
    async with dnsserver.serving(zone) as port:
        server = NameServer(1, "127.0.0.1", port, validating=True)
        dns = Resolver(DnsSettings(timeout=1.0, retries=0, servers=(server,)))
        settings = settings or config()
        made = courier(queue, blobs) if courier else None
        if made is None:
            wanted = demands(dns, queue, zone) if demands else Demands(dns)
            bound, router = asyncio.Semaphore(connections) if connections else None, Router(settings, dns)
            made = SmtpCourier(settings, router, wanted, tls or CONTEXTS, counters, log, tally, connections=bound)
        desk = Desk(queue, blobs, clock, counters, log, retries or Retries(), settings.host)
        if isinstance(made, SmtpCourier) and lanes is REMOTE:
            lanes = replace(lanes, destination=made.destination)
        scheduler = Scheduler(desk, queue.bus, made, lanes)
        try:
            yield Outbox(queue, clock, zone, scheduler, desk, log, counters, blobs, dns, made)
        finally:
            if isinstance(made, SmtpCourier):
                await made.close()


CONTEXTS = contexts()


def mx(zone: dnsserver.Zone, domain: str, *hosts: str) -> None:
    """Let the domain's mail go to these addresses, in this order."""
    for number, address in enumerate(hosts, 1):
        name = f"mx{number}.{domain}."
        zone.records.setdefault((f"{domain}.", "MX"), []).append(f"{number * 10} {name}")
        zone.records[(name, "A")] = [address]


@asynccontextmanager
async def with_peer(
    peer: smtppeer.Peer | None = None, *, domain: str = "there.test", tls: Contexts | None = None, **smtp: object
) -> AsyncIterator[tuple[Outbox, smtppeer.Peer]]:
    """The bench and one peer that takes the mail of a domain."""
    async with (
        smtppeer.serving(peer or smtppeer.Peer()) as serving,
        outbox(config(mx_port=serving.port, **smtp), tls=tls) as box,
    ):
        mx(box.zone, domain, "127.0.0.1")
        yield box, serving
