"""DMARC's aggregate reports: what was seen is kept as it comes, and each domain that asks is told once a day.

1. A report and the mark that it was sent are one write: no domain is told twice, whatever dies in between.
2. Nobody is told whom the domain may not name: a destination elsewhere has to say that it takes reports (§7.1).
"""

from __future__ import annotations

import asyncio
import traceback
from base64 import encodebytes
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from groupware.mime.compose import address_line, format_date, header_line, mailbox, message_id
from groupware.model import errors
from groupware.model.dmarc import DmarcSeen
from groupware.model.event import Envelope, Event, Recipient
from groupware.model.principal import OPERATOR
from groupware.store.api import Blobs, Store, WriteTx
from mailcore.queue.trace import Trail, say
from mailcore.server import log as server_log
from mailcore.server.clock import Clock
from mailcore.server.dns import NoData, NoSuchDomain, TryAgain
from mailcore.server.events import EventLog
from mailcore.server.sections_authentication import DmarcReportsSection
from mailcore.smtp.authentication.keys import Dns
from mailcore.smtp.authentication.names import organisational
from mailcore.smtp.authentication.report import DAY, Report, Reporter, destinations, made

EVERY: Final = 3600.0
"""Seconds between two looks."""
OLDEST: Final = 3
"""Days after which a report is of no use any more."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What reporting needs."""

    store: Store
    blobs: Blobs
    dns: Dns
    clock: Clock
    log: EventLog
    host: str
    section: DmarcReportsSection
    primary_domain: str = ""

    @property
    def by(self) -> Reporter:
        """Who reports."""
        domain = self.primary_domain or self.host
        return Reporter(self.section.organisation or domain, self.section.sender or f"postmaster@{domain}")

    @property
    def today(self) -> int:
        """Days since 1970."""
        return int(self.clock.now().timestamp()) // DAY


def keep(store: Store, log: EventLog, seen: DmarcSeen) -> None:
    """Have it kept, without waiting for that."""
    future = store.write_later(OPERATOR, lambda tx: tx.note_dmarc([seen]))

    def done(ended: object) -> None:
        if (error := future.exception()) is not None:
            log.warning("dmarc_not_kept", domain=seen.domain, why=str(error))

    future.add_done_callback(done)


async def keep_reporting(desk: Desk) -> None:
    """Report from time to time, and forget what is old, until cancelled."""
    while True:
        try:
            await report_due(desk)
        except errors.GroupwareError as error:
            desk.log.warning("dmarc_reports_put_off", why=str(error))
        except Exception:  # a bug of ours costs reports, and mail nothing
            desk.log.error("dmarc_reports_crashed", traceback=traceback.format_exc())
        await asyncio.sleep(EVERY)


async def report_due(desk: Desk) -> int:
    """Tell every domain that is to be told of a day that is over, if that is wanted; how many letters were sent."""
    today, count = desk.today, 0
    await desk.store.write(OPERATOR, lambda tx: tx.forget_dmarc(today - desk.section.keep_days))
    if not desk.section.send:
        return 0
    later: set[tuple[int, str]] = set()
    while due := [
        each
        for each in await desk.store.read(OPERATOR, lambda tx: tx.dmarc_unreported(today, 100 + len(later)))
        if each not in later
    ]:
        for day, domain in due:
            try:
                count += (
                    await _report(desk, day, domain) if day >= today - OLDEST else await _pass_over(desk, day, domain)
                )
            except TryAgain as error:
                later.add((day, domain))
                desk.log.info("dmarc_report_waits", domain=domain, why=str(error))
    return count


async def _pass_over(desk: Desk, day: int, domain: str) -> int:
    await desk.store.write(OPERATOR, lambda tx: tx.reported_dmarc(day, domain))
    return 0


async def _report(desk: Desk, day: int, domain: str) -> int:
    rows = await desk.store.read(OPERATOR, lambda tx: tx.dmarc_seen(day, domain))
    report = made(domain, day, rows, desk.by)
    to = [each for each in destinations(report.records, len(report.packed)) if await takes(desk.dns, domain, each)]
    if not to:
        return await _pass_over(desk, day, domain)
    octets = composed(report, desk.by, to, desk.host, desk.clock.now())
    stored = await desk.blobs.put(octets)
    with server_log.message() as name:
        recipients = tuple(Recipient(each, "NEVER") for each in to)
        envelope = Envelope(
            desk.by.address, recipients, stored.blob, stored.size, body=stored.body, message=name, own=True
        )

    def work(tx: WriteTx) -> Sequence[Event]:
        if not tx.reported_dmarc(day, domain):
            return ()
        trail = Trail(name)
        events = [trail.received(envelope.sender, len(octets), len(to)), trail.queued(tx.enqueue(envelope), to)]
        for event in events:
            tx.note(event)
        return events

    events = await desk.store.write(OPERATOR, work)
    say(desk.log, events)
    return 1 if events else 0


async def takes(dns: Dns, domain: str, address: str) -> bool:
    """Whether reports of a domain may go to the address: its own, or one that says so. TryAgain. RFC 7489 §7.1."""
    there = address.rpartition("@")[2]
    if organisational(there) == organisational(domain):
        return True
    try:
        texts = (await dns.query(f"{domain}._report._dmarc.{there}", "TXT")).values
    except (NoSuchDomain, NoData):
        return False
    return any(text.replace(" ", "").lower().startswith("v=dmarc1") for text in texts)


def composed(report: Report, by: Reporter, to: Sequence[str], host: str, now: datetime) -> bytes:
    """The letter with the report. RFC 7489 §7.2.1.1."""
    boundary = f"postroom-{report.day}-report"
    name = report.filename(host)
    lines = (
        header_line("From", mailbox(by.name, by.address)),
        address_line("To", [mailbox("", each) for each in to]),
        header_line("Subject", f"Report Domain: {report.domain} Submitter: {host} Report-ID: <{report.id}>"),
        header_line("Date", format_date(now)),
        header_line("Message-ID", message_id(host)),
        header_line("Auto-Submitted", "auto-generated"),
        header_line("MIME-Version", "1.0"),
        header_line("Content-Type", f'multipart/mixed; boundary="{boundary}"'),
        b"\r\n--" + boundary.encode() + b"\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n",
        f"This is an aggregate report of DMARC for {report.domain}.\r\n".encode("ascii", "replace"),
        b"--" + boundary.encode() + b'\r\nContent-Type: application/gzip; name="' + name.encode("ascii", "replace"),
        b'"\r\nContent-Disposition: attachment; filename="' + name.encode("ascii", "replace"),
        b'"\r\nContent-Transfer-Encoding: base64\r\n\r\n',
        encodebytes(report.packed).replace(b"\n", b"\r\n"),
        b"--" + boundary.encode() + b"--\r\n",
    )
    return b"".join(lines)
