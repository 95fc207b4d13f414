"""The filters that run scripts: of the server, of domains, of accounts with the addresses that mail is forwarded to.

1. Whether anybody has either is one statement for all recipients of a message; who has none costs nothing more.
2. A script runs in a thread, for a regular expression holds whatever it runs on; a few at a time.
3. A script that cannot be carried out leaves the message in the INBOX, and its owner is told once for each version.
   One of a domain or of the server leaves it as the filters before have it, and the postmaster is told.
4. A script of a domain or of the server is the recipient's for as long as it runs: folders, addresses and what is
   remembered are the recipient's.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

from groupware.model.errors import GroupwareError
from groupware.model.event import Target
from groupware.model.folder import Destination, Role
from groupware.model.memory import Memory
from groupware.model.principal import DELIVERY
from groupware.model.script import ActiveScript
from groupware.store.api import Store
from mailcore.queue import xtext
from mailcore.queue.filters import NOTHING, Answer, Case, Filing, Filter, Judge, Level, Said, Verdict
from mailcore.server import later
from mailcore.server.clock import Clock
from mailcore.server.events import EventLog
from mailcore.server.later import Later
from mailcore.server.parts import Parts, ServiceSetup
from mailcore.sieve.delivery.forwarding import forwarded, quiet
from mailcore.sieve.delivery.scripts import SCRIPTS, version
from mailcore.sieve.errors import SieveError

if TYPE_CHECKING:
    from mailcore.sieve.actions import Outcome
    from mailcore.sieve.delivery.writing import Writer
    from mailcore.sieve.message import Message

Score = TypeVar("Score", int, float)
AT_ONCE: Final = 4
"""Scripts that run at one time in a process: they share one interpreter anyhow."""
TOLD_SECONDS: Final = 365 * 24 * 3600
"""For so long the owner is not told again of the same version of a script."""


def _changes() -> Callable[..., Awaitable[None]]:
    from mailcore.sieve.changes.desk import Desk
    from mailcore.sieve.changes.worker import keep

    async def kept(parts: Parts, host: str, most: int) -> None:
        await keep(Desk(parts.store, parts.blobs, parts.clock, host, most, parts.log("FILTERS")), parts.bus)

    return kept


CHANGES: Final = Later(_changes)


def sieve_filter(parts: Parts, setup: ServiceSetup) -> Sequence[Filter]:
    """The filters, as an entry point makes them."""
    config = setup.config
    most = config.smtp.max_received_headers

    async def beside() -> None:
        await later.keep(CHANGES, parts, config.host, most)

    runner = Runner(parts.store, parts.clock, config.host, most, parts.log("FILTERS"))
    return (ScriptsAbove(runner, "server"), ScriptsAbove(runner, "domain"), SieveFilter(runner, beside))


class ScriptsAbove:
    """Runs the active script of the server, or of the domain of each recipient."""

    priority: Final = 200
    fails: Final[Literal["open", "later"]] = "later"

    def __init__(self, runner: Runner, level: Literal["server", "domain"]) -> None:
        self._runner, self.level, self.name = runner, level, f"sieve-{level}"

    async def judges(self, targets: Sequence[Target], octets: bytes) -> Mapping[Target, Judge]:
        """Who has a script of this level above, and the judge that it is."""
        waited = [each for each in targets if each.account is not None and each.ruled is not False]
        wanted = sorted({each.account for each in waited if each.account is not None})
        if not wanted:
            return {}
        found = await self._runner.store.glance(DELIVERY, lambda tx: tx.scripts_above(wanted))
        above = {each.account: each for each in found if each.level == self.level}
        reading = Reading()
        return {
            target: partial(self._judge, replace(above[target.account], address=target.address), reading)
            for target in waited
            if target.account in above
        }

    async def _judge(self, active: ActiveScript, reading: Reading, case: Case) -> Verdict:
        return quiet(await self._runner.verdict(active, reading, case), case)


OWNERS: Final = ("account", "list")
"""Kinds of targets that have scripts of their own."""


class SieveFilter:
    """Runs the active scripts of accounts and mail lists."""

    name: Final = "sieve"
    level: Final[Level] = "account"
    priority: Final = 100
    fails: Final[Literal["open", "later"]] = "later"
    """Only where the store does not answer: what a script does wrong is a verdict."""

    def __init__(self, runner: Runner, beside: Callable[[], Coroutine[Any, Any, None]] | None = None) -> None:
        self._runner, self._beside = runner, beside

    async def work(self) -> None:
        """Run the scripts that wait for changes in folders."""
        if self._beside is not None:
            await self._beside()

    async def judges(self, targets: Sequence[Target], octets: bytes) -> Mapping[Target, Judge]:
        """Who has an active script or forwards, and the judge that this is."""
        waited = [each for each in targets if each.kind in OWNERS and each.ruled is not False]
        accounts = {each.account for each in waited if each.account is not None}
        if not accounts:
            return {}
        wanted = sorted(accounts)
        found = await self._runner.store.glance(DELIVERY, lambda tx: tx.active_scripts(wanted))
        if not found:
            return {}
        active, reading = {each.account: each for each in found}, Reading()
        return {
            target: partial(self._judge, active[target.account], reading)
            for target in targets
            if target.kind in OWNERS and target.account in active
        }

    async def _judge(self, active: ActiveScript, reading: Reading, case: Case) -> Verdict:
        verdict = await self._runner.verdict(active, reading, case) if active.name else NOTHING
        return forwarded(quiet(verdict, case), case, active, self._runner.most_received)


class Runner:
    """Runs scripts in threads, a few at a time whoever they are of."""

    def __init__(self, store: Store, clock: Clock, host: str, most_received: int, log: EventLog) -> None:
        self.store, self.most_received = store, most_received
        self._clock, self._host, self._log = clock, host, log
        self._places = asyncio.Semaphore(AT_ONCE)

    async def verdict(self, active: ActiveScript, reading: Reading, case: Case) -> Verdict:
        """What the script makes of the message."""
        async with self._places:
            try:
                return await asyncio.to_thread(self._judged, active, reading, case)
            except GroupwareError:
                raise
            except Exception:  # a bug of ours is no reason to hold mail back
                self._log.error("script_failed", of=active.address, traceback=traceback.format_exc())
                return Verdict(said=(Said("not run: the server made a mistake", active.name),))

    def _judged(self, active: ActiveScript, reading: Reading, case: Case) -> Verdict:
        """The verdict; in a thread."""
        from mailcore.sieve.delivery.around import Situation, around, environment
        from mailcore.sieve.delivery.wanted import Bounds, said, verdict_of
        from mailcore.sieve.delivery.writing import Writer
        from mailcore.sieve.machine import run

        now = self._clock.now().astimezone()
        message = reading.message(case)
        with around(self.store, active) as about:
            try:
                script = SCRIPTS.compiled(active.octets)
            except SieveError as wrong:
                return self._kept(wrong, active, case, Writer(active, self._host, now), ())
            spam = _newest(each.spam for each in case.earlier)
            virus = _newest(each.virus for each in case.earlier)
            situation = Situation(now, self._host, spam, virus)
            outcome = run(script, message, environment(about, script, active, situation))
            if outcome.error is not None:
                stopped = said(outcome, active)[-1:]  # what it wanted before that is not done
                return self._kept(outcome.error, active, case, Writer(active, self._host, now), stopped)
            own = about.addresses() if _asks_from(outcome) else (active.address,)
            writer = Writer(active, self._host, now, own)
            return verdict_of(outcome, case, message, writer, Bounds(self.most_received))

    def _kept(
        self, wrong: SieveError, active: ActiveScript, case: Case, writer: Writer, said: Sequence[Said]
    ) -> Verdict:
        """The message as if there were no script, and a word to the owner. Decision 142.

        Nobody reads the INBOX of a list, and it drops what programs write: its domain's postmaster is told instead.
        """
        from mailcore.sieve.delivery.wanted import kept

        said = said or (Said(f"not run: {wrong.text}", active.name, wrong.line),)
        once = Memory("told", version(active.octets), TOLD_SECONDS)
        if active.kept_by is not None or case.target.kind == "list":
            to = f"postmaster@{active.address.rpartition('@')[2]}"
            told = Answer("letter to the postmaster", (to,), writer.trouble_above(to, wrong), once, of=active.kept_by)
            return Verdict(answers=(told,), said=tuple(said))
        inbox = Filing(Destination(role=Role.INBOX))
        told = Answer("letter to the owner", (), writer.trouble(wrong), once, inbox)
        return kept(said, (told,))


@dataclass(slots=True)
class Reading:
    """The message, taken apart once for all whose scripts look at it."""

    _read: dict[bytes, Message] = field(default_factory=dict)

    def message(self, case: Case) -> Message:
        """The message with the envelope of this recipient."""
        from mailcore.sieve.message import read

        key = sha256(case.octets).digest()
        found = self._read.get(key)
        if found is None:
            found = self._read[key] = read(case.octets)
        return replace(found, sender=case.sender, recipient=case.recipient.address, original=_original(case))


def _original(case: Case) -> str:
    """The address as the sender gave it, before groups and aliases led here."""
    kind, _, address = case.recipient.orcpt.partition(";")
    if not address or kind.lower() not in ("rfc822", "utf-8"):
        return case.recipient.address
    try:
        return xtext.decode(address) if kind.lower() == "rfc822" else address
    except ValueError:
        return case.recipient.address


def _newest(scores: Iterable[Score | None]) -> Score | None:
    """What the last scanner of the chain said."""
    return next((each for each in reversed(list(scores)) if each is not None), None)


def _asks_from(outcome: Outcome) -> bool:
    """Whether something is written under another address than the owner's own."""
    return any(getattr(each, "sender", "") for each in outcome.actions)
