"""Demands: the TLS that mail to a host must have, by the administrator's word, by DANE or by MTA-STS.

The first that says something decides: a route that says none, verified or implicit; DANE (RFC 7672); MTA-STS (RFC 8461,
which DANE goes before: its §2); else TLS is taken where it is offered, whoever signed the certificate.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from mailcore.server.dns import DnsError, NoData, NoSuchDomain, Resolver, to_ascii
from mailcore.server.later import Later
from mailcore.smtp.dane import DaneCheck, records
from mailcore.smtp.route import Hop
from mailcore.smtp.sts import Found, Policies, permits
from mailcore.smtp.talk import Tls
from mailcore.smtp.ways import Way

Policy = Literal["tlsa", "sts", "no-policy-found"]
NO_POLICY: Final = "no-policy-found"
_BY_WAY: Final[dict[str, Tls]] = {
    "none": "none",
    "opportunistic": "available",
    "required": "required",
    "verified": "required",
    "implicit": "implicit",
}


@dataclass(frozen=True, slots=True)
class Contexts:
    """What TLS believes: `anybody` is better than no TLS; `checked` wants a good certificate for the host's name."""

    anybody: ssl.SSLContext
    checked: Callable[[], ssl.SSLContext]


def contexts() -> Contexts:
    """Both contexts. The authorities of the operating system are read for the second, when it is needed: 20 ms."""
    anybody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    anybody.check_hostname = False
    anybody.verify_mode = ssl.CERT_NONE
    return Contexts(anybody, Later(ssl.create_default_context).now)


@dataclass(frozen=True, slots=True)
class Demand:
    """What a connection must be like. `lenient`: what is wrong is counted, and the mail goes all the same."""

    tls: Tls
    checked: bool = False
    dane: DaneCheck | None = None
    policy: Policy = "no-policy-found"
    said: tuple[str, ...] = ()
    """The policy as it was found."""
    lenient: bool = False
    trouble: str = ""
    """Why there is no newer policy, in the words of RFC 8460 §4.3.2."""
    refused: str = ""
    """Why nothing may be sent there at all."""
    code: str = "4.7.5"
    """What that is in a status code."""
    extension: str = ""
    """What the host has to offer."""
    why: str = ""
    """In words, for people."""
    counted: bool = True
    """Whether reports tell what comes of it (RFC 8460)."""


def usual_of(way: Way) -> Demand:
    """What the administrator demands on a way."""
    return Demand(_BY_WAY[way.tls], checked=way.tls in ("verified", "implicit"), why=f"{way.name}: tls {way.tls}")


class Demands:
    """Finds the demands on the hops of one message. Without `policies` there is no MTA-STS."""

    __slots__ = ("_dane", "_dns", "_policies")

    def __init__(self, dns: Resolver, policies: Policies | None = None, *, dane: bool = True) -> None:
        self._dns, self._policies, self._dane = dns, policies, dane

    async def of(self, domain: str, way: Way, hops: Sequence[Hop]) -> Sequence[tuple[Hop, Demand]]:
        """The hops with the demand on each, in their order."""
        usual = usual_of(way)
        if way.tls not in ("opportunistic", "required"):
            return [(hop, usual) for hop in hops]
        by_name: dict[str, Demand | None] = {}
        for hop in hops:
            if hop.name not in by_name:
                by_name[hop.name] = await self._by_dane(domain, hop)
        found = Found(None)
        by_mx = not way.hosts and not domain.startswith("[")
        if self._policies is not None and by_mx and None in by_name.values():
            found = await self._policies.of(to_ascii(domain))
        return [(hop, by_name[hop.name] or _by_sts(found, hop, usual)) for hop in hops]

    async def _by_dane(self, domain: str, hop: Hop) -> Demand | None:
        """What the host's TLSA records demand; None: DANE says nothing of it."""
        if not self._dane or not hop.secure or hop.name.startswith("["):
            return None
        for base in dict.fromkeys((hop.canonical or hop.name, hop.name)):  # RFC 7672 §2.2.2
            try:
                answer = await self._dns.query(f"_{hop.port}._tcp.{base}", "TLSA")
            except (NoData, NoSuchDomain):
                continue
            except DnsError as error:  # somebody may be hiding the records: RFC 7672 §2.1.1
                return Demand("required", policy="tlsa", refused=f"DANE: {error}", why="TLSA records are out of reach")
            if answer.secure:
                found = records(answer.values)
                check = DaneCheck(found, (hop.name, base, domain))
                said = tuple(map(str, found))
                usable = any(each.usable for each in found)
                why = "DANE: " + ("TLSA records" if usable else "no usable TLSA record, so TLS with any certificate")
                return Demand("required", dane=check, policy="tlsa", said=said, why=why)
        return None


def _by_sts(found: Found, hop: Hop, usual: Demand) -> Demand:
    policy = found.policy
    if policy is None or policy.mode == "none":
        return replace(usual, trouble=found.trouble)
    said = (
        "version: STSv1", f"mode: {policy.mode}", *(f"mx: {each}" for each in policy.hosts), f"id: {policy.id}"
    )  # fmt: skip
    demand = Demand("required", checked=True, policy="sts", said=said, lenient=policy.mode == "testing")
    demand = replace(demand, why=f"MTA-STS: {policy.mode}, id {policy.id}", trouble=found.trouble)
    if permits(policy, hop.name):
        return demand
    return replace(demand, refused=f"MTA-STS: the policy does not name {hop.name}")
