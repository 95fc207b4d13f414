"""DMARC: what the author's domain wants done with mail that it did not vouch for. RFC 7489."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, cast

from groupware.mime.addresses import parse as parse_addresses
from groupware.mime.headers import unfold
from mailcore.server.dns import NoData, NoSuchDomain, TryAgain, to_ascii
from mailcore.smtp.authentication.canonical import Mail
from mailcore.smtp.authentication.dkim import passing
from mailcore.smtp.authentication.keys import Dns
from mailcore.smtp.authentication.names import Alignment, aligned, organisational, prepared
from mailcore.smtp.authentication.results import methods
from mailcore.smtp.authentication.tags import Malformed, tags
from mailcore.smtp.authentication.verdicts import Arc, Disposition, Dmarc, Signature, Spf

MOST_AUTHORS: Final = 5
"""Domains in From that are looked at."""
_POLICIES: Final = ("none", "quarantine", "reject")
_STRICTER: Final = {name: rank for rank, name in enumerate(_POLICIES)}


@dataclass(frozen=True, slots=True)
class Record:
    """A policy record. RFC 7489 §6.3."""

    policy: Disposition = "none"
    subdomains: Disposition = "none"
    percent: int = 100
    dkim: Alignment = "r"
    spf: Alignment = "r"
    reports: tuple[str, ...] = ()
    """Where aggregate reports go, as written."""
    text: str = ""


def parse(text: str) -> Record:
    """The record. Malformed. A policy that cannot be read is `none` where reports are asked for (§6.6.3)."""
    found = tags(text)
    if next(iter(found.items()), None) != ("v", "DMARC1"):
        raise Malformed("the record is of another version")
    reports = tuple(each.strip() for each in found.get("rua", "").split(",") if each.strip())
    policy = found.get("p", "").lower()
    below = found.get("sp", policy).lower()
    if policy not in _POLICIES or below not in _POLICIES:
        if not any(each.lower().startswith("mailto:") for each in reports):
            raise Malformed("the record has no policy")
        policy = below = "none"
    percent = found.get("pct", "100")
    if not percent.isascii() or not percent.isdecimal() or not 0 <= int(percent[:4]) <= 100:
        percent = "100"
    return Record(
        cast(Disposition, policy),
        cast(Disposition, below),
        int(percent),
        _alignment(found.get("adkim", "r")),
        _alignment(found.get("aspf", "r")),
        reports,
        text,
    )


def _alignment(text: str) -> Alignment:
    return "s" if text.lower() == "s" else "r"


async def published(domain: str, dns: Dns) -> tuple[str, Record] | None:
    """The record that holds for a domain, and whose it is. TryAgain. RFC 7489 §6.6.3."""
    for name in dict.fromkeys((domain, organisational(domain))):
        try:
            texts = (await dns.query(f"_dmarc.{name}", "TXT")).values
        except (NoSuchDomain, NoData):
            continue
        found = [text for text in texts if text.replace(" ", "")[:9].lower() == "v=dmarc1;"]
        if len(found) == 1:
            try:
                return name, parse(found[0])
            except Malformed:
                return None
        if found:
            return None
    return None


def author_domains(mail: Mail) -> Sequence[str]:
    """The domains in From, each once; empty when there is none that could be looked up."""
    found: dict[str, None] = {}
    for field in mail.named(b"from"):
        for address in parse_addresses(unfold(field.raw.partition(b":")[2])):
            host = (address.host or b"").decode("utf-8", "replace")
            if not host:
                continue
            try:
                found[to_ascii(host)] = None
            except NoSuchDomain:
                found[host.lower()] = None
    return list(found)


@dataclass(frozen=True, slots=True)
class Found:
    """What the other checks found."""

    spf: Spf | None
    dkim: tuple[Signature, ...]
    arc: Arc | None = None
    trusted: frozenset[str] = frozenset()
    """The domains whose seals are believed."""
    dice: float = 0.0
    """From 0 to below 100: which messages a `pct` leaves out."""


Policies = Mapping[str, tuple[str, Record] | TryAgain | None]
"""By domain in From: whose record holds and what it says, None where nothing is published."""


async def policies(mail: Mail, dns: Dns) -> Policies:
    """What the domains in From have published."""
    domains = author_domains(mail)[:MOST_AUTHORS]
    await prepared()

    async def one(domain: str) -> tuple[str, Record] | TryAgain | None:
        try:
            return await published(domain, dns)
        except TryAgain as error:
            return error

    return dict(zip(domains, await asyncio.gather(*map(one, domains)), strict=True))


def evaluate(mail: Mail, found: Found, known: Policies) -> Dmarc:
    """The strictest of what the domains in From want; `known` are their policies."""
    domains = author_domains(mail)
    if not domains or len(domains) > MOST_AUTHORS:
        return Dmarc("permerror", why="there is no author" if not domains else "there are too many authors")
    each = [_of(domain, found, known[domain]) for domain in domains]
    return max(each, key=lambda one: (one.result == "fail", _STRICTER[one.disposition], one.result == "temperror"))


def _of(domain: str, found: Found, known: tuple[str, Record] | TryAgain | None) -> Dmarc:
    if isinstance(known, TryAgain):
        return Dmarc("temperror", domain, why="the policy could not be looked up")
    if known is None:
        return Dmarc("none", domain)
    owner, record = known
    spf = found.spf is not None and found.spf.result == "pass" and aligned(found.spf.domain, domain, record.spf)
    dkim = any(aligned(each, domain, record.dkim) for each in passing(found.dkim))
    policy = record.policy if owner == domain else record.subdomains
    result = Dmarc("pass", domain, policy, published=owner, record=record.text, spf_aligned=spf, dkim_aligned=dkim)
    if spf or dkim:
        return result
    if _might_pass(domain, record, found):
        return replace(result, result="temperror", why="what it needs could not be looked up")
    return _failed(result, record, found)


def _might_pass(domain: str, record: Record, found: Found) -> bool:
    """Whether what could not be looked up might have vouched for the domain; what is another domain's could not."""
    spf = found.spf is not None and found.spf.result == "temperror" and aligned(found.spf.domain, domain, record.spf)
    return spf or any(each.result == "temperror" and aligned(each.domain, domain, record.dkim) for each in found.dkim)


def _failed(result: Dmarc, record: Record, found: Found) -> Dmarc:
    result = replace(result, result="fail", disposition=result.policy)
    if result.policy == "none":
        return result
    if found.arc is not None and vouched(found.arc, found.trusted):
        return replace(result, disposition="none", override="trusted_forwarder")
    if found.dice >= record.percent:
        milder: Disposition = "quarantine" if result.policy == "reject" else "none"
        return replace(result, disposition=milder, override="sampled_out")
    return result


def vouched(arc: Arc, trusted: frozenset[str]) -> bool:
    """Whether a sealer that is believed saw the message pass, and all that sealed behind it are believed too."""
    if arc.result != "pass" or not trusted:
        return False
    for sealer, text in zip(reversed(arc.sealers), reversed(arc.results), strict=True):
        if sealer not in trusted:
            return False
        if said_pass(text):
            return True
    return False


def said_pass(results: str) -> bool:
    """Whether the results, as in Authentication-Results, say `dmarc=pass`."""
    return ("dmarc", "pass") in methods(results)
