"""The checks of one message: what needs only its envelope begins while the content still comes in.

1. No check takes longer than its time: then it is `temperror`, whatever DNS does. The session never hangs on one.
2. A fault of ours in a check costs that check alone.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from random import SystemRandom
from typing import Any, Final, TypeVar

from mailcore.server.events import EventLog
from mailcore.server.rules import IpSet, address, ip_set
from mailcore.server.sections_authentication import AuthenticationSection
from mailcore.smtp.authentication import arc, dkim, dmarc, names, spf
from mailcore.smtp.authentication.canonical import Mail, taken_apart
from mailcore.smtp.authentication.keys import Dns
from mailcore.smtp.authentication.verdicts import Arc, Dmarc, Iprev, SenderDomain, Signature, Spf, Verdicts

T = TypeVar("T")
Check = Callable[[], Coroutine[Any, Any, T]]
"""Begins a check; what is called off before its turn was never begun."""
_DICE: Final = SystemRandom()
LARGE: Final = 65_536


@dataclass(frozen=True, slots=True)
class Asked:
    """What is known before the message has come."""

    peer: str
    helo: str
    sender: str


@dataclass(frozen=True, slots=True)
class Desk:
    """What all checks of the server share."""

    section: AuthenticationSection
    trusted: IpSet
    """The peers that are not checked."""
    dns: Dns
    host: str
    log: EventLog
    now: Callable[[], float]
    """Seconds since 1970."""

    @property
    def authserv_id(self) -> str:
        """The name under which results are written."""
        return self.section.authserv_id or self.host

    def concerns(self, peer: str) -> bool:
        """Whether what this peer brings is checked."""
        try:
            return self.section.enabled and address(peer) not in self.trusted
        except ValueError:
            return False


def desk(section: AuthenticationSection, dns: Dns, host: str, log: EventLog, now: Callable[[], float]) -> Desk:
    """The desk for a section."""
    return Desk(section, ip_set(section.trusted), dns, host, log, now)


class Checks:
    """The checks of one message. `finish` or `cancel` has to be called."""

    __slots__ = ("_asked", "_desk", "_domain", "_helo", "_iprev", "_spf")

    def __init__(self, desk: Desk, asked: Asked) -> None:
        self._desk, self._asked = desk, asked
        section, dns, ip = desk.section, desk.dns, address(asked.peer)
        domain = asked.sender.rpartition("@")[2]
        receiver, now = desk.host, int(desk.now())
        self._iprev = self._begin(section.iprev, lambda: names.iprev(ip, dns), Iprev("temperror"))
        self._spf = self._begin(
            section.spf and bool(asked.sender or spf.well_formed(asked.helo)),
            lambda: spf.check(ip, asked.sender, asked.helo, dns, receiver, now),
            Spf("temperror", domain or asked.helo, "it took too long"),
        )
        self._helo = self._begin(
            section.spf and bool(asked.sender) and spf.well_formed(asked.helo),
            lambda: spf.check_helo(ip, asked.helo, dns, receiver, now),
            Spf("temperror", asked.helo, "it took too long"),
        )
        self._domain = self._begin(
            section.sender_domain and bool(domain) and not domain.startswith("["),
            lambda: names.sender_domain(domain, dns),
            SenderDomain("temperror", domain, "it took too long"),
        )

    def _begin(self, wanted: bool, check: Check[T], otherwise: T) -> asyncio.Task[T] | None:
        if not wanted:
            return None
        return asyncio.create_task(self._within(check, otherwise))

    async def _within(self, check: Check[T], otherwise: T) -> T:
        try:
            async with asyncio.timeout(self._desk.section.time_limit):
                return await check()
        except TimeoutError:
            return otherwise
        except Exception:  # a bug of ours is no reason to refuse anybody's mail
            self._desk.log.error("check_failed", traceback=traceback.format_exc())
            return otherwise

    def cancel(self) -> None:
        """The message does not come after all."""
        for task in (self._iprev, self._spf, self._helo, self._domain):
            if task is not None:
                task.cancel()

    async def early(self) -> Verdicts:
        """What the envelope alone says, as far as that is to refuse something; the rest is not waited for."""
        section = self._desk.section
        return Verdicts(
            peer=self._asked.peer,
            helo=self._asked.helo,
            sender=self._asked.sender,
            iprev=await _result(self._iprev) if refuses(section.no_reverse_name) else None,
            spf=await _result(self._spf) if _refuses_spf(section) else None,
            sender_domain=await _result(self._domain) if refuses(section.no_sender_domain) else None,
        )

    async def finish(self, octets: bytes) -> Verdicts:
        """All verdicts, for the message as it came."""
        section = self._desk.section
        mail = await asyncio.to_thread(taken_apart, octets) if len(octets) > LARGE else taken_apart(octets)
        signatures, chain, known = await asyncio.gather(
            self._dkim(mail), self._arc(mail), self._policies(mail) if section.dmarc else _nothing()
        )
        checked = await _result(self._spf)
        found = dmarc.Found(checked, signatures or (), chain, self._trusted_sealers, _DICE.uniform(0, 100))
        policy: Dmarc | None = None
        if section.dmarc:
            policy = dmarc.evaluate(mail, found, known) if known is not None else Dmarc("temperror")
        return Verdicts(
            peer=self._asked.peer,
            helo=self._asked.helo,
            sender=self._asked.sender,
            iprev=await _result(self._iprev),
            spf=checked,
            spf_helo=await _result(self._helo),
            sender_domain=await _result(self._domain),
            dkim=signatures,
            arc=chain,
            dmarc=policy,
        )

    @property
    def _trusted_sealers(self) -> frozenset[str]:
        return frozenset(each.lower() for each in self._desk.section.trusted_sealers)

    async def _dkim(self, mail: Mail) -> tuple[Signature, ...] | None:
        if not self._desk.section.dkim:
            return None
        late = (Signature("temperror", why="it took too long"),)
        return await self._within(lambda: dkim.verify(mail, self._desk.dns, self._desk.now()), late)

    async def _arc(self, mail: Mail) -> Arc | None:
        if not self._desk.section.arc:
            return None
        late = Arc("temperror", why="it took too long")
        return await self._within(lambda: arc.verify(mail, self._desk.dns, self._desk.now()), late)

    async def _policies(self, mail: Mail) -> dmarc.Policies | None:
        return await self._within(lambda: dmarc.policies(mail, self._desk.dns), None)


def refuses(*actions: str) -> bool:
    """Whether one of them keeps a message out."""
    return not {"reject", "defer"}.isdisjoint(actions)


def _refuses_spf(section: AuthenticationSection) -> bool:
    return refuses(section.spf_fail, section.spf_softfail, section.spf_permerror)


def refuses_early(section: AuthenticationSection) -> bool:
    """Whether anything is refused for what the envelope says."""
    return section.refuse_early and (
        _refuses_spf(section) or refuses(section.no_reverse_name, section.no_sender_domain)
    )


async def _nothing() -> None:
    return None


async def _result(task: asyncio.Task[T] | None) -> T | None:
    return await task if task is not None else None
