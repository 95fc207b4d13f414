"""The server's counters: each declared once, counted for the server, a domain and an account.

1. `add` costs well under a microsecond and never waits for anything but a short lock: any thread may count.
2. Memory is bounded: what moved in domains and accounts is forgotten at each `samples`, and until then a name beyond
   the limit counts under "*".
3. A connection's counters move when it closes; that is the caller's part.
"""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, Literal

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from mailcore.server import log

Scope = Literal["server", "domain", "account"]
MAX_NAMES: Final = 50_000
OTHERS: Final = "*"


@dataclass(frozen=True, slots=True)
class Counter:
    """One counter: its name, what it counts, where it is kept (S server, D domain, A account), and its kind."""

    name: str
    help: str
    scopes: Literal["S", "SD", "SDA"] = "S"
    kind: Literal["counter", "gauge"] = "counter"


def _inbound(prefix: str, service: str, scopes: Literal["S", "SDA"]) -> tuple[Counter, ...]:
    return (
        Counter(f"{prefix}_InboundConnection", f"Connections to {service}.", scopes),
        Counter(f"{prefix}_InboundConnectionSSL", f"Connections to {service} that were encrypted.", scopes),
        Counter(f"{prefix}_InboundConnectionAuthenticated", f"Connections to {service} that tried to log in.", scopes),
        Counter(f"{prefix}_InboundConnectionAuthenticatedSuccess", f"Connections to {service} that logged in.", scopes),
    )


def _proxy(kind: str) -> tuple[Counter, ...]:
    return (
        Counter(f"PROXY_{kind}_Connection", f"Connections that the {kind} proxy passed on."),
        Counter(f"PROXY_{kind}_BackendFailed", f"Connections of the {kind} proxy whose back end did not answer."),
    )


COUNTERS: Final = (
    *_inbound("SMTP", "SMTP receiving", "S"),
    Counter("SMTP_InboundConnectionRefused", "Connections that SMTP receiving turned away."),
    Counter("SMTP_InboundMessage", "Messages that came in.", "SDA"),
    Counter("SMTP_InboundMessageBytes", "Octets of the messages that came in.", "SDA"),
    Counter("SMTP_InboundMessageTOcommandsAccepted", "Recipients accepted.", "SDA"),
    Counter("SMTP_InboundMessageTOcommandsRejected", "Recipients refused.", "SDA"),
    Counter("SMTP_InboundMessageFROMAccepted", "Senders accepted.", "SDA"),
    Counter("SMTP_InboundMessageFROMRejected", "Senders refused.", "SDA"),
    Counter("SMTP_InboundMessageDATAUsed", "Messages begun with DATA.", "SDA"),
    Counter("SMTP_InboundMessageDATAAccepted", "Messages accepted after DATA.", "SDA"),
    Counter("SMTP_InboundMessageBDATUsed", "Messages begun with BDAT.", "SDA"),
    Counter("SMTP_InboundMessageBDATAccepted", "Messages accepted after BDAT.", "SDA"),
    Counter("SMTP_InboundMessageRejectedByPolicy", "Messages that a policy refused.", "SDA"),
    Counter("SMTP_InboundMessageGreylisted", "Messages that greylisting put off.", "SDA"),
    Counter("SMTP_OutboundConnection", "Connections to other servers.", "SD"),
    Counter("SMTP_OutboundConnectionFailed", "Connections to other servers that failed.", "SD"),
    Counter("SMTP_OutboundConnectionSSL", "Connections to other servers that were encrypted.", "SD"),
    Counter("SMTP_OutboundMessage", "Messages sent to other servers.", "SD"),
    Counter("SMTP_OutboundMessageBytes", "Octets of the messages sent to other servers.", "SD"),
    Counter("SMTP_OutboundRcptAccepted", "Recipients that other servers accepted.", "SD"),
    Counter("SMTP_OutboundRcptTempFailed", "Recipients that other servers put off.", "SD"),
    Counter("SMTP_OutboundRcptPermFailed", "Recipients that other servers refused.", "SD"),
    *_inbound("POP3", "POP3", "SDA"),
    Counter("POP3_RetrievedMessage", "Messages fetched over POP3.", "SDA"),
    Counter("POP3_RetrievedBytes", "Octets fetched over POP3.", "SDA"),
    Counter("POP3_DeletedMessage", "Messages deleted over POP3.", "SDA"),
    *_inbound("SIEVE", "ManageSieve", "SDA"),
    *_inbound("IMAP", "IMAP", "SDA"),
    Counter("IMAP_AppendRequest", "Messages stored by APPEND.", "SDA"),
    Counter("IMAP_AppendBytes", "Octets stored by APPEND.", "SDA"),
    Counter("IMAP_FetchRequest", "FETCH commands.", "SDA"),
    Counter("IMAP_FetchBytes", "Octets sent for FETCH.", "SDA"),
    Counter("IMAP_ExpungedMessage", "Messages expunged over IMAP.", "SDA"),
    Counter("IMAP_IdleSession", "Sessions that used IDLE.", "SDA"),
    Counter("WEBMAIL_InboundConnection", "Connections to WebMail.", "SDA"),
    Counter("WEBMAIL_Login", "Logins to WebMail.", "SDA"),
    Counter("WEBMAIL_LoginFailed", "Failed logins to WebMail.", "SDA"),
    Counter("WEBMAIL_ActiveSession", "WebMail sessions now.", "SDA", "gauge"),
    Counter("WEBMAIL_SentMessage", "Messages sent from WebMail.", "SDA"),
    Counter("WEBMAIL_Request", "Requests to WebMail.", "SDA"),
    Counter("DAV_Request", "Requests to CalDAV, CardDAV and WebDAV.", "SDA"),
    Counter("EAS_Request", "Requests to ActiveSync.", "SDA"),
    Counter("DAV_ActiveUser", "Accounts that used DAV lately.", "SDA", "gauge"),
    Counter("WEBADMIN_InboundConnection", "Connections to WebAdmin."),
    Counter("WEBADMIN_AuthenticatedSuccess", "Logins to WebAdmin."),
    Counter("CLI_InboundConnection", "Connections to the command line service."),
    Counter("CLI_AuthenticatedSuccess", "Logins to the command line service."),
    Counter("FTP_InboundConnection", "Connections to FTP backup."),
    Counter("FTP_AuthenticatedSuccess", "Logins to FTP backup."),
    Counter("RPOP_Connection", "Connections to other servers' POP3."),
    Counter("RPOP_ConnectionFailed", "Connections to other servers' POP3 that failed."),
    Counter("RPOP_AuthenticatedSuccess", "Logins to other servers' POP3."),
    Counter("RPOP_RetrievedMessage", "Messages fetched from other servers."),
    Counter("QUEUE_Size", "Messages in the queue.", "S", "gauge"),
    Counter("QUEUE_Bytes", "Octets in the queue.", "S", "gauge"),
    Counter("QUEUE_Deferred", "Messages that wait for another try.", "S", "gauge"),
    Counter("QUEUE_OldestAge", "Seconds that the oldest message has waited.", "S", "gauge"),
    Counter("PROCESSING_DeliveredLocal", "Deliveries into local folders."),
    Counter("PROCESSING_Bounced", "Messages returned to their sender."),
    Counter("PROCESSING_Quarantined", "Messages put into quarantine."),
    Counter("FILTER_Scanned", "Messages that filters looked at.", "SD"),
    Counter("FILTER_Spam", "Messages that filters found to be spam.", "SD"),
    Counter("FILTER_Virus", "Messages in which filters found a virus.", "SD"),
    Counter("FILTER_RejectedBuiltin", "Messages that built-in filters refused.", "SD"),
    Counter("FILTER_Error", "Filters that failed.", "SD"),
    Counter("FILTER_Time", "Milliseconds spent in filters.", "SD"),
    Counter("STORAGE_UsedBytes", "Octets stored.", "SDA", "gauge"),
    Counter("STORAGE_FreeBytes", "Octets that may still be stored.", "SDA", "gauge"),
    Counter("STORAGE_MessageCount", "Items stored.", "SDA", "gauge"),
    Counter("STORAGE_OverQuotaAccount", "Accounts that are over their quota.", "SDA", "gauge"),
    Counter("SYSTEM_LoadAverage", "Load of the machine over one minute.", "S", "gauge"),
    Counter(
        "SYSTEM_CPU", "Share of one processor that the server used since it was last read, in percent.", "S", "gauge"
    ),
    Counter("SYSTEM_Memory", "Octets of memory that the server holds.", "S", "gauge"),
    Counter("SYSTEM_OpenFiles", "Open files and sockets.", "S", "gauge"),
    Counter("SYSTEM_Threads", "Threads; by service where it says so.", "S", "gauge"),
    Counter("SYSTEM_DiskFree", "Octets free on the disk of the data directory.", "S", "gauge"),
    Counter("DNR_Query", "Questions asked of the resolver."),
    Counter("DNR_CacheHit", "Questions that its cache answered."),
    Counter("DNR_Timeout", "Questions that a name server did not answer in time."),
    *_proxy("SMTP"),
    *_proxy("POP3"),
    *_proxy("IMAP"),
    *_proxy("WEBMAIL"),
    Counter("PROXY_MapMiss", "Accounts for which no back end was found."),
)
BY_NAME: Final = {counter.name: counter for counter in COUNTERS}
_IN_DOMAINS: Final = frozenset(counter.name for counter in COUNTERS if "D" in counter.scopes)
_IN_ACCOUNTS: Final = frozenset(counter.name for counter in COUNTERS if "A" in counter.scopes)
_LOG: Final = log.get("REPORTING")


@dataclass(frozen=True, slots=True)
class Sample:
    """What one counter gained since the sample before, or what a gauge shows now. `name` is the domain or account."""

    counter: str
    scope: Scope
    name: str
    value: float
    part: str = ""


class Counters:
    """All counters of one process. Domains and accounts are counted when the administrator wants that."""

    def __init__(self, *, domains: bool = False, accounts: bool = False) -> None:
        self._lock = threading.Lock()
        self._totals: dict[str, float] = {c.name: 0 for c in COUNTERS if c.kind == "counter"}
        self._reported: dict[str, float] = dict(self._totals)
        self._moved: dict[tuple[str, Scope, str], float] = {}
        self._gauges: dict[tuple[str, Scope, str, str], Callable[[], float]] = {}
        self._domains, self._accounts = domains, accounts

    def collect_for(self, *, domains: bool, accounts: bool) -> None:
        """Count for domains and accounts too from now on, or no longer (DomainEnable, DomainObjectEnable)."""
        self._domains, self._accounts = domains, accounts

    def add(self, counter: str, by: float = 1, *, domain: str = "", account: str = "") -> None:
        """Count for the server; for domain and account too, if wanted and declared so. KeyError: no such counter."""
        with self._lock:
            self._totals[counter] += by
            if domain and self._domains and counter in _IN_DOMAINS:
                self._move(counter, "domain", domain, by)
            if account and self._accounts and counter in _IN_ACCOUNTS:
                self._move(counter, "account", account, by)

    def gauge(
        self, counter: str, read: Callable[[], float], *, scope: Scope = "server", name: str = "", part: str = ""
    ) -> None:
        """Let `read` say the value at each sample; `part` tells values of one gauge apart, as services' threads."""
        if BY_NAME[counter].kind != "gauge":
            raise ValueError(f"{counter} is counted, not read; use add.")
        with self._lock:
            self._gauges[(counter, scope, name, part)] = read

    def drop_gauge(self, counter: str, *, scope: Scope = "server", name: str = "", part: str = "") -> None:
        """Forget a gauge, as when its service stops or its account goes."""
        with self._lock:
            self._gauges.pop((counter, scope, name, part), None)

    def total(self, counter: str) -> float:
        """What the server has counted since it started. KeyError: no such name, or a gauge."""
        return self._totals[counter]

    def samples(self) -> Sequence[Sample]:
        """What moved since the last call: every server counter, the domains and accounts that moved, and all gauges."""
        return [*self.gains(), *self._read_gauges()]

    def gains(self) -> Sequence[Sample]:
        """`samples` without the gauges."""
        with self._lock:
            gained = [Sample(key, "server", "", now - self._reported[key]) for key, now in self._totals.items()]
            self._reported.update(self._totals)
            moved, self._moved = self._moved, {}
        parts = (Sample(counter, scope, name, value) for (counter, scope, name), value in moved.items())
        return [*gained, *parts]

    def merge(self, samples: Iterable[Sample]) -> None:
        """Count what another process of this server has gained."""
        with self._lock:
            for each in samples:
                if each.scope == "server" and each.counter in self._totals:
                    self._totals[each.counter] += each.value
                elif each.counter in self._totals:
                    self._move(each.counter, each.scope, each.name, each.value)

    def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
        """The server's counters and gauges for Prometheus, under their own names after `postroom_`."""
        for name, value in list(self._totals.items()):
            yield CounterMetricFamily(f"postroom_{name}", BY_NAME[name].help, value=value)
        families: dict[str, GaugeMetricFamily] = {}
        for sample in self._read_gauges():
            if sample.scope == "server":
                family = families.get(sample.counter)
                if family is None:
                    help = BY_NAME[sample.counter].help
                    family = families[sample.counter] = GaugeMetricFamily(
                        f"postroom_{sample.counter}", help, labels=("part",)
                    )
                family.add_metric((sample.part,), sample.value)
        yield from families.values()

    def _move(self, counter: str, scope: Scope, name: str, by: float) -> None:
        key = (counter, scope, name)
        moved = self._moved
        if key not in moved and len(moved) >= MAX_NAMES:
            key = (counter, scope, OTHERS)
        moved[key] = moved.get(key, 0) + by

    def _read_gauges(self) -> list[Sample]:
        with self._lock:
            gauges = list(self._gauges.items())
        samples = []
        for (counter, scope, name, part), read in gauges:
            try:
                samples.append(Sample(counter, scope, name, read(), part))
            except Exception:  # one gauge that fails must not hide the others
                _LOG.exception("gauge_failed", counter=counter, name=name, part=part)
        return samples


def own_use() -> Mapping[str, Callable[[], float]]:
    """What reads this process's share of the gauges that are sums over all processes of the server."""
    return {
        "SYSTEM_CPU": _CpuShare().read,
        "SYSTEM_Memory": _resident,
        "SYSTEM_OpenFiles": lambda: sum(1 for _ in Path("/proc/self/fd").iterdir()),
        "SYSTEM_Threads": threading.active_count,
    }


def watch_system(counters: Counters, data: Path, others: Callable[[str], float] = lambda gauge: 0) -> None:
    """Let the SYSTEM gauges show this process, with what the `others` of this server use, and the data's disk."""
    counters.gauge("SYSTEM_LoadAverage", lambda: os.getloadavg()[0])
    for name, read in own_use().items():
        counters.gauge(name, partial(_sum, read, partial(others, name)))
    counters.gauge("SYSTEM_DiskFree", lambda: shutil.disk_usage(data).free)


def _sum(*reads: Callable[[], float]) -> float:
    return sum(read() for read in reads)


class _CpuShare:
    """Processor time against real time, from one reading to the next."""

    def __init__(self) -> None:
        self._used, self._at = time.process_time(), time.monotonic()

    def read(self) -> float:
        """Percent of one processor since the last reading."""
        used, at = time.process_time(), time.monotonic()
        share = 100 * (used - self._used) / max(at - self._at, 1e-6)
        self._used, self._at = used, at
        return share


def _resident() -> float:
    pages = Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
