"""What a domain needs in DNS for its mail, calendars and contacts. RFC 6186, 6764, 8314, 8620, 7208, 7489."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final, Literal
from urllib.parse import urlsplit

from groupware.model.signing import SigningKey
from mailcore.server.config import Config
from mailcore.server.offers import PATHS, issuer, offers, pacc, pacc_digest
from mailcore.server.sections_web import Told
from mailcore.smtp import sts_own
from mailcore.smtp.authentication.private import record, record_name, zone_line

Type = Literal["MX", "TXT", "SRV", "CNAME"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """One record as it should be."""

    name: str
    type: Type
    value: str
    why: str

    @property
    def line(self) -> str:
        """As a zone file has it."""
        if self.type == "TXT":
            return zone_line(self.name, self.value)
        return f"{self.name}. IN {self.type} {self.value}."


WHY: Final[Mapping[Told, str]] = {
    "smtp": "submission",
    "imap": "IMAP",
    "pop3": "POP3",
    "sieve": "ManageSieve",
    "caldav": "calendars",
    "carddav": "contacts",
    "jmap": "JMAP",
}


def wanted(domain: str, config: Config, keys: Sequence[SigningKey]) -> list[Wanted]:
    """The records of a domain that is served here."""
    host = config.host
    found = [
        Wanted(domain, "MX", f"10 {host}", "where its mail goes"),
        Wanted(domain, "TXT", "v=spf1 mx -all", "SPF: who may send in its name; add other senders before -all"),
    ]
    found += [Wanted(record_name(key), "TXT", record(key), f"DKIM: the {key.state} key") for key in keys]
    policy = f"v=DMARC1; p=quarantine; rua=mailto:postmaster@{domain}"
    found.append(
        Wanted(f"_dmarc.{domain}", "TXT", policy, "DMARC: what is to be done with mail that only claims to be")
    )
    return [*found, *_tls(domain, config), *_services(domain, config)]


def _tls(domain: str, config: Config) -> Iterator[Wanted]:
    """What other servers are to know about TLS to our hosts, where there is a policy. RFC 8461 §3.1, RFC 8460 §3."""
    text = sts_own.policy(config)
    if not text:
        return
    name = urlsplit(config.web_url).hostname or config.host
    yield Wanted(f"_mta-sts.{domain}", "TXT", sts_own.record(text), "MTA-STS: that there is a policy, and which")
    yield Wanted(f"{sts_own.HOST}.{domain}", "CNAME", name, "MTA-STS: where it is; its certificate has to name this")
    reports = f"v=TLSRPTv1; rua=mailto:postmaster@{domain}"
    yield Wanted(f"_smtp._tls.{domain}", "TXT", reports, "who is told when TLS to our hosts fails")


def _services(domain: str, config: Config) -> Iterator[Wanted]:
    """Where programs find what this server offers."""
    there = offers(config)
    for each in there:
        if each.srv:
            how = "" if each.url else ", TLS at once" if each.tls == "implicit" else ", STARTTLS"
            value = f"0 1 {each.port} {_named(each.host, config)}"
            yield Wanted(f"{each.srv}.{domain}", "SRV", value, WHY[each.kind] + how)
    for each in there:
        if each.srv and each.kind in ("caldav", "carddav"):
            yield Wanted(f"{each.srv}.{domain}", "TXT", f"path={PATHS[each.kind]}", "where it is there")
    if not config.autodiscover.enabled or not config.services["http"].enabled:
        return
    web = urlsplit(config.web_url)
    name = _named(web.hostname or "", config)
    yield Wanted(f"_autodiscover._tcp.{domain}", "SRV", f"0 1 {web.port or 443} {name}", "how Outlook sets itself up")
    for host in ("autoconfig", "autodiscover", "ua-auto-config"):
        yield Wanted(f"{host}.{domain}", "CNAME", name, "how mail programs set themselves up")
    digest = pacc_digest(pacc(there, domain, issuer(config)))
    yield Wanted(f"_ua-auto-config.{domain}", "TXT", digest, "that what they are told is from the domain")


def _named(host: str, config: Config) -> str:
    """What a record may lead to: a name, and never an address, as a server on loopback gives to programs."""
    try:
        ip_address(host)
    except ValueError:
        return host or config.host
    return config.host


def differs(one: Wanted, there: Sequence[str]) -> str:
    """What is wrong with what is in DNS; "" when nothing is. Records that people write to their own taste only have
    to be there: SPF, DMARC and who gets reports of TLS."""
    if not there:
        return "missing"
    if one.type == "CNAME":
        return ""  # an address of its own will do as well; it was asked for that
    values = [value.lower().removesuffix(".") for value in there]
    if one.type == "TXT" and one.value.startswith(("v=spf1", "v=DMARC1", "v=TLSRPTv1")):
        kind = one.value.split(";")[0].split(" ")[0].lower()
        count = sum(value.startswith(kind) for value in values)
        return "" if count == 1 else "missing" if not count else f"there are {count}; only one may be"
    if one.type == "MX":
        hosts = [value.partition(" ")[2] for value in values]
        return "" if one.value.partition(" ")[2].lower() in hosts else f"it is {', '.join(there)[:200]}"
    if one.type == "TXT":
        own = "".join(one.value.split())
        return "" if any("".join(value.split()) == own for value in there) else "another record is there"
    return "" if one.value.lower() in values else f"it is {', '.join(there)[:200]}"
