"""SPF: may this peer send under this name? RFC 7208.

1. Ten terms that ask DNS, ten names of an MX or PTR, two answers that are empty: more is `permerror` (§4.6.4).
2. A record that cannot be read in whole is `permerror`, whatever its first terms say.
3. The time is bounded by who calls.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from mailcore.server.dns import NoData, NoSuchDomain, QueryType, TryAgain
from mailcore.server.rules import Address
from mailcore.smtp.authentication.keys import Dns
from mailcore.smtp.authentication.spf_macros import Macros, expand, expand_domain, wants_name
from mailcore.smtp.authentication.spf_record import Mechanism, Record, explanation, is_spf, parse
from mailcore.smtp.authentication.tags import Malformed
from mailcore.smtp.authentication.verdicts import Result, Spf

MOST_LOOKUPS: Final = 10
MOST_VOID: Final = 2
MOST_NAMES: Final = 10


class _Ends(Exception):
    """The evaluation ends with this result."""

    def __init__(self, result: Result, why: str) -> None:
        super().__init__(why)
        self.result = result


async def check(ip: Address, sender: str, helo: str, dns: Dns, receiver: str = "unknown", now: int = 0) -> Spf:
    """The result for a MAIL FROM; for <> that of postmaster at the HELO name (§2.4)."""
    identity = sender or f"postmaster@{helo}"
    local, _, domain = identity.rpartition("@")
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    macros = Macros(ip, f"{local or 'postmaster'}@{domain}", helo, domain, "unknown", receiver, now)
    return await _Check(dns, macros).run()


async def check_helo(ip: Address, helo: str, dns: Dns, receiver: str = "unknown", now: int = 0) -> Spf:
    """The result for the HELO identity (§2.3)."""
    return await check(ip, "", helo, dns, receiver, now)


def well_formed(domain: str) -> bool:
    """Whether it can be the name of a sender at all (§4.3)."""
    labels = domain.removesuffix(".").split(".")
    return len(labels) > 1 and len(domain) <= 254 and all(0 < len(label.encode()) <= 63 for label in labels)


class _Check:
    """One evaluation, with what is counted over all of it."""

    __slots__ = ("_dns", "_lookups", "_macros", "_void")

    def __init__(self, dns: Dns, macros: Macros) -> None:
        self._dns, self._macros = dns, macros
        self._lookups = self._void = 0

    async def run(self) -> Spf:
        """The result, with an explanation where there is one."""
        domain = self._macros.domain
        try:
            result, why, source = await self._host(domain)
        except _Ends as error:
            return Spf(error.result, domain, str(error))
        said = await self._explained(source) if result == "fail" and source is not None else ""
        return Spf(result, domain, why, said)

    async def _host(self, domain: str) -> tuple[Result, str, tuple[str, Record] | None]:
        """check_host() of one domain: the result, what matched, and whose record that was. _Ends."""
        if not well_formed(domain):
            return "none", "the domain cannot be one", None
        record = await self._record(domain)
        if record is None:
            return "none", "no record is published", None
        for each in record.mechanisms:
            if await self._matches(each, domain):
                return each.result, _shown(each), (domain, record)
        if not record.redirect:
            return "neutral", "nothing in the record matches", None
        self._counted()
        target = await self._expanded(record.redirect, domain)
        result, why, source = await self._host(target)
        if result == "none":
            raise _Ends("permerror", f"redirect leads to {target[:80]}, which has no record")
        return result, why, source

    async def _record(self, domain: str) -> Record | None:
        try:
            texts = (await self._dns.query(domain, "TXT")).values
        except (NoSuchDomain, NoData):
            return None
        except TryAgain as error:
            raise _Ends("temperror", "the record could not be looked up") from error
        found = [text for text in texts if is_spf(text)]
        if not found:
            return None
        if len(found) > 1:
            raise _Ends("permerror", f"{domain} publishes several records")
        try:
            return parse(found[0])
        except Malformed as error:
            raise _Ends("permerror", f"{domain}: {error}") from error

    async def _matches(self, one: Mechanism, domain: str) -> bool:
        if one.name == "all":
            return True
        if one.network is not None:
            return self._macros.ip in one.network
        self._counted()
        target = await self._expanded(one.spec, domain) if one.spec else domain
        if one.name == "include":
            return await self._included(target)
        if one.name == "ptr":
            return any(_below(name, target) for name in await self._names())
        if one.name == "exists":
            return bool(await self._ask(target, "A"))
        if one.name == "a":
            return self._among(await self._ask(target, self._family), one)
        hosts = await self._ask(target, "MX")
        if len(hosts) > MOST_NAMES:
            raise _Ends("permerror", f"{target[:80]} has too many MX")
        for host in hosts:
            if host != "." and self._among(await self._ask(host, self._family, counts=False), one):
                return True
        return False

    async def _included(self, target: str) -> bool:
        result, why, _ = await self._host(target)
        if result == "none":
            raise _Ends("permerror", f"include:{target[:80]} has no record ({why})")
        return result == "pass"

    @property
    def _family(self) -> QueryType:
        return "A" if self._macros.ip.version == 4 else "AAAA"

    def _among(self, addresses: Sequence[str], one: Mechanism) -> bool:
        length = one.cidr4 if self._macros.ip.version == 4 else one.cidr6
        return any(
            self._macros.ip in ipaddress.ip_network(f"{address}/{length}", strict=False) for address in addresses
        )

    def _counted(self) -> None:
        self._lookups += 1
        if self._lookups > MOST_LOOKUPS:
            raise _Ends("permerror", "the record asks DNS too often")

    async def _ask(self, name: str, type: QueryType, *, counts: bool = True) -> Sequence[str]:
        """The values, none when there are none. _Ends when there are too many such, or none can be had now."""
        try:
            return (await self._dns.query(name, type)).values
        except (NoSuchDomain, NoData):
            self._found_void(counts)
            return ()
        except TryAgain as error:
            raise _Ends("temperror", f"{name[:80]} could not be looked up") from error

    def _found_void(self, counts: bool) -> None:
        self._void += counts
        if self._void > MOST_VOID:
            raise _Ends("permerror", "too many names in the record lead nowhere") from None

    async def _names(self) -> Sequence[str]:
        """The names of the peer that lead back to it (§5.5); errors of DNS leave names out."""
        try:
            names = (await self._dns.query(str(self._macros.ip), "PTR")).values
        except TryAgain:
            return ()
        except (NoSuchDomain, NoData):
            self._found_void(True)
            return ()
        found: list[str] = []
        for name in names[:MOST_NAMES]:
            try:
                addresses = (await self._dns.query(name, self._family)).values
            except (NoSuchDomain, NoData, TryAgain):
                continue
            if any(ipaddress.ip_address(each) == self._macros.ip for each in addresses):
                found.append(name)
        return found

    async def _expanded(self, spec: str, domain: str) -> str:
        return expand_domain(spec, await self._for(spec, domain))

    async def _for(self, text: str, domain: str) -> Macros:
        macros = replace(self._macros, domain=domain)
        if not wants_name(text):
            return macros
        names = await self._names()
        own = [name for name in names if name == domain] or [name for name in names if _below(name, domain)]
        return replace(macros, validated=next(iter([*own, *names]), "unknown"))

    async def _explained(self, source: tuple[str, Record]) -> str:
        """What the owner says of a fail; "" when that cannot be had (§6.2)."""
        domain, record = source
        if not record.explanation:
            return ""
        try:
            texts = (await self._dns.query(await self._expanded(record.explanation, domain), "TXT")).values
            if len(texts) != 1:
                return ""
            text = explanation(texts[0])
            found = expand(text, await self._for(text, domain))
        except (NoSuchDomain, NoData, TryAgain, Malformed):
            return ""
        return found if found.isascii() and found.isprintable() else ""


def _below(name: str, domain: str) -> bool:
    name, domain = name.lower(), domain.lower().removesuffix(".")
    return name == domain or name.endswith(f".{domain}")


def _shown(one: Mechanism) -> str:
    what = f":{one.spec}" if one.spec else f":{one.network}" if one.network is not None else ""
    return f"{one.name}{what}"
