"""The scanners as a link of the chain that mail passes: what they say becomes what is done with the message.

1. Each scanner is asked once for a message, however many it is for, and all of them at the same time.
2. What a scanner says counts only as far as its table of the configuration lets it. Who is refused hears why.
3. One that fails is passed over, or has the message wait, as its table says.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, Literal

from connectors.scanners.changes import changed
from connectors.scanners.report import Letter, Report, Scanner, Unavailable, one_line
from connectors.scanners.teaching import keep_teaching
from groupware.model.errors import TryAgain
from groupware.model.event import Target
from groupware.model.folder import Destination, Role
from mailcore.queue.filters import Case, Disposition, Filing, Filter, Judge, Level, Refusal, Said, Verdict, home_of
from mailcore.server.events import EventLog
from mailcore.server.parts import Parts, ServiceSetup
from mailcore.server.sections_scanning import ScannerSection

PRIORITY: Final = 100
_TRACE: Final = re.compile(rb"Received: from (\S+) \(\[(?:IPv6:)?([0-9A-Fa-f.:]+)\]\)")
"""The line that this server puts before each message: `mailcore.smtp.headers.received`."""
_JUNK: Final = Filing(Destination(role=Role.JUNK))
_CERTAIN, _CLEAN = 5, 1


def scanner_filter(parts: Parts, setup: ServiceSetup) -> Filter:
    """All scanners of the configuration."""
    asked = [Asked(made(each), each) for each in setup.config.scanners if each.enable]
    log = parts.log("PROCESSING")
    pupils = [each.scanner for each in asked if each.section.learns or each.section.teacher]
    teach = partial(keep_teaching, parts.store, parts.blobs, pupils, log)
    return Scanners(
        asked, setup.config.host, log, teach, lambda domain: parts.counters.add("FILTER_Error", domain=domain)
    )


def made(section: ScannerSection) -> Scanner:
    """The scanner that a table of the configuration describes. What none needs is not imported."""
    name, address, seconds = section.name, section.address, section.timeout
    match section.kind:
        case "rspamd":
            from connectors.scanners.rspamd import Rspamd

            return Rspamd(name, address, section.teacher, section.password, seconds)
        case "spamd":
            from connectors.scanners.spamd import Spamd

            return Spamd(name, address, seconds)
        case "clamd":
            from connectors.scanners.clamd import Clamd

            return Clamd(name, address, seconds)
        case "milter":
            from connectors.scanners.milter import Milter

            return Milter(name, address, seconds)


@dataclass(frozen=True, slots=True)
class Asked:
    """A scanner, and how far it is believed."""

    scanner: Scanner
    section: ScannerSection

    def wants(self, case: Case) -> bool:
        """Whether it is asked about this message."""
        section = self.section
        fits = len(case.octets) <= section.largest * 1024 and (section.submitted or case.by is None)
        return fits and (section.relayed or case.target.kind != "remote")

    def junk_from(self, report: Report) -> float | None:
        """The score from which on a message is junk."""
        return self.section.junk_score or report.threshold

    def is_junk(self, report: Report) -> bool:
        """Whether the message belongs into Junk by what this scanner says."""
        limit = self.junk_from(report)
        if report.score is None or limit is None:
            return report.wish in ("junk", "quarantine") or (self.section.obey and report.wish == "discard")
        return report.score >= limit or (not self.section.junk_score and report.wish in ("junk", "quarantine"))

    def puts_off(self, report: Report) -> bool:
        """Whether the message is to come again later."""
        return self.section.obey and report.wish == "later" and not report.virus

    def held_back(self, report: Report) -> str:
        """Why the message is held back by what this scanner says; "" when it is not."""
        section, name = self.section, self.scanner.name
        if report.virus:
            return f"{name}: virus {report.virus}" if section.virus == "quarantine" else ""
        if section.quarantine_score and report.score is not None and report.score >= section.quarantine_score:
            return f"{name}: spam score {report.score:g}"
        if section.obey and report.wish == "quarantine":
            return one_line(f"{name}: {report.text or 'it asks for that'}")
        return ""


class Scanners:
    """The link."""

    level: Level = "server"
    priority = PRIORITY
    fails: Literal["open", "later"] = "later"
    name = "scanners"

    def __init__(
        self,
        asked: Sequence[Asked],
        host: str,
        log: EventLog,
        work: Callable[[], Coroutine[Any, Any, None]],
        failed: Callable[[str], None] = lambda domain: None,
    ) -> None:
        """`failed` hears of each that has failed and is passed over, with the domain that the message counts for."""
        self._asked, self._host, self._log = tuple(asked), host, log
        self._work, self._failed = work, failed

    async def work(self) -> None:
        """Teach what people move into Junk and out of it."""
        await self._work()

    async def judges(self, targets: Sequence[Target], octets: bytes) -> Mapping[Target, Judge]:
        """All targets, where there is any scanner."""
        return dict.fromkeys(targets, _Look(self).judge) if self._asked else {}

    async def verdict(self, case: Case) -> Verdict:
        """What all scanners together want done. `TryAgain` when one is away that the message may not pass without."""
        asked = [each for each in self._asked if each.wants(case)]
        if not asked:
            return Verdict()
        letter = _letter(case, self._host)
        found = await asyncio.gather(*(self._report(each, letter, home_of(case)) for each in asked))
        return _together([(each, report) for each, report in zip(asked, found, strict=True) if report], case)

    async def _report(self, asked: Asked, letter: Letter, home: str) -> Report | None:
        try:
            return await asked.scanner.scan(letter)
        except Unavailable as error:
            self._log.warning("scanner_failed", scanner=asked.scanner.name, why=str(error))
            if asked.section.fails == "later":
                raise TryAgain(f"The scanner {asked.scanner.name} does not answer; try again later.") from None
            self._failed(home)
            return None


@dataclass(slots=True)
class _Look:
    """One look at one message, for all its recipients."""

    scanners: Scanners
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    octets: bytes | None = None
    found: Verdict | None = None

    async def judge(self, case: Case) -> Verdict:
        async with self.lock:
            if self.found is None or self.octets is not case.octets:
                self.found, self.octets = await self.scanners.verdict(case), case.octets
            return self.found


def _letter(case: Case, host: str) -> Letter:
    trace = _TRACE.match(case.octets)
    hello, peer = (trace[1].decode("ascii", "replace"), trace[2].decode()) if trace is not None else ("", "")
    return Letter(
        case.octets,
        case.sender,
        (case.recipient.address,),
        peer if case.by is None else "",
        hello,
        host,
        case.sender if case.by is not None else "",
        case.message,
    )


def _together(found: Sequence[tuple[Asked, Report]], case: Case) -> Verdict:
    reports = [report for _, report in found]
    said = tuple(Said(_words(report)) for report in reports)
    junk = any(asked.is_junk(report) for asked, report in found)
    disposition = next(filter(None, (_refused(asked, report, case) for asked, report in found)), None)
    disposition = disposition or next((_put_off(report) for asked, report in found if asked.puts_off(report)), None)
    held = next(filter(None, (asked.held_back(report) for asked, report in found)), None)
    if disposition is None and held:
        disposition = Disposition(quarantine=held)
    if disposition is None and any(report.virus and asked.section.virus == "discard" for asked, report in found):
        disposition = Disposition()
    infected = any(report.virus and asked.section.virus == "junk" for asked, report in found)
    if disposition is None and (junk or infected):
        disposition = Disposition((_JUNK,))
    return Verdict(
        disposition,
        changed(case.octets, reports, junk=junk),
        spam=_percent(found),
        virus=_virus(found),
        said=said,
    )


def _refused(asked: Asked, report: Report, case: Case) -> Disposition | None:
    """That the message is refused, and with which words."""
    section = asked.section
    if report.virus:
        text = report.text if section.virus == "reject" else ""
    elif section.reject_score and report.score is not None and report.score >= section.reject_score:
        text = report.text or "The message looks like spam."
    else:
        text = report.text or "The message was refused by a filter." if section.obey and report.wish == "reject" else ""
    silent = case.by is None  # the sender may be forged: who is told by a report would be somebody else
    return Disposition(refusal=Refusal(text, early=True, silent=silent)) if text else None


def _put_off(report: Report) -> Disposition:
    """That who brings the message is to come again."""
    text = report.text or f"The filter {report.scanner} asks to come again later."
    return Disposition(refusal=Refusal(text, early=True, later=True))


def _percent(found: Sequence[tuple[Asked, Report]]) -> float | None:
    """How sure it is that this is spam, as Sieve wants it. RFC 5235 §2."""
    rates = [
        100 * report.score / limit
        for asked, report in found
        if report.score is not None and (limit := asked.junk_from(report))
    ]
    return min(100.0, max(0.0, *rates)) if rates else None


def _virus(found: Sequence[tuple[Asked, Report]]) -> int | None:
    """RFC 5235 §3: 1 is clean, 5 is certain."""
    if any(report.virus for _, report in found):
        return _CERTAIN
    return _CLEAN if any(asked.section.kind == "clamd" for asked, _ in found) else None


def _words(report: Report) -> str:
    told = [f"{report.scanner}:"]
    if report.virus:
        told.append(f"virus {report.virus}")
    if report.score is not None:
        told.append(f"spam score {report.score:g}")
    told.append(f"would {report.wish}" if report.wish != "accept" else "nothing against it")
    return one_line(" ".join(told))
