"""Names: of the peer, and of the sender's domain. RFC 8601 §3 (iprev), RFC 5321 §5.1, RFC 7505."""

from __future__ import annotations

import asyncio
import ipaddress
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final, Literal

from mailcore.server.dns import NoData, NoSuchDomain, QueryType, TryAgain
from mailcore.server.rules import Address
from mailcore.smtp.authentication.keys import Dns
from mailcore.smtp.authentication.verdicts import Iprev, SenderDomain

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

MOST_NAMES: Final = 10
Alignment = Literal["r", "s"]


async def iprev(ip: Address, dns: Dns) -> Iprev:
    """Whether one of the names of the address leads back to it."""
    try:
        names = (await dns.query(str(ip), "PTR")).values
    except (NoSuchDomain, NoData):
        return Iprev("permerror")
    except TryAgain:
        return Iprev("temperror")
    troubled = False
    for name in names[:MOST_NAMES]:
        try:
            found = (await dns.query(name, "A" if ip.version == 4 else "AAAA")).values
        except (NoSuchDomain, NoData):
            continue
        except TryAgain:
            troubled = True
            continue
        if any(ipaddress.ip_address(each) == ip for each in found):
            return Iprev("pass", name)
    return Iprev("temperror" if troubled else "fail", names[0] if names else "")


async def sender_domain(domain: str, dns: Dns) -> SenderDomain:
    """Whether the domain takes mail: it has an MX that is not null, or an address."""
    try:
        hosts = (await dns.query(domain, "MX")).values
    except NoSuchDomain:
        return SenderDomain("fail", domain, "the domain does not exist")
    except TryAgain:
        return SenderDomain("temperror", domain, "the domain could not be looked up")
    except NoData:
        return await _with_address(domain, dns)
    if tuple(hosts) == (".",):
        return SenderDomain("fail", domain, "the domain says that it takes no mail")
    return SenderDomain("pass", domain)


async def _with_address(domain: str, dns: Dns) -> SenderDomain:
    troubled = False
    families: tuple[QueryType, ...] = ("A", "AAAA")
    for family in families:
        try:
            if (await dns.query(domain, family)).values:
                return SenderDomain("pass", domain)
        except (NoSuchDomain, NoData):
            continue
        except TryAgain:
            troubled = True
    if troubled:
        return SenderDomain("temperror", domain, "the domain could not be looked up")
    return SenderDomain("fail", domain, "the domain has neither MX nor address")


def organisational(domain: str) -> str:
    """The domain that somebody registered, by the public suffix list; the domain itself when it is a suffix."""
    return _organisational(domain.lower().removesuffix("."))


@lru_cache(maxsize=4096)
def _organisational(domain: str) -> str:
    return _suffixes().privatesuffix(domain) or domain


@cache
def _suffixes() -> PublicSuffixList:
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList()


async def prepared() -> None:
    """The list of suffixes is at hand. Reading it takes a tenth of a second, once, in another thread."""
    if not _suffixes.cache_info().currsize:
        await asyncio.to_thread(_suffixes)


def aligned(one: str, other: str, how: Alignment) -> bool:
    """Whether two domains belong together. RFC 7489 §3.1."""
    one, other = one.lower().removesuffix("."), other.lower().removesuffix(".")
    return one == other or (how == "r" and organisational(one) == organisational(other))
