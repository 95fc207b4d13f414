"""MTA-STS: what a domain says about TLS to its mail hosts. RFC 8461.

1. A policy that was found holds until it expires, whatever DNS or the domain's web server say meanwhile.
2. What cannot be fetched, or read, is no policy; a policy that holds already stays.
"""

from __future__ import annotations

import asyncio
import re
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from groupware.model.errors import GroupwareError
from groupware.model.principal import OPERATOR
from groupware.model.tls import StsPolicy
from groupware.store.api import Store
from mailcore.server.dns import DnsError, Resolver
from mailcore.server.events import EventLog
from mailcore.server.reach import is_public
from mailcore.smtp.dane import is_named
from mailcore.smtp.sts_own import HOST

KNOWN_SECONDS: Final = 300.0
"""So long what was found is used without another look."""
REFRESH_SECONDS: Final = 86_400
"""A policy that ends within so many seconds is fetched anew though its id is the same."""
LONGEST_AGE: Final = 31_557_600
MOST_KNOWN: Final = 10_000
_ID: Final = re.compile(r"[A-Za-z0-9]{1,32}")


class Unreadable(ValueError):
    """It is no policy."""


@dataclass(frozen=True, slots=True)
class Found:
    """What holds for a domain. `trouble`: why a newer policy was not to be had."""

    policy: StsPolicy | None
    trouble: str = ""
    why: str = ""


def identifier(texts: tuple[str, ...]) -> str:
    """The id in the TXT record of `_mta-sts`; "" when there is no policy. RFC 8461 §3.1."""
    said = [text for text in texts if text.replace(" ", "").startswith("v=STSv1;")]
    if len(said) != 1:
        return ""
    found = _fields(said[0]).get("id", "")
    return found if _ID.fullmatch(found) else ""


def _fields(text: str) -> Mapping[str, str]:
    pairs = (part.partition("=") for part in text.split(";"))
    return {name.strip().lower(): value.strip() for name, _, value in pairs if name.strip()}


def parse(text: str, domain: str, id: str, now: int) -> StsPolicy:
    """The policy in a file. Unreadable. RFC 8461 §3.2."""
    values: dict[str, str] = {}
    hosts: list[str] = []
    for line in text.splitlines():
        name, colon, value = line.partition(":")
        if not line.strip():
            continue
        if not colon:
            raise Unreadable(f"{line[:80]!r} is no line of a policy")
        if name.strip() == "mx":
            hosts.append(value.strip().lower().rstrip("."))
        else:
            values.setdefault(name.strip(), value.strip())
    if values.get("version") != "STSv1":
        raise Unreadable("its version is not STSv1")
    mode, age = values.get("mode", ""), values.get("max_age", "")
    if mode not in ("enforce", "testing", "none"):
        raise Unreadable(f"its mode is {mode[:20]!r}")
    if not (age.isascii() and age.isdecimal() and len(age) <= 10):
        raise Unreadable(f"its max_age is {age[:20]!r}")
    if not hosts and mode != "none":
        raise Unreadable("it names no mx")
    return StsPolicy(domain, id, mode, tuple(hosts[:100]), now + min(int(age), LONGEST_AGE))


def permits(policy: StsPolicy, host: str) -> bool:
    """Whether the host is one of those that the policy names."""
    return any(is_named(host, pattern) for pattern in policy.hosts)


class Policies:
    """The policies of other domains, shared with other processes through the store."""

    __slots__ = ("_clock", "_context", "_dns", "_fetching", "_known", "_log", "_port", "_private", "_store")

    def __init__(
        self,
        store: Store,
        dns: Resolver,
        context: Callable[[], ssl.SSLContext],
        log: EventLog,
        *,
        clock: Callable[[], float] = time.time,
        port: int = 443,
        private: bool = False,
    ) -> None:
        """`context` checks the certificates of web servers; with `private` these may be at addresses of one's own."""
        self._store, self._dns, self._context, self._log = store, dns, context, log
        self._clock, self._port, self._private = clock, port, private
        self._known: dict[str, tuple[float, Found]] = {}
        self._fetching: dict[str, asyncio.Task[Found]] = {}

    async def of(self, domain: str) -> Found:
        """What holds for a domain. It never raises: a domain without a policy that can be had has none."""
        now = self._clock()
        until, found = self._known.get(domain, (0.0, Found(None)))
        if now < until and (found.policy is None or found.policy.until > now):
            return found
        task = self._fetching.get(domain)
        if task is None:
            task = self._fetching[domain] = asyncio.create_task(self._look(domain))
            task.add_done_callback(lambda _: self._fetching.pop(domain, None))
        found = await asyncio.shield(task)
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        self._known[domain] = (self._clock() + KNOWN_SECONDS, found)
        return found

    async def _look(self, domain: str) -> Found:
        now = int(self._clock())
        kept = await self._kept(domain, now)
        try:
            id = identifier((await self._dns.query(f"_mta-sts.{domain}", "TXT")).values)
        except DnsError:
            return Found(kept)
        if not id or (kept is not None and kept.id == id and kept.until - now > REFRESH_SECONDS):
            return Found(kept)
        from mailcore.smtp.fetch import NotFetched, fetched

        host = f"{HOST}.{domain}"
        try:
            address = self._public(host, await self._dns.addresses(host))
            policy = parse(await fetched(host, address, self._port, self._context()), domain, id, now)
        except NotFetched as error:
            return self._failed(domain, kept, error.result, str(error))
        except Unreadable as error:
            return self._failed(domain, kept, "sts-policy-invalid", str(error))
        except DnsError as error:
            return self._failed(domain, kept, "sts-policy-fetch-error", str(error))
        await self._keep(policy)
        return Found(policy)

    def _public(self, host: str, addresses: Sequence[str]) -> str:
        """The first address that anybody could ask at. NotFetched: nobody's DNS leads us into our own network."""
        from mailcore.smtp.fetch import NotFetched

        found = next((each for each in addresses if self._private or is_public(each)), None)
        if found is None:
            raise NotFetched(f"{host} has no public address ({', '.join(addresses)})")
        return found

    def _failed(self, domain: str, kept: StsPolicy | None, trouble: str, why: str) -> Found:
        self._log.warning("sts_policy_not_had", domain=domain, trouble=trouble, why=why)
        return Found(kept, trouble, why)

    async def _kept(self, domain: str, now: int) -> StsPolicy | None:
        try:
            found = await self._store.read(OPERATOR, lambda tx: tx.sts_policy(domain))
        except GroupwareError:
            return None
        return found if found is not None and found.until > now else None

    async def _keep(self, policy: StsPolicy) -> None:
        try:
            await self._store.write(OPERATOR, lambda tx: tx.put_sts_policy(policy))
        except GroupwareError as error:
            self._log.warning("sts_policy_not_kept", domain=policy.domain, why=str(error))
